#pragma once

#include "analysis/metric_window.hpp"
#include "sim/core/event.hpp"
#include "sim/core/time.hpp"
#include "sim/output/entity_directory.hpp"
#include "sim/output/memory_group.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace driftstorm {

enum class StormKind : std::uint8_t { retry, resync };

/// A row of /storms.
struct Storm {
    StormKind kind = StormKind::retry;
    Time start{};              ///< of the first second at or above 1.5 baseline
    Time stop{};               ///< end of the last such second
    double peak = 0;           ///< most in one second
    double baseline = 0;       ///< [1/s]
    double amplification = 0;  ///< mean rate during the storm over the baseline
    double synchrony =
        0;  ///< share of all that exceeds the baseline which falls into the busiest second, 0 .. 1
    double extra_work = 0;  ///< sum of x - baseline
    std::optional<double>
        recovery;  ///< from the end of the trigger to the storm's stop [s]; none without a trigger
    std::int32_t trigger = -1;  ///< row in /entities/fault; -1: none known
    bool ended = true;          ///< false: it still went on when the run ended
    /// Chance alone gives such a "storm" at a few events a second: no run of seconds in it is
    /// beyond least_surprise. The detector still lists and counts it; the summary passes over it.
    bool within_chance = false;
};

/// Finds storms. x(t) = intents + retries (retry storm), or intents + requests for resync (resync
/// storm), per second. Baseline: the median of x over the 120 s before the first fault that happens
/// (less when it comes earlier), or over the run after the warm-up when none happens or one does in
/// the first second. A storm is x >= 1.5 baseline for at least 3 s; two with less than 30 s between
/// them are one. Only seconds after the warm-up are looked at. When the median is 0 (sparse
/// traffic) no ratio exists: there is no storm and peak_to_baseline is undefined. A run of n
/// seconds with s in them, m = n baseline, is beyond chance when s ln(s / m) - (s - m) >=
/// least_surprise: Chernoff's bound, a Poisson count of mean m reaches s with a probability below
/// exp of minus that, here 1e-9 (once in thirty years of seconds). Runs within chance are storms of
/// their own, marked as such, unless they fall into one that is beyond. Whether a storm is
/// metastable takes a run with the cause cleared; here "no" is said of one that ended by itself,
/// and "unknown" of one that went on to the end of the run.
class StormDetector {
  public:
    static constexpr double threshold = 1.5;
    static constexpr std::int64_t least_seconds = 3;
    static constexpr std::int64_t baseline_seconds = 120;
    static constexpr std::int64_t merge_seconds = 30;
    static constexpr double least_surprise = 20.723265836946414;  ///< 9 ln 10

    void intent(Time at, std::uint32_t count = 1);
    /// @param fault  row in /entities/fault of what set it off; -1: none
    void retry(Time at, std::int32_t fault = -1);
    void resync(Time at, std::uint32_t requests, std::int32_t fault = -1);
    void fault(Time at, std::int32_t fault, bool begins);
    void finish(Time warmup, Time end);

    const std::vector<Storm>& storms() const { return storms_; }  ///< by kind, then start
    double baseline(StormKind kind) const { return baseline_[static_cast<std::size_t>(kind)]; }
    /// count, peak_to_baseline, peak, onset [s], duration [s], baseline, extra_work; by storms that
    /// begin in the window, the peaks by its seconds. onset and duration are those of the strongest
    /// storm (the highest peak).
    std::optional<double> value(StormKind kind, std::string_view what, MetricWindow window) const;
    /// Start of the first second of the window with x >= ratio * baseline (beyond: >).
    std::optional<Time> first_at(StormKind kind, double ratio, bool beyond,
                                 MetricWindow window) const;
    /// Strongest storm beyond chance.
    const Storm* strongest() const;

    const std::vector<std::uint32_t>& intents() const {
        return intents_;
    }  ///< per second from 0; may be shorter
    const std::vector<std::uint32_t>& retries() const { return retries_; }
    const std::vector<std::uint32_t>& resyncs() const { return resyncs_; }
    std::uint64_t x(StormKind kind, std::size_t second) const;
    /// Retries or requests for resync during a storm, whichever it is of.
    std::uint64_t own(const Storm& storm) const;
    Time first_fault() const { return first_fault_; }        ///< end_of_time: none
    Time last_fault_end() const { return last_fault_end_; }  ///< no_time: none ended

    /// /storms; empty columns when there was none.
    MemoryGroup group(const EntityDirectory& directory) const;

  private:
    struct FaultTimes {
        Time begin = end_of_time;
        Time end = end_of_time;
    };
    struct Span {
        std::size_t start, stop;  ///< seconds [start, stop)
    };
    void detect(StormKind kind, std::size_t from, std::size_t seconds);
    static std::vector<Span> merged(const std::vector<Span>& runs, const std::vector<Span>& others);
    bool is_within_chance(StormKind kind, const Span& run) const;
    Storm measure(StormKind kind, const Span& span, std::size_t seconds, bool within_chance) const;
    std::int32_t trigger_of(StormKind kind, std::size_t from, std::size_t to) const;

    std::vector<std::uint32_t> intents_, retries_, resyncs_;
    std::map<std::int32_t, FaultTimes> faults_;
    /// Events that name a fault: (fault, second) -> how many.
    std::map<std::pair<std::int32_t, std::uint32_t>, std::uint32_t> blamed_[2];
    Time first_fault_ = end_of_time;
    Time last_fault_end_ = no_time;
    Time end_{};
    std::size_t first_second_ = 0;
    double baseline_[2]{};
    std::vector<Storm> storms_;
};

std::string_view word(StormKind kind);

}  // namespace driftstorm
