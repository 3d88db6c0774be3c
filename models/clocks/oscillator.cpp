#include "models/clocks/oscillator.hpp"

#include "sim/core/expect.hpp"

#include <cmath>
#include <stdexcept>
#include <string>

namespace driftstorm {

namespace {

constexpr std::int64_t grid = oscillator_grid.ns;

std::int64_t nearest(double value) {
    return static_cast<std::int64_t>(value < 0 ? value - 0.5 : value + 0.5);
}

}  // namespace

Oscillator::Oscillator(double frequency_error, double ageing, const RandomWalk& walk)
    : walk_(walk) {
    if (!(frequency_error >= -0.1 && frequency_error <= 0.1))
        throw std::invalid_argument("Oscillator: frequency_error = " +
                                    std::to_string(frequency_error) + ", must be in -0.1 .. 0.1");
    if (!(ageing >= -1e-11 && ageing <= 1e-11))
        throw std::invalid_argument("Oscillator: ageing = " + std::to_string(ageing * 1e9) +
                                    " ppb/s, must be in -0.01 .. 0.01");
    frequency_error_ = Rate::fraction(frequency_error);
    half_ageing_ = nearest(ageing * (0.5e9 * 0x1p64));
}

Q64 Oscillator::smooth_phase(std::int64_t second) const {
    return gained(Duration{second * grid}, frequency_error_) + Q64{second} * second * half_ageing_;
}

Q64 Oscillator::phase_at(std::int64_t second) const {
    if (walk_.silent()) return smooth_phase(second);
    return smooth_phase(second) + walk_.cell(second).begin.phase;
}

void Oscillator::remember(std::int64_t second, Memo& memo) const {
    memo.second = second;
    memo.begin = smooth_phase(second);
    memo.end = smooth_phase(second + 1);
    if (walk_.silent()) return;
    const RandomWalk::Interval cell = walk_.cell(second, memo.path);
    memo.begin += cell.begin.phase;
    memo.end += cell.end.phase;
}

Q64 Oscillator::phase(Time now, Memo& memo) const {
    DRIFTSTORM_EXPECT(now.ns >= 0 && now.ns <= horizon.ns);
    const std::int64_t into = now.ns - memo.second * grid;
    if (memo.second >= 0 && into >= 0 && into <= grid)  // also its end: both seconds agree there
        return memo.begin + (memo.end - memo.begin) * into / grid;
    remember(now.ns / grid, memo);
    return memo.begin + (memo.end - memo.begin) * (now.ns - memo.second * grid) / grid;
}

Oscillator::Line Oscillator::line(Time now, Memo& memo) const {
    DRIFTSTORM_EXPECT(now.ns >= 0 && now.ns <= horizon.ns);
    const RandomWalk::Interval walk = walk_.around(now.ns / grid, memo.path);
    const std::int64_t end = walk.second + walk.length;
    Line line{{walk.second * grid}, {end * grid}};
    line.at_from = smooth_phase(walk.second) + walk.begin.phase;
    line.at_until = smooth_phase(end) + walk.end.phase;
    // A parabola a s^2 is at most a h^2 / 4 from its chord.
    const double h = static_cast<double>(walk.length);
    line.off_by = walk_.furthest_from_line(walk) +
                  0.25 * h * h * std::abs(static_cast<double>(half_ageing_)) + 16;
    return line;
}

}  // namespace driftstorm
