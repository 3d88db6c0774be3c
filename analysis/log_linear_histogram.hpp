#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace driftstorm {

/// Sums of nanoseconds over any number of copies.
__extension__ typedef __int128 WideSum;

/// Counts of values >= 0 in buckets that are linear within each power of two: 256 to the octave, so
/// a bucket is at most 1/256 of its values wide (0.39 %), and values below 512 are exact. Memory
/// grows with the logarithm of the largest value (at most 115 KB), not with their number.
class LogLinearHistogram {
  public:
    void add(std::int64_t value);  ///< below 0 counts as 0
    void merge(const LogLinearHistogram& other);

    std::uint64_t count() const { return count_; }
    std::int64_t min() const { return min_; }  ///< exact; 0 when empty
    std::int64_t max() const { return max_; }  ///< exact; 0 when empty
    /// The value that a share `q` of all does not exceed (nearest rank, q in [0, 1]); middle of its
    /// bucket, so within 0.2 % of the true one. 0 when empty.
    std::int64_t quantile(double q) const;

    static std::size_t bucket_of(std::int64_t value);
    static std::int64_t lower(std::size_t bucket);
    static std::int64_t upper(std::size_t bucket);  ///< exclusive

  private:
    std::vector<std::uint64_t> counts_;
    std::uint64_t count_ = 0;
    std::int64_t min_ = 0;
    std::int64_t max_ = 0;
};

/// Spans of time: integer sum and histogram [ns].
class DelayStatistics {
  public:
    void add(std::int64_t ns);
    std::uint64_t count() const { return histogram_.count(); }
    /// mean, p50, p90, p95, p99, max [s]; NaN when there is nothing, or for another word.
    double value(std::string_view statistic) const;
    const LogLinearHistogram& histogram() const { return histogram_; }

  private:
    LogLinearHistogram histogram_;
    WideSum sum_ = 0;  ///< [ns]
};

}  // namespace driftstorm
