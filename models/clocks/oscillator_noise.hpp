#pragma once

#include "models/clocks/octave_noise.hpp"
#include "models/clocks/random_walk.hpp"
#include "models/clocks/white_frequency.hpp"
#include "sim/core/rate.hpp"

#include <cstdint>

namespace driftstorm {

/// Power-law frequency noise of an oscillator, one-sided S_y(f) = h0 + h_1 / f + h_2 / f^2. Source:
/// IEEE 1139-2008; Riley, NIST SP 1065 (2008), section 3.2.
struct PowerLaw {
    double h0 = 0;   ///< white FM [1/Hz]
    double h_1 = 0;  ///< flicker FM
    double h_2 = 0;  ///< random-walk FM [Hz]

    /// Allan variance at tau [s] that the coefficients give.
    double allan_variance(double tau) const;
    /// The random walk's w, sqrt(2 pi^2 h_2) [1/sqrt(s)].
    double wander() const;
};

/// The phase that such noise makes, 0 at the epoch: sum of three independent parts, each a function
/// of (seed, subject, second).
class OscillatorNoise {
  public:
    struct Memo {
        RandomWalk::Path walk;
        WhiteFrequency::Path white;
        FlickerFrequency::Memo flicker;
    };
    /// Phase at the ends of some seconds [2^-64 ns], and how far, at most, it is from the line
    /// between them.
    struct Stretch {
        std::int64_t second = 0;
        std::int64_t length = 0;
        Q64 begin = 0;
        Q64 end = 0;
        double off_by = 0;
    };

    OscillatorNoise() = default;
    explicit OscillatorNoise(const RandomWalk& walk, const WhiteFrequency& white = {},
                             const FlickerFrequency& flicker = {})
        : walk_(walk), white_(white), flicker_(flicker) {}
    OscillatorNoise(std::uint64_t seed, std::uint64_t subject, const PowerLaw& law);

    bool silent() const { return walk_.silent() && white_.silent() && flicker_.silent(); }
    /// Phase at a second in 0 .. 2^32 - 2.
    Q64 phase(std::int64_t second) const;
    /// The second from `second` on; between its ends the phase is straight.
    Stretch cell(std::int64_t second, Memo& memo) const;
    /// The 256 s around it, by drawing little more than nothing when `memo` has been there.
    Stretch around(std::int64_t second, Memo& memo) const;

  private:
    RandomWalk walk_;
    WhiteFrequency white_;
    FlickerFrequency flicker_;
};

}  // namespace driftstorm
