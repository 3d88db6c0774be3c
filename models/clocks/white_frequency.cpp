#include "models/clocks/white_frequency.hpp"

#include "models/clocks/normals.hpp"
#include "sim/core/random.hpp"

#include <cmath>

namespace driftstorm {

namespace {

double normal(std::uint64_t seed, std::uint64_t subject, std::int64_t number) {
    return exact::inverse_normal(
        draw_uniform(seed, "clocks.white_fm", subject, static_cast<std::uint64_t>(number)));
}

}  // namespace

WhiteFrequency::WhiteFrequency(std::uint64_t seed, std::uint64_t subject, double h0)
    : seed_(seed), subject_(subject), scale_(std::sqrt(0.5 * h0) * q64_per_second) {}

WhiteFrequency::Interval WhiteFrequency::whole() const {
    const double deviation = scale_ * std::sqrt(static_cast<double>(dyadic_span));
    return {0, dyadic_span, {}, {rounded(deviation * normal(seed_, subject_, dyadic_span))}};
}

WhiteFrequency::Point WhiteFrequency::middle(const Interval& of) const {
    // Half-way between the ends, with variance h / 4.
    const double deviation = scale_ * 0.5 * std::sqrt(static_cast<double>(of.length));
    return {of.begin.phase + ((of.end.phase - of.begin.phase) >> 1) +
            rounded(deviation * normal(seed_, subject_, of.second + of.length / 2))};
}

double WhiteFrequency::furthest_from_line(const Interval& of) const {
    // Each middle is at most 8.21 standard deviations off, sqrt(h) / 2 of scale_; the halves of
    // halves add 1 / (1 - 2^-0.5) = 3.415 times that, in all 14.02.
    return silent() ? 0 : 14.1 * scale_ * std::sqrt(static_cast<double>(of.length)) + 16;
}

}  // namespace driftstorm
