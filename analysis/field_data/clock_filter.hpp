#pragma once

#include "analysis/field_data/unsteered_clock.hpp"

#include <array>
#include <cstddef>
#include <vector>

namespace driftstorm::field_data {

/// What the noise of a clock and of its exchanges is made of.
struct ClockNoise {
    double white = 0;        ///< diffusion of the phase, h0 / 2 [s^2/s]
    double walk = 0;         ///< diffusion of the frequency, 2 pi^2 h_2 [1/s]
    double flicker = 0;      ///< h_1
    double stamp = 0;        ///< variance of an exchange without queueing [s^2]
    double queue_share = 0;  ///< and by the square of the excess delay
};

/// Phase and frequency as all exchanges before (or after) a point say.
struct Prediction {
    double phase = 0;
    double variance = 0;
};

/// A Kalman filter over the points of a clock: state phase, frequency and, for flicker FM, Markov
/// processes of equal variance h_1 ln 4 with rates a factor 4 apart, from the span's to the
/// shortest gap's.
class ClockFilter {
  public:
    struct End {
        double phase = 0;
        double phase_variance = 0;
        double frequency = 0;
        double frequency_variance = 0;
    };

    /// @param with_flicker  whether ClockNoise::flicker is heeded
    /// @param least  round trip without queues, beyond which a delay is in excess [s]
    ClockFilter(std::vector<UnsteeredPoint> points, bool with_flicker, double least);

    /// -2 ln of the likelihood, but for a constant.
    double minus_2_log_likelihood(const ClockNoise& noise) const;
    /// Predictions from the points before each (forward) or after it.
    std::vector<Prediction> predictions(const ClockNoise& noise, bool forward) const;
    /// The state at the first point, given all.
    End at_start(const ClockNoise& noise) const;

    const std::vector<UnsteeredPoint>& points() const { return points_; }
    double excess(std::size_t i) const { return excess_[i]; }  ///< delay in queues [s]
    static double variance(const ClockNoise& noise, const UnsteeredPoint& point, double excess) {
        return noise.stamp + noise.queue_share * excess * excess + point.variance;
    }

  private:
    static constexpr std::size_t most_processes = 8;
    static constexpr std::size_t most_states = 2 + most_processes;
    using Vector = std::array<double, most_states>;
    using Matrix = std::array<Vector, most_states>;
    struct State {
        Vector mean{};
        Matrix covariance{};
    };
    /// What a unit variance of a Markov process does in the gap before a point.
    struct Step {
        double keeps = 0;       ///< of itself
        double into_phase = 0;  ///< of it into the phase [s]
        double own = 0;         ///< variance added to it
        double with_phase = 0;  ///< covariance
        double of_phase = 0;    ///< variance added to the phase
    };

    State begin(const ClockNoise& noise, const UnsteeredPoint& point, double excess) const;
    void advance(State& state, const ClockNoise& noise, std::size_t gap) const;
    template <class Seen>
    State run(const ClockNoise& noise, bool forward, Seen seen) const;

    std::vector<UnsteeredPoint> points_;
    std::vector<double> excess_;
    std::size_t processes_ = 0;
    std::vector<std::array<Step, most_processes>> steps_;  ///< by the gap before each point
};

}  // namespace driftstorm::field_data
