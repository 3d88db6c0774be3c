#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace driftstorm {

/// How much of a result's variance a parameter explains: alone, and with all it interacts with. The
/// intervals are bootstrapped over the blocks of the design.
struct SobolIndex {
    double first = 0;
    double total = 0;
    double first_low = 0, first_high = 0;
    double total_low = 0, total_high = 0;
};

/// Sobol' indices from the rows of Saltelli's design: blocks of f(A), f(B), f(A with column i of
/// B).
///
/// @param y           results; shape (n (k + 2)), blocks with a value that is not finite left out
/// @param k           parameters
/// @param confidence  of the intervals
/// @param resamples   of the bootstrap
/// @return            shape (k); NaN throughout when fewer than 2 blocks or no variance are left
/// Source: first order: Saltelli et al. (2010), table 2 (b); total: Jansen (1999), ibid. (f).
std::vector<SobolIndex> sobol_indices(std::span<const double> y, std::size_t k,
                                      double confidence = 0.95, std::size_t resamples = 1000);

/// Elementary effects of a parameter over the trajectories, per whole range of the parameter.
struct MorrisEffect {
    double mean = 0;           ///< mu: with sign
    double mean_absolute = 0;  ///< mu*: how much it matters
    double deviation = 0;      ///< sigma: how far it depends on the others, or bends
    double half_width = 0;     ///< of mu*, 95 %, by Student's t
    std::size_t effects = 0;
};

/// Elementary effects from trajectories of k + 1 rows.
///
/// @param y  results; shape (r (k + 1))
/// @param x  shares of the ranges, 0 .. 1, row by row; shape (r (k + 1), k)
/// @return   shape (k)
/// Source: Morris (1991); mu*: Campolongo, Cariboni and Saltelli (2007).
std::vector<MorrisEffect> morris_effects(std::span<const double> y, std::span<const double> x,
                                         std::size_t k);

}  // namespace driftstorm
