#include "analysis/storms.hpp"

#include "sim/core/exact_math.hpp"

#include <algorithm>
#include <limits>

namespace driftstorm {

namespace {

std::size_t second_of(Time at) {
    return static_cast<std::size_t>(std::max<std::int64_t>(at.ns, 0) / second_ns);
}

Time start_of(std::size_t second) { return {static_cast<std::int64_t>(second) * second_ns}; }

void count_in(std::vector<std::uint32_t>& bins, std::size_t second, std::uint32_t count) {
    if (bins.size() <= second) bins.resize(second + 1);
    bins[second] += count;
}

std::uint32_t at(const std::vector<std::uint32_t>& bins, std::size_t second) {
    return second < bins.size() ? bins[second] : 0;
}

double median(std::vector<std::uint64_t> values) {
    if (values.empty()) return 0.0;
    std::sort(values.begin(), values.end());
    const std::size_t middle = values.size() / 2;
    if (values.size() % 2 == 1) return static_cast<double>(values[middle]);
    return (static_cast<double>(values[middle - 1]) + static_cast<double>(values[middle])) / 2;
}

}  // namespace

std::string_view word(StormKind kind) { return kind == StormKind::retry ? "retry" : "resync"; }

void StormDetector::intent(Time at, std::uint32_t count) {
    count_in(intents_, second_of(at), count);
}

void StormDetector::retry(Time at, std::int32_t fault) {
    count_in(retries_, second_of(at), 1);
    if (fault >= 0) ++blamed_[0][{fault, static_cast<std::uint32_t>(second_of(at))}];
}

void StormDetector::resync(Time at, std::uint32_t requests, std::int32_t fault) {
    count_in(resyncs_, second_of(at), requests);
    if (fault >= 0) blamed_[1][{fault, static_cast<std::uint32_t>(second_of(at))}] += requests;
}

void StormDetector::fault(Time at, std::int32_t fault, bool begins) {
    FaultTimes& times = faults_[fault];
    if (begins) {
        times.begin = std::min(times.begin, at);
        first_fault_ = std::min(first_fault_, at);
    } else {
        times.end = times.end == end_of_time ? at : std::max(times.end, at);
        last_fault_end_ = std::max(last_fault_end_, at);
    }
}

std::uint64_t StormDetector::x(StormKind kind, std::size_t second) const {
    return std::uint64_t{at(intents_, second)} +
           at(kind == StormKind::retry ? retries_ : resyncs_, second);
}

std::uint64_t StormDetector::own(const Storm& storm) const {
    std::uint64_t sum = 0;
    for (std::size_t s = second_of(storm.start); start_of(s) < storm.stop; ++s)
        sum += at(storm.kind == StormKind::retry ? retries_ : resyncs_, s);
    return sum;
}

void StormDetector::finish(Time warmup, Time end) {
    end_ = end;
    first_second_ = static_cast<std::size_t>((warmup.ns + second_ns - 1) / second_ns);
    // A last second that is cut short is looked at too, but no baseline: it holds less than a
    // second of work.
    const std::size_t whole = second_of(end);
    const std::size_t seconds = whole + (end.ns % second_ns != 0 ? 1 : 0);
    storms_.clear();
    for (const StormKind kind : {StormKind::retry, StormKind::resync}) {
        std::size_t from = first_second_;
        std::size_t to = whole;
        if (second_of(first_fault_) > 0 && first_fault_ < end_of_time) {
            to = second_of(first_fault_);
            from = to - std::min<std::size_t>(to, baseline_seconds);
        }
        std::vector<std::uint64_t> values;
        for (std::size_t s = from; s < to; ++s) values.push_back(x(kind, s));
        baseline_[static_cast<std::size_t>(kind)] = median(std::move(values));
        detect(kind, first_second_, seconds);
    }
}

void StormDetector::detect(StormKind kind, std::size_t from, std::size_t seconds) {
    const double limit = threshold * baseline(kind);
    if (limit <= 0) return;
    std::vector<Span> chance, beyond;
    for (std::size_t s = from; s < seconds;) {
        std::size_t stop = s;
        while (stop < seconds && static_cast<double>(x(kind, stop)) >= limit) ++stop;
        if (stop - s >= static_cast<std::size_t>(least_seconds))
            (is_within_chance(kind, {s, stop}) ? chance : beyond).push_back({s, stop});
        s = stop + 1;
    }
    beyond = merged(beyond, {});
    const std::size_t first = storms_.size();
    for (const Span& span : beyond) storms_.push_back(measure(kind, span, seconds, false));
    for (const Span& span : merged(chance, beyond))
        storms_.push_back(measure(kind, span, seconds, true));
    std::sort(storms_.begin() + static_cast<std::ptrdiff_t>(first), storms_.end(),
              [](const Storm& a, const Storm& b) { return a.start < b.start; });
}

/// Runs with less than merge_seconds between them as one; without those inside of `others`, and not
/// across one of them.
std::vector<StormDetector::Span> StormDetector::merged(const std::vector<Span>& runs,
                                                       const std::vector<Span>& others) {
    const auto touches = [&](std::size_t start, std::size_t stop) {
        return std::any_of(others.begin(), others.end(), [&](const Span& other) {
            return start < other.stop && other.start < stop;
        });
    };
    std::vector<Span> made;
    for (const Span& run : runs) {
        if (touches(run.start, run.stop)) continue;
        const bool near = !made.empty() &&
                          run.start - made.back().stop < static_cast<std::size_t>(merge_seconds) &&
                          !touches(made.back().stop, run.start);
        if (near)
            made.back().stop = run.stop;
        else
            made.push_back(run);
    }
    return made;
}

bool StormDetector::is_within_chance(StormKind kind, const Span& run) const {
    std::uint64_t sum = 0;
    for (std::size_t s = run.start; s < run.stop; ++s) sum += x(kind, s);
    const auto seen = static_cast<double>(sum);
    const double expected = baseline(kind) * static_cast<double>(run.stop - run.start);
    return seen * exact::log(seen / expected) - (seen - expected) < least_surprise;
}

Storm StormDetector::measure(StormKind kind, const Span& span, std::size_t seconds,
                             bool within_chance) const {
    const std::size_t from = span.start;
    const std::size_t to = span.stop;
    Storm storm;
    storm.within_chance = within_chance;
    storm.kind = kind;
    storm.start = start_of(from);
    storm.stop = std::min(start_of(to), end_);
    storm.baseline = baseline(kind);
    double sum = 0;
    double excess = 0;
    for (std::size_t s = from; s < to; ++s) {
        const auto value = static_cast<double>(x(kind, s));
        storm.peak = std::max(storm.peak, value);
        sum += value;
        excess += std::max(value - storm.baseline, 0.0);
    }
    const double expected = storm.baseline * static_cast<double>(to - from);
    storm.amplification = sum / expected;
    storm.extra_work = sum - expected;
    storm.synchrony = excess > 0 ? (storm.peak - storm.baseline) / excess : 0.0;
    storm.ended = to < seconds;
    storm.trigger = trigger_of(kind, from, to);
    if (const auto fault = faults_.find(storm.trigger); fault != faults_.end()) {
        // A fault without an end (an app restart) is over when it happens.
        const Time over = fault->second.end < end_of_time ? fault->second.end : fault->second.begin;
        storm.recovery = std::max(in_seconds(storm.stop - over), 0.0);
    }
    return storm;
}

/// The fault that most retries or resyncs of these seconds name; when they name none, the one that
/// began or ended last before the storm did begin.
std::int32_t StormDetector::trigger_of(StormKind kind, std::size_t from, std::size_t to) const {
    std::map<std::int32_t, std::uint64_t> named;
    for (const auto& [where, count] : blamed_[static_cast<std::size_t>(kind)])
        if (where.second >= from && where.second < to) named[where.first] += count;
    std::int32_t found = -1;
    std::uint64_t most = 0;
    for (const auto& [fault, count] : named) {
        if (count <= most) continue;
        most = count;
        found = fault;
    }
    if (found >= 0) return found;
    Time latest = no_time;
    const Time until = start_of(from + 1);  // an edge within the first second may have set it off
    for (const auto& [fault, times] : faults_) {
        for (const Time edge : {times.begin, times.end}) {
            if (edge == end_of_time || edge >= until || edge <= latest) continue;
            latest = edge;
            found = fault;
        }
    }
    return found;
}

std::optional<double> StormDetector::value(StormKind kind, std::string_view what,
                                           MetricWindow window) const {
    const double base = baseline(kind);
    if (what == "baseline") return base;
    if (what == "peak" || what == "peak_to_baseline") {
        std::uint64_t most = 0;
        const std::size_t last = second_of(std::min(window.to, end_));
        for (std::size_t s = std::max(second_of(window.from), first_second_); s <= last; ++s)
            if (start_of(s) < window.to) most = std::max(most, x(kind, s));
        if (what == "peak") return static_cast<double>(most);
        if (base <= 0) return std::nullopt;
        return static_cast<double>(most) / base;
    }
    double count = 0;
    double beyond_chance = 0;
    double extra_work = 0;
    const Storm* strongest = nullptr;
    for (const Storm& storm : storms_) {
        if (storm.kind != kind || !window.holds(storm.start)) continue;
        ++count;
        if (!storm.within_chance) ++beyond_chance;
        extra_work += storm.extra_work;
        if (strongest == nullptr || storm.peak > strongest->peak) strongest = &storm;
    }
    if (what == "count") return count;
    if (what == "beyond_chance") return beyond_chance;
    if (what == "extra_work") return extra_work;
    if (what == "duration")
        return strongest != nullptr ? in_seconds(strongest->stop - strongest->start) : 0.0;
    if (what == "onset" && strongest != nullptr) return in_seconds(strongest->start);
    return std::nullopt;
}

std::optional<Time> StormDetector::first_at(StormKind kind, double ratio, bool beyond,
                                            MetricWindow window) const {
    const double limit = ratio * baseline(kind);
    if (baseline(kind) <= 0) return std::nullopt;
    const std::size_t last = second_of(std::min(window.to, end_));
    for (std::size_t s = std::max(second_of(window.from), first_second_); s <= last; ++s) {
        const auto value = static_cast<double>(x(kind, s));
        if (start_of(s) < window.to && (beyond ? value > limit : value >= limit))
            return start_of(s);
    }
    return std::nullopt;
}

const Storm* StormDetector::strongest() const {
    const Storm* found = nullptr;
    for (const Storm& storm : storms_)
        if (!storm.within_chance &&
            (found == nullptr || storm.peak / storm.baseline > found->peak / found->baseline))
            found = &storm;
    return found;
}

MemoryGroup StormDetector::group(const EntityDirectory& directory) const {
    std::vector<std::int64_t> number, start, stop;
    std::vector<std::uint8_t> kind, metastable, within_chance;
    std::vector<double> peak, base, amplification, synchrony, extra_work, recovery;
    std::vector<std::string> trigger;
    const std::int16_t faults = directory.kind("fault");
    for (const Storm& storm : storms_) {
        number.push_back(static_cast<std::int64_t>(number.size()));
        start.push_back(storm.start.ns);
        stop.push_back(storm.stop.ns);
        kind.push_back(static_cast<std::uint8_t>(storm.kind));
        metastable.push_back(storm.ended ? 0 : 2);
        within_chance.push_back(storm.within_chance ? 1 : 0);
        peak.push_back(storm.peak);
        base.push_back(storm.baseline);
        amplification.push_back(storm.amplification);
        synchrony.push_back(storm.synchrony);
        extra_work.push_back(storm.extra_work);
        recovery.push_back(storm.recovery.value_or(std::numeric_limits<double>::quiet_NaN()));
        const bool named = faults >= 0 && storm.trigger >= 0;
        trigger.push_back(named ? directory.kinds[static_cast<std::size_t>(faults)]
                                      .names[static_cast<std::size_t>(storm.trigger)]
                                : std::string());
    }
    return {
        .path = "/storms",
        .attributes = {{"baseline_retry", baseline(StormKind::retry)},
                       {"baseline_resync", baseline(StormKind::resync)},
                       {"threshold", threshold},
                       {"least_seconds", least_seconds},
                       {"least_surprise", least_surprise}},
        .dimensions = {{"storm", "1", "number", number}},
        .columns = {
            {"kind",
             "1",
             "what repeats: attempts, or requests for resync",
             kind,
             false,
             {"retry", "resync"}},
            {"start", "", "first second at or above the threshold", start, true},
            {"stop", "", "end of the last such second", stop, true},
            {"peak", "1/s", "most intents and repetitions in one second", peak},
            {"baseline", "1/s", "median before the first fault", base},
            {"amplification", "1", "mean rate during the storm over the baseline", amplification},
            {"synchrony", "1", "share of the excess that falls into the busiest second", synchrony},
            {"extra_work", "1", "intents and repetitions beyond the baseline", extra_work},
            {"recovery", "s", "from the end of the trigger to the stop", recovery},
            {"trigger", "", "fault that set it off", trigger},
            {"metastable",
             "1",
             "whether it holds itself: unknown when the run ended first",
             metastable,
             false,
             {"no", "yes", "unknown"}},
            {"within_chance", "1", "1: chance alone gives such a storm at this load",
             within_chance}}};
}

}  // namespace driftstorm
