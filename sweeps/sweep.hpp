#pragma once

#include "scenarios/complaints.hpp"
#include "scenarios/document.hpp"
#include "scenarios/quantity.hpp"
#include "scenarios/scenario.hpp"
#include "scenarios/selector.hpp"
#include "sim/core/time.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace driftstorm {

/// A value of a parameter in a sweep. Two values are the same when their canonical texts are.
struct ParameterValue {
    std::string text;       ///< as --set takes it: "2.5 min"
    std::string canonical;  ///< in the unit of the parameter's default: "150 s"
    double number = 0;      ///< in that unit, a share as its fraction; NaN: a word
};

/// A parameter that a sweep varies.
struct SweptParameter {
    std::string name;
    std::string unit;    ///< of the default: "s", "%", ""
    bool word = false;   ///< its values are no numbers
    bool whole = false;  ///< a bare whole number by default
    std::optional<Quantity> least, most;
};

/// Values between two ends.
struct ValueRange {
    double least = 0;  ///< in the parameter's unit; a share as its fraction
    double most = 1;
    bool logarithmic = false;
    double step = 0;  ///< values are multiples of it; 0: five significant digits of the range
};

/// One parameter of a design: either values, or a range.
struct Axis {
    std::size_t parameter = 0;  ///< in Sweep::parameters
    std::vector<ParameterValue> values;
    ValueRange range;
};

/// What a boundary separates: points where the mean of a metric meets a limit from the others.
struct BoundaryRule {
    std::string metric;
    Limit is;
};

/// A part of a design; the parts are combined, each point of one with each of the others.
struct DesignPart {
    enum class Kind : std::uint8_t { grid, list, random, latin_hypercube, sobol, morris, refine };
    Kind kind = Kind::grid;
    std::vector<Axis> axes;
    std::size_t samples = 0;  ///< random, latin_hypercube, sobol; trajectories of morris
    bool indices = false;     ///< sobol: rows for Saltelli's estimators of the indices
    std::size_t levels = 4;   ///< morris: of the grid; refine: how often a cell is halved
    std::size_t start = 4;    ///< refine: cells of the first grid, along each axis
    BoundaryRule boundary;    ///< refine
};

/// When a point has been run often enough.
struct Replications {
    std::size_t least = 1;
    std::size_t most = 1;
    std::string metric;     ///< empty: no rule, `most` runs
    double half_width = 0;  ///< in the metric's unit, or a share of the mean's size
    bool relative = true;
    double confidence = 0.95;
};

enum class Seeds : std::uint8_t {
    common,      ///< replication r has the same seed at every point
    independent  ///< every point has its own
};
template <>
inline constexpr std::array<std::string_view, 2> enum_words<Seeds>{"common", "independent"};

enum class KeepRows : std::uint8_t { none, failing, all };
template <>
inline constexpr std::array<std::string_view, 3> enum_words<KeepRows>{"none", "failing", "all"};

/// What a run leaves beside its summary.
struct KeepFiles {
    KeepRows series = KeepRows::none;
    KeepRows events = KeepRows::none;
    bool any() const { return series != KeepRows::none || events != KeepRows::none; }
};

/// One side of a constraint: a sum of terms.
struct LinearTerm {
    double factor = 1;
    std::optional<std::size_t> parameter;  ///< else a number
    double number = 0;                     ///< in the unit of the comparison
};
struct Comparison {
    std::optional<std::size_t> word_of;  ///< a parameter of words is compared with `word`
    std::string word;
    std::vector<LinearTerm> difference;  ///< left minus right
    Limit::Relation relation = Limit::Relation::less;
};
/// Holds when one of the comparisons does.
struct Constraint {
    std::string text;
    std::vector<Comparison> any_of;
};

/// A sweep as read: which scenario, which points, how often, what is kept.
struct Sweep {
    std::string file;  ///< as named
    std::string title;
    std::string scenario_file;    ///< as named in the sweep
    std::string scenario_path;    ///< as seen from where the sweep was named
    std::vector<Assignment> set;  ///< fixed for all points
    std::optional<Duration> until;
    std::vector<SweptParameter> parameters;  ///< in order of the design
    std::vector<DesignPart> design;
    std::vector<Constraint> where;
    Replications replications;
    std::optional<std::size_t> budget;  ///< runs at most
    Seeds seeds = Seeds::common;
    std::uint64_t seed = 0;  ///< of replication 0; the scenario's
    KeepFiles keep;
    std::vector<std::string> metrics;  ///< patterns with *; what summaries hold
    std::string show;                  ///< metric that maps and tables show first; may be empty
    std::shared_ptr<const Scenario> scenario;  ///< at its defaults and `set`
};

/// Whether a pattern, of which each * stands for any text, matches.
bool matches_pattern(std::string_view pattern, std::string_view text);

/// A number of a parameter's unit as a value, the text exact.
ParameterValue value_of(const SweptParameter& parameter, double number);

}  // namespace driftstorm
