#include "models/clocks/octave_noise.hpp"

#include "sim/core/expect.hpp"
#include "sim/core/random.hpp"

#include <cmath>
#include <numbers>

namespace driftstorm {

namespace {

constexpr int first_medium = 4;
constexpr int first_slow = 8;
constexpr std::int64_t medium_length = std::int64_t{1} << first_medium;
constexpr std::int64_t slow_length = std::int64_t{1} << first_slow;

/// Octaves below 1 s reach whole seconds as white phase noise of this variance, which makes the
/// Allan variance at 1 s exact: a third of what R(T) = T^2 B5(1 / T) adds there for T = 1/2, 1/4 ..
constexpr double below_a_second = 13.0 / 72.0;

}  // namespace

std::array<double, 3> OctaveNoise::knots(int octave, std::int64_t first) const {
    // Two neighbours share a block.
    const auto pair = [&](std::int64_t number) {
        const std::uint64_t high = static_cast<std::uint64_t>(octave) << 40;
        return two_normals(
            draw(seed_, purpose_, subject_, high | static_cast<std::uint64_t>(number)));
    };
    const std::array<double, 2> a = pair(first >> 1);
    const std::array<double, 2> b = pair((first >> 1) + 1);
    if ((first & 1) == 0) return {a[0], a[1], b[0]};
    return {a[1], b[0], b[1]};
}

OctaveNoise::Stretch OctaveNoise::stretch(std::int64_t begin, int from, int to) const {
    Stretch sum;
    sum.begin = begin;
    for (int octave = from; octave < to; ++octave) {
        const std::int64_t period = std::int64_t{1} << octave;
        const double length = static_cast<double>(period);
        const double u = octave == 0 ? OctaveNoise::first_share
                                     : static_cast<double>(begin & (period - 1)) / length;
        const std::array<double, 3> z = knots(octave, begin >> octave);
        const double turn = z[0] - 2 * z[1] + z[2];
        const double weight = weight_ == 1 ? length : 1.0;
        sum.at +=
            weight * (0.5 * (z[0] * (1 - u) * (1 - u) + z[2] * u * u) + z[1] * (0.5 + u * (1 - u)));
        sum.slope += weight / length * (z[1] - z[0] + u * turn);
        sum.bend += 0.5 * weight / (length * length) * turn;
    }
    return sum;
}

const OctaveNoise::Stretch& OctaveNoise::slow(std::int64_t place, Memo& memo) const {
    const std::int64_t begin = place & ~(slow_length - 1);
    if (memo.slow.begin != begin) memo.slow = stretch(begin, first_slow, octaves);
    return memo.slow;
}

double OctaveNoise::at(std::int64_t place, Memo& memo) const {
    DRIFTSTORM_EXPECT(place >= 0 && place < 2 * (std::int64_t{1} << octaves));
    const Stretch& slowly = slow(place, memo);
    const std::int64_t begin = place & ~(medium_length - 1);
    if (memo.medium.begin != begin) memo.medium = stretch(begin, first_medium, first_slow);
    return slowly.after(static_cast<double>(place - slowly.begin)) +
           memo.medium.after(static_cast<double>(place - begin)) +
           stretch(place, 0, first_medium).at;
}

double OctaveNoise::furthest_fast() const {
    const double weights = weight_ == 1 ? static_cast<double>(slow_length - 1) : first_slow;
    return greatest_normal * weights;  // a spline's weights sum to 1
}

FlickerFrequency::FlickerFrequency(std::uint64_t seed, std::uint64_t subject, double h_1)
    : octaves_(seed, "clocks.flicker_fm", subject, 1),
      seed_(seed),
      subject_(subject),
      scale_(std::sqrt(std::numbers::ln2 * h_1) * q64_per_second) {
    // Allan variance of the octaves at unit scale: sum of T^2 (3 B5(0) - 4 B5(tau / T) + B5(2 tau /
    // T)) / tau^2 = 2.
    if (silent()) return;
    const std::uint64_t blocks = static_cast<std::uint64_t>(dyadic_span / slow_length);
    shift_ = static_cast<std::int64_t>(
                 draw_below(draw(seed, "clocks.flicker_shift", subject, 0), blocks)) *
             slow_length;
    OctaveNoise::Memo memo;
    origin_ = drawn(shift_, memo);
}

Q64 FlickerFrequency::drawn(std::int64_t place, OctaveNoise::Memo& memo) const {
    if (silent()) return 0;
    const double white = exact::inverse_normal(
        draw_uniform(seed_, "clocks.flicker_white", subject_, static_cast<std::uint64_t>(place)));
    return rounded(scale_ * (octaves_.at(place, memo) + std::sqrt(below_a_second) * white));
}

double FlickerFrequency::furthest_from_line(std::int64_t second, Memo& memo) const {
    if (silent()) return 0;
    // Whatever stays within e of 0 stays within 2 e of its own chord; a parabola b s^2 is at most
    // b h^2 / 4 from it.
    const double h = static_cast<double>(slow_length);
    const double fast = octaves_.furthest_fast() + std::sqrt(below_a_second) * greatest_normal;
    const double slow = std::abs(octaves_.slow(second + shift_, memo.octaves).bend) * 0.25 * h * h;
    return scale_ * 1.000001 * (2 * fast + slow) + 16;
}

}  // namespace driftstorm
