#include "sim/network/topology.hpp"

#include "sim/core/expect.hpp"
#include "sim/core/random.hpp"
#include "sim/network/shortest_paths.hpp"

#include <algorithm>
#include <stdexcept>
#include <tuple>
#include <utility>

namespace driftstorm {

namespace {

std::optional<std::uint32_t> place_of(const std::vector<std::string>& sorted,
                                      std::string_view name) {
    const auto at = std::lower_bound(sorted.begin(), sorted.end(), name);
    if (at == sorted.end() || *at != name) return std::nullopt;
    return static_cast<std::uint32_t>(at - sorted.begin());
}

NodeIndex end_of_link(const std::vector<std::string>& nodes, const Topology::Link& link,
                      const std::string& end) {
    const std::optional<std::uint32_t> node = place_of(nodes, end);
    if (!node) {
        throw std::invalid_argument("link '" + link.name + "' ends at unknown node '" + end + "'");
    }
    return *node;
}

}  // namespace

Topology::Topology(std::vector<std::string> nodes, std::vector<Link> links)
    : node_name_(std::move(nodes)) {
    std::sort(node_name_.begin(), node_name_.end());
    const auto twice = std::adjacent_find(node_name_.begin(), node_name_.end());
    if (twice != node_name_.end()) {
        throw std::invalid_argument("node '" + *twice + "' is named twice");
    }
    for (Link& link : links) {
        if (link.name.empty()) link.name = link.from + "-" + link.to;
        if (link.from == link.to) {
            throw std::invalid_argument("link '" + link.name + "' leads from a node to itself");
        }
        if (link.propagation.ns <= 0) {
            throw std::invalid_argument("link '" + link.name + "' has propagation " +
                                        std::to_string(link.propagation.ns) + " ns, not above 0");
        }
    }
    std::sort(links.begin(), links.end(), [](const Link& a, const Link& b) {
        return std::tie(a.from, a.to, a.name) < std::tie(b.from, b.to, b.name);
    });
    first_.assign(node_name_.size() + 1, 0);
    for (const Link& link : links) {
        from_.push_back(end_of_link(node_name_, link, link.from));
        to_.push_back(end_of_link(node_name_, link, link.to));
        propagation_.push_back(link.propagation);
        link_name_.push_back(link.name);
        link_identity_.push_back(identity_of("network.links." + link.name));
        ++first_[from_.back() + 1];
    }
    for (std::size_t n = 0; n < node_name_.size(); ++n) {
        first_[n + 1] += first_[n];
        node_identity_.push_back(identity_of("network.nodes." + node_name_[n]));
    }
    std::vector<std::string> names = link_name_;
    std::sort(names.begin(), names.end());
    const auto same = std::adjacent_find(names.begin(), names.end());
    if (same != names.end()) throw std::invalid_argument("link '" + *same + "' is named twice");
}

std::optional<NodeIndex> Topology::node(std::string_view name) const {
    return place_of(node_name_, name);
}

std::optional<LinkIndex> Topology::link(std::string_view name) const {
    const auto at = std::find(link_name_.begin(), link_name_.end(), name);
    if (at == link_name_.end()) return std::nullopt;
    return static_cast<LinkIndex>(at - link_name_.begin());
}

std::optional<Duration> Topology::least_propagation(std::span<const NodeIndex> from,
                                                    std::span<const NodeIndex> to) const {
    const std::vector<std::uint8_t> all_nodes(nodes(), 1);
    const std::vector<std::uint8_t> all_links(links(), 1);
    RouteCost least;
    for (const NodeIndex destination : to) {
        const RoutesTo routes = routes_to(*this, destination, all_nodes, all_links);
        for (const NodeIndex start : from) least = std::min(least, routes.cost[start]);
    }
    if (!least.reachable()) return std::nullopt;
    return Duration{least.propagation_ns};
}

}  // namespace driftstorm
