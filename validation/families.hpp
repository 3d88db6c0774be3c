#pragma once

#include "validation/statistics.hpp"
#include "validation/truths.hpp"

#include <vector>

namespace driftstorm::validation {

/// Judges rows of one model and params, whatever the model: one of these families or a stationary
/// queue.
std::vector<Verdict> judge(const std::vector<Truth>& rows);

/// Server outage without and with retries; constant times between arrivals and of service.
std::vector<Verdict> judge_outage(const std::vector<Truth>& rows);
/// N clients come back within J seconds.
std::vector<Verdict> judge_reconnect(const std::vector<Truth>& rows);
/// Attempts per request when each attempt fails by chance.
std::vector<Verdict> judge_amplification(const std::vector<Truth>& rows);
/// Layers that each retry what the layer below gives up.
std::vector<Verdict> judge_layers(const std::vector<Truth>& rows);
/// What a clock of wrong frequency gains.
std::vector<Verdict> judge_clock_skew(const std::vector<Truth>& rows);
/// A reply that is sorted before its message because the clocks of the senders differ.
std::vector<Verdict> judge_inversion(const std::vector<Truth>& rows);
/// Messages refused because their identifiers tell a time too far from the server's.
std::vector<Verdict> judge_window(const std::vector<Truth>& rows);
/// Four time stamps over a path that is slower one way than the other.
std::vector<Verdict> judge_ntp(const std::vector<Truth>& rows);

}  // namespace driftstorm::validation
