#include "recordings/selfcheck.hpp"

#include "cli/verbs.hpp"
#include "cli/version.hpp"
#include "scenarios/complaints.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

namespace driftstorm::cli {

namespace {

int check_machine(bool json, bool anew) {
    const bool human = !json && !anew;
    const std::vector<SelfcheckRun> runs = selfcheck([human](const SelfcheckRun& run) {
        if (!human) return;
        fmt::print("{:<10} {:<30} {:>5.0f} s, {:>8} events, digest {}{}\n",
                   run.same() ? "same" : "DIFFERENT", run.scenario, run.until.seconds(), run.events,
                   run.digest, run.same() ? "" : ", shipped " + run.shipped);
        std::fflush(stdout);
    });
    std::size_t same = 0;
    std::string list;
    for (const SelfcheckRun& run : runs) {
        same += run.same() ? 1 : 0;
        list += fmt::format(
            "{}{{\"scenario\": {}, \"until_ns\": {}, \"shipped\": \"{}\", "
            "\"digest\": \"{}\", \"same\": {}}}",
            list.empty() ? "" : ", ", json_string(run.scenario), run.until.ns, run.shipped,
            run.digest, run.same());
    }
    if (anew) {
        std::fputs(corpus_text(runs).c_str(), stdout);
        return 0;
    }
    if (json) {
        fmt::print("{{\"version\": {}, \"same\": {}, \"of\": {}, \"runs\": [{}]}}\n",
                   json_string(version_text), same, runs.size(), list);
    } else if (same == runs.size()) {
        fmt::print(
            "This machine gives the shipped digests: driftstorm {} keeps its promise here.\n",
            version_text);
    } else {
        fmt::print(
            "This machine does NOT give the shipped digests: do not compare its results "
            "with others'.\n");
    }
    return same == runs.size() ? 0 : static_cast<int>(Exit::nondeterminism);
}

}  // namespace

void add_selfcheck(CLI::App& app, int& exit) {
    CLI::App* verb = app.add_subcommand(
        "selfcheck",
        "does this machine keep the promise? Runs the shipped corpus and compares "
        "with shipped digests");
    auto json = std::make_shared<bool>(false);
    auto anew = std::make_shared<bool>(false);
    verb->add_flag("--json", *json, "one JSON document on stdout");
    verb->add_flag("--record", *anew, "prints the corpus' list with this build's digests instead");
    verb->callback([&exit, json, anew] { exit = check_machine(*json, *anew); });
}

}  // namespace driftstorm::cli
