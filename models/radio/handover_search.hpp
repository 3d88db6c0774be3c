#pragma once

#include "models/radio/cells.hpp"
#include "models/radio/mobility.hpp"
#include "sim/core/event.hpp"
#include "sim/core/time.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

namespace driftstorm {

/// Technologies a device can use, the preferred first; none: unused place.
using Interfaces = std::array<Technology, 4>;

/// What a device measures with: where it is and how its hand and seat change each signal.
struct RadioView {
    const Mobility* mobility = nullptr;
    Duration late{};             ///< behind the ride's first rider
    std::uint64_t identity = 0;  ///< of the device
    Interfaces interfaces{Technology::wifi, Technology::lte, Technology::none, Technology::none};
    Time first_measurement{};  ///< its measurements are this plus whole periods
};

/// What a device's radio will do next if nothing but its own motion happens.
enum class RadioChange : std::uint8_t { none, found, joined, left, handover, lost };
struct NextChange {
    RadioChange change = RadioChange::none;
    Time at = end_of_time;
};

/// Measurements and handover decisions as pure functions of time: as motion, path loss and
/// shadowing are known, the next instant at which something happens is found by looking ahead, and
/// only that instant is an event.
///
/// Approximations: measurements are not filtered (layer-3 filter coefficient k = 0); event A3
/// compares cells of one technology; a technology once attached to is left only when it is lost, or
/// for Wi-Fi; timers begin anew when a cell goes up or down.
class HandoverSearch {
  public:
    /// @param period            between measurements; > 0
    /// @param device_spread_db  standard deviation of what a device's seat does to each cell's
    /// signal
    HandoverSearch(const Cells& cells, std::uint64_t seed, Duration period, double device_spread_db)
        : cells_(cells), seed_(seed), period_(period), spread_db_(device_spread_db) {}

    /// Signal of `cell` at the device [dBm]: the map's, plus what this device's seat and hand do to
    /// this cell.
    double signal_dbm(const RadioView& view, Index cell, Time t) const;

    /// What happens next after `from` to a device served by `serving` (no_index: by none), with
    /// timers at zero.
    NextChange next(const RadioView& view, Index serving, Time from) const;

    /// Cells that serve a device with no attachment at `t`, best first: by preference of
    /// technology, then by signal; access points above join_above, cells above attach_above.
    std::vector<Index> usable(const RadioView& view, Time t) const;
    /// Access points above join_above of a technology preferred to the serving cell's, best first.
    std::vector<Index> joinable(const RadioView& view, Index serving, Time t) const;
    /// Neighbours for which the condition of event A3 holds at `t`, best first.
    std::vector<Index> better(const RadioView& view, Index serving, Time t) const;

  private:
    class Ahead;

    double seat_db(const RadioView& view, Index cell) const;
    double position_m(const RadioView& view, Time t) const {
        return view.mobility->position_m(t - view.late);
    }
    int preference(const RadioView& view, Technology technology) const;
    bool preferred(const RadioView& view, Technology offered, Technology current) const;
    bool joins(Index cell, double dbm) const;
    /// The first measurement after `after`.
    Time next_measurement(const RadioView& view, Time after) const;

    const Cells& cells_;
    std::uint64_t seed_;
    Duration period_;
    double spread_db_;
};

}  // namespace driftstorm
