#pragma once

#include "sim/core/fields.hpp"
#include "sim/core/time.hpp"
#include "sim/network/topology.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <tuple>
#include <vector>

namespace driftstorm {

enum class ElementKind : std::uint8_t { node, link };
template <>
inline constexpr std::array<std::string_view, 2> enum_words<ElementKind>{"node", "link"};

/// A node or a directed link of a Topology.
struct NetworkElement {
    ElementKind kind = ElementKind::node;
    std::uint32_t index = 0;
    friend bool operator==(NetworkElement, NetworkElement) = default;
};

/// The routes in force. When an element fails, the routers go on using it until they have noticed
/// and agreed: for the reconvergence time, what is routed over it is lost (the old route
/// blackholes); then the best routes without it hold. When it is repaired, the routes without it
/// stay for the same time, then the best ones return. An element that changes again within that
/// time is judged by its last change, so a flap shorter than the reconvergence time moves no route.
/// Whoever calls fail() or repair() calls reconverged() after reconvergence(). Plain data: every
/// region has its own replica and is told by its own messages.
class Routing {
  public:
    struct Params {
        Duration reconvergence{5'000'000'000};

        static constexpr auto fields() {
            return FieldList{Field<Params, Duration>{
                "reconvergence", &Params::reconvergence, "s",
                "time from a failure or repair until routes follow it", 0, 3600,
                "Francois, Filsfils, Evans, Bonaventure, 'Achieving sub-second IGP convergence in "
                "large IP "
                "networks', CCR 35(3) 2005: about 0.2 s tuned, 5 s and more with default timers"}};
        }
    };
    /// A change whose time to converge has begun.
    struct Change {
        NetworkElement element{};
        std::uint32_t generation = 0;
    };
    enum class Status : std::uint8_t { alive, blackholed, unreachable };
    struct Route {
        Status status = Status::unreachable;
        Duration propagation{};  ///< of the route in force, dead or alive; 0 when there is none
        std::uint32_t hops = 0;
    };

    Routing() = default;
    Routing(Topology topology, Params params);

    const Topology& topology() const { return topology_; }
    Duration reconvergence() const { return params_.reconvergence; }

    Change fail(NetworkElement element);
    Change repair(NetworkElement element);
    /// The routers have noticed `change`, unless the element has changed again. @return whether
    /// routes were computed anew
    bool reconverged(const Change& change);

    bool up(NetworkElement element) const;

    /// What happens to a packet that sets out now. One table look-up.
    Route route(NodeIndex from, NodeIndex to) const {
        return table_[std::size_t{from} * topology_.nodes() + to];
    }
    /// The links of the route in force, in order; empty when there is none or from == to.
    std::vector<LinkIndex> links_of(NodeIndex from, NodeIndex to) const;

    /// Routing tables too: they are what the routers believe.
    auto state() {
        return std::tie(node_up_, link_up_, node_believed_, link_believed_, node_generation_,
                        link_generation_, next_link_, table_);
    }

  private:
    Change changed(NetworkElement element, std::uint8_t up);
    void compute_routes();
    void compute_status();

    Topology topology_;
    Params params_;
    std::vector<std::uint8_t> node_up_;  ///< what is
    std::vector<std::uint8_t> link_up_;
    std::vector<std::uint8_t> node_believed_;  ///< what the routers know
    std::vector<std::uint8_t> link_believed_;
    std::vector<std::uint32_t> node_generation_;
    std::vector<std::uint32_t> link_generation_;
    std::vector<LinkIndex> next_link_;  ///< [from * nodes + to]
    std::vector<Route> table_;          ///< [from * nodes + to]
};

}  // namespace driftstorm
