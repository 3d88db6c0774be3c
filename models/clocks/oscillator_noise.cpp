#include "models/clocks/oscillator_noise.hpp"

#include <cmath>
#include <numbers>

namespace driftstorm {

namespace {}  // namespace

double PowerLaw::allan_variance(double tau) const {
    return h0 / (2 * tau) + 2 * std::numbers::ln2 * h_1 +
           2 * std::numbers::pi * std::numbers::pi / 3 * tau * h_2;
}

double PowerLaw::wander() const { return std::sqrt(2 * h_2) * std::numbers::pi; }

OscillatorNoise::OscillatorNoise(std::uint64_t seed, std::uint64_t subject, const PowerLaw& law)
    : walk_(seed, subject, law.wander()),
      white_(seed, subject, law.h0),
      flicker_(seed, subject, law.h_1) {}

Q64 OscillatorNoise::phase(std::int64_t second) const {
    Q64 sum = 0;
    if (!walk_.silent()) sum += walk_.cell(second).begin.phase;
    if (!white_.silent()) sum += white_.cell(second).begin.phase;
    if (!flicker_.silent()) {
        FlickerFrequency::Memo memo;
        sum += flicker_.phase(second, memo);
    }
    return sum;
}

OscillatorNoise::Stretch OscillatorNoise::cell(std::int64_t second, Memo& memo) const {
    Stretch sum{second, 1};
    if (!walk_.silent()) {
        const RandomWalk::Interval walk = walk_.cell(second, memo.walk);
        sum.begin += walk.begin.phase;
        sum.end += walk.end.phase;
    }
    if (!white_.silent()) {
        const WhiteFrequency::Interval white = white_.cell(second, memo.white);
        sum.begin += white.begin.phase;
        sum.end += white.end.phase;
    }
    if (!flicker_.silent()) {
        sum.begin += flicker_.phase(second, memo.flicker);
        sum.end += flicker_.phase(second + 1, memo.flicker);
    }
    return sum;
}

OscillatorNoise::Stretch OscillatorNoise::around(std::int64_t second, Memo& memo) const {
    constexpr std::int64_t length = std::int64_t{1} << RandomWalk::Path::around_levels;
    Stretch sum{second & ~(length - 1), length};
    if (!walk_.silent()) {
        const RandomWalk::Interval walk = walk_.around(second, memo.walk);
        sum.begin += walk.begin.phase;
        sum.end += walk.end.phase;
        sum.off_by += walk_.furthest_from_line(walk);
    }
    if (!white_.silent()) {
        const WhiteFrequency::Interval white = white_.around(second, memo.white);
        sum.begin += white.begin.phase;
        sum.end += white.end.phase;
        sum.off_by += white_.furthest_from_line(white);
    }
    if (!flicker_.silent()) {
        sum.off_by += flicker_.furthest_from_line(sum.second, memo.flicker);
        sum.end += flicker_.phase(sum.second + length, memo.flicker);
        sum.begin += flicker_.phase(sum.second, memo.flicker);
    }
    return sum;
}

}  // namespace driftstorm
