#include "tests/models/timesync/time_world.hpp"

#include <doctest/doctest.h>

using namespace driftstorm;
using namespace driftstorm::literals;
using namespace driftstorm::test;

namespace {

NitzParams plain_nitz() {
    NitzParams params;
    params.bias = Distribution::constant(0);
    params.delivery = Distribution::constant(0.7);
    return params;
}

}  // namespace

TEST_CASE("NITZ sets the clock to the network's second, late by the delivery") {
    TimeWorld::Setup setup;
    setup.clock = off_by(60);
    NitzParams nitz = plain_nitz();
    nitz.bias = Distribution::constant(-1.5);
    setup.sync = {nitz};
    TimeWorld world(setup);
    world.run(100_s + 250_ms);
    world.clients.on_cell_attach(world.context(), 1, world.cell);
    world.run(100_s + 949_ms);
    CHECK(world.offset_ns() == 60e9);
    world.run(110_s);
    // The network's clock showed 98.75 s, sent 98 s, and that came at 100.95 s.
    CHECK(world.offset_ns() == -2.95e9);
    REQUIRE(world.synced.rows.size() == 1);
    CHECK(world.synced.rows[0].protocol == SyncProtocol::nitz);
    CHECK(world.synced.rows[0].outcome == SyncOutcome::stepped);
    CHECK(world.synced.rows[0].server == no_entity);
}

TEST_CASE("a difference below the threshold is left, a repeated signal ignored") {
    TimeWorld::Setup setup;
    setup.clock = off_by(0);
    setup.sync = {plain_nitz()};
    TimeWorld world(setup);
    world.run(100_s);
    world.clients.on_cell_attach(world.context(), 1, world.cell);
    world.run(200_s);
    CHECK(world.synced.rows.back().outcome == SyncOutcome::kept);
    world.clocks.step(world.context(), 1, 30_s, AdjustedBy::user);
    world.clients.on_cell_attach(world.context(), 1, world.cell);
    world.run(300_s);
    CHECK(world.synced.rows.back().outcome == SyncOutcome::ignored);
    CHECK(world.offset_ns() == 30e9);
    world.run(701_s);  // more than ten minutes after the first
    world.clients.on_cell_attach(world.context(), 1, world.cell);
    world.run(800_s);
    CHECK(world.synced.rows.back().outcome == SyncOutcome::stepped);
    CHECK(world.offset_ns() == -0.7e9);
}

TEST_CASE("NITZ yields to a good SNTP result, when told to") {
    for (const bool yields : {true, false}) {
        TimeWorld::Setup setup;
        NitzParams nitz = plain_nitz();
        nitz.bias = Distribution::constant(600);
        if (!yields) nitz.yields_to_sntp = Duration{};
        setup.sync = {hourly(), nitz};
        TimeWorld world(setup);
        world.run(5_s);
        world.clients.on_cell_attach(world.context(), 1, world.cell);
        world.run(8_s);
        CHECK(world.offset_ns() == doctest::Approx(600e9).epsilon(0.01));  // no result yet
        world.run(1000_s);
        CHECK(world.offset_ns() == 10e6);
        world.clients.on_cell_attach(world.context(), 1, world.cell);
        world.run(1010_s);
        CHECK(world.synced.rows.back().outcome ==
              (yields ? SyncOutcome::ignored : SyncOutcome::stepped));
    }
}

TEST_CASE("the network sends NITZ with the given probability") {
    TimeWorld::Setup setup;
    setup.phones = 1000;
    NitzParams nitz = plain_nitz();
    nitz.probability = 0.35;
    setup.sync = {nitz};
    TimeWorld world(setup);
    for (Index d = 1; d <= 1000; ++d) world.clients.on_cell_attach(world.context(d), d, world.cell);
    world.run(5_s);
    CHECK(world.synced.rows.size() > 350 - 61);  // 4 sigma
    CHECK(world.synced.rows.size() < 350 + 61);
}
