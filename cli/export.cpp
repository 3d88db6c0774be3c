#include "cli/verbs.hpp"
#include "sim/output/results_reader.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

namespace driftstorm::cli {

namespace {

constexpr std::uint64_t rows_at_once = 65536;

/// A field of a CSV file (RFC 4180).
std::string field(const std::string& text) {
    if (text.find_first_of(",\"\n\r") == std::string::npos) return text;
    std::string quoted = "\"";
    for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
    return quoted + "\"";
}

std::vector<std::string> values(const ResultsReader& reader, const std::string& dataset,
                                std::uint64_t first, std::uint64_t count) {
    std::vector<std::string> texts;
    const std::vector<std::string> words = reader.words(dataset);
    try {
        for (const std::int64_t value : reader.integers(dataset, first, count)) {
            if (!words.empty() && value >= 0 && static_cast<std::size_t>(value) < words.size()) {
                texts.push_back(words[static_cast<std::size_t>(value)]);
            } else {
                texts.push_back(value == INT64_MIN ? "" : std::to_string(value));  // missing
            }
        }
        return texts;
    } catch (const OutputError&) {
        texts.clear();
    }
    try {
        for (const double value : reader.reals(dataset, first, count))
            texts.push_back(value != value ? "" : fmt::format("{:.17g}", value));
        return texts;
    } catch (const OutputError&) {
        texts.clear();
    }
    for (const std::string& value : reader.texts(dataset, first, count))
        texts.push_back(field(value));
    return texts;
}

int export_table(const std::string& result, const std::string& table) {
    const ResultsReader reader(result);
    const std::string group = table.front() == '/' ? table : "/" + table;
    const std::string below_group = group + "/";
    if (!reader.has(group)) {
        std::string known;
        for (const std::string& name : reader.groups("/"))
            known += (known.empty() ? "" : ", ") + name;
        fmt::print(stderr, "driftstorm: {} has no table {}; it has the groups {}\n", result, group,
                   known);
        return static_cast<int>(Exit::usage);
    }
    // The group's first dataset is the scale of its rows; others may have dimensions of their own.
    std::vector<std::string> columns;
    std::uint64_t rows = 0;
    for (const std::string& name : reader.datasets(group)) {
        const std::string dataset = below_group + name;
        if (columns.empty() && reader.shape(dataset).size() == 1) {
            rows = reader.rows(dataset);
            columns.push_back(name);
        } else if (!columns.empty() && name != "device_order" &&
                   reader.dimensions(dataset) == std::vector{columns.front()}) {
            columns.push_back(name);
        }
    }
    if (columns.empty()) {
        std::string below;
        for (const std::string& name : reader.groups(group))
            below.append(below.empty() ? "" : ", ").append(table).append("/").append(name);
        fmt::print(stderr, "driftstorm: {} is no table{}\n", group,
                   below.empty() ? "" : "; it has " + below);
        return static_cast<int>(Exit::usage);
    }
    for (std::size_t c = 0; c < columns.size(); ++c)
        fmt::print("{}{}", c == 0 ? "" : ",", field(columns[c]));
    fmt::print("\n");
    for (std::uint64_t first = 0; first < rows; first += rows_at_once) {
        const std::uint64_t count = std::min(rows_at_once, rows - first);
        std::vector<std::vector<std::string>> cells;
        cells.reserve(columns.size());
        for (const std::string& name : columns)
            cells.push_back(values(reader, below_group + name, first, count));
        std::string text;
        for (std::uint64_t row = 0; row < count; ++row) {
            for (std::size_t c = 0; c < cells.size(); ++c)
                text += (c == 0 ? "" : ",") + cells[c][row];
            text += '\n';
        }
        if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size())
            throw OutputError("standard output", "cannot be written");
    }
    return 0;
}

}  // namespace

void add_export(CLI::App& app, int& exit) {
    CLI::App* verb = app.add_subcommand("export", "a table of a result as text");
    auto result = std::make_shared<std::string>();
    auto table = std::make_shared<std::string>();
    auto csv = std::make_shared<bool>(true);
    verb->add_option("RESULT", *result, "result file")->required();
    verb->add_option("TABLE", *table,
                     "group of the file: copies, events/handover, clocks/adjust ...")
        ->required();
    verb->add_flag("--csv", *csv, "comma-separated values (the only form so far)");
    verb->callback([&exit, result, table] { exit = export_table(*result, *table); });
}

}  // namespace driftstorm::cli
