#pragma once

#include "sweeps/sweep.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace driftstorm {

/// The value at a share (0 .. 1) of a range, rounded to its step, within the range.
double at_share(const ValueRange& range, double share);
/// The inverse: which share of the range a value stands at.
double share_of(const ValueRange& range, double value);

/// Sobol' sequence in Gray code order, directions of Joe and Kuo.
/// Source: Joe and Kuo, "Constructing Sobol' sequences with better two-dimensional projections",
/// SIAM J. Sci. Comput. 30 (2008), new-joe-kuo-6, first 20 dimensions; Antonov and Saleev (1979).
///
/// @param dimension  0 .. most_sobol_dimensions - 1
/// @return           32 bits of the fraction of point `index`
inline constexpr std::size_t most_sobol_dimensions = 20;
std::uint32_t sobol_bits(std::uint32_t index, std::size_t dimension);

/// Points of the unit cube, row by row, one coordinate an axis, each in [0, 1].
/// `names` give each column its own luck, so that a further parameter moves none of the others.
///
/// random: independent. latin_hypercube: each column once in each of n even slices (McKay, Beckman
/// and Conover, 1979). sobol: with a digital shift drawn from the seed.
std::vector<std::vector<double>> random_points(std::size_t n, const std::vector<std::string>& names,
                                               std::uint64_t seed);
std::vector<std::vector<double>> latin_hypercube(std::size_t n,
                                                 const std::vector<std::string>& names,
                                                 std::uint64_t seed);
std::vector<std::vector<double>> sobol_points(std::size_t n, const std::vector<std::string>& names,
                                              std::uint64_t seed);

/// Rows for estimators of Sobol indices, in blocks of k + 2: A_j, B_j, then A_j with column i of
/// B_j, i = 0 .. k - 1. Shape (n (k + 2), k).
/// Source: Saltelli et al., Computer Physics Communications 181 (2010), 259-270.
std::vector<std::vector<double>> saltelli_points(std::size_t n,
                                                 const std::vector<std::string>& names,
                                                 std::uint64_t seed);

/// Trajectories for elementary effects: each of k + 1 rows, in which one coordinate a step changes
/// by levels / (2 (levels - 1)). Shape (n (k + 1), k). Source: Morris, Technometrics 33 (1991),
/// 161-174.
std::vector<std::vector<double>> morris_points(std::size_t n, std::size_t levels,
                                               const std::vector<std::string>& names,
                                               std::uint64_t seed);

/// A part's points as values of its axes; shape (rows, axes). Not for refine.
std::vector<std::vector<ParameterValue>> rows_of(const DesignPart& part,
                                                 const std::vector<SweptParameter>& parameters,
                                                 std::uint64_t seed);

}  // namespace driftstorm
