#pragma once

#include <functional>
#include <vector>

namespace driftstorm::field_data {

/// Of a sum of log-likelihoods: far below the 1.92 of a 95 % interval.
inline constexpr double fit_tolerance = 1e-4;

struct Minimum {
    std::vector<double> at;
    double value = 0;
};

/// A local minimum by the simplex method. Source: Nelder and Mead, Computer Journal 7 (1965);
/// Lagarias et al., SIAM J. Optimization 9 (1998).
/// @param first  a point near it; shape (n), n >= 1
/// @param reach  size of the first simplex, each coordinate; > 0
/// @param tolerance  the simplex has shrunk enough when its values differ by less
Minimum find_minimum(const std::function<double(const std::vector<double>&)>& function,
                     const std::vector<double>& first, double reach, double tolerance);

}  // namespace driftstorm::field_data
