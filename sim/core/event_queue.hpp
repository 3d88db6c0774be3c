#pragma once

#include "sim/core/event.hpp"
#include "sim/core/event_chunks.hpp"
#include "sim/core/event_run.hpp"

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
/// sorted into the run, from which events are popped. What is sent into the span of the run goes
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
    static constexpr std::size_t sight = EventRun<Work>::sight;

    RadixWheel() { clear(); }
    RadixWheel(const RadixWheel&) = delete;
    RadixWheel& operator=(const RadixWheel&) = delete;

    Event& push(EventKey key) {
        work_.moved(1);
        if (key.at.ns < run_end_) return place_late(key);
        if (inbox_end_ == inbox_.data() + inbox_.size()) empty_inbox();
        return receive(key);
    }

    /// The same where it costs little, which is nearly always; else nullptr, and nothing is pushed.
    [[gnu::always_inline]] Event* push_quickly(EventKey key) {
        if (key.at.ns < run_end_ || inbox_end_ == inbox_.data() + inbox_.size()) return nullptr;
        work_.moved(1);
        return &receive(key);
    }

    [[gnu::always_inline]] const Event* pop_before(Time limit) {
        const Time at = run_.front().key.at;
        return at.ns < late_at_ && at < limit ? run_.pop() : pop_slowly(limit);
    }

    Time next_time() const {
        Time least{std::min(run_.front().key.at.ns, late_at_)};
        if (least != end_of_time) return least;
        for (const Event* event = inbox_.data(); event != inbox_end_; ++event)
            least = std::min(least, event->key.at);
        if (levels_used_ != 0) {
            const auto level = static_cast<std::size_t>(std::countr_zero(levels_used_));
            least.ns = std::min(least.ns, slots_[first_of(level)].least);
        }
        return least;
    }

    std::size_t size() const {
        std::size_t sum = run_.size() + late_.size() + in_inbox();
        for_each_slot([&](const EventList& slot) { sum += slot.count(); });
        return sum;
    }

    [[gnu::always_inline]] const Event* upcoming(std::size_t n) const { return run_.upcoming(n); }
    std::uint64_t runs() const { return runs_; }

    template <class F>
    void for_each(F&& f) const {
        run_.visit(f);
        for (const Event& event : late_) f(event);
        for (const Event* event = inbox_.data(); event != inbox_end_; ++event) f(*event);
        for_each_slot([&](const EventList& slot) { slot.visit(f); });
    }

    void clear() {
        for (EventList& slot : slots_) {
            chunks_.take_back(slot.last());
            slot = EventList{};
        }
        end_run();
        slots_used_.fill({});
        levels_used_ = 0;
        late_.clear();
        late_at_ = end_of_time.ns;
        inbox_end_ = inbox_.data();
        cursor_ = 0;
        run_end_ = 0;
        raise(0);
        taken_ = {};
        next_look_ = 4096;
    }

    /// Memory held for pending events, also what is kept for later ones [B].
    std::size_t bytes() const {
        return sizeof *this + chunks_.bytes() + run_.bytes() + late_.capacity() * sizeof(Event);
    }

    const Work& work() const { return work_; }

  private:
    static constexpr std::uint32_t digit_bits = 8;
    static constexpr std::size_t slots_a_level = std::size_t{1} << digit_bits;
    static constexpr std::size_t levels = (62 + digit_bits - 1) / digit_bits + 1;
    /// But a slot of a single nanosecond is never divided.
    static constexpr std::size_t most_in_run = EventRun<Work>::most_by_time;
    /// What runs are to be long: by how many events are pending, between these.
    static constexpr std::uint64_t shortest_run = 64;
    static constexpr std::uint64_t longest_run = 192;
    /// Up to here a core's own cache holds the wheel, and fetching ahead only costs [B].
    static constexpr std::size_t wheel_in_cache = std::size_t{256} << 10;

    /// The slots of a level.
    struct Way {
        std::uint16_t first_slot = 0;
        std::uint16_t shift = 0;  ///< lowest bit of the time in the level's digit
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

    /// Runs formed, by what their events saw: the many runs of one event each that stand where a
    /// digit turns say little of how dense events lie.
    struct Taken {
        std::uint64_t events = 0;
        std::uint64_t squares = 0;  ///< sum of the squares of the runs' lengths

        void add(std::uint64_t count) {
            events += count;
            squares += count * count;
        }
        /// Of the run that an event is in, on average over events.
        std::uint64_t length() const { return squares / events; }
    };

    bool less(const EventKey& a, const EventKey& b) {
        work_.compared(1);
        return a < b;
    }
    bool less(const Event& a, const Event& b) { return less(a.key, b.key); }

    /// The highest bit in which a time, not earlier than the cursor, differs from it; 0 if in none.
    [[gnu::always_inline]] std::uint8_t highest_change(std::uint64_t at) const {
        return static_cast<std::uint8_t>(63 ^ __builtin_clzll((at ^ cursor_) | 1));
    }
    /// The slot for an event.
    [[gnu::always_inline]] EventList& slot_of(const Event& event, std::uint8_t highest_change) {
        const Way way = ways_[highest_change];
        const auto at = static_cast<std::uint64_t>(event.key.at.ns);
        return slots_[way.first_slot + (at >> way.shift) % slots_a_level];
    }
    /// The first slot in use of a level that has one.
    std::size_t first_of(std::size_t level) const {
        return level * slots_a_level + slots_used_[level].first();
    }

    [[gnu::always_inline]] Event& receive(EventKey key) {
        Event& event = *inbox_end_++;
        event.key = key;
        return event;
    }
    std::size_t in_inbox() const { return static_cast<std::size_t>(inbox_end_ - inbox_.data()); }

    /// Puts what has come into its slots.
    [[gnu::noinline]] void empty_inbox() {
        // In a pass of its own: x86-64 waits for the old value of the register that gets the bit.
        std::array<std::uint8_t, std::tuple_size_v<decltype(inbox_)>> highest_changes;
        const std::size_t count = in_inbox();
        for (std::size_t i = 0; i < count; ++i)
            highest_changes[i] = highest_change(static_cast<std::uint64_t>(inbox_[i].key.at.ns));
        if (chunks_.bytes() < wheel_in_cache) {
            for (std::size_t i = 0; i < count; ++i)
                place(inbox_[i], slot_of(inbox_[i], highest_changes[i]));
        } else {
            place_fetching(count, highest_changes.data());
        }
        work_.moved(count);
        inbox_end_ = inbox_.data();
    }
    /// The same for a large wheel: memory is fetched while the slots before are filled.
    void place_fetching(std::size_t count, const std::uint8_t* highest_changes) {
        constexpr std::size_t ahead = 12;
        std::array<EventList*, std::tuple_size_v<decltype(inbox_)> + ahead> slots;
        std::fill_n(slots.begin() + static_cast<std::ptrdiff_t>(count), ahead, slots_.data());
        for (std::size_t i = 0; i < count; ++i) slots[i] = &slot_of(inbox_[i], highest_changes[i]);
        const auto fetch_end = [](const EventList* slot) {
            __builtin_prefetch(reinterpret_cast<const std::byte*>(slot->next) + sizeof(Event) / 2,
                               1);
        };
        for (std::size_t i = 0; i < ahead; ++i) fetch_end(slots[i]);
        for (std::size_t i = 0; i < count; ++i) {
            fetch_end(slots[i + ahead]);
            place(inbox_[i], *slots[i]);
        }
    }

    [[gnu::always_inline]] void place(const Event& event) {
        place(event, slot_of(event, highest_change(static_cast<std::uint64_t>(event.key.at.ns))));
    }
    [[gnu::always_inline]] void place(const Event& event, EventList& slot) {
        if (slot.is_full()) extend(slot);
        slot.put(event);
    }
    [[gnu::noinline]] void extend(EventList& slot) {
        const auto number = static_cast<std::size_t>(&slot - slots_.data());
        slots_used_[number / slots_a_level].insert(number % slots_a_level);
        levels_used_ |= 1u << (number / slots_a_level);
        chunks_.extend(slot);
    }

    /// Where the next event is no plain one of the run.
    [[gnu::noinline]] const Event* pop_slowly(Time limit) {
        if (run_.empty() && late_.empty() && !form_run(limit.ns)) return nullptr;
        if (!late_.empty() && less(late_.front(), run_.front())) return pop_late(limit);
        return run_.front().key.at < limit ? run_.pop() : nullptr;
    }

    /// Sorts the next few events before `limit` into the run. Returns false if there are none.
    bool form_run(std::int64_t limit) {
        end_run();
        empty_inbox();
        if (taken_.events >= next_look_) look_at_runs();
        while (levels_used_ != 0) {
            const auto level = static_cast<std::uint32_t>(std::countr_zero(levels_used_));
            const std::size_t digit = slots_used_[level].first();
            EventList& slot = slots_[level * slots_a_level + digit];
            if (slot.least >= limit) return false;
            const EventList taken = slot;
            slot = EventList{};
            if (slots_used_[level].erase(digit)) levels_used_ &= levels_used_ - 1;

            const std::uint32_t shift = shift_of(level);
            const std::uint64_t begin =
                (((cursor_ >> shift) & ~std::uint64_t{slots_a_level - 1}) | digit) << shift;
            const std::uint64_t end = begin + (std::uint64_t{1} << shift);
            if (taken.count() <= most_in_run || level == 0) {
                // A crowd at one nanosecond says nothing of how wide a slot should be.
                if (taken.count() <= most_in_run) taken_.add(taken.count());
                // The cursor stays inside the slot: at its end, a carry could put slots above out
                // of date.
                const std::uint64_t before = std::min(end, static_cast<std::uint64_t>(limit));
                cursor_ = before - 1;
                run_end_ = static_cast<std::int64_t>(before);
                ++runs_;
                fetch_next();
                const EventList events = before < end ? part_of(taken) : taken;
                of_run_ = events.last();
                run_.fill(events, begin, shift, work_);
                return true;
            }
            cursor_ = begin;
            divide(taken, level - 1);
        }
        return false;
    }

    /// Spreads a slot that has been taken out over the level below. There its first events, whose
    /// digit is the cursor's too, form the next run or are divided before anything else is sent.
    void divide(const EventList& taken, std::uint32_t level) {
        const std::uint32_t shift = shift_of(level);
        EventList* const slots = &slots_[level * slots_a_level];
        chunks_.visit_and_take_back(taken, [this, shift, slots](const Event& event) {
            const auto at = static_cast<std::uint64_t>(event.key.at.ns);
            place(event, slots[(at >> shift) % slots_a_level]);
        });
        work_.moved(taken.count());
    }

    /// Lowest bit of the time in a level's digit.
    std::uint16_t shift_of(std::uint32_t level) const {
        return static_cast<std::uint16_t>(std::max(digit_bits * level, raised_) - raised_);
    }

    /// Digits begin `bits` bits lower than whole ones; the lowest begins at the nanosecond.
    void raise(std::uint32_t bits) {
        raised_ = bits;
        for (std::uint32_t bit = 0; bit < ways_.size(); ++bit) {
            const std::uint32_t level = (bit + bits) / digit_bits;
            ways_[bit] = {static_cast<std::uint16_t>(level * slots_a_level), shift_of(level)};
        }
    }

    void end_run() {
        run_.clear();
        chunks_.take_back(of_run_);
        of_run_ = nullptr;
    }

    /// Aligns the digits so that most events are in runs of the length that costs least: of short
    /// ones each event bears more, of long ones more arrive late, unless as many more are pending.
    /// Looks again after so many events that placing all anew is cheap.
    [[gnu::noinline]] void look_at_runs() {
        std::uint64_t length = taken_.length();
        std::uint64_t pending = 0;
        for_each_slot([&](const EventList& slot) { pending += slot.count(); });
        next_look_ = 4096 + pending;
        taken_ = {};
        const std::uint64_t goal = std::clamp(pending / 32, shortest_run, longest_run);
        if (length * length <= 3 * goal * goal && goal * goal <= 3 * length * length) return;
        // Slots half as wide hold half as many; digits come round.
        std::uint32_t raised = raised_ + 64 * digit_bits;
        for (; length * length > 2 * goal * goal; length /= 2) ++raised;
        for (; 2 * length * length < goal * goal; length *= 2) --raised;
        raise(raised % digit_bits);
        std::array<EventList, levels * slots_a_level> before;
        std::swap(before, slots_);
        const std::array<Used, levels> used = slots_used_;
        slots_used_.fill({});
        levels_used_ = 0;
        for (std::size_t level = 0; level < levels; ++level)
            used[level].for_each([&](std::size_t digit) {
                chunks_.visit_and_take_back(before[level * slots_a_level + digit],
                                            [this](const Event& event) { place(event); });
            });
    }

    /// Of a slot that has been taken out, what comes before the end of the run; the rest goes back
    /// into the wheel.
    EventList part_of(const EventList& slot) {
        EventList part;
        chunks_.visit_and_take_back(slot, [&](const Event& event) {
            if (event.key.at.ns < run_end_) {
                if (part.is_full()) chunks_.extend(part);
                part.put(event);
            } else {
                place(event);
            }
        });
        work_.moved(slot.count());
        return part;
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
        late_at_ = late_.front().key.at.ns;
        return late_[hole];
    }

    [[gnu::noinline]] const Event* pop_late(Time limit) {
        if (late_.front().key.at >= limit) return nullptr;
        popped_ = late_.front();
        const Event moved = late_.back();
        late_.pop_back();
        if (late_.empty()) {
            late_at_ = end_of_time.ns;
            return &popped_;
        }
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
        late_at_ = late_.front().key.at.ns;
        return &popped_;
    }

    template <class F>
    void for_each_slot(F&& f) const {
        for (std::size_t level = 0; level < levels; ++level)
            slots_used_[level].for_each(
                [&](std::size_t digit) { f(slots_[level * slots_a_level + digit]); });
    }

    /// Fetches the chunk that the next run starts from.
    void fetch_next() const {
        if (levels_used_ == 0) return;
        const auto level = static_cast<std::size_t>(std::countr_zero(levels_used_));
        slots_[first_of(level)].last()->fetch();
    }

    // What every push and pop touches comes first.
    EventRun<Work> run_;
    std::int64_t late_at_ = end_of_time.ns;  ///< of the least of late_ [ns]
    std::int64_t run_end_ = 0;  ///< all earlier pending events are in run_ or late_ [ns]
    Event* inbox_end_ = nullptr;
    std::uint64_t runs_ = 0;        ///< formed so far
    std::array<Event, 128> inbox_;  ///< sent since the run was formed, none into its span
    EventChunk* of_run_ = nullptr;  ///< where the events of run_ lie
    Event popped_;                  ///< the last one from late_
    std::vector<Event> late_;       ///< children of i are 4 i + 1 ... 4 i + 4

    std::uint64_t cursor_ = 0;    ///< not later than any event in the wheel [ns]
    std::uint32_t raised_ = 0;    ///< by how many bits less than whole digits slots are wide
    std::array<Way, 63> ways_{};  ///< by the highest bit in which a time differs from the cursor
    Taken taken_;                 ///< since the last look
    std::uint64_t next_look_ = 4096;
    std::uint32_t levels_used_ = 0;
    std::array<Used, levels> slots_used_{};
    std::array<EventList, levels * slots_a_level> slots_{};

    EventChunks chunks_;
    [[no_unique_address]] Work work_{};
};

using EventQueue = RadixWheel<>;
static_assert(PendingEventSet<EventQueue>);

}  // namespace driftstorm
