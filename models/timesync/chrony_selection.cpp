#include "models/timesync/chrony_selection.hpp"

#include "models/timesync/arithmetic.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <tuple>
#include <utility>

namespace driftstorm {

namespace {

constexpr int reach_bits = 8;
constexpr double score_to_replace = 10;
constexpr int exclusion_updates = 32;

}  // namespace

void ChronySources::note_reach(unsigned source, bool answered) {
    ChronySource& noted = sources_[source];
    noted.reach = static_cast<std::uint8_t>((noted.reach << 1) | (answered ? 1 : 0));
    noted.reach_filled = std::min(noted.reach_filled + 1, reach_bits);
}

void ChronySources::forget_reach(unsigned source) {
    sources_[source].reach = 0;
    sources_[source].reach_filled = 1;
}

void ChronySources::reset(unsigned source) {
    ChronySourceStatistics statistics = sources_[source].statistics;
    statistics.reset();
    sources_[source] = ChronySource(statistics);
}

void ChronySources::adjust(Reading when, double frequency, double offset) {
    for (ChronySource& source : sources_) {
        source.statistics.adjust(when, frequency, offset);
    }
}

ChronyStatus ChronySources::judge(ChronySource& source, Reading now) const {
    const std::optional<ChronyInterval> interval = source.statistics.interval(now);
    if (!interval) {
        return ChronyStatus::too_few_samples;
    }
    if (!source.synchronised) {
        return ChronyStatus::unsynchronised;
    }
    source.interval = *interval;
    // Without new samples for longer than the old ones span, the clock may have gone anywhere.
    const double silence = 2.0 * interval->newest_age - interval->oldest_age;
    if (silence > 0) {
        const double drift = limits_.maxclockerror * silence;
        source.interval.root_distance += drift;
        source.interval.low -= drift;
        source.interval.high += drift;
    }
    if (source.interval.root_distance > limits_.maxdistance) {
        return ChronyStatus::too_distant;
    }
    if (source.statistics.estimate().sd > limits_.maxjitter) {
        return ChronyStatus::too_jittery;
    }
    return ChronyStatus::survivor;
}

/// Sources with an interval. An unreachable one counts as long as its newest sample is not older
/// than the oldest of those that are reached.
std::vector<int> ChronySources::candidates(Reading now) {
    double reached_age = 0;
    for (ChronySource& source : sources_) {
        source.status = judge(source, now);
        if (source.status == ChronyStatus::survivor && source.reach != 0) {
            reached_age = std::max(reached_age, source.interval.oldest_age);
        }
    }
    std::vector<int> found;
    for (int i = 0; i < static_cast<int>(sources_.size()); ++i) {
        ChronySource& source = sources_[static_cast<std::size_t>(i)];
        if (source.status != ChronyStatus::survivor) {
            continue;
        }
        if (source.reach == 0 && source.interval.newest_age > reached_age) {
            source.status = ChronyStatus::stale;
        } else {
            found.push_back(i);
        }
    }
    return found;
}

/// At the start: a source one exchange behind will have its third sample presently.
bool ChronySources::waits_for_first_samples() const {
    int judged = 0;
    int judged_filled = 0;
    int behind = 0;
    bool some_behind = false;
    for (const ChronySource& source : sources_) {
        if (source.status == ChronyStatus::too_few_samples) {
            some_behind = true;
            behind = std::max<int>(behind, source.reach);
        } else if (source.status == ChronyStatus::survivor ||
                   source.status == ChronyStatus::stale) {
            judged = std::max<int>(judged, source.reach);
            judged_filled = std::max(judged_filled, source.reach_filled);
        }
    }
    return some_behind && selected_ < 0 && judged_filled < reach_bits && (judged >> 1) == behind;
}

void ChronySources::mark(const std::vector<int>& sources, ChronyStatus status) {
    for (const int i : sources) {
        sources_[static_cast<std::size_t>(i)].status = status;
    }
}

/// Those whose interval holds, or lies in, the intersection of most intervals; none when that is
/// not more than half of them.
std::vector<int> ChronySources::majority(std::vector<int> candidates) {
    if (candidates.size() == 1) return candidates;
    std::vector<std::tuple<double, int>> ends;  // at one offset intervals begin before others end
    for (const int i : candidates) {
        const ChronyInterval& interval = sources_[static_cast<std::size_t>(i)].interval;
        ends.emplace_back(interval.low, -1);
        ends.emplace_back(interval.high, 1);
    }
    std::sort(ends.begin(), ends.end());
    int depth = 0;
    int deepest = 0;
    double low = 0;
    double high = 0;
    for (const auto& end : ends) {
        if (std::get<1>(end) < 0) {
            if (++depth > deepest) {
                deepest = depth;
                low = std::get<0>(end);
            }
        } else {
            high = depth == deepest ? std::get<0>(end) : high;
            --depth;
        }
    }
    std::vector<int> agreeing;
    if (deepest <= static_cast<int>(candidates.size()) / 2) {
        mark(candidates, ChronyStatus::falseticker);
        return agreeing;
    }
    for (const int i : candidates) {
        ChronySource& source = sources_[static_cast<std::size_t>(i)];
        const ChronyInterval& own = source.interval;
        if ((own.low <= low && own.high >= high) || (own.low >= low && own.high <= high)) {
            agreeing.push_back(i);
        } else {
            source.status = ChronyStatus::falseticker;
        }
    }
    return agreeing;
}

std::uint8_t ChronySources::leap() const {
    std::array<int, 4> votes{};
    int voters = 0;
    for (const ChronySource& source : sources_) {
        if (source.status >= ChronyStatus::survivor) {
            ++voters;
            ++votes[source.leap & 3u];
        }
    }
    for (std::uint8_t leap = 1; leap <= 2; ++leap) {
        if (2 * votes[leap] > voters) {
            return leap;
        }
    }
    return 0;
}

std::optional<ChronyEstimate> ChronySources::select(Reading now, int updated) {
    if (updated >= 0) {
        ++sources_[static_cast<std::size_t>(updated)].updates;
    }
    std::vector<int> possible = candidates(now);
    if (possible.empty() || waits_for_first_samples()) {
        mark(possible, ChronyStatus::waits_for_others);
        selected_ = -1;
        return std::nullopt;
    }
    const std::vector<int> survivors = majority(std::move(possible));
    if (survivors.empty() || static_cast<int>(survivors.size()) < limits_.minsources) {
        mark(survivors, ChronyStatus::waits_for_others);
        selected_ = -1;
        return std::nullopt;
    }
    return choose(survivors, updated);
}

/// Scores grow for a source that is nearer than the selected one, with each sample of either.
int ChronySources::best_score(const std::vector<int>& survivors, int updated) {
    int least_stratum = sources_[static_cast<std::size_t>(survivors.front())].stratum;
    for (const int i : survivors) {
        least_stratum = std::min(least_stratum, sources_[static_cast<std::size_t>(i)].stratum);
    }
    const auto distance = [&](const ChronySource& source) {
        return source.interval.root_distance +
               (source.stratum - least_stratum) * limits_.stratumweight;
    };
    int best = -1;
    double best_score = 0;
    for (int i = 0; i < static_cast<int>(sources_.size()); ++i) {
        ChronySource& source = sources_[static_cast<std::size_t>(i)];
        if (source.status != ChronyStatus::survivor) {
            source.score = 1;
            source.excluded = exclusion_updates;
            continue;
        }
        const double far = distance(source) + limits_.reselectdist;
        if (selected_ < 0) {
            source.score = 1.0 / far;
        } else if (i == updated || selected_ == updated) {
            const double near = distance(sources_[static_cast<std::size_t>(selected_)]);
            source.score = std::max(source.score * near / far, 1.0);
        }
        if (source.score > best_score) {
            best_score = source.score;
            best = i;
        }
    }
    return best;
}

std::optional<ChronyEstimate> ChronySources::choose(const std::vector<int>& survivors,
                                                    int updated) {
    const int best = best_score(survivors, updated);
    const ChronySource& nearest = sources_[static_cast<std::size_t>(best)];
    const bool lost = selected_ < 0 || sources_[static_cast<std::size_t>(selected_)].status !=
                                           ChronyStatus::survivor;
    if (lost || (best != selected_ && nearest.score > score_to_replace)) {
        if (nearest.updates == 0) {
            mark(survivors, ChronyStatus::waits_for_others);
            selected_ = -1;
            return std::nullopt;
        }
        selected_ = best;
        for (ChronySource& source : sources_) {
            source.score = 1;
            source.excluded = 0;
        }
    }
    ChronySource& selected = sources_[static_cast<std::size_t>(selected_)];
    selected.status = ChronyStatus::selected;
    if (selected.updates == 0) {
        for (const int i : survivors) {
            ChronySource& source = sources_[static_cast<std::size_t>(i)];
            if (i != selected_) {
                source.status =
                    source.excluded > 0 ? ChronyStatus::not_combined : ChronyStatus::combined;
            }
        }
        return std::nullopt;
    }
    for (ChronySource& source : sources_) {
        source.updates = 0;
    }
    return survivors.size() == 1 ? selected.statistics.estimate() : combine(survivors);
}

/// One too far away, or whose frequency disagrees with the selected one's, is left out for a while.
bool ChronySources::may_combine(int i) {
    ChronySource& source = sources_[static_cast<std::size_t>(i)];
    const ChronySource& selected = sources_[static_cast<std::size_t>(selected_)];
    const ChronyEstimate& own = source.statistics.estimate();
    const ChronyEstimate& reference = selected.statistics.estimate();
    const bool far =
        source.interval.root_distance >
        limits_.combinelimit * (selected.interval.root_distance + limits_.reselectdist);
    const bool disagrees =
        std::abs(reference.frequency - own.frequency) >
        limits_.combinelimit * (reference.skew + own.skew + limits_.maxclockerror);
    if (i != selected_ && (far || disagrees)) {
        source.excluded = source.reach_filled >= reach_bits ? exclusion_updates : 1;
    } else if (source.excluded > 0) {
        --source.excluded;
    }
    if (source.excluded > 0) {
        source.status = ChronyStatus::not_combined;
        return false;
    }
    return true;
}

ChronyEstimate ChronySources::combine(const std::vector<int>& survivors) {
    ChronyEstimate result = sources_[static_cast<std::size_t>(selected_)].statistics.estimate();
    double weights = 0, offsets = 0, squares = 0;
    double precisions = 0, frequencies = 0, skews = 0;
    for (const int i : survivors) {
        if (!may_combine(i)) {
            continue;
        }
        ChronySource& source = sources_[static_cast<std::size_t>(i)];
        if (i != selected_) {
            source.status = ChronyStatus::combined;
        }
        const ChronyEstimate& own = source.statistics.estimate();
        const double age = (result.time - own.time).seconds();
        const double offset = own.offset + age * own.frequency;
        const double offset_sd = own.offset_sd + age * own.frequency_sd;
        const double weight = 1.0 / source.interval.root_distance;
        weights += weight;
        offsets += weight * offset;
        squares += weight * (square(offset_sd) + square(offset - result.offset));
        const double precision = 1.0 / square(own.frequency_sd);
        precisions += precision;
        frequencies += precision * own.frequency;
        skews += 1.0 / square(own.skew);
    }
    result.offset = offsets / weights;
    result.offset_sd = std::sqrt(squares / weights);
    result.frequency = frequencies / precisions;
    result.frequency_sd = 1.0 / std::sqrt(precisions);
    result.skew = 1.0 / std::sqrt(skews);
    return result;
}

}  // namespace driftstorm
