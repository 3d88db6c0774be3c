#include "analysis/stability/noise.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

// Greenhall and Riley's combined algorithm: `d` is the order of differences, `factor` their filter
// factor F (1: modified, m: not, infinite: its limit), `stride` their S.
namespace driftstorm::stability {

namespace {

constexpr double infinite = std::numeric_limits<double>::infinity();
constexpr double most_terms = 100;

/// Generalised autocovariance of the phase noise, without its constant.
double s_w(double t, Alpha alpha) {
    const double size = std::abs(t);
    if (size == 0) return 0;
    switch (alpha) {
        case 2:
            return -size;
        case 1:
            return size * size * std::log(size);
        case 0:
            return size * size * size;
        case -1:
            return -std::pow(size, 4) * std::log(size);
        case -2:
            return -std::pow(size, 5);
        case -3:
            return std::pow(size, 6) * std::log(size);
        default:
            return std::pow(size, 7);
    }
}

double s_x(double t, double factor, Alpha alpha) {
    if (factor == infinite) return s_w(t, alpha + 2);
    const double lag = 1 / factor;
    return factor * factor * (2 * s_w(t, alpha) - s_w(t - lag, alpha) - s_w(t + lag, alpha));
}

double s_z(double t, double factor, Alpha alpha, int d) {
    const auto both = [&](double lag) {
        return s_x(t - lag, factor, alpha) + s_x(t + lag, factor, alpha);
    };
    const double here = s_x(t, factor, alpha);
    if (d == 2) return 6 * here - 4 * both(1) + both(2);
    return 20 * here - 15 * both(1) + 6 * both(2) - both(3);
}

double basic_sum(double count, double estimates, double stride, double factor, Alpha alpha, int d) {
    const auto term = [&](double j) {
        const double z = s_z(j / stride, factor, alpha, d);
        return z * z;
    };
    double sum = term(0);
    for (double j = 1; j < count; ++j) sum += 2 * (1 - j / estimates) * term(j);
    return sum + (1 - count / estimates) * term(count);
}

struct Pair {
    double first, second;
};
/// By alpha = 2, 1, 0, -1, -2, -3, -4, for d = 2 and 3; 0: does not converge.
using Table = std::array<std::array<Pair, 2>, 7>;
constexpr Table modified_limits{{{{{7.0 / 9, 1.0 / 2}, {22.0 / 25, 2.0 / 3}}},
                                 {{{0.997, 0.616}, {1.141, 0.843}}},
                                 {{{1.033, 0.607}, {1.184, 0.848}}},
                                 {{{1.048, 0.534}, {1.180, 0.816}}},
                                 {{{1.302, 0.535}, {1.175, 0.777}}},
                                 {{{0, 0}, {1.194, 0.703}}},
                                 {{{0, 0}, {1.489, 0.702}}}}};
constexpr Table unmodified_limits{{{{{35.0 / 18, 1.0}, {231.0 / 100, 3.0 / 2}}},
                                   {{{790, 410}, {9950, 6520}}},
                                   {{{2.0 / 3, 1.0 / 3}, {7.0 / 9, 1.0 / 2}}},
                                   {{{0.852, 0.375}, {0.997, 0.617}}},
                                   {{{1.079, 0.368}, {1.033, 0.607}}},
                                   {{{0, 0}, {1.053, 0.553}}},
                                   {{{0, 0}, {1.302, 0.535}}}}};
constexpr std::array<Pair, 2> flicker_pm_scale{{{15.23, 12}, {47.8, 40}}};

Pair limits(const Table& table, Alpha alpha, int d) {
    return table[static_cast<std::size_t>(2 - alpha)][static_cast<std::size_t>(d - 2)];
}

/// Everything but the smallest sums: a law in 1 / r.
double by_limit(Pair a, double r) { return r / (a.first - a.second / r); }

double by_sum(double terms, double estimates, double stride, double factor, Alpha alpha, int d) {
    const double variance = s_z(0, factor, alpha, d);
    return variance * variance * estimates / basic_sum(terms, estimates, stride, factor, alpha, d);
}

double white_pm(double estimates, double r, int d) {
    const auto choose = [](int n, int k) {
        double product = 1;
        for (int i = 1; i <= k; ++i) product = product * (n - k + i) / i;
        return product;
    };
    const double middle = choose(2 * d, d);
    const double steps = std::ceil(r);
    if (steps <= d) {
        double sum = 0;
        for (int k = 1; k < static_cast<int>(steps); ++k) {
            const double side = choose(2 * d, d - k);
            sum += (1 - k / r) * side * side;
        }
        return estimates / (1 + 2 * sum / (middle * middle));
    }
    return estimates / (choose(4 * d, 2 * d) / (middle * middle) - d / 2.0 / r);
}

struct Kind {
    int d;
    bool overlapping;
    bool modified;
};

double by_differences(Kind kind, Alpha alpha, double m, double points) {
    const int d = kind.d;
    const double factor = kind.modified ? 1 : m;
    const double stride = kind.overlapping ? m : 1;
    const double length = m / factor + m * d;
    const double estimates = 1 + std::floor(stride * (points - length) / m);
    const double terms = std::min(estimates, (d + 1) * stride);
    const double r = estimates / stride;
    const bool few = terms <= most_terms;
    const bool many = !few && r > d + 1;

    if (kind.modified) {
        if (few) return by_sum(terms, estimates, stride, 1, alpha, d);
        if (many) return by_limit(limits(modified_limits, alpha, d), r);
        return by_sum(most_terms, most_terms, most_terms / r, 1, alpha, d);
    }
    if (alpha <= 0) {
        const double limit = m * (d + 1) <= most_terms ? m : infinite;
        if (few) return by_sum(terms, estimates, stride, limit, alpha, d);
        if (many) return by_limit(limits(unmodified_limits, alpha, d), r);
        return by_sum(most_terms, most_terms, most_terms / r, infinite, alpha, d);
    }
    if (alpha == 1) {
        if (few) return by_sum(terms, estimates, stride, m, alpha, d);
        const Pair b = flicker_pm_scale[static_cast<std::size_t>(d - 2)];
        const double scale = b.first + b.second * std::log(m);
        if (many) return scale * scale * by_limit(limits(unmodified_limits, 1, d), r);
        const double fewer = most_terms / r;
        return scale * scale * most_terms /
               basic_sum(most_terms, most_terms, fewer, fewer, alpha, d);
    }
    return white_pm(estimates, r, d);
}

std::optional<double> of_total(Alpha alpha, double m, double points) {
    const double ratio = (points - 1) / m;
    if (alpha == 0) return 1.50 * ratio;
    if (alpha == -1) return 1.17 * ratio - 0.22;
    if (alpha == -2) return 0.93 * ratio - 0.36;
    // For phase noise the extension adds nothing.
    if (alpha > 0 && 2 * m < points) return by_differences({2, true, false}, alpha, m, points);
    return std::nullopt;
}

std::optional<double> of_modified_total(Alpha alpha, double m, double points) {
    constexpr std::array<Pair, 5> of{
        {{0.75, 0.31}, {0.85, 0.50}, {1.10, 1.20}, {1.20, 1.40}, {1.90, 2.10}}};
    if (alpha < -2 || alpha > 2) return std::nullopt;
    const Pair law = of[static_cast<std::size_t>(alpha) + 2];
    return law.first * (points - 1) / m - law.second;
}

std::optional<double> of_theo1(Alpha alpha, double m, double n) {
    const double r = 0.75 * m;
    switch (alpha) {
        case 2:
            return 0.86 * (n + 1) * (n - 4 * r / 3) / (n - r) * (r / (r + 1.14));
        case 1:
            return (4.798 * n * n - 6.374 * n * r + 12.387 * r) / (std::sqrt(r + 36.6) * (n - r)) *
                   (r / (r + 0.3));
        case 0:
            return ((4.1 * n + 0.8) / r - (3.1 * n + 6.5) / n) *
                   (std::pow(r, 1.5) / (std::pow(r, 1.5) + 5.2));
        case -1:
            return (2 * n * n - 1.3 * n * r - 3.5 * r) / (n * r) * (r * r * r / (r * r * r + 2.3));
        case -2: {
            const double a = 4.4 * n - 1;
            return (4.4 * n - 2) / (2.9 * r) * (a * a - 8.6 * r * a + 11.4 * r * r) /
                   ((4.4 * n - 3) * (4.4 * n - 3));
        }
        default:
            return std::nullopt;
    }
}

}  // namespace

std::optional<double> degrees_of_freedom(Statistic statistic, Alpha alpha, std::uint64_t m,
                                         std::size_t points) {
    if (!allows(statistic, points, m) || alpha > 2 || alpha < -4) return std::nullopt;
    const auto factor = static_cast<double>(m);
    const auto n = static_cast<double>(points);
    const bool allan = alpha >= -2;
    std::optional<double> found;
    switch (statistic) {
        case Statistic::adev:
            if (allan) found = by_differences({2, false, false}, alpha, factor, n);
            break;
        case Statistic::oadev:
            if (allan) found = by_differences({2, true, false}, alpha, factor, n);
            break;
        case Statistic::mdev:
        case Statistic::tdev:
            if (allan) found = by_differences({2, true, true}, alpha, factor, n);
            break;
        case Statistic::hdev:
            found = by_differences({3, false, false}, alpha, factor, n);
            break;
        case Statistic::ohdev:
            found = by_differences({3, true, false}, alpha, factor, n);
            break;
        case Statistic::totdev:
            found = of_total(alpha, factor, n);
            break;
        case Statistic::mtotdev:
            found = of_modified_total(alpha, factor, n);
            break;
        case Statistic::theo1:
        case Statistic::theobr:
            found = of_theo1(alpha, factor, n);
            break;
        case Statistic::tie_rms:
        case Statistic::mtie:
            break;
    }
    return found && *found > 0 ? found : std::nullopt;
}

}  // namespace driftstorm::stability
