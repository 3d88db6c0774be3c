#pragma once

#include "models/messaging/app_version.hpp"
#include "models/messaging/connectivity.hpp"
#include "models/messaging/conversations.hpp"
#include "models/messaging/inbox.hpp"
#include "models/messaging/outbox.hpp"
#include "models/messaging/wire.hpp"
#include "sim/core/kernel.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <string_view>
#include <tuple>
#include <vector>

namespace driftstorm {

/// What the app knows of the rest of the world; wired when the world is built.
struct AppSurroundings {
    std::function<void(Context&, Index device, Packet& packet)>
        send_up;                                          ///< through the device's radio
    std::function<NetworkAddress(Index device)> address;  ///< technology none: no network
    std::function<bool(Index device)> covered;            ///< a cell serves it, if interrupted
    std::function<Reading(Index device, Time now)> wall;  ///< the phone's wall clock
    std::function<void(Context&, Index device, Reading target)>
        arm_sync;  ///< a timer on the wall clock
    std::function<EntityId(std::uint32_t node)>
        fault_of_node;                                     ///< that holds it down; else no_entity
    std::function<EntityId(Index device)> fault_of_radio;  ///< that hurts its cell; else no_entity
    std::function<EntityId(Index device)>
        fault_of_lost_cell;  ///< that took its latest cell from it; else no_entity
    std::function<void(Context&, Index device, std::uint32_t count)>
        failed;  ///< a message could not be sent
    std::function<void(Context&, Index device, const MessageBody& message)>
        visible;  ///< a message is shown
};

/// What a message answers; sender no_entity: nothing.
struct ReplyTo {
    EntityId sender = no_entity;
    std::uint32_t count = 0;
    Reading stamp{};
};

/// The messaging app of every device: connection, outbox, inbox, resync, with the policies and
/// quirks of its version.
class Apps {
  public:
    static constexpr std::string_view name = "apps";
    static constexpr int version = 6;

    struct Params {
        std::vector<AppVersion> versions;
        std::vector<EntityId> version_entities;  ///< for rows; by version
        Duration gap_timeout{4'000'000'000};
        bool resync_on_gap = true;  ///< else what is held is shown when the gap timeout is over
        Duration resync_timeout{20'000'000'000};
        std::int64_t epoch_unix_ns = 0;  ///< the scenario's epoch, for whole minutes of local time
        Duration epoch_spread{
            0};  ///< devices spread the resync that a relay's restart asks for over this time
    };

    struct Start {
        static constexpr std::string_view name = "app.start";
        static constexpr Phase phase = Phase::protocol;
    };
    struct Beat {
        static constexpr std::string_view name = "app.heartbeat";
        static constexpr Phase phase = Phase::protocol;
        Generation generation;
        static constexpr auto fields() {
            return FieldList{Field<Beat, Generation>{"generation", &Beat::generation, "",
                                                     "connection it belongs to"}};
        }
    };
    struct HandshakeReady {
        static constexpr std::string_view name = "app.handshake_ready";
        static constexpr Phase phase = Phase::protocol;
        Generation generation;
        static constexpr auto fields() {
            return FieldList{Field<HandshakeReady, Generation>{
                "generation", &HandshakeReady::generation, "", "attempt it belongs to"}};
        }
    };
    struct ConnectTimeout {
        static constexpr std::string_view name = "app.connect_timeout";
        static constexpr Phase phase = Phase::protocol;
        Generation generation;
        static constexpr auto fields() {
            return FieldList{Field<ConnectTimeout, Generation>{
                "generation", &ConnectTimeout::generation, "", "attempt it belongs to"}};
        }
    };
    struct Reconnect {
        static constexpr std::string_view name = "app.reconnect";
        static constexpr Phase phase = Phase::protocol;
        Generation generation;
        static constexpr auto fields() {
            return FieldList{Field<Reconnect, Generation>{"generation", &Reconnect::generation, "",
                                                          "wait it ends"}};
        }
    };
    /// No receipt came for an attempt, or the wait after it is over.
    struct SendTimer {
        static constexpr std::string_view name = "app.send_timer";
        static constexpr Phase phase = Phase::protocol;
        std::uint32_t count = 0;
        Generation generation;
        static constexpr auto fields() {
            return FieldList{
                Field<SendTimer, std::uint32_t>{"count", &SendTimer::count, "", "message"},
                Field<SendTimer, Generation>{"generation", &SendTimer::generation, "",
                                             "of its timer"}};
        }
    };
    struct GapTimeout {
        static constexpr std::string_view name = "app.gap_timeout";
        static constexpr Phase phase = Phase::protocol;
        EntityId conversation = no_entity;
        LocalNumber membership;
        Generation generation;
        static constexpr auto fields() {
            return FieldList{Field<GapTimeout, EntityId>{"conversation", &GapTimeout::conversation,
                                                         "", "with the gap"},
                             Field<GapTimeout, LocalNumber>{"membership", &GapTimeout::membership,
                                                            "", "of the device in it"},
                             Field<GapTimeout, Generation>{"generation", &GapTimeout::generation,
                                                           "", "of its timer"}};
        }
    };
    struct ResyncDue {
        static constexpr std::string_view name = "app.resync_due";
        static constexpr Phase phase = Phase::protocol;
        ResyncReason reason = ResyncReason::epoch;
        ResyncScope scope = ResyncScope::missing;
        EntityId root_fault = no_entity;
        static constexpr auto fields() {
            return FieldList{
                Field<ResyncDue, ResyncReason>{"reason", &ResyncDue::reason, "", "what set it off"},
                Field<ResyncDue, ResyncScope>{"scope", &ResyncDue::scope, "", "how much"},
                Field<ResyncDue, EntityId>{"root_fault", &ResyncDue::root_fault, "",
                                           "fault behind it"}};
        }
    };
    struct ResyncTimeout {
        static constexpr std::string_view name = "app.resync_timeout";
        static constexpr Phase phase = Phase::protocol;
        Generation generation;
        static constexpr auto fields() {
            return FieldList{Field<ResyncTimeout, Generation>{
                "generation", &ResyncTimeout::generation, "", "request it waits for"}};
        }
    };
    struct ReadMessage {
        static constexpr std::string_view name = "app.read";
        static constexpr Phase phase = Phase::protocol;
        EntityId author = no_entity;
        std::uint32_t count = 0;
        EntityId conversation = no_entity;
        static constexpr auto fields() {
            return FieldList{
                Field<ReadMessage, EntityId>{"author", &ReadMessage::author, "", "who wrote it"},
                Field<ReadMessage, std::uint32_t>{"count", &ReadMessage::count, "", "its number"},
                Field<ReadMessage, EntityId>{"conversation", &ReadMessage::conversation, "",
                                             "where"}};
        }
    };
    /// What a device sent, or was sent, is lost far from it. Word of it comes for the ledger when
    /// the packet would have come; nothing that the device does depends on it.
    struct PacketLost {
        static constexpr std::string_view name = "app.packet_lost";
        static constexpr Phase phase = Phase::network;
        using Payload = Packet;
        Cause cause = Cause::network_outage;
        EntityId root_fault = no_entity;
        static constexpr auto fields() {
            return FieldList{
                Field<PacketLost, Cause>{"cause", &PacketLost::cause, "", "of the wait for it"},
                Field<PacketLost, EntityId>{"root_fault", &PacketLost::root_fault, "",
                                            "fault that took it"}};
        }
    };
    using Messages =
        std::tuple<Start, Beat, HandshakeReady, ConnectTimeout, Reconnect, SendTimer, GapTimeout,
                   ResyncDue, ResyncTimeout, ReadMessage, PacketArrives, PacketLost>;

    /// @param version_of_device  number of its app's version in params.versions, by device number
    Apps(Params params, const Conversations& conversations,
         std::vector<std::uint16_t> version_of_device);
    /// @param nodes  the relay nodes, by number; at most 32
    void set_nodes(std::vector<EntityId> nodes);
    void surround(AppSurroundings surroundings) { around_ = std::move(surroundings); }

    void on(const Start&, Index device, Context& context);
    void on(const Beat&, Index device, Context& context);
    void on(const HandshakeReady&, Index device, Context& context);
    void on(const ConnectTimeout&, Index device, Context& context);
    void on(const Reconnect&, Index device, Context& context);
    void on(const SendTimer& timer, Index device, Context& context);
    void on(const GapTimeout& timeout, Index device, Context& context);
    void on(const ResyncDue& due, Index device, Context& context);
    void on(const ResyncTimeout&, Index device, Context& context);
    void on(const ReadMessage& read, Index device, Context& context);
    void on(const PacketArrives&, const Packet& packet, Index device, Context& context);
    void on(const PacketLost& word, const Packet& packet, Index device, Context& context) {
        lost(context, device, packet, {word.cause, word.root_fault, context.now()});
    }

    bool stale(const Beat& m, Index d) const { return m.generation != devices_[d].generation; }
    bool stale(const HandshakeReady& m, Index d) const {
        return m.generation != devices_[d].generation;
    }
    bool stale(const ConnectTimeout& m, Index d) const {
        return m.generation != devices_[d].generation;
    }
    bool stale(const Reconnect& m, Index d) const { return m.generation != devices_[d].generation; }
    bool stale(const SendTimer& m, Index d) const {
        return outbox_.stale(d, m.count, m.generation);
    }
    bool stale(const GapTimeout& m, Index) const {
        return inbox_[m.membership.value].gap_generation != m.generation;
    }
    bool stale(const ResyncTimeout& m, Index d) const {
        return m.generation != devices_[d].resync_generation;
    }

    /// First connection: to be called once per device before the run, in its context.
    void start(Context& context, Index device);

    /// The author of `device` writes a message of `size` bytes and presses "send".
    void compose(Context& context, Index device, std::uint32_t conversation, std::uint32_t size,
                 const ReplyTo& reply);
    /// The author presses "send" again for a message that has failed.
    void press_again(Context& context, Index device, std::uint32_t count);
    /// The author gives a failed message up.
    void give_up(Context& context, Index device, std::uint32_t count) {
        outbox_.give_up(device, count, context.now());
    }

    /// A packet from or to the device is lost: the wait that follows is the setback's. For the
    /// ledger only.
    void lost(Context& context, Index device, const Packet& packet, const Setback& setback);
    /// A cell has begun to serve the device, or none does any more. For the ledger only.
    void coverage_changed(Context& context, Index device) { note(context, device); }

    void network_changed(Context& context, Index device);
    void clock_stepped(Context& context, Index device);
    /// The wall-clock timer of the periodic sync fired.
    void sync_due(Context& context, Index device);
    /// A relay node failed or is back.
    void node_changed(Context& context, std::uint32_t node);
    /// The app is closed by `fault` and stays so for `away`; with `clear_cache` it forgets what it
    /// holds.
    void restart(Context& context, Index device, Duration away, bool clear_cache, EntityId fault);

    std::uint32_t devices() const { return static_cast<std::uint32_t>(devices_.size()); }
    bool connected(Index device) const {
        return devices_[device].state == ConnectionState::connected;
    }
    std::uint32_t composed(Index device) const { return devices_[device].composed; }
    /// A message that is not yet acknowledged; nullptr: there is none of that number.
    const OutboxMessage* outbox_message(Index device, std::uint32_t count) {
        return outbox_.find(device, count);
    }
    const Outbox& outbox() const { return outbox_; }
    const Inbox& inbox() const { return inbox_; }
    const Connectivity& connectivity() const { return connectivity_; }
    const Conversations& conversations() const { return conversations_; }

    auto state() { return std::tie(devices_, outbox_, inbox_, connectivity_); }

  private:
    struct Device {
        Time last_pong{};
        Duration last_wait{};
        Duration stamp_correction{};
        std::uint32_t connection = 0;
        std::uint32_t failures = 0;
        std::uint32_t composed = 0;
        std::uint32_t packets = 0;
        std::uint32_t beats = 0;
        std::uint32_t resyncs = 0;
        std::uint32_t outstanding = 0;  ///< nodes whose last page has not come, as bits
        Generation generation{};
        Generation resync_generation{};
        EntityId pending_root = no_entity;
        /// Of the latest attempt to connect, or of the latest ping while connected. Its root lasts
        /// until there is a connection.
        Setback setback{};
        ConnectionState state = ConnectionState::offline;
        std::uint8_t node = 0;
        std::uint8_t was_connected = 0;
        std::uint8_t pending_resync = 0;  ///< to be done on the next connection
        ResyncReason pending_reason = ResyncReason::reconnect;
        ResyncScope pending_scope = ResyncScope::missing;
    };

    const AppVersion& version_of(Index device) const { return params_.versions[version_[device]]; }
    void set_state(Context& context, Index device, ConnectionState state);
    void note(Context& context, Index device);
    Cause cause_now(Index device) const;
    EntityId root_now(Index device) const;
    void connect(Context& context, Index device);
    void connection_failed(Context& context, Index device);
    void drop_connection(Context& context, Index device);
    std::uint32_t preferred_node(const Context& context, Index device, std::uint32_t rank) const;
    Packet packet_to(const Context& context, Index device, std::uint32_t node, Talk kind,
                     std::uint32_t bytes);
    void transmit(Context& context, Index device, Packet& packet) {
        around_.send_up(context, device, packet);
    }
    void attempt(Context& context, Index device, OutboxMessage& message);
    void flush_outbox(Context& context, Index device);
    EntityId root_of(Index device, std::uint32_t conversation) const;
    void attempt_lost(Index device, std::uint32_t count, std::uint32_t attempt,
                      const Setback& setback);
    void on_published(Context& context, Index device, const PublishedBody& body);
    void on_rejected(Context& context, Index device, const PublishedBody& body,
                     std::uint32_t refused);
    void on_deliver(Context& context, Index device, const Packet& packet);
    void show(Context& context, Index device, std::uint32_t membership, const HeldCopy& copy,
              std::uint32_t depth);
    void release_held(Context& context, Index device, std::uint32_t membership, EntityId root);
    void acknowledge(Context& context, Index device, std::uint32_t membership);
    void arm_gap(Context& context, Index device, std::uint32_t membership);
    void resync(Context& context, Index device, ResyncReason reason, ResyncScope scope,
                std::uint32_t conversation, EntityId root, bool again = false);
    /// @param again  for what an earlier request has not brought
    void request_resync(Context& context, Index device, std::uint32_t nodes, ResyncBody body,
                        bool again);
    void arm_sync(Context& context, Index device);

    Params params_;
    std::vector<EntityId> nodes_;
    const Conversations& conversations_;
    std::vector<std::uint16_t> version_;
    AppSurroundings around_;
    std::vector<Device> devices_;
    Outbox outbox_;
    Inbox inbox_;
    Connectivity connectivity_;
};

}  // namespace driftstorm
