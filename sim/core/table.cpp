#include "sim/core/table.hpp"

#include "sim/core/expect.hpp"

#include <cstring>

namespace driftstorm {

namespace {
template <class T>
T load(const Column& column, const std::byte* row) {
    T value;
    std::memcpy(&value, row + column.offset, sizeof value);
    return value;
}
}  // namespace

std::int64_t integer_of(const Column& column, const std::byte* row) {
    switch (column.kind) {
        case ColumnKind::time:
        case ColumnKind::duration:
        case ColumnKind::reading:
        case ColumnKind::int64:
        case ColumnKind::uint64:
            return load<std::int64_t>(column, row);
        case ColumnKind::int32:
            return load<std::int32_t>(column, row);
        case ColumnKind::entity:
        case ColumnKind::uint32:
            return load<std::uint32_t>(column, row);
        case ColumnKind::uint16:
            return load<std::uint16_t>(column, row);
        case ColumnKind::word:
        case ColumnKind::uint8:
            return load<std::uint8_t>(column, row);
        case ColumnKind::float64:
            break;
    }
    DRIFTSTORM_EXPECT(column.kind != ColumnKind::float64);
    return 0;
}

double real_of(const Column& column, const std::byte* row) {
    if (column.kind == ColumnKind::float64) return load<double>(column, row);
    return static_cast<double>(integer_of(column, row));
}

}  // namespace driftstorm
