#pragma once

#include "sim/core/event.hpp"

#include <map>

namespace driftstorm {

/// Pending events in a map by key: the plain reference. No two events may have the same key, as in
/// a run.
class MapQueue {
  public:
    static constexpr std::size_t sight = 32;

    Event* push_quickly(EventKey) { return nullptr; }
    Event& push(EventKey key) {
        Event& event = events_[key];
        event.key = key;
        return event;
    }
    const Event* pop_before(Time limit) {
        if (events_.empty() || next_time() >= limit) return nullptr;
        popped_ = events_.begin()->second;
        events_.erase(events_.begin());
        return &popped_;
    }
    Time next_time() const { return events_.empty() ? end_of_time : events_.begin()->first.at; }
    std::size_t size() const { return events_.size(); }
    const Event* upcoming(std::size_t) const { return &popped_; }
    template <class F>
    void for_each(F&& f) const {
        for (const auto& [key, event] : events_) f(event);
    }
    void clear() { events_.clear(); }
    std::size_t bytes() const {
        return sizeof *this + events_.size() * (sizeof(EventKey) + sizeof(Event));
    }

  private:
    std::map<EventKey, Event> events_;
    Event popped_;
};

static_assert(PendingEventSet<MapQueue>);

}  // namespace driftstorm
