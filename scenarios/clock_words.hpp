#pragma once

#include "models/clocks/clock_params.hpp"
#include "scenarios/complaints.hpp"
#include "scenarios/node.hpp"
#include "scenarios/read_params.hpp"

#include <string>

namespace driftstorm {

/// Reads a class of clocks: what its kind of oscillator brings first, then what is written; also
/// the file of a recorded frequency. Complains about all that a clock could not be made from.
/// @return whether nothing was wrong
bool read_clock_params(const Node& node, const std::string& path, Complaints& complaints,
                       ClockParams& params, const ReadOptions& options);

}  // namespace driftstorm
