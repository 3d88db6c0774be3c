#pragma once

#include "sim/core/time.hpp"

#include <compare>

namespace driftstorm {

/// Part of a run: from <= t <= to.
struct MetricWindow {
    Time from{};
    Time to{};
    bool holds(Time t) const { return from <= t && t <= to; }
    friend constexpr auto operator<=>(const MetricWindow&, const MetricWindow&) = default;
};

}  // namespace driftstorm
