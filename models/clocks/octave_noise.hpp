#pragma once

#include "models/clocks/dyadic_bridge.hpp"
#include "models/clocks/normals.hpp"

#include <array>
#include <cstdint>

namespace driftstorm {

/// A noise of spectrum 1 / f^(2 a + 1) as a sum of smooth random curves, one an octave: the curve
/// of period T = 2^j joins independent normals T apart by a quadratic B-spline and weighs T^a. Any
/// place is reached at the price of three draws an octave, without a past. The curves' spectra
/// overlap so far that the Allan variance of their sum is flat (a = 1) or straight (a = 0) to 1e-4
/// over all averaging times, by B-splines' autocorrelation: that of order 2 is the B-spline of
/// order 5.
class OctaveNoise {
  public:
    static constexpr int octaves = 32;
    /// Where places lie between the knots of the first octave, which are as close as they are:
    /// there (u - u^2)^2 is its mean 1 / 30, so that its variances are those of all places.
    static constexpr double first_share = 0.24033518882038593;

    /// A stretch over which the curves of some octaves are one parabola.
    struct Stretch {
        std::int64_t begin = -1;
        double at = 0;
        double slope = 0;
        double bend = 0;
        double after(double places) const { return at + places * (slope + places * bend); }
    };
    /// The stretches around the last place asked for; they change no value.
    struct Memo {
        Stretch slow;    ///< octaves 8 and up, over 256 places
        Stretch medium;  ///< octaves 4 to 7, over 16 places
    };

    OctaveNoise() = default;
    /// @param purpose  of the draws
    /// @param weight   a: 1 or 0
    OctaveNoise(std::uint64_t seed, Purpose purpose, std::uint64_t subject, int weight)
        : seed_(seed), purpose_(purpose), subject_(subject), weight_(weight) {}

    /// At a place in 0 .. 2^33 - 1, of standard deviation sqrt(11 / 20) T^a an octave.
    double at(std::int64_t place, Memo& memo) const;
    /// The parabola of octaves 8 and up over the 256 places around.
    const Stretch& slow(std::int64_t place, Memo& memo) const;
    /// How far, at most, all octaves below 8 are from 0.
    double furthest_fast() const;

  private:
    std::array<double, 3> knots(int octave, std::int64_t first) const;
    Stretch stretch(std::int64_t begin, int from, int to) const;

    std::uint64_t seed_ = 0;
    Purpose purpose_{"clocks.octaves"};
    std::uint64_t subject_ = 0;
    int weight_ = 1;
};

/// Phase error of an oscillator with flicker frequency noise (flicker FM), S_y(f) = h_1 / f, at
/// whole seconds since the epoch, where it is 0. A function of (seed, subject, second) alone. Allan
/// variance 2 ln 2 h_1 at all averaging times from 1 s to a year. Source: Riley, NIST SP 1065
/// (2008), section 3.2.
class FlickerFrequency {
  public:
    struct Memo {
        OctaveNoise::Memo octaves;
        std::int64_t second = -1;  ///< last one asked for
        Q64 phase = 0;
    };

    FlickerFrequency() = default;
    /// @param h_1  coefficient of 1/f, >= 0
    FlickerFrequency(std::uint64_t seed, std::uint64_t subject, double h_1);

    bool silent() const { return scale_ == 0; }
    /// Phase at a second in 0 .. 2^32 - 1 [2^-64 ns].
    Q64 phase(std::int64_t second, Memo& memo) const {
        if (memo.second != second) {
            memo.phase = drawn(second + shift_, memo.octaves) - origin_;
            memo.second = second;
        }
        return memo.phase;
    }
    /// How far, at most, the phase within the 256 s around `second` (a multiple of 256) is from the
    /// straight line between their ends [2^-64 ns].
    double furthest_from_line(std::int64_t second, Memo& memo) const;

  private:
    Q64 drawn(std::int64_t place, OctaveNoise::Memo& memo) const;

    OctaveNoise octaves_;
    std::uint64_t seed_ = 0;
    std::uint64_t subject_ = 0;
    double scale_ = 0;        ///< [2^-64 ns]
    std::int64_t shift_ = 0;  ///< where in the octaves the epoch lies; a multiple of 256 s
    Q64 origin_ = 0;
};

}  // namespace driftstorm
