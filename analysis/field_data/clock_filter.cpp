#include "analysis/field_data/clock_filter.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace driftstorm::field_data {

namespace {

constexpr double rate_ratio = 4;
constexpr double unknown_frequency = 1e-2;  // standard deviation before anything is known [s/s]

}  // namespace

ClockFilter::ClockFilter(std::vector<UnsteeredPoint> points, bool with_flicker, double least)
    : points_(std::move(points)), excess_(points_.size(), 0.0) {
    for (std::size_t i = 0; i < points_.size(); ++i)
        if (points_[i].delay > 0) excess_[i] = std::max(points_[i].delay - least, 0.0);
    if (!with_flicker) return;

    std::vector<double> gaps;
    for (std::size_t i = 1; i < points_.size(); ++i)
        gaps.push_back(points_[i].at - points_[i - 1].at);
    std::sort(gaps.begin(), gaps.end());
    const double span = points_.back().at;
    double rate = 2 / std::max(gaps[gaps.size() / 2], span * 1e-4);
    std::vector<double> rates;
    while (rates.size() < most_processes && rate * span > 0.5) {
        rates.push_back(rate);
        rate /= rate_ratio;
    }
    processes_ = rates.size();
    steps_.resize(points_.size());
    for (std::size_t i = 1; i < points_.size(); ++i) {
        const double gap = points_[i].at - points_[i - 1].at;
        for (std::size_t k = 0; k < processes_; ++k) {
            const double l = rates[k];
            const double lost = -std::expm1(-l * gap);
            const double lost_twice = -std::expm1(-2 * l * gap);
            Step& step = steps_[i][k];
            step.keeps = 1 - lost;
            step.into_phase = lost / l;
            step.own = lost_twice;
            step.with_phase = square(lost) / l;
            step.of_phase = std::max(0.0, 2 / l * (gap - 2 * lost / l + lost_twice / (2 * l)));
        }
    }
}

ClockFilter::State ClockFilter::begin(const ClockNoise& noise, const UnsteeredPoint& point,
                                      double excess) const {
    State state;
    state.mean[0] = point.phase;
    state.covariance[0][0] = variance(noise, point, excess);
    state.covariance[1][1] = square(unknown_frequency);
    for (std::size_t k = 0; k < processes_; ++k)
        state.covariance[2 + k][2 + k] = noise.flicker * std::log(rate_ratio);
    return state;
}

/// Across the gap before point `gap`, in either direction: in the other one the frequency has the
/// other sign.
void ClockFilter::advance(State& state, const ClockNoise& noise, std::size_t gap) const {
    const double elapsed = points_[gap].at - points_[gap - 1].at;
    const std::size_t n = 2 + processes_;
    Matrix& p = state.covariance;
    Vector& x = state.mean;
    Vector into{};  // what of each state enters the phase
    into[1] = elapsed;
    for (std::size_t k = 0; k < processes_; ++k) into[2 + k] = steps_[gap][k].into_phase;
    for (std::size_t i = 1; i < n; ++i) x[0] += into[i] * x[i];
    for (std::size_t j = 0; j < n; ++j) {
        double sum = 0;
        for (std::size_t i = 1; i < n; ++i) sum += into[i] * p[i][j];
        p[0][j] += sum;
    }
    double sum = p[0][0];
    for (std::size_t i = 1; i < n; ++i) sum += into[i] * p[0][i];
    p[0][0] = sum;
    for (std::size_t k = 0; k < processes_; ++k) {
        const double keeps = steps_[gap][k].keeps;
        x[2 + k] *= keeps;
        for (std::size_t j = 0; j < n; ++j) {
            p[2 + k][j] *= keeps;
            if (j < 2 + k) p[j][2 + k] *= keeps;
        }
        for (std::size_t j = 2 + k + 1; j < n; ++j) p[j][2 + k] *= keeps;
        p[2 + k][2 + k] *= keeps;
    }
    p[0][0] += noise.white * elapsed + noise.walk * elapsed * elapsed * elapsed / 3 +
               points_[gap].gap_variance;
    p[0][1] += noise.walk * elapsed * elapsed / 2;
    p[1][1] += noise.walk * elapsed;
    const double each = noise.flicker * std::log(rate_ratio);
    for (std::size_t k = 0; k < processes_; ++k) {
        const Step& step = steps_[gap][k];
        p[0][0] += each * step.of_phase;
        p[0][2 + k] += each * step.with_phase;
        p[2 + k][2 + k] += each * step.own;
    }
    for (std::size_t j = 1; j < n; ++j) p[j][0] = p[0][j];
}

/// @param seen  called with (point, predicted phase, its variance, of the measurement)
template <class Seen>
ClockFilter::State ClockFilter::run(const ClockNoise& noise, bool forward, Seen seen) const {
    const std::size_t count = points_.size();
    const std::size_t n = 2 + processes_;
    const auto place = [&](std::size_t i) { return forward ? i : count - 1 - i; };
    State state = begin(noise, points_[place(0)], excess_[place(0)]);
    for (std::size_t i = 1; i < count; ++i) {
        const std::size_t at = place(i);
        advance(state, noise, forward ? at : at + 1);
        const double measured = variance(noise, points_[at], excess_[at]);
        const double total = state.covariance[0][0] + measured;
        seen(at, state.mean[0], state.covariance[0][0], measured);
        const double innovation = points_[at].phase - state.mean[0];
        const Vector column = state.covariance[0];
        for (std::size_t a = 0; a < n; ++a) {
            const double gain = column[a] / total;
            state.mean[a] += gain * innovation;
            for (std::size_t b = 0; b < n; ++b) state.covariance[a][b] -= gain * column[b];
        }
    }
    return state;
}

double ClockFilter::minus_2_log_likelihood(const ClockNoise& noise) const {
    double sum = 0;
    run(noise, true, [&](std::size_t at, double phase, double variance, double measured) {
        if (at < 2) return;  // phase and frequency are taken from the first two
        const double total = variance + measured;
        sum += std::log(total) + square(points_[at].phase - phase) / total;
    });
    return sum;
}

std::vector<Prediction> ClockFilter::predictions(const ClockNoise& noise, bool forward) const {
    std::vector<Prediction> found(points_.size(), {0, std::numeric_limits<double>::infinity()});
    run(noise, forward, [&](std::size_t at, double phase, double variance, double) {
        found[at] = {phase, variance};
    });
    return found;
}

ClockFilter::End ClockFilter::at_start(const ClockNoise& noise) const {
    const State state = run(noise, false, [](std::size_t, double, double, double) {});
    return {state.mean[0], state.covariance[0][0], -state.mean[1], state.covariance[1][1]};
}

}  // namespace driftstorm::field_data
