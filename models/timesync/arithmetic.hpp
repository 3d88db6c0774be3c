#pragma once

#include "sim/core/time.hpp"

namespace driftstorm {

// What the programs that set clocks compute with; by multiplication alone, so that it has the same
// bits everywhere.

constexpr double square(double x) { return x * x; }

/// 2^exponent, exactly: poll intervals [s], precisions [s], loop constants.
constexpr double power_of_two(int exponent) {
    double power = 1;
    for (; exponent > 0; --exponent) power *= 2;
    for (; exponent < 0; ++exponent) power *= 0.5;
    return power;
}

constexpr double seconds_between(Reading later, Reading earlier) {
    return (later - earlier).seconds();
}

}  // namespace driftstorm
