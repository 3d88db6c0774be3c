#pragma once

#include "models/timesync/ntp.hpp"
#include "sim/core/fields.hpp"
#include "sim/core/random.hpp"
#include "sim/core/state.hpp"
#include "sim/core/time.hpp"

#include <array>
#include <cstdint>
#include <string_view>

namespace driftstorm {

/// What a time client got back, in its own clock and the server's.
struct NtpSample {
    Reading t1;                ///< client's clock when the request left
    Reading t2;                ///< server's when it arrived
    Reading t3;                ///< server's when the reply left
    Reading t4;                ///< client's when it arrived
    std::uint8_t leap = 0;     ///< 3: not synchronised
    std::uint8_t stratum = 1;  ///< 0: a kiss code
    std::int8_t poll = 6;      ///< log2 of s
    std::int8_t precision = -23;
    double root_delay = 0;       ///< [s]
    double root_dispersion = 0;  ///< [s]
    std::uint32_t reference_id = 0;
};

/// The kernel's clock as a program sees it, after adjtimex(2), clock_settime(2) and adjtime(3).
/// Signs: positive moves the clock forward.
class ClockControl {
  public:
    virtual ~ClockControl() = default;
    ClockControl() = default;
    ClockControl(const ClockControl&) = delete;
    ClockControl& operator=(const ClockControl&) = delete;

    virtual Reading read() const = 0;             ///< CLOCK_REALTIME
    virtual void step(double seconds) = 0;        ///< ADJ_SETOFFSET
    virtual void set_frequency(double rate) = 0;  ///< ADJ_FREQUENCY and ADJ_TICK together [s/s]
    virtual double frequency() const = 0;
    virtual void slew_old(double seconds) = 0;  ///< adjtime(): 500 ppm; replaces what is left
    /// ADJ_OFFSET with STA_PLL: phase and frequency are steered by the kernel's loop.
    /// @param constant  the time constant as given to adjtimex
    /// @param nano  STA_NANO: the constant is used as it is, else 4 more
    /// @param hold_frequency  STA_FREQHOLD
    virtual void pll_offset(double seconds, int constant, bool nano, bool hold_frequency) = 0;
    virtual void stop_pll() = 0;
    /// ADJ_STATUS with STA_INS or STA_DEL: what the sources' leap indicator says (1, 2; 0:
    /// neither). The kernel inserts or deletes the second at the end of the UTC day.
    virtual void announce_leap(std::uint8_t) {}
};

/// What an operating system offers a time client. Timers run on the monotonic clock, which is
/// steered in frequency but never stepped.
class ClientSystem {
  public:
    virtual ~ClientSystem() = default;
    ClientSystem() = default;
    ClientSystem(const ClientSystem&) = delete;
    ClientSystem& operator=(const ClientSystem&) = delete;

    virtual ClockControl& clock() = 0;
    virtual double monotonic() const = 0;  ///< [s]
    virtual void send_request(unsigned source, int poll) = 0;
    /// on_timer(timer) is called that much later; replaces an earlier setting.
    virtual void set_timer(unsigned timer, double seconds) = 0;
    virtual void cancel_timer(unsigned timer) = 0;
    /// Uniform in (0, 1), the next of this client's own.
    virtual double uniform() = 0;
};

/// What an operating system does to its time client when the network changes (a dispatcher script
/// of NetworkManager or the like): `burst`: four good samples of at most eight, two seconds apart;
/// `onoffline`: no requests without a network, and a first one when there is one; `reset_sources`:
/// what is known of the servers is forgotten; `restart`: of the program, the clock's frequency
/// stays.
enum class NetworkOrder : std::uint8_t { nothing, burst, onoffline, reset_sources, restart };
template <>
inline constexpr std::array<std::string_view, 5> enum_words<NetworkOrder>{
    "nothing", "burst", "onoffline", "reset_sources", "restart"};

/// A time client's algorithm: told of samples and timers, it steers the clock. State is plain
/// values.
class ClientProgram {
  public:
    virtual ~ClientProgram() = default;
    ClientProgram() = default;
    ClientProgram(const ClientProgram&) = delete;
    ClientProgram& operator=(const ClientProgram&) = delete;

    virtual void start(ClientSystem& system) = 0;
    virtual void on_sample(ClientSystem& system, unsigned source, const NtpSample& sample) = 0;
    virtual void on_timer(ClientSystem& system, unsigned timer) = 0;
    virtual std::uint64_t steps() const = 0;  ///< of the clock, so far
    /// A dispatcher's order, when the network has come (or another one has) or gone. `restart` is
    /// the host's affair; programs without such an order ignore it.
    virtual void on_network(ClientSystem&, NetworkOrder, bool /*online*/) {}
    /// Saves or restores the state; the parameters are those of the constructor.
    virtual void archive(Archive& archive) = 0;
};

}  // namespace driftstorm
