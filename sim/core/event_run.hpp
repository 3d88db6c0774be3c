#pragma once

#include "sim/core/event.hpp"
#include "sim/core/event_chunks.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
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
        const std::size_t count = list.count();
        if (events_.size() < count + sight) events_.resize(count + sight);
        if (count > most_by_time) {
            const Event** end = events_.data();
            list.visit([&](const Event& event) { *end++ = &event; });
            sort(events_.data(), end, work);
        } else {
            sort_by_time(list, begin, shift, work);
        }
        work.moved(count);
        start(count);
    }

  private:
    static constexpr std::size_t piles_an_event = 4;  ///< at most, and half as many at least

    void start(std::size_t count) {
        std::fill_n(events_.begin() + static_cast<std::ptrdiff_t>(count), sight, &never_);
        next_ = events_.data();
        last_ = next_ + count;
    }

    /// a.key < b.key without a branch, which would often be guessed wrong.
    static bool less(const Event& a, const Event& b, Work& work) {
        work.compared(1);
        const std::int64_t since = a.key.at.ns - b.key.at.ns;  // times are not negative
        return (since < 0) | ((since == 0) & (a.key.tie < b.key.tie));
    }
    static void sort(const Event** begin, const Event** end, Work& work) {
        std::sort(begin, end,
                  [&work](const Event* a, const Event* b) { return less(*a, *b, work); });
    }

    /// Where times spread evenly, as they mostly do, piles by time of which most are empty leave
    /// little to sort.
    void sort_by_time(const EventList& list, std::uint64_t begin, std::uint32_t shift, Work& work) {
        const std::uint32_t width =  // log2 of the number of piles
            std::min(static_cast<std::uint32_t>(std::bit_width(piles_an_event * list.count() - 1)),
                     shift);
        const std::uint32_t narrow = shift - width;
        const std::size_t piles = std::size_t{1} << width;
        // A pile is a list from its last event back; events are numbered from 1.
        std::array<std::uint16_t, piles_an_event * most_by_time> last_of;
        std::array<std::uint64_t, piles_an_event * most_by_time / 64>
            in_use;  // a bit for each pile
        std::array<const Event*, most_by_time + 1> events;
        std::array<std::uint16_t, most_by_time + 1> before;
        std::fill_n(last_of.begin(), piles, std::uint16_t{0});
        std::fill_n(in_use.begin(), (piles + 63) / 64, std::uint64_t{0});

        std::size_t count = 0;
        list.visit([&](const Event& event) {
            const std::size_t pile =
                (static_cast<std::uint64_t>(event.key.at.ns) - begin) >> narrow;
            events[++count] = &event;
            before[count] = last_of[pile];
            last_of[pile] = static_cast<std::uint16_t>(count);
            in_use[pile / 64] |= std::uint64_t{1} << (pile % 64);
        });

        const Event** end = events_.data();
        for (std::size_t word = 0; word < (piles + 63) / 64; ++word)
            for (std::uint64_t bits = in_use[word]; bits != 0; bits &= bits - 1) {
                const std::size_t i =
                    last_of[64 * word + static_cast<std::size_t>(std::countr_zero(bits))];
                const std::size_t j = before[i];
                *end = events[i];
                if (j == 0) [[likely]] {
                    ++end;
                    continue;
                }
                if (before[j] == 0) [[likely]] {  // two, in one order or the other
                    const bool later = less(*events[j], *events[i], work);
                    end[later] = events[i];
                    end[!later] = events[j];
                    end += 2;
                    continue;
                }
                const Event** const pile = end++;
                for (std::size_t k = j; k != 0; k = before[k]) *end++ = events[k];
                sort(pile, end, work);
            }
    }

    const Event* const* next_ = nullptr;  ///< [next_, last_) of events_ are still to come
    const Event* const* last_ = nullptr;  ///< from there on stands never_, `sight` times
    std::vector<const Event*> events_ = std::vector<const Event*>(sight);
    Event never_{.key = {end_of_time, 0}};
};

}  // namespace driftstorm
