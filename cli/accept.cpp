#include "cli/recorded_files.hpp"
#include "cli/scenario_facts.hpp"
#include "cli/verbs.hpp"
#include "cli/version.hpp"
#include "recordings/baseline.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

namespace driftstorm::cli {

namespace {

struct AcceptOptions {
    std::string name;
    std::string folder = ".";
    std::string because;
    std::string scenario;
    std::vector<std::string> set;
};

/// The same recording of what the scenario does today.
Baseline renewed(const Baseline& old, const Scenario& scenario, ScenarioText text) {
    std::vector<RecordedRun> runs;
    for (std::size_t k = 0; k < old.seeds(); ++k)
        runs.push_back(run_recorded(scenario, old.until, scenario.seed + k));
    std::vector<std::string> metrics;
    for (const MetricSamples& samples : old.metrics) metrics.push_back(samples.path);
    Baseline fresh = baseline_of(scenario, std::move(text), old.name, old.until,
                                 std::string(version_text), runs, metrics);
    fresh.tolerances = old.tolerances;
    fresh.accepted = old.accepted;
    return fresh;
}

int accept(const AcceptOptions& options) {
    const bool named = options.name.find('/') == std::string::npos && !file_exists(options.name);
    const std::string path = named ? options.folder + "/" + options.name + ".yaml" : options.name;
    const std::string before = text_of_file(path);
    const Baseline old = parse_baseline(path, before);

    Baseline fresh;
    if (options.scenario.empty()) {
        const LoadedScenario loaded = load(old.scenario);
        fresh = renewed(old, *loaded.scenario, old.scenario);
    } else {
        Complaints complaints;
        const std::unique_ptr<Scenario> scenario =
            read_and_check(options.scenario, options.set, complaints);
        std::fputs(complaints.text().c_str(), stderr);
        if (!scenario || complaints.any_errors()) return static_cast<int>(Exit::scenario);
        fresh = renewed(old, *scenario, text_of(*scenario, complaints.sources()));
    }
    if (yaml_over(before, fresh) == before) {
        fmt::print("{}: nothing to accept, it runs as recorded\n", path);
        return 0;
    }
    fresh.accepted.push_back({options.because, fresh.version, old.digest, fresh.digest});
    write_text(path, yaml_over(before, fresh));
    fmt::print("{}  digest {} -> {}: {}\n", path, old.digest, fresh.digest, options.because);
    return 0;
}

}  // namespace

void add_accept(CLI::App& app, int& exit) {
    CLI::App* verb = app.add_subcommand(
        "accept", "takes what a baseline's run does now as right; keeps the reason in it");
    auto options = std::make_shared<AcceptOptions>();
    verb->add_option("NAME", options->name, "a baseline's file, or its name with --in")->required();
    verb->add_option("--because", options->because, "why the change is right")->required();
    verb->add_option("--in", options->folder, "folder of the baseline; default: this one");
    verb->add_option("--scenario", options->scenario,
                     "takes a changed scenario too, from this YAML file");
    verb->add_option("--set", options->set, "NAME=VALUE: changes a parameter of --scenario")
        ->take_all()
        ->allow_extra_args(false);
    verb->callback([&exit, options] {
        if (options->because.find_first_not_of(" \t\n") == std::string::npos)
            throw CLI::ValidationError("--because", "must say why");
        exit = accept(*options);
    });
}

}  // namespace driftstorm::cli
