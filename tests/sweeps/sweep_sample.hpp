#pragma once

#include "sweeps/plan.hpp"
#include "sweeps/run_record.hpp"
#include "sweeps/sweep.hpp"

#include <functional>
#include <string>
#include <vector>

namespace driftstorm {

/// A sweep of numbers alone, without a scenario.
inline Sweep sweep_of(const std::vector<std::string>& names) {
    Sweep sweep;
    sweep.file = "sample.yaml";
    for (const std::string& name : names)
        sweep.parameters.push_back({name, "", false, false, {}, {}});
    return sweep;
}

inline Axis axis_of(std::size_t parameter, const SweptParameter& swept,
                    const std::vector<double>& values) {
    Axis axis{parameter, {}, {}};
    for (const double value : values) axis.values.push_back(value_of(swept, value));
    return axis;
}

inline Axis range_of(std::size_t parameter, double least, double most) {
    return {parameter, {}, {least, most, false, 0}};
}

/// The run of a made-up system: `metric` of the values and the seed.
using MadeUp = std::function<double(const PlanPoint&, std::uint64_t seed)>;
inline RunRecord made_up_run(const Plan& plan, std::size_t point, std::uint32_t replication,
                             const MadeUp& system) {
    RunRecord record;
    record.key = {plan.points()[point].id, replication};
    record.seed = seed_of(plan.sweep(), record.key.point, replication);
    record.build = "sample";
    record.digest = "0123456789abcdef";
    record.metrics = {{"messages.late", system(plan.points()[point], record.seed)}};
    return record;
}

}  // namespace driftstorm
