#include "analysis/expectations.hpp"

#include "analysis/human_text.hpp"
#include "analysis/metric_paths.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <string_view>

namespace driftstorm {

namespace {

using Relation = ExpectationSpec::Relation;

/// The values that meet an equality.
Observed accepted(const ExpectationSpec& expectation, double value) {
    if (std::isinf(value)) return value;  // infinity is met by infinity only
    const double margin = std::max(expectation.relative_tolerance.value_or(0.0) * std::abs(value),
                                   expectation.absolute_tolerance.value_or(0.0));
    return {value - margin, value + margin};
}

/// Passed: every value of the interval meets the limit; failed: none does.
CheckStatus compare(const ExpectationSpec& expectation, Observed seen, double value) {
    const auto all_or_none = [](bool all, bool none) {
        if (all) return CheckStatus::passed;
        return none ? CheckStatus::failed : CheckStatus::inconclusive;
    };
    const Observed wanted = accepted(expectation, value);
    // What has not come by the end of a run agrees with what never comes.
    if (std::isinf(value) && seen.high == value) seen = value;
    switch (expectation.relation) {
        case Relation::equal:
            return all_or_none(seen.low >= wanted.low && seen.high <= wanted.high,
                               seen.high < wanted.low || seen.low > wanted.high);
        case Relation::not_equal:
            return all_or_none(seen.high < wanted.low || seen.low > wanted.high,
                               seen.low >= wanted.low && seen.high <= wanted.high);
        case Relation::less:
            return all_or_none(seen.high < value, seen.low >= value);
        case Relation::at_most:
            return all_or_none(seen.high <= value, seen.low > value);
        case Relation::greater:
            return all_or_none(seen.low > value, seen.high <= value);
        case Relation::at_least:
            return all_or_none(seen.low >= value, seen.high < value);
    }
    return CheckStatus::inconclusive;
}

constexpr const char* within_warmup = "the run ends within its warm-up";
constexpr const char* ends_before = "the run ends before it can be told";

void note(Observed seen, CheckResult& result) {
    result.observed = seen.high;
    if (!seen.known()) result.at_least = seen.low;
}

CheckResult begin(const ExpectationSpec& expectation) {
    CheckResult result;
    result.name = expectation.name;
    result.metric = expectation.metric;
    result.unit = unit_of(expectation.metric).value_or("");
    result.limit = expectation.limit_text;
    result.line = expectation.line;
    result.warning = expectation.warning;
    return result;
}

/// Whether there is something to judge; says why not.
bool judged(const ExpectationSpec& expectation, Time end, bool parameters_changed,
            CheckResult& result) {
    if (parameters_changed && !expectation.always) {
        result.status = CheckStatus::not_applicable;
        result.why = "parameters were changed";
        return false;
    }
    if (expectation.during && expectation.during->to > end) {
        result.status = CheckStatus::inconclusive;
        result.why = "its window ends after the run";
        return false;
    }
    return true;
}

std::optional<MetricWindow> window_for(const ExpectationSpec& expectation) {
    return expectation.during;
}

/// Where an upper limit was first overstepped.
std::optional<Time> violated_at(const ExpectationSpec& expectation, const Metrics& metrics,
                                double value) {
    const auto window = window_for(expectation);
    switch (expectation.relation) {
        case Relation::less:
            return metrics.first_at(expectation.metric, value, false, window);
        case Relation::at_most:
            return metrics.first_at(expectation.metric, value, true, window);
        case Relation::equal:
            return metrics.first_at(expectation.metric, accepted(expectation, value).high, true,
                                    window);
        default:
            return std::nullopt;
    }
}

std::string with_value(const ExpectationSpec& expectation, double value, const std::string& unit) {
    if (expectation.other_metric.empty()) return expectation.limit_text;
    return expectation.limit_text + " (" + human(value, unit) + ")";
}

}  // namespace

std::vector<CheckResult> judge(const std::vector<ExpectationSpec>& expectations,
                               const Metrics& metrics, bool parameters_changed) {
    std::vector<CheckResult> results;
    const std::vector<std::optional<Observed>> observed = observed_values(expectations, metrics);
    const std::vector<std::optional<double>> other = other_values(expectations, metrics);
    for (std::size_t i = 0; i < expectations.size(); ++i) {
        const ExpectationSpec& expectation = expectations[i];
        CheckResult& result = results.emplace_back(begin(expectation));
        if (!judged(expectation, metrics.end(), parameters_changed, result)) continue;
        if (observed[i]) note(*observed[i], result);
        if (metrics.end() <= metrics.warmup()) {
            result.why = within_warmup;
        } else if (!observed[i]) {
            result.why = "the metric is undefined in this run";
        } else if (!expectation.other_metric.empty() && !other[i]) {
            result.why = expectation.other_metric + " is undefined in this run";
        } else {
            const double value = other[i].value_or(expectation.value);
            result.limit = with_value(expectation, value, result.unit);
            result.status = compare(expectation, *observed[i], value);
            if (result.status == CheckStatus::inconclusive) result.why = ends_before;
            if (result.status == CheckStatus::failed)
                result.first_violation = violated_at(expectation, metrics, value);
        }
    }
    return results;
}

std::vector<CheckResult> judge_replications(
    const std::vector<ExpectationSpec>& expectations,
    const std::vector<std::vector<std::optional<Observed>>>& observed,
    const std::vector<std::vector<std::optional<double>>>& other, Time end, Time warmup,
    bool parameters_changed) {
    std::vector<CheckResult> results;
    for (std::size_t i = 0; i < expectations.size(); ++i) {
        const ExpectationSpec& expectation = expectations[i];
        CheckResult& result = results.emplace_back(begin(expectation));
        if (!judged(expectation, end, parameters_changed, result)) continue;
        if (end <= warmup) {
            result.why = within_warmup;
            continue;
        }
        const bool against = !expectation.other_metric.empty();
        bool defined = !observed.empty();
        std::size_t infinite = 0;
        double value = expectation.value;
        double value_sum = 0;
        std::vector<double> seen;
        for (std::size_t r = 0; r < observed.size(); ++r) {
            if (!observed[r][i] || (against && !other[r][i])) {
                defined = false;
                break;
            }
            seen.push_back(observed[r][i]->low);
            if (std::isinf(observed[r][i]->high)) ++infinite;
            if (against) value_sum += *other[r][i];
        }
        if (!defined) {
            result.why = "a metric is undefined in a replication";
            continue;
        }
        const auto count = static_cast<double>(seen.size());
        if (against) value = value_sum / count;
        result.limit = with_value(expectation, value, result.unit);
        if (infinite != 0 && infinite != seen.size()) {
            result.why = "infinite in some replications";
            continue;
        }
        if (infinite != 0) {
            const Observed all{*std::min_element(seen.begin(), seen.end()),
                               observed.front()[i]->high};
            note(all, result);
            result.status = compare(expectation, all, value);
            if (result.status == CheckStatus::inconclusive) result.why = ends_before;
            continue;
        }
        double mean = 0;
        for (const double one : seen) mean += one / count;
        double squares = 0;
        for (const double one : seen) squares += (one - mean) * (one - mean);
        result.observed = mean;
        if (seen.size() < 2) {
            result.status = compare(expectation, mean, value);
            continue;
        }
        const double error = std::sqrt(squares / (count - 1) / count);
        const double half = student_t95(seen.size() - 1) * error;
        result.half_width = half;
        // All the same: the mean's last bit is not to decide.
        const bool same = squares == 0 || std::all_of(seen.begin(), seen.end(), [&](double one) {
                              return one == seen.front();
                          });
        result.status = same ? compare(expectation, seen.front(), value)
                             : compare(expectation, {mean - half, mean + half}, value);
        if (result.status == CheckStatus::inconclusive)
            result.why = "the 95 % interval reaches across the limit";
    }
    return results;
}

std::vector<std::optional<Observed>> observed_values(
    const std::vector<ExpectationSpec>& expectations, const Metrics& metrics) {
    std::vector<std::optional<Observed>> values;
    values.reserve(expectations.size());
    for (const ExpectationSpec& expectation : expectations) {
        const std::optional<double> value =
            metrics.value(expectation.metric, window_for(expectation));
        if (!value)
            values.emplace_back();
        else if (const auto looked_for = metrics.not_until(expectation.metric))
            values.emplace_back(Observed{*looked_for, *value});
        else
            values.emplace_back(*value);
    }
    return values;
}

std::vector<std::optional<double>> other_values(const std::vector<ExpectationSpec>& expectations,
                                                const Metrics& metrics) {
    std::vector<std::optional<double>> values;
    values.reserve(expectations.size());
    for (const ExpectationSpec& expectation : expectations)
        values.push_back(expectation.other_metric.empty()
                             ? std::nullopt
                             : metrics.value(expectation.other_metric, window_for(expectation)));
    return values;
}

std::vector<MetricWindow> windows_of(const std::vector<ExpectationSpec>& expectations) {
    std::vector<MetricWindow> windows;
    for (const ExpectationSpec& expectation : expectations)
        if (expectation.during) windows.push_back(*expectation.during);
    std::sort(windows.begin(), windows.end());
    windows.erase(std::unique(windows.begin(), windows.end()), windows.end());
    return windows;
}

int exit_code(const std::vector<CheckResult>& checks) {
    int code = 0;
    for (const CheckResult& check : checks) {
        if (check.warning) continue;
        if (check.status == CheckStatus::failed) return 1;
        if (check.status == CheckStatus::inconclusive) code = 4;
    }
    return code;
}

/// Source of the expansion: Abramowitz and Stegun (1964), 26.7.5; error below 1e-4 from 11 degrees
/// of freedom on.
double student_t95(std::size_t degrees_of_freedom) {
    constexpr std::array<double, 11> exact{std::numeric_limits<double>::infinity(),
                                           12.70620474,
                                           4.30265273,
                                           3.18244631,
                                           2.77644511,
                                           2.57058184,
                                           2.44691185,
                                           2.36462425,
                                           2.30600414,
                                           2.26215716,
                                           2.22813885};
    if (degrees_of_freedom < exact.size()) return exact[degrees_of_freedom];
    const double n = static_cast<double>(degrees_of_freedom);
    const double z = 1.959963984540054;
    const double z3 = z * z * z;
    const double z5 = z3 * z * z;
    const double z7 = z5 * z * z;
    return z + (z3 + z) / (4 * n) + (5 * z5 + 16 * z3 + 3 * z) / (96 * n * n) +
           (3 * z7 + 19 * z5 + 17 * z3 - 15 * z) / (384 * n * n * n);
}

std::string_view word(CheckStatus status) {
    switch (status) {
        case CheckStatus::passed:
            return "passed";
        case CheckStatus::failed:
            return "failed";
        case CheckStatus::inconclusive:
            return "inconclusive";
        case CheckStatus::not_applicable:
            break;
    }
    return "not_applicable";
}

MemoryGroup checks_group(const std::vector<CheckResult>& checks) {
    std::vector<std::int64_t> number, violation, line;
    std::vector<std::string> name, metric, unit, limit, why;
    std::vector<std::uint8_t> status, warning;
    std::vector<double> observed, half_width;
    const double missing = std::numeric_limits<double>::quiet_NaN();
    for (const CheckResult& check : checks) {
        number.push_back(static_cast<std::int64_t>(number.size()));
        name.push_back(check.name);
        metric.push_back(check.metric);
        status.push_back(static_cast<std::uint8_t>(check.status));
        observed.push_back(check.observed.value_or(missing));
        half_width.push_back(check.half_width.value_or(missing));
        unit.push_back(check.unit);
        limit.push_back(check.limit);
        violation.push_back(check.first_violation.value_or(no_time).ns);
        line.push_back(check.line);
        warning.push_back(check.warning ? 1 : 0);
        why.push_back(check.why);
    }
    return {.path = "/checks",
            .dimensions = {{"check", "1", "number of the expectation", number}},
            .columns = {{"name", "", "of the expectation", name},
                        {"metric", "", "what is judged", metric},
                        {"status",
                         "1",
                         "verdict",
                         status,
                         false,
                         {"passed", "failed", "inconclusive", "not_applicable"}},
                        {"observed", "1", "in the metric's unit, shares as fractions", observed},
                        {"half_width", "1", "of the 95 % interval, with replications", half_width},
                        {"unit", "", "of the metric", unit},
                        {"limit", "", "what it must be", limit},
                        {"first_violation", "", "instant, where it is known", violation, true},
                        {"scenario_line", "1", "of the expectation", line},
                        {"warning", "1", "1: a failure changes no exit code", warning},
                        {"why", "", "why it was not judged", why}}};
}

}  // namespace driftstorm
