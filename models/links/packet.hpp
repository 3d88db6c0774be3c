#pragma once

#include "models/ledger/ledger.hpp"
#include "sim/core/event.hpp"
#include "sim/core/kernel.hpp"
#include "sim/core/random.hpp"

#include <array>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string_view>
#include <type_traits>

namespace driftstorm {

/// Who reads the body of a packet.
enum class Protocol : std::uint8_t { messaging, time };

/// Use of a packet's draws on a link or path; part of their coordinates.
enum LinkUse : std::uint32_t { loss_use = 1, extra_use = 2, burst_use = 3 };

/// To a server, or to a device.
enum class Direction : std::uint8_t { up, down };

/// Radio access technology; an address belongs to one technology, so a change of technology is a
/// new address.
enum class Technology : std::uint8_t { none, wifi, lte, nr, umts };
template <>
inline constexpr std::array<std::string_view, 5> enum_words<Technology>{"none", "wifi", "lte", "nr",
                                                                        "umts"};

/// A network address of a device: every new attachment to a technology gives a new `number`; what
/// is sent to an old one is lost.
struct NetworkAddress {
    Technology technology = Technology::none;
    std::uint32_t number = 0;
    friend bool operator==(NetworkAddress, NetworkAddress) = default;
};

/// What travels between a device and a server. Trivially copyable: it crosses partitions by value.
struct Packet {
    Protocol protocol = Protocol::messaging;
    Direction direction = Direction::up;
    std::uint8_t kind = 0;  ///< the protocol's own packet type
    NetworkAddress
        address{};  ///< the device's, at the time of sending (up) or of the connection (down)
    EntityId device = no_entity;  ///< the device: its entity in Radios
    EntityId server = no_entity;  ///< the server node: an entity of the protocol's server model
    std::uint32_t bytes = 0;      ///< on the wire
    std::uint64_t subject = 0;    ///< for draws: the message, the copy, or the partner's identity
    std::uint32_t attempt = 0;    ///< for draws: the subject's own count
    Ledger ledger{};
    std::array<std::byte, 104> body{};

    template <class Body>
    void write(const Body& value) {
        static_assert(std::is_trivially_copyable_v<Body> && sizeof(Body) <= sizeof(body));
        std::memcpy(body.data(), &value, sizeof value);
    }
    template <class Body>
    Body read() const {
        static_assert(std::is_trivially_copyable_v<Body> && sizeof(Body) <= sizeof(body));
        Body value;
        std::memcpy(static_cast<void*>(&value), body.data(), sizeof value);
        return value;
    }

    /// Coordinate of a draw made for this packet: attempt : 32, link's name hash : 24, direction :
    /// 1, use : 7. A shared resource never numbers draws, else one extra packet gives everyone
    /// after it new luck.
    std::uint64_t draw_number(std::uint64_t link_name_hash, std::uint32_t use) const {
        return (std::uint64_t{attempt} << 32) | ((link_name_hash & 0xffffffu) << 8) |
               (std::uint64_t{direction == Direction::down} << 7) | (use & 0x7fu);
    }
    std::uint64_t identity() const {
        return subject ^ (std::uint64_t{attempt} * 0x9e3779b97f4a7c15ull) ^ kind;
    }
};

/// A packet reaches a model: a radio, a relay, a time server.
struct PacketArrives {
    static constexpr std::string_view name = "packet.arrives";
    static constexpr Phase phase = Phase::network;
    using Payload = Packet;
};

/// The way out of a model that does not know who is behind it; wired when the world is built.
/// @param delay  after which the packet reaches the next model
using PacketDoor = std::function<void(Context& context, Duration delay, const Packet& packet)>;

}  // namespace driftstorm
