#pragma once

#include "recordings/ladder.hpp"
#include "recordings/side.hpp"
#include "recordings/trace.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace driftstorm {

/// A value of the scenario that is another one on the other side; "" where it is not there.
struct ValueDifference {
    std::string path;
    std::string left, right;
    std::string left_origin, right_origin;
    int relevance = 0;  ///< how much it has to do with where the runs part
};

struct MetricDifference {
    std::string path;
    std::string unit;
    double left = 0, right = 0;
    double relative = 0;  ///< |right - left| over the larger of both; 1 where only one is defined
};
/// "12.5 %", "3 s"; "undefined" where there is no value.
std::string metric_text(double value, const std::string& unit);

struct ModelDifference {
    std::string name;
    int left = 0, right = 0;
};

/// In what the first records that differ do differ.
enum class DivergenceKind : std::uint8_t {
    time,       ///< the same sending arrives at another time
    message,    ///< ... as another message
    entity,     ///< ... at another entity
    payload,    ///< ... with other contents
    order,      ///< the same events in another order
    only_left,  ///< an event that the other side has not
    only_right,
    row  ///< the same event records something else
};
std::string_view word(DivergenceKind kind);

/// The first event at which two runs part, and what led to it.
struct Divergence {
    DivergenceKind kind = DivergenceKind::time;
    std::string component;  ///< of the ladder, in which it counts
    Time at{};
    std::optional<TraceEvent> left, right;
    std::vector<std::string> details;  ///< "service_time: 0.01 s -> 0.0101 s"
    /// Whose handler did something else on either side: the last event common to both, or for a row
    /// the event itself.
    std::optional<TraceCause> left_cause, right_cause;
    std::vector<TraceCause> left_chain, right_chain;  ///< up to the last common parent
    /// The first draw that the handlers made at other coordinates; nullopt on the side that made
    /// none.
    std::optional<std::pair<std::optional<TraceDraw>, std::optional<TraceDraw>>> draw;
    std::size_t draws_alike = 0;  ///< that both handlers made, before the one that differs
    std::vector<TraceEvent> before, left_after, right_after;  ///< the timelines around it
};

struct DifferenceReport {
    const RunSide* left = nullptr;
    const RunSide* right = nullptr;
    std::vector<ValueDifference> values;  ///< most relevant first
    std::vector<ModelDifference> models;
    std::vector<MetricDifference> metrics;  ///< largest relative error first
    std::optional<LadderDifference> first;  ///< from the ladders alone
    std::size_t windows = 0;                ///< that both ladders have
    std::optional<Divergence> divergence;
    std::string note;  ///< why there is no divergence, or what it cannot say; empty: nothing
};

/// What differs as far as the two sides' records tell; they must outlive the report.
DifferenceReport compare_records(const RunSide& left, const RunSide& right);

/// Follows both traces to the first event at which they part; nullopt when they do not.
std::optional<Divergence> first_divergence(TraceSource& left, TraceSource& right);

/// Puts the values that have to do with a divergence first.
void rank_values(std::vector<ValueDifference>& values, const Divergence& divergence);

/// Why they part, as far as the traces tell: handler, draw, scenario line or model. The report has
/// a divergence.
std::string explanation_of(const DifferenceReport& report);

std::string render_text(const DifferenceReport& report);
std::string render_json(const DifferenceReport& report);
/// One page that needs no network, with both timelines.
std::string render_page(const DifferenceReport& report);

}  // namespace driftstorm
