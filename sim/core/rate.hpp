#pragma once

#include "sim/core/time.hpp"

#include <compare>
#include <cstdint>

namespace driftstorm {

__extension__ typedef __int128 Int128;
__extension__ typedef unsigned __int128 Uint128;

/// A span or a reading in units of 2^-64 ns: rates applied to integer nanoseconds lose nothing.
using Q64 = Int128;

/// Fractional frequency offset y = f / f_nominal - 1, as a multiple of 2^-64 (|y| < 1/2).
struct Rate {
    std::int64_t raw = 0;

    /// Nearest multiple of 2^-64 (ties away from zero); only IEEE operations, so the same bits
    /// everywhere.
    static constexpr Rate fraction(double y) {
        const double scaled = y * 0x1p64;
        const auto whole = static_cast<std::int64_t>(scaled);
        const double rest = scaled - static_cast<double>(whole);  // exact; scaled + 0.5 is not
        return {whole + (rest >= 0.5) - (rest <= -0.5)};
    }
    static constexpr Rate ppb(double value) { return fraction(value * 1e-9); }
    static constexpr Rate ppm(double value) { return fraction(value * 1e-6); }

    constexpr double as_fraction() const { return static_cast<double>(raw) * 0x1p-64; }
    constexpr double as_ppb() const { return as_fraction() * 1e9; }

    friend constexpr auto operator<=>(Rate, Rate) = default;
    friend constexpr Rate operator+(Rate a, Rate b) { return {a.raw + b.raw}; }
    friend constexpr Rate operator-(Rate a, Rate b) { return {a.raw - b.raw}; }
    friend constexpr Rate operator-(Rate a) { return {-a.raw}; }
};

/// What `elapsed` true nanoseconds gain or lose at `rate` [2^-64 ns]; exact.
constexpr Q64 gained(Duration elapsed, Rate rate) { return Int128{elapsed.ns} * rate.raw; }

}  // namespace driftstorm
