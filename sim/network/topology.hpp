#pragma once

#include "sim/core/event.hpp"
#include "sim/core/time.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace driftstorm {

/// A node and a directed link of a Topology: places in its arrays. Both are numbered in order of
/// their names, so an added element shifts numbers but never the order of two others.
using NodeIndex = std::uint32_t;
using LinkIndex = std::uint32_t;
inline constexpr std::uint32_t no_element = 0xffffffff;

/// Routers and the wires between them, as flat arrays. Never changes during a run; see Routing for
/// failures.
class Topology {
  public:
    /// One direction of a wire.
    struct Link {
        std::string from;
        std::string to;
        Duration propagation{};  ///< > 0: what bounds the lookahead
        std::string name = {};   ///< tells parallel links apart; "from-to" when empty
    };

    Topology() = default;

    /// @param nodes  names, distinct, in any order
    /// @param links  in any order; both directions of a wire are two links
    /// @throws       std::invalid_argument naming the node or link: a duplicate name, an unknown
    /// end, a link from
    ///               a node to itself, or a propagation that is not positive
    Topology(std::vector<std::string> nodes, std::vector<Link> links);

    std::uint32_t nodes() const { return static_cast<std::uint32_t>(node_name_.size()); }
    std::uint32_t links() const { return static_cast<std::uint32_t>(from_.size()); }

    std::optional<NodeIndex> node(std::string_view name) const;
    std::optional<LinkIndex> link(std::string_view name) const;
    const std::string& node_name(NodeIndex node) const { return node_name_[node]; }
    const std::string& link_name(LinkIndex link) const { return link_name_[link]; }
    /// Stable identities (hashes of the names), for draws and results.
    std::uint64_t node_identity(NodeIndex node) const { return node_identity_[node]; }
    std::uint64_t link_identity(LinkIndex link) const { return link_identity_[link]; }

    NodeIndex from(LinkIndex link) const { return from_[link]; }
    NodeIndex to(LinkIndex link) const { return to_[link]; }
    Duration propagation(LinkIndex link) const { return propagation_[link]; }
    /// Links that leave `node`: begin_of(node) .. begin_of(node + 1), in order of (end, name).
    LinkIndex begin_of(NodeIndex node) const { return first_[node]; }
    LinkIndex end_of(NodeIndex node) const { return first_[node + 1]; }

    /// Least propagation along any route from a node of `from` to a node of `to`, all elements up:
    /// no failure makes it less, so it bounds the lookahead. Zero when the sets share a node,
    /// nothing when no route exists.
    std::optional<Duration> least_propagation(std::span<const NodeIndex> from,
                                              std::span<const NodeIndex> to) const;

  private:
    std::vector<std::string> node_name_;
    std::vector<std::uint64_t> node_identity_;
    std::vector<LinkIndex> first_{0};  ///< by node, and one beyond
    std::vector<NodeIndex> from_;
    std::vector<NodeIndex> to_;
    std::vector<Duration> propagation_;
    std::vector<std::string> link_name_;
    std::vector<std::uint64_t> link_identity_;
};

}  // namespace driftstorm
