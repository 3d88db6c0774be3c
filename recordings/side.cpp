#include "recordings/side.hpp"

#include "recordings/stored_run.hpp"
#include "scenarios/document.hpp"
#include "scenarios/parse_yaml.hpp"
#include "sim/output/output_error.hpp"

#include <algorithm>
#include <map>

namespace driftstorm {

namespace {

void collect(const Node& node, const std::string& path, std::vector<ScenarioValue>& values) {
    if (node.is_scalar() || node.entries().empty()) {
        std::string text = yaml_text(node);
        while (!text.empty() && text.back() == '\n') text.pop_back();
        values.push_back({path, text, "default"});
    }
    for (std::size_t i = 0; i < node.size(); ++i) {
        const Node::Entry& entry = node.entries()[i];
        collect(entry.value, node.is_map() ? child_path(path, entry.key) : item_path(path, i),
                values);
    }
}

/// Every value of the resolved scenario; its line where it was written.
std::vector<ScenarioValue> values_of(const LoadedScenario& loaded) {
    Complaints complaints;
    const std::uint32_t file =
        complaints.sources().add("resolved", resolved_yaml(*loaded.scenario));
    std::vector<ScenarioValue> values;
    if (const std::optional<Node> root = parse_yaml(file, complaints)) collect(*root, "", values);
    std::map<std::string, std::string> lines;
    for (const auto& [path, origin] :
         origins(loaded.scenario->document.root, loaded.complaints->sources()))
        lines[path] = origin.substr(origin.find_last_of('/') + 1);  // as results keep it
    for (ScenarioValue& value : values) {
        // A value written in short ("loss: 2 %") stands for the members below it.
        for (std::string path = value.path; !path.empty();
             path.resize(std::min(path.size(), path.find_last_of(".[") == std::string::npos
                                                   ? std::size_t{0}
                                                   : path.find_last_of(".["))))
            if (const auto found = lines.find(path); found != lines.end()) {
                value.origin = found->second;
                break;
            }
    }
    return values;
}

LoadedScenario load_file(const std::string& path, const std::vector<std::string>& set,
                         ReadFile files) {
    std::vector<Assignment> assignments;
    assignments.reserve(set.size());
    for (const std::string& text : set) assignments.push_back(parse_assignment(text));
    LoadedScenario loaded;
    loaded.complaints = std::make_unique<Complaints>(std::move(files));
    loaded.scenario = read_scenario(path, assignments, *loaded.complaints);
    loaded.complaints->throw_if_any();
    return loaded;
}

RunSide open_result(const std::string& path) {
    const ResultsReader result(path);
    StoredRun stored = stored_run(result);
    RunSide side;
    side.kind = RunSide::Kind::result;
    side.loaded = load_file(stored.scenario, stored.set, stored.files);
    side.loaded.scenario->seed = stored.seed;
    side.version = stored.version;
    side.models = stored.models;
    side.seed = stored.seed;
    side.until = stored.until.value_or(side.loaded.scenario->duration);
    side.digest = stored.digest;
    side.ladder = ladder_of(result);
    if (result.has("/metrics/value")) {
        const std::vector<std::string> names = result.texts("/metrics/metric");
        const std::vector<double> values = result.reals("/metrics/value");
        for (std::size_t i = 0; i < names.size(); ++i)
            side.metrics.emplace_back(names[i], values.at(i));
    }
    return side;
}

RunSide open_baseline(const std::string& path, const std::string& text) {
    Baseline baseline = parse_baseline(path, text);
    RunSide side;
    side.kind = RunSide::Kind::baseline;
    side.loaded = load(baseline.scenario);
    side.version = baseline.version;
    side.models = baseline.models;
    side.seed = baseline.seed;
    side.until = baseline.until;
    side.digest = baseline.digest;
    side.ladder = baseline.ladder;
    for (const MetricSamples& samples : baseline.metrics)
        side.metrics.emplace_back(samples.path, samples.values.front());
    return side;
}

}  // namespace

const char* RunSide::kind_word() const {
    switch (kind) {
        case Kind::baseline:
            return "baseline";
        case Kind::result:
            return "result";
        case Kind::scenario:
            break;
    }
    return "scenario";
}

RunSide open_side(const std::string& path) {
    std::string reason;
    const std::optional<std::string> text = read_file_from_disk(path, reason);
    if (!text) throw OutputError(path, reason);
    RunSide side;
    if (text->substr(0, 8) == "\x89HDF\r\n\x1a\n") {
        side = open_result(path);
    } else if (is_baseline(*text)) {
        side = open_baseline(path, *text);
    } else {
        side.loaded = load_file(path, {}, read_file_from_disk);
        side.seed = side.loaded.scenario->seed;
        side.until = side.loaded.scenario->duration;
    }
    side.path = path;
    side.values = values_of(side.loaded);
    return side;
}

void run_side(RunSide& side, Duration until, std::optional<std::uint64_t> seed,
              const std::string& version) {
    if (seed) side.seed = *seed;
    side.until = Duration{std::min(side.loaded.scenario->duration.ns, until.ns)};
    RecordedRun run = run_recorded(*side.loaded.scenario, side.until, side.seed);
    side.version = version;
    for (const Kernel::ModelVersion& model : run.models)
        side.models.emplace_back(model.name, model.version);
    side.digest = hex(run.root);
    side.ladder = std::move(run.ladder);
    side.metrics = std::move(run.metrics);
}

std::unique_ptr<TracedRun> trace_side(const RunSide& side, Time from, Time to) {
    return std::make_unique<TracedRun>(*side.loaded.scenario,
                                       TracedRun::Options{side.seed, side.until, from, to});
}

}  // namespace driftstorm
