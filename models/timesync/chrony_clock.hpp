#pragma once

#include "models/timesync/client_program.hpp"

namespace driftstorm {

/// What was done to the clock, for whoever keeps times or offsets by it.
struct ChronyClockChange {
    Reading when;          ///< corrected time just before
    double frequency = 0;  ///< the clock gains so much less from then on [s/s]
    double offset = 0;     ///< taken off it [s]
};

/// chrony's hold on the system clock. It alone keeps two things apart: the clock as the kernel
/// shows it, and the corrected clock, from which all that is still to be slewed has been taken off;
/// offsets and times of the algorithm are of the corrected clock. An offset is slewed by a change
/// of the kernel's frequency until a timer ends it, over at least 1 s; a new one takes up what is
/// left. Source: chrony 4.3, local.c, sys_generic.c and sys_linux.c.
class ChronyClock {
  public:
    struct Limits {
        double maxdrift = 0.5;              ///< of the frequency [s/s]
        double maxslewrate = 83333.333e-6;  ///< of the correction [s/s]
    };

    ChronyClock(const Limits& limits, unsigned slew_timer)
        : limits_(limits), slew_timer_(slew_timer) {}

    /// @pre once, before anything else
    void start(const ClockControl& control);

    /// What is to be added to a reading to have the corrected time [s].
    double correction(Reading raw) const;
    Reading corrected(Reading raw) const;

    /// The clock is found to gain `frequency` and to be `offset` fast.
    /// @param correction_rate  offset times the time it may take [s s]
    ChronyClockChange adjust(ClientSystem& system, double frequency, double offset,
                             double correction_rate);
    ChronyClockChange step(ClientSystem& system, double offset);
    void on_slew_end(ClientSystem& system);

  private:
    void slew(ClientSystem& system);

    Limits limits_;
    unsigned slew_timer_;
    double frequency_ = 0;  ///< the clock's gain when left alone [s/s of the clock]
    double offset_ = 0;     ///< still to be slewed, at slew_start_ [s]; > 0: the clock is fast
    double slew_frequency_ =
        0;  ///< by which the clock is slowed down, relative to the kernel's clock
    double correction_rate_ = 0;  ///< [s s]
    double duration_ = 1e4;       ///< of the slew, as planned [s]
    double overrun_ = 0;          ///< by which slews ended late, a decaying maximum [s]
    Reading slew_start_;
};

}  // namespace driftstorm
