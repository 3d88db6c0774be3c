#include "sim/network/routing.hpp"

#include "sim/core/state.hpp"
#include "sim/network/shortest_paths.hpp"
#include "tests/network/random_topology.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace driftstorm;
using namespace driftstorm::literals;
using namespace driftstorm::testing;

namespace {

using Status = Routing::Status;

/// a - b directly in 10 ms each way, or by way of c in 15 ms.
Routing triangle() {
    std::vector<Topology::Link> links;
    const auto wire = [&](const std::string& x, const std::string& y, Duration propagation) {
        links.push_back({x, y, propagation});
        links.push_back({y, x, propagation});
    };
    wire("a", "b", 10_ms);
    wire("a", "c", 7_ms);
    wire("c", "b", 8_ms);
    return Routing(Topology({"a", "b", "c"}, links), Routing::Params{4_s});
}

NetworkElement link(const Routing& routing, const char* name) {
    return {ElementKind::link, *routing.topology().link(name)};
}
NetworkElement node(const Routing& routing, const char* name) {
    return {ElementKind::node, *routing.topology().node(name)};
}

constexpr NodeIndex a = 0, b = 1, c = 2;

}  // namespace

TEST_CASE("a failed link blackholes its routes until they converge, and again they return") {
    Routing routing = triangle();
    CHECK(routing.route(a, b).status == Status::alive);
    CHECK(routing.route(a, b).propagation == 10_ms);
    CHECK(routing.route(a, b).hops == 1);

    const Routing::Change failed = routing.fail(link(routing, "a-b"));
    CHECK(routing.route(a, b).status == Status::blackholed);
    CHECK(routing.route(a, b).propagation == 10_ms);
    CHECK(routing.route(b, a).status == Status::alive);  // the other direction is another link
    CHECK(routing.route(a, c).status == Status::alive);

    CHECK(routing.reconverged(failed));
    CHECK(routing.route(a, b).status == Status::alive);
    CHECK(routing.route(a, b).propagation == 15_ms);
    CHECK(routing.links_of(a, b).size() == 2);

    const Routing::Change repaired = routing.repair(link(routing, "a-b"));
    CHECK(routing.route(a, b).status == Status::alive);
    CHECK(routing.route(a, b).propagation == 15_ms);  // the alternative stays meanwhile
    CHECK(routing.reconverged(repaired));
    CHECK(routing.route(a, b).propagation == 10_ms);
}

TEST_CASE("a flap shorter than the reconvergence time moves no route") {
    Routing routing = triangle();
    const Routing::Change failed = routing.fail(link(routing, "a-b"));
    const Routing::Change repaired = routing.repair(link(routing, "a-b"));
    CHECK(routing.route(a, b).status == Status::alive);
    CHECK_FALSE(routing.reconverged(failed));
    CHECK(routing.route(a, b).propagation == 10_ms);
    CHECK_FALSE(routing.reconverged(repaired));
    CHECK(routing.route(a, b).propagation == 10_ms);
}

TEST_CASE("a failed node takes its own routes and those through it") {
    Routing routing = triangle();
    CHECK(routing.reconverged(routing.fail(link(routing, "a-b"))));
    const Routing::Change failed = routing.fail(node(routing, "c"));
    CHECK(routing.route(a, b).status == Status::blackholed);
    CHECK(routing.route(a, c).status == Status::blackholed);
    CHECK(routing.route(b, a).status == Status::alive);
    CHECK(routing.reconverged(failed));
    CHECK(routing.route(a, b).status == Status::unreachable);
    CHECK(routing.route(a, c).status == Status::unreachable);
    CHECK(routing.links_of(a, b).empty());
    CHECK(routing.reconverged(routing.repair(node(routing, "c"))));
    CHECK(routing.route(a, b).propagation == 15_ms);
}

TEST_CASE("a second failure on the new route blackholes it in turn") {
    Routing routing = triangle();
    const Routing::Change first = routing.fail(link(routing, "a-b"));
    const Routing::Change second = routing.fail(link(routing, "a-c"));
    CHECK(routing.route(a, b).status == Status::blackholed);
    CHECK(routing.reconverged(first));
    CHECK(routing.route(a, b).status == Status::blackholed);  // now by way of c, not yet known dead
    CHECK(routing.route(a, b).propagation == 15_ms);
    CHECK(routing.reconverged(second));
    CHECK(routing.route(a, b).status == Status::unreachable);
}

TEST_CASE("in any history, routes are those of what the routers know, and alive if all is up") {
    for (std::uint64_t graph = 300; graph < 330; ++graph) {
        Routing routing(random_topology(graph, 8, 26, 4), Routing::Params{});
        const Topology& topology = routing.topology();
        std::vector<std::uint8_t> node_up(topology.nodes(), 1), link_up(topology.links(), 1);
        std::vector<std::uint8_t> node_known = node_up, link_known = link_up;
        struct Waiting {
            Routing::Change change;
            bool valid;
        };
        std::vector<Waiting> waiting;
        for (std::uint32_t step = 0; step < 60; ++step) {
            const std::uint32_t dice = pick(graph, 1000 + 3 * step, 3);
            if (dice < 2) {
                const bool is_node = pick(graph, 1001 + 3 * step, 4) == 0;
                NetworkElement element{
                    is_node ? ElementKind::node : ElementKind::link,
                    pick(graph, 1002 + 3 * step, is_node ? topology.nodes() : topology.links())};
                std::uint8_t& up = (is_node ? node_up : link_up)[element.index];
                up ^= 1;
                for (Waiting& w : waiting) w.valid = w.valid && !(w.change.element == element);
                waiting.push_back(
                    {up != 0 ? routing.repair(element) : routing.fail(element), true});
            } else if (!waiting.empty()) {
                const Waiting w = waiting.front();
                waiting.erase(waiting.begin());
                routing.reconverged(w.change);
                const bool is_node = w.change.element.kind == ElementKind::node;
                const std::uint32_t index = w.change.element.index;
                if (w.valid)
                    (is_node ? node_known : link_known)[index] =
                        (is_node ? node_up : link_up)[index];
            }
            for (NodeIndex to = 0; to < topology.nodes(); ++to) {
                const RoutesTo routes = routes_to(topology, to, node_known, link_known);
                for (NodeIndex from = 0; from < topology.nodes(); ++from) {
                    const Routing::Route route = routing.route(from, to);
                    REQUIRE((route.status != Status::unreachable) == routes.cost[from].reachable());
                    if (route.status == Status::unreachable) continue;
                    REQUIRE(route.propagation.ns == routes.cost[from].propagation_ns);
                    bool whole = node_up[from] != 0;
                    for (const LinkIndex l : routing.links_of(from, to)) {
                        whole = whole && link_up[l] != 0 && node_up[topology.to(l)] != 0;
                    }
                    REQUIRE((route.status == Status::alive) == whole);
                }
            }
        }
    }
}

TEST_CASE("a saved routing goes on as it was") {
    Routing routing = triangle();
    const Routing::Change failed = routing.fail(link(routing, "a-b"));
    Archive saving;
    saving.item(routing);
    CHECK(routing.reconverged(failed));
    Archive loading(saving.release());
    loading.item(routing);
    CHECK(loading.finished());
    CHECK(routing.route(a, b).status == Status::blackholed);
    CHECK(routing.reconverged(failed));
    CHECK(routing.route(a, b).propagation == 15_ms);
}
