#pragma once

#include "models/ledger/ledger.hpp"
#include "models/messaging/app_version.hpp"
#include "sim/core/event.hpp"
#include "sim/core/fields.hpp"
#include "sim/core/table.hpp"
#include "sim/core/time.hpp"

#include <array>
#include <cstdint>
#include <string_view>

namespace driftstorm {

/// A message as its author wrote it, recorded when it is composed.
struct MessageRow {
    static constexpr std::string_view table = "messages";
    static constexpr std::string_view component = "messages";

    EntityId sender = no_entity;
    std::uint32_t count = 0;
    EntityId conversation = no_entity;
    EntityId app = no_entity;
    std::uint32_t size = 0;
    std::uint32_t copies = 0;
    Time composed{};
    Reading local_composed{};
    EntityId reply_to_sender = no_entity;
    std::uint32_t reply_to_count = 0;
    bool reply_inverted = false;

    static constexpr auto fields() {
        return FieldList{
            Field<MessageRow, EntityId>{"sender", &MessageRow::sender, "", "device that wrote it"},
            Field<MessageRow, std::uint32_t>{"count", &MessageRow::count, "1",
                                             "the sender's own number of the message"},
            Field<MessageRow, EntityId>{"conversation", &MessageRow::conversation, "",
                                        "conversation it belongs to"},
            Field<MessageRow, EntityId>{"app", &MessageRow::app, "", "version of the sender's app"},
            Field<MessageRow, std::uint32_t>{"size", &MessageRow::size, "B", "payload"},
            Field<MessageRow, std::uint32_t>{"copies", &MessageRow::copies, "1",
                                             "devices it is for"},
            Field<MessageRow, Time>{"t_composed", &MessageRow::composed, "ns",
                                    "true time of the first press of 'send'"},
            Field<MessageRow, Reading>{"local_composed", &MessageRow::local_composed, "ns",
                                       "what the sender's wall clock showed"},
            Field<MessageRow, EntityId>{"reply_to_sender", &MessageRow::reply_to_sender, "",
                                        "device that wrote the message this one answers"},
            Field<MessageRow, std::uint32_t>{"reply_to_count", &MessageRow::reply_to_count, "1",
                                             "number of the message this one answers"},
            Field<MessageRow, bool>{"reply_inverted", &MessageRow::reply_inverted, "1",
                                    "1: its stamp sorts before that of the message it answers"}};
    }
};

enum class Outcome : std::uint8_t {
    visible,        ///< shown to the reader
    pending,        ///< the run ended before
    lost_refused,   ///< given up: the relay refused its time stamp
    lost_attempts,  ///< given up: no attempt was acknowledged and the author did not press again
    lost_expired    ///< dropped by the relay's store
};
template <>
inline constexpr std::array<std::string_view, 5> enum_words<Outcome>{
    "visible", "pending", "lost_refused", "lost_attempts", "lost_expired"};

/// A copy of a message for one device, recorded when it is visible, lost, or the run is over.
struct CopyRow {
    static constexpr std::string_view table = "copies";
    static constexpr std::string_view component = "messages";

    EntityId message_sender = no_entity;
    std::uint32_t message_count = 0;
    EntityId device = no_entity;
    std::uint32_t seq = 0;
    Time sent = no_time;
    Time server = no_time;
    Time sequenced = no_time;
    Time delivered = no_time;
    Time visible = no_time;
    Time end{};
    std::uint32_t attempts = 0;
    Outcome outcome = Outcome::pending;
    std::uint32_t late_insert_depth = 0;
    EntityId root_fault = no_entity;
    Blame blame{};

    static constexpr auto fields() {
        return FieldList{
            Field<CopyRow, EntityId>{"message_sender", &CopyRow::message_sender, "",
                                     "device that wrote the message"},
            Field<CopyRow, std::uint32_t>{"message_count", &CopyRow::message_count, "1",
                                          "its own number of it"},
            Field<CopyRow, EntityId>{"device", &CopyRow::device, "", "receiving device"},
            Field<CopyRow, std::uint32_t>{"seq", &CopyRow::seq, "1",
                                          "sequence number in the conversation; 0: none yet"},
            Field<CopyRow, Time>{"t_sent", &CopyRow::sent, "ns", "first attempt of the sender"},
            Field<CopyRow, Time>{"t_server", &CopyRow::server, "ns", "reached a relay"},
            Field<CopyRow, Time>{"t_sequenced", &CopyRow::sequenced, "ns",
                                 "got its sequence number"},
            Field<CopyRow, Time>{"t_delivered", &CopyRow::delivered, "ns", "reached the device"},
            Field<CopyRow, Time>{"t_visible", &CopyRow::visible, "ns", "shown"},
            Field<CopyRow, Time>{"t_end", &CopyRow::end, "ns", "visible, lost, or end of run"},
            Field<CopyRow, std::uint32_t>{"attempts", &CopyRow::attempts, "1",
                                          "of the sender and the relay together"},
            Field<CopyRow, Outcome>{"outcome", &CopyRow::outcome, "", "how it ended"},
            Field<CopyRow, std::uint32_t>{"late_insert_depth", &CopyRow::late_insert_depth, "1",
                                          "messages already shown below which it was inserted"},
            Field<CopyRow, EntityId>{"root_fault", &CopyRow::root_fault, "",
                                     "fault that set off its latest retry or resync"},
            Field<CopyRow, Blame>{"blame", &CopyRow::blame, "ns", "time spent in this cause"}};
    }
};

/// A further attempt to send a message, or a further press of "send" by its author.
struct RetryRow {
    static constexpr std::string_view table = "events/retry";
    static constexpr std::string_view component = "messages";
    EntityId device = no_entity;
    std::uint32_t count = 0;
    std::uint32_t attempt = 0;
    bool pressed = false;
    EntityId root_fault = no_entity;
    static constexpr auto fields() {
        return FieldList{Field<RetryRow, EntityId>{"device", &RetryRow::device, "", "sender"},
                         Field<RetryRow, std::uint32_t>{"count", &RetryRow::count, "1",
                                                        "the sender's own number of the message"},
                         Field<RetryRow, std::uint32_t>{"attempt", &RetryRow::attempt, "1",
                                                        "number of this attempt, from 1"},
                         Field<RetryRow, bool>{"pressed", &RetryRow::pressed, "1",
                                               "1: the author pressed 'send' again"},
                         Field<RetryRow, EntityId>{"root_fault", &RetryRow::root_fault, "",
                                                   "fault that set it off"}};
    }
};

/// A device asks for messages again.
struct ResyncRow {
    static constexpr std::string_view table = "events/resync";
    static constexpr std::string_view component = "messages";
    EntityId device = no_entity;
    ResyncReason reason = ResyncReason::gap;
    ResyncScope scope = ResyncScope::missing;
    std::uint32_t requests = 0;
    bool again = false;
    EntityId root_fault = no_entity;
    static constexpr auto fields() {
        return FieldList{
            Field<ResyncRow, EntityId>{"device", &ResyncRow::device, "", "who asks"},
            Field<ResyncRow, ResyncReason>{"reason", &ResyncRow::reason, "", "what set it off"},
            Field<ResyncRow, ResyncScope>{"scope", &ResyncRow::scope, "", "how much it asks for"},
            Field<ResyncRow, std::uint32_t>{"requests", &ResyncRow::requests, "1",
                                            "relay nodes asked"},
            Field<ResyncRow, bool>{"again", &ResyncRow::again, "1",
                                   "whether it repeats one that was not answered in time"},
            Field<ResyncRow, EntityId>{"root_fault", &ResyncRow::root_fault, "",
                                       "fault that set it off"}};
    }
};

enum class ConnectionState : std::uint8_t { offline, waiting, handshake, connected };
template <>
inline constexpr std::array<std::string_view, 4> enum_words<ConnectionState>{
    "offline", "waiting", "handshake", "connected"};

/// A device's connection to a relay changes.
struct ConnectionRow {
    static constexpr std::string_view table = "events/connection";
    static constexpr std::string_view component = "messages";
    EntityId device = no_entity;
    ConnectionState state = ConnectionState::offline;
    EntityId server = no_entity;
    std::uint32_t connection = 0;
    std::uint32_t failures = 0;
    static constexpr auto fields() {
        return FieldList{
            Field<ConnectionRow, EntityId>{"device", &ConnectionRow::device, "", "device"},
            Field<ConnectionRow, ConnectionState>{"state", &ConnectionRow::state, "", "new state"},
            Field<ConnectionRow, EntityId>{"server", &ConnectionRow::server, "", "relay node"},
            Field<ConnectionRow, std::uint32_t>{"connection", &ConnectionRow::connection, "1",
                                                "the device's own number of it"},
            Field<ConnectionRow, std::uint32_t>{"failures", &ConnectionRow::failures, "1",
                                                "attempts that failed in a row"}};
    }
};

/// The author of a message learns that it was read.
struct ReceiptRow {
    static constexpr std::string_view table = "events/receipt";
    static constexpr std::string_view component = "messages";
    EntityId author = no_entity;
    std::uint32_t count = 0;
    EntityId reader = no_entity;
    static constexpr auto fields() {
        return FieldList{
            Field<ReceiptRow, EntityId>{"author", &ReceiptRow::author, "", "who wrote the message"},
            Field<ReceiptRow, std::uint32_t>{"count", &ReceiptRow::count, "1", "its number"},
            Field<ReceiptRow, EntityId>{"reader", &ReceiptRow::reader, "", "device that read it"}};
    }
};

}  // namespace driftstorm
