#include "models/timesync/kernel_clock.hpp"

#include "models/timesync/arithmetic.hpp"
#include "sim/core/expect.hpp"

#include <algorithm>
#include <cmath>

namespace driftstorm {

namespace {

constexpr double largest_loop_frequency = 500e-6;
constexpr double tick_and_frequency = 0.1 + 500e-6;
constexpr std::int64_t old_slew_us = 500;  // in a second
constexpr std::int64_t fll_from = 2048;    // [s] between updates
constexpr int largest_constant = 10;

}  // namespace

void KernelClock::set_frequency(double rate) {
    frequency_ = std::clamp(rate, -tick_and_frequency, tick_and_frequency);
}

void KernelClock::slew_old(double seconds) {
    DRIFTSTORM_EXPECT(std::abs(seconds) < 1e9);
    // Programs round to microseconds, which a product of 1e6 may miss by a bit.
    old_left_us_ = static_cast<std::int64_t>(std::floor(seconds * 1e6 + 0.5));
}

void KernelClock::pll_offset(double seconds, int constant, bool nano, bool hold_frequency) {
    if (!loop_runs_ || hold_frequency) since_update_ = 0;
    loop_runs_ = true;
    constant_ = std::clamp(nano ? constant : constant + 4, 0, largest_constant);
    if (rules_.largest_offset_s > 0)
        seconds = std::clamp(seconds, -rules_.largest_offset_s, rules_.largest_offset_s);
    const bool had_offset = loop_offset_ != 0;
    loop_offset_ = seconds;
    double change = 0;
    if (since_update_ > fll_from && (had_offset || !rules_.fll_needs_offset))
        change += seconds / (4 * static_cast<double>(since_update_));
    if (rules_.clamp_interval) {
        const std::int64_t longest = std::int64_t{1} << (rules_.shift_pll + 1 + constant_);
        since_update_ = std::min({since_update_, fll_from, longest});
    }
    const double gain = 4 * power_of_two(rules_.shift_pll + constant_);
    change += seconds * static_cast<double>(since_update_) / (gain * gain);
    since_update_ = 0;
    double frequency = frequency_ + change;
    if (rules_.frequency_quantum > 0) {
        // A whole number of quanta must stay one though the quotient misses it by a bit.
        const double quanta = frequency / rules_.frequency_quantum;
        frequency = std::trunc(quanta + std::copysign(1e-6, quanta)) * rules_.frequency_quantum;
    }
    frequency_ = std::clamp(frequency, -largest_loop_frequency, largest_loop_frequency);
}

void KernelClock::stepped() {
    if (!rules_.step_clears_offset) return;
    loop_offset_ = 0;
    loop_slew_ = 0;
    old_left_us_ = 0;
    old_slew_ = 0;
}

void KernelClock::second() {
    if (loop_runs_) {
        ++since_update_;
        loop_slew_ = loop_offset_ / power_of_two(rules_.shift_pll + constant_);
        loop_offset_ -= loop_slew_;
    }
    const std::int64_t now_us = std::clamp(old_left_us_, -old_slew_us, old_slew_us);
    old_slew_ = static_cast<double>(now_us) * 1e-6;
    old_left_us_ -= now_us;
}

void KernelClock::idle_seconds(std::int64_t count) {
    DRIFTSTORM_EXPECT(!changes_each_second());
    if (loop_runs_) since_update_ += count;
}

}  // namespace driftstorm
