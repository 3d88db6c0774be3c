#pragma once

#include "sim/core/time.hpp"

#include <compare>

namespace driftstorm {

/// In seconds, rounded once: ns * 1e-9 would miss a limit of "30 s" by a bit.
constexpr double in_seconds(Duration span) { return static_cast<double>(span.ns) / 1e9; }
constexpr double in_seconds(Time at) { return static_cast<double>(at.ns) / 1e9; }

/// Part of a run: from <= t <= to.
struct MetricWindow {
    Time from{};
    Time to{};
    bool holds(Time t) const { return from <= t && t <= to; }
    friend constexpr auto operator<=>(const MetricWindow&, const MetricWindow&) = default;
};

}  // namespace driftstorm
