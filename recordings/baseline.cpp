#include "recordings/baseline.hpp"

#include "analysis/metric_paths.hpp"

#include <algorithm>

namespace driftstorm {

namespace {

/// Metrics that the request's globs choose, or the headlines.
std::vector<std::string> chosen_metrics(const RecordedRun& run, const RecordRequest& request) {
    if (request.metrics.empty()) return headline_metrics(run, headline_count);
    std::vector<std::string> chosen;
    for (const auto& [path, value] : run.metrics)
        for (const std::string& glob : request.metrics)
            if (matches(glob, path) &&
                std::find(chosen.begin(), chosen.end(), path) == chosen.end())
                chosen.push_back(path);
    return chosen;
}

}  // namespace

const std::string& Baseline::digest_under(std::size_t k) const {
    static const std::string none;
    if (k == 0) return digest;
    return k <= other_digests.size() ? other_digests[k - 1] : none;
}

Baseline baseline_of(const Scenario& scenario, ScenarioText text, const std::string& name,
                     Duration until, const std::string& version,
                     const std::vector<RecordedRun>& runs,
                     const std::vector<std::string>& metrics) {
    const RecordedRun& first = runs.front();
    Baseline baseline;
    baseline.name = name;
    baseline.version = version;
    for (const Kernel::ModelVersion& model : first.models)
        baseline.models.emplace_back(model.name, model.version);
    baseline.until = Duration{std::min(until.ns, scenario.duration.ns)};
    baseline.seed = scenario.seed;
    baseline.scenario_hash = hex(fingerprint(text.text));
    baseline.digest = hex(first.root);
    for (std::size_t k = 1; k < runs.size(); ++k)
        baseline.other_digests.push_back(hex(runs[k].root));
    baseline.events = first.events;
    baseline.ladder = narrowed(first.ladder);
    for (const std::string& path : metrics) {
        MetricSamples& samples =
            baseline.metrics.emplace_back(MetricSamples{path, unit_of(path).value_or(""), {}});
        for (const RecordedRun& run : runs) samples.values.push_back(metric_of(run, path));
    }
    baseline.scenario = std::move(text);
    return baseline;
}

Baseline record(const Scenario& scenario, const Sources& sources, const std::string& name,
                const RecordRequest& request) {
    std::vector<RecordedRun> runs;
    for (std::uint32_t k = 0; k < request.seeds; ++k)
        runs.push_back(run_recorded(scenario, request.until, scenario.seed + k));
    Baseline baseline = baseline_of(scenario, text_of(scenario, sources), name, request.until,
                                    request.version, runs, chosen_metrics(runs.front(), request));
    baseline.tolerances.push_back({"*", tolerance_of({}, "")});
    baseline.tolerances.insert(baseline.tolerances.end(), request.tolerances.begin(),
                               request.tolerances.end());
    return baseline;
}

}  // namespace driftstorm
