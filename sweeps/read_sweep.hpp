#pragma once

#include "sweeps/design.hpp"
#include "sweeps/sweep.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace driftstorm {

/// Unit of a metric's value, or nothing when there is no such metric.
using MetricUnit = std::function<std::optional<std::string>(const std::string& metric)>;
/// Why a scenario has no such metric, or nothing when it has.
using MetricComplaint =
    std::function<std::optional<std::string>(const Scenario& scenario, const std::string& metric)>;
struct MetricRules {
    MetricUnit unit;
    MetricComplaint complaint;
};

/// Reads a sweep and its scenario, and checks both. Every fault is a complaint; nothing when there
/// is not enough to go on.
std::unique_ptr<Sweep> read_sweep(const std::string& file, const MetricRules& metrics,
                                  Complaints& complaints);

/// JSON Schema (draft 7) of sweep files.
std::string sweep_schema();

}  // namespace driftstorm
