#include "tests/models/timesync/time_world.hpp"

#include <doctest/doctest.h>

using namespace driftstorm;
using namespace driftstorm::literals;
using namespace driftstorm::test;

TEST_CASE("a server answers one request after the other and loses what its queue cannot hold") {
    TimeWorld::Setup setup;
    setup.phones = 5;
    setup.clock = off_by(-9);
    setup.sync = {hourly()};
    setup.down = setup.up;
    setup.server.capacity = 10;
    setup.server.queue_limit = 2;
    TimeWorld world(setup);
    world.run(10_s + 30_ms);
    CHECK(world.servers.queue_depth(0) == 3);
    world.run(14_s);
    REQUIRE(world.synced.rows.size() == 3);
    for (std::int64_t i = 0; i < 3; ++i) {
        const auto row = static_cast<std::size_t>(i);
        CHECK(world.synced.times[row] == Time{} + 10_s + 60_ms + 100_ms * (i + 1));
        // Waiting at the server lies between T2 and T3: it is in neither the offset nor the delay.
        CHECK(world.synced.rows[row].offset_ns == 9e9);
        CHECK(world.synced.rows[row].delay == 60_ms);
    }
    REQUIRE(world.lost.rows.size() == 2);
    CHECK(world.lost.rows[0].reason == TimeRequestLoss::queue_full);
    CHECK(world.servers.queue_depth(0) == 0);
    world.run(100_s);
    CHECK(world.synced.rows.size() == 7);  // two timeouts, then their retries
}

TEST_CASE("clients follow a server that a fault has stepped, and come back with it") {
    TimeWorld::Setup setup;
    SntpParams sntp = hourly();
    sntp.every = Distribution::constant(60);
    setup.sync = {sntp};
    setup.down = setup.up;
    TimeWorld world(setup);
    world.run(100_s);
    CHECK(world.offset_ns() == 0);
    world.servers.step(world.kernel.as(world.cell), 0, 3_s);
    CHECK(world.servers.offset_ns(0, world.kernel.now()) == 3e9);
    world.run(200_s);
    CHECK(world.offset_ns() == 3e9);
    world.servers.step(world.kernel.as(world.cell), 0, -3_s);
    world.run(300_s);
    CHECK(world.offset_ns() == 0);
}

TEST_CASE("faults reach a server as messages too, and a crash loses what it was about to answer") {
    TimeWorld::Setup setup;
    setup.sync = {hourly()};
    setup.server.capacity = 1;
    TimeWorld world(setup);
    const Address<TimeServers> node = world.kernel.as(world.cell).address_of(world.servers, 0);
    Context& context = world.kernel.as(world.cell);
    context.send(10_s + 500_ms, node, TimeServers::GoDown{});
    context.send(20_s, node, TimeServers::ComeUp{});
    context.send(25_s, node, TimeServers::StepClock{.by = 4_s});
    world.run(60_s);
    REQUIRE(world.synced.rows.size() == 1);
    CHECK(world.synced.rows[0].outcome == SyncOutcome::timed_out);
    world.run(100_s);
    REQUIRE(world.synced.rows.size() == 2);
    CHECK(world.synced.rows[1].outcome == SyncOutcome::stepped);
    CHECK(world.offset_ns() == 4e9 + 10e6);
}

TEST_CASE("each node of a group has an error of its own, and requests go to all of them") {
    TimeWorld::Setup setup;
    setup.phones = 200;
    setup.clock = off_by(20);
    setup.sync = {hourly()};
    setup.server.nodes = 2;
    setup.server.offset = Distribution(law::Normal{0, 0.004});
    setup.down = setup.up;
    TimeWorld world(setup);
    world.run(20_s);
    const double first = world.servers.offset_ns(0, world.kernel.now());
    const double second = world.servers.offset_ns(1, world.kernel.now());
    CHECK(first != second);
    int of_first = 0;
    for (Index d = 1; d <= 200; ++d) {
        const double offset = world.offset_ns(d);
        const bool by_first = std::abs(offset - first) < 1.5;  // stamps are whole ns
        CHECK((by_first || std::abs(offset - second) < 1.5));
        of_first += by_first ? 1 : 0;
    }
    CHECK(of_first > 100 - 29);  // 4 sigma
    CHECK(of_first < 100 + 29);
}
