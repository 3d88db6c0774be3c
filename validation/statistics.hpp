#pragma once

#include "validation/truths.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace driftstorm::validation {

/// What came of a row.
struct Verdict {
    enum class Kind { passed, failed, not_expressible };
    Kind kind = Kind::not_expressible;
    double simulated = 0;
    double standard_error = 0;
    std::string remark;
};

Verdict not_expressible(std::string reason);

/// Relative difference at most 1e-5; both infinite counts as equal.
Verdict judge_exact(double reference, double simulated);

/// Absolute difference at most `tolerance`; both infinite counts as equal.
Verdict judge_within(double reference, double simulated, double tolerance);

/// Exact two-sided binomial test of `successes` in `trials` at probability `reference`; passes when
/// p > 0.001.
Verdict judge_binomial(double reference, std::uint64_t successes, std::uint64_t trials);

/// A mean and its standard error.
struct Estimate {
    double value = 0;
    double standard_error = 0;
};

/// P(X <= k) and P(X >= k), the smaller doubled and at most 1, for X ~ Binomial(n, p).
double binomial_p_value(std::uint64_t k, std::uint64_t n, double p);

/// Within 3.5 standard errors; without any scatter, as judge_exact.
bool agrees(double reference, const Estimate& estimate);

/// Counts of values >= 0 in buckets of relative width 2^-12, to find quantiles of what many runs
/// saw together.
class FineHistogram {
  public:
    void add(double value);
    void merge(const FineHistogram& other, double sign);
    /// Value below which a share p lies; NaN when empty.
    double quantile(double p) const;

  private:
    double zeros_ = 0;
    double total_ = 0;
    std::vector<double> counts_;
};

}  // namespace driftstorm::validation
