#pragma once

#include "models/clocks/oscillator.hpp"
#include "models/links/packet.hpp"
#include "models/timesync/ntp.hpp"
#include "models/timesync/server_params.hpp"
#include "sim/core/event.hpp"
#include "sim/core/fields.hpp"
#include "sim/core/kernel.hpp"
#include "sim/core/time.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <string_view>
#include <tuple>
#include <vector>

namespace driftstorm {

enum class TimeRequestLoss : std::uint8_t { queue_full, node_down, rate_limited };
template <>
inline constexpr std::array<std::string_view, 3> enum_words<TimeRequestLoss>{
    "queue_full", "node_down", "rate_limited"};

/// A request that a time server did not answer.
struct TimeRequestLost {
    static constexpr std::string_view table = "clocks/request_lost";
    static constexpr std::string_view component = "clocks";
    EntityId server = no_entity;
    EntityId device = no_entity;
    TimeRequestLoss reason{};

    static constexpr auto fields() {
        return FieldList{
            Field<TimeRequestLost, EntityId>{"server", &TimeRequestLost::server, "", "which node"},
            Field<TimeRequestLost, EntityId>{"device", &TimeRequestLost::device, "", "who asked"},
            Field<TimeRequestLost, TimeRequestLoss>{"reason", &TimeRequestLost::reason, "", "why"}};
    }
};

/// A time server's clock is stepped (by a fault, and back).
struct TimeServerStepped {
    static constexpr std::string_view table = "clocks/server_step";
    static constexpr std::string_view component = "clocks";
    EntityId server = no_entity;
    Duration by;
    double offset_ns = 0;

    static constexpr auto fields() {
        return FieldList{Field<TimeServerStepped, EntityId>{"server", &TimeServerStepped::server,
                                                            "", "which node"},
                         Field<TimeServerStepped, Duration>{"by", &TimeServerStepped::by, "ns",
                                                            "how far its clock jumped"},
                         Field<TimeServerStepped, double>{
                             "offset", &TimeServerStepped::offset_ns, "ns",
                             "its clock minus true time right after; exact, rounded once"}};
    }
};

/// NTP servers: each answers requests one after the other, stamping them on arrival (T2) and when
/// the reply leaves (T3) by a clock with an error of its own, which follows, smears or ignores leap
/// seconds. Clients that ask too often get a kiss code or nothing. Source: RFC 5905, sections 7.4
/// (kiss codes) and 9.2 (server operation), without authentication.
class TimeServers {
  public:
    using Params = TimeServerParams;
    static constexpr std::string_view name = "time_servers";
    static constexpr int version = 1;

    struct Answered {
        static constexpr std::string_view name = "time_server.answered";
        static constexpr Phase phase = Phase::network;
        using Payload = Packet;
        Generation life;  ///< a node that went down meanwhile answers nothing
        static constexpr auto fields() {
            return FieldList{
                Field<Answered, Generation>{"life", &Answered::life, "", "of the node"}};
        }
    };
    struct StepClock {
        static constexpr std::string_view name = "time_server.step_clock";
        static constexpr Phase phase = Phase::physics;
        Duration by;
        static constexpr auto fields() {
            return FieldList{Field<StepClock, Duration>{"by", &StepClock::by, "ns", "how far"}};
        }
    };
    struct GoDown {
        static constexpr std::string_view name = "time_server.go_down";
        static constexpr Phase phase = Phase::physics;
    };
    struct ComeUp {
        static constexpr std::string_view name = "time_server.come_up";
        static constexpr Phase phase = Phase::physics;
    };
    using Messages = std::tuple<PacketArrives, Answered, StepClock, GoDown, ComeUp>;

    explicit TimeServers(std::uint64_t seed) : seed_(seed) {}

    /// Adds the next node of this partition, drawn from `params` for `identity`; in the order of
    /// Kernel::add_entity<TimeServers>.
    /// @param server  the entity that stands for the node in result rows
    /// @throws std::invalid_argument when a drawn offset is beyond 1.5e9 s or a frequency error
    /// beyond 10 %
    Index add(const Params& params, std::uint64_t identity, EntityId server);
    /// The way of replies to the devices.
    void set_door_down(PacketDoor door) { door_down_ = std::move(door); }
    /// Who sees every request that reaches a node and every reply that leaves it: a capture.
    void set_capture(std::function<void(Time at, const Packet& packet)> capture) {
        capture_ = std::move(capture);
    }
    /// Whether the node is one of the group's falsetickers.
    bool is_falseticker(Index node) const { return servers_[node].false_ticker; }

    std::size_t size() const { return servers_.size(); }
    /// The node's clock, rounded down to ns, and its error [ns], exact and rounded once.
    Reading read(Index node, Time now) const {
        return {static_cast<std::int64_t>(exact(node, now) >> 64)};
    }
    double offset_ns(Index node, Time now) const;
    /// The constant frequency error that its oscillator drew.
    Rate frequency_error(Index node) const { return servers_[node].oscillator.frequency_error(); }
    /// Requests waiting or being answered.
    std::uint32_t queue_depth(Index node) const { return nodes_[node].waiting; }

    /// What a fault does to a node; also as messages.
    void step(Context& context, Index node, Duration by);
    void go_down(Index node);
    void come_up(Index node) { nodes_[node].up = true; }

    void on(const PacketArrives& message, const Packet& packet, Index node, Context& context);
    void on(const Answered& message, const Packet& packet, Index node, Context& context);
    void on(const StepClock& message, Index node, Context& context) {
        step(context, node, message.by);
    }
    void on(const GoDown&, Index node, Context&) { go_down(node); }
    void on(const ComeUp&, Index node, Context&) { come_up(node); }
    bool stale(const Answered& message, Index node) const {
        return message.life != nodes_[node].life;
    }
    auto state() { return std::tie(nodes_, buckets_); }

  private:
    struct Node {
        Q64 offset = 0;   ///< at the start, and all steps since [2^-64 ns]
        Time busy_until;  ///< when the last request in the queue will have been answered
        std::uint32_t waiting = 0;
        Generation life;
        bool up = true;
    };
    /// What a node is, fixed for the run.
    struct Server {
        Oscillator oscillator;
        EntityId entity = no_entity;
        Duration service;
        std::uint32_t queue_limit = 0;
        bool false_ticker = false;
        Params params;
        std::uint64_t identity = 0;
    };
    /// What a client may still ask of a node.
    struct Bucket {
        Time since{-1};  ///< nothing was asked before 0
        double requests = 0;
    };
    enum class Verdict : std::uint8_t { serve, kiss, ignore };

    Verdict limit(Context& context, Index node, const Packet& packet);
    Q64 leap_offset(const ServedLeapParams& leap, Time now) const;
    Q64 exact(Index node, Time now) const;

    std::uint64_t seed_;
    PacketDoor door_down_;
    std::vector<Server> servers_;
    mutable std::vector<Oscillator::Memo> memos_;  // of pure functions: no part of the state
    std::vector<Node> nodes_;
    std::vector<std::vector<Bucket>> buckets_;  ///< by node and device; empty without a limit
    std::function<void(Time, const Packet&)> capture_;
};

}  // namespace driftstorm
