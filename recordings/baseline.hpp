#pragma once

#include "recordings/ladder.hpp"
#include "recordings/recorded_run.hpp"
#include "recordings/tolerance.hpp"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace driftstorm {

/// Why a baseline was changed.
struct Acceptance {
    std::string because;
    std::string version;  ///< of driftstorm
    std::string from;     ///< digest before and after
    std::string to;
};

/// A metric's values under the recorded seeds, in order of seed. NaN: undefined.
struct MetricSamples {
    std::string path;
    std::string unit;
    std::vector<double> values;
};

/// A run's recorded behaviour, small enough to be read in a pull request, whole enough to run it
/// again without any other file: `schema: baseline/1`.
struct Baseline {
    std::string name;
    std::string version;  ///< of driftstorm
    std::vector<std::pair<std::string, int>> models;
    Duration until{};  ///< how long a run goes on
    std::uint64_t seed = 1;
    std::string scenario_hash;               ///< of the resolved scenario
    std::string digest;                      ///< of the run under `seed`
    std::vector<std::string> other_digests;  ///< under `seed` + 1 ...; older baselines: none
    std::uint64_t events = 0;
    Ladder ladder;  ///< of the run under `seed`, in at most 64 windows
    std::vector<ToleranceRule> tolerances;
    std::vector<MetricSamples> metrics;  ///< under `seed`, `seed` + 1 ...
    std::vector<Acceptance> accepted;    ///< oldest first
    ScenarioText scenario;

    std::size_t seeds() const {
        return metrics.empty() ? other_digests.size() + 1 : metrics.front().values.size();
    }
    /// Of the run under `seed` + k; empty when the baseline does not keep it.
    const std::string& digest_under(std::size_t k) const;
};

struct RecordRequest {
    Duration until{INT64_MAX};
    std::uint32_t seeds = 20;
    std::vector<ToleranceRule> tolerances;  ///< beyond the usual one
    std::vector<std::string> metrics;       ///< globs; none: the headlines
    std::string version;                    ///< of driftstorm
};

inline constexpr std::size_t headline_count = 20;

/// Chance, over all metrics of a baseline together, of calling two versions changed that are alike.
inline constexpr double false_alarm_rate = 0.01;
/// The part of it that the recorded seeds may use up; the rest is for further seeds.
inline constexpr double paired_share = 0.3;
/// Where the recorded seeds leave a doubt, this many times as many further ones are run.
inline constexpr std::size_t further_factor = 3;

/// Runs a scenario under its seed and the following ones, and keeps what a baseline keeps.
Baseline record(const Scenario& scenario, const Sources& sources, const std::string& name,
                const RecordRequest& request);

/// A baseline from its runs by seed, the first of them whole.
Baseline baseline_of(const Scenario& scenario, ScenarioText text, const std::string& name,
                     Duration until, const std::string& version,
                     const std::vector<RecordedRun>& runs, const std::vector<std::string>& metrics);

std::string yaml_of(const Baseline& baseline);
/// `old_text` with those of its sections replaced that say something else than `baseline` does;
/// the others keep their very bytes, comments included.
std::string yaml_over(const std::string& old_text, const Baseline& baseline);

/// @throws ScenarioError with every complaint, OutputError when the file cannot be read
Baseline read_baseline(const std::string& file);
Baseline parse_baseline(const std::string& file, const std::string& text);
/// Whether a text begins as a baseline does.
bool is_baseline(const std::string& text);

}  // namespace driftstorm
