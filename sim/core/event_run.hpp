#pragma once

#include "sim/core/event.hpp"
#include "sim/core/event_chunks.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

namespace driftstorm {

/// Events in order of key, one after another to be popped. They stay where they lie; what is sorted
/// are pointers.
template <class Work>
class EventRun {
  public:
    static constexpr std::size_t most_by_time = 512;
    static constexpr std::size_t sight = 32;  ///< how far upcoming() sees

    /// After the last one stands an event that is never reached by time.
    [[gnu::always_inline]] const Event& front() const { return **next_; }
    [[gnu::always_inline]] const Event* pop() { return *next_++; }
    bool empty() const { return next_ == last_; }
    std::size_t size() const { return static_cast<std::size_t>(last_ - next_); }
    /// The event `n` < sight places after the front; beyond the last, one that is never reached.
    [[gnu::always_inline]] const Event* upcoming(std::size_t n) const { return next_[n]; }
    template <class F>
    void visit(F&& f) const {
        for (const Event* const* event = next_; event != last_; ++event) f(**event);
    }
    std::size_t bytes() const { return events_.capacity() * sizeof(void*); }

    void clear() { start(0); }

    /// Makes the events of a list the run; they must stay in place until it is over.
    ///
    /// @param begin  not later than any of them [ns]
    /// @param shift  all are earlier than begin + 2^shift [ns]
    void fill(const EventList& list, std::uint64_t begin, std::uint32_t shift, Work& work) {
        if (events_.size() < list.count + sight) events_.resize(list.count + sight);
        if (list.count > most_by_time || shift > 64 - index_bits) {
            const Event** end = events_.data();
            list.visit([&](const Event& event) { *end++ = &event; });
            sort(events_.data(), end, work);
        } else {
            sort_by_time(list, begin, shift, work);
        }
        work.moved(list.count);
        start(list.count);
    }

  private:
    static constexpr std::uint32_t index_bits = 9;
    static_assert(most_by_time == std::size_t{1} << index_bits);
    static constexpr std::size_t most_moves = 8;  ///< an event, up to which insertion beats sorting

    void start(std::size_t count) {
        std::fill_n(events_.begin() + static_cast<std::ptrdiff_t>(count), sight, &never_);
        next_ = events_.data();
        last_ = next_ + count;
    }

    static void sort(const Event** begin, const Event** end, Work& work) {
        std::sort(begin, end, [&work](const Event* a, const Event* b) {
            work.compared(1);
            return a->key < b->key;
        });
    }

    /// Where times spread evenly, as they mostly do, a scatter into piles by time leaves little to
    /// sort. What is moved are times with the event's number in the low bits.
    void sort_by_time(const EventList& list, std::uint64_t begin, std::uint32_t shift, Work& work) {
        std::array<const Event*, most_by_time> events;
        std::array<std::uint64_t, most_by_time> unsorted;
        std::array<std::uint64_t, most_by_time> sorted;
        const std::uint32_t width =  // log2 of the number of piles
            std::min(static_cast<std::uint32_t>(std::bit_width(list.count - 1)) + 1, shift);
        const std::uint32_t narrow = shift - width + index_bits;
        const std::size_t piles = std::max(std::size_t{1} << width, std::size_t{4});
        std::array<std::uint16_t, 2 * most_by_time> ends;  // where the next of a pile goes
        std::fill_n(ends.begin(), piles, std::uint16_t{0});

        std::size_t count = 0;
        list.visit([&](const Event& event) {
            const std::uint64_t since = static_cast<std::uint64_t>(event.key.at.ns) - begin;
            const std::uint64_t word = (since << index_bits) | count;
            events[count] = &event;
            unsorted[count++] = word;
            ++ends[word >> narrow];
        });
        add_up(ends.data(), piles);
        for (std::size_t i = 0; i < count; ++i) sorted[ends[unsorted[i] >> narrow]++] = unsorted[i];
        insertion_sort(sorted.data(), count, work);

        bool ties = false;
        events_[0] = events[sorted[0] % most_by_time];
        for (std::size_t i = 1; i < count; ++i) {
            events_[i] = events[sorted[i] % most_by_time];
            ties |= (sorted[i] ^ sorted[i - 1]) < most_by_time;
        }
        if (ties) sort_ties(count, work);
    }

    /// Turns counts into the sums of those before them; `size` is a multiple of four. In words of
    /// four, for it is on every event's way.
    static void add_up(std::uint16_t* counts, std::size_t size) {
        constexpr std::uint64_t ones = 0x0001000100010001;
        std::uint64_t before = 0;  // in each of four places
        for (std::size_t i = 0; i < size; i += 4) {
            std::uint64_t four = 0;
            std::memcpy(&four, counts + i, sizeof four);
            const std::uint64_t sums = four * ones;  // each with those below it
            four = before + (sums << 16);
            std::memcpy(counts + i, &four, sizeof four);
            before += (sums >> 48) * ones;
        }
    }

    /// No word is far from its place, or else many times are nearly the same.
    static void insertion_sort(std::uint64_t* words, std::size_t count, Work& work) {
        std::size_t moves = 0;
        for (std::size_t i = 1; i < count; ++i) {
            const std::uint64_t word = words[i];
            if (word >= words[i - 1]) continue;
            std::size_t hole = i;
            do {
                words[hole] = words[hole - 1];
                --hole;
                ++moves;
            } while (hole != 0 && word < words[hole - 1]);
            words[hole] = word;
            if (moves > most_moves * count) {
                std::sort(words, words + count);
                break;
            }
        }
        work.moved(moves);
    }

    /// Sorts events of one time, which are together.
    void sort_ties(std::size_t count, Work& work) {
        const Event** const end = events_.data() + count;
        for (const Event** first = events_.data(); first != end;) {
            const Event** next = first + 1;
            while (next != end && (*next)->key.at == (*first)->key.at) ++next;
            if (next - first > 1) sort(first, next, work);
            first = next;
        }
    }

    const Event* const* next_ = nullptr;  ///< [next_, last_) of events_ are still to come
    const Event* const* last_ = nullptr;  ///< from there on stands never_, `sight` times
    std::vector<const Event*> events_ = std::vector<const Event*>(sight);
    Event never_{.key = {end_of_time, 0}};
};

}  // namespace driftstorm
