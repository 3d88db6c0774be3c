#pragma once

#include "models/links/packet.hpp"
#include "sim/core/fields.hpp"
#include "sim/core/kernel.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

namespace driftstorm {

/// Why a packet was lost.
enum class DropReason : std::uint8_t {
    buffer_full,  ///< tail drop at a link
    loss,         ///< independent loss
    burst_loss,   ///< loss in a Gilbert-Elliott channel
    link_down,    ///< the link or cell is switched off
    no_network,   ///< the device has no attachment
    old_address,  ///< sent to or from an address that the device no longer has
    blackhole,    ///< the route in force crosses a failed element
    unreachable   ///< there is no route, or no path between the two
};
template <>
inline constexpr std::array<std::string_view, 8> enum_words<DropReason>{
    "buffer_full", "loss",        "burst_loss", "link_down",
    "no_network",  "old_address", "blackhole",  "unreachable"};
template <>
inline constexpr std::array<std::string_view, 2> enum_words<Protocol>{"messaging", "time"};
template <>
inline constexpr std::array<std::string_view, 2> enum_words<Direction>{"up", "down"};

/// One lost packet.
struct PacketDrop {
    static constexpr std::string_view table = "events/drop";
    static constexpr std::string_view component = "network";

    DropReason reason = DropReason::loss;
    Protocol protocol = Protocol::messaging;
    Direction direction = Direction::up;
    EntityId device = no_entity;
    EntityId server = no_entity;
    EntityId link = no_entity;
    std::uint32_t bytes = 0;

    static constexpr auto fields() {
        return FieldList{
            Field<PacketDrop, DropReason>{"reason", &PacketDrop::reason, "", "why it was lost"},
            Field<PacketDrop, Protocol>{"protocol", &PacketDrop::protocol, "", "what it carried"},
            Field<PacketDrop, Direction>{"direction", &PacketDrop::direction, "",
                                         "up: to a server; down: to a device"},
            Field<PacketDrop, EntityId>{"device", &PacketDrop::device, "", "the device's radio"},
            Field<PacketDrop, EntityId>{"server", &PacketDrop::server, "", "the server node"},
            Field<PacketDrop, EntityId>{"link", &PacketDrop::link, "",
                                        "link it was lost on; missing: on a path or in the device"},
            Field<PacketDrop, std::uint32_t>{"bytes", &PacketDrop::bytes, "B", "size on the wire"}};
    }
};

/// Told of every lost packet, at the instant of its loss; for book-keeping that no participant
/// could do.
using DropDoor = std::function<void(Context& context, const Packet& packet, DropReason reason)>;

/// The same of a path; nothing: there is none between the two.
using PathDropDoor = std::function<void(Context& context, std::optional<Index> path,
                                        const Packet& packet, DropReason reason)>;

inline PacketDrop drop_row(const Packet& packet, DropReason reason, EntityId link = no_entity) {
    return {reason, packet.protocol, packet.direction, packet.device, packet.server,
            link,   packet.bytes};
}

}  // namespace driftstorm
