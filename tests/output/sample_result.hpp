#pragma once

#include "sim/core/fields.hpp"
#include "sim/core/table.hpp"
#include "sim/output/results_file.hpp"

#include <array>
#include <cstdint>
#include <string>

namespace driftstorm::sample {

enum class Cause : std::uint8_t { user, link_queue, server_backlog };
enum class Outcome : std::uint8_t { pending, visible, lost };

}  // namespace driftstorm::sample

template <>
inline constexpr std::array<std::string_view, 3> driftstorm::enum_words<driftstorm::sample::Cause>{
    "user", "link_queue", "server_backlog"};
template <>
inline constexpr std::array<std::string_view, 3>
    driftstorm::enum_words<driftstorm::sample::Outcome>{"pending", "visible", "lost"};

namespace driftstorm::sample {

struct MessageRow {
    EntityId sender{};
    EntityId conversation = no_entity;
    std::uint32_t count = 0;
    std::uint32_t size = 0;
    Time t_composed{};
    Reading local_composed{};

    static constexpr std::string_view table = "messages";
    static constexpr std::string_view component = "messages";
    static constexpr auto fields() {
        return FieldList{
            Field<MessageRow, EntityId>{"sender", &MessageRow::sender, "", "device that sent it"},
            Field<MessageRow, EntityId>{"conversation", &MessageRow::conversation, "",
                                        "conversation"},
            Field<MessageRow, std::uint32_t>{"count", &MessageRow::count, "",
                                             "sender's own number of it"},
            Field<MessageRow, std::uint32_t>{"size", &MessageRow::size, "B", "size"},
            Field<MessageRow, Time>{"t_composed", &MessageRow::t_composed, "s",
                                    "true time of the press"},
            Field<MessageRow, Reading>{"local_composed", &MessageRow::local_composed, "s",
                                       "what the phone showed"}};
    }
};

struct CopyRow {
    EntityId message_sender{};
    EntityId device{};
    std::uint32_t message_count = 0;
    std::uint16_t attempts = 0;
    Outcome outcome = Outcome::pending;
    Time t_visible = no_time;
    PerWord<Cause, Duration> blame{};

    static constexpr std::string_view table = "copies";
    static constexpr std::string_view component = "messages";
    static constexpr auto fields() {
        return FieldList{
            Field<CopyRow, EntityId>{"message_sender", &CopyRow::message_sender, "", "sender"},
            Field<CopyRow, std::uint32_t>{"message_count", &CopyRow::message_count, "",
                                          "its count"},
            Field<CopyRow, EntityId>{"device", &CopyRow::device, "", "device that receives it"},
            Field<CopyRow, std::uint16_t>{"attempts", &CopyRow::attempts, "", "attempts"},
            Field<CopyRow, Outcome>{"outcome", &CopyRow::outcome, "", "how it ended"},
            Field<CopyRow, Time>{"t_visible", &CopyRow::t_visible, "s", "when it was shown"},
            Field<CopyRow, PerWord<Cause, Duration>>{"blame", &CopyRow::blame, "s",
                                                     "time in this cause"}};
    }
};

/// Has a column of every kind and, in `peer`, entities of two kinds.
struct HandoverRow {
    EntityId from = no_entity;
    EntityId peer = no_entity;
    double signal = 0;
    Duration interruption{};
    std::int64_t big = 0;
    std::uint64_t identity = 0;
    std::int32_t step = 0;
    std::uint8_t flag = 0;
    Cause cause = Cause::user;

    static constexpr std::string_view table = "events/handover";
    static constexpr std::string_view component = "network";
    static constexpr auto fields() {
        return FieldList{
            Field<HandoverRow, EntityId>{"from", &HandoverRow::from, "", "cell it left"},
            Field<HandoverRow, EntityId>{"peer", &HandoverRow::peer, "", "device or server"},
            Field<HandoverRow, double>{"signal", &HandoverRow::signal, "dBm", "received power"},
            Field<HandoverRow, Duration>{"interruption", &HandoverRow::interruption, "s",
                                         "time without link"},
            Field<HandoverRow, std::int64_t>{"big", &HandoverRow::big, "", "a signed number"},
            Field<HandoverRow, std::uint64_t>{"identity", &HandoverRow::identity, "", "64 bits"},
            Field<HandoverRow, std::int32_t>{"step", &HandoverRow::step, "ppb", "a step"},
            Field<HandoverRow, std::uint8_t>{"flag", &HandoverRow::flag, "%", "a byte"},
            Field<HandoverRow, Cause>{"cause", &HandoverRow::cause, "", "why"}};
    }
};

/// Rows of a made-up run of `steps` steps of 1 s with 3 devices, 2 cells and a server: whoever
/// calls it with equal steps sees equal rows. Every instant brings 4 messages out of their order,
/// copies, handovers, samples.
void feed(TableSink& sink, int steps);

EntityDirectory directory();
ResultsOptions options();
/// The groups a caller hands in when the run is over.
void add_groups(ResultsFile& file);

/// A whole result; returns the name it got.
std::string write(const std::string& path, int steps, ResultStatus status = ResultStatus::complete);

template <Row R>
void give(TableSink& sink, Time at, EntityId self, const R& row) {
    if (!sink.wants(row_type<R>())) return;
    const RowStamp stamp{EventKey::of(at, Phase::protocol, self, 0), self};
    sink.row(row_type<R>(), stamp, reinterpret_cast<const std::byte*>(&row));
}

}  // namespace driftstorm::sample
