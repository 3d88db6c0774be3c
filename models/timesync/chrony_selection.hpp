#pragma once

#include "models/timesync/chrony_samples.hpp"
#include "sim/core/state.hpp"

#include <cstdint>
#include <optional>
#include <tuple>
#include <vector>

namespace driftstorm {

/// What chrony makes of a source; letters as in `chronyc selectdata`.
enum class ChronyStatus : std::uint8_t {
    too_few_samples,   ///< M
    unsynchronised,    ///< s
    too_distant,       ///< d
    too_jittery,       ///< ~
    waits_for_others,  ///< w, W, U
    stale,             ///< S
    falseticker,       ///< x
    survivor,          ///< its interval agrees with the majority's
    not_combined,      ///< D
    combined,          ///< +
    selected           ///< *
};

struct ChronySource {
    explicit ChronySource(const ChronySourceStatistics& initial) : statistics(initial) {}

    ChronySourceStatistics statistics;
    std::uint8_t reach = 0;  ///< newest exchange in bit 0
    int reach_filled = 0;    ///< bits of it in use
    int stratum = 0;
    bool synchronised = false;
    std::uint8_t leap = 0;
    int updates = 0;   ///< samples since the clock was last updated
    int excluded = 0;  ///< updates for which it is not combined
    double score = 1;  ///< how much nearer than the selected source, over time
    ChronyStatus status = ChronyStatus::too_few_samples;
    ChronyInterval interval;

    auto state() {
        return std::tie(statistics, reach, reach_filled, stratum, synchronised, leap, updates,
                        excluded, score, status, interval);
    }
};

/// Selects and combines sources. Each gives an interval for the offset; those in the intersection
/// of most intervals (Marzullo) are true, the others false. One of them is selected and replaced
/// only when another has been nearer for a while; the clock follows the weighted mean of those not
/// much farther or faster than it, and is updated only with samples of the selected one. Source:
/// chrony 4.3, sources.c; Marzullo and Owicki, Maintaining the time in a distributed system, PODC
/// 1983.
class ChronySources {
  public:
    struct Limits {
        double maxdistance = 3;       ///< [s]
        double maxjitter = 1;         ///< [s]
        double reselectdist = 1e-4;   ///< handicap of sources not selected [s]
        double stratumweight = 1e-3;  ///< [s per stratum]
        double combinelimit = 3;
        int minsources = 1;
        double maxclockerror = 1e-6;  ///< of the clock when left alone [s/s]
    };

    ChronySources(const Limits& limits, const std::vector<ChronySourceStatistics>& statistics)
        : limits_(limits), sources_(statistics.begin(), statistics.end()) {}

    ChronySource& at(unsigned source) { return sources_[source]; }
    const ChronySource& at(unsigned source) const { return sources_[source]; }
    std::size_t size() const { return sources_.size(); }
    bool is_selected(unsigned source) const { return static_cast<int>(source) == selected_; }

    void note_reach(unsigned source, bool answered);
    void forget_reach(unsigned source);
    /// Forgets all that is known of a source.
    void reset(unsigned source);
    /// @param now      corrected time
    /// @param updated  source with a new sample; -1: none has
    /// @return         what the clock is to follow, when it is to be updated
    std::optional<ChronyEstimate> select(Reading now, int updated);
    /// The leap second that more than half of the sources in agreement announce; 0: none.
    std::uint8_t leap() const;
    void adjust(Reading when, double frequency, double offset);

    /// As many sources as were given to the constructor.
    void archive(Archive& archive) {
        for (ChronySource& source : sources_) archive.item(source);
        archive.item(selected_);
    }

  private:
    std::vector<int> candidates(Reading now);
    ChronyStatus judge(ChronySource& source, Reading now) const;
    bool waits_for_first_samples() const;
    std::vector<int> majority(std::vector<int> candidates);
    int best_score(const std::vector<int>& survivors, int updated);
    void mark(const std::vector<int>& sources, ChronyStatus status);
    std::optional<ChronyEstimate> choose(const std::vector<int>& survivors, int updated);
    ChronyEstimate combine(const std::vector<int>& survivors);
    bool may_combine(int source);

    Limits limits_;
    std::vector<ChronySource> sources_;
    int selected_ = -1;
};

}  // namespace driftstorm
