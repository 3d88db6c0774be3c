#include "cli/output_names.hpp"
#include "cli/recorded_files.hpp"
#include "cli/run_recipe.hpp"
#include "cli/scenario_facts.hpp"
#include "cli/verbs.hpp"
#include "cli/version.hpp"
#include "recordings/stored_run.hpp"
#include "sim/output/results_file.hpp"
#include "sim/output/results_reader.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <cstdio>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

namespace driftstorm::cli {

namespace {

struct RerunOptions {
    std::string result;
    std::string output;
    bool force = false;
    bool json = false;
};

bool same_bytes(const std::string& a, const std::string& b) {
    std::ifstream one(a, std::ios::binary);
    std::ifstream other(b, std::ios::binary);
    std::vector<char> left(1 << 20);
    std::vector<char> right(left.size());
    while (one && other) {
        one.read(left.data(), static_cast<std::streamsize>(left.size()));
        other.read(right.data(), static_cast<std::streamsize>(right.size()));
        if (one.gcount() != other.gcount() || left != right) return false;
    }
    return one.eof() && other.eof();
}

int rerun(const RerunOptions& options) {
    // The file is closed again before the run, which may take its name.
    const StoredRun stored = stored_run(ResultsReader(options.result));
    if (stored.status != "complete") {
        fmt::print(stderr,
                   "driftstorm: {} is the result of a run that was stopped; repeat it with: {}\n",
                   options.result, stored.command);
        return static_cast<int>(Exit::usage);
    }
    Complaints complaints(stored.files);
    const std::unique_ptr<Scenario> scenario =
        read_and_check(stored.scenario, stored.set, complaints);
    if (complaints.any_errors() || !scenario) {
        std::fputs(complaints.text().c_str(), stderr);
        return static_cast<int>(Exit::scenario);
    }
    scenario->seed = stored.seed;
    RunRequest request;
    request.set = stored.set;
    request.until = stored.until;
    request.replication = stored.replication;
    request.progress = !options.json;
    request.output = options.output.empty() ? stem(options.result) + ".rerun.h5" : options.output;
    if (same_file(request.output, options.result) ||
        (!options.force && file_exists(request.output))) {
        fmt::print(stderr,
                   "driftstorm: {} is there already; give another name with -o, or "
                   "--force\n",
                   request.output);
        return static_cast<int>(Exit::usage);
    }
    stop_on_interrupt();
    const RunOutcome outcome = run_once(*scenario, complaints, request);
    if (outcome.status != "complete") return outcome.exit;
    const bool same = same_bytes(options.result, outcome.file);
    if (options.json) {
        fmt::print(
            "{{\"file\": {}, \"recorded_digest\": \"{}\", \"digest\": \"{}\", "
            "\"recorded_version\": {}, \"version\": {}, \"same_bytes\": {}}}\n",
            json_string(outcome.file), stored.digest, outcome.digest, json_string(stored.version),
            json_string(version_text), same);
    } else {
        fmt::print(
            "{}: {}\n", outcome.file,
            same ? "the same bytes as " + options.result + ", digest " + outcome.digest
            : outcome.digest == stored.digest
                ? "the same digest " + outcome.digest + ", but other bytes than " + options.result
                : "NOT the same run: digest " + stored.digest + " -> " + outcome.digest);
        if (!same && stored.version != version_text)
            fmt::print("{} was made by driftstorm {}, this is {}\n", options.result, stored.version,
                       version_text);
        if (!same && outcome.digest != stored.digest)
            fmt::print("to see where they part: driftstorm diff {} {}\n", options.result,
                       outcome.file);
    }
    return same ? 0 : static_cast<int>(Exit::expectation);
}

}  // namespace

void add_rerun(CLI::App& app, int& exit) {
    CLI::App* verb = app.add_subcommand(
        "rerun", "repeats a run from its result file alone, and compares the bytes");
    auto options = std::make_shared<RerunOptions>();
    verb->add_option("RESULT", options->result, "result file of a complete run")->required();
    verb->add_option("-o,--output", options->output,
                     "the new file; default RESULT's name with .rerun.h5, in this folder");
    verb->add_flag("--force", options->force, "overwrites what is there under that name");
    verb->add_flag("--json", options->json, "one JSON document on stdout");
    verb->callback([&exit, options] { exit = rerun(*options); });
}

}  // namespace driftstorm::cli
