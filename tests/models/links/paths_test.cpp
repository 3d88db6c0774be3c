#include "models/links/paths.hpp"

#include "tests/models/links/link_world.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <optional>
#include <vector>

using namespace driftstorm;
using namespace driftstorm::literals;
using namespace driftstorm::testing;

namespace {

constexpr Endpoint lte = endpoint_of(Technology::lte);
constexpr Endpoint relay = first_server_endpoint;

Packet packet_of(std::uint64_t subject, Direction direction = Direction::up) {
    Packet packet;
    packet.subject = subject;
    packet.direction = direction;
    return packet;
}

}  // namespace

TEST_CASE("a path delays each packet by its own draw and loses its share") {
    LinkWorld world({link_params(1)});
    Paths paths;
    Paths::Params params;
    params.propagation = 12_ms;
    params.extra = Distribution(law::Lognormal{0.026, 0.248, {}});
    params.loss = 0.006;
    paths.add(params, identity_of("paths.lte-relays"), lte, relay);
    Context& context = world.kernel.as(world.feeders[0].id);

    int lost = 0, above_median = 0;
    const int n = 100'000;
    for (int i = 0; i < n; ++i) {
        const auto subject = static_cast<std::uint64_t>(i);
        const std::optional<Duration> delay = paths.cross(context, lte, relay, packet_of(subject));
        REQUIRE(delay == paths.cross(context, relay, lte, packet_of(subject)));  // the same packet
        if (!delay) {
            ++lost;
            continue;
        }
        REQUIRE(*delay >= paths.least_delay(0));
        if (*delay > 38_ms) ++above_median;
    }
    CHECK(std::abs(lost - 0.006 * n) < 4 * std::sqrt(0.006 * 0.994 * n));
    CHECK(std::abs(above_median - 0.5 * (n - lost)) < 4 * std::sqrt(0.25 * n));
    CHECK(paths.cross(context, lte, relay, packet_of(1)) !=
          paths.cross(context, relay, lte, packet_of(1, Direction::down)));

    CHECK_FALSE(paths.find(lte, relay + 1));
    CHECK_FALSE(paths.cross(context, lte, relay + 1, packet_of(1)));
    paths.set_loss(0, 1);
    CHECK_FALSE(paths.cross(context, lte, relay, packet_of(5)));
    paths.restore_loss(0);
    CHECK(paths.cross(context, lte, relay, packet_of(5)));
    paths.set_up(0, false);
    CHECK_FALSE(paths.cross(context, lte, relay, packet_of(5)));
}

TEST_CASE("a path over routers takes the route in force, and dies in its black hole") {
    LinkWorld world({link_params(1)});
    Context& context = world.kernel.as(world.feeders[0].id);
    Routing routing(Topology({"core", "edge", "relay"}, {{"edge", "relay", 5_ms},
                                                         {"relay", "edge", 6_ms},
                                                         {"edge", "core", 4_ms},
                                                         {"core", "relay", 4_ms}}),
                    Routing::Params{1_s});
    Paths paths;
    Paths::Params params;
    params.propagation = 2_ms;
    const Index path = paths.add(params, identity_of("paths.x"), lte, relay);
    paths.route_over(path, routing, *routing.topology().node("edge"),
                     *routing.topology().node("relay"));
    std::vector<DropReason> reasons;
    paths.on_drop = [&](Context&, std::optional<Index>, const Packet&, DropReason reason) {
        reasons.push_back(reason);
    };

    CHECK(paths.cross(context, path, packet_of(1)) == 7_ms);
    CHECK(paths.cross(context, path, packet_of(1, Direction::down)) == 8_ms);
    CHECK(paths.least_delay(path) == 7_ms);
    const Routing::Change failed =
        routing.fail({ElementKind::link, *routing.topology().link("edge-relay")});
    CHECK_FALSE(paths.cross(context, path, packet_of(1)));
    CHECK(paths.cross(context, path, packet_of(1, Direction::down)) == 8_ms);
    routing.reconverged(failed);
    CHECK(paths.cross(context, path, packet_of(1)) == 10_ms);
    routing.reconverged(routing.fail({ElementKind::node, *routing.topology().node("core")}));
    CHECK_FALSE(paths.cross(context, path, packet_of(1)));
    CHECK(reasons == std::vector{DropReason::blackhole, DropReason::unreachable});
}
