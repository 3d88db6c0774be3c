#include "sim/network/routing.hpp"

#include "sim/core/expect.hpp"
#include "sim/network/shortest_paths.hpp"

#include <utility>

namespace driftstorm {

Routing::Routing(Topology topology, Params params)
    : topology_(std::move(topology)),
      params_(params),
      node_up_(topology_.nodes(), 1),
      link_up_(topology_.links(), 1),
      node_believed_(node_up_),
      link_believed_(link_up_),
      node_generation_(topology_.nodes(), 0),
      link_generation_(topology_.links(), 0),
      next_link_(std::size_t{topology_.nodes()} * topology_.nodes(), no_element),
      table_(next_link_.size()) {
    compute_routes();
}

bool Routing::up(NetworkElement element) const {
    const auto& up = element.kind == ElementKind::node ? node_up_ : link_up_;
    DRIFTSTORM_EXPECT(element.index < up.size());
    return up[element.index] != 0;
}

Routing::Change Routing::changed(NetworkElement element, std::uint8_t up) {
    const bool is_node = element.kind == ElementKind::node;
    auto& is_up = is_node ? node_up_ : link_up_;
    auto& generation = is_node ? node_generation_ : link_generation_;
    DRIFTSTORM_EXPECT(element.index < is_up.size());
    is_up[element.index] = up;
    compute_status();
    return {element, ++generation[element.index]};
}

Routing::Change Routing::fail(NetworkElement element) { return changed(element, 0); }
Routing::Change Routing::repair(NetworkElement element) { return changed(element, 1); }

bool Routing::reconverged(const Change& change) {
    const bool is_node = change.element.kind == ElementKind::node;
    const auto& generation = is_node ? node_generation_ : link_generation_;
    if (generation[change.element.index] != change.generation) return false;
    const std::uint8_t now =
        is_node ? node_up_[change.element.index] : link_up_[change.element.index];
    std::uint8_t& believed =
        is_node ? node_believed_[change.element.index] : link_believed_[change.element.index];
    if (believed == now) return false;
    believed = now;
    compute_routes();
    return true;
}

void Routing::compute_routes() {
    const std::uint32_t n = topology_.nodes();
    for (NodeIndex to = 0; to < n; ++to) {
        const RoutesTo routes = routes_to(topology_, to, node_believed_, link_believed_);
        for (NodeIndex from = 0; from < n; ++from) {
            const RouteCost& cost = routes.cost[from];
            next_link_[std::size_t{from} * n + to] = routes.next_link[from];
            Route& route = table_[std::size_t{from} * n + to];
            route = cost.reachable()
                        ? Route{Status::alive, Duration{cost.propagation_ns}, cost.hops}
                        : Route{};
        }
    }
    compute_status();
}

/// Follows each route in force and sees whether all it crosses is up.
void Routing::compute_status() {
    const std::uint32_t n = topology_.nodes();
    for (NodeIndex from = 0; from < n; ++from) {
        for (NodeIndex to = 0; to < n; ++to) {
            Route& route = table_[std::size_t{from} * n + to];
            if (route.status == Status::unreachable) continue;
            bool whole = node_up_[from] != 0;
            for (NodeIndex at = from; whole && at != to;) {
                const LinkIndex link = next_link_[std::size_t{at} * n + to];
                at = topology_.to(link);
                whole = link_up_[link] != 0 && node_up_[at] != 0;
            }
            route.status = whole ? Status::alive : Status::blackholed;
        }
    }
}

std::vector<LinkIndex> Routing::links_of(NodeIndex from, NodeIndex to) const {
    std::vector<LinkIndex> links;
    if (route(from, to).status == Status::unreachable) return links;
    for (NodeIndex at = from; at != to; at = topology_.to(links.back())) {
        links.push_back(next_link_[std::size_t{at} * topology_.nodes() + to]);
    }
    return links;
}

}  // namespace driftstorm
