#include "models/timesync/chrony_regression.hpp"

#include "models/timesync/number_pair.hpp"
#include "sim/core/expect.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

namespace driftstorm {

namespace {

/// Residuals tested for runs: at most this many times the points fitted.
constexpr int runs_test_span = 2;

/// Weighted sums of points; x is measured from its weighted mean.
struct WeightedSums {
    double weight = 0;
    double centre = 0;
    double moment = 0;  ///< of x about the centre
    double slope = 0;
    double intercept = 0;
};

WeightedSums weighted_sums(std::span<const double> x, std::span<const double> y,
                           std::span<const double> weight) {
    WeightedSums sums;
    double sum_x = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
        sums.weight += weight[i];
        sum_x += x[i] * weight[i];
    }
    sums.centre = sum_x / sums.weight;
    double sum_y = 0;
    double product = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
        const double from_centre = x[i] - sums.centre;
        const double weighted = from_centre * weight[i];
        sum_y += y[i] * weight[i];
        product += weighted * y[i];
        sums.moment += weighted * from_centre;
    }
    sums.slope = product / sums.moment;
    sums.intercept = sum_y / sums.weight - sums.slope * sums.centre;
    return sums;
}

void subtract_line(std::span<const double> x, std::span<const double> y, const WeightedSums& line,
                   std::span<double> residuals) {
    const std::size_t n = x.size();
    std::size_t i = 0;
    for (; i + 1 < n; i += 2) {
        store(&residuals[i], load(&y[i]) - both(line.intercept) - both(line.slope) * load(&x[i]));
    }
    if (i < n) {
        residuals[i] = y[i] - line.intercept - line.slope * x[i];
    }
}

RecentLine line_of(const WeightedSums& sums, std::span<const double> residuals,
                   std::span<const double> weight) {
    RecentLine line;
    line.intercept = sums.intercept;
    line.slope = sums.slope;
    line.degrees_of_freedom = static_cast<int>(residuals.size()) - 2;
    double squares = 0;
    for (std::size_t i = 0; i < residuals.size(); ++i) {
        squares += residuals[i] * residuals[i] * weight[i];
    }
    const double unit = squares / line.degrees_of_freedom;  // variance at weight 1
    line.variance = unit * static_cast<double>(residuals.size()) / sums.weight;
    line.slope_sd = std::sqrt(unit / sums.moment);
    const double lever = sums.centre * line.slope_sd;
    line.intercept_sd = std::sqrt(unit / sums.weight + lever * lever);
    return line;
}

}  // namespace

std::optional<RecentLine> fit_recent_line(std::span<const double> x, std::span<const double> y,
                                          std::span<const double> weight, int older, int least) {
    const int n = static_cast<int>(weight.size());
    DRIFTSTORM_EXPECT(older >= 0 && x.size() == y.size());
    DRIFTSTORM_EXPECT(static_cast<int>(x.size()) == older + n &&
                      x.size() <= most_regression_points);
    if (n < least_regression_points) {
        return std::nullopt;
    }
    std::array<double, most_regression_points> of;  // residuals, as far as they are wanted
    const std::span<double> residuals(of.data(), x.size());
    for (int first = 0;; ++first) {
        const auto used = static_cast<std::size_t>(n - first);
        const WeightedSums sums = weighted_sums(x.last(used), y.last(used), weight.last(used));
        const auto tested =
            static_cast<std::size_t>(std::min(runs_test_span * (n - first), older + n));
        subtract_line(x.last(tested), y.last(tested), sums, residuals.last(tested));
        if (n - first <= std::max(least, least_regression_points) ||
            count_runs(residuals.last(tested)) > critical_runs(static_cast<int>(tested))) {
            RecentLine line = line_of(sums, residuals.last(used), weight.last(used));
            line.first = first;
            return line;
        }
    }
}

int count_runs(std::span<const double> residuals) {
    const double* const r = residuals.data();
    const std::size_t n = residuals.size();
    const Pair zero = both(0.0);
    PairOfIntegers same{0, 0};  // no branch: signs are noise, which no processor can predict
    std::size_t i = 1;
    for (; i + 3 < n; i += 4) {
        same += load(r + i - 1) * load(r + i) > zero;
        same += load(r + i + 1) * load(r + i + 2) > zero;
    }
    int runs = static_cast<int>(i) + static_cast<int>(same[0] + same[1]);
    for (; i < n; ++i) {
        runs += r[i - 1] * r[i] > 0 ? 0 : 1;
    }
    return runs;
}

int critical_runs(int n) {
    if (n < 8) {
        return 0;
    }
    // Half of n changes of sign, less 1.6 standard deviations, sqrt(n) / 2 each; the fitted line
    // takes two degrees of freedom, so that residuals change sign a little more often than a coin.
    return static_cast<int>(std::floor(0.6766 + 0.5 * n - 0.798 * std::sqrt(n - 3.25)));
}

std::optional<double> second_slope(std::span<const double> x1, std::span<const double> x2,
                                   std::span<const double> y) {
    DRIFTSTORM_EXPECT(x1.size() == x2.size() && x1.size() == y.size());
    if (y.size() < 4) {
        return std::nullopt;
    }
    const auto n = static_cast<double>(y.size());
    Pair sum_x{0, 0}, sum_xx{0, 0}, sum_xy{0, 0}, sum_mixed{0, 0};
    for (std::size_t i = 0; i < y.size(); ++i) {
        const Pair x{x1[i], x2[i]};
        sum_x += x;
        sum_xx += x * x;
        sum_xy += x * both(y[i]);
        sum_mixed += Pair{y[i], x1[i] * x2[i]};
    }
    const double s1 = sum_x[0], s2 = sum_x[1], s11 = sum_xx[0], s22 = sum_xx[1];
    const double s1y = sum_xy[0], s2y = sum_xy[1], sy = sum_mixed[0], s12 = sum_mixed[1];
    // Cramer's rule on the normal equations; a determinant that is what rounding leaves of its
    // terms has no meaning.
    const double determinant =
        n * (s11 * s22 - s12 * s12) - s1 * s1 * s22 - s2 * s2 * s11 + 2.0 * s1 * s2 * s12;
    const double terms =
        n * (s11 * s22 - s12 * s12) + s1 * s1 * s22 + s2 * s2 * s11 + std::abs(2.0 * s1 * s2 * s12);
    if (std::abs(determinant) * 1e10 <= terms) {
        return std::nullopt;
    }
    const double numerator =
        n * (s11 * s2y - s12 * s1y) - s1 * s1 * s2y + s1 * s2 * s1y + sy * (s1 * s12 - s2 * s11);
    return numerator / determinant;
}

double student_t_9995(int degrees_of_freedom) {
    constexpr std::array<double, 40> quantile{
        636.6, 31.60, 12.92, 8.610, 6.869, 5.959, 5.408, 5.041, 4.781, 4.587,
        4.437, 4.318, 4.221, 4.140, 4.073, 4.015, 3.965, 3.922, 3.883, 3.850,
        3.819, 3.792, 3.768, 3.745, 3.725, 3.707, 3.690, 3.674, 3.659, 3.646,
        3.633, 3.622, 3.611, 3.601, 3.591, 3.582, 3.574, 3.566, 3.558, 3.551};
    DRIFTSTORM_EXPECT(degrees_of_freedom >= 1);
    const auto index = static_cast<std::size_t>(degrees_of_freedom - 1);
    return index < quantile.size() ? quantile[index] : 3.5;
}

}  // namespace driftstorm
