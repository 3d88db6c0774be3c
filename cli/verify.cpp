#include "cli/recorded_files.hpp"
#include "cli/verbs.hpp"
#include "cli/whole_numbers.hpp"
#include "recordings/verdict.hpp"
#include "sim/output/output_error.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <unistd.h>
#include <cstdio>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace driftstorm::cli {

namespace {

struct VerifyOptions {
    std::vector<std::string> places;
    std::string require = "equivalent";
    std::string junit;
    std::optional<std::size_t> seeds;
    bool json = false;
};

/// One that cannot be read or run keeps no other from its verdict.
Verification verify_file(const std::string& file, std::size_t seeds) {
    const bool terminal = isatty(fileno(stderr)) != 0;
    Verification broken;
    broken.name = stem(file);
    try {
        const Baseline baseline = read_baseline(file);
        const auto progress = [&](std::size_t run, std::size_t all) {
            if (terminal) fmt::print(stderr, "\r{}: run {} of {} ", baseline.name, run, all);
        };
        Verification verification = verify(baseline, seeds, progress);
        if (terminal) fmt::print(stderr, "\r\033[K");
        return verification;
    } catch (const ScenarioError& error) {
        broken.error = error.what();
    } catch (const OutputError& error) {
        broken.error = std::string(error.what()) + "\n";
    } catch (const std::invalid_argument& error) {
        broken.error = std::string("the scenario asks for what cannot be: ") + error.what() + "\n";
    }
    return broken;
}

int verify_all(const VerifyOptions& options) {
    const bool strict = options.require == "identical";
    // A refactoring is asked about often: by default at the cost of one run.
    const std::size_t seeds = options.seeds.value_or(strict ? 1 : SIZE_MAX);
    std::vector<Verification> verifications;
    std::size_t counts[4] = {};
    for (const std::string& file : baselines_in(options.places)) {
        verifications.push_back(verify_file(file, seeds));
        const Verification& one = verifications.back();
        ++counts[one.error.empty() ? static_cast<std::size_t>(one.verdict) : 3];
        if (options.json) continue;
        std::fputs(render(one).c_str(), stdout);
        if (one.error.empty() && one.verdict == Verdict::changed)
            fmt::print(
                "            to see why: driftstorm diff {} SCENARIO [--with OTHER_BUILD]; if it "
                "is meant: driftstorm accept {} --because \"...\"\n",
                file, file);
        std::fflush(stdout);
    }
    if (!options.junit.empty()) write_text(options.junit, render_junit(verifications, strict));
    if (options.json) {
        std::fputs(render_json(verifications).c_str(), stdout);
    } else {
        fmt::print("{} identical, {} equivalent, {} changed{}{}\n", counts[0], counts[1], counts[2],
                   counts[3] > 0 ? fmt::format(", {} unreadable", counts[3]) : "",
                   counts[1] > 0 && !strict
                       ? "; equivalent: other digests, and the same behaviour over the seeds"
                       : "");
    }
    if (counts[3] > 0) return static_cast<int>(Exit::scenario);
    return counts[2] > 0 || (strict && counts[1] > 0) ? static_cast<int>(Exit::expectation) : 0;
}

}  // namespace

void add_verify(CLI::App& app, int& exit) {
    CLI::App* verb = app.add_subcommand(
        "verify", "runs baselines again: identical, equivalent or changed (then exit code 1)");
    auto options = std::make_shared<VerifyOptions>();
    verb->add_option("DIR", options->places, "folders of baselines, or baselines")->required();
    verb->add_option("--require", options->require,
                     "what passes: equivalent (default) or identical, for refactorings")
        ->check(CLI::IsMember({"equivalent", "identical"}));
    verb->add_option("--seeds", options->seeds,
                     "compares the digests of this many of the recorded seeds; when one differs "
                     "all are run; default: all, with --require identical the first")
        ->check(whole_number())
        ->check(CLI::Range(1u, 10000u));
    verb->add_option("--junit", options->junit, "writes a report in JUnit's XML to this file");
    verb->add_flag("--json", options->json, "one JSON document on stdout");
    verb->callback([&exit, options] { exit = verify_all(*options); });
}

}  // namespace driftstorm::cli
