#include "analysis/metric_paths.hpp"
#include "cli/verbs.hpp"
#include "scenarios/quantity.hpp"
#include "scenarios/scenario.hpp"
#include "sweeps/read_sweep.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace driftstorm::cli {

namespace {

using Lines = std::vector<std::pair<std::string, std::string>>;

Lines lines_of(const std::string& what) {
    Lines lines;
    if (what == "models") lines = list_models();
    if (what == "faults") lines = list_faults();
    if (what == "metrics")
        for (const MetricPattern& metric : metric_patterns())
            lines.emplace_back(metric.path,
                               metric.help + (metric.unit.empty() ? "" : " [" + metric.unit + "]"));
    if (what == "units")
        for (const Unit& unit : all_units())
            if (!unit.name.empty())
                lines.emplace_back(std::string(unit.name),
                                   std::string(dimension_name(unit.dimension)));
    if (what == "events")
        for (const auto& [word, table] : event_tables())
            lines.emplace_back(std::string(word), "table /" + std::string(table));
    if (what == "series")
        for (const auto& [word, help] : series_words())
            lines.emplace_back(std::string(word), std::string(help));
    return lines;
}

void print(const Lines& lines, bool json) {
    if (json) {
        std::string text;
        for (const auto& [word, help] : lines)
            text += fmt::format("{}{{\"name\": {}, \"help\": {}}}", text.empty() ? "" : ", ",
                                json_string(word), json_string(help));
        fmt::print("[{}]\n", text);
        return;
    }
    std::size_t widest = 0;
    for (const auto& [word, help] : lines) widest = std::max(widest, word.size());
    for (const auto& [word, help] : lines) fmt::print("{:<{}}  {}\n", word, widest, help);
}

}  // namespace

void add_list(CLI::App& app, int& exit) {
    CLI::App* verb = app.add_subcommand(
        "list", "what scenarios may hold: models, faults, metrics, units, events, series");
    auto what = std::make_shared<std::string>();
    auto json = std::make_shared<bool>(false);
    verb->add_option("WHAT", *what, "models, faults, metrics, units, events or series")
        ->required()
        ->check(CLI::IsMember({"models", "faults", "metrics", "units", "events", "series"}));
    verb->add_flag("--json", *json, "as JSON");
    verb->callback([&exit, what, json] {
        print(lines_of(*what), *json);
        exit = 0;
    });
}

void add_schema(CLI::App& app, int& exit) {
    CLI::App* verb =
        app.add_subcommand("schema", "prints the JSON Schema of scenarios or sweeps, for editors");
    auto of = std::make_shared<std::string>("scenario");
    verb->add_option("WHAT", *of, "scenario (default) or sweep")
        ->check(CLI::IsMember({"scenario", "sweep"}));
    verb->callback([&exit, of] {
        std::puts((*of == "sweep" ? sweep_schema() : scenario_schema()).c_str());
        exit = 0;
    });
}

}  // namespace driftstorm::cli
