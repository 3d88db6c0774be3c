#include "cli/pauses.hpp"

#include <algorithm>

namespace driftstorm::cli {

namespace {
constexpr std::int64_t second = 1'000'000'000;
constexpr std::uint64_t few = 100'000;     ///< events between two pauses: the next may be longer
constexpr std::uint64_t many = 1'000'000;  ///< shorter; as many in a second make it a crowded one
constexpr std::int64_t factor = 8;
}  // namespace

Time Pauses::after(Time now, Time next_event) const {
    if (next_event >= end_) return end_;
    const Time from{std::max(now.ns, next_event.ns / second * second)};
    const Time whole{(from.ns / second + 1) * second};
    return std::min({end_, whole, from + step_});
}

bool Pauses::reached(Time now, std::uint64_t delivered) {
    const std::uint64_t since = delivered - delivered_;
    if (since < few) step_.ns = std::min(step_.ns * factor, second);
    if (since > many) step_.ns = std::max(step_.ns / factor, std::int64_t{1});
    delivered_ = delivered;
    const bool whole = now.ns % second == 0 || now == end_;
    const bool crowded = delivered - before_second_ > many;
    if (whole) before_second_ = delivered;
    return whole || crowded;
}

}  // namespace driftstorm::cli
