#include "recordings/recorded_run.hpp"

#include "analysis/metrics.hpp"
#include "recordings/tolerance.hpp"
#include "scenarios/world.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <set>
#include <string_view>

namespace driftstorm {

namespace {

/// From what people notice to what explains it.
constexpr std::array<std::string_view, 48> headlines{"messages.delivery_delay.mean",
                                                     "messages.delivery_delay.p50",
                                                     "messages.delivery_delay.p99",
                                                     "messages.delivered_share",
                                                     "messages.late",
                                                     "messages.lost",
                                                     "messages.sequence_inversions",
                                                     "messages.reply_inversion_share",
                                                     "messages.composed",
                                                     "messages.retries",
                                                     "messages.network_share",
                                                     "messages.application_share",
                                                     "messages.infrastructure_share",
                                                     "storms.retry.peak_to_baseline",
                                                     "storms.retry.duration",
                                                     "storms.resync.peak_to_baseline",
                                                     "storms.resync.duration",
                                                     "*.sojourn.mean",
                                                     "*.wait.mean",
                                                     "*.wait.p99",
                                                     "*.wait.share_zero",
                                                     "*.queue_depth.mean",
                                                     "*.queue_depth.max",
                                                     "*.customers.mean",
                                                     "*.busy.mean",
                                                     "*.arrivals",
                                                     "*.served",
                                                     "*.blocked_share",
                                                     "*.abandoned_share",
                                                     "*.drain",
                                                     "*.success_share",
                                                     "*.amplification",
                                                     "*.recovery",
                                                     "*.delay.mean",
                                                     "*.delay.p99",
                                                     "*.open.mean",
                                                     "resyncs.count",
                                                     "resyncs.requests",
                                                     "handovers.count",
                                                     "handovers.interruption.mean",
                                                     "connections.made",
                                                     "connections.failures",
                                                     "clocks.syncs",
                                                     "clocks.steps",
                                                     "clocks.slews",
                                                     "drops.count",
                                                     "server_drops.count",
                                                     "*.sojourn.p99"};

}  // namespace

RecordedRun run_recorded(const Scenario& scenario, Duration until, std::uint64_t seed) {
    World::Options options;
    options.seed = seed;
    World world(scenario, options);
    const Time end{std::min(scenario.duration.ns, until.ns)};
    Metrics metrics({Time{scenario.warmup.ns}, end, {}, {}}, world.directory());
    world.kernel().add_sink(metrics);
    world.start();
    world.run_until(end);
    world.finish();
    metrics.finish(end);

    RecordedRun run;
    const DigestLadder digests = world.kernel().ladder();
    run.ladder = ladder_of(digests);
    run.root = digests.root();
    run.events = world.kernel().delivered();
    run.metrics = metrics.all();
    for (const Kernel::ModelVersion& model : world.kernel().model_versions())
        if (model.version > 0 && model.entities > 0) run.models.push_back(model);
    return run;
}

double metric_of(const RecordedRun& run, const std::string& path) {
    for (const auto& [name, value] : run.metrics)
        if (name == path) return value;
    return std::numeric_limits<double>::quiet_NaN();
}

std::vector<std::string> headline_metrics(const RecordedRun& run, std::size_t most) {
    const auto family = [](const std::string& path) { return path.substr(0, path.find('.')); };
    std::set<std::string> alive;  // what nothing at all happens to is not worth a line
    for (const auto& [path, value] : run.metrics)
        if (value != 0) alive.insert(family(path));
    std::vector<std::string> chosen;
    for (const bool zero : {false, true})
        for (const std::string_view glob : headlines)
            for (const auto& [path, value] : run.metrics) {
                const bool wanted = (value == 0) == zero && alive.count(family(path)) > 0 &&
                                    path.rfind("theory.", 0) != 0 && matches(glob, path);
                if (wanted && chosen.size() < most &&
                    std::find(chosen.begin(), chosen.end(), path) == chosen.end())
                    chosen.push_back(path);
            }
    return chosen;
}

LoadedScenario load(const ScenarioText& text) {
    LoadedScenario loaded;
    loaded.complaints = std::make_unique<Complaints>(
        [text](const std::string& name, std::string& reason) -> std::optional<std::string> {
            if (name == text.name) return std::string(text.lines_above, '\n') + text.text;
            const auto found = text.files.find(name);
            if (found != text.files.end()) return found->second;
            reason = "it is not among the recorded files";
            return std::nullopt;
        });
    loaded.scenario = read_scenario(text.name, {}, *loaded.complaints);
    loaded.complaints->throw_if_any();
    return loaded;
}

ScenarioText text_of(const Scenario& scenario, const Sources& sources) {
    const std::string main = scenario.file.substr(scenario.file.find_last_of('/') + 1);
    ScenarioText text{main, resolved_yaml(scenario), {}};
    // A resolved scenario has its includes in itself, and names data files from where it stands.
    // Which of the sources are data is known only by reading it back without any.
    std::set<std::string> wanted;
    Complaints complaints([&](const std::string& name, std::string&) -> std::optional<std::string> {
        if (name == main) return text.text;
        wanted.insert(name);
        return std::nullopt;
    });
    read_scenario(main, {}, complaints);
    for (const std::string& name : wanted)
        for (const Sources::File& file : sources.files()) {
            const std::size_t at = file.name.size() - std::min(file.name.size(), name.size());
            const bool ends_so = file.name.substr(at) == name;
            if (ends_so && (at == 0 || file.name[at - 1] == '/')) text.files[name] = file.bytes;
        }
    return text;
}

}  // namespace driftstorm
