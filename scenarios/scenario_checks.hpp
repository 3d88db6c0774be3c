#pragma once

#include "scenarios/scenario.hpp"

namespace driftstorm {

/// Checks what no single value tells: references, paths between those who talk, targets of faults,
/// what is sampled, and that every entry is used. Complains about each fault where it stands.
/// @param outputs  the section as written
void check_scenario(const Scenario& scenario, const Node& outputs, Complaints& complaints);

/// The part of check_scenario that looks at `timeline`: what each fault needs, what means nothing
/// to it, what it hits, and whether it begins before the run ends.
void check_timeline(const Scenario& scenario, Complaints& complaints);

/// Complains of a selector of devices when the scenario's seed draws none that it means.
void check_any_device(const Scenario& scenario, const Selector& selector, const Targets& targets,
                      Complaints& complaints);

/// A timeline entry without the keys that mean nothing to its kind of fault.
Node meaningful_keys(FaultKind kind, const Node& entry);

/// The part of check_scenario that looks at stations and their customers: parameters that need one
/// another.
void check_customers(const Scenario& scenario, Complaints& complaints);

}  // namespace driftstorm
