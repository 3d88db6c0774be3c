#include "cli/run_recipe.hpp"

#include "cli/pauses.hpp"
#include "cli/progress.hpp"
#include "cli/scenario_facts.hpp"
#include "cli/version.hpp"
#include "scenarios/ntp_capture.hpp"
#include "scenarios/world.hpp"
#include "sim/core/expect.hpp"
#include "sim/output/results_file.hpp"

#include <fmt/format.h>

#include <unistd.h>
#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <memory>

namespace driftstorm::cli {

namespace {

volatile std::sig_atomic_t interrupt_seen = 0;  // the signal that came

Time end_of(const Scenario& scenario, const RunRequest& request) {
    return Time{std::min(scenario.duration.ns, request.until.value_or(scenario.duration).ns)};
}

std::string base_name(const std::string& path) { return path.substr(path.find_last_of('/') + 1); }

/// Tables that the scenario asks for.
std::vector<std::string> kept_tables(const Scenario& scenario) {
    std::vector<std::string> keep;
    if (scenario.outputs_none) return keep;
    const bool all = scenario.outputs.events.empty();
    for (const auto& [word, table] : event_tables())
        if (all ? table.substr(0, 6) != "server" || table == "servers/queue"
                : std::find(scenario.outputs.events.begin(), scenario.outputs.events.end(), word) !=
                      scenario.outputs.events.end())
            keep.emplace_back(table);
    if (scenario.outputs.clocks) keep.emplace_back("clocks/offset");
    keep.emplace_back("events/fault");  // ground truth is always kept
    if (scenario.outputs.messages.keep == KeepMessages::all) {
        keep.emplace_back("messages");
        keep.emplace_back("copies");
    }
    return keep;
}

MemoryGroup provenance(const Scenario& scenario, const Complaints& complaints,
                       const RunRequest& request, const std::vector<Kernel::ModelVersion>& models) {
    MemoryGroup group{"/provenance"};
    std::string versions;
    for (const Kernel::ModelVersion& model : models)
        if (model.version > 0)
            versions +=
                (versions.empty() ? "" : " ") + model.name + "=" + std::to_string(model.version);
    group.attributes = {{"version", std::string(version_text)},
                        {"model_versions", versions},
                        {"rng", std::string("Philox4x32-10")},
                        {"seed", scenario.seed},
                        {"replication", std::int64_t{request.replication}},
                        {"epoch", format_timestamp(scenario.epoch.unix_ns)},
                        {"command", repeat_line(scenario, request)}};
    MemoryColumn names{"file_name", "", "name of the file, without folders",
                       std::vector<std::string>{}};
    MemoryColumn sources{"scenario_source", "", "exact bytes of the file",
                         std::vector<std::string>{}};
    for (const Sources::File& file : complaints.sources().files()) {
        if (file.name == command_line_source) continue;
        std::get<std::vector<std::string>>(names.values).push_back(base_name(file.name));
        std::get<std::vector<std::string>>(sources.values).push_back(file.bytes);
    }
    // A scale needs distinct names: two files of one name in different folders are told apart by
    // number.
    auto& list = std::get<std::vector<std::string>>(names.values);
    for (std::size_t i = 0; i < list.size(); ++i)
        for (std::size_t j = 0; j < i; ++j)
            if (list[i] == list[j]) list[i] += " (" + std::to_string(i) + ")";
    names.name = "file";
    MemoryColumn file_name = names;
    file_name.name = "file_name";
    file_name.dimensions = {"file"};
    sources.dimensions = {"file"};
    group.dimensions = {names};
    group.columns = {file_name, sources};
    group.scalars = {{"scenario_resolved", "", "canonical YAML, every default written out",
                      std::vector<std::string>{resolved_yaml(scenario)}}};
    return group;
}

/// Where each value of the scenario was written: FILE:LINE, --set or default.
MemoryGroup value_origins(const Scenario& scenario, const Complaints& complaints) {
    std::vector<std::string> paths, from;
    for (const auto& [path, origin] : origins(scenario.document.root, complaints.sources())) {
        paths.push_back(path);
        from.push_back(base_name(origin));
    }
    MemoryGroup group{"/provenance/value_origin"};
    group.dimensions = {{"path", "", "of a value in the resolved scenario", std::move(paths)}};
    group.columns = {{"origin", "", "where it was written", std::move(from)}};
    return group;
}

}  // namespace

void stop_on_interrupt() {
    struct sigaction action {};
    action.sa_handler = [](int signal) { interrupt_seen = signal; };
    action.sa_flags = static_cast<int>(SA_RESETHAND);  // a second Ctrl-C ends it at once
    for (const int signal : {SIGINT, SIGTERM}) sigaction(signal, &action, nullptr);
}

bool interrupted() { return interrupt_seen != 0; }

int exit_code_of_interrupt() { return 128 + interrupt_seen; }

std::uint64_t resident_bytes() {
    std::FILE* file = std::fopen("/proc/self/statm", "r");
    if (file == nullptr) return 0;
    unsigned long long total = 0;
    unsigned long long resident = 0;
    const int read = std::fscanf(file, "%llu %llu", &total, &resident);
    std::fclose(file);
    return read == 2 ? resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE)) : 0;
}

std::string run_id_of(const Scenario& scenario, const RunRequest& request) {
    const std::string text = resolved_yaml(scenario) + "\nuntil " +
                             std::to_string(end_of(scenario, request).ns) + "\nversion " +
                             std::string(version_text);
    return hex(fingerprint(text));
}

std::string repeat_line(const Scenario& scenario, const RunRequest& request) {
    std::string line =
        "driftstorm run " + base_name(scenario.file) + " --seed " + std::to_string(scenario.seed);
    if (request.until && request.until->ns < scenario.duration.ns)
        line += " --until \"" + std::to_string(request.until->ns) + " ns\"";
    std::vector<std::string> set = request.set;
    std::sort(set.begin(), set.end());
    for (const std::string& one : set) line += " --set \"" + one + "\"";
    return line;
}

RunOutcome run_once(const Scenario& scenario, const Complaints& complaints,
                    const RunRequest& request) {
    const auto started = std::chrono::steady_clock::now();
    RunOutcome outcome;
    outcome.run_id = run_id_of(scenario, request);
    set_repeat_line(repeat_line(scenario, request));
    World::Options options;
    options.seed = scenario.seed;
    options.partitions = request.partitions;
    options.digest = request.digest;
    options.pool_offset = request.pool_offset;
    World world(scenario, options);

    const std::vector<ExpectationSpec> expectations = expectations_of(scenario);
    const Time end = end_of(scenario, request);
    MetricsOptions metrics_options;
    metrics_options.warmup = Time{scenario.warmup.ns};
    metrics_options.end = end;
    metrics_options.windows = windows_of(expectations);
    metrics_options.facts = facts_of(scenario);
    Metrics metrics(std::move(metrics_options), world.directory());
    world.kernel().add_sink(metrics);

    std::unique_ptr<ResultsFile> file;
    if (!request.output.empty()) {
        ResultsOptions results;
        results.epoch = format_timestamp(scenario.epoch.unix_ns);
        if (request.keep_events)
            results.keep = kept_tables(scenario);
        else
            results.keep = {"events/fault"};
        if (!world.series().empty() && request.keep_series) results.keep.emplace_back("series");
        results.series = world.series();
        if (!scenario.outputs.messages.blame.value_or(true)) results.leave_out = {"copies/blame_*"};
        if (request.keep_series) {
            results.keep.emplace_back("histograms");
            results.histograms = world.histograms();
        }
        results.attributes = {{"title", scenario.title}, {"run_id", outcome.run_id}};
        file = std::make_unique<ResultsFile>(request.output, std::move(results),
                                             world.described_directory());
        world.kernel().add_sink(*file);
    }
    std::unique_ptr<NtpCapture> capture;
    if (!request.pcap.empty()) {
        capture = std::make_unique<NtpCapture>(
            request.pcap, scenario.epoch.unix_ns, [&world](EntityId entity) {
                return static_cast<std::uint32_t>(world.directory().place_of(entity).row + 1);
            });
        world.capture_time_packets(
            [&capture](Time at, const Packet& packet) { capture->packet(at, packet); });
    }
    world.start();
    Progress progress(request.progress, end);
    Pauses pauses(end);
    Time now{};
    while (now < end && outcome.stopped.empty()) {
        now = pauses.after(now, world.kernel().next_time());
        world.run_until(now);
        const std::uint64_t delivered = world.kernel().delivered();
        progress.show(now, delivered);
        if (interrupted()) outcome.stopped = "interrupted";
        if (!pauses.reached(now, delivered)) continue;
        if (delivered > request.max_events) outcome.stopped = "--max-events was exceeded";
        if (request.max_memory != UINT64_MAX && resident_bytes() > request.max_memory)
            outcome.stopped = "--max-memory was exceeded";
    }
    progress.done();
    if (capture) capture->finish();
    world.finish();
    metrics.finish(now);

    const DigestLadder ladder = world.kernel().ladder();
    outcome.reached = now;
    outcome.digest = hex(ladder.root());
    outcome.samples_digest = hex(ladder.samples());
    outcome.events = world.kernel().delivered();
    const std::vector<CheckResult> checks =
        judge(expectations, metrics, scenario.parameters_changed);
    outcome.metrics = metrics.all();
    outcome.observed = observed_values(expectations, metrics);
    outcome.other = other_values(expectations, metrics);
    outcome.exit = exit_code(checks);
    outcome.status = outcome.stopped.empty() ? "complete" : "partial";
    if (outcome.stopped == "interrupted") {
        outcome.exit = exit_code_of_interrupt();
    } else if (!outcome.stopped.empty()) {
        outcome.exit = 4;
    }
    outcome.wall_s =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
    RunRequest done = request;  // what repeats a run that was stopped is one that ends there
    if (!outcome.stopped.empty()) done.until = now - Time{};
    outcome.summary = summarize(metrics, world.directory(), checks, scenario.title,
                                repeat_line(scenario, done) + "  # driftstorm " +
                                    std::string(version_text) + ", digest " + outcome.digest);
    if (file) {
        file->add(provenance(scenario, complaints, done, world.kernel().model_versions()));
        file->add(value_origins(scenario, complaints));
        for (const MemoryGroup& group : metrics.groups()) file->add(group);
        file->add(checks_group(checks));
        if (request.digest) file->add(ladder);
        file->set_attribute({"digest", outcome.digest});
        const std::string facts = run_facts({.output = request.output,
                                             .partitions = world.partitions(),
                                             .threads_asked = request.threads,
                                             .threads = running_threads(),
                                             .wall_s = outcome.wall_s,
                                             .events = outcome.events});
        outcome.file =
            file->finish(outcome.stopped.empty() ? ResultStatus::complete : ResultStatus::partial,
                         outcome.exit, facts);
    }
    return outcome;
}

}  // namespace driftstorm::cli
