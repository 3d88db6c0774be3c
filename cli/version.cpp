#include "cli/version.hpp"

#include "cli/verbs.hpp"
#include "scenarios/complaints.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <unistd.h>
#include <cstdio>
#include <memory>

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

}  // namespace

std::string run_facts(double wall_s, std::uint64_t events, std::uint32_t partitions,
                      const std::string& output) {
    return fmt::format(
        "{{\"version\": {}, \"compiler\": {}, \"flags\": {}, \"host\": {}, \"output\": {}, "
        "\"partitions\": {}, "
        "\"threads\": 1, \"wall_s\": {:.3f}, \"events\": {}, \"events_per_s\": {:.0f}}}\n",
        json_string(version_text), json_string(compiler()), json_string(DRIFTSTORM_FLAGS),
        json_string(host()), json_string(output), partitions, wall_s, events,
        wall_s > 0 ? static_cast<double>(events) / wall_s : 0.0);
}

std::string build_facts(bool json) {
    if (json)
        return fmt::format("{{\"version\": {}, \"compiler\": {}, \"flags\": {}}}\n",
                           json_string(version_text), json_string(compiler()),
                           json_string(DRIFTSTORM_FLAGS));
    return fmt::format("driftstorm {}\ncompiler  {}\nflags     {}\n", version_text, compiler(),
                       DRIFTSTORM_FLAGS);
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
