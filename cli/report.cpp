#include "analysis/report.hpp"

#include "analysis/sweep_report.hpp"
#include "cli/output_names.hpp"
#include "cli/verbs.hpp"
#include "sim/output/results_file.hpp"
#include "sim/output/results_reader.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace driftstorm::cli {

namespace {

struct ReportOptions {
    std::vector<std::string> results;
    std::string output;
    std::string figures;
};

/// The page appears under its name as a whole or not at all; a device or pipe is written to as it
/// is.
void write_page(const std::string& path, const std::string& page) {
    std::error_code none;
    const bool special = std::filesystem::exists(path, none) &&
                         !std::filesystem::is_regular_file(path, none) &&
                         !std::filesystem::is_directory(path, none);
    const std::string part = special ? path : path + ".part";
    const auto refuse = [&] {
        const std::string reason = std::strerror(errno);
        if (!special) std::remove(part.c_str());
        throw OutputError(path, reason);
    };
    std::FILE* file = std::fopen(part.c_str(), "wb");
    if (file == nullptr) throw OutputError(path, std::strerror(errno));
    const bool written = std::fwrite(page.data(), 1, page.size(), file) == page.size();
    const int reason = errno;
    if (std::fclose(file) != 0) refuse();
    if (!written) {
        errno = reason;
        refuse();
    }
    if (!special && std::rename(part.c_str(), path.c_str()) != 0) refuse();
}

int report(const ReportOptions& options) {
    std::vector<ResultsReader> results;
    for (const std::string& path : options.results) results.emplace_back(path);
    std::string output = options.output;
    if (output.empty())
        output = std::filesystem::path(options.results.front()).replace_extension(".html").string();
    for (const std::string& path : options.results) {
        if (same_file(path, output)) {
            fmt::print(stderr, "driftstorm: {} is a result; the page would overwrite it\n", output);
            return static_cast<int>(Exit::usage);
        }
    }
    if (const auto existing = inspect_result(output); existing && existing->is_result) {
        fmt::print(stderr, "driftstorm: {} holds a result; give the page another name with -o\n",
                   output);
        return static_cast<int>(Exit::usage);
    }
    if (holds_something_else(output, "<!doctype html>")) {
        fmt::print(stderr, "driftstorm: {} is no page; give the page another name with -o\n",
                   output);
        return static_cast<int>(Exit::usage);
    }
    const auto sweeps =
        static_cast<std::size_t>(std::count_if(results.begin(), results.end(), is_merged_sweep));
    if ((sweeps > 0 && sweeps < results.size()) || (sweeps == 0 && !options.figures.empty())) {
        fmt::print(stderr, "driftstorm: {}\n",
                   sweeps > 0 ? "a page is about results of runs or about merged sweeps, not both"
                              : "--figures is for merged sweeps; a run's page saves its own");
        return static_cast<int>(Exit::usage);
    }
    if (!options.figures.empty()) {
        std::error_code error;
        std::filesystem::create_directories(options.figures, error);
        for (const ResultsReader& result : results)
            for (const auto& [name, svg] : sweep_figures(result))
                write_page(
                    (std::filesystem::path(options.figures) /
                     (std::filesystem::path(result.path()).stem().string() + "-" + name + ".svg"))
                        .string(),
                    svg);
    }
    write_page(output, sweeps > 0 ? sweep_report_page(results) : report_page(results));
    fmt::print("{}\n", output);
    return 0;
}

}  // namespace

void add_report(CLI::App& app, int& exit) {
    CLI::App* verb = app.add_subcommand(
        "report",
        "one HTML page with plots and tables of results or merged sweeps, for any browser");
    auto options = std::make_shared<ReportOptions>();
    verb->add_option("RESULT", options->results, "result files, or merged sweeps: a section each")
        ->required();
    verb->add_option("-o,--output", options->output,
                     "the page; default: name of the first result with .html, beside it");
    verb->add_option("--figures", options->figures,
                     "folder for the figures of merged sweeps, an SVG file each");
    verb->callback([&exit, options] { exit = report(*options); });
}

}  // namespace driftstorm::cli
