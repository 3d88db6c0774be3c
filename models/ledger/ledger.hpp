#pragma once

#include "sim/core/expect.hpp"
#include "sim/core/fields.hpp"
#include "sim/core/table.hpp"
#include "sim/core/time.hpp"

#include <array>
#include <cstdint>
#include <string_view>

namespace driftstorm {

/// Why a copy of a message is not yet visible. At each instant a copy is in exactly one cause.
enum class Cause : std::uint8_t {
    user,             ///< not yet pressed again
    client_store,     ///< waits in the device's own store: the app is off, restarting, or not
                      ///< connected to send
    clock_rejection,  ///< refused because of a skewed clock, until accepted
    ordering_hold,    ///< delivered, held back for an earlier message
    gap_resync,       ///< waits for a resync to bring what is missing
    handshake,        ///< connection or key agreement under way
    retry_backoff,    ///< waits for a timeout or the next attempt
    radio_handover,   ///< interruption by handover, association, promotion
    network_outage,   ///< lost in, or held by, a failed network or node
    link_queue,       ///< waits in a link's queue, or for another try after a full one
    server_backlog,   ///< the same of a server's queue
    service_and_propagation  ///< being served or on its way
};
template <>
inline constexpr std::array<std::string_view, 12> enum_words<Cause>{
    "user",           "client_store", "clock_rejection", "ordering_hold",
    "gap_resync",     "handshake",    "retry_backoff",   "radio_handover",
    "network_outage", "link_queue",   "server_backlog",  "service_and_propagation"};

using Blame = PerWord<Cause, Duration>;

/// Where a copy's time went. `enter` closes the running cause and opens the next, so the causes'
/// nanoseconds sum to the age by construction. It travels by value with each attempt and is cloned
/// at fan-out. `root` is the fault that set off the latest retry or resync (no_entity: none).
class Ledger {
  public:
    Ledger() = default;
    Ledger(Time composed, Cause cause) : since_(composed), cause_(cause) {}

    /// From `now` on the copy is in `cause`; `now` is not before the last change. A packet's stay
    /// on a path is known when it leaves, so `now` may lie ahead of the simulation's present, never
    /// behind the ledger's.
    void enter(Cause cause, Time now) {
        DRIFTSTORM_EXPECT(now >= since_);
        blame_[cause_] += now - since_;
        since_ = now;
        cause_ = cause;
    }
    /// The time since the last change up to `until` was spent in `cause`, as is known only now.
    void spend(Cause cause, Time until) {
        DRIFTSTORM_EXPECT(until >= since_);
        blame_[cause] += until - since_;
        since_ = until;
    }
    /// Leaves the time up to `until` to be accounted for by add(), by whoever knows what it was.
    void skip(Time until) {
        DRIFTSTORM_EXPECT(until >= since_);
        since_ = until;
    }
    void add(Cause cause, Duration spent) { blame_[cause] += spent; }

    Cause cause() const { return cause_; }
    Time since() const { return since_; }
    /// Nanoseconds per cause up to `end`; they sum to end - composed.
    Blame closed(Time end) const {
        Ledger copy = *this;
        copy.enter(cause_, end);
        return copy.blame_;
    }

    EntityId root = no_entity;

  private:
    Blame blame_{};
    Time since_{};
    Cause cause_ = Cause::user;
};

}  // namespace driftstorm
