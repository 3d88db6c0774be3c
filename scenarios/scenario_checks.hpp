#pragma once

#include "scenarios/scenario.hpp"

namespace driftstorm {

/// Checks what no single value tells: references, paths between those who talk, targets of faults,
/// what is sampled, and that every entry is used. Complains about each fault where it stands.
/// @param outputs  the section as written
void check_scenario(const Scenario& scenario, const Node& outputs, Complaints& complaints);

}  // namespace driftstorm
