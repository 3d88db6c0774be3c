#pragma once

#include "models/timesync/client_program.hpp"

#include <cstdint>

namespace driftstorm {

/// The clock discipline of ntpd 4.2.8: a state machine that measures the frequency for five minutes
/// at the start and steps what stays beyond the threshold, and a phase- and frequency-locked loop,
/// in the kernel or in the daemon, whose time constant is the poll interval. Source: ntp-4.2.8p15,
/// ntpd/ntp_loopfilter.c; RFC 5905, section 12.
class NtpdDiscipline {
  public:
    struct Options {
        bool kernel = true;       ///< `disable kernel` in ntp.conf: false
        double step_s = 0.128;    ///< tinker step; 0: never
        double stepout_s = 300;   ///< tinker stepout
        double panic_s = 1000;    ///< tinker panic; 0: never
        bool first_panic = true;  ///< -g: the first offset may be any
        int allan = 11;           ///< tinker allan [log2 s]
        int precision = -23;      ///< of the clock's readings [log2 s]
        /// Between two changes of the poll interval at least half of it passes.
        bool poll_gates = true;
    };
    enum class Outcome : std::uint8_t { panic, ignored, slewed, stepped };

    explicit NtpdDiscipline(const Options& options);

    void start(ClockControl& clock);
    /// An offset of the selected servers.
    /// @param now  whole seconds the daemon has run
    Outcome update(ClockControl& clock, std::int64_t now, double offset, int minpoll, int maxpoll);
    /// Once a second of the daemon's, while needs_seconds().
    void second(ClockControl& clock);
    bool needs_seconds() const;

    int poll() const { return poll_; }  ///< log2 of s, the time constant too
    void clamp_poll(int minpoll, int maxpoll);
    /// Samples come in the order of their arrival, not of their delay, until the first offset is
    /// amortised.
    bool starting() const { return hold_ > 0; }
    std::uint64_t steps() const { return steps_; }

  private:
    enum class State : std::uint8_t { never_set, measuring, spike, synchronised };

    bool beyond_step(double offset) const;
    Outcome beyond(ClockControl& clock, std::int64_t now, double offset, double& frequency);
    Outcome within(ClockControl& clock, std::int64_t now, double offset, double& frequency);
    void enter(State state, std::int64_t now, double offset);
    void set_frequency(ClockControl& clock, double frequency);
    void adjust(ClockControl& clock, double seconds);
    void loop_gain(std::int64_t interval, double offset, double& frequency) const;
    void adjust_poll(std::int64_t now, int before, int minpoll, int maxpoll);

    Options options_;
    State state_ = State::never_set;
    double offset_ = 0;  ///< left to amortise, or as handed to the kernel [s]
    double last_offset_ = 0;
    double jitter_;
    double frequency_ = 0;
    double residual_ = 0;     ///< of adjtime()'s whole microseconds [s]
    std::int64_t epoch_ = 0;  ///< of the last update
    std::int64_t shorter_from_ = 0;
    std::int64_t longer_from_ = 0;
    int hold_;      ///< seconds in which the first offset is amortised and the frequency kept
    int poll_ = 3;  ///< the least there is, until a server's minpoll is known
    int poll_count_ = 0;
    std::uint64_t steps_ = 0;
    bool may_panic_ = false;
};

}  // namespace driftstorm
