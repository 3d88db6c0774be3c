#include "analysis/field_data/field_fit.hpp"

#include "analysis/stability/stability.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace driftstorm::field_data {

namespace {

constexpr double most_grid_points = 1e6;

/// The phase on an even grid of the median gap, straight between exchanges.
std::vector<double> on_grid(const std::vector<UnsteeredPoint>& points, double& spacing) {
    std::vector<double> gaps;
    for (std::size_t i = 1; i < points.size(); ++i) gaps.push_back(points[i].at - points[i - 1].at);
    std::nth_element(gaps.begin(), gaps.begin() + static_cast<std::ptrdiff_t>(gaps.size() / 2),
                     gaps.end());
    const double span = points.back().at;
    spacing = std::max({gaps[gaps.size() / 2], span / most_grid_points, 1e-3});
    std::vector<double> grid;
    std::size_t next = 1;
    for (double t = 0; t <= span; t = static_cast<double>(grid.size()) * spacing) {
        while (next + 1 < points.size() && points[next].at < t) ++next;
        const UnsteeredPoint& a = points[next - 1];
        const UnsteeredPoint& b = points[next];
        const double share = b.at > a.at ? (t - a.at) / (b.at - a.at) : 0;
        grid.push_back(a.phase + share * (b.phase - a.phase));
    }
    return grid;
}

std::vector<AllanCheck> allan_check(const UnsteeredClock& clock, const FieldFit& fit) {
    double spacing = 1;
    const std::vector<double> grid = on_grid(clock.points, spacing);
    std::vector<AllanCheck> checks;
    if (grid.size() < 3) return checks;
    stability::Options options;
    options.level = 0.95;
    for (const stability::Line& line : stability::analyse(grid, spacing, options)) {
        AllanCheck check;
        check.tau = line.tau;
        check.data = line.value;
        check.low = line.bounds ? line.bounds->low : 0;
        check.high = line.bounds ? line.bounds->high : 0;
        const double stamps = std::sqrt(3.0) * fit.jitter.sd.value / line.tau;
        check.fitted = std::sqrt(fit.clock.allan_variance(line.tau) + stamps * stamps);
        if (line.alpha) check.noise = std::string(stability::name_of_noise(*line.alpha));
        checks.push_back(check);
    }
    return checks;
}

}  // namespace

FieldFit fit_field_log(const FieldLog& log) {
    const UnsteeredClock clock = unsteered_clock(log);
    FieldFit fit;
    fit.start = clock.start;
    fit.span = clock.points.back().at;
    fit.exchanges = clock.points.size();

    std::vector<double> trips;
    double resolution = 0;
    double least = std::numeric_limits<double>::infinity();
    for (const Entry& entry : log.entries) {
        const auto* exchange = std::get_if<Exchange>(&entry);
        if (exchange == nullptr || !(exchange->delay > 0)) continue;
        trips.push_back(exchange->delay);
        if (exchange->delay < least) {
            least = exchange->delay;
            resolution = exchange->delay_resolution;
        }
    }
    if (trips.size() >= 30) fit.delay = fit_round_trips(trips, resolution);
    fit.clock = fit_clock(clock, fit.delay ? fit.delay->least.value : least);

    std::vector<double> excess;  // of the exchanges the clock was fitted to
    if (trips.size() == clock.points.size()) {
        std::size_t next = 0;
        for (const Residual& residual : fit.clock.residuals) {
            while (clock.points[next].at < residual.at) ++next;
            excess.push_back(clock.points[next++].delay - least);
        }
    }
    fit.jitter = fit_jitter(fit.clock.residuals, excess);
    if (log.requests > 0) fit.loss = fit_loss(log.requests, log.replies);
    fit.allan = allan_check(clock, fit);
    return fit;
}

}  // namespace driftstorm::field_data
