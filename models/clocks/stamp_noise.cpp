#include "models/clocks/stamp_noise.hpp"

#include "models/clocks/normals.hpp"
#include "sim/core/exact_math.hpp"
#include "sim/core/random.hpp"

#include <array>
#include <cmath>
#include <numbers>

namespace driftstorm {

namespace {

/// tau^2 Avar of octaves of unit weight grows by 3 B5(0) = 1.65 an octave, that of flicker PM by 3
/// ln 2 flicker^2.
constexpr double per_octave = 3 * std::numbers::ln2 / 1.65;

/// What the octaves below one stamp add: noise of variance 0.8886 and covariance 0.0713 of
/// neighbours, a moving average of two normals. With it the Allan variance is that of 1 / f cut off
/// at half the rate of stamps, to 2 % from the first stamp on.
constexpr double own_share = 0.93926;
constexpr double next_share = 0.07591;

}  // namespace

StampNoise::StampNoise(std::uint64_t seed, std::uint64_t subject, double white_s, double flicker_s)
    : seed_(seed),
      subject_(subject),
      octaves_(seed, "clocks.stamp_flicker", subject, 0),
      white_s_(white_s),
      flicker_s_(flicker_s) {}

Q64 StampNoise::at(std::int64_t number, OctaveNoise::Memo& memo) const {
    const auto normals = [&](std::int64_t of) {
        return two_normals(draw(seed_, "clocks.stamp", subject_, static_cast<std::uint64_t>(of)));
    };
    const std::array<double, 2> own = normals(number);
    double late = white_s_ * own[0];
    if (flicker_s_ != 0) {
        const double fast = own_share * own[1] + next_share * normals(number + 1)[1];
        late += flicker_s_ * std::sqrt(per_octave) * (octaves_.at(number, memo) + fast);
    }
    return rounded(late * q64_per_second);
}

double StampNoise::allan_variance(double tau0, std::int64_t m) const {
    const double tau = tau0 * static_cast<double>(m);
    // The integral of 8 sin^4(pi f m) / f from 0 to 1/2, by parts of its cosines: exact to 1e-3
    // from m = 4 on as 1.038 + 3 ln(pi m), below that by number.
    constexpr std::array<double, 3> first{4.15546, 6.63626, 7.72328};
    const double flicker = m <= 3
                               ? first[static_cast<std::size_t>(m - 1)]
                               : 1.038 + 3 * exact::log(std::numbers::pi * static_cast<double>(m));
    return (3 * white_s_ * white_s_ + flicker * flicker_s_ * flicker_s_) / (tau * tau);
}

}  // namespace driftstorm
