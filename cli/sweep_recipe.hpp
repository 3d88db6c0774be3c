#pragma once

#include "scenarios/complaints.hpp"
#include "sweeps/local_sweep.hpp"
#include "sweeps/plan.hpp"
#include "sweeps/read_sweep.hpp"

#include <memory>
#include <string>

namespace driftstorm::cli {

/// Units and names of metrics, as sweeps are checked against.
MetricRules metric_rules();

/// How a point of a sweep becomes runs: the scenario is read once a point, from the texts that the
/// sweep was read from, and handed to the children.
/// @param complaints  holds those texts; must outlive what is given back
SweepWork sweep_work(const Sweep& sweep, const Complaints& complaints);

}  // namespace driftstorm::cli
