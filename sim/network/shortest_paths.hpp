#pragma once

#include "sim/network/topology.hpp"

#include <compare>
#include <cstdint>
#include <limits>
#include <vector>

namespace driftstorm {

/// What a route costs: its propagation, and among equal ones the number of its links.
struct RouteCost {
    std::int64_t propagation_ns = std::numeric_limits<std::int64_t>::max();
    std::uint32_t hops = std::numeric_limits<std::uint32_t>::max();

    friend constexpr auto operator<=>(const RouteCost&, const RouteCost&) = default;
    constexpr bool reachable() const { return hops != std::numeric_limits<std::uint32_t>::max(); }
};

/// Routes of least propagation from every node to `destination`.
struct RoutesTo {
    std::vector<RouteCost> cost;  ///< by node
    std::vector<LinkIndex>
        next_link;  ///< by node; no_element at the destination and where no route exists
};

/// Dijkstra on the reversed graph. Tie rule: least propagation, then fewest links, then the route
/// whose links, compared one by one from its start, come first in order of (name of the node they
/// lead to, name of the link). A part of a route is itself the route between its ends, so next hops
/// suffice to follow it.
/// @param node_up, link_up  1 or 0 by element: what may be used; a route neither starts, ends nor
/// passes at a
///                          node that is down
RoutesTo routes_to(const Topology& topology, NodeIndex destination,
                   const std::vector<std::uint8_t>& node_up,
                   const std::vector<std::uint8_t>& link_up);

}  // namespace driftstorm
