#pragma once

#include "sim/core/distribution.hpp"
#include "sim/core/fields.hpp"
#include "sim/core/time.hpp"

#include <optional>
#include <vector>

namespace driftstorm {

/// Where a train halts: it leaves at `depart` by the timetable, or `dwell` after it came; it stays
/// at the last.
struct Stop {
    double at = 0;
    std::optional<Duration> depart;
    std::optional<Duration> dwell;

    static constexpr auto fields() {
        return FieldList{
            Field<Stop, double>{"at", &Stop::at, "m", "position along the line", -1e7, 1e7},
            Field<Stop, std::optional<Duration>>{"depart", &Stop::depart, "s", "when it leaves", 0,
                                                 1e8},
            Field<Stop, std::optional<Duration>>{"dwell", &Stop::dwell, "s", "or how long it stays",
                                                 0, 1e6}};
    }
};

/// A ride along a line with stops at constant speed (acceleration is left out: at 1 m/s2 it costs
/// half a minute a stop, which `dwell` may include). Position is a pure function of time; riders
/// are late by their own shift, so the riders of one ride pass a place within boarding_spread.
class Mobility {
  public:
    struct Params {
        std::vector<Stop> stops;
        double speed = 23.6;
        Distribution boarding_spread;

        static constexpr auto fields() {
            return FieldList{
                Field<Params, std::vector<Stop>>{"stops", &Params::stops, "",
                                                 "where it halts, in order"},
                Field<Params, double>{"speed", &Params::speed, "m/s", "between stops", 1e-3, 200,
                                      "85 km/h, a commuter train between stops"},
                Field<Params, Distribution>{"boarding_spread", &Params::boarding_spread, "s",
                                            "how much later than the first each rider moves", 0}};
        }
    };

    /// @throws std::invalid_argument when there is no stop, a stop but the last has neither
    /// `depart` nor `dwell`,
    ///         or it departs before it has come
    explicit Mobility(const Params& params);
    /// Stays where it is.
    static Mobility at(double position_m);

    /// Position along the line [m] of the first rider at `t`.
    double position_m(Time t) const;
    /// The first instant from `t` on at which it moves (`t` itself when under way); end_of_time:
    /// never again.
    Time next_motion(Time t) const;
    double least_m() const;
    double greatest_m() const;

  private:
    /// From `from_m` at `leave`, at constant velocity, to `to_m` at `come`.
    struct Leg {
        Time leave;
        Time come;
        double from_m;
        double to_m;
    };
    double start_m_ = 0;
    std::vector<Leg> legs_;
};

}  // namespace driftstorm
