#include "analysis/field_data/delay_fit.hpp"

#include "analysis/field_data/minimum.hpp"
#include "analysis/field_data/sum_density.hpp"
#include "sim/core/exact_math.hpp"
#include "sim/core/random.hpp"

#include <boost/math/distributions/beta.hpp>
#include <boost/math/special_functions/gamma.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <numeric>
#include <stdexcept>

namespace driftstorm::field_data {

namespace {

constexpr std::size_t fewest = 30;
constexpr std::size_t most = 4000;
constexpr int resamples = 399;  // with the data's own value 400: their 10th and 390th bound 95 %
constexpr std::size_t low_place = 9;
constexpr std::size_t high_place = 389;
constexpr std::uint64_t seed = 0x6669656c64;  // of resampling: the same intervals every time

struct Bounds {
    double low;
    double high;
};
/// Of the logarithm of a law's shape. Below, the likelihood has no maximum: the density of the sum
/// has a pole at 0.
Bounds shape_bounds(DelayLaw law) {
    switch (law) {
        case DelayLaw::gamma:
            return {std::log(0.6), std::log(50.0)};
        case DelayLaw::weibull:
            return {std::log(0.6), std::log(8.0)};
        case DelayLaw::lognormal:
            return {std::log(0.05), std::log(2.5)};
        default:
            return {0, 0};
    }
}

/// Mean of the law at scale 1.
double unit_mean(DelayLaw law, double shape) {
    switch (law) {
        case DelayLaw::gamma:
            return shape;
        case DelayLaw::weibull:
            return std::tgamma(1 + 1 / shape);
        case DelayLaw::lognormal:
            return std::exp(shape * shape / 2);
        default:
            return 1;
    }
}

/// Round trips less the least of them, and how a law with its constant that much below it fits.
class Excess {
  public:
    Excess(std::span<const double> round_trips, double resolution)
        : least_(*std::min_element(round_trips.begin(), round_trips.end())),
          resolution_(std::max(resolution, 1e-10)) {
        for (const double trip : round_trips) excess_.push_back(trip - least_);
        mean_ = std::accumulate(excess_.begin(), excess_.end(), 0.0) / size();
    }

    double least() const { return least_; }
    double mean() const { return mean_; }
    double size() const { return static_cast<double>(excess_.size()); }

    /// The best law of its kind; parameters are logarithms of the constant's distance below the
    /// least, of the scale and of the shape.
    LawFit fit(DelayLaw law) const {
        return law == DelayLaw::exponential ? fit_exponential() : fit_shape(law);
    }

  private:
    double distance(double log) const { return std::max(std::exp(log), resolution_); }

    /// Sums of two have density e exp(-e / m) / m^2; the mean follows from the constant.
    LawFit fit_exponential() const {
        const Minimum minimum = find_minimum(
            [&](const std::vector<double>& at) {
                const double below = distance(at[0]);
                double logs = 0;
                for (const double e : excess_) logs += std::log(e + below);
                const double half = (mean_ + below) / 2;
                return 2 * (2 * size() * (std::log(half) + 1) - logs);
            },
            {std::log(std::max(mean_ / std::sqrt(size()), resolution_))}, 0.7, fit_tolerance);
        const double below = distance(minimum.at[0]);
        return {DelayLaw::exponential, minimum.value + 2 * 2, least_ - below, (mean_ + below) / 2,
                1};
    }

    double minus_2_log_likelihood(DelayLaw law, double below, double scale, double shape) const {
        double sum = 0;
        if (law == DelayLaw::gamma) {
            const double twice = 2 * shape;
            for (const double e : excess_)
                sum += (twice - 1) * std::log((e + below) / scale) - (e + below) / scale;
            sum -= size() * (std::lgamma(twice) + std::log(scale));
        } else {
            const SumDensity density(
                law == DelayLaw::weibull ? SummedLaw::weibull : SummedLaw::lognormal, shape);
            for (const double e : excess_) sum += density.log_at((e + below) / scale);
            sum -= size() * std::log(scale);
        }
        return -2 * sum;
    }

    LawFit fit_shape(DelayLaw law) const {
        const Bounds bounds = shape_bounds(law);
        const auto shape_of = [&](double log) {
            return std::exp(std::clamp(log, bounds.low, bounds.high));
        };
        Minimum best;
        best.value = HUGE_VAL;
        for (const double share : {0.03, 0.3}) {
            const double shape = law == DelayLaw::lognormal ? 0.8 : 1.2;
            const double below = std::max(share * mean_, resolution_);
            const double scale = (mean_ + below) / 2 / unit_mean(law, shape);
            Minimum minimum = find_minimum(
                [&](const std::vector<double>& at) {
                    return minus_2_log_likelihood(law, distance(at[0]), std::exp(at[1]),
                                                  shape_of(at[2]));
                },
                {std::log(below), std::log(scale), std::log(shape)}, 0.4, fit_tolerance);
            if (minimum.value < best.value) best = std::move(minimum);
        }
        const double shape = shape_of(best.at[2]);
        return {law, best.value + 2 * 3, least_ - distance(best.at[0]),
                std::exp(best.at[1]) * unit_mean(law, shape), shape};
    }

    double least_;
    double resolution_;
    double mean_ = 0;
    std::vector<double> excess_;
};

double draw_one(DelayLaw law, double shape, double u) {
    switch (law) {
        case DelayLaw::weibull:
            return std::pow(-std::log(u), 1 / shape);
        case DelayLaw::lognormal:
            return std::exp(shape * exact::inverse_normal(u));
        default:
            return -std::log(u);
    }
}

/// Round trips as the law makes them.
std::vector<double> resample(const LawFit& law, std::size_t count, std::uint64_t number) {
    std::vector<double> trips(count);
    const double scale = law.mean / unit_mean(law.law, law.shape);
    for (std::size_t i = 0; i < count; ++i) {
        const double u = draw_uniform(seed, "field_data.resample", number, 2 * i);
        const double v = draw_uniform(seed, "field_data.resample", number, 2 * i + 1);
        const double sum = law.law == DelayLaw::gamma
                               ? boost::math::gamma_p_inv(2 * law.shape, u)
                               : draw_one(law.law, law.shape, u) + draw_one(law.law, law.shape, v);
        trips[i] = law.least + scale * sum;
    }
    return trips;
}

/// Interval of a value from those of resamples: the law's value over the resample's is as the
/// truth over the value.
Fitted by_ratio(double value, std::vector<double> resampled) {
    std::sort(resampled.begin(), resampled.end());
    return {value, value * value / resampled[high_place], value * value / resampled[low_place]};
}

void bootstrap(DelayFit& fit, double resolution) {
    const LawFit& chosen = fit.laws.front();
    const auto count = static_cast<std::size_t>(fit.independent);
    std::vector<double> least;
    std::vector<double> mean;
    std::vector<double> shape;
    for (int i = 0; i < resamples; ++i) {
        const LawFit again =
            Excess(resample(chosen, count, static_cast<std::uint64_t>(i)), resolution)
                .fit(chosen.law);
        least.push_back((again.least - chosen.least) / again.mean);
        mean.push_back(again.mean);
        shape.push_back(again.shape);
    }
    std::sort(least.begin(), least.end());
    fit.least = {chosen.least, chosen.least - chosen.mean * least[high_place] - resolution,
                 chosen.least - chosen.mean * least[low_place] + resolution};
    fit.mean = by_ratio(chosen.mean, std::move(mean));
    fit.shape = by_ratio(chosen.shape, std::move(shape));
}

/// Mean of the values, and the standard error of its logarithm.
struct LogMean {
    double mean = 0;
    double error = 0;
};
LogMean log_mean(double sum, double squares, double count) {
    const double mean = std::max(sum / count, 1e-30);
    const double scatter = std::max(squares / count - mean * mean, 1e-60);
    return {mean, std::sqrt(scatter / count) / mean};
}

/// Square root of the mean of squared errors: moving blocks, studentised on the logarithm, as
/// heavy tails make the resamples' own scatter too narrow.
Fitted block_bootstrap(const std::vector<double>& squares, double variance) {
    const std::size_t n = squares.size();
    const auto count = static_cast<double>(n);
    const auto block = static_cast<std::size_t>(std::ceil(std::cbrt(count)));
    double all = 0;
    for (const double square : squares) all += square * square;
    const LogMean own = log_mean(variance * count, all, count);
    std::vector<double> pivots;
    for (std::uint64_t i = 0; i < resamples; ++i) {
        double sum = 0;
        double sum_of_squares = 0;
        std::size_t taken = 0;
        for (std::uint64_t b = 0; taken < n; ++b) {
            const double u = draw_uniform(seed, "field_data.block", i, b);
            const auto from = static_cast<std::size_t>(u * static_cast<double>(n - block + 1));
            for (std::size_t k = 0; k < block && taken < n; ++k, ++taken) {
                sum += squares[from + k];
                sum_of_squares += squares[from + k] * squares[from + k];
            }
        }
        const LogMean again = log_mean(sum, sum_of_squares, count);
        pivots.push_back(std::log(again.mean / own.mean) / again.error);
    }
    std::sort(pivots.begin(), pivots.end());
    const double sd = std::sqrt(own.mean);
    return {std::sqrt(variance), sd * std::exp(-pivots[high_place] * own.error / 2),
            sd * std::exp(-pivots[low_place] * own.error / 2)};
}

/// Autocorrelation of neighbours' ranks.
double rank_correlation(std::span<const double> values) {
    std::vector<std::size_t> order(values.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
    std::vector<double> rank(values.size());
    const double middle = 0.5 * static_cast<double>(values.size() - 1);
    for (std::size_t i = 0; i < order.size(); ++i) rank[order[i]] = static_cast<double>(i) - middle;
    double squares = 0;
    double neighbours = 0;
    for (std::size_t i = 0; i < rank.size(); ++i) {
        squares += rank[i] * rank[i];
        if (i > 0) neighbours += rank[i] * rank[i - 1];
    }
    return neighbours / squares;
}

}  // namespace

std::string_view name_of(DelayLaw law) {
    constexpr std::array<std::string_view, 4> names{"exponential", "gamma", "weibull", "lognormal"};
    return names[static_cast<std::size_t>(law)];
}

DelayFit fit_round_trips(std::span<const double> round_trips, double resolution) {
    if (round_trips.size() < fewest)
        throw std::invalid_argument(std::to_string(round_trips.size()) +
                                    " round trips; a law wants " + std::to_string(fewest) +
                                    " or more");
    const std::size_t every = (round_trips.size() + most - 1) / most;
    std::vector<double> trips;
    for (std::size_t i = 0; i < round_trips.size(); i += every) trips.push_back(round_trips[i]);
    DelayFit fit;
    const auto count = static_cast<double>(trips.size());
    const double r = rank_correlation(trips);
    fit.independent =
        r > 2 / std::sqrt(count) ? std::max(std::floor(count * (1 - r) / (1 + r)), 10.0) : count;
    const Excess excess(trips, resolution);
    if (!(excess.mean() > 2 * resolution)) {  // no queues that the log could show
        fit.laws.push_back({DelayLaw::exponential, 0, excess.least(), 0, 1});
        fit.least = {excess.least(), excess.least() - resolution, excess.least() + resolution};
        fit.shape = {1, 1, 1};
        return fit;
    }
    for (const DelayLaw law :
         {DelayLaw::exponential, DelayLaw::gamma, DelayLaw::weibull, DelayLaw::lognormal})
        fit.laws.push_back(excess.fit(law));
    std::stable_sort(fit.laws.begin(), fit.laws.end(),
                     [](const LawFit& a, const LawFit& b) { return a.akaike < b.akaike; });
    bootstrap(fit, resolution);
    return fit;
}

JitterFit fit_jitter(std::span<const Residual> residuals, std::span<const double> excess) {
    JitterFit fit;
    const std::size_t n = residuals.size();
    const auto count = static_cast<double>(n);
    std::vector<double> squares;
    double sizes = 0;
    for (const Residual& residual : residuals) {
        squares.push_back(residual.phase * residual.phase - residual.variance);
        sizes += std::abs(residual.phase) / count;
    }
    const double mean = std::accumulate(squares.begin(), squares.end(), 0.0) / count;
    const double variance = std::max(mean, 0.0);
    // The normal's -2 ln L against Laplace's; both have one parameter.
    fit.law = 1 + std::log(2 * std::numbers::pi * variance) < 2 * (1 + std::log(2 * sizes))
                  ? "normal"
                  : "laplace";
    fit.sd = block_bootstrap(squares, variance);
    if (excess.size() != n) return fit;
    double products = 0;
    double norm = 0;
    for (std::size_t i = 0; i < n; ++i) {
        products -= excess[i] * residuals[i].phase;
        norm += excess[i] * excess[i];
    }
    if (!(norm > 0)) return fit;
    const double slope = products / norm;
    double scatter = 0;  // as it is at each delay (White, Econometrica 48 (1980))
    for (std::size_t i = 0; i < n; ++i) {
        const double left = -residuals[i].phase - slope * excess[i];
        scatter += excess[i] * excess[i] * left * left;
    }
    const double half = 1.96 * std::sqrt(scatter) / norm;
    fit.queue_slope = {slope, slope - half, slope + half};
    return fit;
}

Fitted fit_loss(std::uint64_t requests, std::uint64_t replies) {
    if (requests == 0 || replies > requests)
        throw std::invalid_argument("loss: " + std::to_string(replies) + " replies to " +
                                    std::to_string(requests) + " requests");
    const auto lost = static_cast<double>(requests - replies);
    const auto kept = static_cast<double>(replies);
    const auto one_way = [](double both) { return 1 - std::sqrt(1 - both); };
    using Beta = boost::math::beta_distribution<double>;
    const double low = lost == 0 ? 0 : boost::math::quantile(Beta(lost, kept + 1), 0.025);
    const double high = kept == 0 ? 1 : boost::math::quantile(Beta(lost + 1, kept), 0.975);
    return {one_way(lost / (lost + kept)), one_way(low), one_way(high)};
}

}  // namespace driftstorm::field_data
