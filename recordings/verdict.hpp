#pragma once

#include "recordings/baseline.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace driftstorm {

enum class Verdict : std::uint8_t {
    identical,   ///< the same digest: the same events and rows, to the last bit
    equivalent,  ///< another digest, and every metric within its tolerance over all seeds
    changed
};
std::string_view word(Verdict verdict);

/// Chance, over all metrics of a baseline together, of calling two versions changed that are alike.
inline constexpr double false_alarm_rate = 0.01;

struct MetricVerdict {
    std::string path;
    std::string unit;
    Tolerance tolerance;
    std::vector<double> recorded;
    std::vector<double> now;
    SampleComparison comparison;
};

/// What became of a baseline's run under this build.
struct Verification {
    std::string name;
    Verdict verdict = Verdict::identical;
    std::string recorded_digest;
    std::string digest;
    std::vector<std::string> models;        ///< "links 1 -> 2": versions that are others
    std::optional<LadderDifference> first;  ///< where the runs part
    std::vector<MetricVerdict> metrics;     ///< empty when identical
};

/// Runs the baseline's scenario; when the digest is another one, also under its other seeds.
/// @param progress  told before each run: number of the run and of all runs
Verification verify(const Baseline& baseline,
                    const std::function<void(std::size_t, std::size_t)>& progress = {});

/// The verdict from finished runs, by seed.
Verification judge_recording(const Baseline& baseline, const std::vector<RecordedRun>& runs);

/// A line, and when it is not identical a line for each metric that moved and where the runs part.
std::string render(const Verification& verification);
std::string render_json(const std::vector<Verification>& verifications);
/// JUnit's XML, a test case a baseline. @param strict  equivalent fails too
std::string render_junit(const std::vector<Verification>& verifications, bool strict);

/// "12.5 s", "3 min 20 s": an instant or length for people.
std::string instant_text(Time at);

}  // namespace driftstorm
