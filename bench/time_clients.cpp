// What time clients cost: a chrony client-day at 64 s polls, and where it goes; and 100,000 SNTP
// phones for a day in one process. usage: time_clients_bench [phones]
#include "models/timesync/time_clients.hpp"
#include "bench/cpu_time.hpp"
#include "models/clocks/device_clocks.hpp"
#include "models/timesync/client_words.hpp"
#include "models/timesync/program_clients.hpp"
#include "models/timesync/time_servers.hpp"

#include <sys/resource.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

using namespace driftstorm;

namespace {

constexpr std::int64_t day_s = 86'400;

Distribution exponential(double mean_s) { return Distribution(law::Exponential{mean_s}); }

/// Asks every 64 s, and does nothing with the answers: packets, clock readings and events alone.
class Poller final : public ClientProgram {
  public:
    void start(ClientSystem& system) override { system.set_timer(0, 1); }
    void on_sample(ClientSystem& system, unsigned, const NtpSample&) override {
        last_ = system.clock().read();
    }
    void on_timer(ClientSystem& system, unsigned) override {
        system.send_request(0, 6);
        system.set_timer(0, 64);
    }
    std::uint64_t steps() const override { return 0; }
    void archive(Archive& archive) override { archive.item(last_); }

  private:
    Reading last_;
};

/// chrony's samples without a world: what its regression, selection and steering cost by
/// themselves.
class NoWorld final : public ClientSystem, public ClockControl {
  public:
    void run(ClientProgram& program, double until_s) {
        program.start(*this);
        while (now_ < until_s) {
            unsigned due = 0;
            for (unsigned i = 1; i < due_.size(); ++i) due = due_[i] < due_[due] ? i : due;
            const double to = due_[due];
            offset_ += (to - now_) * frequency_;
            now_ = to;
            due_[due] = never;
            program.on_timer(*this, due);
            if (!asked_) continue;
            asked_ = false;
            sample_.t2 = sample_.t3 = at(now_ + trip());
            now_ += 2 * 0.02;
            sample_.t4 = read();
            program.on_sample(*this, 0, sample_);
        }
    }
    ClockControl& clock() override { return *this; }
    double monotonic() const override { return now_; }
    void send_request(unsigned, int) override {
        asked_ = true;
        sample_.t1 = read();
    }
    void set_timer(unsigned timer, double seconds) override {
        if (timer >= due_.size()) due_.resize(timer + 1u, never);
        due_[timer] = now_ + seconds;
    }
    void cancel_timer(unsigned timer) override {
        if (timer < due_.size()) due_[timer] = never;
    }
    double uniform() override { return draw_uniform(1, "bench.client", 1, ++drawn_); }
    Reading read() const override { return at(now_ + offset_); }
    void step(double seconds) override { offset_ += seconds; }
    void set_frequency(double rate) override { frequency_ = rate; }
    double frequency() const override { return frequency_; }
    void slew_old(double) override {}
    void pll_offset(double, int, bool, bool) override {}
    void stop_pll() override {}

  private:
    static constexpr double never = 1e300;
    static Reading at(double s) { return {static_cast<std::int64_t>(s * 1e9)}; }
    double trip() { return 0.02 + 0.002 * (draw_uniform(1, "bench.trip", 1, ++drawn_) - 0.5); }

    double now_ = 0;
    double offset_ = 0.001;
    double frequency_ = 0;
    std::uint64_t drawn_ = 0;
    bool asked_ = false;
    NtpSample sample_;
    std::vector<double> due_;
};

/// Clients, a server and a path of exponential jitter.
template <class Clients>
struct World {
    explicit World(ClockParams clock_params)
        : params(std::move(clock_params)),
          kernel({.seed = 1, .partitions = 1, .digest = true}),
          clocks(1),
          clients(clocks),
          servers(1) {
        kernel.add_model(0, clocks);
        kernel.add_model(0, clients);
        kernel.add_model(0, servers);
        const std::uint64_t identity = identity_of("servers.time");
        server = kernel.add_entity<TimeServers>(0, identity).id;
        TimeServerParams server_params;
        server_params.capacity = 1e6;
        servers.add(server_params, identity, server);
        clients.set_connected([](Index) { return true; });
        clients.set_door_up([this](Context& context, Duration, const Packet& packet) {
            context.send(trip(context, packet, 1), Address<TimeServers>{packet.server},
                         PacketArrives{}, packet);
        });
        servers.set_door_down([this](Context& context, Duration, const Packet& packet) {
            context.send(trip(context, packet, 0), Address<Clients>{packet.device}, PacketArrives{},
                         packet);
        });
    }
    Duration trip(Context& context, const Packet& packet, std::uint64_t way) const {
        return Duration{20'000'000} +
               sample_duration(jitter, context.block("bench.way", packet.subject,
                                                     2 * std::uint64_t{packet.attempt} + way));
    }
    std::uint64_t declare(std::uint32_t number) {
        const std::uint64_t identity = identity_of(identity_of("populations.hosts"), number);
        clocks.add(params, identity, kernel.add_entity<DeviceClocks>(0, identity).id);
        ids.push_back(kernel.add_entity<Clients>(0, identity).id);
        return identity;
    }
    /// CPU time of a day [s].
    double day() {
        for (Index i = 0; i < ids.size(); ++i) clients.start(kernel.as(ids[i]), i);
        const double before = cpu_time();
        kernel.run_until(Time{day_s * 1'000'000'000});
        return cpu_time() - before;
    }

    ClockParams params;
    Kernel kernel;
    DeviceClocks clocks;
    Clients clients;
    TimeServers servers;
    Distribution jitter = exponential(0.001);
    EntityId server{};
    std::vector<EntityId> ids;
};

ClockParams pc() {
    ClockParams params;
    params.frequency_error = Distribution::constant(10'000);
    params.wander.random_walk_ppb = 1;
    params.initial_offset = Distribution::constant(0.01);
    return params;
}

/// CPU time of a client-day of `make` [s].
double hosted_day(const std::function<std::unique_ptr<ClientProgram>()>& make, ClockParams clock,
                  std::uint64_t& events) {
    constexpr std::uint32_t clients = 20;
    World<ProgramClients> world(std::move(clock));
    ProgramClients::Plan plan;
    plan.make = make;
    plan.nodes = {world.server};
    const std::uint32_t number = world.clients.add_plan(std::move(plan));
    for (std::uint32_t i = 0; i < clients; ++i) {
        const std::uint64_t identity = world.declare(i);
        world.clients.add(number, identity, i, world.ids.back());
    }
    const double taken = world.day() / clients;
    events = world.kernel.delivered() / clients;
    return taken;
}

void chrony_day() {
    ChronyWords words;
    words.maxpoll = 6;
    const auto chrony = [words] { return make_program(words); };
    std::uint64_t events = 0;
    std::uint64_t polling_events = 0;
    const double whole = hosted_day(chrony, pc(), events);
    ClockParams quiet = pc();
    quiet.wander.random_walk_ppb = 0;
    const double polling =
        hosted_day([] { return std::make_unique<Poller>(); }, quiet, polling_events);
    constexpr int repetitions = 20;
    const double before = cpu_time();
    for (int i = 0; i < repetitions; ++i) {
        const auto program = chrony();
        NoWorld().run(*program, static_cast<double>(day_s));
    }
    const double regression = (cpu_time() - before) / repetitions;
    std::printf(
        "chrony client-day, 64 s polls: %.2f ms (%llu events)\n"
        "  packets, events, readings of a quiet clock: %.2f ms (%llu events)\n"
        "  regression, selection, steering alone: %.2f ms\n"
        "  clock with noise, retuned and its timers moved: %.2f ms\n",
        whole * 1e3, static_cast<unsigned long long>(events), polling * 1e3,
        static_cast<unsigned long long>(polling_events), regression * 1e3,
        (whole - polling - regression) * 1e3);
}

void phones_day(std::uint32_t phones) {
    ClockParams phone;
    phone.frequency_error = Distribution(law::Normal{0, 700});
    phone.wander.random_walk_ppb = 0.1;
    World<TimeClients> world(phone);
    SntpParams sntp;
    sntp.first = Distribution(law::Uniform{0, 3600});
    sntp.every = Distribution::constant(3600);
    sntp.step_above = Duration{100'000'000};
    sntp.slew_ppb = 500'000;
    const std::uint32_t plan = world.clients.add_plan({{sntp}, {{world.server}}});
    for (std::uint32_t i = 0; i < phones; ++i) {
        const std::uint64_t identity = world.declare(i);
        world.clients.add(plan, identity, world.ids.back());
    }
    const double taken = world.day();
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    std::printf(
        "%u SNTP phones, hourly, a day: %.2f s of CPU, %.2f million events a second, %ld MB\n",
        phones, taken, static_cast<double>(world.kernel.delivered()) / taken * 1e-6,
        usage.ru_maxrss / 1024);
}

}  // namespace

int main(int argc, char** argv) {
    chrony_day();
    phones_day(argc > 1 ? static_cast<std::uint32_t>(std::strtoul(argv[1], nullptr, 10)) : 100'000);
}
