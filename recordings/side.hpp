#pragma once

#include "recordings/baseline.hpp"
#include "recordings/recorded_run.hpp"
#include "recordings/trace.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace driftstorm {

/// A value of a resolved scenario and the line it comes from ("mm1.yaml:17", "--set", "default").
struct ScenarioValue {
    std::string path;
    std::string value;
    std::string origin;
};

/// One of two runs to be told apart: what is known of it, and what it takes to run it again.
struct RunSide {
    enum class Kind : std::uint8_t { scenario, baseline, result };
    Kind kind = Kind::scenario;
    std::string path;     ///< of the file, as given
    std::string version;  ///< of driftstorm
    std::vector<std::pair<std::string, int>> models;
    std::uint64_t seed = 1;
    Duration until{};
    std::string digest;
    Ladder ladder;
    std::vector<std::pair<std::string, double>> metrics;  ///< under `seed`
    std::vector<ScenarioValue> values;                    ///< of the resolved scenario, in order
    LoadedScenario loaded;

    const char* kind_word() const;
};

/// Opens a result file, a baseline or a scenario; a scenario has no digest, ladder and metrics yet.
/// @throws ScenarioError, OutputError
RunSide open_side(const std::string& path);

/// Runs a scenario as the other side was run: for as long, unless it is shorter.
/// @param seed     instead of the scenario's
/// @param version  of this driftstorm
void run_side(RunSide& side, Duration until, std::optional<std::uint64_t> seed,
              const std::string& version);

/// Traces a window of a side's run in this process.
std::unique_ptr<TracedRun> trace_side(const RunSide& side, Time from, Time to);

}  // namespace driftstorm
