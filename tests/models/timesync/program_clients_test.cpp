// Time programs on devices that lose their power and live through a leap second.
#include "models/timesync/program_clients.hpp"
#include "models/clocks/device_clocks.hpp"
#include "models/timesync/client_words.hpp"
#include "models/timesync/time_servers.hpp"
#include "tests/models/timesync/time_world.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

using namespace driftstorm;
using namespace driftstorm::literals;

namespace {

constexpr Duration trip{10'000'000};
/// Busybox takes days to learn 10 ppm; until then it is some milliseconds off.
constexpr double settled_s = 9e-3;

/// A host of each program behind one server, 10 ms away; its oscillator gains 10 ppm.
struct ProgramWorld {
    explicit ProgramWorld(const TimeServerParams& server_params = {})
        : kernel({.seed = 3, .partitions = 1, .digest = true}),
          clocks(3),
          programs(clocks),
          servers(3) {
        kernel.add_model(0, clocks);
        kernel.add_model(0, programs);
        kernel.add_model(0, servers);
        const std::uint64_t of_server = identity_of("servers.time");
        server = kernel.add_entity<TimeServers>(0, of_server).id;
        servers.add(server_params, of_server, server);
        ClockParams clock;
        clock.frequency_error = Distribution::constant(10'000);
        clock.initial_offset = Distribution::constant(0.01);
        clock.rtc.present = true;
        std::uint32_t number = 0;
        const auto host = [&](const auto& words, std::string_view name, ClockKind timers) {
            ProgramClients::Plan plan;
            plan.make = [words] { return make_program(words); };
            plan.nodes = {server};
            plan.timers = timers;
            const std::uint32_t added = programs.add_plan(std::move(plan));
            const std::uint64_t identity = identity_of(identity_of("populations.hosts"), number);
            const auto of_clock = kernel.add_entity<DeviceClocks>(0, identity);
            ids.push_back(kernel.add_entity<ProgramClients>(0, identity).id);
            clocks.add(clock, identity, of_clock.id);
            programs.add(added, identity, number++, ids.back());
            names.push_back(name);
        };
        host(ChronyWords{}, "chrony", ClockKind::monotonic);
        host(NtpdWords{}, "ntpd", ClockKind::monotonic);
        host(BusyboxWords{}, "busybox", ClockKind::monotonic);
        host(TimesyncdWords{}, "timesyncd", ClockKind::boot);
        programs.set_connected([](Index) { return true; });
        programs.set_door_up([this](Context& context, Duration, const Packet& packet) {
            ++requests;
            context.send(trip, Address<TimeServers>{packet.server}, PacketArrives{}, packet);
        });
        servers.set_door_down([](Context& context, Duration, const Packet& packet) {
            context.send(trip, Address<ProgramClients>{packet.device}, PacketArrives{}, packet);
        });
        kernel.add_sink(adjusted);
        for (Index i = 0; i < ids.size(); ++i) {
            clocks.start(kernel.as(ids[i]), i);
            programs.start(kernel.as(ids[i]), i);
        }
    }
    void run(Duration until) { kernel.run_until(Time{} + until); }
    double offset_s(Index device) const { return clocks.offset_ns(device, kernel.now()) * 1e-9; }
    double gain(Index device) const {
        const Time now = kernel.now();
        const Reading later = clocks.read(device, ClockKind::boot, now + 1_s);
        return static_cast<double>((later - clocks.read(device, ClockKind::boot, now)).ns -
                                   1'000'000'000) *
               1e-9;
    }
    std::size_t leaps() const {
        std::size_t found = 0;
        for (const ClockAdjusted& row : adjusted.rows) found += row.kind == Adjustment::leap;
        return found;
    }

    Kernel kernel;
    DeviceClocks clocks;
    ProgramClients programs;
    TimeServers servers;
    EntityId server{};
    std::vector<EntityId> ids;
    std::vector<std::string_view> names;
    std::uint64_t requests = 0;
    test::Rows<ClockAdjusted> adjusted;
};

TimeServerParams leaping(ServedLeapKind kind, Duration smear = Duration{}) {
    TimeServerParams params;
    params.leap_second.kind = kind;
    params.leap_second.at = 24_h;
    params.leap_second.smear = smear;
    return params;
}

}  // namespace

TEST_CASE("a program is gone with the power and begins anew with the device") {
    for (const PowerLoss how : {PowerLoss::shut_down, PowerLoss::battery_pulled}) {
        ProgramWorld world;
        world.run(4_h);
        for (Index i = 0; i < 4; ++i) {
            CAPTURE(world.names[i]);
            CHECK(std::abs(world.offset_s(i)) < settled_s);
            CHECK(std::abs(world.gain(i)) < 1e-6);  // it has learnt the 10 ppm
            world.clocks.power_off(world.kernel.as(world.ids[i]), i, how);
        }
        const std::uint64_t asked = world.requests;
        world.run(5_h);
        CHECK(world.requests == asked);
        for (Index i = 0; i < 4; ++i) {
            world.clocks.boot(world.kernel.as(world.ids[i]), i);
            // The kernel knows nothing of what the old one had learnt.
            CHECK(world.gain(i) == doctest::Approx(1e-5).epsilon(1e-3));
        }
        world.run(5_h + 2_min);
        CHECK(world.requests > asked);
        world.run(9_h);
        for (Index i = 0; i < 4; ++i) {
            CAPTURE(world.names[i]);
            CHECK(std::abs(world.offset_s(i)) < settled_s);
            CHECK(std::abs(world.gain(i)) < 1e-6);
        }
    }
}

TEST_CASE("a reply to the program of before answers nothing") {
    ProgramWorld world;
    world.run(4_h);
    // Until one is under way.
    const std::uint64_t asked = world.requests;
    while (world.requests == asked) world.run(world.kernel.now() - Time{} + 1_ms);
    for (Index i = 0; i < 4; ++i) {
        world.clocks.power_off(world.kernel.as(world.ids[i]), i, PowerLoss::shut_down);
        world.clocks.boot(world.kernel.as(world.ids[i]), i);
    }
    world.run(8_h);
    for (Index i = 0; i < 4; ++i) CHECK(std::abs(world.offset_s(i)) < settled_s);
}

TEST_CASE("an announced leap second is carried out by the kernel at the end of the UTC day, once") {
    for (const auto& [kind, by] :
         {std::pair{ServedLeapKind::insertion, -1.0}, std::pair{ServedLeapKind::deletion, 1.0}}) {
        ProgramWorld world(leaping(kind));
        world.run(24_h - 2_s);
        CHECK(world.leaps() == 0);
        world.run(24_h + 2_s);
        CHECK(world.leaps() == 4);
        for (Index i = 0; i < 4; ++i) {
            CAPTURE(world.names[i]);
            CHECK(world.offset_s(i) == doctest::Approx(by).epsilon(settled_s));
        }
        world.run(50_h);
        CHECK(world.leaps() == 4);
        for (Index i = 0; i < 4; ++i) {
            CAPTURE(world.names[i]);
            CHECK(world.offset_s(i) == doctest::Approx(by).epsilon(settled_s));
        }
    }
}

TEST_CASE("a server that smears announces nothing, and its clients leap nowhere") {
    ProgramWorld world(leaping(ServedLeapKind::insertion, 24_h));
    world.run(37_h);
    CHECK(world.leaps() == 0);
    for (Index i = 0; i < 4; ++i) {
        CAPTURE(world.names[i]);
        CHECK(world.offset_s(i) == doctest::Approx(-1.0).epsilon(2e-2));
    }
}
