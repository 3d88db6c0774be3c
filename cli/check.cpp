#include "cli/scenario_facts.hpp"
#include "cli/verbs.hpp"
#include "scenarios/parse_yaml.hpp"
#include "scenarios/world.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace driftstorm::cli {

namespace {

struct CheckOptions {
    std::vector<std::string> scenarios;
    std::vector<std::string> set;
    std::string explain;
    bool resolved = false;
    bool json = false;
};

std::string partitions_text(const Scenario& scenario) {
    const Regions regions = World::regions(scenario);
    std::string text = fmt::format("  may be run in {} partition{}\n", regions.names.size(),
                                   regions.names.size() == 1 ? "" : "s");
    for (std::size_t i = 0; i < regions.names.size(); ++i)
        text += fmt::format("    {}: {}\n", regions.names[i], regions.reasons[i]);
    return text;
}

/// Where a value comes from; of one that is written nowhere, its default.
/// @throws std::invalid_argument when there is no such value
std::string explained(const Scenario& scenario, const Sources& sources, const std::string& path) {
    if (find_path(scenario.document.root, path) != nullptr)
        return explain_value(scenario.document, sources, path);
    Complaints nobody;
    const std::uint32_t file = nobody.sources().add("resolved", resolved_yaml(scenario));
    Document every_value;
    every_value.root = parse_yaml(file, nobody).value_or(Node());
    const std::string told = explain_value(every_value, nobody.sources(), path);
    return told.substr(0, told.rfind("  stands at ")) + "  the default: it is written nowhere\n";
}

int check(const CheckOptions& options) {
    bool sound = true;
    std::string documents;
    for (const std::string& file : options.scenarios) {
        Complaints complaints;
        const std::unique_ptr<Scenario> scenario = read_and_check(file, options.set, complaints);
        const bool bad = !scenario || complaints.any_errors();
        sound = sound && !bad;
        if (options.json) {
            documents += fmt::format(
                "{}{{\"scenario\": {}, \"valid\": {}, \"partitions\": {}, \"complaints\": {}}}",
                documents.empty() ? "" : ", ", json_string(file), !bad,
                bad ? 0 : World::regions(*scenario).names.size(), complaints.json());
            continue;
        }
        std::fputs(complaints.text().c_str(), stderr);
        if (bad) {
            fmt::print(stderr, "{}: {} error{}\n", file, complaints.distinct_errors(),
                       complaints.distinct_errors() == 1 ? "" : "s");
            continue;
        }
        if (!options.explain.empty()) {
            try {
                std::fputs(explained(*scenario, complaints.sources(), options.explain).c_str(),
                           stdout);
            } catch (const std::invalid_argument& error) {
                fmt::print(stderr, "driftstorm: --explain-value: {}\n", error.what());
                return static_cast<int>(Exit::usage);
            }
        } else if (options.resolved) {
            std::fputs(resolved_yaml(*scenario).c_str(), stdout);
        } else {
            fmt::print("{}: sound\n{}", file, partitions_text(*scenario));
        }
    }
    if (options.json) fmt::print("[{}]\n", documents);
    return sound ? 0 : static_cast<int>(Exit::scenario);
}

}  // namespace

void add_check(CLI::App& app, int& exit) {
    CLI::App* verb = app.add_subcommand("check", "read scenarios, check everything, run nothing");
    auto options = std::make_shared<CheckOptions>();
    verb->add_option("SCENARIO", options->scenarios, "YAML files")->required();
    verb->add_option("--set", options->set, "NAME=VALUE: changes a parameter; may be repeated")
        ->take_all()
        ->allow_extra_args(false);
    verb->add_option("--explain-value", options->explain,
                     "where a value comes from: --explain-value apps[v2].reconnect.cap");
    verb->add_flag("--resolved", options->resolved,
                   "prints the scenario with every default written out");
    verb->add_flag("--json", options->json, "one JSON document on stdout");
    verb->callback([&exit, options] { exit = check(*options); });
}

}  // namespace driftstorm::cli
