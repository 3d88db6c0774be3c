#include "analysis/log_linear_histogram.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace driftstorm {

namespace {
constexpr unsigned octave_bits = 8;  // 256 buckets to the octave
constexpr std::size_t octave = std::size_t{1} << octave_bits;
}  // namespace

std::size_t LogLinearHistogram::bucket_of(std::int64_t value) {
    const auto v = static_cast<std::uint64_t>(std::max<std::int64_t>(value, 0));
    if (v < 2 * octave) return v;
    const auto shift = static_cast<unsigned>(std::bit_width(v)) - octave_bits - 1;
    return shift * octave + (v >> shift);
}

std::int64_t LogLinearHistogram::lower(std::size_t bucket) {
    if (bucket < 2 * octave) return static_cast<std::int64_t>(bucket);
    const std::size_t shift = bucket / octave - 1;
    return static_cast<std::int64_t>((bucket - shift * octave) << shift);
}

std::int64_t LogLinearHistogram::upper(std::size_t bucket) {
    const std::size_t last = bucket_of(std::numeric_limits<std::int64_t>::max());
    return bucket >= last ? std::numeric_limits<std::int64_t>::max() : lower(bucket + 1);
}

void LogLinearHistogram::add(std::int64_t value) {
    value = std::max<std::int64_t>(value, 0);
    const std::size_t bucket = bucket_of(value);
    if (bucket >= counts_.size()) counts_.resize(bucket + 1);
    ++counts_[bucket];
    min_ = count_ == 0 ? value : std::min(min_, value);
    max_ = std::max(max_, value);
    ++count_;
}

void LogLinearHistogram::merge(const LogLinearHistogram& other) {
    if (other.count_ == 0) return;
    if (counts_.size() < other.counts_.size()) counts_.resize(other.counts_.size());
    for (std::size_t i = 0; i < other.counts_.size(); ++i) counts_[i] += other.counts_[i];
    min_ = count_ == 0 ? other.min_ : std::min(min_, other.min_);
    max_ = std::max(max_, other.max_);
    count_ += other.count_;
}

std::int64_t LogLinearHistogram::quantile(double q) const {
    if (count_ == 0) return 0;
    const double rank = std::ceil(std::clamp(q, 0.0, 1.0) * static_cast<double>(count_));
    const auto wanted = std::max<std::uint64_t>(static_cast<std::uint64_t>(rank), 1);
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
        seen += counts_[i];
        if (seen < wanted) continue;
        const std::int64_t low = lower(i);
        return std::clamp(low + (upper(i) - 1 - low) / 2, min_, max_);
    }
    return max_;
}

void DelayStatistics::add(std::int64_t ns) {
    histogram_.add(ns);
    sum_ += ns;
}

double DelayStatistics::value(std::string_view statistic) const {
    const double nothing = std::numeric_limits<double>::quiet_NaN();
    if (count() == 0) return nothing;
    if (statistic == "mean")
        return static_cast<double>(sum_) / (static_cast<double>(count()) * 1e9);
    if (statistic == "max") return static_cast<double>(histogram_.max()) / 1e9;
    for (const auto& [word, q] : {std::pair<std::string_view, double>{"p50", 0.50},
                                  {"p90", 0.90},
                                  {"p95", 0.95},
                                  {"p99", 0.99}})
        if (statistic == word) return static_cast<double>(histogram_.quantile(q)) / 1e9;
    return nothing;
}

}  // namespace driftstorm
