#include "recordings/baseline.hpp"

#include "cli/durations.hpp"
#include "cli/recorded_files.hpp"
#include "cli/scenario_facts.hpp"
#include "cli/verbs.hpp"
#include "cli/version.hpp"
#include "cli/whole_numbers.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <cstdio>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace driftstorm::cli {

namespace {

struct RecordOptions {
    std::vector<std::string> scenarios;
    std::string folder;
    std::vector<std::string> set;
    std::optional<std::uint64_t> seed;
    std::string until;
    std::uint32_t seeds = 20;
    std::vector<std::string> tolerances;
    std::vector<std::string> metrics;
    bool force = false;
};

RecordRequest request_of(const RecordOptions& options) {
    RecordRequest request;
    request.seeds = options.seeds;
    request.metrics = options.metrics;
    request.version = std::string(version_text);
    if (const auto until = duration_option(options.until, "--until")) request.until = *until;
    for (const std::string& text : options.tolerances) {
        try {
            request.tolerances.push_back(parse_tolerance_rule(text));
        } catch (const std::invalid_argument& error) {
            throw CLI::ValidationError("--tolerance", error.what());
        }
    }
    return request;
}

std::string place_of(const RecordOptions& options, const std::string& scenario) {
    return options.folder + "/" + stem(scenario) + ".yaml";
}

/// Told before the first run: the last of many scenarios may come after hours.
bool may_write_all(const RecordOptions& options) {
    std::map<std::string, std::string> scenario_of;
    for (const std::string& file : options.scenarios) {
        const std::string path = place_of(options, file);
        const auto [other, is_new] = scenario_of.emplace(path, file);
        if (!is_new) {
            fmt::print(stderr, "driftstorm: {} and {} would both be {}\n", other->second, file,
                       path);
            return false;
        }
        if (!options.force && file_exists(path)) {
            fmt::print(stderr,
                       "driftstorm: {} is there already; 'driftstorm accept' changes a baseline "
                       "with a reason, --force writes it anew\n",
                       path);
            return false;
        }
    }
    return true;
}

int record_all(const RecordOptions& options) {
    const RecordRequest request = request_of(options);
    if (!may_write_all(options)) return static_cast<int>(Exit::usage);
    for (const std::string& file : options.scenarios) {
        const std::string name = stem(file);
        const std::string path = place_of(options, file);
        Complaints complaints;
        const std::unique_ptr<Scenario> scenario = read_and_check(file, options.set, complaints);
        std::fputs(complaints.text().c_str(), stderr);
        if (!scenario || complaints.any_errors()) return static_cast<int>(Exit::scenario);
        if (options.seed) scenario->seed = *options.seed;
        const Baseline baseline = record(*scenario, complaints.sources(), name, request);
        write_text(path, yaml_of(baseline));
        fmt::print("{}  digest {}, {} events, {} metrics over {} seeds\n", path, baseline.digest,
                   baseline.events, baseline.metrics.size(), baseline.seeds());
    }
    return 0;
}

}  // namespace

void add_record(CLI::App& app, int& exit) {
    CLI::App* verb = app.add_subcommand(
        "record", "keeps how scenarios run today, each as a small YAML baseline");
    auto options = std::make_shared<RecordOptions>();
    verb->add_option("SCENARIO", options->scenarios, "YAML files")->required();
    verb->add_option("-o,--output", options->folder, "folder of the baselines, made if missing")
        ->required();
    verb->add_option("--set", options->set, "NAME=VALUE: changes a parameter; may be repeated")
        ->take_all()
        ->allow_extra_args(false);
    verb->add_option("--seed", options->seed, "instead of the scenario's")->check(whole_number());
    verb->add_option("--seeds", options->seeds,
                     "runs this many seeds, from the scenario's on, so that 'verify' can tell a "
                     "change from luck; default 20")
        ->check(whole_number())
        ->check(CLI::Range(1u, 10000u));
    verb->add_option("--until", options->until, "records a shorter run: --until \"5 min\"");
    verb->add_option("--tolerance", options->tolerances,
                     "METRICS=KIND AMOUNT, METRICS a path or a glob, KIND absolute, relative, ulp, "
                     "count or ks: --tolerance \"*.wait.*=relative 1 %\"; the last that matches "
                     "counts; default *=relative 0.5 %")
        ->take_all()
        ->allow_extra_args(false);
    verb->add_option("--metric", options->metrics,
                     "a metric or glob to keep instead of the usual twenty; may be repeated")
        ->take_all()
        ->allow_extra_args(false);
    verb->add_flag("--force", options->force, "writes over baselines that are there");
    verb->callback([&exit, options] { exit = record_all(*options); });
}

}  // namespace driftstorm::cli
