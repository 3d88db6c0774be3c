#pragma once

#include "recordings/baseline.hpp"
#include "recordings/joint_test.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace driftstorm {

enum class Verdict : std::uint8_t {
    identical,   ///< the same digests: the same events and rows, to the last bit
    equivalent,  ///< other digests, and every metric within its tolerance over all seeds
    changed
};
std::string_view word(Verdict verdict);

struct MetricVerdict {
    std::string path;
    std::string unit;
    Tolerance tolerance;
    std::vector<double> recorded;
    std::vector<double> now;      ///< under the same seeds
    std::vector<double> further;  ///< under those that follow
    SampleComparison comparison;
};

/// What became of a baseline's run under this build.
struct Verification {
    std::string name;
    Verdict verdict = Verdict::identical;
    std::uint64_t seed = 0;       ///< the first whose digest is another one, else the first
    std::string recorded_digest;  ///< under that seed
    std::string digest;
    std::size_t seeds = 0;    ///< recorded
    std::size_t runs = 0;     ///< made
    std::size_t further = 0;  ///< of those, under further seeds
    bool edited = false;      ///< the scenario in the baseline is not the one that was recorded
    std::vector<std::string> models;        ///< "links 1 -> 2": versions that are others
    std::optional<LadderDifference> first;  ///< where the runs of the first seed part
    std::vector<MetricVerdict> metrics;     ///< empty when identical
    std::string error;  ///< why there is no verdict: the baseline cannot be read or run
};

/// Runs the baseline's scenario under its seeds. Where digests are others and no metric is beyond
/// doubt, further seeds are run, `further_factor` times as many.
/// @param most_seeds  compares the digests of this many seeds only, at least one; when one differs,
///                    all are run
/// @param progress  told before each run: number of the run and of all runs
Verification verify(const Baseline& baseline, std::size_t most_seeds = SIZE_MAX,
                    const std::function<void(std::size_t, std::size_t)>& progress = {});

/// The verdict from finished runs, by seed: all of the baseline's, and further ones beyond; or
/// fewer when their digests are as recorded.
Verification judge_recording(const Baseline& baseline, const std::vector<RecordedRun>& runs);

/// Whether further seeds could make changed what is equivalent so far.
bool in_doubt(const Verification& verification);

/// A line, and when it is not identical a line for each metric that moved and where the runs part.
std::string render(const Verification& verification);
std::string render_json(const std::vector<Verification>& verifications);
/// "identical", ..., or "unreadable".
std::string_view word(const Verification& verification);
/// JUnit's XML, a test case a baseline. @param strict  equivalent fails too
std::string render_junit(const std::vector<Verification>& verifications, bool strict);

/// "12.5 s", "3 min 20 s": an instant or length for people.
std::string instant_text(Time at);

}  // namespace driftstorm
