#pragma once

#include "sim/core/event.hpp"
#include "sim/core/pool.hpp"
#include "sim/core/table.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <tuple>
#include <vector>

/// What the kernel keeps of each type of event, entity, payload and row.
namespace driftstorm {

class Context;

namespace detail {

std::uint16_t next_model_number();
std::uint16_t model_count();  ///< numbers given so far: all, once main() runs
std::uint16_t next_payload_number();
std::uint16_t next_row_number();
/// Process-wide numbers of types, for array look-ups only: never stored, hashed or compared.
template <class Model>
inline const std::uint16_t model_number = next_model_number();
template <class Payload>
inline const std::uint16_t payload_number = next_payload_number();
template <class R>
inline const std::uint16_t row_number = next_row_number();

template <class M, class Tuple>
struct IndexIn;
template <class M, class... Rest>
struct IndexIn<M, std::tuple<M, Rest...>> {
    static constexpr std::uint16_t value = 0;
};
template <class M, class First, class... Rest>
struct IndexIn<M, std::tuple<First, Rest...>> {
    static constexpr std::uint16_t value = 1 + IndexIn<M, std::tuple<Rest...>>::value;
};

/// Payloads of one type that are under way inside a partition.
struct PayloadPool {
    std::size_t size = 0;  ///< of one payload [B]; 0: none of this type yet
    std::vector<std::byte> bytes;
    std::vector<Slot> free;

    /// @param count  the payload's size again, so that the compiler knows it where the type is
    /// known [B]
    Slot put(const void* payload, std::size_t count) {
        Slot slot = no_slot;
        if (free.empty()) {
            slot = static_cast<Slot>(bytes.size() / count);
            bytes.resize(bytes.size() + count);
        } else {
            slot = free.back();
            free.pop_back();
        }
        std::memcpy(bytes.data() + std::size_t{slot} * count, payload, count);
        return slot;
    }
    void take(Slot slot, void* into, std::size_t count) {
        std::memcpy(into, bytes.data() + std::size_t{slot} * count, count);
        free.push_back(slot);
    }
    auto state() { return std::tie(size, bytes, free); }
};

/// Where a message that carries a payload keeps its slot: the last bytes of the event.
inline constexpr std::size_t slot_at = inline_bytes - sizeof(Slot);
inline Slot slot_of(const Event& event) {
    Slot slot = no_slot;
    std::memcpy(&slot, event.message.data() + slot_at, sizeof slot);
    return slot;
}
inline void set_slot(Event& event, Slot slot) {
    std::memcpy(event.message.data() + slot_at, &slot, sizeof slot);
}

/// Tag of no event.
inline constexpr std::uint16_t no_tag = 0xffff;

/// A model's hot column as memory: only to fetch from, for it may have moved since.
struct HotLines {
    const std::byte* first = nullptr;
    std::size_t stride = 0;  ///< [B]
};

/// What all events of one (model, message) share.
struct EventType {
    std::uint16_t model = 0;
    std::uint16_t payload = 0;
    std::size_t payload_size = 0;  ///< [B]; 0: no payload
    /// Delivers, unless the event is stale.
    void (*deliver)(void* model, const Event& event, Index local, Context& context) = nullptr;
    /// Where the model's hot column lies just now; nullptr if the model has none.
    HotLines (*hot)(const void* model) = nullptr;
    std::string name;  ///< "message@model"
};

/// What delivers an event type in its partition.
struct Handler {
    void (*deliver)(void* model, const Event& event, Index local, Context& context) = nullptr;
    void* model = nullptr;
};
/// What delivering an event type touches, to be fetched ahead.
struct Touched {
    HotLines hot;
    const PayloadPool* pool = nullptr;  ///< nullptr: no payload
};

struct EntityRecord {
    std::uint64_t identity = 0;
    std::uint32_t sent = 0;  ///< events sent so far: the count in their keys
    Index local = 0;
};

/// What a partition knows of a row type once one was recorded.
struct RowUse {
    const RowType* type = nullptr;  ///< nullptr: none yet
    std::size_t component = 0;
    std::vector<TableSink*> sinks;  ///< those that want it
};

}  // namespace detail

}  // namespace driftstorm
