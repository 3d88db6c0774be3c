#include "recordings/joint_test.hpp"

#include "sim/core/random.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <stdexcept>

namespace driftstorm {

namespace {

constexpr std::size_t exact_seeds = 14;  ///< up to here all choices of signs are tried
constexpr std::uint64_t choices_drawn = std::uint64_t{1} << 14;
constexpr double as_far_as_can_be = 1e300;  ///< stands for a difference without bounds

/// How far one metric moved beyond its tolerance to one side, seed by seed.
struct Excess {
    std::size_t metric = 0;
    bool presence = false;  ///< whether there is a value at all, not which
    std::vector<double> values;
};

double sum_of(std::span<const double> values) {
    double sum = 0;
    for (const double value : values) sum += value;
    return sum;
}

/// In units of its root of squares, so that sums under any signs compare with other metrics'.
void normalise(std::vector<double>& values) {
    double largest = 0;
    for (const double value : values) largest = std::max(largest, std::abs(value));
    if (largest == 0) return;
    double squares = 0;
    for (double& value : values) {
        value /= largest;
        squares += value * value;
    }
    for (double& value : values) value /= std::sqrt(squares);
}

/// Rows by seed, columns as given: sums over seeds run along rows.
class Matrix {
  public:
    explicit Matrix(const std::vector<Excess>& columns)
        : rows_(columns.front().values.size()),
          width_(columns.size()),
          values_(rows_ * columns.size()) {
        for (std::size_t c = 0; c < columns.size(); ++c)
            for (std::size_t r = 0; r < rows_; ++r) values_[r * width_ + c] = columns[c].values[r];
    }
    std::size_t rows() const { return rows_; }
    std::size_t width() const { return width_; }
    void add(std::size_t row, double factor, std::vector<double>& sums) const {
        const double* values = &values_[row * width_];
        for (std::size_t c = 0; c < width_; ++c) sums[c] += factor * values[c];
    }

  private:
    std::size_t rows_;
    std::size_t width_;
    std::vector<double> values_;
};

/// By column: share of the choices under which it, or any column, is as large as observed.
struct Tails {
    std::vector<double> alone;
    std::vector<double> joint;
};

/// @param sums_under  fills in a column's sums under a choice
/// @param exhaustive  the choices are all there are, the observed one among them
template <class SumsUnder>
Tails tails_of(const std::vector<double>& observed, std::uint64_t choices, bool exhaustive,
               SumsUnder&& sums_under) {
    const std::size_t width = observed.size();
    std::vector<double> least = observed;
    for (double& value : least) value -= 1e-9;  // equal sums must count as equal
    const double seen = exhaustive ? 0 : 1;     // the observed one
    Tails tails{std::vector<double>(width, seen), std::vector<double>(width, seen)};
    std::vector<double> sums(width);
    for (std::uint64_t choice = 0; choice < choices; ++choice) {
        std::fill(sums.begin(), sums.end(), 0.0);
        sums_under(choice, sums);
        const double largest = *std::max_element(sums.begin(), sums.end());
        for (std::size_t c = 0; c < width; ++c) {
            tails.alone[c] += sums[c] >= least[c] ? 1 : 0;
            tails.joint[c] += largest >= least[c] ? 1 : 0;
        }
    }
    for (std::vector<double>* tail : {&tails.alone, &tails.joint})
        for (double& share : *tail) share /= static_cast<double>(choices) + seen;
    return tails;
}

Tails tails_under_signs(const Matrix& matrix, const std::vector<double>& observed) {
    const bool all = matrix.rows() <= exact_seeds;
    const std::uint64_t choices = all ? std::uint64_t{1} << matrix.rows() : choices_drawn;
    return tails_of(observed, choices, all, [&](std::uint64_t choice, std::vector<double>& sums) {
        Block block{static_cast<std::uint32_t>(choice), 0, 0, 0};
        for (std::size_t row = 0; row < matrix.rows(); ++row) {
            if (!all && row % 128 == 0) block = draw(1, "recordings.signs", row / 128, choice);
            const bool negative = (block[row % 128 / 32] >> (row % 32) & 1) != 0;
            matrix.add(row, negative ? -1 : 1, sums);
        }
    });
}

/// @param first  how many of the rows were recorded; they come first
Tails tails_under_labels(const Matrix& matrix, std::size_t first,
                         const std::vector<double>& observed) {
    std::vector<std::size_t> order(matrix.rows());
    std::iota(order.begin(), order.end(), std::size_t{0});
    return tails_of(observed, choices_drawn, false,
                    [&](std::uint64_t choice, std::vector<double>& sums) {
                        Block block{};
                        for (std::size_t i = 0; i < first; ++i) {
                            if (i % 4 == 0) block = draw(1, "recordings.labels", i / 4, choice);
                            std::swap(order[i], order[i + block[i % 4] % (order.size() - i)]);
                            matrix.add(order[i], -1, sums);  // columns are centred
                        }
                    });
}

/// Verdicts from columns of excess, of which those with a positive sum moved too far.
void judge(const std::vector<Excess>& columns, const std::vector<double>& observed,
           const Tails& tails, std::vector<SampleComparison>& verdicts) {
    for (std::size_t c = 0; c < columns.size(); ++c) {
        if (observed[c] <= 0) continue;
        SampleComparison& verdict = verdicts[columns[c].metric];
        verdict.p = std::min(verdict.p, tails.joint[c]);
        verdict.alone = std::min(verdict.alone, 2 * tails.alone[c]);
    }
}

std::string moved(std::span<const double> recorded, std::span<const double> now,
                  std::string_view unit) {
    const auto mean = [](std::span<const double> values) {
        double sum = 0;
        double count = 0;
        for (const double value : values)
            if (!std::isnan(value)) {
                sum += value;
                count += 1;
            }
        return sum / count;
    };
    const double was = mean(recorded);
    const double is = mean(now);
    const double scale = unit == "%" ? 100 : 1;
    const std::string behind = (unit.empty() ? "" : " ") + std::string(unit);
    std::string text =
        fmt::format("mean {:.6g}{} -> {:.6g}{}", was * scale, behind, is * scale, behind);
    if (was != 0 && std::isfinite(was) && std::isfinite(is))
        text += fmt::format(" ({:+.3g} %)", 100 * (is - was) / std::abs(was));
    return text;
}

std::size_t defined(std::span<const double> values) {
    return static_cast<std::size_t>(
        std::count_if(values.begin(), values.end(), [](double v) { return !std::isnan(v); }));
}

std::string reason_of(const Excess& column, const MetricValues& metric,
                      std::span<const double> now) {
    if (!column.presence) return moved(metric.recorded, now, metric.unit);
    return fmt::format("defined with {} of {} seeds, was with {}", defined(now), now.size(),
                       defined(metric.recorded));
}

/// Calls changed what is unlikely enough, and says why.
void call(const std::vector<Excess>& columns, const std::vector<double>& observed,
          const Tails& tails, std::span<const MetricValues> metrics, bool pairs, double alpha,
          std::vector<SampleComparison>& verdicts) {
    for (std::size_t c = 0; c < columns.size(); ++c) {
        SampleComparison& verdict = verdicts[columns[c].metric];
        if (verdict.changed || observed[c] <= 0 || tails.joint[c] > alpha) continue;
        const MetricValues& metric = metrics[columns[c].metric];
        verdict.changed = true;
        verdict.reason = reason_of(columns[c], metric, pairs ? metric.now : metric.further);
    }
}

std::vector<double> sums_of(const std::vector<Excess>& columns) {
    std::vector<double> sums;
    sums.reserve(columns.size());
    for (const Excess& column : columns) sums.push_back(sum_of(column.values));
    return sums;
}

/// Where a metric has a value on one side only, +1 where it came, -1 where it went; then how far
/// it moved up, and down, beyond its tolerance. What did not move at all is left out.
void add_pairs(const MetricValues& metric, std::size_t number, std::vector<Excess>& columns) {
    const std::size_t seeds = metric.recorded.size();
    std::vector<double> came(seeds), went(seeds), up(seeds), down(seeds);
    bool presence = false;
    bool values = false;
    for (std::size_t i = 0; i < seeds; ++i) {
        const double a = metric.recorded[i];
        const double b = metric.now[i];
        if (std::isnan(a) || std::isnan(b)) {
            came[i] = (std::isnan(b) ? 0.0 : 1.0) - (std::isnan(a) ? 0.0 : 1.0);
            went[i] = -came[i];
            presence = presence || came[i] != 0;
            continue;
        }
        // Infinite values (a queue that never drains) have no difference: as far as can be.
        double shift = a == b ? 0.0 : b - a;
        values = values || shift != 0;
        if (std::isinf(shift)) shift = shift > 0 ? as_far_as_can_be : -as_far_as_can_be;
        const double allowed = std::isinf(a) ? 0.0 : allowance(metric.tolerance, a);
        up[i] = shift - allowed;
        down[i] = -shift - allowed;
    }
    if (presence) {
        columns.push_back({number, true, std::move(came)});
        columns.push_back({number, true, std::move(went)});
    }
    if (values && metric.tolerance.kind != Tolerance::Kind::ks) {
        columns.push_back({number, false, std::move(up)});
        columns.push_back({number, false, std::move(down)});
    }
}

/// Recorded values, moved by their tolerance towards the further ones, and those, centred; what
/// is undefined stands where it says nothing.
Excess moved_column(const MetricValues& metric, std::size_t number, double side) {
    std::vector<double> values;
    double largest = 1;
    for (const std::span<const double> part : {metric.recorded, metric.further})
        for (const double value : part)
            if (std::isfinite(value)) largest = std::max(largest, std::abs(value));
    const auto add = [&](double value, double allowed) {
        if (std::isinf(value)) value = value > 0 ? 10 * largest : -10 * largest;
        values.push_back(side * value + allowed);
    };
    for (const double value : metric.recorded)
        add(value, std::isfinite(value) ? allowance(metric.tolerance, value) : 0.0);
    for (const double value : metric.further) add(value, 0);
    double sum = 0;
    for (const double value : values) sum += std::isnan(value) ? 0.0 : value;
    const double mean = sum / static_cast<double>(std::max<std::size_t>(1, defined(values)));
    for (double& value : values) value = std::isnan(value) ? 0.0 : value - mean;
    return {number, false, std::move(values)};
}

Excess presence_column(const MetricValues& metric, std::size_t number, double side) {
    const std::size_t all = metric.recorded.size() + metric.further.size();
    const double share = static_cast<double>(defined(metric.recorded) + defined(metric.further)) /
                         static_cast<double>(all);
    Excess column{number, true, {}};
    for (const std::span<const double> part : {metric.recorded, metric.further})
        for (const double value : part)
            column.values.push_back(side * ((std::isnan(value) ? 0.0 : 1.0) - share));
    return column;
}

SampleComparison compare_distributions(const MetricValues& metric) {
    std::vector<double> a;
    std::vector<double> b;
    for (std::size_t i = 0; i < metric.recorded.size(); ++i) {
        if (std::isnan(metric.recorded[i]) || std::isnan(metric.now[i])) continue;
        a.push_back(metric.recorded[i]);
        b.push_back(metric.now[i]);
    }
    SampleComparison comparison;
    if (a == b) return comparison;
    std::sort(a.begin(), a.end());
    std::sort(b.begin(), b.end());
    std::int64_t furthest = 0;
    for (std::size_t i = 0, j = 0; i < a.size() || j < b.size();) {
        const double at = j == b.size() || (i < a.size() && a[i] <= b[j]) ? a[i] : b[j];
        while (i < a.size() && a[i] <= at) ++i;
        while (j < b.size() && b[j] <= at) ++j;
        furthest = std::max(furthest,
                            std::abs(static_cast<std::int64_t>(i) - static_cast<std::int64_t>(j)));
    }
    comparison.p = comparison.alone =
        smirnov_tail(static_cast<std::uint32_t>(a.size()), static_cast<std::uint32_t>(furthest));
    comparison.changed = comparison.p <= metric.tolerance.amount;
    if (comparison.changed)
        comparison.reason =
            fmt::format("another distribution over the seeds: distance {:.2g}",
                        static_cast<double>(furthest) / static_cast<double>(a.size()));
    return comparison;
}

/// Quantile of the normal distribution for an upper tail in (0, 0.5), to some digits.
double normal_upper(double tail) {
    double low = 0;
    double high = 40;
    for (int step = 0; step < 60; ++step) {
        const double middle = (low + high) / 2;
        (std::erfc(middle / std::sqrt(2.0)) / 2 > tail ? low : high) = middle;
    }
    return low;
}

}  // namespace

std::vector<SampleComparison> compare_pairs(std::span<const MetricValues> metrics, double alpha) {
    std::vector<SampleComparison> verdicts(metrics.size());
    std::vector<Excess> columns;
    for (std::size_t m = 0; m < metrics.size(); ++m) {
        if (metrics[m].tolerance.kind == Tolerance::Kind::ks)
            verdicts[m] = compare_distributions(metrics[m]);
        add_pairs(metrics[m], m, columns);
    }
    if (columns.empty()) return verdicts;
    if (columns.front().values.size() < least_seeds) {
        for (const Excess& column : columns) {
            SampleComparison& verdict = verdicts[column.metric];
            const auto beyond = [](double value) { return value > 0; };
            if (verdict.changed || !std::all_of(column.values.begin(), column.values.end(), beyond))
                continue;
            verdict.changed = true;
            verdict.p = verdict.alone =
                std::pow(0.5, static_cast<double>(column.values.size()) - 1);
            verdict.reason = reason_of(column, metrics[column.metric], metrics[column.metric].now);
        }
        return verdicts;
    }
    for (Excess& column : columns) normalise(column.values);
    const std::vector<double> observed = sums_of(columns);
    const Tails tails = tails_under_signs(Matrix(columns), observed);
    judge(columns, observed, tails, verdicts);
    call(columns, observed, tails, metrics, true, alpha, verdicts);
    return verdicts;
}

std::vector<SampleComparison> compare_further(std::span<const MetricValues> metrics, double alpha) {
    std::vector<SampleComparison> verdicts(metrics.size());
    std::vector<Excess> columns;
    const auto varies = [](const Excess& column) {
        return std::any_of(column.values.begin(), column.values.end(),
                           [](double value) { return value != 0; });
    };
    for (std::size_t m = 0; m < metrics.size(); ++m)
        for (const double side : {1.0, -1.0}) {
            if (Excess column = presence_column(metrics[m], m, side); varies(column))
                columns.push_back(std::move(column));
            if (metrics[m].tolerance.kind == Tolerance::Kind::ks) continue;
            if (Excess column = moved_column(metrics[m], m, side); varies(column))
                columns.push_back(std::move(column));
        }
    if (columns.empty()) return verdicts;
    const std::size_t first = metrics.front().recorded.size();
    for (Excess& column : columns) normalise(column.values);
    std::vector<double> observed;
    observed.reserve(columns.size());
    for (const Excess& column : columns)
        observed.push_back(sum_of(std::span(column.values).subspan(first)));
    const Tails tails = tails_under_labels(Matrix(columns), first, observed);
    judge(columns, observed, tails, verdicts);
    call(columns, observed, tails, metrics, false, alpha, verdicts);
    return verdicts;
}

SampleComparison compare_samples(std::span<const double> recorded, std::span<const double> now,
                                 const Tolerance& tolerance, double alpha) {
    if (recorded.empty() || recorded.size() != now.size())
        throw std::invalid_argument(fmt::format("compare_samples: {} recorded values and {} new",
                                                recorded.size(), now.size()));
    const std::array<MetricValues, 1> metric{MetricValues{recorded, now, {}, tolerance}};
    return compare_pairs(metric, alpha).front();
}

double detectable_shift(std::span<const double> recorded, const Tolerance& tolerance,
                        std::size_t further, std::size_t metrics, double alpha) {
    double sum = 0;
    double count = 0;
    for (const double value : recorded)
        if (std::isfinite(value)) {
            sum += value;
            count += 1;
        }
    if (count < 2) return std::numeric_limits<double>::quiet_NaN();
    const double mean = sum / count;
    double squares = 0;
    for (const double value : recorded)
        if (std::isfinite(value)) squares += (value - mean) * (value - mean);
    const double error =
        std::sqrt(squares / (count - 1) * (1 / count + 1 / static_cast<double>(further)));
    const double z = normal_upper(alpha / (2 * static_cast<double>(metrics)));
    const double freedom = count + static_cast<double>(further) - 2;
    const double t = z + (z * z * z + z) / (4 * freedom);  // Student's, to first order
    constexpr double power_quantile = 1.2816;              // of 0.9
    return allowance(tolerance, mean) + (t + power_quantile) * error;
}

double smirnov_tail(std::uint32_t n, std::uint32_t k) {
    if (k == 0) return 1;
    // P(D >= k / n) = 2 sum over j >= 1 of (-1)^(j + 1) C(2n, n - j k) / C(2n, n)
    double tail = 0;
    double sign = 1;
    for (std::uint32_t jump = k; jump <= n; jump += k, sign = -sign) {
        double ratio = 1;  // C(2n, n - jump) / C(2n, n)
        for (std::uint32_t i = 1; i <= jump; ++i)
            ratio *= static_cast<double>(n - jump + i) / static_cast<double>(n + i);
        tail += sign * 2 * ratio;
    }
    return std::min(1.0, tail);
}

}  // namespace driftstorm
