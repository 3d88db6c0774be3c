#include "sim/output/message_order.hpp"

#include "sim/core/expect.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <tuple>

namespace driftstorm {

namespace {
const Column& need(const RowType& type, std::string_view name, bool right_kind(ColumnKind)) {
    const Column* column = type.column(name);
    if (column == nullptr || !right_kind(column->kind))
        throw std::invalid_argument("table " + std::string(type.table) + " needs a column '" +
                                    std::string(name) +
                                    "' (t_composed: time, sender: entity, count: integer)");
    return *column;
}
}  // namespace

MessageOrder::MessageOrder(const RowType& type)
    : type_(type),
      composed_(need(type, "t_composed", [](ColumnKind kind) { return kind == ColumnKind::time; })),
      sender_(need(type, "sender", [](ColumnKind kind) { return kind == ColumnKind::entity; })),
      count_(need(type, "count", [](ColumnKind kind) { return kind != ColumnKind::float64; })) {}

void MessageOrder::hold(const RowStamp& stamp, const std::byte* row) {
    DRIFTSTORM_EXPECT(integer_of(composed_, row) ==
                      stamp.at().ns);  // recorded when composed, or order is lost
    held_.push_back({static_cast<EntityId>(integer_of(sender_, row)),
                     static_cast<std::uint32_t>(integer_of(count_, row)), stamp, bytes_.size()});
    bytes_.insert(bytes_.end(), row, row + type_.size);
}

void MessageOrder::release(const std::function<void(const RowStamp&, const std::byte* row)>& give) {
    std::sort(held_.begin(), held_.end(), [](const Held& a, const Held& b) {
        return std::tie(a.sender, a.count) < std::tie(b.sender, b.count);
    });
    for (const Held& message : held_) {
        DRIFTSTORM_EXPECT(message.sender != no_entity);
        const auto sender = static_cast<std::size_t>(message.sender);
        if (sender >= rows_.size()) rows_.resize(sender + 1);
        auto& known = rows_[sender];
        auto place = known.end();  // a sender counts upwards
        if (!known.empty() && known.back().first >= message.count)
            place = std::lower_bound(known.begin(), known.end(),
                                     std::pair{message.count, std::uint32_t{0}});
        DRIFTSTORM_EXPECT(place == known.end() ||
                          place->first != message.count);  // a count names one message
        known.insert(place, {message.count, next_row_++});
        give(message.stamp, bytes_.data() + message.at);
    }
    held_.clear();
    bytes_.clear();
}

std::int64_t MessageOrder::row_of(EntityId sender, std::uint32_t count) const {
    const auto id = static_cast<std::size_t>(sender);
    if (id >= rows_.size()) return -1;
    const auto& known = rows_[id];
    if (known.empty() || count < known.front().first) return -1;
    // A sender mostly counts without a gap: then its messages stand where their number says.
    const std::size_t straight = count - known.front().first;
    if (straight < known.size() && known[straight].first == count)
        return std::int64_t{known[straight].second};
    const auto place =
        std::lower_bound(known.begin(), known.end(), std::pair{count, std::uint32_t{0}});
    return place != known.end() && place->first == count ? std::int64_t{place->second} : -1;
}

}  // namespace driftstorm
