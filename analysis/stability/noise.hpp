#pragma once

#include "analysis/stability/deviations.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace driftstorm::stability {

/// Exponent of the power law S_y(f) ~ f^alpha: 2 white PM, 1 flicker PM, 0 white FM, -1 flicker FM,
/// -2 random-walk FM, -3 flicker-walk FM, -4 random-run FM.
using Alpha = int;
std::string_view name_of_noise(Alpha alpha);

/// The power law that dominates at averaging factor m, from the lag-1 autocorrelation of the data
/// decimated to that factor, differenced until it is stationary; nothing when fewer than 30 points
/// are left. Source: W. J. Riley, C. A. Greenhall, "Power law noise identification using the lag 1
/// autocorrelation", 18th European Frequency and Time Forum (2004).
/// @param phase  [s]
/// @param most_differences  2 for Allan, 3 for Hadamard statistics: alpha down to -2 or -4
std::optional<Alpha> identify_noise(std::span<const double> phase, std::uint64_t m,
                                    int most_differences);

/// Equivalent degrees of freedom of the statistic's variance, chi-squared distributed; nothing for
/// tie_rms and mtie, whose distribution is not known, and for noise that the statistic does not
/// converge for. Sources: C. A. Greenhall, W. J. Riley, "Uncertainty of stability variances based
/// on finite differences", 35th PTTI (2003); for totdev, mtotdev and theo1 SP 1065, 5.4.
/// @param points  of the phase data
std::optional<double> degrees_of_freedom(Statistic statistic, Alpha alpha, std::uint64_t m,
                                         std::size_t points);

/// Expectation of the statistic's variance over that of the true Allan (mtotdev: modified Allan)
/// variance: divide the square by it. 1 where the statistic has no bias or theory gives none.
/// Source: SP 1065, 5.2.11 (totdev), 5.2.12 (mtotdev), 5.2.15 (theo1).
double variance_bias(Statistic statistic, Alpha alpha, std::uint64_t m, std::size_t points);

/// Bounds between which the true deviation lies with probability `level`, by the chi-squared
/// distribution, equal tails.
struct Bounds {
    double low = 0;
    double high = 0;
};
Bounds confidence_bounds(double deviation, double degrees_of_freedom, double level);

}  // namespace driftstorm::stability
