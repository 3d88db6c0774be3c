#pragma once

#include "sim/core/time.hpp"

#include <array>
#include <compare>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

namespace driftstorm {

class Context;

/// Dense id of an entity, given at load in order of (section, name, member). It orders events of
/// one instant and addresses messages, and never enters a draw, a digest or a result.
enum class EntityId : std::uint32_t {};
inline constexpr EntityId no_entity{0x3fffffff};

/// Where an entity stands in its model's columns within its partition.
using Index = std::uint32_t;

/// An entity that is known to be a Model: what `send` needs to check the receiver at compile time.
template <class Model>
struct Address {
    EntityId id = no_entity;
    friend constexpr auto operator<=>(Address, Address) = default;
};

/// Order of events at one instant: the world moves, packets land, protocols act, samplers look.
enum class Phase : std::uint8_t { physics, network, protocol, sample };

/// Total order of events: (at, phase, source, source's own count). It depends on who sends to whom,
/// never on the order of insertion, on addresses, partitions or threads.
struct EventKey {
    Time at;
    std::uint64_t tie = 0;

    static constexpr EventKey of(Time at, Phase phase, EntityId source, std::uint32_t count) {
        return {at, (std::uint64_t{static_cast<std::uint8_t>(phase)} << 62) |
                        (std::uint64_t{static_cast<std::uint32_t>(source)} << 32) | count};
    }
    constexpr Phase phase() const { return static_cast<Phase>(tie >> 62); }
    constexpr EntityId source() const { return static_cast<EntityId>((tie >> 32) & 0x3fffffff); }
    constexpr std::uint32_t count() const { return static_cast<std::uint32_t>(tie); }

    friend constexpr auto operator<=>(const EventKey&, const EventKey&) = default;
};

/// A number that tells a live timer from a cancelled one; not part of an event's identity.
struct Generation {
    std::uint32_t value = 0;
    friend constexpr auto operator<=>(Generation, Generation) = default;
};

/// Addresses a model's own columns from within a message. Dense, so no part of an event's identity:
/// the message also carries the entities it stands for.
struct LocalNumber {
    std::uint32_t value = 0;
    friend constexpr auto operator<=>(LocalNumber, LocalNumber) = default;
};

/// A message small enough to travel inside the event.
inline constexpr std::size_t inline_bytes = 16;

/// Larger things travel in the kernel's pools; the handler receives them as its second argument:
/// `struct Arrive { using Payload = Packet; ... }`, `on(const Arrive&, const Packet&, Index,
/// Context&)`. A Payload is trivially copyable and has `std::uint64_t identity() const` for the
/// digest.
template <class M>
concept CarriesPayload = requires {
    typename M::Payload;
};

template <class M>
inline constexpr std::size_t message_limit = CarriesPayload<M> ? inline_bytes - 4 : inline_bytes;

/// Something a model may be told at a later time: small, trivially copyable, named, with a phase.
template <class M>
concept Message = std::is_trivially_copyable_v<M> && sizeof(M) <= message_limit<M>&& requires {
    { M::name } -> std::convertible_to<std::string_view>;
    { M::phase } -> std::convertible_to<Phase>;
};

template <class Model, class M>
concept ReceivesPlain = requires(Model& model, const M& message, Index index, Context& context) {
    model.on(message, index, context);
};
template <class Model, class M>
concept ReceivesPayload = CarriesPayload<M> &&
    requires(Model& model, const M& message, const typename M::Payload& payload, Index index,
             Context& context) {
    model.on(message, payload, index, context);
};
/// Model has a handler for M. Sending M to any other model does not compile.
template <class Model, class M>
concept Receives = Message<M> &&
    (CarriesPayload<M> ? ReceivesPayload<Model, M> : ReceivesPlain<Model, M>);

template <class Model, class M>
concept TakesPlain = Receives<Model, M> && !CarriesPayload<M>;
template <class Model, class M>
concept TakesPayload = Receives<Model, M> && CarriesPayload<M>;

/// A timer that moves more often than it fires: `bool stale(const M&, Index) const` tells a
/// cancelled one, which is dropped when popped: not delivered, not hashed, not counted.
template <class Model, class M>
concept Cancels = requires(const Model& model, const M& message, Index index) {
    { model.stale(message, index) } -> std::convertible_to<bool>;
};

/// One pending event. `tag` is this kernel's number of (model, message); it is never stored in a
/// file.
struct Event {
    EventKey key;
    EntityId target{};
    std::uint32_t tag = 0;
    std::array<std::byte, inline_bytes> message{};
};

static_assert(sizeof(Event) == 40);
static_assert(std::is_trivially_copyable_v<Event>);

/// What a set of pending events must offer, so that the kernel's can be swapped.
/// push(key) returns the new event's place, where the caller writes the rest before anything else:
/// an event built elsewhere and copied would be read back wider than it was written, which stalls.
/// push_quickly(key) does the same in a few instructions, or returns nullptr and does nothing.
/// pop_before(limit) takes the event of least key if its time is before `limit`, else nullptr; it
/// stays readable until the next pop. next_time() is the least pending time (end_of_time if none)
/// and never advances anything; upcoming(n), n < sight, hints at the event n places ahead (any
/// event when unknown), for prefetching; for_each visits all in any order; bytes() is the memory
/// held [B].
template <class Set>
concept PendingEventSet = requires(Set& set, const Set& view, const Event& event, Event& out,
                                   Time limit) {
    { set.push(event.key) } -> std::same_as<Event&>;
    { set.push_quickly(event.key) } -> std::same_as<Event*>;
    { set.pop_before(limit) } -> std::same_as<const Event*>;
    { view.next_time() } -> std::same_as<Time>;
    { view.size() } -> std::convertible_to<std::size_t>;
    { Set::sight } -> std::convertible_to<std::size_t>;
    { view.upcoming(std::size_t{}) } -> std::convertible_to<const Event*>;
    view.for_each([](const Event&) {});
    { view.bytes() } -> std::same_as<std::size_t>;
    set.clear();
};

}  // namespace driftstorm
