#pragma once

#include "sim/core/event.hpp"
#include "sim/core/hot_column.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace driftstorm {

/// Pending events are stored in chunks, so that a list of them costs what it holds and appending is
/// local.
struct EventChunk {
    static constexpr std::size_t capacity = 25;  ///< makes 1,008 bytes
    EventChunk* previous;
    std::array<Event, capacity> events;

    void fetch() const {
        const auto* bytes = reinterpret_cast<const std::byte*>(this);
        for (std::size_t at = 0; at < sizeof *this; at += 64) __builtin_prefetch(bytes + at);
    }
};

/// Events in chunks, in no order. It owns nothing: chunks come from and go back to an EventChunks.
struct EventList {
    EventChunk* tail = nullptr;           ///< the chunks before it are full
    std::int64_t least = end_of_time.ns;  ///< of their times [ns]
    std::uint32_t count = 0;
    std::uint32_t in_tail = EventChunk::capacity;

    bool is_full() const { return in_tail == EventChunk::capacity; }
    /// Appends where there is room.
    [[gnu::always_inline]] void put(const Event& event) {
        ++count;
        least = std::min(least, event.key.at.ns);
        tail->events[in_tail++] = event;
    }
    template <class F>
    void visit(F&& f) const {
        std::size_t used = in_tail;
        for (const EventChunk* chunk = tail; chunk != nullptr; chunk = chunk->previous) {
            if (chunk->previous != nullptr) chunk->previous->fetch();
            for (std::size_t i = 0; i < used; ++i) f(chunk->events[i]);
            used = EventChunk::capacity;
        }
    }
};

/// All chunks of a queue, in use and free.
class EventChunks {
  public:
    EventChunks() = default;
    EventChunks(const EventChunks&) = delete;
    EventChunks& operator=(const EventChunks&) = delete;

    /// Gives a full list room.
    void extend(EventList& list) {
        if (free_ == nullptr) make_more();
        EventChunk* chunk = free_;
        free_ = chunk->previous;
        chunk->previous = list.tail;
        list.tail = chunk;
        list.in_tail = 0;
    }
    void take_back(EventChunk* tail) {
        while (tail != nullptr) {
            EventChunk* previous = tail->previous;
            take_back_one(tail);
            tail = previous;
        }
    }
    /// Visits the events of a list that is given up; takes each chunk back before the next is read,
    /// so that what `f` places uses it again.
    template <class F>
    void visit_and_take_back(const EventList& list, F&& f) {
        std::size_t used = list.in_tail;
        for (EventChunk* chunk = list.tail; chunk != nullptr;) {
            EventChunk* previous = chunk->previous;
            if (previous != nullptr) previous->fetch();
            for (std::size_t i = 0; i < used; ++i) f(chunk->events[i]);
            used = EventChunk::capacity;
            take_back_one(chunk);
            chunk = previous;
        }
    }
    std::size_t bytes() const { return count_ * sizeof(EventChunk); }

  private:
    static constexpr std::size_t chunks_a_page = (std::size_t{2} << 20) / sizeof(EventChunk);

    void take_back_one(EventChunk* chunk) {
        chunk->previous = free_;
        free_ = chunk;
    }
    void make_more() {
        // Twice as many, until a slab fills a large page.
        const std::size_t more = std::clamp<std::size_t>(count_, 16, chunks_a_page);
        slabs_.emplace_back(more);
        count_ += more;
        for (std::size_t i = more; i-- > 0;) take_back_one(&slabs_.back()[i]);
    }

    std::vector<HotColumn<EventChunk>> slabs_;
    std::size_t count_ = 0;
    EventChunk* free_ = nullptr;
};

}  // namespace driftstorm
