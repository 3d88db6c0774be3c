#pragma once

#include "analysis/expectations.hpp"
#include "analysis/metric_paths.hpp"
#include "scenarios/scenario.hpp"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace driftstorm::cli {

/// Reads a scenario and checks its expectations' metrics too. Every fault is a complaint.
std::unique_ptr<Scenario> read_and_check(const std::string& file,
                                         const std::vector<std::string>& set,
                                         Complaints& complaints);

/// The scenario's expectations as the analysis judges them.
std::vector<ExpectationSpec> expectations_of(const Scenario& scenario);

/// Parameters that closed forms are computed from (theory.*), where the scenario has them.
std::map<std::string, double> facts_of(const Scenario& scenario);

/// Objects that have metrics.
MetricObjects objects_of(const Scenario& scenario);

}  // namespace driftstorm::cli
