#pragma once

#include "models/messaging/backoff.hpp"
#include "sim/core/distribution.hpp"
#include "sim/core/fields.hpp"
#include "sim/core/time.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace driftstorm {

/// Why a device asks a relay for messages again.
enum class ResyncReason : std::uint8_t {
    gap,             ///< a message of a conversation is missing for longer than the gap timeout
    skew_reject,     ///< a message was refused for its time stamp
    clock_step,      ///< the device's wall clock was stepped
    network_change,  ///< the device got another network address
    reconnect,       ///< a connection was made again
    epoch,           ///< the relay lost its positions in a restart and told so
    periodic,        ///< the version's periodic sync
    cache_clear      ///< the app's store was cleared
};
template <>
inline constexpr std::array<std::string_view, 8> enum_words<ResyncReason>{
    "gap",       "skew_reject", "clock_step", "network_change",
    "reconnect", "epoch",       "periodic",   "cache_clear"};

/// What decides the order in which a device shows a conversation.
enum class DisplayOrder : std::uint8_t {
    server_sequence,   ///< the relay's sequence number; later ones are held back for a missing one
    sender_timestamp,  ///< the stamp of the sender's wall clock: nothing is held, messages are
                       ///< inserted above
    arrival            ///< as they come
};
template <>
inline constexpr std::array<std::string_view, 3> enum_words<DisplayOrder>{
    "server_sequence", "sender_timestamp", "arrival"};

/// What an app does when the device's network address changes.
enum class OnNetworkChange : std::uint8_t {
    ignore,    ///< the dead socket looks open until the heartbeat finds out
    reconnect  ///< connects again as soon as the new network is there
};
template <>
inline constexpr std::array<std::string_view, 2> enum_words<OnNetworkChange>{"ignore", "reconnect"};

enum class SyncAlignment : std::uint8_t { none, local_minute };
template <>
inline constexpr std::array<std::string_view, 2> enum_words<SyncAlignment>{"none", "local_minute"};

/// How much a resync asks for.
enum class ResyncScope : std::uint8_t { missing, full };
template <>
inline constexpr std::array<std::string_view, 2> enum_words<ResyncScope>{"missing", "full"};

/// Keep-alive of the long-lived connection: a ping every `interval`; the connection counts as dead
/// when no pong has come for `patience`. Until then a socket that a network change has cut still
/// looks open. Source: RFC 6455, section 5.5.2 (ping and pong); Mattermost's 30 s ping + 30 s
/// check.
struct Heartbeat {
    Duration interval{30'000'000'000};
    Duration patience{60'000'000'000};
    double jitter = 0.2;

    static constexpr auto fields() {
        return FieldList{Field<Heartbeat, Duration>{"interval", &Heartbeat::interval, "s",
                                                    "time between pings", 0.1, 1e5},
                         Field<Heartbeat, Duration>{"patience", &Heartbeat::patience, "s",
                                                    "silence that means dead", 0.1, 1e6},
                         Field<Heartbeat, double>{"jitter", &Heartbeat::jitter, "%",
                                                  "share of the interval that varies", 0, 1}};
    }
};

/// Sending a message: the time an attempt waits for the relay's receipt, and what follows when none
/// comes.
struct SendPolicy {
    Duration timeout{10'000'000'000};
    std::uint32_t attempts = 12;
    Backoff backoff{};

    static constexpr auto fields() {
        return FieldList{
            Field<SendPolicy, Duration>{"timeout", &SendPolicy::timeout, "s",
                                        "wait for the receipt of an attempt", 0.01, 1e5},
            Field<SendPolicy, std::uint32_t>{"attempts", &SendPolicy::attempts, "",
                                             "attempts before the message is shown as failed", 1,
                                             1e6},
            Field<SendPolicy, Backoff>{"retry", &SendPolicy::backoff, "",
                                       "waits between attempts"}};
    }
};

struct PeriodicSync {
    SyncAlignment align_to = SyncAlignment::none;
    Duration every{60'000'000'000};

    static constexpr auto fields() {
        return FieldList{
            Field<PeriodicSync, SyncAlignment>{
                "align_to", &PeriodicSync::align_to, "",
                "local_minute: at whole periods of the phone's wall clock"},
            Field<PeriodicSync, Duration>{"every", &PeriodicSync::every, "s", "period", 1, 1e6}};
    }
};

/// Making a connection (key agreement): the device's work, and its patience. The relay's work is
/// the relay's. Source: no public figure for secure-element key generation was found; 5 to 200 ms
/// are to be swept.
struct Handshake {
    Distribution device{};
    Duration timeout{10'000'000'000};

    static constexpr auto fields() {
        return FieldList{Field<Handshake, Distribution>{"device", &Handshake::device, "s",
                                                        "work on the device", 0, 3600},
                         Field<Handshake, Duration>{"timeout", &Handshake::timeout, "s",
                                                    "wait for the relay's answer", 0.01, 1e5}};
    }
};

struct ReadReceipts {
    bool send = false;
    Distribution delay{};

    static constexpr auto fields() {
        return FieldList{
            Field<ReadReceipts, bool>{"send", &ReadReceipts::send, "",
                                      "whether a receipt is sent when a message was read"},
            Field<ReadReceipts, Distribution>{"delay", &ReadReceipts::delay, "s",
                                              "from visible to read", 0, 1e6}};
    }
};

/// One version of the messaging app: its policies and its quirks.
struct AppVersion {
    Heartbeat heartbeat{};
    Backoff reconnect{};
    SendPolicy send{};
    Handshake handshake{};
    std::vector<ResyncReason> resync_on{ResyncReason::gap, ResyncReason::skew_reject};
    ResyncScope resync_scope = ResyncScope::missing;
    PeriodicSync periodic_sync{};
    OnNetworkChange on_network_change = OnNetworkChange::reconnect;
    DisplayOrder order_by = DisplayOrder::server_sequence;
    ReadReceipts read_receipts{};
    Duration start_spread{20'000'000'000};

    static constexpr auto fields() {
        return FieldList{
            Field<AppVersion, Heartbeat>{"heartbeat", &AppVersion::heartbeat, "",
                                         "keep-alive of the connection"},
            Field<AppVersion, Backoff>{"reconnect", &AppVersion::reconnect, "",
                                       "waits before connecting again"},
            Field<AppVersion, SendPolicy>{"send", &AppVersion::send, "",
                                          "attempts to send a message"},
            Field<AppVersion, Handshake>{"handshake", &AppVersion::handshake, "",
                                         "cost of connecting"},
            Field<AppVersion, std::vector<ResyncReason>>{"resync_on", &AppVersion::resync_on, "",
                                                         "what makes it ask for messages again"},
            Field<AppVersion, ResyncScope>{
                "resync_scope", &AppVersion::resync_scope, "",
                "what a resync on clock_step or network_change asks for"},
            Field<AppVersion, PeriodicSync>{"periodic_sync", &AppVersion::periodic_sync, "",
                                            "regular resync"},
            Field<AppVersion, OnNetworkChange>{"on_network_change", &AppVersion::on_network_change,
                                               "", "what a new network address sets off"},
            Field<AppVersion, DisplayOrder>{"order_by", &AppVersion::order_by, "",
                                            "order of a conversation"},
            Field<AppVersion, ReadReceipts>{"read_receipts", &AppVersion::read_receipts, "",
                                            "receipts of reading"},
            Field<AppVersion, Duration>{"start_spread", &AppVersion::start_spread, "s",
                                        "the first connection is made within this time", 0, 1e6}};
    }

    bool resyncs_on(ResyncReason reason) const {
        for (const ResyncReason known : resync_on)
            if (known == reason) return true;
        return false;
    }
};

}  // namespace driftstorm
