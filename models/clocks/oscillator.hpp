#pragma once

#include "models/clocks/frequency_trace.hpp"
#include "models/clocks/oscillator_noise.hpp"
#include "models/clocks/random_walk.hpp"
#include "models/clocks/temperature.hpp"
#include "sim/core/rate.hpp"
#include "sim/core/time.hpp"

#include <cstdint>
#include <memory>
#include <vector>

namespace driftstorm {

/// Distance of grid points, between which an oscillator runs at one rate.
inline constexpr Duration oscillator_grid{1'000'000'000};

/// A change of an oscillator's frequency that lasts.
struct FrequencyStep {
    Time at;
    Rate by;
};

/// A free-running oscillator: a constant frequency error, linear ageing, temperature, steps, a
/// recorded course and power-law noise. Its phase error is a function of (its parameters, time)
/// alone: an integer in 2^-64 ns at each whole second, linear in between. Nothing is scheduled for
/// it and nobody's reading changes it.
class Oscillator {
  public:
    /// What a reader may remember to be quicker next time: the last instant and its second, and of
    /// a noisy oscillator the 18 h around it. Never part of the state: it changes no value.
    struct Memo {
        Q64 begin = 0;
        Q64 end = 0;
        Q64 phase = 0;  ///< at `instant`
        Time instant{-1};
        std::int64_t second = -1;
        std::unique_ptr<OscillatorNoise::Memo> noise;
    };

    /// A straight line near the phase error.
    struct Line {
        Time from;
        Time until;
        Q64 at_from = 0;  ///< phase error of the line at its ends [2^-64 ns]
        Q64 at_until = 0;
        double off_by = 0;  ///< between them the phase error is that near to it [2^-64 ns]
        /// The line at a time between its ends, to 1e-4 ns.
        Q64 at(Time t) const {
            const double share =
                static_cast<double>(t.ns - from.ns) / static_cast<double>(until.ns - from.ns);
            return at_from + static_cast<Q64>(share * static_cast<double>(at_until - at_from));
        }
    };

    /// All that moves an oscillator's frequency.
    struct Parts {
        double frequency_error = 0;  ///< [fraction]; |.| <= 0.1
        double ageing = 0;           ///< change of the frequency error [1/s]; |.| <= 1e-11
        OscillatorNoise noise;
        TemperaturePhase temperature;
        std::vector<FrequencyStep> steps;
        std::shared_ptr<const FrequencyTrace> trace;
    };

    Oscillator() = default;
    /// @throws std::invalid_argument naming the argument and its value
    explicit Oscillator(Parts parts);
    Oscillator(double frequency_error, double ageing, const RandomWalk& walk);

    /// Oscillations counted since the epoch, in nominal ns [2^-64 ns]; 0 <= now <= the horizon.
    Q64 count(Time now, Memo& memo) const { return (Q64{now.ns} << 64) + phase(now, memo); }
    /// How far count() is ahead of true time [2^-64 ns].
    Q64 phase(Time now, Memo& memo) const {
        // An event reads its device's clocks again and again.
        if (now != memo.instant) move(now, memo);
        return memo.phase;
    }
    Q64 phase(Time now) const {
        Memo memo;
        return phase(now, memo);
    }
    /// Where the phase error is at about `now`, without drawing it: the line over the 256 s around.
    Line line(Time now, Memo& memo) const;
    /// Phase error at whole second k of the grid [2^-64 ns].
    Q64 phase_at(std::int64_t second) const;
    /// The constant part of its frequency error.
    Rate frequency_error() const { return frequency_error_; }

  private:
    /// What few oscillators have.
    struct Course {
        TemperaturePhase temperature;
        std::vector<FrequencyStep> steps;
        std::shared_ptr<const FrequencyTrace> trace;

        Q64 phase(std::int64_t second) const;
        double furthest_from_line(std::int64_t from, std::int64_t until) const;
    };

    Q64 smooth_phase(std::int64_t second) const;
    void move(Time now, Memo& memo) const;
    void remember(std::int64_t second, Memo& memo) const;

    Rate frequency_error_;
    std::int64_t half_ageing_ = 0;  ///< [2^-64 ns per s^2]
    OscillatorNoise noise_;
    std::shared_ptr<const Course> course_;
};

}  // namespace driftstorm
