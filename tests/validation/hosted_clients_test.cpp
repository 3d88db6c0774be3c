// A time program in the simulated world steers as well as it does behind the reference cells: the
// same algorithm on the world's clocks, timers, packets and servers.
#include "models/timesync/client_words.hpp"
#include "models/timesync/program_clients.hpp"
#include "models/timesync/time_servers.hpp"
#include "sim/core/distribution.hpp"
#include "validation/time_client_words.hpp"
#include "validation/time_run.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

using namespace driftstorm;

namespace {

struct Path {
    double base_s = 0.01;
    double jitter_s = 0.001;  ///< mean of the exponential part, each way
};

/// Clients with a server behind a symmetric path of exponential jitter.
class HostedWorld {
  public:
    HostedWorld(ProgramClients::Plan plan, std::uint32_t count, Path path, std::uint64_t seed)
        : path_(path),
          kernel_({.seed = seed, .partitions = 1, .digest = true}),
          clocks_(seed),
          programs_(clocks_),
          servers_(seed) {
        kernel_.add_model(0, clocks_);
        kernel_.add_model(0, programs_);
        kernel_.add_model(0, servers_);
        const std::uint64_t of_server = identity_of("servers.time");
        const EntityId server = kernel_.add_entity<TimeServers>(0, of_server).id;
        servers_.add(TimeServerParams{}, of_server, server);
        plan.nodes = {server};
        const std::uint32_t number = programs_.add_plan(std::move(plan));
        ClockParams clock;
        clock.frequency_error = Distribution::constant(10'000);
        clock.wander.random_walk_ppb = 1;
        clock.initial_offset = Distribution::constant(0.01);
        for (std::uint32_t i = 0; i < count; ++i) {
            const std::uint64_t identity = identity_of(identity_of("populations.hosts"), i);
            const auto of_clock = kernel_.add_entity<DeviceClocks>(0, identity);
            const auto client = kernel_.add_entity<ProgramClients>(0, identity);
            clocks_.add(clock, identity, of_clock.id);
            programs_.add(number, identity, i, client.id);
            clients_.push_back(client.id);
        }
        programs_.set_connected([](Index) { return true; });
        programs_.set_door_up([this](Context& context, Duration, const Packet& packet) {
            context.send(trip(context, packet), Address<TimeServers>{packet.server},
                         PacketArrives{}, packet);
        });
        servers_.set_door_down([this](Context& context, Duration, const Packet& packet) {
            context.send(trip(context, packet), Address<ProgramClients>{packet.device},
                         PacketArrives{}, packet);
        });
    }
    void start() {
        for (Index i = 0; i < clients_.size(); ++i) programs_.start(kernel_.as(clients_[i]), i);
    }
    void run_until(double seconds) {
        kernel_.run_until(Time{static_cast<std::int64_t>(seconds * 1e9)});
    }
    double offset_s(Index device) const { return clocks_.offset_ns(device, kernel_.now()) * 1e-9; }
    Kernel& kernel() { return kernel_; }

  private:
    Duration trip(Context& context, const Packet& packet) const {
        const Distribution jitter{law::Exponential{path_.jitter_s}};
        const std::uint64_t up = packet.direction == Direction::up ? 1 : 0;
        const Block block = context.block("test.trip", packet.subject, 2 * packet.attempt + up);
        return Duration{static_cast<std::int64_t>((path_.base_s + jitter.sample(block)) * 1e9)};
    }

    Path path_;
    Kernel kernel_;
    DeviceClocks clocks_;
    ProgramClients programs_;
    TimeServers servers_;
    std::vector<EntityId> clients_;
};

template <class Words>
ProgramClients::Plan plan_of(const Words& words) {
    ProgramClients::Plan plan;
    plan.make = [words] { return make_program(words); };
    return plan;
}

constexpr std::uint32_t runs = 12;
constexpr double settled = 4000;  // [s]
constexpr double end = 24'000;    // [s]

/// Root mean square offset of all clients after they have settled [s].
template <class Words>
double hosted_rms(const Words& words, Path path) {
    HostedWorld world(plan_of(words), runs, path, 5);
    world.start();
    double squares = 0;
    std::uint64_t count = 0;
    for (double t = settled; t < end; t += 10) {
        world.run_until(t);
        for (Index i = 0; i < runs; ++i) squares += world.offset_s(i) * world.offset_s(i);
        count += runs;
    }
    return std::sqrt(squares / static_cast<double>(count));
}

/// The same of the engine that validate_ntp compares with runs of the real programs.
double reference_rms(const std::string& program, const std::string& words, Path path) {
    const std::string delay = "(+ " + std::to_string(path.base_s) + " (* " +
                              std::to_string(path.jitter_s) + " (exponential)))";
    const std::string network =
        "node2_offset = 0.01\nnode2_freq = (+ 1e-05 (sum (* 1e-09 (normal))))\n"
        "node2_pll_clamp = 1\nnode2_delay1 = " +
        delay + "\nnode1_delay2 = " + delay + "\n";
    double squares = 0;
    std::uint64_t count = 0;
    for (std::uint32_t run = 0; run < runs; ++run) {
        const validation::TimeRun result = validation::run_time_client(
            validation::read_time_network(network, "network"),
            validation::make_time_client(program, words, "client"), end, 1 + run, 7);
        for (auto t = static_cast<std::size_t>(settled); t < result.offset.size(); t += 10) {
            squares += result.offset[t] * result.offset[t];
            ++count;
        }
    }
    return std::sqrt(squares / static_cast<double>(count));
}

template <class Words>
double ln_ratio(const Words& words, const std::string& program, const std::string& config,
                Path path) {
    const double hosted = hosted_rms(words, path);
    const double reference = reference_rms(program, config, path);
    MESSAGE(program << ": hosted " << hosted * 1e6 << " us, reference " << reference * 1e6
                    << " us");
    return std::log(hosted / reference);
}

}  // namespace

TEST_CASE("chrony in the world keeps the offset of the validated engine") {
    ChronyWords words;
    words.maxpoll = 6;
    CHECK(std::abs(ln_ratio(words, "chrony", "server 192.168.123.1 minpoll 6 maxpoll 6\n", {})) <
          0.15);
}

TEST_CASE("ntpd in the world keeps the offset of the validated engine, with either loop") {
    NtpdWords words;
    words.maxpoll = 6;
    const std::string config = "server 192.168.123.1 minpoll 6 maxpoll 6\n";
    CHECK(std::abs(ln_ratio(words, "ntpd", config, {})) < 0.15);
    words.disable = NtpdDisable::kernel;
    CHECK(std::abs(ln_ratio(words, "ntpd", config + "disable kernel\n", {})) < 0.15);
}

TEST_CASE("timesyncd and busybox in the world keep the offset of the validated engine") {
    CHECK(std::abs(ln_ratio(TimesyncdWords{}, "timesyncd",
                            "(server 192.168.123.1, PollIntervalMinSec=32 "
                            "PollIntervalMaxSec=2048)",
                            {})) < 0.15);
    CHECK(std::abs(ln_ratio(BusyboxWords{}, "busybox",
                            "(command line) busybox ntpd -n -d -p 192.168.123.1", {})) < 0.15);
}

TEST_CASE("every program goes on from a saved world to the same digest") {
    const auto check = [](const auto& words) {
        HostedWorld whole(plan_of(words), 2, {}, 9);
        whole.start();
        whole.run_until(3000);
        const std::vector<std::byte> saved = whole.kernel().save();
        whole.run_until(9000);
        HostedWorld restored(plan_of(words), 2, {}, 9);
        restored.kernel().restore(saved);
        restored.run_until(9000);
        CHECK(restored.kernel().digest() == whole.kernel().digest());
        CHECK(restored.offset_s(1) == whole.offset_s(1));
    };
    ChronyWords chrony;
    chrony.iburst = true;
    check(chrony);
    check(NtpdWords{});
    check(NtpsecWords{});
    check(BusyboxWords{});
    check(TimesyncdWords{});
}
