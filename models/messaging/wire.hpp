#pragma once

#include "models/links/packet.hpp"
#include "models/messaging/app_version.hpp"
#include "sim/core/event.hpp"
#include "sim/core/time.hpp"

#include <cstdint>

namespace driftstorm {

/// What devices and relays say to each other; the packet's `kind`.
enum class Talk : std::uint8_t {
    connect,    ///< up: a new connection
    connected,  ///< down: it is made
    ping,       ///< up
    pong,       ///< down
    publish,    ///< up: a message; between relays: the same, forwarded to the conversation's home
    published,  ///< down: receipt, with the sequence number
    rejected,   ///< down: refused for its time stamp, with the relay's time
    deliver,    ///< down: a copy
    delivered,  ///< up: acknowledges all copies of a conversation up to a number
    resync_request,  ///< up
    resync_page,     ///< down: what a page holds beyond the copies that were missing
    epoch,           ///< down: the relay has restarted and lost the devices' positions
    receipt,         ///< up and down: a message was read
    session          ///< between relays: a device is connected to a node
};

/// A message, from its author's press to its copies.
struct MessageBody {
    EntityId sender = no_entity;     ///< entity in Apps
    std::uint32_t count = 0;         ///< the sender's own number of the message
    std::uint32_t conversation = 0;  ///< number in Conversations
    std::uint32_t size = 0;          ///< [B]
    std::uint16_t attempts = 0;      ///< of the sender that led to this
    bool is_reply = false;
    Time composed{};
    Reading local_composed{};  ///< what the author's phone showed, corrected by what the app knows
    Reading local_sent{};      ///< what it showed when this attempt left
    Time sent{};               ///< the first attempt left
    Time at_server = no_time;  ///< it reached a relay
};

/// A copy: what a device is told beyond the message itself.
struct CopyBody {
    MessageBody message{};
    std::uint32_t seq = 0;     ///< the conversation's sequence number, from 1
    std::uint32_t number = 0;  ///< of the copies for this device in this conversation, from 1
    bool resync = false;       ///< sent in answer to a resync or a new connection
    std::uint16_t server_attempt = 0;
    Time sequenced{};   ///< it got its sequence number
    Time held_from{};   ///< the relay waited for the device from here ...
    Time held_until{};  ///< ... to here; the device knows what it was doing meanwhile
};
static_assert(sizeof(CopyBody) <= sizeof(Packet::body));

/// A resync for all of a device's conversations that are homed at the node asked.
inline constexpr std::uint32_t all_conversations = 0xffffffff;

struct ConnectBody {
    std::uint32_t connection = 0;  ///< the device's own number of the connection
};
struct AckBody {
    std::uint32_t conversation = 0;
    std::uint32_t number = 0;  ///< all copies of this conversation up to this one were received
};
struct PublishedBody {
    std::uint32_t count = 0;
    std::uint32_t seq = 0;
    Duration server_ahead{};  ///< `rejected`: the relay's clock minus the message's stamp
};
struct ResyncBody {
    std::uint32_t number = 0;  ///< the device's own number of the request
    ResyncReason reason = ResyncReason::gap;
    ResyncScope scope = ResyncScope::missing;
    std::uint32_t conversation = all_conversations;
    std::uint32_t node = 0;
    EntityId root_fault = no_entity;
    Time requested{};
};
/// A page of an answer, or the word that positions are lost.
struct PageBody {
    std::uint32_t number = 0;
    std::uint32_t node = 0;
    bool last = false;
    EntityId root_fault = no_entity;
};
struct ReceiptBody {
    EntityId author = no_entity;
    std::uint32_t count = 0;
    std::uint32_t conversation = 0;
    EntityId reader = no_entity;
};
struct SessionBody {
    std::uint32_t device = 0;
    std::uint32_t node = 0;
    std::uint32_t connection = 0;
};

/// Bytes on the wire beyond a message's own. Source: TLS 1.3 record (22 B) and WebSocket frame
/// (6-14 B) over TCP/IPv4 (40 B), rounded.
inline constexpr std::uint32_t header_bytes = 80;
/// A TLS 1.3 handshake with one certificate chain, each way. Source: typical captures of 2 to 4
/// KiB; rounded.
inline constexpr std::uint32_t handshake_bytes = 3000;

}  // namespace driftstorm
