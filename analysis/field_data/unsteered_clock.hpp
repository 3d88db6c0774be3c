#pragma once

#include "analysis/field_data/field_log.hpp"

#include <vector>

namespace driftstorm::field_data {

constexpr double square(double x) { return x * x; }

/// The client's clock against the server's, as it would have gone had nobody steered it since the
/// first exchange.
struct UnsteeredPoint {
    double at = 0;            ///< since the first point [s]
    double phase = 0;         ///< clock minus server's clock, less nominal_frequency * at [s]
    double delay = 0;         ///< of the exchange [s]; 0: not known
    double variance = 0;      ///< of the phase, from the digits that were logged [s^2]
    double gap_variance = 0;  ///< that the steering since the point before adds to all after [s^2]
};

struct UnsteeredClock {
    double start = 0;              ///< time of the first point, s since 1970
    double nominal_frequency = 0;  ///< that was taken off the phase [s/s]
    std::vector<UnsteeredPoint> points;
};

/// Adds what was taken off the clock to what was measured of it: phase(t) = -offset(t) + sum of
/// the phases + integral of the frequencies. What the digits of the log leave open goes into the
/// variances.
/// @throws std::invalid_argument for fewer than 30 exchanges or a span of 0
UnsteeredClock unsteered_clock(const FieldLog& log);

}  // namespace driftstorm::field_data
