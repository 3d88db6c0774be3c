#include "models/timesync/chrony_clock.hpp"

#include "models/timesync/chrony_samples.hpp"

#include <algorithm>
#include <cmath>

namespace driftstorm {

namespace {

constexpr double least_offset = 1e-9;  // [s]
constexpr double least_duration = 1;   // [s]
constexpr double most_duration = 1e4;  // [s]
constexpr double overrun_decay = 0.9;
constexpr double most_overrun = 100;  // more is a suspended machine [s]
constexpr double duration_per_overrun = 5;
constexpr double kernel_range = 0.1;  // what tick and frequency of the kernel reach together [s/s]

/// What adjtimex can set: whole ticks of 100 ppm and 2^-16 ppm, cut towards 0.
double kernel_grain(double frequency) {
    const double ppm = frequency * 1e6;
    const double ticks = std::floor(ppm / 100 + 0.5);
    const double grains = (ppm - 100 * ticks) * 65536;
    return (100 * ticks + std::trunc(grains) / 65536) * 1e-6;
}

}  // namespace

void ChronyClock::start(const ClockControl& control) {
    frequency_ = -control.frequency();
    slew_start_ = control.read();
}

double ChronyClock::correction(Reading raw) const {
    return slew_frequency_ * (raw - slew_start_).seconds() - offset_;
}

Reading ChronyClock::corrected(Reading raw) const {
    return raw + nearest_duration(correction(raw));
}

ChronyClockChange ChronyClock::adjust(ClientSystem& system, double frequency, double offset,
                                      double correction_rate) {
    const Reading raw = system.clock().read();
    ChronyClockChange change{corrected(raw), 0, offset};
    const double before = frequency_;
    frequency_ = std::clamp(frequency_ + frequency * (1.0 - frequency_), -limits_.maxdrift,
                            limits_.maxdrift);
    change.frequency = (frequency_ - before) / (1.0 - before);
    // What has been slewed by now leaves the register before the new offset enters it.
    offset_ = -correction(raw) + offset;
    overrun_ = (overrun_ + 1e-9) * overrun_decay;
    const double excess = (raw - slew_start_).seconds() - duration_;
    if (excess > overrun_ && excess <= most_overrun) {
        overrun_ = excess;
    }
    correction_rate_ = correction_rate;
    slew_start_ = raw;
    slew(system);
    return change;
}

void ChronyClock::on_slew_end(ClientSystem& system) { adjust(system, 0, 0, correction_rate_); }

void ChronyClock::slew(ClientSystem& system) {
    double duration = most_duration;
    if (std::abs(offset_) >= least_offset) {
        duration = std::max({correction_rate_ / std::abs(offset_), least_duration,
                             duration_per_overrun * overrun_});
    }
    const double wanted = std::clamp(offset_ / duration, -limits_.maxslewrate, limits_.maxslewrate);
    const double total = kernel_grain(
        std::clamp(frequency_ + wanted * (1.0 - frequency_), -kernel_range, kernel_range));
    system.clock().set_frequency(-total);
    slew_frequency_ = (total - frequency_) / (1.0 - total);
    // Rounding may leave no slew, or one the wrong way: then it is looked at again later.
    duration_ = most_duration;
    if (std::abs(offset_) >= least_offset && offset_ * slew_frequency_ > 0) {
        duration_ = std::clamp(offset_ / slew_frequency_, least_duration, most_duration);
    }
    system.set_timer(slew_timer_, duration_);
}

ChronyClockChange ChronyClock::step(ClientSystem& system, double offset) {
    const ChronyClockChange change{corrected(system.clock().read()), 0, offset};
    const Reading before = system.clock().read();
    system.clock().step(-offset);
    slew_start_ = slew_start_ + (system.clock().read() - before);
    return change;
}

}  // namespace driftstorm
