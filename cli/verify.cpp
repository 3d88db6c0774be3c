#include "cli/recorded_files.hpp"
#include "cli/verbs.hpp"
#include "recordings/verdict.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <unistd.h>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

namespace driftstorm::cli {

namespace {

struct VerifyOptions {
    std::vector<std::string> places;
    std::string require = "equivalent";
    std::string junit;
    bool json = false;
};

int verify_all(const VerifyOptions& options) {
    const bool strict = options.require == "identical";
    std::vector<Verification> verifications;
    std::size_t counts[3] = {};
    for (const std::string& file : baselines_in(options.places)) {
        const Baseline baseline = read_baseline(file);
        const bool terminal = isatty(fileno(stderr)) != 0;
        const auto progress = [&](std::size_t run, std::size_t all) {
            if (terminal) fmt::print(stderr, "\r{}: run {} of {} ", baseline.name, run, all);
        };
        verifications.push_back(verify(baseline, progress));
        if (terminal) fmt::print(stderr, "\r\033[K");
        const Verification& one = verifications.back();
        ++counts[static_cast<std::size_t>(one.verdict)];
        if (options.json) continue;
        std::fputs(render(one).c_str(), stdout);
        if (one.verdict == Verdict::changed)
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
        fmt::print("{} identical, {} equivalent, {} changed{}\n", counts[0], counts[1], counts[2],
                   counts[1] > 0 && !strict
                       ? "; equivalent: other digests, and the same behaviour over the seeds"
                       : "");
    }
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
    verb->add_option("--junit", options->junit, "writes a report in JUnit's XML to this file");
    verb->add_flag("--json", options->json, "one JSON document on stdout");
    verb->callback([&exit, options] { exit = verify_all(*options); });
}

}  // namespace driftstorm::cli
