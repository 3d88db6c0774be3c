#include "analysis/intervals.hpp"

#include "sim/core/exact_math.hpp"
#include "sim/core/tail_probability.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>

namespace driftstorm {

namespace {

/// Continued fraction of the incomplete beta function by Lentz's method; converges fast for
/// x < (a + 1) / (a + b + 2).
double beta_fraction(double a, double b, double x) {
    constexpr double least = 1e-300;
    double c = 1.0;
    double d = 1.0 - (a + b) * x / (a + 1.0);
    d = 1.0 / (std::abs(d) < least ? least : d);
    double fraction = d;
    for (int m = 1; m < 10'000; ++m) {
        const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        double step = 1.0;
        for (const double numerator : {even, odd}) {
            d = 1.0 + numerator * d;
            d = 1.0 / (std::abs(d) < least ? least : d);
            c = 1.0 + numerator / c;
            c = std::abs(c) < least ? least : c;
            step = c * d;
            fraction *= step;
        }
        if (std::abs(step - 1.0) < 1e-15) break;
    }
    return fraction;
}

/// I_x(a, b)
double incomplete_beta(double a, double b, double x) {
    if (x <= 0) return 0;
    if (x >= 1) return 1;
    const double log_front =
        log_gamma(a + b) - log_gamma(a) - log_gamma(b) + a * exact::log(x) + b * exact::log1p(-x);
    const double front = exact::exp(log_front);
    if (x < (a + 1) / (a + b + 2)) return front * beta_fraction(a, b, x) / a;
    return 1.0 - front * beta_fraction(b, a, 1.0 - x) / b;
}

/// P(T > t) for t >= 0
double upper_tail(double t, double n) { return 0.5 * incomplete_beta(n / 2, 0.5, n / (n + t * t)); }

/// Many means share a few quantiles, and each takes thousands of operations.
double known_quantile(double p, double degrees_of_freedom) {
    thread_local std::map<std::pair<double, double>, double> known;
    const auto [found, is_new] = known.emplace(std::pair{p, degrees_of_freedom}, 0.0);
    if (is_new) found->second = student_t_quantile(p, degrees_of_freedom);
    return found->second;
}

bool all_finite(std::span<const double> values) {
    return std::all_of(values.begin(), values.end(), [](double v) { return std::isfinite(v); });
}

double mean_of(std::span<const double> values) {
    double sum = 0;
    for (const double value : values) sum += value;
    return sum / static_cast<double>(values.size());
}

double variance_of(std::span<const double> values, double mean) {
    double squares = 0;
    for (const double value : values) squares += (value - mean) * (value - mean);
    return squares / static_cast<double>(values.size() - 1);
}

}  // namespace

double student_t_quantile(double p, double degrees_of_freedom) {
    if (!(p > 0 && p < 1))
        throw std::invalid_argument("p must be in (0, 1), got " + std::to_string(p));
    if (!(degrees_of_freedom >= 1))
        throw std::invalid_argument("degrees_of_freedom must be at least 1, got " +
                                    std::to_string(degrees_of_freedom));
    if (p == 0.5) return 0;
    if (p < 0.5) return -student_t_quantile(1.0 - p, degrees_of_freedom);
    const double tail = 1.0 - p;
    double low = 0;
    double high = 1;
    while (upper_tail(high, degrees_of_freedom) > tail && high < 1e300) high *= 2;
    for (int i = 0; i < 200 && high - low > 1e-13 * high; ++i) {
        const double middle = low + (high - low) / 2;
        (upper_tail(middle, degrees_of_freedom) > tail ? low : high) = middle;
    }
    return low + (high - low) / 2;
}

MeanInterval mean_interval(std::span<const double> values, double confidence, std::size_t looks) {
    MeanInterval interval{not_a_number, std::numeric_limits<double>::infinity(), values.size()};
    if (values.empty()) return interval;
    if (!all_finite(values)) {
        interval.half_width = not_a_number;
        return interval;
    }
    interval.mean = mean_of(values);
    if (values.size() < 2) return interval;
    const double n = static_cast<double>(values.size());
    const double error = std::sqrt(variance_of(values, interval.mean) / n);
    const double miss = (1.0 - confidence) / static_cast<double>(std::max<std::size_t>(looks, 1));
    interval.half_width = error > 0 ? known_quantile(1.0 - miss / 2, n - 1) * error : 0.0;
    return interval;
}

std::vector<std::size_t> planned_looks(std::size_t least, std::size_t most) {
    if (least < 2)
        throw std::invalid_argument("least must be at least 2, got " + std::to_string(least));
    if (most < least)
        throw std::invalid_argument("most must be at least " + std::to_string(least) + ", got " +
                                    std::to_string(most));
    std::vector<std::size_t> looks{least};
    while (looks.back() < most) {
        const std::size_t next = looks.back() + (looks.back() + 1) / 2;
        looks.push_back(next + next / 4 > most ? most : next);  // a last step is no small one
    }
    return looks;
}

PairedContrast paired_contrast(std::span<const double> a, std::span<const double> b,
                               double confidence) {
    std::vector<double> first;
    std::vector<double> second;
    std::vector<double> differences;
    for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
        if (!std::isfinite(a[i]) || !std::isfinite(b[i])) continue;
        first.push_back(a[i]);
        second.push_back(b[i]);
        differences.push_back(b[i] - a[i]);
    }
    PairedContrast contrast{mean_interval(differences, confidence), not_a_number, not_a_number};
    if (differences.size() < 2) return contrast;
    const double mean_a = mean_of(first);
    const double mean_b = mean_of(second);
    const double var_a = variance_of(first, mean_a);
    const double var_b = variance_of(second, mean_b);
    const double paired = variance_of(differences, contrast.difference.mean);
    if (var_a > 0 && var_b > 0) {
        double products = 0;
        for (std::size_t i = 0; i < first.size(); ++i)
            products += (first[i] - mean_a) * (second[i] - mean_b);
        contrast.correlation =
            products / static_cast<double>(first.size() - 1) / std::sqrt(var_a * var_b);
    }
    if (paired > 0) contrast.variance_ratio = (var_a + var_b) / paired;
    return contrast;
}

}  // namespace driftstorm
