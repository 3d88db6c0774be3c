#include "models/messaging/connectivity.hpp"

#include <algorithm>

namespace driftstorm {

void Connectivity::note(Index device, Time now, Cause cause) {
    std::vector<Segment>& segments = history_[device];
    if (segments.back().cause == cause) return;
    if (segments.back().from == now) {
        segments.back().cause = cause;
        return;
    }
    segments.push_back({now, cause});
}

void Connectivity::account(Index device, Time from, Time until, Ledger& ledger) const {
    if (until <= from) return;
    const std::vector<Segment>& segments = history_[device];
    auto segment = std::upper_bound(segments.begin(), segments.end(), from,
                                    [](Time at, const Segment& s) { return at < s.from; });
    --segment;  // the first segment begins at the epoch
    for (Time at = from; at < until;) {
        const auto next = segment + 1;
        const Time end = next == segments.end() ? until : std::min(until, next->from);
        ledger.add(segment->cause, end - at);
        at = end;
        segment = next;
    }
}

}  // namespace driftstorm
