#pragma once

#include "analysis/log_linear_histogram.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace driftstorm {

/// Counts of events in one window, by the name of their metric ("drops.loss"), and interruptions by
/// handover.
class EventCounts {
  public:
    void add(const std::string& metric, std::uint64_t count = 1) { counts_[metric] += count; }
    void interrupted(std::int64_t ns) { interruption_.add(ns); }

    /// 0 for what never happened; nullopt for handovers.interruption.* without a handover.
    std::optional<double> value(std::string_view metric) const;

  private:
    std::map<std::string, std::uint64_t, std::less<>> counts_;
    DelayStatistics interruption_;
};

}  // namespace driftstorm
