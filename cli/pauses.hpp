#pragma once

#include "sim/core/time.hpp"

#include <cstdint>

namespace driftstorm::cli {

/// When a run pauses to look at its limits: at whole simulated seconds, and within a second that
/// has millions of events, so that one second cannot fill the memory. Pauses follow from events and
/// their times alone, so a run that was stopped is the same on every machine and for every number
/// of partitions.
class Pauses {
  public:
    explicit Pauses(Time end) : end_(end) {}

    /// The next pause: later than now, nothing is skipped but seconds without events.
    /// @param next_event  time of the least pending event; end_of_time if none
    Time after(Time now, Time next_event) const;
    /// Tells what has been delivered so far at a pause.
    /// @return whether limits count here: a whole second is over, or it is a crowded one
    bool reached(Time now, std::uint64_t delivered);

  private:
    Time end_;
    Duration step_{1'000'000};         ///< begins small: the first second may be a crowded one
    std::uint64_t delivered_ = 0;      ///< until the last pause
    std::uint64_t before_second_ = 0;  ///< until the second began
};

}  // namespace driftstorm::cli
