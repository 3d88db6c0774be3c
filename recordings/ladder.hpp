#pragma once

#include "sim/core/digest.hpp"
#include "sim/core/time.hpp"
#include "sim/output/results_reader.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace driftstorm {

/// A run's digests by window of simulated time and component: what is kept of a run so that two can
/// be told apart, and the place found where they part.
struct Ladder {
    Duration window{};                              ///< that one rung spans
    std::vector<std::string> components;            ///< by name
    std::vector<std::vector<std::uint64_t>> rungs;  ///< [window][component]; 0: nothing happened

    friend bool operator==(const Ladder&, const Ladder&) = default;
};

/// How many windows a baseline keeps.
inline constexpr std::size_t baseline_windows = 64;

Ladder ladder_of(const DigestLadder& digests);
/// Of a result file's /digests. @throws OutputError when it holds none
Ladder ladder_of(const ResultsReader& result);

/// Sums of `group` > 0 adjacent rungs; the last may be of fewer.
Ladder widened(const Ladder& ladder, std::size_t group);
/// At most `most` windows: sums of ceil(n / most) adjacent rungs.
Ladder narrowed(const Ladder& ladder, std::size_t most = baseline_windows);

/// The first window in which two ladders differ, on the finest windows that both have.
struct LadderDifference {
    std::size_t window = 0;
    Time from{};
    Time to{};  ///< exclusive
    /// Those that differ in it, in the order in which they come to be: what happens (`events`) goes
    /// before what is written down of it, unless the events agree; `samples` come last.
    std::vector<std::string> components;
};
std::optional<LadderDifference> first_difference(const Ladder& a, const Ladder& b);

}  // namespace driftstorm
