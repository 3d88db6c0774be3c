#include "recordings/selfcheck.hpp"

#include "recordings/recorded_run.hpp"
#include "sim/core/expect.hpp"

#include <fmt/format.h>

#include <sstream>
#include <string_view>

namespace driftstorm {

namespace corpus {
extern const std::string_view list;  ///< recordings/corpus.txt
extern const std::string_view android_day;
extern const std::string_view chrony_after_handoff;
extern const std::string_view clock_skew_reordering;
extern const std::string_view commuter_train;
extern const std::string_view drift;
extern const std::string_view leap_smear_mix;
extern const std::string_view mm_one;
extern const std::string_view ntp_pool_storm;
extern const std::string_view server_outage_no_retry;
extern const std::string_view server_outage_one_retry;
extern const std::string_view suspend_resume;
extern const std::string_view walk;
extern const std::string_view walking_trace;
}  // namespace corpus

namespace {

const std::vector<std::pair<std::string_view, const std::string_view*>> corpus_files{
    {"android_day.yaml", &corpus::android_day},
    {"chrony_after_handoff.yaml", &corpus::chrony_after_handoff},
    {"clock_skew_reordering.yaml", &corpus::clock_skew_reordering},
    {"commuter_train.yaml", &corpus::commuter_train},
    {"drift_free_run.yaml", &corpus::drift},
    {"leap_smear_mix.yaml", &corpus::leap_smear_mix},
    {"mm1.yaml", &corpus::mm_one},
    {"ntp_pool_storm.yaml", &corpus::ntp_pool_storm},
    {"server_outage_no_retry.yaml", &corpus::server_outage_no_retry},
    {"server_outage_one_retry.yaml", &corpus::server_outage_one_retry},
    {"suspend_resume.yaml", &corpus::suspend_resume},
    {"walk_5g.yaml", &corpus::walk},
    {"data/walking-trace.csv", &corpus::walking_trace},
};

ScenarioText shipped(const std::string& name) {
    ScenarioText text{name, "", {}};
    for (const auto& [file, bytes] : corpus_files) {
        if (file == name) text.text = std::string(*bytes);
        text.files[std::string(file)] = std::string(*bytes);
    }
    DRIFTSTORM_EXPECT(!text.text.empty());  // the list names only what is carried
    return text;
}

constexpr std::string_view heading =
    "# What the library's scenarios, cut short, must give on every machine: scenario, simulated\n"
    "# seconds, digest. A commit that moves digests writes it anew: driftstorm selfcheck "
    "--record\n";

}  // namespace

std::vector<SelfcheckRun> selfcheck(const std::function<void(const SelfcheckRun&)>& done) {
    std::vector<SelfcheckRun> runs;
    std::istringstream lines{std::string(corpus::list)};
    for (std::string line; std::getline(lines, line);) {
        if (line.empty() || line[0] == '#') continue;
        std::istringstream words(line);
        SelfcheckRun run;
        std::int64_t seconds = 0;
        words >> run.scenario >> seconds >> run.shipped;
        run.until = Duration{seconds * 1'000'000'000};
        const LoadedScenario loaded = load(shipped(run.scenario));
        const RecordedRun made = run_recorded(*loaded.scenario, run.until, loaded.scenario->seed);
        run.digest = hex(made.root);
        run.events = made.events;
        if (done) done(run);
        runs.push_back(run);
    }
    return runs;
}

std::string corpus_text(const std::vector<SelfcheckRun>& runs) {
    std::string text(heading);
    for (const SelfcheckRun& run : runs)
        text += fmt::format("{} {} {}\n", run.scenario, run.until.ns / 1'000'000'000, run.digest);
    return text;
}

}  // namespace driftstorm
