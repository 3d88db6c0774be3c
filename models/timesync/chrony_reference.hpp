#pragma once

#include "models/timesync/chrony_clock.hpp"
#include "models/timesync/chrony_samples.hpp"
#include "models/timesync/client_program.hpp"

#include <cstdint>
#include <optional>

namespace driftstorm {

/// Decides what of an estimate is done to the clock. The frequency moves towards the estimate the
/// more, the less certain it was before; the offset is slewed the more slowly, the noisier the
/// samples and the rarer the updates, so that noise does not become frequency. In the first updates
/// a large offset may be stepped.
/// Source: chrony 4.3, reference.c; chrony.conf(5).
class ChronyReference {
  public:
    struct Limits {
        double corrtimeratio = 3;
        double maxupdateskew = 1e-3;    ///< [s/s]
        double makestep_threshold = 0;  ///< [s]
        int makestep_updates = 0;       ///< < 0: ever
    };

    explicit ChronyReference(const Limits& limits)
        : limits_(limits), steps_left_(limits.makestep_updates) {}

    /// What was done to the clock, in order.
    struct Changes {
        ChronyClockChange frequency;
        std::optional<ChronyClockChange> step;
    };
    Changes update(ClientSystem& system, ChronyClock& clock, const ChronyEstimate& estimate);

    double skew() const { return skew_; }  ///< bound of our frequency's error [s/s]
    std::uint64_t steps() const { return steps_; }

  private:
    double frequency_gain(const ChronyEstimate& estimate);
    bool may_step(double offset);

    Limits limits_;
    int steps_left_;
    double skew_ = 1;
    bool updated_ = false;
    double last_update_ = 0;  ///< monotonic [s]
    std::uint64_t steps_ = 0;
};

}  // namespace driftstorm
