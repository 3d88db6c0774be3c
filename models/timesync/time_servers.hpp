#pragma once

#include "models/clocks/oscillator.hpp"
#include "models/links/packet.hpp"
#include "sim/core/distribution.hpp"
#include "sim/core/event.hpp"
#include "sim/core/fields.hpp"
#include "sim/core/kernel.hpp"
#include "sim/core/time.hpp"

#include <array>
#include <cstdint>
#include <string_view>
#include <tuple>
#include <vector>

namespace driftstorm {

/// A group of NTP servers; each node draws its own clock error.
struct TimeServerParams {
    std::uint32_t nodes = 1;
    Distribution offset;
    Distribution frequency_error;
    double random_walk_ppb = 0;
    double capacity = 10'000;
    std::uint32_t queue_limit = 277;

    static constexpr auto fields() {
        return std::tuple{
            Field<TimeServerParams, std::uint32_t>{"nodes", &TimeServerParams::nodes, "",
                                                   "number of servers", 1, 1000},
            Field<TimeServerParams, Distribution>{
                "offset", &TimeServerParams::offset, "s",
                "a node's clock minus true time at the start", -1e6, 1e6,
                "0: a stratum 1 server is right within microseconds"},
            Field<TimeServerParams, Distribution>{"frequency_error",
                                                  &TimeServerParams::frequency_error, "ppb",
                                                  "constant frequency error of a node's clock",
                                                  -1e8, 1e8, "0: the server is disciplined itself"},
            Field<TimeServerParams, double>{"random_walk", &TimeServerParams::random_walk_ppb,
                                            "ppb/sqrt(s)",
                                            "random-walk frequency noise of a node's clock", 0, 100,
                                            "0: the server is disciplined itself"},
            Field<TimeServerParams, double>{
                "capacity", &TimeServerParams::capacity, "req/s",
                "requests a node answers in a second; each takes 1 / capacity", 1e-3, 1e9,
                "engineering value for a virtual server of a public pool"},
            Field<TimeServerParams, std::uint32_t>{
                "queue_limit", &TimeServerParams::queue_limit, "",
                "requests that wait at most; further ones are lost", 0, 1e9,
                "Linux net.core.rmem_default 212,992 B over 768 B that a small datagram occupies"}};
    }
};

enum class TimeRequestLoss : std::uint8_t { queue_full, node_down };
template <>
inline constexpr std::array<std::string_view, 2> enum_words<TimeRequestLoss>{"queue_full",
                                                                             "node_down"};

/// A request that a time server did not answer.
struct TimeRequestLost {
    static constexpr std::string_view table = "clocks/request_lost";
    static constexpr std::string_view component = "clocks";
    EntityId server = no_entity;
    EntityId device = no_entity;
    TimeRequestLoss reason{};

    static constexpr auto fields() {
        return std::tuple{
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
        return std::tuple{Field<TimeServerStepped, EntityId>{"server", &TimeServerStepped::server,
                                                             "", "which node"},
                          Field<TimeServerStepped, Duration>{"by", &TimeServerStepped::by, "ns",
                                                             "how far its clock jumped"},
                          Field<TimeServerStepped, double>{
                              "offset", &TimeServerStepped::offset_ns, "ns",
                              "its clock minus true time right after; exact, rounded once"}};
    }
};

/// NTP servers: each answers requests one after the other, stamping them on arrival (T2) and when
/// the reply leaves (T3) by a clock with an error of its own. Source: RFC 5905, section 9.2 (server
/// operation), without authentication, kiss codes and leap seconds.
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
            return std::tuple{
                Field<Answered, Generation>{"life", &Answered::life, "", "of the node"}};
        }
    };
    struct StepClock {
        static constexpr std::string_view name = "time_server.step_clock";
        static constexpr Phase phase = Phase::physics;
        Duration by;
        static constexpr auto fields() {
            return std::tuple{Field<StepClock, Duration>{"by", &StepClock::by, "ns", "how far"}};
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

    std::size_t size() const { return servers_.size(); }
    /// The node's clock, rounded down to ns, and its error [ns], exact and rounded once.
    Reading read(Index node, Time now) const {
        return {static_cast<std::int64_t>(exact(node, now) >> 64)};
    }
    double offset_ns(Index node, Time now) const;
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
    auto state() { return std::tie(nodes_); }

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
    };

    Q64 exact(Index node, Time now) const;

    std::uint64_t seed_;
    PacketDoor door_down_;
    std::vector<Server> servers_;
    mutable std::vector<Oscillator::Memo> memos_;  // of pure functions: no part of the state
    std::vector<Node> nodes_;
};

}  // namespace driftstorm
