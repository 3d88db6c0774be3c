#include "analysis/field_data/clock_fit.hpp"

#include "analysis/field_data/clock_filter.hpp"
#include "analysis/field_data/minimum.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>
#include <utility>

namespace driftstorm::field_data {

namespace {

constexpr double chi_squared_95 = 3.841458820694124;  // one degree of freedom
constexpr double normal_95 = 1.959963984540054;
constexpr double nothing = -120;            // logarithm of a coefficient that is none
constexpr double outlier_gate = 6;          // standard deviations
constexpr double queue_share_0 = 1.0 / 12;  // two exponential queues
constexpr double flicker_gain = 2;          // Akaike: twice a parameter
constexpr double profile_tolerance = 3e-3;

/// Logarithms of a ClockNoise; `stamp` and `share` last.
enum Coefficient : std::size_t { white, walk, flicker, stamp, share, coefficients };
using Logarithms = std::array<double, coefficients>;

double value_of(double log) { return log <= nothing ? 0 : std::exp(log); }

ClockNoise noise_of(const Logarithms& logs) {
    return {value_of(logs[white]), value_of(logs[walk]), value_of(logs[flicker]),
            value_of(logs[stamp]), value_of(logs[share])};
}

struct Best {
    Logarithms logs{};
    double value = 0;
};

class Fit {
  public:
    Fit(std::vector<UnsteeredPoint> points, bool with_flicker, double least)
        : filter_(std::move(points), with_flicker, least), with_flicker_(with_flicker) {
        for (std::size_t i = 0; i < filter_.points().size(); ++i)
            knows_queues_ = knows_queues_ || filter_.excess(i) > 0;
    }

    const ClockFilter& filter() const { return filter_; }

    /// From the best of a coarse grid.
    Best find() const {
        Logarithms logs{};
        const double typical = typical_excess();
        logs[flicker] = with_flicker_ ? std::log(1e-20) : nothing;
        logs[share] = knows_queues_ ? std::log(queue_share_0) : nothing;
        Best best;
        best.value = std::numeric_limits<double>::infinity();
        for (const double part : {0.02, 0.2, 1.0})
            for (const double wander : {1e-11, 1e-10, 1e-9, 1e-8, 1e-7})
                for (const double white_1s : {1e-12, 1e-9, 3e-8, 1e-6}) {
                    logs[stamp] = 2 * std::log(part * typical);
                    logs[walk] = 2 * std::log(wander);
                    logs[white] = 2 * std::log(white_1s);
                    const double value = filter_.minus_2_log_likelihood(noise_of(logs));
                    if (value < best.value) best = {logs, value};
                }
        return improve(best.logs, free_ones(), 1.0, fit_tolerance);
    }

    Best from(Logarithms start) const {
        if (with_flicker_) start[flicker] = std::log(1e-20);
        return improve(start, free_ones(), 1.0, fit_tolerance);
    }

    /// Interval of a coefficient, where twice the logarithm of the profile likelihood has fallen by
    /// chi-squared's 95 %.
    Fitted interval(const Best& best, Coefficient of) const {
        const auto exceeds = [&](double log) {
            return profile(best, of, log) - best.value - chi_squared_95 > 0;
        };
        Fitted found;
        const double none = profile(best, of, nothing) - best.value;
        const double at = none < 1e-3 ? nothing : best.logs[of];
        found.value = value_of(at);
        if (none > chi_squared_95) found.low = std::exp(bisect(exceeds, at, -1));
        found.high = std::exp(bisect(exceeds, std::max(at, least_seen(of)), 1));
        return found;
    }

  private:
    std::vector<Coefficient> free_ones() const {
        std::vector<Coefficient> free{white, walk, stamp};
        if (knows_queues_) free.push_back(share);
        if (with_flicker_) free.push_back(flicker);
        return free;
    }

    /// A coefficient so small that no data tell it from none [log].
    static double least_seen(Coefficient of) { return of == flicker ? -90 : -70; }

    double typical_excess() const {
        std::vector<double> sizes;
        const auto& points = filter_.points();
        for (std::size_t i = 0; i < points.size(); ++i)
            if (knows_queues_) {
                sizes.push_back(filter_.excess(i));
            } else if (i >= 2) {  // second differences of the phase
                sizes.push_back(
                    std::abs(points[i].phase - 2 * points[i - 1].phase + points[i - 2].phase));
            }
        std::nth_element(sizes.begin(),
                         sizes.begin() + static_cast<std::ptrdiff_t>(sizes.size() / 2),
                         sizes.end());
        return std::max(sizes[sizes.size() / 2], 1e-9);
    }

    Best improve(Logarithms logs, const std::vector<Coefficient>& free, double reach,
                 double tolerance) const {
        std::vector<double> first;
        first.reserve(free.size());
        for (const Coefficient one : free) first.push_back(logs[one]);
        const auto filled = [&](const std::vector<double>& at) {
            Logarithms all = logs;
            for (std::size_t i = 0; i < free.size(); ++i)
                all[free[i]] = std::clamp(at[i], nothing + 1, 0.0);
            return all;
        };
        const Minimum minimum = find_minimum(
            [&](const std::vector<double>& at) {
                return filter_.minus_2_log_likelihood(noise_of(filled(at)));
            },
            first, reach, tolerance);
        return {filled(minimum.at), minimum.value};
    }

    /// The least value with one coefficient given; the share of queues hardly depends on it.
    double profile(const Best& best, Coefficient of, double log) const {
        Logarithms logs = best.logs;
        logs[of] = log;
        std::vector<Coefficient> free;
        for (const Coefficient one : free_ones())
            if (one != of && one != share) free.push_back(one);
        return improve(logs, free, 0.5, profile_tolerance).value;
    }

    /// Where `exceeds` becomes true, from a point where it is false in a direction.
    template <class Exceeds>
    static double bisect(const Exceeds& exceeds, double inside, double direction) {
        double step = 0.5;
        double outside = inside + direction * step;
        while (!exceeds(outside) && outside > nothing && outside < 0) {
            inside = outside;
            step *= 2;
            outside += direction * step;
        }
        while (std::abs(outside - inside) > 0.02) {
            const double middle = 0.5 * (inside + outside);
            (exceeds(middle) ? outside : inside) = middle;
        }
        return outside;
    }

    ClockFilter filter_;
    bool with_flicker_;
    bool knows_queues_ = false;
};

/// What each exchange says that the others do not: forward and backward predictions, which do not
/// know of one another.
std::vector<Residual> residuals_of(const ClockFilter& filter, const ClockNoise& noise) {
    const std::vector<Prediction> before = filter.predictions(noise, true);
    const std::vector<Prediction> after = filter.predictions(noise, false);
    std::vector<Residual> residuals;
    for (std::size_t i = 0; i < before.size(); ++i) {
        const double weight = 1 / before[i].variance;
        const double other = 1 / after[i].variance;
        const double phase = (weight * before[i].phase + other * after[i].phase) / (weight + other);
        residuals.push_back(
            {filter.points()[i].at, filter.points()[i].phase - phase, 1 / (weight + other)});
    }
    return residuals;
}

/// The points without those that no queue explains.
std::vector<UnsteeredPoint> without_outliers(const Fit& fit, const Best& best) {
    const ClockNoise noise = noise_of(best.logs);
    const std::vector<Residual> residuals = residuals_of(fit.filter(), noise);
    std::vector<double> gates;  // square of the residual in standard deviations
    for (std::size_t i = 0; i < residuals.size(); ++i)
        gates.push_back(
            square(residuals[i].phase) /
            (ClockFilter::variance(noise, fit.filter().points()[i], fit.filter().excess(i)) +
             residuals[i].variance));
    std::vector<UnsteeredPoint> kept;
    double gap_variance = 0;
    for (std::size_t i = 0; i < residuals.size(); ++i) {
        UnsteeredPoint point = fit.filter().points()[i];
        gap_variance += point.gap_variance;
        // Beside an outlier others look like one.
        const bool worst = i > 0 && gates[i] >= gates[i - 1] &&
                           (i + 1 == gates.size() || gates[i] >= gates[i + 1]);
        if (worst && gates[i] > square(outlier_gate)) continue;
        point.gap_variance = std::exchange(gap_variance, 0.0);
        kept.push_back(point);
    }
    return kept;
}

/// The state at the first exchange over what the coefficients may be: their values and, with the
/// weights of a three-point rule for a normal, the ends of their intervals. Source: R. E. Kass, D.
/// Steffey, J. American Statistical Association 84 (1989) 717-726.
ClockFilter::End start_over(const ClockFilter& filter, const ClockNoise& noise,
                            const Fitted& white_noise, const Fitted& walk_noise) {
    const double end_weight = 1 / (2 * square(normal_95));
    const ClockFilter::End middle = filter.at_start(noise);
    ClockFilter::End sum = middle;
    const auto add = [&](double white_one, double walk_one) {
        ClockNoise other = noise;
        other.white = white_one;
        other.walk = walk_one;
        const ClockFilter::End end = filter.at_start(other);
        sum.phase_variance += end_weight * (end.phase_variance - middle.phase_variance +
                                            square(end.phase - middle.phase));
        sum.frequency_variance += end_weight * (end.frequency_variance - middle.frequency_variance +
                                                square(end.frequency - middle.frequency));
    };
    add(white_noise.low, noise.walk);
    add(white_noise.high, noise.walk);
    add(noise.white, walk_noise.low);
    add(noise.white, walk_noise.high);
    return sum;
}

Fitted scaled(Fitted fitted, double by) {
    return {fitted.value * by, fitted.low * by, fitted.high * by};
}

Fitted around(double value, double variance) {
    const double half = normal_95 * std::sqrt(variance);
    return {value, value - half, value + half};
}

}  // namespace

double ClockFit::allan_variance(double tau) const {
    return white_fm.value / (2 * tau) + 2 * std::numbers::ln2 * flicker_fm.value +
           2 * square(std::numbers::pi) / 3 * random_walk_fm.value * tau;
}

ClockFit fit_clock(const UnsteeredClock& clock, double least) {
    Fit fit(clock.points, false, least);
    Best best = fit.find();
    ClockFit found;
    std::vector<UnsteeredPoint> kept = without_outliers(fit, best);
    if (kept.size() < clock.points.size() && 2 * kept.size() > clock.points.size()) {
        found.outliers = clock.points.size() - kept.size();
        fit = Fit(kept, false, least);
        best = fit.find();
    } else {
        kept = clock.points;
    }
    Fit with_flicker(kept, true, least);
    const Best other = with_flicker.from(best.logs);
    if (other.value + flicker_gain < best.value) {
        found.has_flicker = true;
        fit = std::move(with_flicker);
        best = other;
        found.flicker_fm = fit.interval(best, flicker);
    }
    const ClockNoise noise = noise_of(best.logs);
    const Fitted white_noise = fit.interval(best, white);
    const Fitted walk_noise = fit.interval(best, walk);
    const ClockFilter::End start = start_over(fit.filter(), noise, white_noise, walk_noise);
    found.offset = around(start.phase, start.phase_variance);
    found.frequency = around(start.frequency + clock.nominal_frequency, start.frequency_variance);
    found.white_fm = scaled(white_noise, 2);
    found.random_walk_fm = scaled(walk_noise, 1 / (2 * square(std::numbers::pi)));
    found.stamp_noise = std::sqrt(noise.stamp);
    found.queue_share = noise.queue_share;
    found.minus_2_log_likelihood = best.value;
    found.residuals = residuals_of(fit.filter(), noise);
    return found;
}

}  // namespace driftstorm::field_data
