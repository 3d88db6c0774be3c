#pragma once

#include "models/ledger/ledger.hpp"
#include "models/messaging/connectivity.hpp"
#include "models/messaging/wire.hpp"
#include "sim/core/event.hpp"

#include <cstdint>
#include <tuple>
#include <vector>

namespace driftstorm {

/// A copy that reached its device, on its way to the reader.
struct HeldCopy {
    CopyBody body{};
    Ledger ledger{};
    Time delivered{};
};

/// A copy that was pushed and lost on its way.
struct LostCopy {
    std::uint32_t number = 0;
    Setback setback{};
};

/// What each device has of each conversation: one record a membership.
class Inbox {
  public:
    struct Membership {
        std::uint32_t expected = 1;  ///< least copy number that has not been shown
        std::uint32_t next = 1;      ///< copies beyond this one are held back for it
        Generation gap_generation{};
        std::uint32_t gap_requests = 0;  ///< resyncs asked for this gap so far
        Time gap_requested = no_time;
        Duration gap_wait{};
        std::vector<HeldCopy> held;       ///< in order of number
        std::vector<std::uint32_t> seen;  ///< shown although later than `expected`, in order
        std::vector<std::int64_t>
            stamps;  ///< of shown messages and the device's own, in order; for display by stamp
        std::vector<LostCopy> lost;  ///< not arrived since
        auto state() {
            return std::tie(expected, next, gap_generation, gap_requests, gap_requested, gap_wait,
                            held, seen, stamps, lost);
        }
    };

    explicit Inbox(std::uint32_t memberships) : memberships_(memberships) {}

    Membership& operator[](std::uint32_t membership) { return memberships_[membership]; }
    const Membership& operator[](std::uint32_t membership) const {
        return memberships_[membership];
    }

    /// Whether copy `number` was shown or is held.
    bool has(std::uint32_t membership, std::uint32_t number) const;
    bool shown(std::uint32_t membership, std::uint32_t number) const;
    /// The held copy of that number, or nullptr.
    const HeldCopy* held(std::uint32_t membership, std::uint32_t number) const;
    void hold(std::uint32_t membership, const HeldCopy& copy);
    /// A push of copy `number`, which the device does not have, is lost. What the first one met
    /// counts, with the first fault that is known.
    void lose(std::uint32_t membership, std::uint32_t number, const Setback& setback);
    /// What pushes of copy `number` have met.
    Setback setback(std::uint32_t membership, std::uint32_t number) const;
    /// Copy `number` has arrived.
    void arrive(std::uint32_t membership, std::uint32_t number);
    /// The fault behind a copy that is missing; no_entity: none is known.
    EntityId root_of_gap(std::uint32_t membership) const;
    /// Copy `number` is shown. Returns how many later copies were shown before it.
    std::uint32_t show(std::uint32_t membership, std::uint32_t number);
    /// A message with this stamp is shown. Returns how many with later stamps were shown before it.
    std::uint32_t show_stamp(std::uint32_t membership, Reading stamp);

    auto state() { return std::tie(memberships_); }

  private:
    std::vector<Membership> memberships_;
};

}  // namespace driftstorm
