#pragma once

#include "models/ledger/ledger.hpp"
#include "sim/core/event.hpp"
#include "sim/core/time.hpp"

#include <tuple>
#include <vector>

namespace driftstorm {

/// Why something that was sent got no answer: the network's part in it, and the fault behind that.
/// Known to the simulator alone. No app acts on it: it only names the wait that follows.
struct Setback {
    Cause cause = Cause::retry_backoff;  ///< the app's own wait: nothing is known of the network
    EntityId root = no_entity;
    Time since{};
    bool known() const { return cause != Cause::retry_backoff; }
};

/// What each device's connection was doing, as a history of causes: whoever had to wait for the
/// device, or the device for the relay, has its wait split by this history.
class Connectivity {
  public:
    explicit Connectivity(std::uint32_t devices)
        : history_(devices, {{Time{}, Cause::client_store, no_entity}}) {}

    /// From `now` on waiting for the device's connection means `cause`; `root` is the fault behind
    /// it.
    void note(Index device, Time now, Cause cause, EntityId root = no_entity);

    /// Adds the wait from `from` to `until` to the ledger, split by what the connection was doing,
    /// and names the latest fault behind it. Where the connection looked sound or its app only
    /// waited to try again, the time from `setback.since` on is the setback's.
    void account(Index device, Time from, Time until, Ledger& ledger,
                 const Setback& setback = {}) const;

    auto state() { return std::tie(history_); }

  private:
    struct Segment {
        Time from{};
        Cause cause = Cause::client_store;
        EntityId root = no_entity;
    };
    std::vector<std::vector<Segment>> history_;
};

}  // namespace driftstorm
