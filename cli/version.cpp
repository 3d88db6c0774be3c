#include "cli/version.hpp"

#include "cli/git_state.hpp"
#include "cli/verbs.hpp"
#include "scenarios/complaints.hpp"
#include "sim/output/results_file.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <unistd.h>
#include <cstdio>
#include <fstream>
#include <memory>
#include <sstream>
#include <utility>
#include <vector>

namespace driftstorm::cli {

namespace {

std::string compiler() {
#if defined(__clang__)
    return std::string("clang ") + __clang_version__;
#else
    return std::string("g++ ") + __VERSION__;
#endif
}

std::string host() {
    char name[256] = {};
    return gethostname(name, sizeof name - 1) == 0 ? name : "unknown";
}

/// Name and version of every library that has a say in what a run does or writes.
std::vector<std::pair<std::string, std::string>> libraries() {
    std::vector<std::pair<std::string, std::string>> all = result_libraries();
    std::istringstream known(DRIFTSTORM_LIBRARIES);  // "boost 1.74.0, fmt 9.1.0"
    for (std::string entry; std::getline(known >> std::ws, entry, ',');) {
        const std::size_t blank = entry.find(' ');
        all.emplace_back(entry.substr(0, blank), entry.substr(blank + 1));
    }
    char libc[64] = {};
    if (confstr(_CS_GNU_LIBC_VERSION, libc, sizeof libc) > 0)
        if (const std::string text = libc; text.find(' ') != std::string::npos)  // "glibc 2.36"
            all.emplace_back(text.substr(0, text.find(' ')), text.substr(text.find(' ') + 1));
    return all;
}

std::string libraries_json() {
    std::string text;
    for (const auto& [name, version] : libraries())
        text += fmt::format("{}{}: {}", text.empty() ? "" : ", ", json_string(name),
                            json_string(version));
    return "{" + text + "}";
}

std::string git_json() {
    if (git_commit.empty()) return "null";
    return fmt::format("{{\"commit\": {}, \"changed\": {}}}", json_string(git_commit), git_changed);
}

std::vector<std::string> arguments;

}  // namespace

void set_arguments(int argc, const char* const* argv) { arguments.assign(argv, argv + argc); }

std::uint32_t running_threads() {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);) {
        unsigned threads = 0;
        if (std::sscanf(line.c_str(), "Threads: %u", &threads) == 1) return threads;
    }
    return 0;
}

std::string run_facts(const RunFacts& run) {
    std::string words;
    for (const std::string& word : arguments)
        words += (words.empty() ? "" : ", ") + json_string(word);
    return fmt::format(
        "{{\"version\": {}, \"git\": {}, \"compiler\": {}, \"flags\": {}, \"libraries\": {}, "
        "\"host\": {}, \"arguments\": [{}], \"output\": {}, \"partitions\": {}, "
        "\"threads_asked\": {}, \"threads\": {}, \"wall_s\": {:.3f}, \"events\": {}, "
        "\"events_per_s\": {:.0f}}}\n",
        json_string(version_text), git_json(), json_string(compiler()),
        json_string(DRIFTSTORM_FLAGS), libraries_json(), json_string(host()), words,
        json_string(run.output), run.partitions, run.threads_asked, run.threads, run.wall_s,
        run.events, run.wall_s > 0 ? static_cast<double>(run.events) / run.wall_s : 0.0);
}

std::string build_facts(bool json) {
    if (json)
        return fmt::format(
            "{{\"version\": {}, \"git\": {}, \"compiler\": {}, \"flags\": {}, \"libraries\": "
            "{}}}\n",
            json_string(version_text), git_json(), json_string(compiler()),
            json_string(DRIFTSTORM_FLAGS), libraries_json());
    std::string known;
    for (const auto& [name, version] : libraries())
        known.append(known.empty() ? "" : ", ").append(name).append(" ").append(version);
    return fmt::format("driftstorm {}\ncommit    {}{}\ncompiler  {}\nflags     {}\nlibraries {}\n",
                       version_text, git_commit.empty() ? "unknown" : git_commit,
                       git_changed ? ", changed since" : "", compiler(), DRIFTSTORM_FLAGS, known);
}

void add_version(CLI::App& app, int& exit) {
    CLI::App* verb = app.add_subcommand("version", "version and facts of the build");
    auto json = std::make_shared<bool>(false);
    verb->add_flag("--json", *json, "as JSON");
    verb->callback([&exit, json] {
        std::fputs(build_facts(*json).c_str(), stdout);
        exit = 0;
    });
}

}  // namespace driftstorm::cli
