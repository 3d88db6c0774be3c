#pragma once

#include "models/ledger/ledger.hpp"
#include "sim/core/event.hpp"
#include "sim/core/time.hpp"

#include <tuple>
#include <vector>

namespace driftstorm {

/// What each device's connection was doing, as a history of causes: whoever had to wait for the
/// device, or the device for the relay, has its wait split by this history.
class Connectivity {
  public:
    explicit Connectivity(std::uint32_t devices)
        : history_(devices, {{Time{}, Cause::client_store}}) {}

    /// From `now` on waiting for the device's connection means `cause`.
    void note(Index device, Time now, Cause cause);

    /// Adds the wait from `from` to `until` to the ledger, split by what the connection was doing.
    void account(Index device, Time from, Time until, Ledger& ledger) const;

    auto state() { return std::tie(history_); }

  private:
    struct Segment {
        Time from{};
        Cause cause = Cause::client_store;
    };
    std::vector<std::vector<Segment>> history_;
};

}  // namespace driftstorm
