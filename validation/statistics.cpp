#include "validation/statistics.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <utility>

namespace driftstorm::validation {

Verdict not_expressible(std::string reason) {
    Verdict verdict;
    verdict.remark = std::move(reason);
    return verdict;
}

Verdict judge_within(double reference, double simulated, double tolerance) {
    const bool equal = reference == simulated;  // also when both are infinite
    const bool passed = equal || std::abs(simulated - reference) <= tolerance;
    return {passed ? Verdict::Kind::passed : Verdict::Kind::failed, simulated, 0, ""};
}

Verdict judge_exact(double reference, double simulated) {
    return judge_within(reference, simulated, 1e-5 * std::abs(reference));
}

namespace {
double log_binomial_term(double k, double n, double p) {
    return std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1) + k * std::log(p) +
           (n - k) * std::log1p(-p);
}
}  // namespace

double binomial_p_value(std::uint64_t successes, std::uint64_t trials, double p) {
    const auto k = static_cast<double>(successes);
    const auto n = static_cast<double>(trials);
    if (p <= 0) return successes == 0 ? 1 : 0;
    if (p >= 1) return successes == trials ? 1 : 0;
    // Terms fall off on the side away from the mean, where they are summed; the other side is the
    // complement.
    const double at_k = std::exp(log_binomial_term(k, n, p));
    const bool below_mean = k <= n * p;
    double tail = 0;
    double term = at_k;
    for (double i = k; below_mean ? i >= 0 : i <= n; i += below_mean ? -1 : 1) {
        tail += term;
        term *= below_mean ? i * (1 - p) / ((n - i + 1) * p) : (n - i) * p / ((i + 1) * (1 - p));
        if (term < tail * 1e-17) break;
    }
    const double other = 1 - tail + at_k;
    return std::min(1.0, 2 * std::min(tail, other));
}

Verdict judge_binomial(double reference, std::uint64_t successes, std::uint64_t trials) {
    if (!(reference >= 0 && reference <= 1))
        return not_expressible("the reference is no probability");
    const double share = static_cast<double>(successes) / static_cast<double>(trials);
    const double p_value = binomial_p_value(successes, trials, reference);
    char remark[64];
    std::snprintf(remark, sizeof remark, "exact binomial p = %.3g", p_value);
    return {p_value > 0.001 ? Verdict::Kind::passed : Verdict::Kind::failed, share,
            std::sqrt(reference * (1 - reference) / static_cast<double>(trials)), remark};
}

bool agrees(double reference, const Estimate& estimate) {
    // Runs that cannot differ leave only rounding: then 1e-5 decides, as for exact rows.
    const double tolerance = std::max(3.5 * estimate.standard_error, 1e-5 * std::abs(reference));
    return std::abs(estimate.value - reference) <= tolerance;
}

namespace {
constexpr int bits_of_bucket = 12;
constexpr double smallest = 1e-9;

std::size_t bucket_of(double value) {
    const auto bits = std::bit_cast<std::uint64_t>(value);
    const auto first = std::bit_cast<std::uint64_t>(smallest);
    return static_cast<std::size_t>((bits >> (52 - bits_of_bucket)) -
                                    (first >> (52 - bits_of_bucket)));
}
double lower_end(std::size_t bucket) {
    const auto first = std::bit_cast<std::uint64_t>(smallest) >> (52 - bits_of_bucket);
    return std::bit_cast<double>((first + bucket) << (52 - bits_of_bucket));
}
}  // namespace

void FineHistogram::add(double value) {
    total_ += 1;
    if (value < smallest) {
        zeros_ += 1;
        return;
    }
    const std::size_t bucket = bucket_of(value);
    if (bucket >= counts_.size()) counts_.resize(bucket + 1);
    counts_[bucket] += 1;
}

void FineHistogram::merge(const FineHistogram& other, double sign) {
    zeros_ += sign * other.zeros_;
    total_ += sign * other.total_;
    if (counts_.size() < other.counts_.size()) counts_.resize(other.counts_.size());
    for (std::size_t i = 0; i < other.counts_.size(); ++i) counts_[i] += sign * other.counts_[i];
}

double FineHistogram::quantile(double p) const {
    if (!(total_ > 0)) return std::numeric_limits<double>::quiet_NaN();
    const double wanted = p * total_;
    double below = zeros_;
    if (wanted <= below) return 0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
        if (counts_[i] > 0 && below + counts_[i] >= wanted) {
            const double share = (wanted - below) / counts_[i];
            return lower_end(i) + share * (lower_end(i + 1) - lower_end(i));
        }
        below += counts_[i];
    }
    return lower_end(counts_.size());
}

}  // namespace driftstorm::validation
