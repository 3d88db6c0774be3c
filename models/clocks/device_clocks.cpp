#include "models/clocks/device_clocks.hpp"

#include "sim/core/expect.hpp"

#include <cmath>
#include <stdexcept>
#include <string>
#include <utility>

namespace driftstorm {

namespace {

double as_ns(Q64 value) { return static_cast<double>(value) * 0x1p-64; }

/// Wall clocks stay within 50 years of true time, so that their arithmetic is exact for the whole
/// horizon.
constexpr double furthest_s = 1.5e9;

double checked(double seconds, const char* what) {
    if (!(seconds >= -furthest_s && seconds <= furthest_s))
        throw std::invalid_argument(std::string("DeviceClocks::add: ") + what + " = " +
                                    std::to_string(seconds) +
                                    " s drawn, must be in -1.5e9 .. 1.5e9");
    return seconds;
}

Q64 as_q64(double seconds) { return static_cast<Q64>(std::floor(seconds * (1e9 * 0x1p64) + 0.5)); }

Duration nearest_ns(double seconds) {
    return {static_cast<std::int64_t>(std::floor(seconds * 1e9 + 0.5))};
}

}  // namespace

void DeviceClocks::set_epoch(std::int64_t unix_ns) {
    constexpr std::int64_t ns_a_day = TemperatureDay::seconds * 1'000'000'000;
    second_of_day_ = ((unix_ns % ns_a_day + ns_a_day) % ns_a_day) / 1'000'000'000;
}

std::shared_ptr<const TemperatureDay> DeviceClocks::day_of(const TemperatureParams& params) {
    const DayOfTemperature& day = params;
    for (const KnownDay& known : days_)
        if (known.day == day && known.reference_c == params.reference_c) return known.table;
    days_.push_back(
        {day, params.reference_c, std::make_shared<TemperatureDay>(day, params.reference_c)});
    return days_.back().table;
}

TemperaturePhase DeviceClocks::temperature_phase(const Params& params, std::uint64_t identity,
                                                 const std::array<double, 3>& ppb) {
    if (ppb == std::array<double, 3>{}) return {};
    const auto late = static_cast<std::int64_t>(std::floor(
        params.temperature.late.sample(draw(seed_, "clocks.temperature_late", identity, 0))));
    constexpr std::int64_t a_day = TemperatureDay::seconds;
    return {day_of(params.temperature), ppb, ((second_of_day_ - late) % a_day + a_day) % a_day};
}

Oscillator DeviceClocks::make_oscillator(const Params& params, std::uint64_t identity) {
    const auto drawn = [&](Purpose purpose, const Distribution& from) {
        return from.sample(draw(seed_, purpose, identity, 0));
    };
    Oscillator::Parts parts;
    parts.frequency_error = drawn("clocks.frequency_error", params.frequency_error) * 1e-9;
    parts.ageing = params.ageing_ppb * 1e-9;
    parts.noise = OscillatorNoise(RandomWalk(seed_, identity, params.wander.random_walk_ppb * 1e-9),
                                  WhiteFrequency(seed_, identity, params.wander.white_h0),
                                  FlickerFrequency(seed_, identity, params.wander.flicker_h_1));
    parts.temperature =
        temperature_phase(params, identity,
                          {drawn("clocks.temperature_coefficient", params.temperature.linear),
                           params.temperature.quadratic_ppb, params.temperature.cubic_ppb});
    for (const FrequencyStepParams& step : params.steps)
        parts.steps.push_back({step.at, Rate::ppb(step.by_ppb)});
    parts.trace = params.trace.recorded;
    return Oscillator(std::move(parts));
}

void DeviceClocks::reserve(std::size_t devices) {
    const auto make_room = [devices](auto&... columns) { (columns.reserve(devices), ...); };
    make_room(oscillators_, initial_offset_, zone_error_, by_hand_, devices_, memos_, boards_,
              rtc_oscillators_, rtc_memos_, clocks_, adjustments_, first_timer_, generations_,
              rtcs_, announced_);
}

Index DeviceClocks::add(const Params& params, std::uint64_t identity, EntityId device) {
    const auto drawn = [&](Purpose purpose, const Distribution& from) {
        return from.sample(draw(seed_, purpose, identity, 0));
    };
    Oscillator oscillator = make_oscillator(params, identity);
    const Q64 initial_offset =
        as_q64(checked(drawn("clocks.initial_offset", params.initial_offset), "initial_offset"));
    const Duration zone_error =
        nearest_ns(checked(drawn("clocks.zone_error", params.zone_error), "zone_error"));
    ByHand by_hand;
    by_hand.mends_zone = zone_error != Duration{} &&
                         draw_uniform(seed_, "clocks.zone_corrected_by_hand", identity, 0) <
                             params.zone_corrected_by_hand;
    if (draw_uniform(seed_, "clocks.user_set", identity, 0) < params.user_set.share) {
        by_hand.at = Time{} + sample_duration(params.user_set.at,
                                              draw(seed_, "clocks.user_set_at", identity, 0));
        by_hand.error = nearest_ns(
            checked(drawn("clocks.user_set_error", params.user_set.error), "user_set.error"));
    }

    Oscillator::Parts rtc_parts;
    if (params.rtc.present) {
        rtc_parts.frequency_error =
            drawn("clocks.rtc_frequency_error", params.rtc.frequency_error) * 1e-9;
        rtc_parts.temperature =
            temperature_phase(params, identity, {0, params.rtc.parabola_ppb, 0});
    }
    boards_.push_back({params.rtc.present, params.rtc.backup, params.rtc.counts_sleep,
                       params.rtc.reset_to, params.leap_second.kind, params.leap_second.at});
    rtc_oscillators_.emplace_back(std::move(rtc_parts));
    rtc_memos_.emplace_back();
    Rtc rtc;
    rtc.ahead = initial_offset;
    rtcs_.push_back(rtc);
    announced_.push_back(LeapKind::none);
    oscillators_.push_back(std::move(oscillator));
    memos_.emplace_back();
    devices_.push_back(device);
    initial_offset_.push_back(initial_offset);
    zone_error_.push_back(zone_error);
    by_hand_.push_back(by_hand);
    clocks_.emplace_back(initial_offset);
    adjustments_.push_back(0);
    first_timer_.push_back(no_slot);
    generations_.emplace_back();
    return static_cast<Index>(oscillators_.size() - 1);
}

TimerOwner DeviceClocks::add_owner(TimerFires fires) {
    DRIFTSTORM_EXPECT(owners_.size() < static_cast<std::size_t>(kernel_itself));
    owners_.push_back(std::move(fires));
    return static_cast<TimerOwner>(owners_.size() - 1);
}

void DeviceClocks::start(Context& context, Index device) {
    const ByHand& by_hand = by_hand_[device];
    if (by_hand.mends_zone) context.remind(*this, device, Duration{}, UserSetsClock{.number = 0});
    if (by_hand.at != end_of_time)
        context.remind(*this, device, by_hand.at - context.now(), UserSetsClock{.number = 1});
    const Board& board = boards_[device];
    if (board.leap != LeapKind::none)
        arm_leap(context, device, board.leap, Reading{board.leap_at.ns}, known_leap);
}

Q64 DeviceClocks::exact(Index device, ClockKind kind, Time now) const {
    return clocks_[device].exact(kind, now, oscillators_[device], memos_[device]);
}

Time DeviceClocks::when(Index device, ClockKind kind, Reading target, Time now) const {
    return clocks_[device].when(kind, target, now, oscillators_[device], memos_[device]);
}

double DeviceClocks::offset_ns(Index device, Time now) const {
    return as_ns(exact(device, ClockKind::wall, now) - (Q64{now.ns} << 64));
}

double DeviceClocks::raw_offset_ns(Index device, Time now) const {
    return as_ns(initial_offset_[device] + oscillators_[device].phase(now, memos_[device]));
}

// ---- timers
// ----------------------------------------------------------------------------------------

Slot DeviceClocks::find(Index device, TimerOwner owner, std::uint32_t timer) const {
    Slot slot = first_timer_[device];
    while (slot != no_slot && !(timers_[slot].number == timer && timers_[slot].owner == owner))
        slot = timers_[slot].next;
    return slot;
}

void DeviceClocks::unlink(Index device, Slot slot) {
    Slot* link = &first_timer_[device];
    while (*link != slot) link = &timers_[*link].next;
    *link = timers_[slot].next;
    timers_.take(slot);
}

void DeviceClocks::schedule(Context& context, Index device, Timer& timer) {
    timer.due = when(device, timer.kind, timer.target, context.now());
    timer.generation = {++generations_[device].value};
    if (timer.due == end_of_time) return;
    context.remind(
        *this, device, timer.due - context.now(),
        TimerDue{.timer = timer.number, .owner = timer.owner, .generation = timer.generation});
}

void DeviceClocks::arm(Context& context, Index device, ClockKind kind, Reading target,
                       TimerOwner owner, std::uint32_t timer) {
    Slot slot = find(device, owner, timer);
    if (slot == no_slot) {
        Timer made;
        made.number = timer;
        made.owner = owner;
        made.next = first_timer_[device];
        slot = timers_.put(made);
        first_timer_[device] = slot;
    }
    timers_[slot].kind = kind;
    timers_[slot].target = target;
    schedule(context, device, timers_[slot]);
}

void DeviceClocks::cancel(Index device, TimerOwner owner, std::uint32_t timer) {
    const Slot slot = find(device, owner, timer);
    if (slot != no_slot) unlink(device, slot);
}

bool DeviceClocks::armed(Index device, TimerOwner owner, std::uint32_t timer) const {
    return find(device, owner, timer) != no_slot;
}

bool DeviceClocks::stale(const TimerDue& message, Index device) const {
    const Slot slot = find(device, message.owner, message.timer);
    return slot == no_slot || timers_[slot].generation != message.generation;
}

void DeviceClocks::on(const TimerDue& message, Index device, Context& context) {
    unlink(device, find(device, message.owner, message.timer));
    if (message.owner == kernel_itself)
        return leap(context, device,
                    message.timer == known_leap ? boards_[device].leap : announced_[device]);
    owners_[static_cast<std::size_t>(message.owner)](context, device, message.timer);
}

void DeviceClocks::follow(Context& context, Index device) {
    for (Slot slot = first_timer_[device]; slot != no_slot; slot = timers_[slot].next) {
        Timer& timer = timers_[slot];
        if (when(device, timer.kind, timer.target, context.now()) != timer.due)
            schedule(context, device, timer);
    }
}

// ---- steering
// --------------------------------------------------------------------------------------

void DeviceClocks::note(Context& context, Index device, Adjustment kind, AdjustedBy source,
                        Q64 amount, Rate rate) {
    ++adjustments_[device];
    ClockAdjusted row;
    row.device = devices_[device];
    row.kind = kind;
    row.source = source;
    row.amount_ns = as_ns(amount);
    row.rate_ppb = rate.as_ppb();
    row.offset_ns = offset_ns(device, context.now());
    context.record(row);
}

void DeviceClocks::jump(Context& context, Index device, Q64 by, Adjustment kind,
                        AdjustedBy source) {
    const Reading before = read(device, ClockKind::wall, context.now());
    clocks_[device].step(by);
    write_rtc(device, context.now());
    note(context, device, kind, source, by, clocks_[device].frequency());
    follow(context, device);
    const Duration jumped = read(device, ClockKind::wall, context.now()) - before;
    for (const StepSeen& seen : observers_) seen(context, device, jumped);
}

void DeviceClocks::step(Context& context, Index device, Q64 by, AdjustedBy source) {
    jump(context, device, by, Adjustment::step, source);
}

void DeviceClocks::slew(Context& context, Index device, Q64 remaining, Rate rate,
                        AdjustedBy source) {
    clocks_[device].slew(context.now(), remaining, rate, oscillators_[device], memos_[device]);
    note(context, device, Adjustment::slew, source, remaining, rate);
    follow(context, device);
}

void DeviceClocks::set_frequency(Context& context, Index device, Rate correction,
                                 AdjustedBy source) {
    clocks_[device].set_frequency(context.now(), correction, oscillators_[device], memos_[device]);
    note(context, device, Adjustment::frequency, source, 0, correction);
    follow(context, device);
}

void DeviceClocks::retune(Context& context, Index device, Rate correction) {
    clocks_[device].set_frequency(context.now(), correction, oscillators_[device], memos_[device]);
    ++adjustments_[device];
    follow(context, device);
}

void DeviceClocks::set_by_user(Context& context, Index device, Reading wall) {
    const Q64 by = (Q64{wall.ns} << 64) - exact(device, ClockKind::wall, context.now());
    jump(context, device, by, Adjustment::user, AdjustedBy::user);
}

void DeviceClocks::on(const UserSetsClock& message, Index device, Context& context) {
    if (message.number == 0) {
        // What the user sees is off by the wrong zone; setting it right puts the clock wrong by as
        // much.
        set_by_user(context, device,
                    read(device, ClockKind::wall, context.now()) - zone_error_[device]);
    } else {
        set_by_user(context, device, Reading{context.now().ns} + by_hand_[device].error);
    }
}

}  // namespace driftstorm
