#pragma once

#include "sim/core/event.hpp"

#include <algorithm>
#include <vector>

namespace driftstorm {

/// Pending events in a binary heap: the plain reference.
class HeapQueue {
  public:
    void push(const Event& event) {
        heap_.push_back(event);
        std::push_heap(heap_.begin(), heap_.end(), later);
    }
    bool pop_before(Time limit, Event& out) {
        if (heap_.empty() || heap_.front().key.at >= limit) return false;
        out = heap_.front();
        std::pop_heap(heap_.begin(), heap_.end(), later);
        heap_.pop_back();
        return true;
    }
    Time next_time() const { return heap_.empty() ? end_of_time : heap_.front().key.at; }
    std::size_t size() const { return heap_.size(); }
    const Event* upcoming(std::size_t) const { return nullptr; }
    template <class F>
    void for_each(F&& f) const {
        for (const Event& event : heap_) f(event);
    }
    void clear() { heap_.clear(); }
    std::size_t bytes() const { return sizeof *this + heap_.capacity() * sizeof(Event); }

  private:
    static bool later(const Event& a, const Event& b) { return a.key > b.key; }
    std::vector<Event> heap_;
};

static_assert(PendingEventSet<HeapQueue>);

}  // namespace driftstorm
