#pragma once

#include "sim/output/output_error.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace driftstorm {

/// Reads a result file back by the paths of its datasets ("/copies/t_end",
/// "/series/1s/relays_queue_depth"). Throws OutputError naming file and dataset for what is
/// missing, damaged or of another kind.
class ResultsReader {
  public:
    explicit ResultsReader(const std::string& path);
    ~ResultsReader();
    ResultsReader(ResultsReader&&) noexcept;
    ResultsReader& operator=(ResultsReader&&) noexcept;

    const std::string& path() const;
    bool has(const std::string& name) const;  ///< a group or dataset
    std::vector<std::string> groups(
        const std::string& group) const;  ///< names, in order of creation
    std::vector<std::string> datasets(
        const std::string& group) const;  ///< names, in order of creation

    std::vector<std::uint64_t> shape(const std::string& dataset) const;
    std::uint64_t rows(
        const std::string& dataset) const;  ///< extent of the first dimension; 1 for a scalar
    /// Names of its dimensions, as the scales of its group.
    std::vector<std::string> dimensions(const std::string& dataset) const;

    /// Values, row-major, of `count` rows from row `first` on (all from there by default).
    /// integers: of any integer dataset (uint64 above INT64_MAX wraps); reals: of any numeric one.
    std::vector<std::int64_t> integers(const std::string& dataset, std::uint64_t first = 0,
                                       std::uint64_t count = UINT64_MAX) const;
    std::vector<double> reals(const std::string& dataset, std::uint64_t first = 0,
                              std::uint64_t count = UINT64_MAX) const;
    std::vector<std::string> texts(const std::string& dataset, std::uint64_t first = 0,
                                   std::uint64_t count = UINT64_MAX) const;

    /// Attributes of a group or dataset ("/" is the root); nullopt if there is none of that name.
    std::optional<std::string> text_attribute(const std::string& object,
                                              const std::string& name) const;
    std::optional<std::vector<std::int64_t>> integer_attribute(const std::string& object,
                                                               const std::string& name) const;
    std::optional<std::vector<double>> real_attribute(const std::string& object,
                                                      const std::string& name) const;
    /// Meanings of the values 0, 1, 2 ... of a column of words; empty for other columns.
    std::vector<std::string> words(const std::string& dataset) const;

  private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

}  // namespace driftstorm
