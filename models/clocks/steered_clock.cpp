#include "models/clocks/steered_clock.hpp"

#include "sim/core/expect.hpp"

#include <algorithm>
#include <cmath>

namespace driftstorm {

namespace {

/// span * rate, rounded down; span >= 0. In two halves, as the product has 192 bits.
Q64 at_rate(Q64 span, Rate rate) {
    const Q64 whole = span >> 64;
    const auto part = static_cast<std::uint64_t>(span);
    return whole * rate.raw + ((Q64{part} * rate.raw) >> 64);
}

std::int64_t second_of(Time t) { return t.ns / oscillator_grid.ns; }
Time begin_of(std::int64_t second) { return {second * oscillator_grid.ns}; }

}  // namespace

Q64 SteeredClock::slewed(Q64 counted) const {
    if (slew_left_ == 0) return 0;
    const Q64 could = at_rate(counted, slew_rate_);
    return slew_left_ < 0 ? -std::min(-slew_left_, could) : std::min(slew_left_, could);
}

Q64 SteeredClock::boot_at(Q64 count) const {
    const Q64 counted = count - count_;
    return boot_ + counted + at_rate(counted, frequency_) + slewed(counted);
}

Q64 SteeredClock::exact(ClockKind kind, Time now, const Oscillator& oscillator,
                        Oscillator::Memo& memo) const {
    if (kind == ClockKind::monotonic && suspended_) return asleep_since_ - asleep_;
    const Q64 shown = boot(now, oscillator, memo);
    if (kind == ClockKind::wall) return shown + wall_offset_;
    return kind == ClockKind::monotonic ? shown - asleep_ : shown;
}

Q64 SteeredClock::slew_left(Time now, const Oscillator& oscillator, Oscillator::Memo& memo) const {
    return slew_left_ - slewed(oscillator.count(now, memo) - count_);
}

/// Until when the clock runs at one rate, as far as the line tells; at most to the line's end.
Time SteeredClock::line_ends(Time now, const Oscillator::Line& line) const {
    if (slew_left_ == 0 || slew_rate_ == Rate{}) return line.until;
    const double counted = static_cast<double>((Q64{now.ns} << 64) + line.at(now) - count_);
    const double whole = std::abs(static_cast<double>(slew_left_)) / slew_rate_.as_fraction();
    const double margin = line.off_by + 1e-12 * (std::abs(counted) + whole) + 0x1p65;
    if (counted > whole + margin) return line.until;  // amortised before
    // No oscillator runs a quarter too fast. What is left then is for the next line.
    const double left = 0.8 * 0x1p-64 * (whole - margin - counted);
    if (!(left > 0)) return now;
    if (left > static_cast<double>(line.until.ns - now.ns)) return line.until;
    return now + Duration{static_cast<std::int64_t>(left)};
}

OffsetLine SteeredClock::offset_line(Time now, const Oscillator& oscillator,
                                     Oscillator::Memo& memo) const {
    const auto offset = [&](Time t, Q64 count) {
        return static_cast<double>(boot_at(count) + wall_offset_ - (Q64{t.ns} << 64)) * 0x1p-64;
    };
    const Oscillator::Line line = oscillator.line(now, memo);
    OffsetLine made{.from = now, .until = line_ends(now, line)};
    if (made.until - now < oscillator_grid) {
        made.until = now;
        made.at_from = offset(now, oscillator.count(now, memo));
        return made;
    }
    const auto on_line = [&](Time t) { return offset(t, (Q64{t.ns} << 64) + line.at(t)); };
    made.at_from = on_line(now);
    const double at_until = on_line(made.until);
    made.slope = (at_until - made.at_from) / static_cast<double>(made.until.ns - now.ns);
    // Frequency correction and slew carry the phase over at no more than 1.3 times.
    made.off_by =
        1.4 * 0x1p-64 * line.off_by + 0.01 + 1e-14 * (std::abs(made.at_from) + std::abs(at_until));
    return made;
}

void SteeredClock::settle(Time now, const Oscillator& oscillator, Oscillator::Memo& memo) {
    const Q64 count = oscillator.count(now, memo);
    DRIFTSTORM_EXPECT(count >= count_);  // changes come in order of time
    boot_ = boot(now, oscillator, memo);
    slew_left_ -= slewed(count - count_);
    count_ = count;
}

void SteeredClock::step(Q64 by) {
    wall_offset_ += by;
    DRIFTSTORM_EXPECT(wall_offset_ <= Q64{horizon.ns} << 64 &&
                      wall_offset_ >= -(Q64{horizon.ns} << 64));
}

void SteeredClock::slew(Time now, Q64 remaining, Rate rate, const Oscillator& oscillator,
                        Oscillator::Memo& memo) {
    DRIFTSTORM_EXPECT(rate > Rate{} && rate <= Rate::fraction(0.1));
    settle(now, oscillator, memo);
    slew_left_ = remaining;
    slew_rate_ = rate;
}

void SteeredClock::set_frequency(Time now, Rate correction, const Oscillator& oscillator,
                                 Oscillator::Memo& memo) {
    DRIFTSTORM_EXPECT(correction >= Rate::fraction(-0.2) && correction <= Rate::fraction(0.2));
    settle(now, oscillator, memo);
    frequency_ = correction;
}

void SteeredClock::unsteer(Time now, const Oscillator& oscillator, Oscillator::Memo& memo) {
    settle(now, oscillator, memo);
    slew_left_ = 0;
    slew_rate_ = {};
    frequency_ = {};
}

void SteeredClock::suspend(Time now, const Oscillator& oscillator, Oscillator::Memo& memo) {
    if (suspended_) return;
    asleep_since_ = boot(now, oscillator, memo);
    suspended_ = true;
}

void SteeredClock::resume(Time now, const Oscillator& oscillator, Oscillator::Memo& memo) {
    if (!suspended_) return;
    asleep_ += boot(now, oscillator, memo) - asleep_since_;
    suspended_ = false;
}

Time SteeredClock::when(ClockKind kind, Reading target, Time now, const Oscillator& oscillator,
                        Oscillator::Memo& memo) const {
    const Q64 wanted = Q64{target.ns} << 64;
    if (exact(kind, now, oscillator, memo) >= wanted) return now;
    if (kind == ClockKind::monotonic && suspended_) return end_of_time;
    const Q64 ahead = kind == ClockKind::wall        ? wall_offset_
                      : kind == ClockKind::monotonic ? -asleep_
                                                     : 0;
    if (Q64{target.ns} - (ahead >> 64) > 2 * Q64{horizon.ns})
        return end_of_time;  // and the next line cannot overflow
    return first_at(wanted - ahead, now, oscillator, memo);
}

Time SteeredClock::first_at(Q64 boot_target, Time now, const Oscillator& oscillator,
                            Oscillator::Memo& memo) const {
    // The clock never runs backwards, so the first instant it shows the target is its inverse: a
    // bracket first (not yet at `low`, reached at `high`), then the second in it, then the
    // nanosecond.
    const auto missing_at = [&](Time t) { return boot_target - boot(t, oscillator, memo); };
    constexpr Time last = Time{} + horizon;
    Time low = now;
    Time high = now;
    Q64 missing = missing_at(low);
    for (;;) {
        const Q64 ns = (missing >> 64) + 1;
        if (ns > last.ns - low.ns) {
            high = last;
        } else {
            // The end of the second in which it should come to pass.
            high = low + Duration{static_cast<std::int64_t>(ns)};
            high = std::min(begin_of(second_of(high) + 1), last);
        }
        const Q64 left = missing_at(high);
        if (left <= 0) break;
        if (high == last) return end_of_time;
        low = high;
        missing = left;
    }
    for (bool halve = false; second_of(low) != second_of(high - Duration{1}); halve = !halve) {
        const std::int64_t first_second = second_of(low) + 1;
        const std::int64_t last_second = second_of(high - Duration{1});
        const Time ahead = low + Duration{static_cast<std::int64_t>(missing >> 64)};
        const std::int64_t guess = halve ? first_second + (last_second - first_second) / 2
                                         : std::clamp(second_of(ahead), first_second, last_second);
        const Q64 left = missing_at(begin_of(guess));
        (left > 0 ? low : high) = begin_of(guess);
        if (left > 0) missing = left;
    }
    return first_within_second(boot_target, low, high, oscillator, memo);
}

Time SteeredClock::first_within_second(Q64 boot_target, Time low, Time high,
                                       const Oscillator& oscillator, Oscillator::Memo& memo) const {
    const auto missing_at = [&](Time t) { return boot_target - boot(t, oscillator, memo); };
    // Within a second the clock is all but straight: a guess on either side leaves a few
    // nanoseconds.
    if (high.ns - low.ns > 8) {
        const Q64 missing = missing_at(low);
        const double share =
            static_cast<double>(missing) / static_cast<double>(missing - missing_at(high));
        const auto into = static_cast<std::int64_t>(share * static_cast<double>(high.ns - low.ns));
        for (const Time probe : {low + Duration{into - 2}, low + Duration{into + 2}}) {
            if (probe <= low || probe >= high) continue;
            (missing_at(probe) > 0 ? low : high) = probe;
        }
    }
    while (high.ns - low.ns > 1) {
        const Time middle{low.ns + (high.ns - low.ns) / 2};
        (missing_at(middle) > 0 ? low : high) = middle;
    }
    return high;
}

}  // namespace driftstorm
