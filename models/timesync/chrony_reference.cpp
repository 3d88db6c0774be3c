#include "models/timesync/chrony_reference.hpp"

#include "models/timesync/arithmetic.hpp"

#include <algorithm>
#include <cmath>

namespace driftstorm {

/// Weight of the estimated frequency against ours, three times that of their skews alone; our skew
/// becomes their weighted mean and what they disagree by.
double ChronyReference::frequency_gain(const ChronyEstimate& estimate) {
    const double skew = std::max(estimate.skew, least_skew);
    const double ours = 3.0 * square(skew_);
    const double gain = skew > limits_.maxupdateskew ? 0.0 : ours / (ours + square(skew));
    const double moved = gain * estimate.frequency;
    const double disagreement =
        std::sqrt(square(moved) * (1.0 - gain) + square(estimate.frequency - moved) * gain);
    skew_ += gain * (skew - skew_) + disagreement;
    return gain;
}

bool ChronyReference::may_step(double offset) {
    if (steps_left_ == 0) {
        return false;
    }
    steps_left_ -= steps_left_ > 0 ? 1 : 0;
    return std::abs(offset) > limits_.makestep_threshold;
}

ChronyReference::Changes ChronyReference::update(ClientSystem& system, ChronyClock& clock,
                                                 const ChronyEstimate& estimate) {
    const Reading raw = system.clock().read();
    const double uncorrected = clock.correction(raw);
    const double age = (clock.corrected(raw) - estimate.time).seconds();
    const double now = system.monotonic();
    const double interval = updated_ ? now - last_update_ : 0.0;
    updated_ = true;
    last_update_ = now;

    const double frequency = frequency_gain(estimate) * estimate.frequency;
    const double offset = estimate.offset + age * estimate.frequency;
    const double correction_rate = limits_.corrtimeratio * 0.5 * estimate.offset_sd * interval;
    if (!may_step(offset - uncorrected)) {
        return {clock.adjust(system, frequency, offset, correction_rate), std::nullopt};
    }
    // What was being slewed is called off and goes into the step.
    ++steps_;
    Changes changes{clock.adjust(system, frequency, uncorrected, correction_rate), std::nullopt};
    changes.step = clock.step(system, offset - uncorrected);
    return changes;
}

}  // namespace driftstorm
