#pragma once

#include "analysis/stability/deviations.hpp"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>

namespace driftstorm::stability {

/// A sum that keeps what rounding loses (Neumaier's), so that sums of 1e7 terms, and sums moved
/// along by differences, stay as good as one.
class Sum {
  public:
    void add(double x) {
        const double sum = sum_ + x;
        lost_ += std::abs(sum_) >= std::abs(x) ? (sum_ - sum) + x : (x - sum) + sum_;
        sum_ = sum;
    }
    double value() const { return sum_ + lost_; }

  private:
    double sum_ = 0;
    double lost_ = 0;
};

/// Mean of squares.
class MeanSquare {
  public:
    void add(double x) {
        sum_.add(x * x);
        ++count_;
    }
    std::uint64_t count() const { return count_; }
    double value() const { return sum_.value() / static_cast<double>(count_); }

  private:
    Sum sum_;
    std::uint64_t count_ = 0;
};

inline constexpr std::size_t fewest_for_theobr = 19;

// Deviations times tau0, at averaging factor m; the caller has asked allows().

/// TOTDEV: the data extended at both ends by reflection. Source: SP 1065, 5.2.11.
Estimate total(std::span<const double> phase, std::size_t m);
/// MTOTDEV: each stretch of 3 m points without its half-average slope, extended by reflection at
/// both ends. Source: SP 1065, 5.2.12.
Estimate modified_total(std::span<const double> phase, std::size_t m);
/// Theo1. Source: SP 1065, 5.2.15.
Estimate theo1(std::span<const double> phase, std::size_t m);

}  // namespace driftstorm::stability
