#pragma once

#include "recordings/tolerance.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace driftstorm {

/// A metric on both sides of a comparison; NaN: undefined.
struct MetricValues {
    std::span<const double> recorded;  ///< by seed; not empty
    std::span<const double> now;       ///< under the same seeds
    std::span<const double> further;   ///< under seeds of which no other value is; may be empty
    Tolerance tolerance;
    std::string_view unit = "";  ///< of what is told; "%": of fractions
};

/// What a metric's values over the seeds say about two versions of a model.
struct SampleComparison {
    bool changed = false;
    /// Chance, in two versions that are alike, of one of the metrics showing as much; 1 when
    /// nothing moved.
    double p = 1;
    double alone = 1;    ///< the same, had this been the only metric
    std::string reason;  ///< "mean 0.0501 s -> 0.0512 s (+2.2 %)"; empty when not changed
};

/// Below this many seeds no significance is small enough to be evidence.
inline constexpr std::size_t least_seeds = 12;

/// Which metrics moved beyond their tolerances; values go in pairs of one seed. NaN equals nothing
/// but NaN.
///
/// If the versions are alike, a seed's differences, of all metrics together, are as likely to be d
/// as -d, whatever the metrics' distributions, however they hang together and however the draws are
/// shared. So signs are drawn for the seeds (2^14 times; all of them up to 14 seeds), and every
/// metric's sum of differences less tolerance, in units of its root of squares, is held against the
/// largest that any metric, to either side, shows under those signs. Chances are so for the family
/// of metrics as a whole, and metrics that say the same thing count once. Fewer than `least_seeds`
/// seeds: changed is what moved beyond tolerance to the same side in every seed. Tolerance ks
/// compares the two sets of values instead, by itself and exactly.
///
/// @param alpha  chance of calling any metric changed in versions that are alike, in (0, 1)
/// Source: Westfall and Young, Resampling-Based Multiple Testing (1993), 2.3 (single-step maxT);
/// sign changes: Good, Permutation Tests (2005), 3.3.
std::vector<SampleComparison> compare_pairs(std::span<const MetricValues> metrics, double alpha);

/// The same from values that share no luck: `recorded` against `further`, whose labels are dealt
/// out anew. Where draws are not the recorded ones any more pairs say little, and further seeds
/// say more.
std::vector<SampleComparison> compare_further(std::span<const MetricValues> metrics, double alpha);

/// One metric by itself. @throws std::invalid_argument for no values or other numbers of them
SampleComparison compare_samples(std::span<const double> recorded, std::span<const double> now,
                                 const Tolerance& tolerance, double alpha);

/// Shift of a metric's mean, in the metric's unit, that compare_further() finds with probability
/// 0.9 at the least when all draws are others; NaN for fewer than two defined values.
/// @param further  how many further values there will be
/// @param metrics  size of the family, at worst without anything in common
double detectable_shift(std::span<const double> recorded, const Tolerance& tolerance,
                        std::size_t further, std::size_t metrics, double alpha);

/// Chance that two samples of `n` have empirical distributions at least k / n apart.
/// Source: Gnedenko and Korolyuk (1951).
double smirnov_tail(std::uint32_t n, std::uint32_t k);

}  // namespace driftstorm
