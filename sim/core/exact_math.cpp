#include "sim/core/exact_math.hpp"

#include "sim/core/expect.hpp"

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

/// An unevaluated sum with |low| <= ulp(high) / 2: about 106 bits.
struct Pair {
    double high = 0;
    double low = 0;
};

/// a + b without error (Knuth).
constexpr Pair sum_of(double a, double b) {
    const double s = a + b;
    const double b_part = s - a;
    return {s, (a - (s - b_part)) + (b - b_part)};
}

/// a + b without error if |a| >= |b| or a == 0 (Dekker).
constexpr Pair ordered_sum_of(double a, double b) {
    const double s = a + b;
    return {s, b - (s - a)};
}

/// a * b without error (Veltkamp, Dekker); |a|, |b| < 2^990 and no underflow.
constexpr Pair product_of(double a, double b) {
    const double a_big = 0x1.0000002p27 * a;
    const double a_high = a_big - (a_big - a);
    const double b_big = 0x1.0000002p27 * b;
    const double b_high = b_big - (b_big - b);
    const double a_low = a - a_high;
    const double b_low = b - b_high;
    const double p = a * b;
    return {p, ((a_high * b_high - p) + a_high * b_low + a_low * b_high) + a_low * b_low};
}

constexpr Pair operator+(Pair a, Pair b) {
    const Pair s = sum_of(a.high, b.high);
    return ordered_sum_of(s.high, s.low + (a.low + b.low));
}

constexpr Pair operator*(Pair a, Pair b) {
    const Pair p = product_of(a.high, b.high);
    return ordered_sum_of(p.high, p.low + (a.high * b.low + a.low * b.high));
}

constexpr Pair operator/(Pair a, Pair b) {
    const double q = a.high / b.high;
    const Pair back = Pair{q, 0} * b;
    const double rest = ((a.high - back.high) - back.low) + a.low;
    return ordered_sum_of(q, rest / b.high);
}

constexpr Pair ln2{0x1.62e42fefa39efp-1, 0x1.abc9e3b39803fp-56};
constexpr Pair one_over_ln10{0x1.bcb7b1526e50ep-2, 0x1.95355baaafad3p-57};
constexpr Pair half_pi{0x1.921fb54442d18p+0, 0x1.1a62633145c07p-54};

// ln2 in two parts, of which the first times any exponent is exact.
constexpr double ln2_head = 0x1.62e42fefa3800p-1;
constexpr double ln2_rest = (ln2.high - ln2_head) + ln2.low;

constexpr std::uint64_t bits_of(double x) { return std::bit_cast<std::uint64_t>(x); }
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

inline Pair log_pair(double x) {
    return x < 0x1p-1022 ? log_pair(x * 0x1p52, -52) : log_pair(x, 0);
}

/// log of what is no positive finite number: C's answers.
double log_of_odd(double x) {
    if (x == 0) return -infinity;
    return x > 0 ? x : not_a_number;
}

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

double polynomial(const std::array<double, 8>& c, double x) {
    double sum = c[7];
    for (std::size_t i = 7; i > 0; --i) sum = sum * x + c[i - 1];
    return sum;
}

}  // namespace

double log(double x) {
    if (!is_positive_finite(x)) return log_of_odd(x);
    return log_pair(x).high;
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

double inverse_normal(double u) {
    constexpr std::array<double, 8> a{3.3871328727963666080e0,  1.3314166789178437745e+2,
                                      1.9715909503065514427e+3, 1.3731693765509461125e+4,
                                      4.5921953931549871457e+4, 6.7265770927008700853e+4,
                                      3.3430575583588128105e+4, 2.5090809287301226727e+3};
    constexpr std::array<double, 8> b{1.0,
                                      4.2313330701600911252e+1,
                                      6.8718700749205790830e+2,
                                      5.3941960214247511077e+3,
                                      2.1213794301586595867e+4,
                                      3.9307895800092710610e+4,
                                      2.8729085735721942674e+4,
                                      5.2264952788528545610e+3};
    constexpr std::array<double, 8> c{1.42343711074968357734e0,  4.63033784615654529590e0,
                                      5.76949722146069140550e0,  3.64784832476320460504e0,
                                      1.27045825245236838258e0,  2.41780725177450611770e-1,
                                      2.27238449892691845833e-2, 7.74545014278341407640e-4};
    constexpr std::array<double, 8> d{1.0,
                                      2.05319162663775882187e0,
                                      1.67638483018380384940e0,
                                      6.89767334985100004550e-1,
                                      1.48103976427480074590e-1,
                                      1.51986665636164571966e-2,
                                      5.47593808499534494600e-4,
                                      1.05075007164441684324e-9};
    constexpr std::array<double, 8> e{6.65790464350110377720e0,  5.46378491116411436990e0,
                                      1.78482653991729133580e0,  2.96560571828504891230e-1,
                                      2.65321895265761230930e-2, 1.24266094738807843860e-3,
                                      2.71155556874348757815e-5, 2.01033439929228813265e-7};
    constexpr std::array<double, 8> f{1.0,
                                      5.99832206555887937690e-1,
                                      1.36929880922735805310e-1,
                                      1.48753612908506148525e-2,
                                      7.86869131145613259100e-4,
                                      1.84631831751005468180e-5,
                                      1.42151175831644588870e-7,
                                      2.04426310338993978564e-15};
    const double q = u - 0.5;
    if (std::abs(q) <= 0.425) {
        const double r = 0.180625 - q * q;
        return q * polynomial(a, r) / polynomial(b, r);
    }
    if (!(u > 0 && u < 1)) return u == 0 ? -infinity : (u == 1 ? infinity : not_a_number);
    const double r = std::sqrt(-log(q < 0 ? u : 1.0 - u));
    const double size = r <= 5 ? polynomial(c, r - 1.6) / polynomial(d, r - 1.6)
                               : polynomial(e, r - 5) / polynomial(f, r - 5);
    return q < 0 ? -size : size;
}

}  // namespace driftstorm::exact
