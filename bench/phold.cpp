#include "bench/cpu_time.hpp"
#include "bench/phold_work.hpp"
#include "sim/core/hot_column.hpp"
#include "sim/core/kernel.hpp"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <tuple>
#include <vector>

using namespace driftstorm;

namespace {

class Phold {
  public:
    static constexpr std::string_view name = "phold";
    static constexpr int version = 1;
    struct Ball {
        static constexpr std::string_view name = "ball";
        static constexpr Phase phase = Phase::network;
    };
    using Messages = std::tuple<Ball>;

    explicit Phold(std::uint32_t entities) : lines_(entities) {}

    void on(const Ball&, Index self, Context& context) {
        phold::touch(lines_[self], context.now().ns);
        send(self, context);
    }
    void start(Index self, Context& context) {
        phold::prepare(lines_[self], self);
        send(self, context);
    }
    const auto& hot() const { return lines_; }
    auto state() { return std::tie(lines_); }
    const phold::Line* lines() const { return lines_.data(); }

  private:
    void send(Index self, Context& context) {
        const phold::Step step =
            phold::step(lines_[self], self, static_cast<std::uint32_t>(lines_.size()));
        context.send(Duration{step.delay_ns}, Address<Phold>{EntityId{step.target}}, Ball{});
    }

    HotColumn<phold::Line> lines_;
};

void run(std::uint32_t entities, double events, bool digest) {
    Kernel kernel(Kernel::Options{.digest = digest});
    Phold model(entities);
    kernel.add_model(0, model);
    for (std::uint32_t i = 0; i < entities; ++i) kernel.add_entity<Phold>(0, identity_of(1, i));
    for (std::uint32_t i = 0; i < entities; ++i) model.start(i, kernel.as(EntityId{i}));
    kernel.run_until(Time{phold::warm_up_ns});
    const std::uint64_t before = kernel.delivered();
    const double start = cpu_time();
    kernel.run_until(Time{phold::warm_up_ns + phold::measured_ns(entities, events)});
    const double seconds = cpu_time() - start;
    phold::report(
        kernel.delivered() - before, seconds, phold::checksum(model.lines(), entities),
        static_cast<double>(kernel.pending_bytes()) / static_cast<double>(kernel.pending()));
}

/// The memory's own limit: one 64-byte line at random per event, fetched ahead, read and written;
/// no simulator.
void run_memory(std::uint32_t entities, double events) {
    constexpr std::uint32_t ahead = 16;
    HotColumn<phold::Line> lines(entities);
    std::vector<std::uint32_t> targets(1 << 16);
    std::uint64_t x = 88172645463325252u;
    const auto draw_target = [&] {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        return static_cast<std::uint32_t>(((x >> 32) * entities) >> 32);
    };
    std::vector<std::uint32_t> coming(ahead);
    for (std::uint32_t& target : coming) target = draw_target();
    const auto count = static_cast<std::uint64_t>(events);
    const auto some = [&](std::uint64_t n) {
        for (std::uint64_t i = 0; i < n; ++i) {
            std::uint32_t& place = coming[i % ahead];
            phold::touch(lines[place], static_cast<std::int64_t>(i));
            place = draw_target();
            __builtin_prefetch(&lines[place], 1);
        }
    };
    some(entities);
    const double start = cpu_time();
    some(count);
    const double seconds = cpu_time() - start;
    phold::report(count, seconds, phold::checksum(lines.data(), entities), 0);
}

/// The draws and logarithms alone, as every simulator here makes them, on lines that stay in the
/// cache.
void run_draws(std::uint32_t entities, double events) {
    constexpr std::uint32_t few = 256;
    HotColumn<phold::Line> lines(few);
    for (std::uint32_t i = 0; i < few; ++i) phold::prepare(lines[i], i);
    const auto count = static_cast<std::uint64_t>(events);
    std::uint64_t sum = 0;
    const double start = cpu_time();
    for (std::uint64_t i = 0; i < count; ++i) {
        const auto self = static_cast<std::uint32_t>(i % few);
        const phold::Step step = phold::step(lines[self], self, entities);
        ++lines[self].events;
        sum += step.target + static_cast<std::uint64_t>(step.delay_ns);
    }
    phold::report(count, cpu_time() - start, sum, 0);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 4) {
        std::fprintf(stderr, "usage: phold_bench ENTITIES EVENTS plain|digest|memory|draws\n");
        return 2;
    }
    const auto entities = static_cast<std::uint32_t>(std::strtoul(argv[1], nullptr, 10));
    const double events = std::strtod(argv[2], nullptr);
    const std::string_view what = argv[3];
    if (what == "memory") {
        run_memory(entities, events);
    } else if (what == "draws") {
        run_draws(entities, events);
    } else {
        run(entities, events, what == "digest");
    }
}
