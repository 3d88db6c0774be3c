#include "models/messaging/connectivity.hpp"

#include <algorithm>

namespace driftstorm {

void Connectivity::note(Index device, Time now, Cause cause, EntityId root) {
    std::vector<Segment>& segments = history_[device];
    if (segments.back().cause == cause && segments.back().root == root) return;
    if (segments.back().from == now) {
        segments.back() = {now, cause, root};
        return;
    }
    segments.push_back({now, cause, root});
}

void Connectivity::account(Index device, Time from, Time until, Ledger& ledger,
                           const Setback& setback) const {
    if (until <= from) return;
    const std::vector<Segment>& segments = history_[device];
    auto segment = std::upper_bound(segments.begin(), segments.end(), from,
                                    [](Time at, const Segment& s) { return at < s.from; });
    --segment;  // the first segment begins at the epoch
    for (Time at = from; at < until;) {
        const auto next = segment + 1;
        const Time end = next == segments.end() ? until : std::min(until, next->from);
        if (segment->root != no_entity) ledger.root = segment->root;
        const bool lost = setback.known() && segment->cause == Cause::retry_backoff;
        const Time turn = lost ? std::clamp(setback.since, at, end) : end;
        ledger.add(segment->cause, turn - at);
        if (turn < end) {
            ledger.add(setback.cause, end - turn);
            if (setback.root != no_entity) ledger.root = setback.root;
        }
        at = end;
        segment = next;
    }
}

}  // namespace driftstorm
