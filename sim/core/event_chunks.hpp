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

static_assert(sizeof(EventChunk) == offsetof(EventChunk, events) + sizeof EventChunk::events,
              "a list finds its last chunk by where that chunk's events end");

/// Events in chunks, in no order. It owns nothing: chunks come from and go back to an EventChunks.
struct EventList {
    Event* next = nullptr;                ///< where one more goes
    Event* end = nullptr;                 ///< of the last chunk; those before it are full
    std::int64_t least = end_of_time.ns;  ///< of their times [ns]
    std::uint32_t chunks = 0;

    bool is_full() const { return next == end; }
    /// Appends where there is room.
    [[gnu::always_inline]] void put(const Event& event) {
        least = std::min(least, event.key.at.ns);
        *next++ = event;
    }
    std::size_t room() const { return static_cast<std::size_t>(end - next); }
    std::size_t count() const { return chunks * EventChunk::capacity - room(); }
    EventChunk* last() const {
        return chunks == 0 ? nullptr : reinterpret_cast<EventChunk*>(end) - 1;
    }
    template <class F>
    void visit(F&& f) const {
        std::size_t used = EventChunk::capacity - room();
        for (const EventChunk* chunk = last(); chunk != nullptr; chunk = chunk->previous) {
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
        chunk->previous = list.last();
        ++list.chunks;
        list.next = chunk->events.data();
        list.end = list.next + EventChunk::capacity;
    }
    void take_back(EventChunk* last) {
        while (last != nullptr) {
            EventChunk* previous = last->previous;
            take_back_one(last);
            last = previous;
        }
    }
    /// Visits the events of a list that is given up; takes each chunk back before the next is read,
    /// so that what `f` places uses it again.
    template <class F>
    void visit_and_take_back(const EventList& list, F&& f) {
        std::size_t used = EventChunk::capacity - list.room();
        for (EventChunk* chunk = list.last(); chunk != nullptr;) {
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
