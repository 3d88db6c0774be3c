#include "sim/network/shortest_paths.hpp"

#include "sim/core/expect.hpp"

#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/dijkstra_shortest_paths.hpp>
#include <functional>

namespace driftstorm {

namespace {

using Graph = boost::adjacency_list<boost::vecS, boost::vecS, boost::directedS, boost::no_property,
                                    boost::property<boost::edge_weight_t, RouteCost>>;

RouteCost sum(const RouteCost& a, const RouteCost& b) {
    if (!a.reachable() || !b.reachable()) return {};
    return {a.propagation_ns + b.propagation_ns, a.hops + b.hops};
}

bool usable(const Topology& topology, LinkIndex link, const std::vector<std::uint8_t>& node_up,
            const std::vector<std::uint8_t>& link_up) {
    return link_up[link] != 0 && node_up[topology.from(link)] != 0 &&
           node_up[topology.to(link)] != 0;
}

/// Among the links that leave `node` on a route of least cost, the first: they are stored in the
/// tie rule's order.
LinkIndex first_best(const Topology& topology, NodeIndex node, const std::vector<RouteCost>& cost,
                     const std::vector<std::uint8_t>& node_up,
                     const std::vector<std::uint8_t>& link_up) {
    for (LinkIndex link = topology.begin_of(node); link < topology.end_of(node); ++link) {
        if (!usable(topology, link, node_up, link_up)) continue;
        const RouteCost on = sum({topology.propagation(link).ns, 1}, cost[topology.to(link)]);
        if (on.reachable() && on == cost[node]) return link;
    }
    return no_element;
}

}  // namespace

RoutesTo routes_to(const Topology& topology, NodeIndex destination,
                   const std::vector<std::uint8_t>& node_up,
                   const std::vector<std::uint8_t>& link_up) {
    DRIFTSTORM_EXPECT(destination < topology.nodes());
    RoutesTo routes;
    routes.cost.assign(topology.nodes(), RouteCost{});
    routes.next_link.assign(topology.nodes(), no_element);
    if (node_up[destination] == 0) return routes;

    Graph reversed(topology.nodes());
    for (LinkIndex link = 0; link < topology.links(); ++link) {
        if (!usable(topology, link, node_up, link_up)) continue;
        boost::add_edge(topology.to(link), topology.from(link),
                        RouteCost{topology.propagation(link).ns, 1}, reversed);
    }
    boost::dijkstra_shortest_paths(
        reversed, destination,
        boost::distance_map(boost::make_iterator_property_map(
                                routes.cost.begin(), boost::get(boost::vertex_index, reversed)))
            .weight_map(boost::get(boost::edge_weight, reversed))
            .distance_compare(std::less<RouteCost>())
            .distance_combine(&sum)
            .distance_inf(RouteCost{})
            .distance_zero(RouteCost{0, 0}));
    for (NodeIndex node = 0; node < topology.nodes(); ++node) {
        if (node == destination || !routes.cost[node].reachable()) continue;
        routes.next_link[node] = first_best(topology, node, routes.cost, node_up, link_up);
    }
    return routes;
}

}  // namespace driftstorm
