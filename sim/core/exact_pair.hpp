#pragma once

// Arithmetic of about 106 bits, with which exact:: makes its tables and keeps what a double would
// lose.
namespace driftstorm::exact {

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

}  // namespace driftstorm::exact
