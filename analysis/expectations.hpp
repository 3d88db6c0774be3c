#pragma once

#include "analysis/metric_window.hpp"
#include "analysis/metrics.hpp"
#include "sim/core/time.hpp"
#include "sim/output/memory_group.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace driftstorm {

/// An assertion about a run, as judged here. Values are in the unit of the metric (unit_of):
/// seconds, fractions, counts.
struct ExpectationSpec {
    enum class Relation : std::uint8_t { equal, not_equal, less, at_most, greater, at_least };
    std::string name;
    std::string metric;                  ///< path
    std::optional<MetricWindow> during;  ///< must be among MetricsOptions::windows
    Relation relation = Relation::equal;
    double value = 0.0;
    std::string other_metric;  ///< compares with this metric (theory.recovery) instead of `value`
    /// With `equal`; with both, the wider one counts.
    std::optional<double> relative_tolerance;  ///< share of the value
    std::optional<double> absolute_tolerance;
    bool warning = false;    ///< severity: a failure changes no exit code
    bool always = false;     ///< judged also under changed parameters
    std::string limit_text;  ///< as written: ">= 6"
    std::int64_t line = 0;   ///< in the scenario
};

/// What is known of a metric: its value, or bounds, where the run ended before it was reached.
struct Observed {
    double low;
    double high;

    Observed(double value) : low(value), high(value) {}
    Observed(double at_least, double at_most) : low(at_least), high(at_most) {}
    bool known() const { return low == high; }
};

enum class CheckStatus : std::uint8_t { passed, failed, inconclusive, not_applicable };

struct CheckResult {
    std::string name;
    std::string metric;
    CheckStatus status = CheckStatus::inconclusive;
    std::optional<double> observed;    ///< mean over replications, if more than one
    std::optional<double> at_least;    ///< where `observed` is infinite because the run ended
    std::optional<double> half_width;  ///< of the 95 % interval, with replications
    std::string unit;
    std::string limit;  ///< as written, with the value of the other metric
    std::optional<Time> first_violation;
    std::int64_t line = 0;
    bool warning = false;
    std::string why;  ///< for inconclusive and not_applicable
};

/// Judges each expectation on one run. `end` is what was reached: a window beyond it is
/// inconclusive.
/// @param parameters_changed  by --set: only those with `always` are judged
std::vector<CheckResult> judge(const std::vector<ExpectationSpec>& expectations,
                               const Metrics& metrics, bool parameters_changed);

/// Judges over replications: observed[r][e] is the value of expectation e in replication r
/// (other[r][e]: of the metric it compares with; empty: none does). Passes when the 95 % interval
/// of the mean (Student's t) lies within the limit, fails when it lies outside, else is
/// inconclusive; so is one whose metric was undefined in a replication, and every one when the runs
/// end within their warm-up.
std::vector<CheckResult> judge_replications(
    const std::vector<ExpectationSpec>& expectations,
    const std::vector<std::vector<std::optional<Observed>>>& observed,
    const std::vector<std::vector<std::optional<double>>>& other, Time end, Time warmup,
    bool parameters_changed);

/// What judge_replications needs of one run: values of the expectations' metrics, and of those they
/// compare with.
std::vector<std::optional<Observed>> observed_values(
    const std::vector<ExpectationSpec>& expectations, const Metrics& metrics);
std::vector<std::optional<double>> other_values(const std::vector<ExpectationSpec>& expectations,
                                                const Metrics& metrics);

/// Windows that Metrics must be told of.
std::vector<MetricWindow> windows_of(const std::vector<ExpectationSpec>& expectations);

/// 0, 1 (a judged failure, not a warning) or 4 (inconclusive, not a warning); 1 before 4.
int exit_code(const std::vector<CheckResult>& checks);

/// Two-sided 95 % quantile of Student's t.
double student_t95(std::size_t degrees_of_freedom);

std::string_view word(CheckStatus status);
MemoryGroup checks_group(const std::vector<CheckResult>& checks);

}  // namespace driftstorm
