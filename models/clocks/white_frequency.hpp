#pragma once

#include "models/clocks/dyadic_bridge.hpp"
#include "sim/core/rate.hpp"

#include <cstdint>

namespace driftstorm {

/// Phase error of an oscillator with white frequency noise (white FM), S_y(f) = h0, at whole
/// seconds since the epoch: a Wiener process in phase of variance h0 / 2 per second, drawn as a
/// bridge, so a function of (seed, subject, second) alone. Allan variance h0 / (2 tau). Source:
/// Riley, NIST SP 1065 (2008), section 3.2.
class WhiteFrequency {
  public:
    struct Point {
        Q64 phase = 0;  ///< [2^-64 ns]
    };
    using Interval = DyadicInterval<Point>;
    using Path = DyadicPath<Point>;

    WhiteFrequency() = default;
    /// @param h0  [1/Hz], >= 0
    WhiteFrequency(std::uint64_t seed, std::uint64_t subject, double h0);

    bool silent() const { return scale_ == 0; }
    /// The second from `second` on, in 0 .. 2^32 - 1.
    Interval cell(std::int64_t second) const { return halved(*this, whole(), second, 1); }
    Interval cell(std::int64_t second, Path& path) const {
        return bridged_cell(*this, second, path);
    }
    Interval around(std::int64_t second, Path& path) const {
        return bridged_around(*this, second, path);
    }
    /// How far, at most, the phase within an interval is from the straight line between its ends
    /// [2^-64 ns].
    double furthest_from_line(const Interval& of) const;

    Interval whole() const;
    Point middle(const Interval& of) const;

  private:
    std::uint64_t seed_ = 0;
    std::uint64_t subject_ = 0;
    double scale_ = 0;  ///< standard deviation of the phase after 1 s [2^-64 ns]
};

}  // namespace driftstorm
