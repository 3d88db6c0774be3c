#pragma once

#include "sim/core/expect.hpp"

#include <cstdint>
#include <tuple>
#include <type_traits>
#include <vector>

namespace driftstorm {

/// A slot of a Pool. Slots depend on the partitioning, so they never enter a key, a draw, a digest
/// or a result.
using Slot = std::uint32_t;
inline constexpr Slot no_slot = 0xffffffff;

/// Things of one kind that are born and die during the run, in slots that are used again.
template <class T>
class Pool {
  public:
    static_assert(std::is_trivially_copyable_v<T>);

    Slot put(const T& value) {
        if (free_.empty()) {
            items_.push_back(value);
            return static_cast<Slot>(items_.size() - 1);
        }
        const Slot slot = free_.back();
        free_.pop_back();
        items_[slot] = value;
        return slot;
    }
    T take(Slot slot) {
        const T value = items_[slot];
        free_.push_back(slot);
        return value;
    }
    T& operator[](Slot slot) { return items_[slot]; }
    const T& operator[](Slot slot) const { return items_[slot]; }
    std::size_t in_use() const { return items_.size() - free_.size(); }

    auto state() { return std::tie(items_, free_); }

  private:
    std::vector<T> items_;
    std::vector<Slot> free_;
};

/// First in, first out lists of slots threaded through one array of links: a queue per station,
/// link or device without an allocation each.
struct SlotList {
    Slot head = no_slot;
    Slot tail = no_slot;
    std::uint32_t size = 0;
    bool empty() const { return head == no_slot; }
};

}  // namespace driftstorm
