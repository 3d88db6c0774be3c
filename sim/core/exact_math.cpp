#include "sim/core/exact_math.hpp"

#include "sim/core/exact_pair.hpp"

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

// Tables and constants are computed by the compiler from their definitions, in pairs of doubles;
// the functions then need few terms. Relative errors below are of the pair before its last
// rounding.
namespace driftstorm::exact {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

constexpr Pair ln2{0x1.62e42fefa39efp-1, 0x1.abc9e3b39803fp-56};
constexpr Pair one_over_ln10{0x1.bcb7b1526e50ep-2, 0x1.95355baaafad3p-57};

// ln2 in two parts, of which the first times any exponent is exact.
constexpr double ln2_head = 0x1.62e42fefa3800p-1;
constexpr double ln2_rest = (ln2.high - ln2_head) + ln2.low;

constexpr std::uint64_t bits_of(double x) { return std::bit_cast<std::uint64_t>(x); }
constexpr std::uint32_t upper_half(std::uint64_t bits) {
    return static_cast<std::uint32_t>(bits >> 32);
}
constexpr double double_of(std::uint64_t bits) { return std::bit_cast<double>(bits); }

// ---- logarithm: x = 2^k z, log x = k ln2 + log c + log(z / c), with 128 values of c.

constexpr int log_cells = 128;
/// z is in [0.7, 1.4): 1 lies inside a cell, whose c is 1, so that there is no cancellation near
/// it.
constexpr std::uint64_t log_offset = 0x3fe6955500000000ull;

struct LogCell {
    double inverse;  ///< 1 / c: so few bits that its product with half of z is exact
    Pair log_c;      ///< high in multiples of 2^-42, so that k ln2_head + high is exact
};

constexpr Pair precise_log(
    double inverse) {  // -log(inverse) = 2 atanh((1 - inverse) / (1 + inverse))
    const Pair s = sum_of(1.0, -inverse) / sum_of(1.0, inverse);
    const Pair z = s * s;
    Pair series{};
    for (int n = 41; n >= 1; n -= 2) series = series * z + Pair{1, 0} / Pair{double(n), 0};
    const Pair half = s * series;
    return {2 * half.high, 2 * half.low};
}

constexpr auto log_table = [] {
    std::array<LogCell, log_cells> table{};
    for (int i = 0; i < log_cells; ++i) {
        const auto step = static_cast<std::uint64_t>(i) << 45;
        const double first = double_of(log_offset + step);
        const double last = double_of(log_offset + step + (1ull << 45));
        const bool holds_one = first <= 1 && 1 < last;
        const double about = 512.0 * 2.0 / (first + last);
        const double inverse = static_cast<double>(static_cast<int>(about + 0.5)) / 512.0;
        table[static_cast<std::size_t>(i)].inverse = holds_one ? 1.0 : inverse;
        const Pair exact = precise_log(table[static_cast<std::size_t>(i)].inverse);
        const double head = (exact.high + 0x1.8p10) - 0x1.8p10;
        table[static_cast<std::size_t>(i)].log_c = {head, (exact.high - head) + exact.low};
    }
    return table;
}();

/// log x as a pair, relative error below 2^-66; x normal and > 0, times 2^k.
inline Pair log_pair(double x, double k) {
    const std::uint64_t bits = bits_of(x);
    const std::uint64_t above = bits - log_offset;
    const LogCell& cell = log_table[(above >> 45) % log_cells];
    k += static_cast<double>(static_cast<std::int64_t>(above) >> 52);
    const std::uint64_t z_bits = bits - (above & 0xfff0000000000000ull);
    const double z = double_of(z_bits);

    // r = z / c - 1 as r_high + r_low, exactly; r_high and its square are exact.
    const double z_high = double_of((z_bits + 0x80000000ull) & 0xffffffff00000000ull);
    const double r_high = z_high * cell.inverse - 1.0;
    const double r_low = (z - z_high) * cell.inverse;
    const double r = r_high + r_low;

    const double base = k * ln2_head + cell.log_c.high;
    const Pair head = sum_of(base, r);
    const double half_square = -0.5 * r_high * r_high;
    const Pair sum = sum_of(head.high, half_square);
    const double r2 = r * r;
    const double cubic =
        r2 * r *
        (1.0 / 3 + r * (-1.0 / 4) +
         r2 * (1.0 / 5 + r * (-1.0 / 6) + r2 * (1.0 / 7 + r * (-1.0 / 8) + r2 * (1.0 / 9))));
    const double lost = r_low - (r - r_high);  // what r itself rounded away
    const double low = (k * ln2_rest + cell.log_c.low) + head.low + lost + sum.low -
                       0.5 * r_low * (r + r_high) + cubic;
    return ordered_sum_of(sum.high, low);
}

/// log x rounded once, of a normal x > 0 given by its bits: as log_pair(), but the quick way, which
/// knows the sum's lost bits and no more; error below 0.51 ulp.
inline double log_of_normal(std::uint64_t bits) {
    // In the upper half of the bits, where constants fit into instructions.
    const std::uint32_t upper = upper_half(bits);
    const std::uint32_t above = upper - upper_half(log_offset);
    const LogCell& cell = log_table[(above >> 13) % log_cells];
    const double k = static_cast<std::int32_t>(above) >> 20;
    const std::uint64_t z_upper = std::uint64_t{upper - (above & 0xfff00000u)} << 32;
    const double z = double_of(z_upper | static_cast<std::uint32_t>(bits));
    const double z_high = double_of(z_upper);
    const double r_high = z_high * cell.inverse - 1.0;
    const double r_low = (z - z_high) * cell.inverse;
    const double r = r_high + r_low;
    const double lost = r_low - (r - r_high);

    const double base = k * ln2_head + cell.log_c.high;
    const double high = base + r;  // |base| is 0 or greater than |r|
    const double low = ((base - high) + r) + (lost + (k * ln2_rest + cell.log_c.low));
    // Terms that are ready together are added together, so that few wait for each other.
    const double r2 = r * r;
    const double r4 = r2 * r2;
    const double second = r2 * (-1.0 / 2 + r * (1.0 / 3));
    const double fourth = r4 * (-1.0 / 4 + r * (1.0 / 5));
    const double sixth = (r4 * r2) * ((-1.0 / 6 + r * (1.0 / 7)) + r2 * (-1.0 / 8));
    return high + ((low + (second + fourth)) + sixth);
}

inline Pair log_pair(double x) {
    return x < 0x1p-1022 ? log_pair(x * 0x1p52, -52) : log_pair(x, 0);
}

/// log of what is no positive finite number: C's answers.
double log_of_odd(double x) {
    if (x == 0) return -infinity;
    return x > 0 ? x : not_a_number;
}

double log_of_rare(double x) { return x > 0 && x < infinity ? log_pair(x).high : log_of_odd(x); }

bool is_positive_finite(double x) { return x > 0 && x < infinity; }

// ---- exponential: x = (128 k + i) ln2 / 128 + r, exp x = 2^k 2^(i/128) exp r, |r| <= ln2 / 256.

constexpr int exp_cells = 128;

struct ExpCell {
    double power;       ///< 2^(i/128)
    double correction;  ///< (exact - power) / power
};

constexpr auto exp_table = [] {
    std::array<ExpCell, exp_cells> table{};
    for (int i = 0; i < exp_cells; ++i) {
        const Pair x = ln2 * Pair{double(i) / exp_cells, 0};
        Pair sum{1, 0};
        for (int n = 28; n >= 1; --n) sum = Pair{1, 0} + sum * (x / Pair{double(n), 0});
        table[static_cast<std::size_t>(i)] = {sum.high, sum.low / sum.high};
    }
    return table;
}();

// ln2 / 128 in two parts, of which the first times any 128 k + i is exact.
constexpr double step_head = 0x1.62e42fefa0000p-8;
constexpr double step_rest = (ln2.high / exp_cells - step_head) + ln2.low / exp_cells;
constexpr double round_shift = 0x1.8p52;  // adding it rounds to an integer, held in the low bits

struct Scaled {
    double power;  ///< 2^(i/128)
    double rest;   ///< exp x = 2^k power (1 + rest)
    std::int64_t k;
};

/// exp(x + tail), |x| < 1100, |tail| < 2^-40; relative error below 2^-60.
inline Scaled exp_parts(double x, double tail) {
    const double shifted = x * (exp_cells / ln2.high) + round_shift;
    const double steps = shifted - round_shift;
    const auto whole = static_cast<std::int64_t>(bits_of(shifted) - bits_of(round_shift));
    const double r = ((x - steps * step_head) - steps * step_rest) + tail;
    const ExpCell& cell = exp_table[static_cast<std::uint64_t>(whole) % exp_cells];
    const double r2 = r * r;
    const double rest =
        cell.correction + r + r2 * (0.5 + r * (1.0 / 6) + r2 * (1.0 / 24 + r * (1.0 / 120)));
    return {cell.power, rest, whole >> 7};
}

constexpr double power_of_two(std::int64_t k) {  // -1022 <= k <= 1023
    return double_of(static_cast<std::uint64_t>(k + 1023) << 52);
}

/// 2^k power (1 + rest) near and beyond the ends of the range, rounded once.
double exp_at_ends(const Scaled& e) {
    if (e.k > 0) return 2.0 * (power_of_two(e.k - 1) * (e.power + e.power * e.rest));
    const double scale = power_of_two(e.k + 1022) * e.power;
    const double y = scale + scale * e.rest;
    if (y >= 1.0) return 0x1p-1022 * y;
    // Subnormal: round at the bit that will be the last, as a sum with 1.
    const Pair one_and_y = ordered_sum_of(1.0, y);
    const double low = (scale - y) + scale * e.rest;
    return 0x1p-1022 * ((one_and_y.high + (one_and_y.low + low)) - 1.0);
}

inline double exp_of(double x, double tail) {
    if (x > -690.0 && x < 709.0) {  // below, power * rest would be subnormal and lose bits
        const Scaled e = exp_parts(x, tail);
        const double scale = double_of(bits_of(e.power) + (static_cast<std::uint64_t>(e.k) << 52));
        return scale + scale * e.rest;
    }
    if (x >= 709.8) return infinity;
    if (x <= -745.2) return 0.0;
    return x == x ? exp_at_ends(exp_parts(x, tail)) : x;
}

// ---- power

enum class Whole { no, odd, even };

Whole wholeness(double y) {
    const double size = std::abs(y);
    if (size >= 0x1p53) return Whole::even;
    if (size != std::floor(size)) return Whole::no;
    return (static_cast<std::uint64_t>(size) & 1) != 0 ? Whole::odd : Whole::even;
}

/// x^y for x >= 0 where x is 0 or 1, or one is infinite or not a number: C's answers; y is not 0.
double power_of_odd(double x, double y) {
    if (x != x || y != y) return not_a_number;
    if (x == 1) return 1.0;
    if (y == infinity || y == -infinity) return (x > 1) == (y > 0) ? infinity : 0.0;
    return (x == 0) == (y > 0) ? 0.0 : infinity;
}

double power_of_positive(double x, double y) {
    const Pair l = log_pair(x);
    // y log x as exponent + tail: split both, so that the large product is exact.
    const double y_high = double_of(bits_of(y) & 0xfffffffff8000000ull);
    const double l_high = double_of(bits_of(l.high) & 0xfffffffff8000000ull);
    const double exponent = y_high * l_high;
    if (exponent > 710.0) return infinity;
    if (exponent < -746.0) return 0.0;
    const double tail = (y - y_high) * l_high + y * ((l.high - l_high) + l.low);
    const Pair sum = ordered_sum_of(exponent, tail);
    return exp_of(sum.high, sum.low);
}

}  // namespace

double log(double x) {
    // Zero, subnormal, infinite, negative and no number in one comparison.
    constexpr std::uint32_t least = upper_half(bits_of(0x1p-1022));
    constexpr std::uint32_t beyond = upper_half(bits_of(infinity));
    const std::uint64_t bits = bits_of(x);
    if (upper_half(bits) - least >= beyond - least) [[unlikely]]
        return log_of_rare(x);
    return log_of_normal(bits);
}

double log10(double x) {
    if (!is_positive_finite(x)) return log_of_odd(x);
    return (log_pair(x) * one_over_ln10).high;
}

double log1p(double x) {
    if (!(x > -1) || x == infinity) return x == -1 ? -infinity : (x > 0 ? x : not_a_number);
    if (x > -0x1p-54 && x < 0x1p-54) return x;
    const Pair u = sum_of(1.0, x);
    const Pair l = log_pair(u.high, 0);
    return l.high + (l.low + u.low / u.high);
}

double exp(double x) { return exp_of(x, 0.0); }

double expm1(double x) {
    if (x > -0x1p-54 && x < 0x1p-54) return x;
    if (x > -0.25 && x < 0.25) {
        double series = 0;
        for (int n = 15; n >= 3; --n) series = (series + 1.0) * x / n;
        return x + 0.5 * x * x * (1.0 + series);
    }
    if (!(x > -40 && x < 700)) return x < 0 ? -1.0 : exp(x);
    const Scaled e = exp_parts(x, 0.0);
    const double scale = power_of_two(e.k) * e.power;
    const Pair whole = sum_of(scale, -1.0);
    return whole.high + (whole.low + scale * e.rest);
}

double pow(double x, double y) {
    if (x == 1 || y == 0) return 1.0;
    const double size = std::abs(x);
    double sign = 1.0;
    if (std::signbit(x) && x == x) {
        const Whole whole = wholeness(y);
        if (x == 0 || x == -infinity) {
            if (whole == Whole::odd) sign = -1.0;
        } else if (x < 0 && y == y && std::abs(y) < infinity) {
            if (whole == Whole::no) return not_a_number;
            if (whole == Whole::odd) sign = -1.0;
        }
    }
    const bool plain = is_positive_finite(size) && std::abs(y) < infinity && size != 1;
    return sign * (plain ? power_of_positive(size, y) : power_of_odd(size, y));
}

}  // namespace driftstorm::exact
