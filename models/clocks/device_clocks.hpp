#pragma once

#include "models/clocks/clock_params.hpp"
#include "models/clocks/oscillator.hpp"
#include "models/clocks/steered_clock.hpp"
#include "sim/core/event.hpp"
#include "sim/core/fields.hpp"
#include "sim/core/kernel.hpp"
#include "sim/core/pool.hpp"
#include "sim/core/rate.hpp"
#include "sim/core/time.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <tuple>
#include <vector>

namespace driftstorm {

/// What was done to a clock, and by whom.
enum class Adjustment : std::uint8_t {
    step,
    slew,
    frequency,
    user,
    suspend,
    resume,
    leap,
    power_off,
    boot
};
template <>
inline constexpr std::array<std::string_view, 9> enum_words<Adjustment>{
    "step", "slew", "frequency", "user", "suspend", "resume", "leap", "power_off", "boot"};
enum class AdjustedBy : std::uint8_t { user, sntp, nitz, fault, system, gnss, program };
template <>
inline constexpr std::array<std::string_view, 7> enum_words<AdjustedBy>{
    "user", "sntp", "nitz", "fault", "system", "gnss", "program"};

/// A change of a device's clock, as it happens.
struct ClockAdjusted {
    static constexpr std::string_view table = "clocks/adjust";
    static constexpr std::string_view component = "clocks";
    EntityId device = no_entity;
    Adjustment kind{};
    AdjustedBy source{};
    double amount_ns = 0;
    double rate_ppb = 0;
    double offset_ns = 0;

    static constexpr auto fields() {
        return FieldList{
            Field<ClockAdjusted, EntityId>{"device", &ClockAdjusted::device, "", "whose clock"},
            Field<ClockAdjusted, Adjustment>{"kind", &ClockAdjusted::kind, "", "what was done"},
            Field<ClockAdjusted, AdjustedBy>{"source", &ClockAdjusted::source, "", "by whom"},
            Field<ClockAdjusted, double>{"amount", &ClockAdjusted::amount_ns, "ns",
                                         "step, or offset to be amortised; exact, rounded once"},
            Field<ClockAdjusted, double>{
                "rate", &ClockAdjusted::rate_ppb, "ppb",
                "slew rate, or the frequency correction in force from now on"},
            Field<ClockAdjusted, double>{
                "offset", &ClockAdjusted::offset_ns, "ns",
                "wall clock minus true time right after; exact, rounded once"}};
    }
};

/// How a device goes off.
enum class PowerLoss : std::uint8_t { shut_down, battery_pulled };

/// Number of whoever arms timers; given by DeviceClocks::add_owner.
enum class TimerOwner : std::uint8_t {};

/// The clocks of all devices of a partition: an oscillator each, the operating system's wall,
/// monotonic and boot clocks on top, and timers that fire exactly when one of them shows a time.
/// `device` is the index of the device in this partition, the same in all models that have one
/// entity per device.
class DeviceClocks {
  public:
    using Params = ClockParams;
    static constexpr std::string_view name = "clocks";
    static constexpr int version = 3;

    using TimerFires = std::function<void(Context& context, Index device, std::uint32_t timer)>;
    /// @param by  how far the wall clock jumped, rounded down to ns
    using StepSeen = std::function<void(Context& context, Index device, Duration by)>;

    using ResumeSeen = std::function<void(Context& context, Index device)>;
    using BootSeen = std::function<void(Context& context, Index device)>;

    struct TimerDue {
        static constexpr std::string_view name = "clock.timer_due";
        static constexpr Phase phase = Phase::protocol;
        std::uint32_t timer = 0;
        TimerOwner owner{};
        Generation generation;
        static constexpr auto fields() {
            return FieldList{
                Field<TimerDue, std::uint32_t>{"timer", &TimerDue::timer, "", "the owner's number"},
                Field<TimerDue, TimerOwner>{"owner", &TimerDue::owner, "", "who armed it"},
                Field<TimerDue, Generation>{"generation", &TimerDue::generation, "",
                                            "tells a moved one"}};
        }
    };
    struct UserSetsClock {
        static constexpr std::string_view name = "clock.user_sets";
        static constexpr Phase phase = Phase::physics;
        std::uint32_t number = 0;  ///< 0: mends a wrong zone, 1: as UserSetParams says
        static constexpr auto fields() {
            return FieldList{
                Field<UserSetsClock, std::uint32_t>{"number", &UserSetsClock::number, "", "why"}};
        }
    };
    using Messages = std::tuple<TimerDue, UserSetsClock>;

    explicit DeviceClocks(std::uint64_t seed) : seed_(seed) {}

    // ---- building the world ----

    /// The time of day at the start, by which temperature has its course; before the first add().
    /// Without: midnight.
    void set_epoch(std::int64_t unix_ns);

    /// Makes room for so many devices in all: a column that grows step by step is copied, and holds
    /// twice its memory meanwhile.
    void reserve(std::size_t devices);

    /// Adds the next device's clock, drawn from `params` for `identity` (its stable identity); in
    /// the order of Kernel::add_entity<DeviceClocks>.
    /// @param device  the entity that stands for the device in result rows
    /// @throws std::invalid_argument when a drawn frequency error is beyond 10 %, or an offset
    /// beyond 1.5e9 s
    Index add(const Params& params, std::uint64_t identity, EntityId device);
    /// Registers someone who arms timers. Call in the same order in every partition.
    TimerOwner add_owner(TimerFires fires);
    /// Registers someone who is told of each step of a wall clock, after the fact.
    void on_step(StepSeen seen) { observers_.push_back(std::move(seen)); }
    /// Schedules what users do by hand. Call once per device, before the run.
    void start(Context& context, Index device);

    // ---- reading ----

    std::size_t size() const { return oscillators_.size(); }
    /// What the clock shows at `now`, rounded down to ns; `now` is not before its last change.
    Reading read(Index device, ClockKind kind, Time now) const {
        return {static_cast<std::int64_t>(exact(device, kind, now) >> 64)};
    }
    /// The same in 2^-64 ns.
    Q64 exact(Index device, ClockKind kind, Time now) const;
    /// What the user sees: the wall clock in the zone the device believes, less the zone it is in.
    Reading local(Index device, Time now) const {
        return read(device, ClockKind::wall, now) + zone_error_[device];
    }
    Duration zone_error(Index device) const { return zone_error_[device]; }
    /// First instant, not before `now`, at which the clock shows `target` or more, if nobody
    /// touches it until then; end_of_time when that is not within the horizon.
    Time when(Index device, ClockKind kind, Reading target, Time now) const;
    /// Wall clock minus true time [ns], exact and rounded once: as steered, and as it would be had
    /// nobody touched it since the start.
    double offset_ns(Index device, Time now) const;
    double raw_offset_ns(Index device, Time now) const;
    /// A line near offset_ns() that holds for as long as adjustments() does not change: for who
    /// reads many clocks and needs few of them exactly.
    OffsetLine offset_line(Index device, Time now) const {
        return clocks_[device].offset_line(now, oscillators_[device], memos_[device]);
    }
    /// The constant frequency error that its oscillator drew.
    Rate frequency_error(Index device) const { return oscillators_[device].frequency_error(); }
    /// How often somebody has touched the clock.
    std::uint32_t adjustments(Index device) const { return adjustments_[device]; }

    // ---- timers ----

    /// Fires once, exactly when the clock shows `target` (at once, by an event of this instant,
    /// when it already does), and follows when the clock is stepped or steered. A timer of that
    /// number that is still armed is moved.
    void arm(Context& context, Index device, ClockKind kind, Reading target, TimerOwner owner,
             std::uint32_t timer);
    /// Fires after `span` by that clock.
    void arm_after(Context& context, Index device, ClockKind kind, Duration span, TimerOwner owner,
                   std::uint32_t timer) {
        arm(context, device, kind, read(device, kind, context.now()) + span, owner, timer);
    }
    void cancel(Index device, TimerOwner owner, std::uint32_t timer);
    bool armed(Index device, TimerOwner owner, std::uint32_t timer) const;

    // ---- steering ----

    /// Jumps the wall clock.
    void step(Context& context, Index device, Q64 by, AdjustedBy source);
    void step(Context& context, Index device, Duration by, AdjustedBy source) {
        step(context, device, Q64{by.ns} << 64, source);
    }
    /// Amortises `remaining` [2^-64 ns] at `rate` (> 0), instead of what an earlier slew has left.
    void slew(Context& context, Index device, Q64 remaining, Rate rate, AdjustedBy source);
    /// Corrects the frequency: the clocks run faster than the oscillator by `correction` from now
    /// on.
    void set_frequency(Context& context, Index device, Rate correction, AdjustedBy source);
    /// The same without a row: for who steers every few seconds.
    void retune(Context& context, Index device, Rate correction);
    /// Sets the wall clock to a reading, as a user does.
    void set_by_user(Context& context, Index device, Reading wall);
    /// A time program tells the kernel (adjtimex(2), STA_INS and STA_DEL) that a leap second is
    /// inserted or deleted at the end of this UTC day, by the wall clock, or that none is. Told
    /// again it changes nothing, also after the leap, until `none` was told. Without effect where
    /// LeapParams say what the kernel knows. Source: Linux, kernel/time/ntp.c, second_overflow().
    void announce_leap(Context& context, Index device, LeapKind kind);
    /// The device sleeps (wakes): its monotonic clock stands still, wall and boot go on.
    void suspend(Context& context, Index device);
    void resume(Context& context, Index device);
    bool asleep(Index device) const { return clocks_[device].suspended(); }
    /// Registers someone who is told of each resume, after the fact.
    void on_resume(ResumeSeen seen) { resume_observers_.push_back(std::move(seen)); }

    // ---- power ----

    /// The device goes off: its monotonic clock stands still as in sleep. A shutdown writes the
    /// wall clock to the real-time clock, as each step of the wall clock does.
    void power_off(Context& context, Index device, PowerLoss how);
    /// It starts anew: correction and slew are gone; the wall clock is the real-time clock's second
    /// and a half (Linux, drivers/rtc/class.c, rtc_hctosys()), or RtcParams::reset_to if that has
    /// lost its battery, or has gone on if there is none and it was shut down. Wall timers follow.
    /// Boot and monotonic clock count on from the epoch: what an operating system shows is
    /// uptime().
    void boot(Context& context, Index device);
    bool off(Index device) const { return rtcs_[device].off; }
    /// CLOCK_BOOTTIME: the boot clock since the device last booted.
    Duration uptime(Index device, Time now) const;
    /// What the real-time clock shows, in whole seconds; nothing when there is none.
    std::optional<Reading> rtc(Index device, Time now) const;
    /// Registers someone who is told of each boot, after the fact and after on_resume.
    void on_boot(BootSeen seen) { boot_observers_.push_back(std::move(seen)); }

    // ---- kernel ----

    void on(const TimerDue& message, Index device, Context& context);
    void on(const UserSetsClock& message, Index device, Context& context);
    bool stale(const TimerDue& message, Index device) const;
    auto state() {
        return std::tie(clocks_, adjustments_, first_timer_, timers_, generations_, rtcs_,
                        announced_);
    }

  private:
    struct Timer {
        Reading target;
        Time due = end_of_time;  ///< of the pending event; end_of_time: none
        std::uint32_t number = 0;
        Generation generation;
        Slot next = no_slot;
        ClockKind kind{};
        TimerOwner owner{};
    };
    /// What a device drew, fixed for the run.
    struct ByHand {
        Time at = end_of_time;
        Duration error;
        bool mends_zone = false;
    };

    /// A real-time clock, and what the kernel remembers of it.
    struct Rtc {
        Q64 ahead = 0;          ///< of its own oscillator's count [2^-64 ns]
        Q64 wall_before = 0;    ///< wall clock when the device fell asleep
        Q64 boot_before = 0;    ///< boot clock then
        Q64 second_before = 0;  ///< what it showed then
        Q64 usual_ahead = 0;    ///< of the wall clock, as first seen at a suspend
        Q64 booted = 0;         ///< boot clock when the device last booted
        bool seen = false;
        bool off = false;
        bool lost = false;  ///< it has stopped since the last boot
    };
    /// What a device has, fixed for the run.
    struct Board {
        bool rtc = false;
        bool backup = true;
        bool counts_sleep = false;
        Duration reset_to;
        LeapKind leap = LeapKind::none;
        Time leap_at{};
    };
    /// Owner of the timers for leap seconds.
    static constexpr TimerOwner kernel_itself{255};
    static constexpr std::uint32_t known_leap = 0;
    static constexpr std::uint32_t announced_leap = 1;

    Q64 rtc_exact(Index device, Time now) const;
    Q64 rtc_second(Index device, Time now) const;
    void write_rtc(Index device, Time now);
    void fall_asleep(Index device, Time now);
    Q64 sleep_by_rtc(Index device, Time now) const;
    void arm_leap(Context& context, Index device, LeapKind kind, Reading midnight,
                  std::uint32_t timer);
    void leap(Context& context, Index device, LeapKind kind);
    TemperaturePhase temperature_phase(const Params& params, std::uint64_t identity,
                                       const std::array<double, 3>& ppb);
    Oscillator make_oscillator(const Params& params, std::uint64_t identity);
    std::shared_ptr<const TemperatureDay> day_of(const TemperatureParams& params);

    Slot find(Index device, TimerOwner owner, std::uint32_t timer) const;
    void unlink(Index device, Slot slot);
    void schedule(Context& context, Index device, Timer& timer);
    void follow(Context& context, Index device);
    void jump(Context& context, Index device, Q64 by, Adjustment kind, AdjustedBy source);
    void note(Context& context, Index device, Adjustment kind, AdjustedBy source, Q64 amount,
              Rate rate);

    /// A course of temperature that a class of clocks shares.
    struct KnownDay {
        DayOfTemperature day;
        double reference_c = 0;
        std::shared_ptr<const TemperatureDay> table;
    };

    std::uint64_t seed_;
    std::int64_t second_of_day_ = 0;  ///< at the epoch
    std::vector<KnownDay> days_;
    std::vector<TimerFires> owners_;
    std::vector<StepSeen> observers_;
    std::vector<ResumeSeen> resume_observers_;
    std::vector<BootSeen> boot_observers_;

    std::vector<Oscillator> oscillators_;
    std::vector<Q64> initial_offset_;
    std::vector<Duration> zone_error_;
    std::vector<ByHand> by_hand_;
    std::vector<EntityId> devices_;
    mutable std::vector<Oscillator::Memo> memos_;  // of pure functions: no part of the state
    std::vector<Board> boards_;
    std::vector<Oscillator> rtc_oscillators_;
    mutable std::vector<Oscillator::Memo> rtc_memos_;

    std::vector<SteeredClock> clocks_;
    std::vector<std::uint32_t> adjustments_;
    std::vector<Slot> first_timer_;
    Pool<Timer> timers_;
    std::vector<Generation> generations_;  ///< last one given, by device
    std::vector<Rtc> rtcs_;
    std::vector<LeapKind> announced_;  ///< by time programs; stays after the leap
};

}  // namespace driftstorm
