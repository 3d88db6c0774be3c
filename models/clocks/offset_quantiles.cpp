#include "models/clocks/offset_quantiles.hpp"

#include "sim/core/expect.hpp"

#include <algorithm>

namespace driftstorm {

OffsetQuantiles::OffsetQuantiles(const DeviceClocks& clocks, Index first, std::uint32_t size)
    : clocks_(&clocks), first_(first), known_(size), exact_(size), low_(size), places_(size) {
    for (std::uint32_t i = 0; i < size; ++i) places_[i].device = i;
}

void OffsetQuantiles::update_lines(Time now) {
    spread_ = 0;
    for (std::uint32_t i = 0; i < known_.size(); ++i) {
        Known& known = known_[i];
        const Index device = first_ + i;
        const std::uint32_t adjustments = clocks_->adjustments(device);
        if (now < known.line.from || now > known.line.until || adjustments != known.adjustments) {
            known.line = clocks_->offset_line(device, now);
            known.adjustments = adjustments;
            exact_[i].at = no_time;
        }
        low_[i] = known.line.at(now) - known.line.off_by;
        spread_ = std::max(spread_, 2 * known.line.off_by);
    }
    for (Place& place : places_) place.low = low_[place.device];
}

/// By insertion, as most devices stand where they stood; unless that takes too many moves.
void OffsetQuantiles::sort_places() {
    const auto before = [](const Place& a, const Place& b) { return a.low < b.low; };
    std::size_t moves = 16 * places_.size();
    for (std::size_t i = 1; i < places_.size(); ++i) {
        const Place place = places_[i];
        std::size_t to = i;
        for (; to > 0 && moves > 0 && before(place, places_[to - 1]); --to, --moves)
            places_[to] = places_[to - 1];
        places_[to] = place;
        if (moves == 0) return std::sort(places_.begin(), places_.end(), before);
    }
}

double OffsetQuantiles::exact_offset(std::uint32_t device, Time now) {
    Exact& exact = exact_[device];
    if (exact.at != now) exact = {now, clocks_->offset_ns(first_ + device, now)};
    return exact.offset;
}

double OffsetQuantiles::value_of_rank(std::size_t rank, Time now) {
    // As many devices as stand before `rank` are below places_[rank].low + spread_, and as many as
    // stand behind it are at or above places_[rank].low: the value is between the two. Who is more
    // than spread_ before is surely below, who is more than spread_ behind surely above.
    const double low = places_[rank].low;
    std::size_t begin = rank;
    while (begin > 0 && places_[begin - 1].low >= low - spread_) --begin;
    std::size_t end = rank + 1;
    while (end < places_.size() && places_[end].low <= low + spread_) ++end;
    near_.clear();
    for (std::size_t i = begin; i < end; ++i) near_.push_back(exact_offset(places_[i].device, now));
    const auto wanted = near_.begin() + static_cast<std::ptrdiff_t>(rank - begin);
    std::nth_element(near_.begin(), wanted, near_.end());
    return *wanted;
}

void OffsetQuantiles::read(Time now, std::span<const double> levels, std::span<double> values) {
    DRIFTSTORM_EXPECT(values.size() == levels.size());
    if (places_.empty()) return;
    update_lines(now);
    sort_places();
    const double last = static_cast<double>(places_.size() - 1);
    for (std::size_t i = 0; i < levels.size(); ++i)
        values[i] = value_of_rank(static_cast<std::size_t>(levels[i] * last + 0.5), now);
}

}  // namespace driftstorm
