#include "models/clocks/random_walk.hpp"

#include "models/clocks/normals.hpp"
#include "sim/core/random.hpp"

#include <cmath>

namespace driftstorm {

namespace {

/// Each second of the tree is drawn at once.
std::array<double, 2> normals(std::uint64_t seed, std::uint64_t subject, std::int64_t number) {
    return two_normals(
        draw(seed, "clocks.random_walk", subject, static_cast<std::uint64_t>(number)));
}

}  // namespace

RandomWalk::RandomWalk(std::uint64_t seed, std::uint64_t subject, double wander)
    : seed_(seed), subject_(subject), scale_(wander * (1e9 * 0x1p64)) {}

RandomWalk::Interval RandomWalk::whole() const {
    // A Wiener process W over T: W(T) = sqrt(T) z1, and its integral given W(T) is T W(T) / 2 +
    // sqrt(T^3 / 12) z2.
    const double length = static_cast<double>(dyadic_span);
    const auto [z1, z2] = normals(seed_, subject_, dyadic_span);
    Interval all{0, dyadic_span, {}, {}};
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
