#pragma once

#include <array>
#include <vector>

namespace driftstorm {

/// Probabilities of the two sides of a point; they sum to 1, and each is accurate where it is
/// small.
struct Split {
    double below = 0;
    double above = 1;
};

/// Standard normal distribution at z; both sides within 1e-12 relative down to 1e-300.
Split normal_split(double z);

/// ln Gamma(a) for a > 0; error below 1e-14 (1 + |value|).
double log_gamma(double a);

/// Gamma distribution of unit scale, with a table of its inverse made on construction (about 50
/// KiB).
class UnitGamma {
  public:
    /// @param shape  in [0.01, 1e6]
    explicit UnitGamma(double shape);

    /// Regularised incomplete gamma functions P and Q at x = exp(log_x).
    /// Source: series and continued fraction of NIST DLMF 8.7.1 and 8.9.2.
    Split split_at_log(double log_x) const;

    /// Inverse, by quintic interpolation of ln x over ln(below / above), so that either tail is
    /// relative: within 1e-8 of the probability, and in the tails within 1e-6 of it.
    double quantile(Split u) const;

  private:
    /// ln x = c[0] + c[1] s + ... + c[5] s^5 with s in [0, 1] across the cell.
    using Cell = std::array<double, 6>;

    struct Knot {
        double log_x, slope, curvature;  ///< derivatives by the log odds
    };

    double log_density(double log_x) const;
    Knot knot(double log_odds, double guess) const;

    double shape_;
    double log_gamma_shape_;
    double log_gamma_shape_1_;
    std::vector<Cell> cells_;
};

}  // namespace driftstorm
