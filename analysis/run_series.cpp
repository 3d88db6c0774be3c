#include "analysis/run_series.hpp"

#include <algorithm>

namespace driftstorm {

namespace {

std::size_t second_of(Time at) {
    return static_cast<std::size_t>(std::max<std::int64_t>(at.ns, 0) / second_ns);
}

void count_in(std::vector<std::int64_t>& bins, Time at, std::int64_t count = 1) {
    const std::size_t second = second_of(at);
    if (bins.size() <= second) bins.resize(second + 1);
    bins[second] += count;
}

std::int64_t value(const std::vector<std::int64_t>& bins, std::size_t i) {
    return i < bins.size() ? bins[i] : 0;
}

MemoryGroup group_of(const std::string& path, std::int64_t bin_s, std::size_t bins,
                     std::vector<BinnedSeries> series) {
    std::vector<std::int64_t> time;
    for (std::size_t i = 0; i < bins; ++i)
        time.push_back(static_cast<std::int64_t>(i) * bin_s * second_ns);
    MemoryGroup group{.path = path, .dimensions = {{"time", "", "start of the bin", time, true}}};
    for (BinnedSeries& one : series)
        group.columns.push_back({one.name, one.unit, one.help, std::move(one.values)});
    return group;
}

}  // namespace

void RunSeries::intent(Time at, std::int64_t copies) {
    count_in(intents_, at);
    count_in(composed_, at, copies);
}
void RunSeries::retry(Time at) { count_in(retries_, at); }
void RunSeries::resync(Time at, std::uint32_t requests) { count_in(resyncs_, at, requests); }
void RunSeries::handover(Time at) { count_in(handovers_, at); }
void RunSeries::delivered(Time at) {
    count_in(deliveries_, at);
    count_in(settled_, at);
}
void RunSeries::gone(Time at) { count_in(settled_, at); }
void RunSeries::held(Time from, Time until) {
    if (second_of(from) == second_of(until)) return;  // not held at the end of any second
    count_in(held_, from);
    count_in(shown_, until);
}
void RunSeries::inserted_late(Time at) { count_in(late_, at); }

void RunSeries::blamed(Time composed, const std::array<std::int64_t, 12>& blame) {
    const std::size_t bin = second_of(composed) / cause_bin_s;
    if (blame_.size() <= bin) {
        blame_.resize(bin + 1);
        copies_.resize(bin + 1);
    }
    for (std::size_t i = 0; i < blame.size(); ++i) blame_[bin][i] += blame[i];
    ++copies_[bin];
}

void RunSeries::finish(Time end) { seconds_ = second_of(end) + (end.ns % second_ns != 0 ? 1 : 0); }

std::vector<BinnedSeries> RunSeries::per_second() const {
    std::vector<BinnedSeries> made{
        {"intents", "1", "first presses of 'send', or requests", {}},
        {"attempts", "1", "intents and retries", {}},
        {"retries", "1", "further attempts and presses", {}},
        {"resyncs", "1", "requests for resync", {}},
        {"deliveries", "1", "copies that reached their device, or requests served", {}},
        {"handovers", "1", "changes from one cell or access point to another", {}},
        {"true_backlog", "1", "copies not yet delivered, at the end of the second", {}},
        {"perceived_backlog",
         "1",
         "copies delivered but held back at the end of the second, or inserted late in it",
         {}}};
    std::int64_t backlog = 0;
    std::int64_t held = 0;
    for (std::size_t s = 0; s < seconds_; ++s) {
        backlog += value(composed_, s) - value(settled_, s);
        held += value(held_, s) - value(shown_, s);
        const std::array<std::int64_t, 8> row{value(intents_, s),
                                              value(intents_, s) + value(retries_, s),
                                              value(retries_, s),
                                              value(resyncs_, s),
                                              value(deliveries_, s),
                                              value(handovers_, s),
                                              backlog,
                                              held + value(late_, s)};
        for (std::size_t i = 0; i < row.size(); ++i)
            made[i].values.push_back(static_cast<double>(row[i]));
    }
    return made;
}

std::vector<BinnedSeries> RunSeries::causes() const {
    std::vector<BinnedSeries> made;
    const std::size_t bins = (seconds_ + cause_bin_s - 1) / cause_bin_s;
    for (std::size_t cause = 0; cause < cause_words.size(); ++cause) {
        BinnedSeries one{"delay_" + std::string(cause_words[cause]),
                         "ns",
                         "mean over the copies composed in the bin, 0 when there is none",
                         {}};
        for (std::size_t b = 0; b < bins; ++b) {
            const bool some = b < copies_.size() && copies_[b] > 0;
            one.values.push_back(some ? static_cast<double>(blame_[b][cause]) /
                                            static_cast<double>(copies_[b])
                                      : 0.0);
        }
        made.push_back(std::move(one));
    }
    return made;
}

std::vector<MemoryGroup> RunSeries::groups() const {
    const std::size_t bins = (seconds_ + cause_bin_s - 1) / cause_bin_s;
    return {group_of("/metrics/1s", 1, seconds_, per_second()),
            group_of("/metrics/10s", cause_bin_s, bins, causes())};
}

}  // namespace driftstorm
