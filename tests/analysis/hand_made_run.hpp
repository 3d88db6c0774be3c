#pragma once

#include "sim/core/fields.hpp"
#include "sim/core/table.hpp"
#include "sim/core/time.hpp"
#include "sim/output/entity_directory.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

/// Rows with the tables, columns and words that the models record, and a run made of them.
namespace driftstorm::hand_made {

enum class Outcome : std::uint8_t { visible, pending, lost_refused, lost_attempts, lost_expired };
enum class Cause : std::uint8_t {
    user,
    client_store,
    clock_rejection,
    ordering_hold,
    gap_resync,
    handshake,
    retry_backoff,
    radio_handover,
    network_outage,
    link_queue,
    server_backlog,
    service_and_propagation
};
enum class Edge : std::uint8_t { begins, ends };
enum class FaultKind : std::uint8_t { node_down, link_down };
enum class Reason : std::uint8_t { gap, skew_reject };
enum class AttachKind : std::uint8_t { initial, handover, rejected };
enum class DropReason : std::uint8_t { buffer_full, loss };
enum class Connection : std::uint8_t { offline, waiting, handshake, connected };
enum class Service : std::uint8_t { served, failed, refused, abandoned, expired, lost };
enum class Direction : std::uint8_t { up, down };

}  // namespace driftstorm::hand_made

namespace driftstorm {
template <>
inline constexpr std::array<std::string_view, 5> enum_words<hand_made::Outcome>{
    "visible", "pending", "lost_refused", "lost_attempts", "lost_expired"};
template <>
inline constexpr std::array<std::string_view, 12> enum_words<hand_made::Cause>{
    "user",           "client_store", "clock_rejection", "ordering_hold",
    "gap_resync",     "handshake",    "retry_backoff",   "radio_handover",
    "network_outage", "link_queue",   "server_backlog",  "service_and_propagation"};
template <>
inline constexpr std::array<std::string_view, 2> enum_words<hand_made::Edge>{"begins", "ends"};
template <>
inline constexpr std::array<std::string_view, 2> enum_words<hand_made::FaultKind>{"node_down",
                                                                                  "link_down"};
template <>
inline constexpr std::array<std::string_view, 2> enum_words<hand_made::Reason>{"gap",
                                                                               "skew_reject"};
template <>
inline constexpr std::array<std::string_view, 3> enum_words<hand_made::AttachKind>{
    "initial", "handover", "rejected"};
template <>
inline constexpr std::array<std::string_view, 2> enum_words<hand_made::DropReason>{"buffer_full",
                                                                                   "loss"};
template <>
inline constexpr std::array<std::string_view, 4> enum_words<hand_made::Connection>{
    "offline", "waiting", "handshake", "connected"};
template <>
inline constexpr std::array<std::string_view, 6> enum_words<hand_made::Service>{
    "served", "failed", "refused", "abandoned", "expired", "lost"};
template <>
inline constexpr std::array<std::string_view, 2> enum_words<hand_made::Direction>{"up", "down"};
}  // namespace driftstorm

namespace driftstorm::hand_made {

using Blame = PerWord<Cause, Duration>;

template <class R, class T>
constexpr Field<R, T> column(std::string_view name, T R::*member, std::string_view unit = "1") {
    return {name, member, unit, "test"};
}

struct MessageRow {
    static constexpr std::string_view table = "messages";
    static constexpr std::string_view component = "messages";
    EntityId sender = no_entity;
    std::uint32_t count = 0;
    EntityId conversation = no_entity;
    std::uint32_t size = 0;
    std::uint32_t copies = 0;
    Time composed{};
    Reading local_composed{};
    EntityId reply_to_sender = no_entity;
    bool reply_inverted = false;
    static constexpr auto fields() {
        using R = MessageRow;
        return FieldList{column("sender", &R::sender),
                         column("count", &R::count),
                         column("conversation", &R::conversation),
                         column("size", &R::size, "B"),
                         column("copies", &R::copies),
                         column("t_composed", &R::composed, "ns"),
                         column("local_composed", &R::local_composed, "ns"),
                         column("reply_to_sender", &R::reply_to_sender),
                         column("reply_inverted", &R::reply_inverted)};
    }
};

struct CopyRow {
    static constexpr std::string_view table = "copies";
    static constexpr std::string_view component = "messages";
    EntityId message_sender = no_entity;
    std::uint32_t message_count = 0;
    EntityId device = no_entity;
    Time sent = no_time;
    Time server = no_time;
    Time sequenced = no_time;
    Time delivered = no_time;
    Time visible = no_time;
    Time end{};
    std::uint32_t attempts = 1;
    Outcome outcome = Outcome::pending;
    std::uint32_t late_insert_depth = 0;
    EntityId root_fault = no_entity;
    Blame blame{};
    static constexpr auto fields() {
        using R = CopyRow;
        return FieldList{column("message_sender", &R::message_sender),
                         column("message_count", &R::message_count),
                         column("device", &R::device),
                         column("t_sent", &R::sent, "ns"),
                         column("t_server", &R::server, "ns"),
                         column("t_sequenced", &R::sequenced, "ns"),
                         column("t_delivered", &R::delivered, "ns"),
                         column("t_visible", &R::visible, "ns"),
                         column("t_end", &R::end, "ns"),
                         column("attempts", &R::attempts),
                         column("outcome", &R::outcome),
                         column("late_insert_depth", &R::late_insert_depth),
                         column("root_fault", &R::root_fault),
                         column("blame", &R::blame, "ns")};
    }
};

struct RetryRow {
    static constexpr std::string_view table = "events/retry";
    static constexpr std::string_view component = "messages";
    EntityId device = no_entity;
    std::uint32_t count = 0;
    std::uint32_t attempt = 1;
    bool pressed = false;
    EntityId root_fault = no_entity;
    static constexpr auto fields() {
        using R = RetryRow;
        return FieldList{column("device", &R::device), column("count", &R::count),
                         column("attempt", &R::attempt), column("pressed", &R::pressed),
                         column("root_fault", &R::root_fault)};
    }
};

struct ResyncRow {
    static constexpr std::string_view table = "events/resync";
    static constexpr std::string_view component = "messages";
    EntityId device = no_entity;
    Reason reason = Reason::gap;
    std::uint32_t requests = 1;
    EntityId root_fault = no_entity;
    bool again = false;
    static constexpr auto fields() {
        using R = ResyncRow;
        return FieldList{column("device", &R::device), column("reason", &R::reason),
                         column("requests", &R::requests), column("again", &R::again),
                         column("root_fault", &R::root_fault)};
    }
};

struct FaultRow {
    static constexpr std::string_view table = "events/fault";
    static constexpr std::string_view component = "faults";
    EntityId fault = no_entity;
    FaultKind kind = FaultKind::node_down;
    Edge edge = Edge::begins;
    EntityId target = no_entity;
    static constexpr auto fields() {
        using R = FaultRow;
        return FieldList{column("fault", &R::fault), column("kind", &R::kind),
                         column("edge", &R::edge), column("target", &R::target)};
    }
};

struct HandoverRow {
    static constexpr std::string_view table = "events/handover";
    static constexpr std::string_view component = "network";
    EntityId device = no_entity;
    EntityId from = no_entity;
    EntityId to = no_entity;
    AttachKind kind = AttachKind::handover;
    Duration interruption{};
    static constexpr auto fields() {
        using R = HandoverRow;
        return FieldList{column("device", &R::device), column("from", &R::from),
                         column("to", &R::to), column("kind", &R::kind),
                         column("interruption", &R::interruption, "s")};
    }
};

struct DropRow {
    static constexpr std::string_view table = "events/drop";
    static constexpr std::string_view component = "network";
    DropReason reason = DropReason::loss;
    Direction direction = Direction::up;
    EntityId device = no_entity;
    static constexpr auto fields() {
        using R = DropRow;
        return FieldList{column("reason", &R::reason), column("direction", &R::direction),
                         column("device", &R::device)};
    }
};

struct ConnectionRow {
    static constexpr std::string_view table = "events/connection";
    static constexpr std::string_view component = "messages";
    EntityId device = no_entity;
    Connection state = Connection::offline;
    EntityId server = no_entity;
    std::uint32_t failures = 0;
    static constexpr auto fields() {
        using R = ConnectionRow;
        return FieldList{column("device", &R::device), column("state", &R::state),
                         column("server", &R::server), column("failures", &R::failures)};
    }
};

struct QueueRow {
    static constexpr std::string_view table = "servers/queue";
    static constexpr std::string_view component = "servers";
    EntityId server = no_entity;
    std::uint32_t depth = 0;
    std::uint32_t busy = 0;
    static constexpr auto fields() {
        using R = QueueRow;
        return FieldList{column("server", &R::server), column("depth", &R::depth),
                         column("busy", &R::busy)};
    }
};

struct StationLevel {
    static constexpr std::string_view table = "changes/station";
    static constexpr std::string_view component = "servers";
    Time at{};
    EntityId station = no_entity;
    std::uint32_t waiting = 0;
    std::uint32_t in_service = 0;
    static constexpr auto fields() {
        using R = StationLevel;
        return FieldList{column("time", &R::at, "s"), column("station", &R::station),
                         column("waiting", &R::waiting), column("in_service", &R::in_service)};
    }
};

struct ServiceEnd {
    static constexpr std::string_view table = "events/service";
    static constexpr std::string_view component = "servers";
    Time at{};
    EntityId station = no_entity;
    Service outcome = Service::served;
    Duration waited{};
    Duration stayed{};
    static constexpr auto fields() {
        using R = ServiceEnd;
        return FieldList{column("time", &R::at, "s"), column("station", &R::station),
                         column("outcome", &R::outcome), column("waited", &R::waited, "s"),
                         column("stayed", &R::stayed, "s")};
    }
};

struct ClientLevel {
    static constexpr std::string_view table = "changes/clients";
    static constexpr std::string_view component = "servers";
    Time at{};
    EntityId clients = no_entity;
    std::uint32_t open = 0;
    static constexpr auto fields() {
        using R = ClientLevel;
        return FieldList{column("time", &R::at, "s"), column("clients", &R::clients),
                         column("open", &R::open)};
    }
};

struct AttemptSent {
    static constexpr std::string_view table = "events/attempt";
    static constexpr std::string_view component = "servers";
    Time at{};
    EntityId clients = no_entity;
    std::uint32_t attempt = 0;
    static constexpr auto fields() {
        using R = AttemptSent;
        return FieldList{column("time", &R::at, "s"), column("clients", &R::clients),
                         column("attempt", &R::attempt)};
    }
};

struct RequestEnd {
    static constexpr std::string_view table = "events/request";
    static constexpr std::string_view component = "servers";
    Time at{};
    EntityId clients = no_entity;
    Time created{};
    Service outcome = Service::served;
    static constexpr auto fields() {
        using R = RequestEnd;
        return FieldList{column("time", &R::at, "s"), column("clients", &R::clients),
                         column("created", &R::created, "s"), column("outcome", &R::outcome)};
    }
};

constexpr std::uint32_t device_count = 10;

EntityDirectory directory();
/// Every device is known by two ids, as models know it by its radio and by its app.
EntityId device(std::uint32_t number, bool as_radio = false);
EntityId cell(std::uint32_t number);
EntityId relay(std::uint32_t node);
EntityId shop();
EntityId customers();
EntityId conversation();
EntityId fault(std::uint32_t number);  ///< 0: "relay 1 down", 1: "link cut"

constexpr Time at_s(double seconds) { return {static_cast<std::int64_t>(seconds * 1e9)}; }

template <class R>
void give(TableSink& sink, Time at, const R& row) {
    if (sink.wants(row_type<R>()))
        sink.row(row_type<R>(), {EventKey::of(at, Phase::protocol, EntityId{1}, 0), EntityId{1}},
                 reinterpret_cast<const std::byte*>(&row));
}

/// Rows in whatever order, given in order of time.
class Script {
  public:
    template <class R>
    void add(Time at, const R& row) {
        entries_.push_back({at, [at, row](TableSink& sink) { give(sink, at, row); }});
    }
    void play(TableSink& sink) const;

  private:
    struct Entry {
        Time at;
        std::function<void(TableSink&)> give;
    };
    std::vector<Entry> entries_;
};

/// A copy that was shown after `blame`'s sum.
CopyRow shown_copy(const MessageRow& message, std::uint32_t to, const Blame& blame);

/// Ten minutes of ten devices, two relay nodes, a shop and its customers: everything that metrics
/// count, drawn from `seed`, with a fault from 4 to 5 min.
Script random_run(std::uint64_t seed);
inline constexpr Time random_run_end{600'000'000'000};

}  // namespace driftstorm::hand_made
