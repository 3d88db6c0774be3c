#pragma once

#include "models/clocks/oscillator.hpp"
#include "models/clocks/steered_clock.hpp"
#include "sim/core/distribution.hpp"
#include "sim/core/event.hpp"
#include "sim/core/fields.hpp"
#include "sim/core/kernel.hpp"
#include "sim/core/pool.hpp"
#include "sim/core/rate.hpp"
#include "sim/core/time.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <tuple>
#include <vector>

namespace driftstorm {

/// Frequency noise of an oscillator.
struct WanderParams {
    double random_walk_ppb = 0;

    static constexpr auto fields() {
        return std::tuple{Field<WanderParams, double>{
            "random_walk", &WanderParams::random_walk_ppb, "ppb/sqrt(s)",
            "random-walk FM: standard deviation of the frequency's change in 1 s", 0, 100,
            "0 is a quiet oscillator; a phone's TCXO has about 1e-10/sqrt(s) (its ADEV at 1000 s "
            "is 1e-9)"}};
    }
};

/// Somebody sets the wall clock by hand.
struct UserSetParams {
    double share = 0;
    Distribution at;
    Distribution error;

    static constexpr auto fields() {
        return std::tuple{
            Field<UserSetParams, double>{"share", &UserSetParams::share, "%",
                                         "share of the devices whose user does it", 0, 1},
            Field<UserSetParams, Distribution>{"at", &UserSetParams::at, "s",
                                               "when, since the start", 0, 3.15576e9},
            Field<UserSetParams, Distribution>{"error", &UserSetParams::error, "s",
                                               "how far ahead of true time the clock is afterwards",
                                               -1.5e9, 1.5e9}};
    }
};

/// A class of clocks; each device draws its own.
struct ClockParams {
    Distribution frequency_error;
    double ageing_ppb = 0;
    WanderParams wander;
    Distribution initial_offset;
    Distribution zone_error;
    double zone_corrected_by_hand = 0;
    UserSetParams user_set;

    static constexpr auto fields() {
        return std::tuple{
            Field<ClockParams, Distribution>{"frequency_error", &ClockParams::frequency_error,
                                             "ppb", "constant part of the frequency error", -1e8,
                                             1e8,
                                             "0 is a perfect oscillator; phone TCXO 0.5 to 2 ppm, "
                                             "uncompensated quartz 5 to 50 ppm"},
            Field<ClockParams, double>{
                "ageing", &ClockParams::ageing_ppb, "ppb/s", "linear change of the frequency",
                -0.01, 0.01, "0: none; a TCXO ages about 500 ppb in a year, 1.6e-5 ppb/s"},
            Field<ClockParams, WanderParams>{"wander", &ClockParams::wander, "", "frequency noise"},
            Field<ClockParams, Distribution>{"initial_offset", &ClockParams::initial_offset, "s",
                                             "wall clock minus true time at the start", -1.5e9,
                                             1.5e9, "0: starts right"},
            Field<ClockParams, Distribution>{
                "zone_error", &ClockParams::zone_error, "s",
                "zone that the device believes minus the zone it is in", -93600, 93600,
                "0: right zone; zones span UTC-12 to UTC+14 (IANA time zone database)"},
            Field<ClockParams, double>{
                "zone_corrected_by_hand", &ClockParams::zone_corrected_by_hand, "%",
                "share of users who mend a wrong zone by setting the clock instead", 0, 1,
                "0: none"},
            Field<ClockParams, UserSetParams>{"user_set", &ClockParams::user_set, "",
                                              "setting the clock by hand"}};
    }
};

/// What was done to a clock, and by whom.
enum class Adjustment : std::uint8_t { step, slew, frequency, user, suspend, resume };
template <>
inline constexpr std::array<std::string_view, 6> enum_words<Adjustment>{
    "step", "slew", "frequency", "user", "suspend", "resume"};
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
        return std::tuple{
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
    static constexpr int version = 1;

    using TimerFires = std::function<void(Context& context, Index device, std::uint32_t timer)>;
    /// @param by  how far the wall clock jumped, rounded down to ns
    using StepSeen = std::function<void(Context& context, Index device, Duration by)>;

    using ResumeSeen = std::function<void(Context& context, Index device)>;

    struct TimerDue {
        static constexpr std::string_view name = "clock.timer_due";
        static constexpr Phase phase = Phase::protocol;
        std::uint32_t timer = 0;
        TimerOwner owner{};
        Generation generation;
        static constexpr auto fields() {
            return std::tuple{
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
            return std::tuple{
                Field<UserSetsClock, std::uint32_t>{"number", &UserSetsClock::number, "", "why"}};
        }
    };
    using Messages = std::tuple<TimerDue, UserSetsClock>;

    explicit DeviceClocks(std::uint64_t seed) : seed_(seed) {}

    // ---- building the world ----

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
    /// The device sleeps (wakes): its monotonic clock stands still, wall and boot go on.
    void suspend(Context& context, Index device);
    void resume(Context& context, Index device);
    bool asleep(Index device) const { return clocks_[device].suspended(); }
    /// Registers someone who is told of each resume, after the fact.
    void on_resume(ResumeSeen seen) { resume_observers_.push_back(std::move(seen)); }

    // ---- kernel ----

    void on(const TimerDue& message, Index device, Context& context);
    void on(const UserSetsClock& message, Index device, Context& context);
    bool stale(const TimerDue& message, Index device) const;
    auto state() { return std::tie(clocks_, adjustments_, first_timer_, timers_, generations_); }

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

    Slot find(Index device, TimerOwner owner, std::uint32_t timer) const;
    void unlink(Index device, Slot slot);
    void schedule(Context& context, Index device, Timer& timer);
    void follow(Context& context, Index device);
    void jump(Context& context, Index device, Q64 by, Adjustment kind, AdjustedBy source);
    void note(Context& context, Index device, Adjustment kind, AdjustedBy source, Q64 amount,
              Rate rate);

    std::uint64_t seed_;
    std::vector<TimerFires> owners_;
    std::vector<StepSeen> observers_;
    std::vector<ResumeSeen> resume_observers_;

    std::vector<Oscillator> oscillators_;
    std::vector<Q64> initial_offset_;
    std::vector<Duration> zone_error_;
    std::vector<ByHand> by_hand_;
    std::vector<EntityId> devices_;
    mutable std::vector<Oscillator::Memo> memos_;  // of pure functions: no part of the state

    std::vector<SteeredClock> clocks_;
    std::vector<std::uint32_t> adjustments_;
    std::vector<Slot> first_timer_;
    Pool<Timer> timers_;
    std::vector<Generation> generations_;  ///< last one given, by device
};

}  // namespace driftstorm
