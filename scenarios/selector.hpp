#pragma once

#include "scenarios/complaints.hpp"
#include "scenarios/quantity.hpp"
#include "sim/core/time.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace driftstorm {

/// One step of a selector: a name, then what stands in brackets behind it.
struct SelectorStep {
    enum class Kind : std::uint8_t { name, index, match };
    struct Match {
        std::string attribute, value;
        friend bool operator==(const Match&, const Match&) = default;
    };

    Kind kind = Kind::name;
    std::string name;            ///< kind name: "relays", or "v7.3.1" of "apps[v7.3.1]"
    std::uint64_t index = 0;     ///< kind index: the 1 of "relays[1]"
    std::vector<Match> matches;  ///< kind match: app=v7.3.1
    std::size_t offset = 0;      ///< bytes into the text where the step begins

    friend bool operator==(const SelectorStep&, const SelectorStep&) = default;
};

/// A path to values, entities or metrics: `servers.relays[1]`, `riders[app=v7.3.1]`,
/// `apps[v7.3.1].reconnect.cap`. Names with dots stand in brackets.
struct Selector {
    std::string text;
    std::vector<SelectorStep> steps;
    Position at;
    std::string path;           ///< where in the scenario it stands
    std::uint32_t opening = 0;  ///< bytes from `at` to the text: its quote

    /// Where the text from a step on stands.
    Position place_of(const SelectorStep& step) const;
    /// The names of the leading name steps joined by dots ("servers.relays").
    std::string head() const;
};

struct ParsedSelector {
    std::optional<Selector> selector;
    std::string error;       ///< reads as the end of "'relays[' ..."
    std::size_t offset = 0;  ///< bytes into the text where the error is
};
/// Never throws, on any text.
ParsedSelector parse_selector(std::string_view text);

/// What an expectation demands: ">= 6", "== 0", "41 s +- 15 %", "== theory.recovery +- 10 % or
/// 1 s". Without a relation it is "==". A tolerance in % is relative to the value, any other is
/// absolute; of both, the wider one counts. Beside a share an absolute one is a bare number: 0.001.
struct Limit {
    enum class Relation : std::uint8_t { equal, not_equal, less, at_most, greater, at_least };

    std::string text;
    Relation relation = Relation::equal;
    std::optional<Quantity> value;               ///< either a value
    std::optional<Selector> metric;              ///< or another metric
    std::optional<Quantity> relative_tolerance;  ///< both only with `equal`
    std::optional<Quantity> absolute_tolerance;
    Position at;

    /// The dimension of an absolute tolerance around a value of that one.
    static Dimension width_of(Dimension value) {
        return value == Dimension::share ? Dimension::count : value;
    }
    /// The absolute tolerance, which there is, around a value in the unit `unit`.
    double absolute_width(std::string_view unit) const;
    /// Whether `observed` meets the limit; both in the unit `unit`.
    /// @param metric_value  value of `metric` in that unit, when the limit compares with one
    /// @throws std::invalid_argument when the limit's unit is of another dimension
    bool holds(double observed, std::string_view unit, double metric_value = 0.0) const;
};

struct ParsedLimit {
    std::optional<Limit> limit;
    std::string error;
    std::size_t offset = 0;
};
ParsedLimit parse_limit(std::string_view text);

/// A window of a run, [from, to].
struct Window {
    Duration from, to;
};

/// An instant of the calendar [ns since 1970-01-01T00:00:00Z, POSIX].
struct Timestamp {
    std::int64_t unix_ns = 0;
};

/// `{ weighted: { v7.2.9: rest, v7.3.1: 12 % } }`, or a single name.
struct WeightedChoice {
    struct Option {
        std::string name;
        double share = 0.0;  ///< fraction; all sum to 1
        Position at;
    };
    std::vector<Option> options;
    std::string path;
};

}  // namespace driftstorm
