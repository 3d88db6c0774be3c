#pragma once

#include "recordings/ladder.hpp"
#include "scenarios/complaints.hpp"
#include "scenarios/scenario.hpp"
#include "sim/core/kernel.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace driftstorm {

/// What a recording keeps of one run.
struct RecordedRun {
    Ladder ladder;
    std::uint64_t root = 0;  ///< digest of the run
    std::uint64_t events = 0;
    std::vector<std::pair<std::string, double>> metrics;  ///< every one that is defined, by path
    std::vector<Kernel::ModelVersion> models;             ///< of physics and protocols, by name
};

/// Runs a scenario to `until` [ns], or to its end, under a seed, without a result file.
RecordedRun run_recorded(const Scenario& scenario, Duration until, std::uint64_t seed);

/// Value of a metric in a run; NaN where it is undefined.
double metric_of(const RecordedRun& run, const std::string& path);

/// At most `most` metrics that say how a run went: those with a value other than 0 first, in the
/// order of a list that goes from what people notice to what explains it.
std::vector<std::string> headline_metrics(const RecordedRun& run, std::size_t most);

/// A scenario that needs no disk: its text and the files that it names, by name.
struct ScenarioText {
    std::string name;
    std::string text;
    std::map<std::string, std::string> files;
    std::size_t lines_above = 0;  ///< of a text that stands within another one, for positions
};

/// A scenario in memory with the sources that its positions point into.
struct LoadedScenario {
    std::unique_ptr<Complaints> complaints;
    std::unique_ptr<Scenario> scenario;
};
/// @throws ScenarioError with every complaint
LoadedScenario load(const ScenarioText& text);

/// The resolved text of a scenario, and the data files that it still names.
ScenarioText text_of(const Scenario& scenario, const Sources& sources);

}  // namespace driftstorm
