#pragma once

#include "validation/time_cell.hpp"
#include "validation/time_run.hpp"

#include <map>
#include <string>
#include <vector>

namespace driftstorm::validation {

/// Half-open spans of whole seconds in which a run is judged; empty ones do not apply.
struct TimeWindow {
    std::size_t from = 0;
    std::size_t to = 0;
    bool empty() const { return from >= to; }
};

/// `all` = [0.2 T, T) of a cell without event; else `pre` = [0.2 T, event), `dur` = the event,
/// `post` = the 0.1 T after it, `late` = from 0.15 T after it to T.
std::map<std::string, TimeWindow> time_windows(const TimeCell& cell);

/// A run's figures by the names of runs.csv: off_rms_all, freq_max_pre, adev256, conv_1ms, ... A
/// figure that does not exist is absent, one that was never reached (conv_1ms) infinite.
std::map<std::string, double> time_statistics(const TimeCell& cell, const TimeRun& run);

/// Overlapping Allan deviation of time errors one second apart at m seconds; NaN when fewer than
/// 2 m + 1. Source: Riley, NIST SP 1065 (2008).
double overlapping_adev(const std::vector<double>& offset, TimeWindow window, std::size_t m);

/// First second from `from` on, counted from it, from which the offset stays within `limit` for
/// 600 s; infinity if none.
double settling_time(const std::vector<double>& offset, std::size_t from, double limit);

}  // namespace driftstorm::validation
