// Sleep, power and leap seconds of devices' clocks.
#include "models/clocks/device_clocks.hpp"
#include "models/clocks/leap_second.hpp"

namespace driftstorm {

namespace {

constexpr Q64 a_second = Q64{1'000'000'000} << 64;

Q64 whole_seconds(Q64 reading) {
    Q64 seconds = reading / a_second;
    if (seconds * a_second > reading) --seconds;
    return seconds * a_second;
}

Q64 magnitude(Q64 value) { return value < 0 ? -value : value; }

}  // namespace

// ---- the real-time clock

Q64 DeviceClocks::rtc_exact(Index device, Time now) const {
    return rtc_oscillators_[device].count(now, rtc_memos_[device]) + rtcs_[device].ahead;
}

Q64 DeviceClocks::rtc_second(Index device, Time now) const {
    return whole_seconds(rtc_exact(device, now));
}

std::optional<Reading> DeviceClocks::rtc(Index device, Time now) const {
    if (!boards_[device].rtc) return std::nullopt;
    return Reading{static_cast<std::int64_t>(rtc_second(device, now) >> 64)};
}

void DeviceClocks::write_rtc(Index device, Time now) {
    if (!boards_[device].rtc) return;
    rtcs_[device].ahead += exact(device, ClockKind::wall, now) - rtc_exact(device, now);
}

// ---- sleep

void DeviceClocks::fall_asleep(Index device, Time now) {
    Rtc& rtc = rtcs_[device];
    rtc.boot_before = exact(device, ClockKind::boot, now);
    if (!boards_[device].rtc) return;
    // The kernel keeps the difference of both clocks as it first saw it, unless they have come 2 s
    // apart since: else each sleep would add the part of a second that the real-time clock does not
    // show. Source: Linux, drivers/rtc/class.c, rtc_suspend().
    rtc.second_before = rtc_second(device, now);
    rtc.wall_before = exact(device, ClockKind::wall, now);
    const Q64 ahead = rtc.wall_before - rtc.second_before;
    if (!rtc.seen || magnitude(ahead - rtc.usual_ahead) >= 2 * a_second) rtc.usual_ahead = ahead;
    rtc.seen = true;
}

/// By how much the real-time clock finds that wall and boot clock have to be moved after a sleep.
/// Source: Linux, drivers/rtc/class.c, rtc_resume().
Q64 DeviceClocks::sleep_by_rtc(Index device, Time now) const {
    const Rtc& rtc = rtcs_[device];
    const Q64 supposed = rtc.second_before + rtc.usual_ahead;
    Q64 asleep = rtc_second(device, now) - rtc.second_before - (rtc.wall_before - supposed);
    if (asleep < 0) asleep = 0;
    return asleep - (exact(device, ClockKind::boot, now) - rtc.boot_before);
}

void DeviceClocks::suspend(Context& context, Index device) {
    if (!clocks_[device].suspended()) fall_asleep(device, context.now());
    clocks_[device].suspend(context.now(), oscillators_[device], memos_[device]);
    note(context, device, Adjustment::suspend, AdjustedBy::system, 0, clocks_[device].frequency());
    follow(context, device);
}

void DeviceClocks::resume(Context& context, Index device) {
    if (rtcs_[device].off) return;
    Q64 by = 0;
    if (boards_[device].rtc && boards_[device].counts_sleep && clocks_[device].suspended())
        by = sleep_by_rtc(device, context.now());
    clocks_[device].resume(context.now(), oscillators_[device], memos_[device]);
    clocks_[device].correct_sleep(by);
    note(context, device, Adjustment::resume, AdjustedBy::system, by, clocks_[device].frequency());
    follow(context, device);
    for (const ResumeSeen& seen : resume_observers_) seen(context, device);
}

// ---- power

void DeviceClocks::power_off(Context& context, Index device, PowerLoss how) {
    Rtc& rtc = rtcs_[device];
    const Board& board = boards_[device];
    if (how == PowerLoss::shut_down) {
        if (!rtc.off) write_rtc(device, context.now());
    } else {
        rtc.lost = rtc.lost || !board.rtc || !board.backup;
    }
    rtc.off = true;
    clocks_[device].suspend(context.now(), oscillators_[device], memos_[device]);
    note(context, device, Adjustment::power_off, AdjustedBy::system, 0, Rate{});
    follow(context, device);
}

void DeviceClocks::boot(Context& context, Index device) {
    Rtc& rtc = rtcs_[device];
    if (!rtc.off) return;
    const Time now = context.now();
    const Q64 wall = exact(device, ClockKind::wall, now);
    const Q64 shown = rtc.lost              ? Q64{boards_[device].reset_to.ns} << 64
                      : boards_[device].rtc ? rtc_second(device, now) + a_second / 2
                                            : wall;
    rtc.off = false;
    rtc.seen = false;
    announced_[device] = LeapKind::none;
    cancel(device, kernel_itself, announced_leap);
    const Q64 by = shown - wall;
    clocks_[device].unsteer(now, oscillators_[device], memos_[device]);
    clocks_[device].resume(now, oscillators_[device], memos_[device]);
    clocks_[device].step(by);
    rtc.booted = exact(device, ClockKind::boot, now);
    if (rtc.lost) write_rtc(device, now);
    rtc.lost = false;
    note(context, device, Adjustment::boot, AdjustedBy::system, by, Rate{});
    follow(context, device);
    const Duration jumped{static_cast<std::int64_t>(by >> 64)};
    if (by != 0)
        for (const StepSeen& seen : observers_) seen(context, device, jumped);
    for (const ResumeSeen& seen : resume_observers_) seen(context, device);
    for (const BootSeen& seen : boot_observers_) seen(context, device);
}

Duration DeviceClocks::uptime(Index device, Time now) const {
    return {static_cast<std::int64_t>(
        (exact(device, ClockKind::boot, now) - rtcs_[device].booted) >> 64)};
}

// ---- leap seconds

void DeviceClocks::announce_leap(Context& context, Index device, LeapKind kind) {
    if (boards_[device].leap != LeapKind::none || announced_[device] == kind) return;
    announced_[device] = kind;
    if (kind == LeapKind::none) return cancel(device, kernel_itself, announced_leap);
    const Reading now = read(device, ClockKind::wall, context.now());
    constexpr std::int64_t second = 1'000'000'000;
    constexpr std::int64_t a_day = TemperatureDay::seconds * second;
    const std::int64_t into_day = ((now.ns + second_of_day_ * second) % a_day + a_day) % a_day;
    arm_leap(context, device, kind, now + Duration{a_day - into_day}, announced_leap);
}

void DeviceClocks::arm_leap(Context& context, Index device, LeapKind kind, Reading midnight,
                            std::uint32_t timer) {
    // A deleted second is the one before midnight.
    const Duration before{kind == LeapKind::deletion ? 1'000'000'000 : 0};
    arm(context, device, ClockKind::wall, midnight - before, kernel_itself, timer);
}

void DeviceClocks::leap(Context& context, Index device, LeapKind kind) {
    const Q64 by = kind == LeapKind::insertion ? -a_second : a_second;
    jump(context, device, by, Adjustment::leap, AdjustedBy::system);
}

}  // namespace driftstorm
