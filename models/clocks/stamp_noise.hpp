#pragma once

#include "models/clocks/octave_noise.hpp"
#include "sim/core/rate.hpp"

#include <cstdint>

namespace driftstorm {

/// Phase noise of time stamps (white and flicker PM): what interrupts, drivers and counters add to
/// a reading, not the oscillator. A function of (seed, subject, number of the stamp) alone: a stamp
/// not taken changes no other. Source: Riley, NIST SP 1065 (2008), section 3.2.
class StampNoise {
  public:
    StampNoise() = default;
    /// @param white_s    standard deviation of each stamp [s]; with stamps tau0 apart h2 = 8 pi^2
    ///                   tau0 white^2 up to 1 / (2 tau0)
    /// @param flicker_s  [s]: flicker PM of S_x(f) = flicker^2 / f [s^2/Hz], h1 = 4 pi^2 flicker^2,
    ///                   by number of the stamp up to half their rate
    StampNoise(std::uint64_t seed, std::uint64_t subject, double white_s, double flicker_s);

    /// What stamp `number`, 0 .. 2^32 - 1, is late by [2^-64 ns].
    Q64 at(std::int64_t number, OctaveNoise::Memo& memo) const;
    /// Allan variance of stamps tau0 apart at an averaging time of m tau0, m >= 1.
    double allan_variance(double tau0, std::int64_t m) const;

  private:
    std::uint64_t seed_ = 0;
    std::uint64_t subject_ = 0;
    OctaveNoise octaves_;
    double white_s_ = 0;
    double flicker_s_ = 0;
};

}  // namespace driftstorm
