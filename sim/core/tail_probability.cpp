#include "sim/core/tail_probability.hpp"

#include "sim/core/exact_math.hpp"

#include <cmath>
#include <cstddef>

namespace driftstorm {

namespace {

constexpr double half_log_two_pi = 0.91893853320467274178;

/// ln Gamma(a) - ((a - 1/2) ln a - a + ln(2 pi) / 2), a >= 16 (Stirling's series, DLMF 5.11.1).
double stirling_rest(double a) {
    const double z = 1.0 / (a * a);
    double sum = -691.0 / 360360;
    for (const double c : {1.0 / 1188, -1.0 / 1680, 1.0 / 1260, -1.0 / 360, 1.0 / 12}) {
        sum = sum * z + c;
    }
    return sum / a;
}

/// Sum of x^n / ((a + 1) ... (a + n)), n >= 0, for x < a + 1: P = x^a e^-x / Gamma(a + 1) times
/// this.
double lower_series(double a, double x) {
    double term = 1.0;
    double sum = 1.0;
    for (double n = a + 1; term > sum * 0x1p-56; n += 1) {
        term *= x / n;
        sum += term;
    }
    return sum;
}

/// 1 / (x + 1 - a - 1 (1 - a) / (x + 3 - a - ...)), x >= a + 1: Q = x^a e^-x / Gamma(a) times this
/// (modified Lentz).
double upper_fraction(double a, double x) {
    constexpr double tiny = 1e-290;
    double b = x + 1 - a;
    double c = 1 / tiny;
    double d = 1 / b;
    double value = d;
    for (double n = 1; n < 1e6; n += 1) {
        const double coefficient = -n * (n - a);
        b += 2;
        d = coefficient * d + b;
        c = b + coefficient / c;
        if (d == 0) d = tiny;
        if (c == 0) c = tiny;
        d = 1 / d;
        value *= d * c;
        if (std::abs(d * c - 1) < 0x1p-51) break;
    }
    return value;
}

/// e^x - 1 - x, also where that cancels.
double exp_beyond_line(double x) {
    if (std::abs(x) > 0.5) return exact::expm1(x) - x;
    double sum = 0;
    for (int n = 18; n >= 3; --n) sum = (sum + 1.0) * x / n;
    return 0.5 * x * x * (1.0 + sum);
}

constexpr double first_log_odds = -90;  // a uniform of a block is not below 2^-129
constexpr double last_log_odds = 90;
constexpr int cells_per_unit = 8;
constexpr int cell_count = static_cast<int>(last_log_odds - first_log_odds) * cells_per_unit;

double log_odds(Split u) { return exact::log(u.below) - exact::log(u.above); }

}  // namespace

double log_gamma(double a) {
    double product = 1.0;
    for (; a < 16; a += 1) product *= a;
    return (a - 0.5) * exact::log(a) - a + half_log_two_pi + stirling_rest(a) - exact::log(product);
}

Split normal_split(double z) {
    if (z == 0) return {0.5, 0.5};
    const double x = 0.5 * z * z;
    constexpr double one_over_sqrt_pi = 0.56418958354775628695;
    const double density = std::sqrt(x) * exact::exp(-x) * one_over_sqrt_pi;
    const double tail =
        x < 1.5 ? 0.5 - density * lower_series(0.5, x) : 0.5 * density * upper_fraction(0.5, x);
    return z < 0 ? Split{tail, 1 - tail} : Split{1 - tail, tail};
}

UnitGamma::UnitGamma(double shape)
    : shape_(shape), log_gamma_shape_(log_gamma(shape)), log_gamma_shape_1_(log_gamma(shape + 1)) {
    constexpr int middle = cell_count / 2;
    std::vector<Knot> knots(cell_count + 1);
    constexpr double width = 1.0 / cells_per_unit;
    const auto at = [&](int i) { return first_log_odds + i * width; };
    const double guess = shape > 1 ? exact::log(shape) - 1 / (3 * shape)
                                   : (exact::log(0.5) + log_gamma_shape_1_) / shape;
    knots[middle] = knot(at(middle), guess);
    const auto next = [](const Knot& k, double h) {
        return k.log_x + h * k.slope + 0.5 * h * h * k.curvature;
    };
    for (std::size_t i = middle + 1; i <= cell_count; ++i) {
        knots[i] = knot(at(static_cast<int>(i)), next(knots[i - 1], width));
    }
    for (std::size_t i = middle; i-- > 0;) {
        knots[i] = knot(at(static_cast<int>(i)), next(knots[i + 1], -width));
    }
    cells_.reserve(cell_count);
    for (std::size_t i = 0; i < cell_count; ++i) {
        // Quintic Hermite: value, slope and curvature agree at both ends.
        const double y = knots[i].log_x;
        const double v = knots[i].slope * width;
        const double w = 0.5 * knots[i].curvature * width * width;
        const double dy = knots[i + 1].log_x - (y + v + w);
        const double dv = knots[i + 1].slope * width - (v + 2 * w);
        const double dw = knots[i + 1].curvature * width * width - 2 * w;
        cells_.push_back({y, v, w, 10 * dy - 4 * dv + 0.5 * dw, -15 * dy + 7 * dv - dw,
                          6 * dy - 3 * dv + 0.5 * dw});
    }
}

/// ln of x times the density at x: a ln x - x - ln Gamma(a), without the cancellation of large a.
double UnitGamma::log_density(double log_x) const {
    if (shape_ < 16) return shape_ * log_x - exact::exp(log_x) - log_gamma_shape_;
    const double log_shape = exact::log(shape_);
    return -shape_ * exp_beyond_line(log_x - log_shape) + 0.5 * log_shape - half_log_two_pi -
           stirling_rest(shape_);
}

Split UnitGamma::split_at_log(double log_x) const {
    const double x = exact::exp(log_x);
    const double density = exact::exp(log_density(log_x));
    if (x < shape_ + 1) {
        const double below = density / shape_ * lower_series(shape_, x);
        return {below, 1 - below};
    }
    const double above = density * upper_fraction(shape_, x);
    return {1 - above, above};
}

/// Newton's method for the log odds, which is nearly straight in ln x.
UnitGamma::Knot UnitGamma::knot(double odds, double log_x) const {
    double slope = 0;
    Split u{};
    for (int i = 0; i < 60; ++i) {
        u = split_at_log(log_x);
        slope = exact::exp(exact::log(u.below) + exact::log(u.above) - log_density(log_x));
        const double step = (odds - log_odds(u)) * slope;
        log_x += step;
        if (std::abs(step) <= 1e-10 * slope) break;
    }
    return {log_x, slope, slope * (u.above - u.below - (shape_ - exact::exp(log_x)) * slope)};
}

double UnitGamma::quantile(Split u) const {
    double place = (log_odds(u) - first_log_odds) * cells_per_unit;
    if (!(place > 0)) place = 0;
    if (place > cell_count - 1e-9) place = cell_count - 1e-9;
    const auto cell = static_cast<std::size_t>(place);
    const double s = place - static_cast<double>(cell);
    const Cell& c = cells_[cell];
    return exact::exp(c[0] + s * (c[1] + s * (c[2] + s * (c[3] + s * (c[4] + s * c[5])))));
}

}  // namespace driftstorm
