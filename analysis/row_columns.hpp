#pragma once

#include "sim/core/table.hpp"
#include "sim/core/time.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace driftstorm {

/// A column of a table whose struct is not known here, found by its name.
class NamedColumn {
  public:
    /// @throws std::invalid_argument naming table and column when the table has none of that name
    NamedColumn(const RowType& type, std::string_view name);

    std::int64_t integer(const std::byte* row) const { return integer_of(*column_, row); }
    std::uint32_t count(const std::byte* row) const {
        return static_cast<std::uint32_t>(integer(row));
    }
    double real(const std::byte* row) const { return real_of(*column_, row); }
    bool flag(const std::byte* row) const { return integer(row) != 0; }
    Time time(const std::byte* row) const { return {integer(row)}; }
    Duration duration(const std::byte* row) const { return {integer(row)}; }
    EntityId entity(const std::byte* row) const { return static_cast<EntityId>(integer(row)); }
    /// The word of an enum; "" for a value that has none.
    std::string_view word(const std::byte* row) const;
    bool is(const std::byte* row, std::string_view wanted) const { return word(row) == wanted; }
    const Column& column() const { return *column_; }

  private:
    const Column* column_;
};

/// The twelve columns blame_<cause>.
class BlameColumns {
  public:
    explicit BlameColumns(const RowType& type);
    std::array<std::int64_t, 12> read(const std::byte* row) const;  ///< [ns]

  private:
    std::vector<NamedColumn> columns_;
};

}  // namespace driftstorm
