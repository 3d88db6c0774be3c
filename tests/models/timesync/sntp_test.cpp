#include "tests/models/timesync/time_world.hpp"

#include <doctest/doctest.h>

#include <stdexcept>

using namespace driftstorm;
using namespace driftstorm::literals;
using namespace driftstorm::test;

TEST_CASE("asymmetric paths leave exactly half of their difference") {
    struct Paths {
        Duration up;
        Duration down;
    };
    for (const Paths paths : {Paths{30_ms, 10_ms}, Paths{20_ms, 500_ms},
                              Paths{Duration{12'345'679}, Duration{1'000}}, Paths{25_ms, 25_ms}}) {
        TimeWorld::Setup setup;
        setup.clock = off_by(-5);
        setup.sync = {hourly()};
        setup.up = paths.up;
        setup.down = paths.down;
        TimeWorld world(setup);
        world.run(60_s);
        const double half = static_cast<double>((paths.up - paths.down).ns) / 2;
        CHECK(world.offset_ns() == half);
        REQUIRE(world.synced.rows.size() == 1);
        CHECK(world.synced.rows[0].outcome == SyncOutcome::stepped);
        CHECK(world.synced.rows[0].offset_ns == 5e9 + half);
        CHECK(world.synced.rows[0].delay == paths.up + paths.down);
    }
}

TEST_CASE("the client takes over the server's error") {
    TimeWorld::Setup setup;
    setup.clock = off_by(4);
    setup.sync = {hourly()};
    setup.server.offset = Distribution::constant(-0.125);
    setup.down = setup.up;
    TimeWorld world(setup);
    world.run(60_s);
    CHECK(world.offset_ns() == -0.125e9);
}

TEST_CASE("a large offset is stepped, a small one slewed at the given rate, or left") {
    TimeWorld::Setup setup;
    setup.down = setup.up;
    SntpParams sntp = hourly();
    sntp.step_above = 1_s;
    SUBCASE("at the threshold it is stepped") {
        setup.clock = off_by(-1);
        setup.sync = {sntp};
        TimeWorld world(setup);
        world.run(11_s);
        CHECK(world.offset_ns() == 0);
    }
    SUBCASE("below it, slewed") {
        sntp.slew_ppb = 500'000;
        setup.clock = off_by(-0.5);
        setup.sync = {sntp};
        TimeWorld world(setup);
        world.run(10_s + 60_ms + 100_us);
        const double begun = world.offset_ns();
        world.run(510_s + 60_ms + 100_us);
        CHECK(world.offset_ns() - begun == doctest::Approx(500 * 500e-6 * 1e9));
        world.run(1200_s);
        CHECK(world.offset_ns() == 0);
        CHECK(world.synced.rows[0].outcome == SyncOutcome::slewed);
    }
    SUBCASE("without a slew rate it stays") {
        setup.clock = off_by(-0.5);
        setup.sync = {sntp};
        TimeWorld world(setup);
        world.run(1200_s);
        CHECK(world.offset_ns() == -0.5e9);
        CHECK(world.synced.rows[0].outcome == SyncOutcome::kept);
    }
}

TEST_CASE("requests follow the schedule by the boot clock") {
    TimeWorld::Setup setup;
    setup.sync = {hourly()};
    TimeWorld world(setup);
    world.run(10'860_s);
    REQUIRE(world.synced.times.size() == 4);
    const Duration exchange = 40_ms + 100_us;  // both paths and a service of 1 / 10,000 s
    for (std::int64_t i = 0; i < 4; ++i)
        CHECK(world.synced.times[static_cast<std::size_t>(i)] ==
              Time{} + 10_s + 3600_s * i + exchange * (i + 1));
}

TEST_CASE("a wall clock stepped while a request is under way is still set right") {
    TimeWorld::Setup setup;
    setup.clock = off_by(7);
    setup.sync = {hourly()};
    setup.down = setup.up;
    TimeWorld world(setup);
    world.run(10_s + 20_ms);
    world.clocks.step(world.context(), 1, 100_s, AdjustedBy::user);
    world.run(11_s);
    CHECK(world.offset_ns() == 0);
}

TEST_CASE(
    "without a reply there are retries, then the ordinary interval; the network's return is not "
    "one") {
    TimeWorld::Setup setup;
    setup.sync = {hourly()};
    TimeWorld world(setup);
    world.servers.go_down(0);
    world.run(3600_s);
    CHECK(world.packets == 4);  // 10 s, then 60 s after each timeout of 5 s
    REQUIRE(world.synced.rows.size() == 4);
    for (std::int64_t i = 0; i < 4; ++i) {
        CHECK(world.synced.rows[static_cast<std::size_t>(i)].outcome == SyncOutcome::timed_out);
        CHECK(world.synced.times[static_cast<std::size_t>(i)] == Time{} + 15_s + 65_s * i);
    }
    CHECK(world.lost.rows.size() == 4);
    CHECK(world.lost.rows[0].reason == TimeRequestLoss::node_down);
    world.clients.on_network(world.context(), 1);
    world.run(3700_s);
    CHECK(world.packets == 4);
    world.servers.come_up(0);
    world.run(3850_s);
    CHECK(world.packets == 5);
    CHECK(world.synced.rows.back().outcome == SyncOutcome::kept);
}

TEST_CASE("a reply that comes after its timeout answers nothing") {
    TimeWorld::Setup setup;
    setup.clock = off_by(30);
    setup.sync = {hourly()};
    setup.up = 5'500_ms;
    TimeWorld world(setup);
    world.run(60_s);
    CHECK(world.offset_ns() == 30e9);
    REQUIRE(world.synced.rows.size() == 1);
    CHECK(world.synced.rows[0].outcome == SyncOutcome::timed_out);
}

TEST_CASE("a request that falls due without a network is made up for when there is one") {
    TimeWorld::Setup setup;
    setup.sync = {hourly()};
    TimeWorld world(setup);
    world.connected[0] = false;
    world.run(500_s);
    CHECK(world.packets == 0);
    world.connected[0] = true;
    world.clients.on_network(world.context(), 1);
    world.run(500_s);
    CHECK(world.packets == 1);
    world.run(501_s);
    world.clients.on_network(world.context(), 1);
    world.run(600_s);
    CHECK(world.packets == 1);  // a good result lasts for the interval
}

TEST_CASE("a client may ask on each new network, but not more often than its least spacing") {
    TimeWorld::Setup setup;
    SntpParams sntp = hourly();
    sntp.on_network_change = true;
    setup.sync = {sntp};
    TimeWorld world(setup);
    for (const std::int64_t second : {20, 40, 75, 100, 140}) {
        world.run(Duration{second * 1'000'000'000});
        world.clients.on_network(world.context(), 1);
    }
    world.run(300_s);
    // At 10 s by schedule, at 75 s and 140 s for the network; 20, 40 and 100 s are too soon.
    CHECK(world.packets == 3);
    world.run(3700_s);
    CHECK(world.packets == 3);
    world.run(3750_s);
    CHECK(world.packets == 4);
}

TEST_CASE("an SNTP source without servers is refused") {
    DeviceClocks clocks(1);
    TimeClients clients(clocks);
    CHECK_THROWS_AS(clients.add_plan({{hourly()}, {}}), std::invalid_argument);
}
