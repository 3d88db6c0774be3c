#pragma once

#include "models/clocks/oscillator.hpp"
#include "sim/core/fields.hpp"
#include "sim/core/rate.hpp"
#include "sim/core/time.hpp"

#include <array>
#include <cstdint>
#include <string_view>

namespace driftstorm {

/// The clocks an operating system keeps. `wall` (realtime) is stepped and steered; `boot` counts
/// since the epoch, steered but never stepped; `monotonic` is the same but stands still while the
/// device sleeps.
enum class ClockKind : std::uint8_t { wall, monotonic, boot };
template <>
inline constexpr std::array<std::string_view, 3> enum_words<ClockKind>{"wall", "monotonic", "boot"};

/// A straight line near the difference of a clock from true time.
struct OffsetLine {
    Time from = end_of_time;  ///< the line holds from here ...
    Time until{};             ///< ... to here, if nobody touches the clock
    double at_from = 0;       ///< [ns]
    double slope = 0;         ///< [ns per ns]
    double off_by = 0;        ///< the true offset is that near to the line [ns]
    double at(Time t) const { return at_from + slope * static_cast<double>(t.ns - from.ns); }
};

/// The operating system's clock on top of an oscillator: a frequency correction, a slew that
/// amortises a remaining offset at a limited rate, and the wall clock's steps. Plain values in
/// exact 2^-64 ns arithmetic; between changes each clock is a function of the oscillator's count
/// alone. Source: Linux man-pages, adjtime(3), adjtimex(2), clock_gettime(2): frequency and slew
/// reach all three clocks, steps the wall clock only.
class SteeredClock {
  public:
    /// @param offset  of the wall clock from true time at the epoch [2^-64 ns]
    explicit SteeredClock(Q64 offset = 0) : wall_offset_(offset) {}

    /// What the clock shows at `now` [2^-64 ns]; `now` is not before the last change.
    Q64 exact(ClockKind kind, Time now, const Oscillator& oscillator, Oscillator::Memo& memo) const;

    /// First instant, not before `now`, at which the clock shows `target` or more, if nobody
    /// touches it until then; end_of_time when that is not within the horizon (or the clock stands
    /// still).
    Time when(ClockKind kind, Reading target, Time now, const Oscillator& oscillator,
              Oscillator::Memo& memo) const;

    /// Jumps the wall clock [2^-64 ns]; it stays within 100 years of the boot clock.
    void step(Q64 by);
    /// Amortises `remaining` [2^-64 ns] at `rate` from `now` on, instead of what an earlier slew
    /// has left.
    void slew(Time now, Q64 remaining, Rate rate, const Oscillator& oscillator,
              Oscillator::Memo& memo);
    /// Runs faster by `correction` from `now` on.
    void set_frequency(Time now, Rate correction, const Oscillator& oscillator,
                       Oscillator::Memo& memo);
    /// Stops (goes on with) the monotonic clock.
    void suspend(Time now, const Oscillator& oscillator, Oscillator::Memo& memo);
    void resume(Time now, const Oscillator& oscillator, Oscillator::Memo& memo);

    /// Moves the wall and the boot clock by what another clock says of a sleep that is over; the
    /// monotonic clock stays [2^-64 ns].
    void correct_sleep(Q64 by) {
        boot_ += by;
        asleep_ += by;
    }
    /// Forgets correction and slew, as a kernel that starts anew.
    void unsteer(Time now, const Oscillator& oscillator, Oscillator::Memo& memo);

    /// Where the wall clock is from true time at `now` and for as long as can be said without
    /// drawing the oscillator's noise; at `now` alone and exact when that is less than a second.
    OffsetLine offset_line(Time now, const Oscillator& oscillator, Oscillator::Memo& memo) const;

    Rate frequency() const { return frequency_; }
    bool suspended() const { return suspended_; }
    /// What a slew has still to amortise at `now` [2^-64 ns].
    Q64 slew_left(Time now, const Oscillator& oscillator, Oscillator::Memo& memo) const;

  private:
    Q64 boot(Time now, const Oscillator& oscillator, Oscillator::Memo& memo) const {
        return boot_at(oscillator.count(now, memo));
    }
    Q64 boot_at(Q64 count) const;
    Time line_ends(Time now, const Oscillator::Line& line) const;
    Q64 slewed(Q64 counted) const;
    void settle(Time now, const Oscillator& oscillator, Oscillator::Memo& memo);
    Time first_at(Q64 boot_target, Time now, const Oscillator& oscillator,
                  Oscillator::Memo& memo) const;
    Time first_within_second(Q64 boot_target, Time low, Time high, const Oscillator& oscillator,
                             Oscillator::Memo& memo) const;

    Q64 count_ = 0;         ///< the oscillator's count at the last change of rate [2^-64 ns]
    Q64 boot_ = 0;          ///< the boot clock at that instant
    Q64 slew_left_ = 0;     ///< to be amortised from then on, signed
    Q64 wall_offset_ = 0;   ///< wall clock - boot clock
    Q64 asleep_ = 0;        ///< boot clock - monotonic clock; while suspended, as it was before
    Q64 asleep_since_ = 0;  ///< boot clock when the device was suspended
    Rate frequency_;
    Rate slew_rate_;
    bool suspended_ = false;
};

}  // namespace driftstorm
