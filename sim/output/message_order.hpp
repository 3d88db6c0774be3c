#pragma once

#include "sim/core/table.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

namespace driftstorm {

/// Gives messages their row numbers in the order (t_composed, sender's entity id, sender's own
/// count), and knows the number of every message since. It holds back the messages of one instant:
/// when time moves on, all partitions have passed that instant. Takes 8 bytes a message.
class MessageOrder {
  public:
    /// Takes the table's columns: t_composed, sender and count.
    /// @throws std::invalid_argument naming the column the table lacks
    explicit MessageOrder(const RowType& type);

    /// Keeps a row of the current instant, which is its t_composed.
    void hold(const RowStamp& stamp, const std::byte* row);
    bool holding() const { return !held_.empty(); }
    /// Numbers the held rows and hands them out in order.
    void release(const std::function<void(const RowStamp&, const std::byte* row)>& give);

    /// Row number of a message released before; -1 if there is none.
    std::int64_t row_of(EntityId sender, std::uint32_t count) const;

  private:
    struct Held {
        EntityId sender;
        std::uint32_t count;
        RowStamp stamp;
        std::size_t at;  ///< in bytes_
    };
    const RowType& type_;
    const Column& composed_;
    const Column& sender_;
    const Column& count_;
    std::vector<Held> held_;
    std::vector<std::byte> bytes_;
    std::vector<std::vector<std::pair<std::uint32_t, std::uint32_t>>>
        rows_;  ///< by sender: (count, row), by count
    std::uint32_t next_row_ = 0;
};

}  // namespace driftstorm
