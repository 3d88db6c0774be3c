#pragma once

#include "models/links/gilbert_elliott.hpp"
#include "models/links/packet.hpp"
#include "models/links/packet_drop.hpp"
#include "sim/core/distribution.hpp"
#include "sim/core/kernel.hpp"
#include "sim/network/routing.hpp"

#include <cstdint>
#include <optional>
#include <string_view>
#include <tuple>
#include <vector>

namespace driftstorm {

/// An end of a path: a technology's core network or one server node. Endpoints of technologies are
/// their numbers; the builder numbers server nodes from first_server_endpoint up.
using Endpoint = std::uint32_t;
constexpr Endpoint endpoint_of(Technology technology) { return static_cast<Endpoint>(technology); }
inline constexpr Endpoint first_server_endpoint = 8;

/// The internet between access networks and servers, and among servers: each packet meets its own
/// delay and luck, drawn from itself; there is no queue. With routers, the constant part is that of
/// the route in force, and a route that crosses a failed element loses what it carries. Packets of
/// one path may overtake each other by their extra delays. Not a model: every region has its own
/// copy.
class Paths {
  public:
    struct Params {
        Duration propagation{10'000'000};
        Distribution extra;
        double loss = 0;
        GilbertElliott::Params bursts;
        Duration asymmetry{0};

        static constexpr auto fields() {
            return FieldList{
                Field<Params, Duration>{"propagation", &Params::propagation, "s",
                                        "constant part of the one-way delay; bounds the lookahead",
                                        1e-9, 100},
                Field<Params, Distribution>{"extra", &Params::extra, "s",
                                            "further one-way delay of each packet", 0},
                Field<Params, double>{"loss", &Params::loss, "%", "independent loss", 0, 1},
                Field<Params, GilbertElliott::Params>{"bursts", &Params::bursts, "",
                                                      "loss in bursts"},
                Field<Params, Duration>{"asymmetry", &Params::asymmetry, "s",
                                        "how much longer packets up to the servers take", 0, 100}};
        }
    };

    PathDropDoor on_drop;  ///< may be empty

    /// Adds a path that serves both directions between `a` and `b`; the first one added for a pair
    /// is used.
    /// @param identity  hash of its declared name: what its packets' draws use
    Index add(const Params& params, std::uint64_t identity, Endpoint a, Endpoint b);
    /// Sends path `path` over routers: up from node `a` to node `b` in addition to its own delay,
    /// down back.
    void route_over(Index path, const Routing& routing, NodeIndex a, NodeIndex b);

    std::optional<Index> find(Endpoint a, Endpoint b) const;
    Index count() const { return static_cast<Index>(params_.size()); }
    const Params& params(Index path) const { return params_[path]; }
    std::uint64_t identity(Index path) const { return identity_[path]; }
    /// Whether the route in force of a packet in that direction has `element` in it.
    bool crosses(Index path, Direction direction, NetworkElement element) const;
    /// Least one-way delay of a path, whatever fails.
    Duration least_delay(Index path) const;

    /// Delay after which `packet`, which sets out now between `a` and `b`, arrives; nothing when it
    /// is lost (a row "events/drop" is recorded and on_drop told).
    std::optional<Duration> cross(Context& context, Endpoint a, Endpoint b,
                                  const Packet& packet) const;
    std::optional<Duration> cross(Context& context, Index path, const Packet& packet) const;

    /// Faults: act on what sets out from now on.
    void set_loss(Index path, double loss) { conditions_[path].loss = loss; }
    void restore_loss(Index path) { conditions_[path].loss = params_[path].loss; }
    void set_up(Index path, bool up) { conditions_[path].up = up ? 1 : 0; }

    auto state() { return std::tie(conditions_); }

  private:
    struct Condition {
        double loss = 0;
        std::uint8_t up = 1;
    };
    struct Ends {
        Endpoint a = 0;
        Endpoint b = 0;
        const Routing* routing = nullptr;
        NodeIndex node_a = 0;
        NodeIndex node_b = 0;
    };
    std::optional<DropReason> fate(const Context& context, Index path, const Packet& packet) const;

    std::vector<Params> params_;
    std::vector<GilbertElliott> bursts_;
    std::vector<std::uint64_t> identity_;
    std::vector<Ends> ends_;
    std::vector<Condition> conditions_;
    std::vector<Index> between_;  ///< [a * width_ + b]: path + 1, or 0
    std::uint32_t width_ = 0;
};

}  // namespace driftstorm
