#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <vector>

namespace driftstorm {

/// A figure that is not defined: of too few runs, of none that it can be taken of.
inline constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

/// Student's t: the value that a share `p` of the distribution lies below.
///
/// @param p                   in (0, 1)
/// @param degrees_of_freedom  >= 1; need not be whole
/// @return                    within 1e-9 relative
/// @throws std::invalid_argument naming the offending argument and its value
/// Source: NIST DLMF 8.17.5 and 8.17.22 (regularised incomplete beta function and its continued
/// fraction), inverted by bisection. The same bits on every machine: a sweep's stopping rule
/// depends on it.
double student_t_quantile(double p, double degrees_of_freedom);

/// Mean of n values with its interval.
struct MeanInterval {
    double mean = 0;
    double half_width = 0;  ///< infinite with fewer than 2 values
    std::size_t n = 0;

    double low() const { return mean - half_width; }
    double high() const { return mean + half_width; }
};

/// Mean and interval of independent values, by Student's t.
///
/// @param confidence  in (0, 1); 0.95
/// @param looks       how many times at most the interval is looked at while values are added, to
///                    decide whether they suffice. The level is shared among the looks
///                    (Bonferroni), so that all of them hold at once with at least this confidence,
///                    and so does the one at which was stopped, whatever the rule was.
/// Values that are not finite make the mean and the half-width NaN.
MeanInterval mean_interval(std::span<const double> values, double confidence,
                           std::size_t looks = 1);

/// Numbers of values at which a sequential procedure looks: from `least` on in steps of a half, up
/// to `most`. @throws std::invalid_argument when least < 2 or most < least
std::vector<std::size_t> planned_looks(std::size_t least, std::size_t most);

/// Mean difference b - a of paired values (replication by replication under common random numbers)
/// with its interval. Pairs of which a value is not finite are left out.
struct PairedContrast {
    MeanInterval difference;
    double correlation = 0;  ///< of the pairs; NaN with fewer than 2, or when one side is constant
    double variance_ratio =
        0;  ///< of unpaired to paired variance of the difference: what pairing saves
};
PairedContrast paired_contrast(std::span<const double> a, std::span<const double> b,
                               double confidence);

}  // namespace driftstorm
