#pragma once

#include "sim/core/event.hpp"
#include "sim/core/table.hpp"

#include <cstdint>
#include <span>
#include <string_view>

namespace driftstorm {

/// A member of a message as an observer sees it.
struct ObservedField {
    std::string_view name;
    std::string_view unit;
    ColumnKind kind;
    std::uint64_t bits;  ///< of the value; an entity's id
    std::span<const std::string_view> words = {};
};

/// An event as it is digested, before its handler runs.
struct ObservedEvent {
    EventKey key;
    EntityId target{};
    std::string_view message;
    std::string_view model;  ///< whose handler runs
    /// Events that the target had sent before. So whoever was delivered to an entity last with
    /// sent_before <= n sent the entity's event of count n.
    std::uint32_t sent_before = 0;
    std::uint64_t payload = 0;  ///< its identity; 0: it carries none
    std::span<const ObservedField> fields;
};

/// Told of every event of a run that is digested, in order within a partition. It changes nothing.
class RunObserver {
  public:
    virtual ~RunObserver() = default;
    virtual void event(const ObservedEvent& event) = 0;

    bool wants_fields = true;  ///< else events come without them, which is faster
};

}  // namespace driftstorm
