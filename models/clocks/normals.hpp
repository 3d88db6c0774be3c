#pragma once

#include "sim/core/exact_math.hpp"
#include "sim/core/random.hpp"
#include "sim/core/rate.hpp"

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>

namespace driftstorm {

/// Two independent standard normals from one block, 52 bits each: at most 8.21 off (inverse_normal
/// of 2^-53).
inline std::array<double, 2> two_normals(const Block& block) {
    const auto uniform = [](std::uint32_t high, std::uint32_t low) {
        return centred((std::uint64_t{high} << 32) | low);
    };
    return exact::inverse_normal(
        std::array{uniform(block[1], block[0]), uniform(block[3], block[2])});
}
inline constexpr double greatest_normal = 8.21;

/// To the nearest whole number; |value| < 2^126.
inline Q64 rounded(double value) {
    const double above = value + 0.5;
    if (std::abs(above) < 0x1p62) {
        const auto whole = static_cast<std::int64_t>(above);
        return whole - (above < static_cast<double>(whole) ? 1 : 0);
    }
    // Whole as it is; the compiler's own conversion to 128 bits takes several times as long.
    const auto bits = std::bit_cast<std::uint64_t>(above);
    constexpr std::uint64_t leading = std::uint64_t{1} << 52;
    const Q64 size = Q64{static_cast<std::int64_t>((bits & (leading - 1)) | leading)}
                     << (((bits >> 52) & 0x7ff) - 1075);
    return above < 0 ? -size : size;
}

/// A second in units of clock arithmetic [2^-64 ns].
inline constexpr double q64_per_second = 1e9 * 0x1p64;

}  // namespace driftstorm
