#include "models/clocks/random_walk.hpp"

#include "sim/core/exact_math.hpp"
#include "sim/core/expect.hpp"
#include "sim/core/random.hpp"

#include <cmath>
#include <utility>

namespace driftstorm {

namespace {

constexpr std::int64_t whole_length = std::int64_t{1} << 32;

/// Two independent standard normals at second `number` of the tree; each second is drawn at once.
std::pair<double, double> normals(std::uint64_t seed, std::uint64_t subject, std::int64_t number) {
    const Block block =
        draw(seed, "clocks.random_walk", subject, static_cast<std::uint64_t>(number));
    const auto normal = [](std::uint32_t high, std::uint32_t low) {
        const std::uint64_t bits = (std::uint64_t{high} << 32) | low;
        return exact::inverse_normal((static_cast<double>(bits >> 12) + 0.5) * 0x1p-52);
    };
    return {normal(block[1], block[0]), normal(block[3], block[2])};
}

Q64 rounded(double value) { return static_cast<Q64>(std::floor(value + 0.5)); }

/// The half of `of` that holds `second`.
RandomWalk::Interval half(const RandomWalk::Interval& of, const RandomWalk::Point& middle,
                          std::int64_t second) {
    const std::int64_t middle_second = of.second + of.length / 2;
    if (second < middle_second) return {of.second, of.length / 2, of.begin, middle};
    return {middle_second, of.length / 2, middle, of.end};
}

}  // namespace

RandomWalk::RandomWalk(std::uint64_t seed, std::uint64_t subject, double wander)
    : seed_(seed), subject_(subject), scale_(wander * (1e9 * 0x1p64)) {}

RandomWalk::Interval RandomWalk::whole() const {
    // A Wiener process W over T: W(T) = sqrt(T) z1, and its integral given W(T) is T W(T) / 2 +
    // sqrt(T^3 / 12) z2.
    const double length = static_cast<double>(whole_length);
    const auto [z1, z2] = normals(seed_, subject_, whole_length);
    Interval all{0, whole_length, {}, {}};
    all.end.frequency = scale_ * std::sqrt(length) * z1;
    all.end.phase =
        rounded(0.5 * length * all.end.frequency + scale_ * length * std::sqrt(length / 12.0) * z2);
    return all;
}

RandomWalk::Point RandomWalk::middle(const Interval& of) const {
    // Given (phase, frequency) at both ends, the middle is normal with independent errors of
    // variance h^3 / 192 (phase) and h / 16 (frequency) about the cubic through the ends.
    const double h = static_cast<double>(of.length);
    const auto [z1, z2] = normals(seed_, subject_, of.second + of.length / 2);
    const Q64 gain = of.end.phase - of.begin.phase;
    Point made;
    made.phase = of.begin.phase + (gain >> 1) +
                 rounded(0.125 * h * (of.begin.frequency - of.end.frequency) +
                         scale_ * h * std::sqrt(h / 192.0) * z1);
    made.frequency = 1.5 * (static_cast<double>(gain) / h) -
                     0.25 * (of.begin.frequency + of.end.frequency) +
                     scale_ * 0.25 * std::sqrt(h) * z2;
    return made;
}

RandomWalk::Interval RandomWalk::within(Interval from, std::int64_t second,
                                        std::int64_t length) const {
    DRIFTSTORM_EXPECT(second >= from.second && second < from.second + from.length && length >= 1);
    while (from.length > length) from = half(from, middle(from), second);
    return from;
}

RandomWalk::Interval RandomWalk::cell(std::int64_t second) const {
    return within(whole(), second, 1);
}

RandomWalk::Interval RandomWalk::cell(std::int64_t second, Path& path) const {
    constexpr std::int64_t length = std::int64_t{1} << Path::levels;
    constexpr std::size_t begin = Path::levels;
    constexpr std::size_t end = Path::levels + 1;
    // The middle of an interval of 2^(i + 1) s is known when the old and the new second agree above
    // bit i.
    std::int64_t differs = second ^ path.second;
    if (path.second < 0 || differs >= length) {
        differs = length;
        const Interval around = within(whole(), second, length);
        path.phase[begin] = around.begin.phase;
        path.phase[end] = around.end.phase;
        path.frequency[begin] = around.begin.frequency;
        path.frequency[end] = around.end.frequency;
    }
    Interval at{second & ~(length - 1),
                length,
                {path.phase[begin], path.frequency[begin]},
                {path.phase[end], path.frequency[end]}};
    for (std::size_t i = Path::levels; i-- > 0;) {
        if (differs >> (i + 1) != 0) {
            const Point made = middle(at);
            path.phase[i] = made.phase;
            path.frequency[i] = made.frequency;
        }
        at = half(at, {path.phase[i], path.frequency[i]}, second);
    }
    path.second = second;
    return at;
}

RandomWalk::Interval RandomWalk::around(std::int64_t second, Path& path) const {
    constexpr std::int64_t length = std::int64_t{1} << Path::levels;
    if (path.second < 0 || (second ^ path.second) >= length) cell(second, path);
    constexpr std::size_t begin = Path::levels;
    constexpr std::size_t end = Path::levels + 1;
    return {second & ~(length - 1),
            length,
            {path.phase[begin], path.frequency[begin]},
            {path.phase[end], path.frequency[end]}};
}

double RandomWalk::furthest_from_line(const Interval& of) const {
    if (silent()) return 0;
    // A draw is at most 8.21 standard deviations off: inverse_normal(2^-53). At the middle of h
    // seconds that moves the phase by e1 = h^1.5 / sqrt(192) of them and the frequency by e2 =
    // sqrt(h) / 4, the phase next to it by no more than e1 + e2 (h / 2) 4/27 = 0.0907 h^1.5; the
    // halves of halves add 1 / (1 - 2^-1.5) = 1.547 times that. 8.21 x 0.0907 x 1.547 = 1.152; 1.2
    // also covers all rounding.
    const double h = static_cast<double>(of.length);
    const double drawn = 1.2 * scale_ * h * std::sqrt(h);
    // The cubic through the ends is that far from the line; 4/27 is the maximum of x (1 - x)^2.
    const double mean = static_cast<double>(of.end.phase - of.begin.phase) / h;
    const double bent =
        4.0 / 27.0 * h * (std::abs(of.begin.frequency - mean) + std::abs(of.end.frequency - mean));
    return drawn + bent + 16;
}

}  // namespace driftstorm
