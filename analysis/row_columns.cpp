#include "analysis/row_columns.hpp"

#include "analysis/run_series.hpp"

#include <stdexcept>

namespace driftstorm {

NamedColumn::NamedColumn(const RowType& type, std::string_view name) : column_(type.column(name)) {
    if (column_ == nullptr)
        throw std::invalid_argument("table " + std::string(type.table) + " has no column '" +
                                    std::string(name) + "'");
}

std::string_view NamedColumn::word(const std::byte* row) const {
    const auto value = static_cast<std::size_t>(integer(row));
    return value < column_->words.size() ? column_->words[value] : std::string_view();
}

BlameColumns::BlameColumns(const RowType& type) {
    for (const std::string_view cause : cause_words)
        columns_.emplace_back(type, "blame_" + std::string(cause));
}

std::array<std::int64_t, 12> BlameColumns::read(const std::byte* row) const {
    std::array<std::int64_t, 12> blame{};
    for (std::size_t i = 0; i < blame.size(); ++i) blame[i] = columns_[i].integer(row);
    return blame;
}

}  // namespace driftstorm
