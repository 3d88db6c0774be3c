#pragma once

#include "sim/core/random.hpp"
#include "sim/network/topology.hpp"

#include <algorithm>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

namespace driftstorm::testing {

/// A random number in 0 .. below - 1 for graph `graph`.
inline std::uint32_t pick(std::uint64_t graph, std::uint64_t number, std::uint32_t below) {
    return static_cast<std::uint32_t>(draw_uniform(1, "test.graph", graph, number) * below);
}

/// A directed graph of few distinct delays, so that ties are the rule; parallel links too.
inline Topology random_topology(std::uint64_t graph, std::uint32_t nodes, std::uint32_t links,
                                std::uint32_t delays = 3) {
    std::vector<std::string> names;
    for (std::uint32_t n = 0; n < nodes; ++n) names.push_back("n" + std::to_string(100 + n));
    std::vector<Topology::Link> wires;
    for (std::uint32_t l = 0; l < links; ++l) {
        const std::uint32_t from = pick(graph, 4 * l, nodes);
        const std::uint32_t to = pick(graph, 4 * l + 1, nodes);
        if (from == to) continue;
        const Duration propagation{1 + pick(graph, 4 * l + 2, delays)};
        wires.push_back({names[from], names[to], propagation, "w" + std::to_string(l)});
    }
    return Topology(names, wires);
}

}  // namespace driftstorm::testing
