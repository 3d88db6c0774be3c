#pragma once

#include "models/messaging/conversations.hpp"
#include "models/messaging/wire.hpp"
#include "models/servers/message_log.hpp"
#include "models/servers/relay_params.hpp"
#include "sim/core/kernel.hpp"
#include "sim/core/pool.hpp"

#include <cstdint>
#include <functional>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace driftstorm {

enum class ServerDrop : std::uint8_t { node_down, queue_full, no_session, crash };
template <>
inline constexpr std::array<std::string_view, 4> enum_words<ServerDrop>{"node_down", "queue_full",
                                                                        "no_session", "crash"};

/// The ways out of a relay node; wired when the world is built.
struct RelaySurroundings {
    /// To a device; `extra` is the way to the node that holds its session.
    std::function<void(Context&, std::uint32_t node, Duration extra, Packet& packet)> send_down;
    std::function<void(Context&, std::uint32_t from, std::uint32_t to, Packet& packet)>
        send_to_node;
    std::function<Duration(std::uint32_t from, std::uint32_t to)>
        between;  ///< propagation between two nodes
    std::function<bool(std::uint32_t asker, std::uint32_t node)>
        up;  ///< what `asker` knows of a node
    /// Told of every packet that a node drops, for the ledger; may be empty. `crash` is the fault
    /// in which the node lost the session that the packet belongs to; no_entity: in none.
    std::function<void(Context&, std::uint32_t node, const Packet& packet, ServerDrop reason,
                       EntityId crash)>
        dropped;
};

/// Change of a relay node's queue.
struct QueueRow {
    static constexpr std::string_view table = "servers/queue";
    static constexpr std::string_view component = "servers";
    EntityId server = no_entity;
    std::uint32_t depth = 0;
    std::uint32_t busy = 0;
    static constexpr auto fields() {
        return FieldList{
            Field<QueueRow, EntityId>{"server", &QueueRow::server, "", "node"},
            Field<QueueRow, std::uint32_t>{"depth", &QueueRow::depth, "1", "jobs that wait"},
            Field<QueueRow, std::uint32_t>{"busy", &QueueRow::busy, "1", "workers at work"}};
    }
};

/// A node drops a packet.
struct ServerDropRow {
    static constexpr std::string_view table = "events/server_drop";
    static constexpr std::string_view component = "servers";
    EntityId server = no_entity;
    EntityId device = no_entity;
    ServerDrop reason = ServerDrop::node_down;
    static constexpr auto fields() {
        return FieldList{
            Field<ServerDropRow, EntityId>{"server", &ServerDropRow::server, "", "node"},
            Field<ServerDropRow, EntityId>{"device", &ServerDropRow::device, "",
                                           "device it was from"},
            Field<ServerDropRow, ServerDrop>{"reason", &ServerDropRow::reason, "", "why"}};
    }
};

/// Nodes of a message relay. Each conversation has one home node, which orders its messages, keeps
/// its log and pushes copies; each device has its session at one node, which takes its messages and
/// forwards them to their homes. Logs and the directory of sessions are durable services beside the
/// nodes; a crash loses a node's queue, the sessions it holds, and its knowledge of how far each
/// device is, so that after a restart it asks devices to resync.
class Relays {
  public:
    static constexpr std::string_view name = "relays";
    static constexpr int version = 1;

    struct Params {
        RelayParams relay;
        std::vector<EntityId> radios;  ///< the devices' radios, by device number
    };

    /// A job of a node's workers.
    struct Job {
        Packet packet{};
        Time arrived{};
        Time asked{};  ///< by a resync; copies sent since then are not sent again
        std::uint32_t device = 0;
        std::uint32_t page = 0;
        std::uint32_t pages = 0;
        std::uint32_t bytes = 0;  ///< of what each page holds beyond missing copies
        std::uint64_t identity() const { return packet.identity() + page; }
    };
    struct ServiceDone {
        static constexpr std::string_view name = "relay.service_done";
        static constexpr Phase phase = Phase::protocol;
        using Payload = Job;
        Generation life;
        static constexpr auto fields() {
            return FieldList{
                Field<ServiceDone, Generation>{"life", &ServiceDone::life, "", "of the node"}};
        }
    };
    struct Redeliver {
        static constexpr std::string_view name = "relay.redeliver";
        static constexpr Phase phase = Phase::protocol;
        EntityId conversation = no_entity;
        EntityId radio = no_entity;
        LocalNumber membership;
        Generation generation;
        static constexpr auto fields() {
            return FieldList{
                Field<Redeliver, EntityId>{"conversation", &Redeliver::conversation, "",
                                           "whose copies"},
                Field<Redeliver, EntityId>{"radio", &Redeliver::radio, "", "of the device"},
                Field<Redeliver, LocalNumber>{"membership", &Redeliver::membership, "", "both"},
                Field<Redeliver, Generation>{"generation", &Redeliver::generation, "",
                                             "of the timer"}};
        }
    };
    using Messages = std::tuple<PacketArrives, ServiceDone, Redeliver>;

    /// @param numbers  node number of each node of this partition, by Index
    Relays(Params params, const Conversations& conversations, std::vector<std::uint32_t> numbers);
    /// @param nodes  all relay nodes, by number
    void set_nodes(std::vector<EntityId> nodes) { all_nodes_ = std::move(nodes); }
    void surround(RelaySurroundings surroundings) { around_ = std::move(surroundings); }

    void on(const PacketArrives&, const Packet& packet, Index node, Context& context);
    void on(const ServiceDone&, const Job& job, Index node, Context& context);
    void on(const Redeliver& timer, Index node, Context& context);
    bool stale(const ServiceDone& m, Index node) const { return m.life != nodes_[node].life; }
    bool stale(const Redeliver& m, Index) const {
        return log_.member(m.membership.value).timer != m.generation;
    }

    /// Draws the node's clock error: to be called once per node before the run, in its context.
    void start(Context& context, Index node);
    void fail(Context& context, Index node);
    /// The node is back; its cache is cold for `cold`. `fault` is named as the root of what
    /// follows.
    void restore(Context& context, Index node, Duration cold, EntityId fault);
    void step_clock(Index node, Duration by) { nodes_[node].clock_offset += by; }

    bool up(Index node) const { return nodes_[node].up != 0; }
    std::uint32_t queue_depth(Index node) const { return nodes_[node].depth; }
    std::uint32_t arrivals(Index node) const { return nodes_[node].arrivals; }
    const MessageLog& log() const { return log_; }

    auto state() { return std::tie(nodes_, sessions_, jobs_, log_); }

  private:
    struct Session {
        NetworkAddress address{};
        std::uint32_t connection = 0;
        std::uint32_t packets = 0;
        std::uint8_t node = 0;
        std::uint8_t alive = 0;
    };
    struct Node {
        Time cold_until{};
        Duration clock_offset{};
        Slot head = no_slot;
        Slot tail = no_slot;
        std::uint32_t depth = 0;
        std::uint32_t busy = 0;
        std::uint32_t arrivals = 0;
        std::uint32_t epochs = 0;
        Generation life{};
        EntityId crash = no_entity;  ///< the latest fault that it came back from
        std::uint8_t up = 1;
    };
    struct Waiting {
        Job job{};
        Slot next = no_slot;
    };

    Session& session(Index node, std::uint32_t device) { return sessions_[node][device]; }
    void drop(Context& context, Index node, const Packet& packet, ServerDrop reason);
    void enqueue(Context& context, Index node, Job job);
    void serve(Context& context, Index node, Job job);
    void note_queue(Context& context, Index node);
    Duration work(const Context& context, Index node, const Job& job) const;
    void open_session(Context& context, Index node, const Job& job);
    void learn_session(Context& context, Index node, std::uint32_t device, const Session& fresh);
    void published(Context& context, Index node, const Packet& packet);
    void sequence(Context& context, Index node, const Packet& packet);
    void answer(Context& context, Index node, std::uint32_t device, Talk kind,
                const PublishedBody& body, std::uint64_t subject, std::uint32_t attempt);
    void push_copy(Context& context, Index node, std::uint32_t membership, std::uint32_t number,
                   bool resync, Time asked, Duration served, EntityId root);
    void arm(Context& context, Index node, std::uint32_t membership);
    void acknowledged(const Packet& packet, const Context& context);
    void start_pages(Context& context, Index node, std::uint32_t device, const Packet& packet);
    void page_done(Context& context, Index node, const Job& job);
    Packet packet_to(const Context& context, Index node, std::uint32_t device, Talk kind,
                     std::uint32_t bytes);
    void send_down(Context& context, Index node, std::uint32_t device, Packet& packet);

    Params params_;
    std::vector<EntityId> all_nodes_;
    const Conversations& conversations_;
    std::vector<std::uint32_t> numbers_;
    RelaySurroundings around_;
    std::vector<Node> nodes_;
    std::vector<std::vector<Session>> sessions_;  ///< each node's view of the directory, by device
    Pool<Waiting> jobs_;
    MessageLog log_;
};

}  // namespace driftstorm
