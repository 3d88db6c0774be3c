#include "models/links/paths.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

namespace driftstorm {

Index Paths::add(const Params& params, std::uint64_t identity, Endpoint a, Endpoint b) {
    const std::uint32_t needed = std::max(a, b) + 1;
    if (needed > width_) {
        std::vector<Index> wider(std::size_t{needed} * needed, 0);
        for (std::uint32_t i = 0; i < width_; ++i) {
            for (std::uint32_t j = 0; j < width_; ++j) {
                wider[std::size_t{i} * needed + j] = between_[std::size_t{i} * width_ + j];
            }
        }
        between_ = std::move(wider);
        width_ = needed;
    }
    params_.push_back(params);
    bursts_.emplace_back(params.bursts);
    identity_.push_back(identity);
    ends_.push_back(Ends{a, b});
    conditions_.push_back(Condition{params.loss, 1});
    const auto path = static_cast<Index>(params_.size() - 1);
    for (const std::size_t place : {std::size_t{a} * width_ + b, std::size_t{b} * width_ + a}) {
        if (between_[place] == 0) between_[place] = path + 1;
    }
    return path;
}

void Paths::route_over(Index path, const Routing& routing, NodeIndex a, NodeIndex b) {
    ends_[path].routing = &routing;
    ends_[path].node_a = a;
    ends_[path].node_b = b;
}

std::optional<Index> Paths::find(Endpoint a, Endpoint b) const {
    if (a >= width_ || b >= width_) return std::nullopt;
    const Index path = between_[std::size_t{a} * width_ + b];
    if (path == 0) return std::nullopt;
    return path - 1;
}

bool Paths::crosses(Index path, Direction direction, NetworkElement element) const {
    const Ends& ends = ends_[path];
    if (ends.routing == nullptr) return false;
    const bool up = direction == Direction::up;
    const NodeIndex from = up ? ends.node_a : ends.node_b;
    const NodeIndex to = up ? ends.node_b : ends.node_a;
    const bool node = element.kind == ElementKind::node;
    if (node && (element.index == from || element.index == to)) return true;
    const Topology& topology = ends.routing->topology();
    const std::vector<LinkIndex> links = ends.routing->links_of(from, to);
    return std::any_of(links.begin(), links.end(), [&](LinkIndex link) {
        return (node ? topology.from(link) : link) == element.index;
    });
}

Duration Paths::least_delay(Index path) const {
    const Ends& ends = ends_[path];
    Duration least = params_[path].propagation;
    if (ends.routing == nullptr) return least;
    const Topology& topology = ends.routing->topology();
    const std::array<NodeIndex, 1> a{ends.node_a};
    const std::array<NodeIndex, 1> b{ends.node_b};
    const auto there = topology.least_propagation(a, b);
    const auto back = topology.least_propagation(b, a);
    return least + std::min(there.value_or(Duration{}), back.value_or(Duration{}));
}

std::optional<DropReason> Paths::fate(const Context& context, Index path,
                                      const Packet& packet) const {
    if (conditions_[path].up == 0) return DropReason::link_down;
    const std::uint64_t hash = identity_[path];
    const double loss = conditions_[path].loss;
    if (loss > 0 &&
        context.uniform("path.loss", packet.subject, packet.draw_number(hash, loss_use)) < loss) {
        return DropReason::loss;
    }
    if (bursts_[path].active()) {
        const double in_state = bursts_[path].loss(context.seed(), hash, context.now());
        if (in_state > 0 && context.uniform("path.burst_loss", packet.subject,
                                            packet.draw_number(hash, burst_use)) < in_state) {
            return DropReason::burst_loss;
        }
    }
    return std::nullopt;
}

std::optional<Duration> Paths::cross(Context& context, Index path, const Packet& packet) const {
    const Ends& ends = ends_[path];
    std::optional<DropReason> lost = fate(context, path, packet);
    Duration delay = params_[path].propagation;
    if (packet.direction == Direction::up) delay += params_[path].asymmetry;
    if (ends.routing != nullptr) {
        const bool up = packet.direction == Direction::up;
        const Routing::Route route =
            ends.routing->route(up ? ends.node_a : ends.node_b, up ? ends.node_b : ends.node_a);
        if (route.status == Routing::Status::unreachable) lost = DropReason::unreachable;
        if (route.status == Routing::Status::blackholed) lost = DropReason::blackhole;
        delay += route.propagation;
    }
    if (lost) {
        context.record(drop_row(packet, *lost));
        if (on_drop) on_drop(context, path, packet, *lost);
        return std::nullopt;
    }
    return delay + sample_duration(params_[path].extra,
                                   context.block("path.extra", packet.subject,
                                                 packet.draw_number(identity_[path], extra_use)));
}

std::optional<Duration> Paths::cross(Context& context, Endpoint a, Endpoint b,
                                     const Packet& packet) const {
    if (const std::optional<Index> path = find(a, b)) return cross(context, *path, packet);
    context.record(drop_row(packet, DropReason::unreachable));
    if (on_drop) on_drop(context, std::nullopt, packet, DropReason::unreachable);
    return std::nullopt;
}

}  // namespace driftstorm
