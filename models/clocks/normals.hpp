#pragma once

#include "sim/core/exact_math.hpp"
#include "sim/core/random.hpp"
#include "sim/core/rate.hpp"

#include <array>
#include <cmath>
#include <cstdint>

namespace driftstorm {

/// Two independent standard normals from one block, 52 bits each: at most 8.21 off (inverse_normal
/// of 2^-53).
inline std::array<double, 2> two_normals(const Block& block) {
    const auto normal = [](std::uint32_t high, std::uint32_t low) {
        const std::uint64_t bits = (std::uint64_t{high} << 32) | low;
        return exact::inverse_normal((static_cast<double>(bits >> 12) + 0.5) * 0x1p-52);
    };
    return {normal(block[1], block[0]), normal(block[3], block[2])};
}
inline constexpr double greatest_normal = 8.21;

/// To the nearest whole number.
inline Q64 rounded(double value) { return static_cast<Q64>(std::floor(value + 0.5)); }

/// A second in units of clock arithmetic [2^-64 ns].
inline constexpr double q64_per_second = 1e9 * 0x1p64;

}  // namespace driftstorm
