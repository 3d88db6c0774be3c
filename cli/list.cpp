#include "analysis/metric_paths.hpp"
#include "cli/verbs.hpp"
#include "scenarios/parameter_list.hpp"
#include "scenarios/quantity.hpp"
#include "scenarios/scenario.hpp"
#include "sweeps/read_sweep.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <cmath>
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

std::string range_of(const ParameterLine& line) {
    if (std::isinf(line.min) && std::isinf(line.max)) return {};
    if (std::isinf(line.max)) return fmt::format("from {:g}", line.min);
    if (std::isinf(line.min)) return fmt::format("to {:g}", line.max);
    return fmt::format("{:g} to {:g}", line.min, line.max);
}

/// Every parameter, or those of one model or below one path. @return whether there are any
bool print_parameters(std::string of, bool json) {
    std::vector<ParameterLine> lines = list_parameters();
    of = of.substr(of.rfind(' ') + 1);  // as `list models` says it: "servers.kind: station"
    const auto other = [&](const ParameterLine& line) {
        return !of.empty() && line.model != of && line.path != of &&
               !line.path.starts_with(of + ".");
    };
    lines.erase(std::remove_if(lines.begin(), lines.end(), other), lines.end());
    if (json) {
        std::string text;
        const auto bound = [](double value) {
            return std::isinf(value) ? std::string("null") : fmt::format("{:.17g}", value);
        };
        for (const ParameterLine& line : lines)
            text += fmt::format(
                "{}{{\"model\": {}, \"path\": {}, \"unit\": {}, \"min\": {}, \"max\": {}, "
                "\"default\": {}, \"required\": {}, \"help\": {}, \"source\": {}}}",
                text.empty() ? "" : ", ", json_string(line.model), json_string(line.path),
                json_string(line.unit), bound(line.min), bound(line.max),
                line.fallback.empty() ? "null" : json_string(line.fallback), line.required,
                json_string(line.help), json_string(line.source));
        fmt::print("[{}]\n", text);
        return !lines.empty();
    }
    for (const ParameterLine& line : lines) {
        std::string facts;
        const auto add = [&](const std::string& fact) {
            if (!fact.empty()) facts.append(facts.empty() ? "" : "; ").append(fact);
        };
        if (!line.unit.empty()) add("[" + std::string(line.unit) + "]");
        add(range_of(line));
        add(line.required           ? "required"
            : line.fallback.empty() ? "no default"
                                    : "default " + line.fallback);
        fmt::print("{}  ({})\n    {}\n    {}{}\n", line.path, line.model, line.help, facts,
                   line.source.empty() ? "" : fmt::format("\n    source: {}", line.source));
    }
    return !lines.empty();
}

}  // namespace

void add_list(CLI::App& app, int& exit) {
    CLI::App* verb = app.add_subcommand(
        "list",
        "what scenarios may hold: models, parameters, faults, metrics, units, events, series");
    auto what = std::make_shared<std::string>();
    auto model = std::make_shared<std::string>();
    auto json = std::make_shared<bool>(false);
    verb->add_option("WHAT", *what, "models, parameters, faults, metrics, units, events or series")
        ->required()
        ->check(CLI::IsMember(
            {"models", "parameters", "faults", "metrics", "units", "events", "series"}));
    verb->add_option("MODEL", *model,
                     "parameters of this alone: station, chrony, network.cells ...");
    verb->add_flag("--json", *json, "as JSON");
    verb->callback([&exit, what, model, json] {
        if (*what != "parameters" && !model->empty())
            throw CLI::ValidationError("MODEL", "goes with parameters alone");
        exit = 0;
        if (*what != "parameters") {
            print(lines_of(*what), *json);
        } else if (!print_parameters(*model, *json)) {
            throw CLI::ValidationError("MODEL", "has no parameters: " + quote(*model));
        }
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
