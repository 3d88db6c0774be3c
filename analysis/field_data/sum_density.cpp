#include "analysis/field_data/sum_density.hpp"

#include <boost/math/quadrature/gauss.hpp>

#include <algorithm>
#include <cmath>
#include <map>
#include <mutex>
#include <numbers>
#include <utility>

namespace driftstorm::field_data {

namespace {

constexpr double shape_step = 0.02;  // of the logarithm
constexpr double grid_begin = -14;   // of the sum's logarithm
constexpr double grid_step = 0.05;
constexpr int grid_points = 481;
constexpr double least_log = -700;

double log_density(SummedLaw law, double shape, double x) {
    const double log = std::log(x);
    if (law == SummedLaw::weibull)
        return std::log(shape) + (shape - 1) * log - std::exp(shape * log);
    return -0.5 * (log / shape) * (log / shape) - log -
           std::log(shape * std::sqrt(2 * std::numbers::pi));
}

/// Twice the integral over the smaller of the two, u = sum / 2 w^3, where a pole at 0 is flat.
double log_sum_density(SummedLaw law, double shape, double sum) {
    const auto integrand = [&](double w) {
        const double u = sum / 2 * w * w * w;
        if (!(u > 0)) return 0.0;
        return 3 * w * w * std::exp(log_density(law, shape, u) + log_density(law, shape, sum - u));
    };
    using Rule = boost::math::quadrature::gauss<double, 30>;
    const double integral =
        Rule::integrate(integrand, 0.0, 0.5) + Rule::integrate(integrand, 0.5, 1.0);
    return integral > 0 ? std::max(std::log(sum * integral), least_log) : least_log;
}

}  // namespace

std::shared_ptr<const SumDensity::Table> SumDensity::table(SummedLaw law, int step) {
    static std::mutex mutex;
    static std::map<std::pair<SummedLaw, int>, std::shared_ptr<const Table>> made;
    const std::lock_guard lock(mutex);
    std::shared_ptr<const Table>& found = made[{law, step}];
    if (!found) {
        Table values;
        for (int i = 0; i < grid_points; ++i)
            values.push_back(log_sum_density(law, std::exp(step * shape_step),
                                             std::exp(grid_begin + i * grid_step)));
        found = std::make_shared<const Table>(std::move(values));
    }
    return found;
}

SumDensity::SumDensity(SummedLaw law, double shape) {
    const double place = std::log(shape) / shape_step;
    const double below = std::floor(place);
    lower_ = table(law, static_cast<int>(below));
    upper_ = table(law, static_cast<int>(below) + 1);
    share_ = place - below;
}

double SumDensity::log_at(double sum) const {
    const double place = (std::log(sum) - grid_begin) / grid_step;
    const double cell = std::clamp(std::floor(place), 1.0, static_cast<double>(grid_points - 3));
    const double t = std::clamp(place - cell, -200.0, 2.0);
    const auto i = static_cast<std::size_t>(cell);
    const auto value = [&](const Table& table) {
        if (t < 0) return table[i] + t * (table[i + 1] - table[i]);
        // cubic through the four around (Lagrange)
        const double a = table[i - 1];
        const double b = table[i];
        const double c = table[i + 1];
        const double d = table[i + 2];
        return b + t * ((c - a / 3 - b / 2 - d / 6) +
                        t * ((a / 2 - b + c / 2) + t * (d - a + 3 * (b - c)) / 6));
    };
    return value(*lower_) * (1 - share_) + value(*upper_) * share_;
}

}  // namespace driftstorm::field_data
