#pragma once

#include "sim/core/time.hpp"

#include <chrono>
#include <cstdint>

namespace driftstorm::cli {

/// A line on a terminal with simulated time, events per second and time left, for runs that take
/// longer than a second.
class Progress {
  public:
    /// Shows nothing when `wanted` is false or standard error is no terminal.
    Progress(bool wanted, Time end);
    void show(Time now, std::uint64_t events);
    void done();

  private:
    bool shown_;
    bool drawn_ = false;
    Time end_;
    std::chrono::steady_clock::time_point begun_;
    std::chrono::steady_clock::time_point last_;
};

}  // namespace driftstorm::cli
