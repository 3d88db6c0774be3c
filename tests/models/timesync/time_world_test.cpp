#include "tests/models/timesync/time_world.hpp"

#include <doctest/doctest.h>

using namespace driftstorm;
using namespace driftstorm::literals;
using namespace driftstorm::test;

namespace {

TimeWorld::Setup busy(std::uint32_t partitions = 1) {
    TimeWorld::Setup setup;
    setup.phones = 60;
    setup.partitions = partitions;
    setup.clock.frequency_error = Distribution(law::Normal{1000, 9000});
    setup.clock.wander.random_walk_ppb = 1.3;
    setup.clock.initial_offset = Distribution(law::Laplace{0, 1.5});
    SntpParams sntp = hourly();
    sntp.first = Distribution(law::Uniform{0, 120});
    sntp.every = Distribution(law::Uniform{50, 70});
    sntp.slew_ppb = 500'000;
    setup.sync = {sntp, NitzParams{}};
    setup.server.nodes = 2;
    setup.server.offset = Distribution(law::Normal{0, 0.004});
    setup.server.random_walk_ppb = 0.1;
    setup.server.capacity = 1;
    setup.server.queue_limit = 1;
    return setup;
}

/// Runs on, with handovers on the way.
void run_with_attaches(TimeWorld& world, std::int64_t from_s, std::int64_t to_s) {
    for (std::int64_t second = from_s; second < to_s; ++second) {
        world.run(Duration{second * 1'000'000'000});
        const auto device = static_cast<Index>(1 + second % 60);
        world.clients.on_cell_attach(world.context(device), device, world.cell);
        world.clients.on_network(world.context(device), device);
    }
    world.run(Duration{to_s * 1'000'000'000});
}

}  // namespace

TEST_CASE("time synchronisation saved on the way goes on to the same digest") {
    TimeWorld world(busy());
    run_with_attaches(world, 0, 301);
    const std::vector<std::byte> saved = world.kernel.save();
    run_with_attaches(world, 301, 600);
    const std::uint64_t digest = world.kernel.digest();
    world.kernel.restore(saved);
    run_with_attaches(world, 301, 600);
    CHECK(world.kernel.digest() == digest);
    TimeWorld other(busy());
    other.kernel.restore(saved);
    run_with_attaches(other, 301, 600);
    CHECK(other.kernel.digest() == digest);
    CHECK(world.lost.rows.size() > 0);
}

TEST_CASE("servers in a partition of their own give the digest of one") {
    TimeWorld one(busy(1));
    run_with_attaches(one, 0, 400);
    TimeWorld two(busy(2));
    run_with_attaches(two, 0, 400);
    CHECK(two.kernel.digest() == one.kernel.digest());
    CHECK(two.kernel.delivered() == one.kernel.delivered());
    CHECK(two.synced.rows.size() == one.synced.rows.size());
}

TEST_CASE("looking at clocks and servers changes nothing") {
    TimeWorld plain(busy());
    run_with_attaches(plain, 0, 300);
    TimeWorld probed(busy());
    for (std::int64_t second = 0; second < 300; second += 7) {
        run_with_attaches(probed, second, std::min<std::int64_t>(second + 7, 300));
        for (Index d = 1; d <= 60; ++d) probed.offset_ns(d);
        for (Index n = 0; n < 2; ++n) probed.servers.read(n, probed.kernel.now());
    }
    CHECK(probed.kernel.digest() == plain.kernel.digest());
}

TEST_CASE("another phone takes nothing of the others' luck") {
    TimeWorld::Setup setup = busy();
    setup.server.capacity = 1e6;  // no queue for it to stand in
    TimeWorld few(setup);
    run_with_attaches(few, 0, 300);
    setup.phones = 61;
    TimeWorld more(setup);
    run_with_attaches(more, 0, 300);
    for (Index d = 1; d <= 60; ++d) {
        CHECK(std::abs(few.offset_ns(d) - more.offset_ns(d)) <
              1e4);  // but for a service time on the way
    }
}
