#include "analysis/stability/total_deviations.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace driftstorm::stability {

Estimate total(std::span<const double> x, std::size_t m) {
    const std::size_t last = x.size() - 1;
    MeanSquare mean;
    for (std::size_t i = 1; i < last; ++i) {
        const double before = i >= m ? x[i - m] : 2 * x[0] - x[m - i];
        const double after = i + m <= last ? x[i + m] : 2 * x[last] - x[2 * last - i - m];
        mean.add(before - 2 * x[i] + after);
    }
    return {std::sqrt(mean.value() / 2) / static_cast<double>(m), mean.count()};
}

namespace {

/// Slope per point between the mean of the first half of a stretch and that of its second half; the
/// middle point of an odd number is in neither.
double half_average_slope(std::span<const double> x) {
    const std::size_t half = x.size() / 2;
    Sum first;
    Sum second;
    for (std::size_t i = 0; i < half; ++i) {
        first.add(x[i]);
        second.add(x[x.size() - half + i]);
    }
    const auto between = static_cast<double>(x.size() - half);
    return (second.value() - first.value()) / (static_cast<double>(half) * between);
}

}  // namespace

Estimate modified_total(std::span<const double> x, std::size_t m) {
    const std::size_t length = 3 * m;
    const auto points = static_cast<double>(m);
    std::vector<double> sums(3 * length + 1);  // of the extended stretch, from its begin
    Sum whole;
    std::uint64_t stretches = 0;
    for (std::size_t begin = 0; begin + length <= x.size(); ++begin, ++stretches) {
        const std::span<const double> stretch = x.subspan(begin, length);
        const double slope = half_average_slope(stretch);
        const auto level = [&](std::size_t i) {
            return stretch[i] - stretch[0] - slope * static_cast<double>(i);
        };
        Sum sum;
        for (std::size_t i = 0; i < 3 * length; ++i) {
            const std::size_t third = i / length;
            const std::size_t at = i % length;
            sum.add(level(third == 1 ? at : length - 1 - at));
            sums[i + 1] = sum.value();
        }
        MeanSquare mean;
        for (std::size_t i = 0; i < 2 * length; ++i)
            mean.add((sums[i + 3 * m] - 3 * sums[i + 2 * m] + 3 * sums[i + m] - sums[i]) / points);
        whole.add(mean.value());
    }
    return {std::sqrt(whole.value() / static_cast<double>(stretches) / 2) / points, stretches};
}

Estimate theo1(std::span<const double> x, std::size_t m) {
    const std::size_t half = m / 2;
    Sum whole;
    for (std::size_t i = 0; i + m < x.size(); ++i) {
        for (std::size_t d = 0; d < half; ++d) {
            const double difference = (x[i] - x[i + half - d]) + (x[i + m] - x[i + half + d]);
            whole.add(difference * difference / static_cast<double>(half - d));
        }
    }
    const std::size_t starts = x.size() - m;
    return {
        std::sqrt(whole.value() / (0.75 * static_cast<double>(starts))) / static_cast<double>(m),
        static_cast<std::uint64_t>(starts) * half};
}

double theo1_to_avar(std::span<const double> x) {
    const std::size_t last =
        std::min(x.size() / 6 - 3, ((x.size() - 1) / 2 - 9) / 3);  // the Avar must be defined
    Sum sum;
    for (std::size_t n = 0; n <= last; ++n) {
        const double avar = estimate(Statistic::oadev, x, 1, 9 + 3 * n).value;
        const double theo = theo1(x, 12 + 4 * n).value;
        sum.add(avar * avar / (theo * theo));
    }
    return sum.value() / static_cast<double>(last + 1);
}

}  // namespace driftstorm::stability
