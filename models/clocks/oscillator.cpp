#include "models/clocks/oscillator.hpp"

#include "sim/core/expect.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>
#include <utility>

namespace driftstorm {

namespace {

constexpr std::int64_t grid = oscillator_grid.ns;

/// gain * into / grid, cut towards 0, for 0 <= into <= grid: long division by words, as a general
/// one of 128 bits costs more than all the rest of a reading.
Q64 share_of_second(Q64 gain, std::int64_t into) {
    constexpr auto divisor = static_cast<std::uint64_t>(grid);
    const Q64 product = gain * into;
    const Uint128 size =
        product < 0 ? -static_cast<Uint128>(product) : static_cast<Uint128>(product);
    const auto high = static_cast<std::uint64_t>(size >> 64);
    const auto low = static_cast<std::uint64_t>(size);
    const std::uint64_t middle = (high % divisor) << 32 | low >> 32;
    const std::uint64_t last = (middle % divisor) << 32 | (low & 0xffffffff);
    const Uint128 quotient =
        (Uint128{high / divisor} << 64) + (Uint128{middle / divisor} << 32) + last / divisor;
    return product < 0 ? -static_cast<Q64>(quotient) : static_cast<Q64>(quotient);
}

std::int64_t nearest(double value) {
    return static_cast<std::int64_t>(value < 0 ? value - 0.5 : value + 0.5);
}

}  // namespace

Oscillator::Oscillator(double frequency_error, double ageing, const RandomWalk& walk)
    : Oscillator(Parts{frequency_error, ageing, OscillatorNoise(walk), {}, {}, {}}) {}

Oscillator::Oscillator(Parts parts) : noise_(parts.noise) {
    if (!(parts.frequency_error >= -0.1 && parts.frequency_error <= 0.1))
        throw std::invalid_argument(
            "Oscillator: frequency_error = " + std::to_string(parts.frequency_error) +
            ", must be in -0.1 .. 0.1");
    if (!(parts.ageing >= -1e-11 && parts.ageing <= 1e-11))
        throw std::invalid_argument("Oscillator: ageing = " + std::to_string(parts.ageing * 1e9) +
                                    " ppb/s, must be in -0.01 .. 0.01");
    frequency_error_ = Rate::fraction(parts.frequency_error);
    half_ageing_ = nearest(parts.ageing * (0.5e9 * 0x1p64));
    Rate stepped;
    for (const FrequencyStep& step : parts.steps) {
        stepped = stepped + Rate{std::abs(step.by.raw)};
        if (step.at < Time{} || step.at > Time{} + horizon || stepped > Rate::fraction(0.05))
            throw std::invalid_argument("Oscillator: a frequency step of " +
                                        std::to_string(step.by.as_ppb()) + " ppb at " +
                                        std::to_string(step.at.seconds()) +
                                        " s; steps must lie after the epoch and be 5 % in all");
    }
    if (!parts.temperature.silent() || !parts.steps.empty() || parts.trace)
        course_ = std::make_shared<const Course>(
            Course{std::move(parts.temperature), std::move(parts.steps), std::move(parts.trace)});
}

Q64 Oscillator::Course::phase(std::int64_t second) const {
    Q64 sum = temperature.silent() ? 0 : temperature.phase(second);
    if (trace) sum += trace->phase(second);
    for (const FrequencyStep& step : steps)
        sum += gained({std::max<std::int64_t>(0, second * grid - step.at.ns)}, step.by);
    return sum;
}

double Oscillator::Course::furthest_from_line(std::int64_t from, std::int64_t until) const {
    // What runs at rates within a range r [2^-64 ns per ns] is at most r h / 4 from its chord.
    double range = trace ? trace->range(from, until) : 0;
    for (const FrequencyStep& step : steps)
        if (step.at.ns > from * grid && step.at.ns < until * grid)
            range += std::abs(static_cast<double>(step.by.raw));
    return temperature.furthest_from_line(until - from) +
           0.25 * static_cast<double>((until - from) * grid) * range + 16;
}

Q64 Oscillator::smooth_phase(std::int64_t second) const {
    const Q64 smooth =
        gained(Duration{second * grid}, frequency_error_) + Q64{second} * second * half_ageing_;
    return course_ ? smooth + course_->phase(second) : smooth;
}

Q64 Oscillator::phase_at(std::int64_t second) const {
    if (noise_.silent()) return smooth_phase(second);
    return smooth_phase(second) + noise_.phase(second);
}

void Oscillator::remember(std::int64_t second, Memo& memo) const {
    memo.second = second;
    memo.begin = smooth_phase(second);
    memo.end = smooth_phase(second + 1);
    if (noise_.silent()) return;
    if (!memo.noise) memo.noise = std::make_unique<OscillatorNoise::Memo>();
    const OscillatorNoise::Stretch cell = noise_.cell(second, *memo.noise);
    memo.begin += cell.begin;
    memo.end += cell.end;
}

void Oscillator::move(Time now, Memo& memo) const {
    DRIFTSTORM_EXPECT(now.ns >= 0 && now.ns <= horizon.ns);
    std::int64_t into = now.ns - memo.second * grid;
    // The end of a second also serves: both seconds agree there.
    if (memo.second < 0 || into < 0 || into > grid) {
        remember(now.ns / grid, memo);
        into = now.ns - memo.second * grid;
    }
    memo.phase = memo.begin + share_of_second(memo.end - memo.begin, into);
    memo.instant = now;
}

Oscillator::Line Oscillator::line(Time now, Memo& memo) const {
    DRIFTSTORM_EXPECT(now.ns >= 0 && now.ns <= horizon.ns);
    if (!memo.noise) memo.noise = std::make_unique<OscillatorNoise::Memo>();
    const OscillatorNoise::Stretch noise = noise_.around(now.ns / grid, *memo.noise);
    const std::int64_t end = noise.second + noise.length;
    Line line{{noise.second * grid}, {end * grid}};
    line.at_from = smooth_phase(noise.second) + noise.begin;
    line.at_until = smooth_phase(end) + noise.end;
    // A parabola a s^2 is at most a h^2 / 4 from its chord.
    const double h = static_cast<double>(noise.length);
    line.off_by = noise.off_by + 0.25 * h * h * std::abs(static_cast<double>(half_ageing_)) + 16;
    if (course_) line.off_by += course_->furthest_from_line(noise.second, end);
    return line;
}

}  // namespace driftstorm
