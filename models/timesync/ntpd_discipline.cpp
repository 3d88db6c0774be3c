#include "models/timesync/ntpd_discipline.hpp"

#include "models/timesync/arithmetic.hpp"

#include <algorithm>
#include <cmath>

namespace driftstorm {

namespace {

constexpr double largest_frequency = 500e-6;
constexpr double loop_gain_root = 16;  // CLOCK_PLL
constexpr double frequency_lock_gain = 0.25;
constexpr double jitter_average = 8;
constexpr double start_floor = 0.5e-3;  // an offset below ends the start
constexpr int counter_limit = 30;
constexpr double jitter_gate = 4;     // in jitters
constexpr double start_constant = 2;  // of the loop during the start [s]

}  // namespace

NtpdDiscipline::NtpdDiscipline(const Options& options)
    : options_(options),
      jitter_(power_of_two(options.precision)),
      hold_(static_cast<int>(options.stepout_s)),
      may_panic_(options.first_panic) {}

void NtpdDiscipline::start(ClockControl& clock) {
    // The loop is switched on with no offset; its interval counts from here. The constant is given
    // as if in nanoseconds while the kernel still counts in microseconds.
    clock.pll_offset(0, poll_, false, false);
    set_frequency(clock, 0);
}

void NtpdDiscipline::clamp_poll(int minpoll, int maxpoll) {
    poll_ = std::min(std::max(poll_, minpoll), maxpoll);
}

bool NtpdDiscipline::beyond_step(double offset) const {
    return options_.step_s > 0 && std::abs(offset) > options_.step_s;
}

NtpdDiscipline::Outcome NtpdDiscipline::update(ClockControl& clock, std::int64_t now, double offset,
                                               int minpoll, int maxpoll) {
    if (options_.panic_s > 0 && std::abs(offset) > options_.panic_s && !may_panic_)
        return Outcome::panic;
    may_panic_ = false;
    const int poll_before = poll_;
    clamp_poll(minpoll, maxpoll);
    double frequency = frequency_;
    const State before = state_;
    const Outcome outcome = beyond_step(offset) ? beyond(clock, now, offset, frequency)
                                                : within(clock, now, offset, frequency);
    if (outcome == Outcome::ignored) return outcome;
    if (outcome == Outcome::stepped && before == State::never_set) return outcome;
    if (options_.kernel && hold_ == 0) {
        offset_ = std::floor(offset_ * 1e9 + 0.5) * 1e-9;
        clock.pll_offset(offset_, poll_, true, false);
        frequency = clock.frequency();
    }
    frequency_ = std::clamp(frequency, -largest_frequency, largest_frequency);
    adjust_poll(now, poll_before, minpoll, maxpoll);
    return outcome;
}

NtpdDiscipline::Outcome NtpdDiscipline::beyond(ClockControl& clock, std::int64_t now, double offset,
                                               double& frequency) {
    const auto since = static_cast<double>(now - epoch_);
    if (state_ == State::synchronised) {
        state_ = State::spike;
        return Outcome::ignored;
    }
    if (state_ != State::never_set && since < options_.stepout_s) return Outcome::ignored;
    if (state_ == State::measuring) {
        set_frequency(clock, offset / since);
        frequency = frequency_;
    }
    clock.step(offset);
    ++steps_;
    poll_count_ = 0;
    jitter_ = power_of_two(options_.precision);
    enter(state_ == State::never_set ? State::measuring : State::synchronised, now, 0);
    return Outcome::stepped;
}

NtpdDiscipline::Outcome NtpdDiscipline::within(ClockControl& clock, std::int64_t now, double offset,
                                               double& frequency) {
    const double change =
        std::max(std::abs(offset - last_offset_), power_of_two(options_.precision));
    jitter_ = std::sqrt(square(jitter_) + (square(change) - square(jitter_)) / jitter_average);
    if (state_ == State::never_set) {
        adjust(clock, offset);
        enter(State::measuring, now, offset);
        return Outcome::slewed;
    }
    const std::int64_t since = now - epoch_;
    if (state_ == State::measuring) {
        if (static_cast<double>(since) < options_.stepout_s) return Outcome::ignored;
        set_frequency(clock, offset / static_cast<double>(since));
        frequency = frequency_;
    }
    if (hold_ == 0) loop_gain(since, offset, frequency);
    enter(State::synchronised, now, offset);
    if (std::abs(offset) < start_floor) hold_ = 0;
    return Outcome::slewed;
}

/// The daemon's own loop; the kernel's result replaces it.
void NtpdDiscipline::loop_gain(std::int64_t interval, double offset, double& frequency) const {
    const auto since = static_cast<double>(interval);
    if (poll_ >= options_.allan)
        frequency +=
            (offset - offset_) / std::max(power_of_two(poll_), since) * frequency_lock_gain;
    const double integrated = std::min(power_of_two(options_.allan), since);
    frequency += offset * integrated / square(4 * loop_gain_root * power_of_two(poll_));
}

void NtpdDiscipline::enter(State state, std::int64_t now, double offset) {
    state_ = state;
    last_offset_ = offset_ = offset;
    epoch_ = now;
}

void NtpdDiscipline::set_frequency(ClockControl& clock, double frequency) {
    frequency_ = frequency;
    // In the daemon's loop the frequency is part of each second's slew.
    clock.set_frequency(options_.kernel ? frequency : 0);
}

/// adjtime() takes whole microseconds; the rest waits for the next.
void NtpdDiscipline::adjust(ClockControl& clock, double seconds) {
    const double wanted = seconds + residual_;
    const double microseconds = std::copysign(std::floor(std::abs(wanted) * 1e6 + 0.5), wanted);
    residual_ = wanted - microseconds * 1e-6;
    if (microseconds != 0) clock.slew_old(microseconds * 1e-6);
}

bool NtpdDiscipline::needs_seconds() const {
    if (state_ != State::synchronised) return !options_.kernel;
    return hold_ > 0 || !options_.kernel;
}

void NtpdDiscipline::second(ClockControl& clock) {
    double slew = 0;
    if (state_ == State::synchronised) {
        if (hold_ > 0) {
            slew = offset_ / (loop_gain_root * start_constant);
            --hold_;
        } else if (!options_.kernel) {
            slew = offset_ / (loop_gain_root * power_of_two(poll_));
        }
    }
    const double frequency = options_.kernel ? 0 : frequency_;
    slew = std::clamp(slew + frequency, -largest_frequency, largest_frequency) - frequency;
    offset_ -= slew;
    adjust(clock, slew + frequency);
}

void NtpdDiscipline::adjust_poll(std::int64_t now, int before, int minpoll, int maxpoll) {
    if (hold_ > 0) {
        poll_count_ = 0;
        shorter_from_ = longer_from_ = now;
    } else if (std::abs(offset_) < jitter_gate * jitter_) {
        poll_count_ += poll_;
        if (poll_count_ > counter_limit) {
            poll_count_ = counter_limit;
            if (poll_ < maxpoll && now >= longer_from_) ++poll_;
        }
    } else {
        poll_count_ -= poll_ * 2;
        if (poll_count_ < -counter_limit) {
            poll_count_ = -counter_limit;
            if (poll_ > minpoll && now >= shorter_from_) --poll_;
        }
    }
    if (poll_ == before) return;
    poll_count_ = 0;
    if (!options_.poll_gates) return;
    const std::int64_t half = std::int64_t{1} << (poll_ - 1);
    shorter_from_ = now + std::max<std::int64_t>(half, 60);
    longer_from_ = shorter_from_ + half;
}

}  // namespace driftstorm
