#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace driftstorm {

/// A share that has not yet ended, from times of which some are only known to be longer.
struct SurvivalCurve {
    std::vector<double> time;       ///< ascending; the first is 0
    std::vector<double> survival;   ///< share that lasts longer than the time
    std::vector<double> low, high;  ///< interval at each time
    std::size_t ended = 0;
    std::size_t censored = 0;
};

/// Kaplan-Meier estimate.
///
/// @param times     how long each lasted, or, if it did not end, how long it was watched; shape (n)
/// @param ended     whether it ended; shape (n)
/// Interval: Greenwood's variance on the scale of log(-log S), 95 % (Kalbfleisch and Prentice).
SurvivalCurve survival_curve(std::span<const double> times, const std::vector<bool>& ended);

}  // namespace driftstorm
