#include "analysis/field_data/minimum.hpp"

#include <algorithm>
#include <cmath>

namespace driftstorm::field_data {

namespace {

constexpr int most_steps_per_coordinate = 120;

/// centre + by (centre - from)
std::vector<double> beyond(const std::vector<double>& centre, const std::vector<double>& from,
                           double by) {
    std::vector<double> point(centre.size());
    for (std::size_t i = 0; i < point.size(); ++i)
        point[i] = centre[i] + by * (centre[i] - from[i]);
    return point;
}

}  // namespace

Minimum find_minimum(const std::function<double(const std::vector<double>&)>& function,
                     const std::vector<double>& first, double reach, double tolerance) {
    const std::size_t n = first.size();
    const auto value_at = [&](std::vector<double> point) {
        const double value = function(point);
        return Minimum{std::move(point), std::isnan(value) ? HUGE_VAL : value};
    };
    std::vector<Minimum> simplex{value_at(first)};
    for (std::size_t i = 0; i < n; ++i) {
        std::vector<double> corner = first;
        corner[i] += reach;
        simplex.push_back(value_at(std::move(corner)));
    }
    const auto lower = [](const Minimum& a, const Minimum& b) { return a.value < b.value; };
    for (int step = 0; step < most_steps_per_coordinate * static_cast<int>(n); ++step) {
        std::stable_sort(simplex.begin(), simplex.end(), lower);
        if (simplex.back().value - simplex.front().value < tolerance) break;
        std::vector<double> centre(n, 0.0);
        for (std::size_t corner = 0; corner < n; ++corner)
            for (std::size_t i = 0; i < n; ++i)
                centre[i] += simplex[corner].at[i] / static_cast<double>(n);
        Minimum& worst = simplex.back();
        Minimum reflected = value_at(beyond(centre, worst.at, 1));
        if (reflected.value < simplex.front().value) {
            Minimum expanded = value_at(beyond(centre, worst.at, 2));
            worst = expanded.value < reflected.value ? std::move(expanded) : std::move(reflected);
            continue;
        }
        if (reflected.value < simplex[n - 1].value) {
            worst = std::move(reflected);
            continue;
        }
        const bool outside = reflected.value < worst.value;
        Minimum contracted = value_at(beyond(centre, worst.at, outside ? 0.5 : -0.5));
        if (contracted.value < std::min(reflected.value, worst.value)) {
            worst = std::move(contracted);
            continue;
        }
        for (std::size_t corner = 1; corner <= n; ++corner) {
            std::vector<double> point = simplex.front().at;
            for (std::size_t i = 0; i < n; ++i)
                point[i] += 0.5 * (simplex[corner].at[i] - point[i]);
            simplex[corner] = value_at(std::move(point));
        }
    }
    return *std::min_element(simplex.begin(), simplex.end(), lower);
}

}  // namespace driftstorm::field_data
