#include "tests/models/timesync/time_world.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

using namespace driftstorm;
using namespace driftstorm::literals;
using namespace driftstorm::test;

namespace {

double offset_s(const TimeServers& servers, Time at, Index node = 0) {
    return servers.offset_ns(node, at) * 1e-9;
}

TimeServers one_server(const TimeServerParams& params) {
    TimeServers servers(1);
    servers.add(params, 7, EntityId{0});
    return servers;
}

}  // namespace

TEST_CASE("a smearing server is late by a share that grows linearly from noon to noon") {
    TimeServerParams params;
    params.leap_second = {ServedLeapKind::insertion, 18_h, 24_h};
    TimeServers servers = one_server(params);
    CHECK(offset_s(servers, Time{} + 6_h) == 0);
    CHECK(offset_s(servers, Time{} + 12_h) == doctest::Approx(-0.25));
    CHECK(offset_s(servers, Time{} + 18_h) == doctest::Approx(-0.5));
    CHECK(offset_s(servers, Time{} + 30_h) == doctest::Approx(-1));
    CHECK(offset_s(servers, Time{} + 300_h) == doctest::Approx(-1));
}

TEST_CASE("a server that steps does so at the leap, either way") {
    TimeServerParams params;
    params.leap_second = {ServedLeapKind::insertion, 18_h, {}};
    TimeServers inserts = one_server(params);
    params.leap_second.kind = ServedLeapKind::deletion;
    TimeServers deletes = one_server(params);
    const Time leap = Time{} + 18_h;
    CHECK(offset_s(inserts, leap - 1_ns) == 0);
    CHECK(offset_s(inserts, leap) == doctest::Approx(-1));
    CHECK(offset_s(deletes, leap) == doctest::Approx(1));
}

TEST_CASE("as many nodes as told are falsetickers, and off by what is said") {
    TimeServerParams params;
    params.falsetickers = {0.3, Distribution::constant(5)};
    TimeServers servers(3);
    std::uint32_t wrong = 0;
    for (std::uint32_t node = 0; node < 400; ++node) {
        servers.add(params, identity_of(std::uint64_t{77}, node), EntityId{node});
        CHECK(offset_s(servers, Time{}, node) == (servers.is_falseticker(node) ? 5 : 0));
        wrong += servers.is_falseticker(node) ? 1 : 0;
    }
    CHECK(wrong > 90);
    CHECK(wrong < 150);
}

TEST_CASE("who asks too often gets what the limit leaves, a share of kisses and else nothing") {
    TimeWorld::Setup setup;
    SntpParams sntp = hourly();
    sntp.first = Distribution::constant(1);
    sntp.every = Distribution::constant(2);
    sntp.timeout = 1_s;
    sntp.retries = 0;
    setup.sync = {sntp};
    setup.server.rate_limit.interval = 8_s;
    setup.server.rate_limit.burst = 4;
    setup.server.rate_limit.kiss = 0;
    TimeWorld world(setup);
    world.run(4000_s);
    const auto answered = static_cast<double>(std::count_if(
        world.synced.rows.begin(), world.synced.rows.end(),
        [](const ClockSynced& row) { return row.outcome != SyncOutcome::timed_out; }));
    // One in 8 s, and the burst at the start.
    CHECK(answered == doctest::Approx(504).epsilon(0.02));
    REQUIRE_FALSE(world.lost.rows.empty());
    CHECK(world.lost.rows[0].reason == TimeRequestLoss::rate_limited);
}

TEST_CASE("a satellite receiver sets the clock to its own error") {
    TimeWorld::Setup setup;
    setup.clock = off_by(100);
    GnssParams gnss;
    gnss.every = Distribution::constant(10);
    gnss.error = Distribution::constant(3e-6);
    setup.sync = {gnss};
    TimeWorld world(setup);
    world.run(25_s);
    CHECK(world.synced.rows.size() == 3);
    CHECK(world.synced.rows[0].protocol == SyncProtocol::gnss);
    CHECK(world.offset_ns() == doctest::Approx(3000));
}

TEST_CASE("a request that falls due while the device sleeps waits for it to wake, if told to") {
    for (const bool wakes : {true, false}) {
        TimeWorld::Setup setup;
        SntpParams sntp = hourly();
        sntp.wakes = wakes;
        setup.sync = {sntp};
        TimeWorld world(setup);
        world.run(5_s);
        world.clocks.suspend(world.context(), 1);
        world.run(100_s);
        CHECK(world.synced.rows.size() == (wakes ? 1 : 0));
        world.clocks.resume(world.context(), 1);
        world.run(200_s);
        CHECK(world.synced.rows.size() == 1);
    }
}

TEST_CASE("a client that tracks ends up with the frequency that its oscillator lacks") {
    TimeWorld::Setup setup;
    setup.clock.frequency_error = Distribution::constant(8000);
    SntpParams sntp = hourly();
    sntp.step_above = Duration{1'000'000};
    sntp.tracking = 0.5;
    setup.sync = {sntp};
    setup.down = setup.up;
    TimeWorld world(setup);
    world.run(48_h);
    CHECK(std::abs(world.synced.rows.back().offset_ns) < 2e6);
}
