#include "cli/piped_trace.hpp"
#include "cli/recorded_files.hpp"
#include "cli/verbs.hpp"
#include "cli/version.hpp"
#include "cli/whole_numbers.hpp"
#include "recordings/difference.hpp"
#include "recordings/pursuit.hpp"
#include "scenarios/complaints.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>

namespace driftstorm::cli {

namespace {

struct DiffOptions {
    std::string left;
    std::string right;
    std::string with;
    std::string html;
    std::optional<std::uint64_t> seed;
    bool ladders_only = false;
    bool json = false;
};

/// A scenario is run as the other side was.
void complete_sides(RunSide& left, RunSide& right, const DiffOptions& options) {
    const std::string version(version_text);
    const Duration until{std::min(left.until.ns, right.until.ns)};
    const auto complete = [&](RunSide& side, const RunSide& other) {
        if (side.kind != RunSide::Kind::scenario) return;
        std::optional<std::uint64_t> seed = options.seed;
        if (!seed && other.kind != RunSide::Kind::scenario) seed = other.seed;
        run_side(side, until, seed, version);
    };
    complete(left, right);
    complete(right, left);
}

int diff(const DiffOptions& options) {
    RunSide left = open_side(options.left);
    RunSide right = open_side(options.right);
    if (!options.with.empty() && left.kind == RunSide::Kind::scenario)
        throw CLI::ValidationError("--with",
                                   "runs A, which must be a baseline or a result of "
                                   "that build");
    complete_sides(left, right, options);
    DifferenceReport report = compare_records(left, right);
    if (left.digest != right.digest && report.first && !options.ladders_only) {
        std::unique_ptr<TraceSource> other;
        if (!options.with.empty())
            other = std::make_unique<PipedTrace>(options.with, left, report.first->from,
                                                 report.first->to);
        pursue(report, std::move(other));
    }
    std::fputs((options.json ? render_json(report) : render_text(report)).c_str(), stdout);
    std::fflush(stdout);  // found at a price: told before a page that may find no room
    if (!options.html.empty()) write_text(options.html, render_page(report));
    return left.digest == right.digest ? 0 : static_cast<int>(Exit::expectation);
}

}  // namespace

void add_diff(CLI::App& app, int& exit) {
    CLI::App* verb = app.add_subcommand(
        "diff",
        "where and why two runs part: of two results, baselines or scenarios, or of one "
        "and another");
    auto options = std::make_shared<DiffOptions>();
    verb->add_option("A", options->left, "result, baseline or scenario")->required();
    verb->add_option("B", options->right, "result, baseline or scenario")->required();
    verb->add_option("--with", options->with,
                     "another build of driftstorm, which made A and runs it again");
    verb->add_option("--html", options->html, "writes one page with both timelines to this file");
    verb->add_option("--seed", options->seed, "of a scenario; default: that of the other side")
        ->check(whole_number());
    verb->add_flag("--ladders-only", options->ladders_only,
                   "says window and component, without running anything again");
    verb->add_flag("--json", options->json, "one JSON document on stdout");
    verb->callback([&exit, options] { exit = diff(*options); });
}

}  // namespace driftstorm::cli
