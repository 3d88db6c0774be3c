#pragma once

#include "sim/core/rate.hpp"
#include "sim/core/time.hpp"

#include <cstddef>
#include <cstdint>
#include <istream>
#include <string>
#include <vector>

namespace driftstorm {

/// A recorded frequency error: each value holds until the next one.
class FrequencyTrace {
  public:
    struct Row {
        Duration at;  ///< since the first row's instant, which is 0
        Rate rate;
    };

    /// @param repeats  begins anew after the last row has held as long as the one before it;
    ///                 otherwise the last value holds for ever
    /// @throws std::invalid_argument when there are no rows (to repeat: fewer than two), times do
    /// not ascend from 0, or a rate is beyond 5 %
    FrequencyTrace(std::vector<Row> rows, bool repeats);

    /// Phase at a second since the beginning [2^-64 ns]; exact.
    Q64 phase(std::int64_t second) const;
    /// Greatest less least rate between two seconds [2^-64].
    double range(std::int64_t from, std::int64_t until) const;

  private:
    std::size_t row_at(Duration into) const;
    Duration into(std::int64_t second) const;

    std::vector<Row> rows_;
    std::vector<Q64> phases_;  ///< at each row
    Duration period_{};        ///< 0: does not repeat
    Q64 a_period_ = 0;
};

/// Reads a trace from CSV text with a line of headings: one column of times [s], counted from that
/// of the first row, and one of frequency errors.
/// @param unit_ppb  one unit of that column [ppb]
/// @throws std::runtime_error "name:line: what is wrong"
FrequencyTrace read_frequency_trace(std::istream& text, const std::string& name,
                                    const std::string& time_column,
                                    const std::string& frequency_column, double unit_ppb,
                                    bool repeats);

}  // namespace driftstorm
