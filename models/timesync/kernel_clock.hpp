#pragma once

#include <cstdint>

namespace driftstorm {

/// What differs between kernels that keep a clock with adjtimex(2).
struct KernelClockRules {
    /// The phase-locked loop integrates at most 2^(3 + constant) s between two updates; without it
    /// lost updates make the loop unstable.
    bool clamp_interval = true;
    bool step_clears_offset = true;  ///< setting the clock forgets what the loop has still to slew
    bool fll_needs_offset = false;   ///< the frequency lock waits for a first offset
    double largest_offset_s = 0.5;   ///< what the loop takes at once; 0: any
    double frequency_quantum = 0;    ///< the loop's frequency is cut to this [s/s]; 0: not at all
    int shift_pll = 2;

    /// kernel/time/ntp.c since Linux 2.6.31.
    static constexpr KernelClockRules linux_kernel() { return {}; }
    /// clknetsim, the simulator the reference runs of real programs come from.
    static constexpr KernelClockRules clknetsim(bool clamp) {
        return {clamp, false, true, 0, 1e-6 / 65536, 2};
    }
};

/// The part of a kernel's clock that time programs steer: frequency and tick, adjtime()'s slew and
/// the phase- and frequency-locked loop of ADJ_OFFSET. Plain values; it knows no time but the
/// seconds it is told of. A clock on top of it runs at (1 + oscillator's error) (1 + correction()).
///
/// The loop: at each second the clock takes 2^-(shift_pll + constant) of the offset left; at an
/// update the frequency gains offset * interval / (4 2^shift_pll 2^constant)^2, and above 2048 s
/// between updates offset / (4 interval). Source: Linux, kernel/time/ntp.c; Mills, "Unix kernel
/// modifications for precision time synchronization", UDel TR 94-10-1.
class KernelClock {
  public:
    explicit KernelClock(const KernelClockRules& rules = KernelClockRules::linux_kernel())
        : rules_(rules) {}

    /// What the clock runs faster by until the next second [s/s].
    double correction() const { return frequency_ + loop_slew_ + old_slew_; }
    double frequency() const { return frequency_; }
    double loop_offset() const { return loop_offset_; }  ///< left to the loop [s]
    bool loop_runs() const { return loop_runs_; }
    /// Whether correction() changes at the next second.
    bool changes_each_second() const {
        return old_left_us_ != 0 || old_slew_ != 0 || loop_offset_ != 0 || loop_slew_ != 0;
    }

    /// ADJ_FREQUENCY and ADJ_TICK; within 500 ppm + 10 %.
    void set_frequency(double rate);
    /// adjtime(): whole microseconds, amortised at 500 ppm from the next second on; replaces what
    /// is left of an earlier one.
    void slew_old(double seconds);
    /// ADJ_STATUS with STA_PLL, ADJ_TIMECONST and ADJ_OFFSET.
    /// @param constant  as given; 4 more unless `nano` (STA_NANO); 0 .. 10 count
    /// @param hold_frequency  STA_FREQHOLD
    void pll_offset(double seconds, int constant, bool nano, bool hold_frequency);
    void stop_pll() { loop_runs_ = false; }  ///< without STA_PLL; the last slew stays
    void stepped();                          ///< the clock was set
    /// A second is over.
    void second();
    /// `count` seconds are over in which nothing changed each second.
    void idle_seconds(std::int64_t count);

  private:
    KernelClockRules rules_;
    double frequency_ = 0;
    double loop_offset_ = 0;
    double loop_slew_ = 0;
    double old_slew_ = 0;
    std::int64_t old_left_us_ = 0;
    std::int64_t since_update_ = 0;  ///< [s]
    int constant_ = 0;
    bool loop_runs_ = false;
};

}  // namespace driftstorm
