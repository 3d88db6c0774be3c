#pragma once

#include "sim/core/event.hpp"
#include "sim/core/expect.hpp"
#include "sim/core/fields.hpp"
#include "sim/core/pool.hpp"

#include <array>
#include <cstdint>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <vector>

namespace driftstorm {

/// Who of the waiting is served next. `priority`: class 0 before class 1, FIFO within a class, and
/// a service that runs is never interrupted for it (head of the line).
enum class Discipline : std::uint8_t { fifo, lifo, priority };
template <>
inline constexpr std::array<std::string_view, 3> enum_words<Discipline>{"fifo", "lifo", "priority"};

inline constexpr std::uint32_t no_limit = 0xffffffff;

struct QueuePolicy {
    std::uint32_t workers = 1;
    std::uint32_t waiting_limit = no_limit;  ///< places besides the workers'
    Discipline discipline = Discipline::fifo;
};

/// Jobs that wait for, and occupy, the workers of many places (stations, nodes): queue discipline,
/// workers and limits without any notion of time, so that whoever owns it decides what a service
/// is. State only; embed it in a model and list it in the model's state().
///
/// A job keeps its slot from join() to remove(). stamp(slot) changes whenever the job starts, is
/// paused, resumes or goes: a timer that carries the stamp it was set under is stale when they
/// differ.
template <class Job>
class WorkQueues {
  public:
    static_assert(std::is_trivially_copyable_v<Job>);

    Index add(const QueuePolicy& policy) {
        DRIFTSTORM_EXPECT(policy.workers >= 1);
        places_.push_back({policy, {}, {}, false});
        return static_cast<Index>(places_.size() - 1);
    }

    /// Whether a new job would find neither a worker nor a place to wait.
    bool full(Index place) const {
        const Place& p = places_[place];
        return std::uint64_t{waiting(place)} + p.serving.size >=
               std::uint64_t{p.policy.workers} + p.policy.waiting_limit;
    }

    /// The job waits from now on. @param urgency  0 or 1; regarded under Discipline::priority only
    Slot join(Index place, const Job& job, std::uint8_t urgency = 0) {
        Place& p = places_[place];
        const Slot slot = jobs_.put(job);
        if (slot >= links_.size()) links_.resize(slot + 1u);
        Link& link = links_[slot];
        link.line = p.policy.discipline == Discipline::priority && urgency != 0 ? 1 : 0;
        link.place = place;
        link.served = false;
        ++link.stamp;
        append(p.waiting[link.line], slot);
        return slot;
    }

    /// Seats the next waiting job at an idle worker; no_slot if there is none to seat or nobody to
    /// serve it.
    Slot start(Index place) {
        Place& p = places_[place];
        if (p.paused || p.serving.size >= p.policy.workers) return no_slot;
        SlotList& line = p.waiting[0].empty() ? p.waiting[1] : p.waiting[0];
        if (line.empty()) return no_slot;
        const Slot slot = p.policy.discipline == Discipline::lifo ? line.tail : line.head;
        remove(line, slot);
        append(p.serving, slot);
        links_[slot].served = true;
        ++links_[slot].stamp;
        return slot;
    }

    /// The job leaves, from its worker or from the line, whichever it is at.
    Job remove(Slot slot) {
        Link& link = links_[slot];
        Place& p = places_[link.place];
        remove(link.served ? p.serving : p.waiting[link.line], slot);
        ++link.stamp;
        return jobs_.take(slot);
    }

    /// While paused nobody is seated; f(slot) is called for each job at a worker, in order of its
    /// start.
    template <class F>
    void pause(Index place, F&& f) {
        Place& p = places_[place];
        p.paused = true;
        for (Slot slot = p.serving.head; slot != no_slot; slot = links_[slot].after) {
            ++links_[slot].stamp;
            f(slot);
        }
    }
    template <class F>
    void resume(Index place, F&& f) {
        Place& p = places_[place];
        p.paused = false;
        for (Slot slot = p.serving.head; slot != no_slot; slot = links_[slot].after) {
            ++links_[slot].stamp;
            f(slot);
        }
    }

    /// First of those at workers, else of those who wait; no_slot when the place is empty. To clear
    /// a place.
    Slot any(Index place) const {
        const Place& p = places_[place];
        if (!p.serving.empty()) return p.serving.head;
        return p.waiting[0].empty() ? p.waiting[1].head : p.waiting[0].head;
    }

    Job& operator[](Slot slot) { return jobs_[slot]; }
    const Job& operator[](Slot slot) const { return jobs_[slot]; }
    Generation stamp(Slot slot) const { return {links_[slot].stamp}; }
    bool is_served(Slot slot) const { return links_[slot].served; }
    std::uint32_t waiting(Index place) const {
        return places_[place].waiting[0].size + places_[place].waiting[1].size;
    }
    std::uint32_t serving(Index place) const { return places_[place].serving.size; }
    bool paused(Index place) const { return places_[place].paused; }
    const QueuePolicy& policy(Index place) const { return places_[place].policy; }
    std::size_t places() const { return places_.size(); }

    auto state() { return std::tie(places_, jobs_, links_); }

  private:
    struct Place {
        QueuePolicy policy;
        std::array<SlotList, 2> waiting;
        SlotList serving;
        bool paused = false;
    };
    struct Link {
        Slot before = no_slot;
        Slot after = no_slot;
        Index place = 0;
        std::uint32_t stamp = 0;
        std::uint8_t line = 0;
        bool served = false;
    };

    void append(SlotList& list, Slot slot) {
        links_[slot].before = list.tail;
        links_[slot].after = no_slot;
        (list.tail == no_slot ? list.head : links_[list.tail].after) = slot;
        list.tail = slot;
        ++list.size;
    }
    void remove(SlotList& list, Slot slot) {
        const Link& link = links_[slot];
        (link.before == no_slot ? list.head : links_[link.before].after) = link.after;
        (link.after == no_slot ? list.tail : links_[link.after].before) = link.before;
        --list.size;
    }

    std::vector<Place> places_;
    Pool<Job> jobs_;
    std::vector<Link> links_;  ///< by the job's slot
};

}  // namespace driftstorm
