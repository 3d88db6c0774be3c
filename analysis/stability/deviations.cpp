#include "analysis/stability/deviations.hpp"

#include "analysis/stability/total_deviations.hpp"

#include <algorithm>
#include <cmath>
#include <deque>
#include <stdexcept>
#include <string>
#include <vector>

namespace driftstorm::stability {

namespace {

using Phase = std::span<const double>;

/// Mean of squares of a difference of order 2 (Allan) or 3 (Hadamard), every `stride` points.
Estimate differences(Phase x, std::size_t m, std::size_t stride, int order) {
    const std::size_t length = static_cast<std::size_t>(order) * m;
    MeanSquare mean;
    for (std::size_t i = 0; i + length < x.size(); i += stride) {
        const double difference = order == 2
                                      ? x[i + 2 * m] - 2 * x[i + m] + x[i]
                                      : x[i + 3 * m] - 3 * x[i + 2 * m] + 3 * x[i + m] - x[i];
        mean.add(difference);
    }
    const double norm = order == 2 ? 2 : 6;
    return {std::sqrt(mean.value() / norm) / static_cast<double>(m), mean.count()};
}

/// MDEV times tau, divided by tau0: sums of m second differences, each from the one before.
Estimate modified(Phase x, std::size_t m) {
    Sum sum;
    for (std::size_t i = 0; i < m; ++i) sum.add(x[i + 2 * m] - 2 * x[i + m] + x[i]);
    MeanSquare mean;
    for (std::size_t i = 0;; ++i) {
        mean.add(sum.value());
        if (i + 3 * m >= x.size()) break;
        sum.add(x[i + 3 * m] - 3 * x[i + 2 * m] + 3 * x[i + m] - x[i]);
    }
    return {std::sqrt(mean.value() / 2) / static_cast<double>(m), mean.count()};
}

Estimate interval_error(Phase x, std::size_t m) {
    MeanSquare mean;
    for (std::size_t i = 0; i + m < x.size(); ++i) mean.add(x[i + m] - x[i]);
    return {std::sqrt(mean.value()), mean.count()};
}

/// Greatest range of m + 1 points in a row: the extremes of a sliding window, each point entering
/// and leaving once.
Estimate greatest_interval_error(Phase x, std::size_t m) {
    std::deque<std::size_t> highest;
    std::deque<std::size_t> lowest;
    double greatest = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
        while (!highest.empty() && x[highest.back()] <= x[i]) highest.pop_back();
        while (!lowest.empty() && x[lowest.back()] >= x[i]) lowest.pop_back();
        highest.push_back(i);
        lowest.push_back(i);
        if (highest.front() + m < i) highest.pop_front();
        if (lowest.front() + m < i) lowest.pop_front();
        if (i >= m) greatest = std::max(greatest, x[highest.front()] - x[lowest.front()]);
    }
    return {greatest, x.size() - m};
}

Estimate scaled(Estimate estimate, double factor) {
    return {estimate.value * factor, estimate.terms};
}

}  // namespace

std::uint64_t greatest_factor(Statistic statistic, std::size_t points) {
    if (points < 2) return 0;
    const std::uint64_t last = points - 1;
    switch (statistic) {
        case Statistic::adev:
        case Statistic::oadev:
            return last / 2;
        case Statistic::hdev:
        case Statistic::ohdev:
            return last / 3;
        case Statistic::mdev:
        case Statistic::tdev:
        case Statistic::mtotdev:
            return points / 3;
        case Statistic::totdev:
            return points < 3 ? 0 : last;
        case Statistic::theo1:
            return last / 2 * 2;
        case Statistic::theobr:
            return points < fewest_for_theobr ? 0 : last / 2 * 2;
        case Statistic::tie_rms:
        case Statistic::mtie:
            return last;
    }
    return 0;
}

bool allows(Statistic statistic, std::size_t points, std::uint64_t m) {
    const bool even_only = statistic == Statistic::theo1 || statistic == Statistic::theobr;
    return m >= 1 && m <= greatest_factor(statistic, points) && !(even_only && m % 2 != 0);
}

double averaging_time(Statistic statistic, double tau0, std::uint64_t m) {
    const bool shorter = statistic == Statistic::theo1 || statistic == Statistic::theobr;
    return static_cast<double>(m) * tau0 * (shorter ? 0.75 : 1.0);
}

Estimate estimate(Statistic statistic, std::span<const double> phase, double tau0,
                  std::uint64_t m) {
    if (!allows(statistic, phase.size(), m) || !(tau0 > 0))
        throw std::invalid_argument("stability: " + std::string(name_of(statistic)) +
                                    " at averaging factor " + std::to_string(m) + " of " +
                                    std::to_string(phase.size()) +
                                    " points, tau0 = " + std::to_string(tau0) + " s: not defined");
    const auto factor = static_cast<std::size_t>(m);
    switch (statistic) {
        case Statistic::adev:
            return scaled(differences(phase, factor, factor, 2), 1 / tau0);
        case Statistic::oadev:
            return scaled(differences(phase, factor, 1, 2), 1 / tau0);
        case Statistic::hdev:
            return scaled(differences(phase, factor, factor, 3), 1 / tau0);
        case Statistic::ohdev:
            return scaled(differences(phase, factor, 1, 3), 1 / tau0);
        case Statistic::mdev:
            return scaled(modified(phase, factor), 1 / (static_cast<double>(m) * tau0));
        case Statistic::tdev:
            return scaled(modified(phase, factor), 1 / std::sqrt(3.0));
        case Statistic::totdev:
            return scaled(total(phase, factor), 1 / tau0);
        case Statistic::mtotdev:
            return scaled(modified_total(phase, factor), 1 / tau0);
        case Statistic::theo1:
            return scaled(theo1(phase, factor), 1 / tau0);
        case Statistic::theobr:
            return scaled(theo1(phase, factor), std::sqrt(theo1_to_avar(phase)) / tau0);
        case Statistic::tie_rms:
            return interval_error(phase, factor);
        case Statistic::mtie:
            return greatest_interval_error(phase, factor);
    }
    throw std::invalid_argument("stability: no such statistic");
}

}  // namespace driftstorm::stability
