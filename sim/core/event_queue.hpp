#pragma once

#include "sim/core/event.hpp"
#include "sim/core/hot_column.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <tuple>
#include <vector>

namespace driftstorm {

/// Counts nothing, costs nothing. A test passes a type that counts.
struct NoWork {
    void moved(std::size_t) {}     ///< copies of events
    void compared(std::size_t) {}  ///< comparisons of two keys
};

/// Pending events in a monotone radix wheel on the integer time, 256 slots a level: an event lies
/// at the level of the highest base-256 digit in which its time differs from the cursor, in the
/// slot of that digit. A slot whose turn has come is spread over the levels below, or, once small,
/// sorted into the `run`, from which events are popped. What is sent into the span of the run goes
/// to `late`, a 4-ary heap; all else waits in the `inbox` until the run is over, and then finds its
/// slots together with the others, so that their memory is waited for once and not each time. Where
/// digits begin follows how dense events lie, so that runs are neither short nor long.
///
/// The cursor is moved by pop_before() alone and never to its limit or beyond, so that a partition
/// which waits for others does not make late ones of all their messages.
///
/// Cost per event: two appends, at most one copy per level (one or two in practice), its share of a
/// sort. Source of the wheel: Ahuja, Mehlhorn, Orlin, Tarjan, "Faster algorithms for the shortest
/// path problem", J. ACM 37 (1990), the radix heap.
template <class Work = NoWork>
class RadixWheel {
  public:
    RadixWheel() { clear(); }
    RadixWheel(const RadixWheel&) = delete;
    RadixWheel& operator=(const RadixWheel&) = delete;

    Event& push(EventKey key) {
        work_.moved(1);
        if (key.at.ns < run_end_) return place_late(key);
        if (in_inbox_ == inbox_.size()) empty_inbox();
        return receive(key);
    }

    /// The same where it costs little, which is nearly always; else nullptr, and nothing is pushed.
    [[gnu::always_inline]] Event* push_quickly(EventKey key) {
        if (key.at.ns < run_end_ || in_inbox_ == inbox_.size()) return nullptr;
        work_.moved(1);
        return &receive(key);
    }

    const Event* pop_before(Time limit) {
        if (next_ == last_ && late_.empty() && !form_run(limit.ns)) return nullptr;
        if (!late_.empty() && (next_ == last_ || less(late_.front(), run_[next_])))
            return pop_late(limit);
        const Event* least = &run_[next_];
        if (least->key.at >= limit) return nullptr;
        ++next_;
        return least;
    }

    Time next_time() const {
        Time least = end_of_time;
        if (next_ != last_) least = run_[next_].key.at;
        if (!late_.empty()) least = std::min(least, late_.front().key.at);
        if (least != end_of_time) return least;
        least.ns = inbox_least_;
        if (levels_used_ != 0) {
            const auto level = static_cast<std::size_t>(std::countr_zero(levels_used_));
            least.ns = std::min(least.ns, slots_[level][slots_used_[level].first()].least);
        }
        return least;
    }

    std::size_t size() const {
        std::size_t sum = last_ - next_ + late_.size() + in_inbox_;
        for_each_slot([&](const Slot& slot) { sum += slot.count; });
        return sum;
    }

    const Event* upcoming(std::size_t n) const {
        return n < last_ - next_ ? &run_[next_ + n] : nullptr;
    }
    std::uint64_t runs() const { return runs_; }

    template <class F>
    void for_each(F&& f) const {
        for (std::size_t i = next_; i < last_; ++i) f(run_[i]);
        for (const Event& event : late_) f(event);
        for (std::size_t i = 0; i < in_inbox_; ++i) f(inbox_[i]);
        for_each_slot([&](const Slot& slot) { visit(slot, f); });
    }

    void clear() {
        for (auto& level : slots_)
            for (Slot& slot : level) {
                free_chain(slot.tail);
                slot = Slot{};
            }
        slots_used_.fill({});
        levels_used_ = 0;
        late_.clear();
        in_inbox_ = 0;
        inbox_least_ = end_of_time.ns;
        next_ = 0;
        last_ = 0;
        cursor_ = 0;
        run_end_ = 0;
        raised_ = 0;
        taken_runs_ = 0;
        taken_events_ = 0;
        next_look_ = 4096;
    }

    /// Memory held for pending events, also what is kept for later ones [B].
    std::size_t bytes() const {
        return sizeof *this + chunks_ * sizeof(Chunk) +
               (run_.capacity() + late_.capacity()) * sizeof(Event);
    }

    const Work& work() const { return work_; }

  private:
    static constexpr std::uint32_t digit_bits = 8;
    static constexpr std::size_t slots_a_level = std::size_t{1} << digit_bits;
    static constexpr std::size_t levels = (62 + digit_bits - 1) / digit_bits + 1;
    static constexpr std::size_t most_in_run =
        512;  ///< but a slot of a single nanosecond is never divided
    static constexpr std::uint64_t shortest_run = 32;
    static constexpr std::uint32_t highest_inserted =
        16;  ///< pile up to which insertion beats sorting

    /// Events of a slot are stored in chunks, so that a slot costs what it holds and appending is
    /// local.
    struct Chunk {
        static constexpr std::size_t capacity = 25;  ///< makes 1,008 bytes
        Chunk* previous;
        std::array<Event, capacity> events;
    };
    static constexpr std::size_t chunks_a_page = (std::size_t{2} << 20) / sizeof(Chunk);
    struct Slot {
        Chunk* tail = nullptr;  ///< the chunks before it are full
        std::int64_t least = end_of_time.ns;
        std::uint32_t count = 0;
        std::uint32_t in_tail = Chunk::capacity;
    };

    /// Which slots of a level hold events.
    struct Used {
        std::array<std::uint64_t, slots_a_level / 64> words{};
        std::uint64_t some = 0;  ///< which words are not 0
        static_assert(slots_a_level / 64 <= 64);

        void insert(std::size_t digit) {
            words[digit / 64] |= std::uint64_t{1} << (digit % 64);
            some |= std::uint64_t{1} << (digit / 64);
        }
        /// Returns whether none is left.
        bool erase(std::size_t digit) {
            std::uint64_t& word = words[digit / 64];
            word &= ~(std::uint64_t{1} << (digit % 64));
            if (word == 0) some &= ~(std::uint64_t{1} << (digit / 64));
            return some == 0;
        }
        /// The least; there is one.
        std::size_t first() const {
            const auto i = static_cast<std::size_t>(std::countr_zero(some));
            return 64 * i + static_cast<std::size_t>(std::countr_zero(words[i]));
        }
        template <class F>
        void for_each(F&& f) const {
            for (std::size_t i = 0; i < words.size(); ++i)
                for (std::uint64_t word = words[i]; word != 0; word &= word - 1)
                    f(64 * i + static_cast<std::size_t>(std::countr_zero(word)));
        }
    };

    bool less(const EventKey& a, const EventKey& b) {
        work_.compared(1);
        return a.at.ns != b.at.ns ? a.at.ns < b.at.ns : a.tie < b.tie;
    }
    bool less(const Event& a, const Event& b) { return less(a.key, b.key); }

    /// Where an event of that time, not earlier than the cursor, lies.
    struct Place {
        std::uint32_t level;
        std::uint32_t digit;
    };
    [[gnu::always_inline]] Place place_of(std::uint64_t at) const {
        const auto bits = static_cast<std::uint32_t>(std::bit_width((at ^ cursor_) | 1)) - 1;
        const std::uint32_t level = (bits + raised_) / digit_bits;
        return {level, static_cast<std::uint32_t>((at >> shift_of(level)) % slots_a_level)};
    }

    [[gnu::always_inline]] Event& receive(EventKey key) {
        inbox_least_ = std::min(inbox_least_, key.at.ns);
        Event& event = inbox_[in_inbox_++];
        event.key = key;
        return event;
    }

    /// Puts what has come into its slots, whose memory is fetched while the ones before are filled.
    [[gnu::noinline]] void empty_inbox() {
        constexpr std::size_t ahead = 12;
        std::array<Place, std::tuple_size_v<decltype(inbox_)> + ahead> places;
        std::fill_n(places.begin() + static_cast<std::ptrdiff_t>(in_inbox_), ahead, Place{0, 0});
        for (std::size_t i = 0; i < in_inbox_; ++i)
            places[i] = place_of(static_cast<std::uint64_t>(inbox_[i].key.at.ns));
        const auto fetch_end = [this](const Place& place) {
            const Slot& slot = slots_[place.level][place.digit];
            const auto* chunk = reinterpret_cast<const std::byte*>(slot.tail);
            __builtin_prefetch(chunk + sizeof(Event) * slot.in_tail + sizeof(Event) / 2, 1);
        };
        for (std::size_t i = 0; i < ahead; ++i) fetch_end(places[i]);
        for (std::size_t i = 0; i < in_inbox_; ++i) {
            fetch_end(places[i + ahead]);
            place(inbox_[i].key, places[i]) = inbox_[i];
        }
        work_.moved(in_inbox_);
        in_inbox_ = 0;
        inbox_least_ = end_of_time.ns;
    }

    /// Appends to a slot whose last chunk has room.
    [[gnu::always_inline]] static Event& append(Slot& slot, EventKey key) {
        ++slot.count;
        slot.least = std::min(slot.least, key.at.ns);
        Event& event = slot.tail->events[slot.in_tail++];
        event.key = key;
        return event;
    }

    [[gnu::always_inline]] Event& place(EventKey key) {
        return place(key, place_of(static_cast<std::uint64_t>(key.at.ns)));
    }
    [[gnu::always_inline]] Event& place(EventKey key, const Place& place) {
        Slot& slot = slots_[place.level][place.digit];
        if (slot.in_tail == Chunk::capacity) add_chunk(place.level, place.digit);
        return append(slot, key);
    }

    [[gnu::noinline]] void add_chunk(std::uint32_t level, std::size_t digit) {
        Slot& slot = slots_[level][digit];
        slots_used_[level].insert(digit);
        levels_used_ |= 1u << level;
        Chunk* chunk = new_chunk();
        chunk->previous = slot.tail;
        slot.tail = chunk;
        slot.in_tail = 0;
    }

    /// Sorts the next few events before `limit` into the run. Returns false if there are none.
    bool form_run(std::int64_t limit) {
        empty_inbox();
        if (taken_events_ >= next_look_) look_at_runs();
        while (levels_used_ != 0) {
            const auto level = static_cast<std::uint32_t>(std::countr_zero(levels_used_));
            const std::size_t digit = slots_used_[level].first();
            Slot& slot = slots_[level][digit];
            if (slot.least >= limit) return false;
            const Slot taken = slot;
            slot = Slot{};
            if (slots_used_[level].erase(digit)) levels_used_ &= levels_used_ - 1;

            const std::uint32_t shift = shift_of(level);
            const std::uint64_t begin =
                (((cursor_ >> shift) & ~std::uint64_t{slots_a_level - 1}) | digit) << shift;
            const std::uint64_t end = begin + (std::uint64_t{1} << shift);
            if (taken.count <= most_in_run || level == 0) {
                ++taken_runs_;
                taken_events_ += taken.count;
                if (end <= static_cast<std::uint64_t>(limit)) {
                    take<true>(taken, shift, end);
                } else {
                    take<false>(taken, shift, static_cast<std::uint64_t>(limit));
                }
                return true;
            }
            cursor_ = begin;
            visit_and_free(taken, [this](const Event& event) { place(event.key) = event; });
            work_.moved(taken.count);
        }
        return false;
    }

    /// Lowest bit of the time in a level's digit.
    std::uint32_t shift_of(std::uint32_t level) const {
        return std::max(digit_bits * level, raised_) - raised_;
    }

    /// Aligns the digits so that a run has some 64 to 128 events: of short ones each event bears
    /// more, of long ones more arrive late. Looks again after so many events that placing all anew
    /// is cheap.
    [[gnu::noinline]] void look_at_runs() {
        const std::uint64_t mean = taken_events_ / taken_runs_;
        std::uint32_t pending = 0;
        for_each_slot([&](const Slot& slot) { pending += slot.count; });
        next_look_ = 4096 + 4 * std::uint64_t{pending};
        taken_runs_ = 0;
        taken_events_ = 0;
        if (mean >= shortest_run && mean < 4 * shortest_run) return;
        const auto bits = static_cast<std::uint32_t>(std::bit_width(mean));
        // Slots wider by one bit hold twice as many; digits come round.
        const auto wanted = static_cast<std::uint32_t>(std::bit_width(2 * shortest_run));
        raised_ = (raised_ + digit_bits + bits % digit_bits - wanted) % digit_bits;
        std::array<std::array<Slot, slots_a_level>, levels> before;
        std::swap(before, slots_);
        const std::array<Used, levels> used = slots_used_;
        slots_used_.fill({});
        levels_used_ = 0;
        for (std::size_t level = 0; level < levels; ++level)
            used[level].for_each([&](std::size_t digit) {
                visit_and_free(before[level][digit],
                               [this](const Event& event) { place(event.key) = event; });
            });
    }

    /// Makes the events of a slot that come before `end` the run; the others go back into the
    /// wheel. Where times spread evenly over the slot, as they do in most, a scatter by time leaves
    /// little to sort.
    template <bool whole>
    void take(const Slot& slot, std::uint32_t shift, std::uint64_t end) {
        // The cursor stays inside the slot: at its end, a carry could put slots above out of date.
        cursor_ = end - 1;
        run_end_ = static_cast<std::int64_t>(end);
        ++runs_;
        next_ = 0;
        if (run_.size() < slot.count) run_.resize(slot.count);

        fetch_next();
        const auto wanted = static_cast<std::uint32_t>(
            std::bit_width(std::min<std::size_t>(slot.count, most_in_run) - 1));
        const std::uint32_t width = std::min(wanted, shift);  // log2 of the number of piles
        const std::uint32_t narrow = shift - width;
        const std::uint64_t mask = (std::uint64_t{1} << width) - 1;
        const auto is_taken = [this](const Event& event) {
            return whole || event.key.at.ns < run_end_;
        };
        const auto pile_of = [=](const Event& event) {
            return (static_cast<std::uint64_t>(event.key.at.ns) >> narrow) & mask;
        };
        std::array<std::uint32_t, most_in_run> ends;  // where the next event of a pile goes
        std::fill_n(ends.begin(), mask + 1, 0u);
        visit(slot, [&](const Event& event) { ends[pile_of(event)] += is_taken(event) ? 1 : 0; });
        std::uint32_t sum = 0;
        std::uint32_t highest = 0;
        for (std::uint64_t pile = 0; pile <= mask; ++pile) {
            const std::uint32_t height = ends[pile];
            highest = std::max(highest, height);
            ends[pile] = sum;
            sum += height;
        }
        last_ = sum;
        Event* const run = run_.data();
        visit_and_free(slot, [&](const Event& event) {
            if (is_taken(event)) {
                run[ends[pile_of(event)]++] = event;
            } else {
                place(event.key) = event;
            }
        });
        work_.moved(slot.count);
        if (highest <= highest_inserted) {
            insertion_sort();
        } else {
            std::sort(run_.begin(), run_.begin() + static_cast<std::ptrdiff_t>(last_),
                      [this](const Event& a, const Event& b) { return less(a, b); });
        }
    }

    /// Sorts a run in which no event is far from its place.
    void insertion_sort() {
        Event* const run = run_.data();
        for (std::size_t i = 1; i < last_; ++i) {
            if (!less(run[i], run[i - 1])) continue;
            const Event event = run[i];
            std::size_t hole = i;
            do {
                run[hole] = run[hole - 1];
                work_.moved(1);
                --hole;
            } while (hole != 0 && less(event, run[hole - 1]));
            run[hole] = event;
        }
    }

    [[gnu::noinline]] Event& place_late(EventKey key) {
        std::size_t hole = late_.size();
        late_.emplace_back();
        while (hole != 0) {
            const std::size_t parent = (hole - 1) / 4;
            if (!less(key, late_[parent].key)) break;
            late_[hole] = late_[parent];
            work_.moved(1);
            hole = parent;
        }
        late_[hole].key = key;
        return late_[hole];
    }

    [[gnu::noinline]] const Event* pop_late(Time limit) {
        if (late_.front().key.at >= limit) return nullptr;
        popped_ = late_.front();
        const Event moved = late_.back();
        late_.pop_back();
        if (late_.empty()) return &popped_;
        std::size_t hole = 0;
        for (;;) {
            const std::size_t first = 4 * hole + 1;
            if (first >= late_.size()) break;
            const std::size_t last = std::min(first + 4, late_.size());
            std::size_t least = first;
            for (std::size_t child = first + 1; child < last; ++child)
                if (less(late_[child], late_[least])) least = child;
            if (!less(late_[least], moved)) break;
            late_[hole] = late_[least];
            work_.moved(1);
            hole = least;
        }
        late_[hole] = moved;
        return &popped_;
    }

    template <class F>
    void for_each_slot(F&& f) const {
        for (std::size_t level = 0; level < levels; ++level)
            slots_used_[level].for_each([&](std::size_t digit) { f(slots_[level][digit]); });
    }

    template <class F>
    static void visit(const Slot& slot, F&& f) {
        std::size_t used = slot.in_tail;
        for (const Chunk* chunk = slot.tail; chunk != nullptr; chunk = chunk->previous) {
            if (chunk->previous != nullptr) fetch(*chunk->previous);
            for (std::size_t i = 0; i < used; ++i) f(chunk->events[i]);
            used = Chunk::capacity;
        }
    }

    /// Visits the events of a slot that has been taken out; frees each chunk before the next is
    /// read, so that what `f` places uses it again.
    template <class F>
    void visit_and_free(const Slot& slot, F&& f) {
        std::size_t used = slot.in_tail;
        for (Chunk* chunk = slot.tail; chunk != nullptr;) {
            Chunk* previous = chunk->previous;
            if (previous != nullptr) fetch(*previous);
            for (std::size_t i = 0; i < used; ++i) f(chunk->events[i]);
            used = Chunk::capacity;
            chunk->previous = free_;
            free_ = chunk;
            chunk = previous;
        }
    }

    static void fetch(const Chunk& chunk) {
        const auto* bytes = reinterpret_cast<const std::byte*>(&chunk);
        for (std::size_t at = 0; at < sizeof chunk; at += 64) __builtin_prefetch(bytes + at);
    }

    /// Fetches the chunk that the next run starts from.
    void fetch_next() const {
        if (levels_used_ == 0) return;
        const auto level = static_cast<std::size_t>(std::countr_zero(levels_used_));
        fetch(*slots_[level][slots_used_[level].first()].tail);
    }

    Chunk* new_chunk() {
        if (free_ == nullptr) {
            // Twice as many, until a slab fills a large page.
            const std::size_t more = std::clamp<std::size_t>(chunks_, 16, chunks_a_page);
            slabs_.emplace_back(more);
            chunks_ += more;
            for (std::size_t i = more; i-- > 0;) {
                slabs_.back()[i].previous = free_;
                free_ = &slabs_.back()[i];
            }
        }
        Chunk* chunk = free_;
        free_ = chunk->previous;
        return chunk;
    }

    void free_chain(Chunk* chunk) {
        while (chunk != nullptr) {
            Chunk* previous = chunk->previous;
            chunk->previous = free_;
            free_ = chunk;
            chunk = previous;
        }
    }

    HotColumn<Event> run_;  ///< [next_, last_) are pending and sorted
    std::size_t next_ = 0;
    std::size_t last_ = 0;
    std::uint64_t runs_ = 0;        ///< formed so far
    std::int64_t run_end_ = 0;      ///< all earlier pending events are in run_ or late_ [ns]
    Event popped_;                  ///< the last one from late_
    std::vector<Event> late_;       ///< children of i are 4 i + 1 ... 4 i + 4
    std::array<Event, 128> inbox_;  ///< sent since the run was formed, none into its span
    std::size_t in_inbox_ = 0;
    std::int64_t inbox_least_ = end_of_time.ns;

    std::uint64_t cursor_ = 0;        ///< not later than any event in the wheel [ns]
    std::uint32_t raised_ = 0;        ///< by how many bits less than whole digits slots are wide
    std::uint64_t taken_runs_ = 0;    ///< since the last look, with
    std::uint64_t taken_events_ = 0;  ///< so many events
    std::uint64_t next_look_ = 4096;
    std::uint32_t levels_used_ = 0;
    std::array<Used, levels> slots_used_{};
    std::array<std::array<Slot, slots_a_level>, levels> slots_{};

    std::vector<HotColumn<Chunk>> slabs_;
    std::size_t chunks_ = 0;
    Chunk* free_ = nullptr;
    [[no_unique_address]] Work work_{};
};

using EventQueue = RadixWheel<>;
static_assert(PendingEventSet<EventQueue>);

}  // namespace driftstorm
