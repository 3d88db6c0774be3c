#include "sim/network/topology.hpp"

#include "sim/network/shortest_paths.hpp"
#include "tests/network/random_topology.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

using namespace driftstorm;
using namespace driftstorm::literals;
using namespace driftstorm::testing;

namespace {

/// Floyd-Warshall over (propagation, hops).
std::vector<std::vector<RouteCost>> all_costs(const Topology& topology) {
    const std::uint32_t n = topology.nodes();
    std::vector<std::vector<RouteCost>> cost(n, std::vector<RouteCost>(n));
    for (std::uint32_t i = 0; i < n; ++i) cost[i][i] = {0, 0};
    for (LinkIndex l = 0; l < topology.links(); ++l) {
        RouteCost& direct = cost[topology.from(l)][topology.to(l)];
        direct = std::min(direct, RouteCost{topology.propagation(l).ns, 1});
    }
    for (std::uint32_t k = 0; k < n; ++k) {
        for (std::uint32_t i = 0; i < n; ++i) {
            for (std::uint32_t j = 0; j < n; ++j) {
                if (!cost[i][k].reachable() || !cost[k][j].reachable()) continue;
                cost[i][j] = std::min(
                    cost[i][j], RouteCost{cost[i][k].propagation_ns + cost[k][j].propagation_ns,
                                          cost[i][k].hops + cost[k][j].hops});
            }
        }
    }
    return cost;
}

/// Every simple route, the best by the whole rule: propagation, hops, then names along the way.
struct EveryRoute {
    using Rank =
        std::tuple<std::int64_t, std::size_t, std::vector<std::pair<std::string, std::string>>>;

    const Topology& topology;
    NodeIndex destination;
    std::vector<std::uint8_t> visited = {};
    std::vector<LinkIndex> way = {};
    std::vector<LinkIndex> best = {};
    Rank best_rank = {};
    bool found = false;

    void from(NodeIndex node) {
        if (node == destination) return consider();
        visited[node] = 1;
        for (LinkIndex l = 0; l < topology.links(); ++l) {
            if (topology.from(l) != node || visited[topology.to(l)] != 0) continue;
            way.push_back(l);
            from(topology.to(l));
            way.pop_back();
        }
        visited[node] = 0;
    }
    void consider() {
        Rank rank{0, way.size(), {}};
        for (const LinkIndex l : way) {
            std::get<0>(rank) += topology.propagation(l).ns;
            std::get<2>(rank).push_back(
                {topology.node_name(topology.to(l)), topology.link_name(l)});
        }
        if (found && best_rank <= rank) return;
        found = true;
        best = way;
        best_rank = rank;
    }
};

std::vector<LinkIndex> follow(const Topology& topology, const RoutesTo& routes, NodeIndex from,
                              NodeIndex to) {
    std::vector<LinkIndex> links;
    for (NodeIndex at = from; at != to; at = topology.to(links.back())) {
        REQUIRE(links.size() < topology.nodes());
        REQUIRE(routes.next_link[at] != no_element);
        links.push_back(routes.next_link[at]);
    }
    return links;
}

}  // namespace

TEST_CASE("routes cost what Floyd and Warshall say, and are followed hop by hop") {
    for (std::uint64_t graph = 0; graph < 60; ++graph) {
        const Topology topology = random_topology(graph, 4 + pick(graph, 999, 20), 60, 5);
        const auto cost = all_costs(topology);
        const std::vector<std::uint8_t> nodes(topology.nodes(), 1);
        const std::vector<std::uint8_t> links(topology.links(), 1);
        for (NodeIndex to = 0; to < topology.nodes(); ++to) {
            const RoutesTo routes = routes_to(topology, to, nodes, links);
            for (NodeIndex from = 0; from < topology.nodes(); ++from) {
                REQUIRE(routes.cost[from] == cost[from][to]);
                if (!routes.cost[from].reachable()) {
                    REQUIRE(routes.next_link[from] == no_element);
                    continue;
                }
                std::int64_t sum = 0;
                for (const LinkIndex l : follow(topology, routes, from, to)) {
                    sum += topology.propagation(l).ns;
                }
                REQUIRE(sum == cost[from][to].propagation_ns);
            }
        }
    }
}

TEST_CASE("among equal routes the fewest links, then the least names, win") {
    for (std::uint64_t graph = 100; graph < 180; ++graph) {
        const Topology topology = random_topology(graph, 6, 16, 2);
        const std::vector<std::uint8_t> nodes(topology.nodes(), 1);
        const std::vector<std::uint8_t> links(topology.links(), 1);
        for (NodeIndex to = 0; to < topology.nodes(); ++to) {
            const RoutesTo routes = routes_to(topology, to, nodes, links);
            for (NodeIndex from = 0; from < topology.nodes(); ++from) {
                EveryRoute every{topology, to, std::vector<std::uint8_t>(topology.nodes(), 0)};
                every.from(from);
                REQUIRE(every.found == routes.cost[from].reachable());
                if (every.found) REQUIRE(follow(topology, routes, from, to) == every.best);
            }
        }
    }
}

TEST_CASE("the order of declaration does not matter") {
    const std::vector<Topology::Link> wires{{"b", "a", 2_ms}, {"a", "b", 1_ms}, {"a", "c", 1_ms}};
    const Topology forward({"a", "b", "c"}, wires);
    const Topology backward({"c", "b", "a"}, {wires.rbegin(), wires.rend()});
    REQUIRE(forward.links() == backward.links());
    for (LinkIndex l = 0; l < forward.links(); ++l) {
        CHECK(forward.link_name(l) == backward.link_name(l));
        CHECK(forward.link_identity(l) == backward.link_identity(l));
        CHECK(forward.from(l) == backward.from(l));
        CHECK(forward.propagation(l) == backward.propagation(l));
    }
    CHECK(forward.node("b") == NodeIndex{1});
    CHECK_FALSE(forward.node("d"));
    CHECK(forward.link_name(*forward.link("a-c")) == "a-c");
}

TEST_CASE("least propagation between two sets is the least over their pairs") {
    for (std::uint64_t graph = 200; graph < 240; ++graph) {
        const Topology topology = random_topology(graph, 12, 20, 50);
        const auto cost = all_costs(topology);
        const std::array<NodeIndex, 3> from{0, 1, 2};
        const std::array<NodeIndex, 2> to{9, 11};
        RouteCost least;
        for (const NodeIndex a : from) {
            for (const NodeIndex b : to) least = std::min(least, cost[a][b]);
        }
        const std::optional<Duration> found = topology.least_propagation(from, to);
        REQUIRE(found.has_value() == least.reachable());
        if (found) REQUIRE(found->ns == least.propagation_ns);
        CHECK(topology.least_propagation(from, from) == Duration{});
    }
}

TEST_CASE("what is no topology is refused by name") {
    const auto says = [](std::vector<std::string> nodes, std::vector<Topology::Link> links) {
        try {
            Topology(std::move(nodes), std::move(links));
        } catch (const std::invalid_argument& error) {
            return std::string(error.what());
        }
        return std::string();
    };
    CHECK(says({"a", "b", "a"}, {}) == "node 'a' is named twice");
    CHECK(says({"a", "b"}, {{"a", "z", 1_ms}}) == "link 'a-z' ends at unknown node 'z'");
    CHECK(says({"a", "b"}, {{"a", "a", 1_ms}}) == "link 'a-a' leads from a node to itself");
    CHECK(says({"a", "b"}, {{"a", "b", 0_ms}}) == "link 'a-b' has propagation 0 ns, not above 0");
    CHECK(says({"a", "b"}, {{"a", "b", 1_ms}, {"a", "b", 2_ms}}) == "link 'a-b' is named twice");
}
