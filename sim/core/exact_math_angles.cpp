#include "sim/core/exact_math.hpp"
#include "sim/core/exact_pair.hpp"
#include "sim/core/expect.hpp"

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

namespace driftstorm::exact {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
constexpr double round_shift = 0x1.8p52;  // adding it rounds to an integer, held in the low bits

constexpr std::uint64_t bits_of(double x) { return std::bit_cast<std::uint64_t>(x); }
constexpr double double_of(std::uint64_t bits) { return std::bit_cast<double>(bits); }

constexpr Pair half_pi{0x1.921fb54442d18p+0, 0x1.1a62633145c07p-54};

// ---- sine and cosine

// Pi / 2 in four parts; the first two times any |n| < 2^30 are exact.
constexpr double half_pi_1 = 0x1.921fb4p+0;
constexpr double half_pi_2 = 0x1.4442d0p-24;
constexpr double half_pi_3 = 0x1.8469898cc5170p-48;
constexpr double half_pi_4 = 0x1.b839a252049c1p-104;

struct Reduced {
    Pair r;                 ///< |r| <= pi/4, absolute error below 2^-67
    unsigned quadrant = 0;  ///< x = r + quadrant pi/2 (mod 2 pi)
};

inline Reduced reduced(double x) {
    DRIFTSTORM_EXPECT(x >= -0x1p30 && x <= 0x1p30);
    const double shifted = x * (1 / half_pi.high) + round_shift;
    const double n = shifted - round_shift;
    const Pair first = sum_of(x - n * half_pi_1, -n * half_pi_2);
    const Pair third = sum_of(first.high, -n * half_pi_3);
    const double low = third.low + first.low - n * half_pi_4;
    return {ordered_sum_of(third.high, low), static_cast<unsigned>(bits_of(shifted) & 3)};
}

inline double sine(Pair r) {
    const double z = r.high * r.high;
    double series = 1.0 / 355687428096000;
    series = series * z - 1.0 / 1307674368000;
    series = series * z + 1.0 / 6227020800;
    series = series * z - 1.0 / 39916800;
    series = series * z + 1.0 / 362880;
    series = series * z - 1.0 / 5040;
    series = series * z + 1.0 / 120;
    const double cube = r.high * z;
    return r.high + ((r.low - 0.5 * z * r.low) + cube * (z * series - 1.0 / 6));
}

inline double cosine(Pair r) {
    const double z = r.high * r.high;
    double series = 1.0 / 20922789888000;
    series = series * z - 1.0 / 87178291200;
    series = series * z + 1.0 / 479001600;
    series = series * z - 1.0 / 3628800;
    series = series * z + 1.0 / 40320;
    series = series * z - 1.0 / 720;
    series = series * z + 1.0 / 24;
    const Pair first = ordered_sum_of(1.0, -0.5 * z);
    return first.high + (first.low + (z * z * series - r.high * r.low));
}

// ---- arc tangent

constexpr auto atan_table = [] {  // atan(i / 16)
    std::array<Pair, 17> table{};
    for (int i = 0; i <= 16; ++i) {
        // Euler: atan t = t / (1 + t^2) * sum of (2n)!! / (2n + 1)!! (t^2 / (1 + t^2))^n
        const Pair t{double(i) / 16, 0};
        const Pair below = Pair{1, 0} + t * t;
        const Pair z = t * t / below;
        Pair sum{1, 0};
        for (int n = 110; n >= 1; --n) {
            sum = Pair{1, 0} + sum * z * (Pair{2.0 * n, 0} / Pair{2.0 * n + 1, 0});
        }
        table[static_cast<std::size_t>(i)] = t / below * sum;
    }
    return table;
}();

/// atan(a / b) in [0, pi/4] as a pair; 0 <= a <= b, b > 0, both finite.
inline Pair atan_of_ratio(double a, double b) {
    const double q = a / b;
    double t = q;
    Pair base{};
    if (q > 0.15) {
        if (b < 0x1p-900) {
            a *= 0x1p100;
            b *= 0x1p100;
        } else if (b > 0x1p900) {
            a *= 0x1p-100;
            b *= 0x1p-100;
        }
        const double i = (q * 16.0 + round_shift) - round_shift;
        const double c = i / 16.0;
        base = atan_table[static_cast<std::size_t>(i)];
        const double b_high = double_of(bits_of(b) & 0xfffffffff8000000ull);
        t = ((a - c * b_high) - c * (b - b_high)) / (b + c * a);
    }
    const double z = t * t;
    double series = 0;
    for (int n = 23; n >= 3; n -= 2) series = ((n % 4 == 1) ? 1.0 / n : -1.0 / n) + series * z;
    const Pair sum = ordered_sum_of(base.high, t);
    return ordered_sum_of(sum.high, sum.low + (base.low + t * z * series));
}

}  // namespace

double sin(double x) {
    if (!(std::abs(x) < infinity)) return not_a_number;
    if (std::abs(x) < 0x1p-27) return x;
    const Reduced at = reduced(x);
    const double value = at.quadrant % 2 == 0 ? sine(at.r) : cosine(at.r);
    return at.quadrant < 2 ? value : -value;
}

double cos(double x) {
    if (!(std::abs(x) < infinity)) return not_a_number;
    const Reduced at = reduced(x);
    const double value = at.quadrant % 2 == 0 ? cosine(at.r) : sine(at.r);
    return at.quadrant == 0 || at.quadrant == 3 ? value : -value;
}

double atan2(double y, double x) {
    if (x != x || y != y) return not_a_number;
    double a = std::abs(y);
    double b = std::abs(x);
    if (a == infinity && b == infinity) a = b = 1.0;
    const bool swap = a > b;
    Pair angle{};
    if (swap) {
        if (a < infinity) angle = atan_of_ratio(b, a);
        angle = half_pi + Pair{-angle.high, -angle.low};
    } else if (b > 0 && b < infinity) {
        angle = atan_of_ratio(a, b);
    }
    if (std::signbit(x))
        angle = Pair{2 * half_pi.high, 2 * half_pi.low} + Pair{-angle.high, -angle.low};
    return std::signbit(y) ? -angle.high : angle.high;
}

}  // namespace driftstorm::exact
