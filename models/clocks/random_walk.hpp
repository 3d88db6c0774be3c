#pragma once

#include "models/clocks/dyadic_bridge.hpp"
#include "sim/core/rate.hpp"

#include <cstdint>

namespace driftstorm {

/// Phase error of an oscillator whose frequency walks at random (random-walk FM), at whole seconds
/// since the epoch. A function of (seed, subject, second) alone: whoever reads it, in whatever
/// order, sees the same walk. Frequency is a Wiener process, phase its integral; both start at 0
/// and are drawn at the middle of ever smaller dyadic intervals, given their ends (a bridge of
/// both), so any second is reached in 32 steps. Allan variance w^2 tau / 3. Source: Riley, NIST SP
/// 1065 (2008), section 3.2.
class RandomWalk {
  public:
    /// Where the walk stands at a grid point.
    struct Point {
        Q64 phase = 0;         ///< [2^-64 ns], rounded once when the point is made
        double frequency = 0;  ///< [2^-64 ns per s]
    };
    using Interval = DyadicInterval<Point>;
    using Path = DyadicPath<Point>;

    RandomWalk() = default;
    /// @param wander  frequency noise [1/sqrt(s)]: after t s the frequency has moved by wander
    /// sqrt(t) N(0, 1)
    RandomWalk(std::uint64_t seed, std::uint64_t subject, double wander);

    bool silent() const { return scale_ == 0; }
    /// The second from `second` on, in 0 .. 2^32 - 1 (136 years).
    Interval cell(std::int64_t second) const { return halved(*this, whole(), second, 1); }
    /// The same, from where `path` has been before.
    Interval cell(std::int64_t second, Path& path) const {
        return bridged_cell(*this, second, path);
    }
    /// The 256 s around `second`; draws nothing when `path` has been there.
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
    double scale_ = 0;  ///< wander in [2^-64 ns per s per sqrt(s)]
};

}  // namespace driftstorm
