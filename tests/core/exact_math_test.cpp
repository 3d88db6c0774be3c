#include "sim/core/exact_math.hpp"

#include "sim/core/random.hpp"

#include <doctest/doctest.h>
#include <mpfr.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

using namespace driftstorm;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

/// A number of 128 bits.
class Wide {
  public:
    explicit Wide(double x) {
        mpfr_init2(value_, 128);
        mpfr_set_d(value_, x, MPFR_RNDN);
    }
    Wide(const Wide&) = delete;
    Wide& operator=(const Wide&) = delete;
    ~Wide() { mpfr_clear(value_); }
    mpfr_ptr get() { return value_; }

  private:
    mpfr_t value_;
};

double ulp_of(double x) {
    int exponent = 0;
    std::frexp(x, &exponent);
    return std::ldexp(1.0, std::max(exponent - 53, -1074));
}

/// |got - exact| in units in the last place of the exact value; 0 if both are the same non-number.
double error_in_ulp(double got, mpfr_ptr exact) {
    const double nearest = mpfr_get_d(exact, MPFR_RNDN);
    if (std::isnan(nearest) && std::isnan(got)) return 0;
    if (!std::isfinite(nearest) || !std::isfinite(got)) return got == nearest ? 0 : infinity;
    Wide difference(got);
    mpfr_sub(difference.get(), difference.get(), exact, MPFR_RNDN);
    mpfr_div_d(difference.get(), difference.get(), ulp_of(nearest), MPFR_RNDN);
    return std::abs(mpfr_get_d(difference.get(), MPFR_RNDN));
}

using Reference1 = int (*)(mpfr_ptr, mpfr_srcptr, mpfr_rnd_t);
using Reference2 = int (*)(mpfr_ptr, mpfr_srcptr, mpfr_srcptr, mpfr_rnd_t);

/// Arguments of a test: the n-th is a function of n.
class Arguments {
  public:
    explicit Arguments(std::uint64_t test) : test_(test) {}
    double uniform(double low, double high) {
        return low + (high - low) * draw_uniform(1, "test.argument", test_, number_++);
    }
    /// Any finite number, all exponents equally often.
    double any() {
        for (;;) {
            const Block b = draw(1, "test.argument", test_, number_++);
            const double x = std::bit_cast<double>((std::uint64_t{b[0]} << 32) | b[1]);
            if (std::isfinite(x)) return x;
        }
    }
    /// Either sign, of size up to `size`, all scales down to size / 2^64.
    double any_scale(double size) {
        const double significand = uniform(-size, size);
        return std::ldexp(significand, -static_cast<int>(uniform(0, 64)));
    }

  private:
    std::uint64_t test_;
    std::uint64_t number_ = 0;
};

constexpr int count = 20'000;

struct Worst {
    double error = 0;
    double x = 0;
    double y = 0;
    void take(double e, double at_x, double at_y = 0) {
        if (!(e <= error)) *this = {e, at_x, at_y};
    }
    std::string text() const {
        return std::to_string(error) + " ulp at " + std::to_string(x) + ", " + std::to_string(y);
    }
};

template <class Next>
Worst worst(double (*f)(double), Reference1 reference, Next next) {
    Worst w;
    for (int i = 0; i < count; ++i) {
        const double x = next();
        Wide exact(x);
        reference(exact.get(), exact.get(), MPFR_RNDN);
        w.take(error_in_ulp(f(x), exact.get()), x);
    }
    return w;
}

template <class Next>
Worst worst(double (*f)(double, double), Reference2 reference, Next next) {
    Worst w;
    for (int i = 0; i < count; ++i) {
        const auto [x, y] = next();
        Wide exact(x);
        Wide second(y);
        reference(exact.get(), exact.get(), second.get(), MPFR_RNDN);
        w.take(error_in_ulp(f(x, y), exact.get()), x, y);
    }
    return w;
}

void expect(const Worst& w, double bound) {
    INFO(w.text());
    CHECK(w.error < bound);
}

bool same(double a, double b) {
    return (std::isnan(a) && std::isnan(b)) || (a == b && std::signbit(a) == std::signbit(b));
}

const std::vector<double> odd_values{
    0.0,     -0.0,     1.0,       -1.0,         0.5,     -0.5,  2.0,     -2.0,   3.0,
    -3.0,    1e308,    -1e308,    0x1p53,       -0x1p53, 1e300, -1e-300, 5e-324, -5e-324,
    0x1p-53, infinity, -infinity, not_a_number, 2.5,     -2.5,  0x1p-30, 1e-16,  0x1p53 + 2};

}  // namespace

TEST_CASE("logarithms are within their bounds") {
    Arguments a(1);
    const auto positive = [&] { return std::abs(a.any()); };
    const auto near_1 = [&] { return 1 + a.any_scale(0.5); };
    const auto subnormal = [&] { return std::ldexp(a.uniform(0, 1), -1022); };
    expect(worst(exact::log, mpfr_log, positive), 0.51);
    expect(worst(exact::log, mpfr_log, near_1), 0.51);
    expect(worst(exact::log, mpfr_log, subnormal), 0.51);
    expect(worst(exact::log, mpfr_log, [&] { return a.uniform(0, 4); }), 0.51);
    expect(worst(exact::log10, mpfr_log10, positive), 0.51);
    expect(worst(exact::log10, mpfr_log10, near_1), 0.51);
    expect(worst(exact::log1p, mpfr_log1p, positive), 0.75);
    expect(worst(exact::log1p, mpfr_log1p, [&] { return a.any_scale(1); }), 0.75);
}

TEST_CASE("exponentials are within their bounds, subnormal results too") {
    Arguments a(2);
    expect(worst(exact::exp, mpfr_exp, [&] { return a.uniform(-750, 715); }), 0.51);
    expect(worst(exact::exp, mpfr_exp, [&] { return a.uniform(-746, -708); }), 0.51);
    expect(worst(exact::exp, mpfr_exp, [&] { return a.any_scale(2); }), 0.51);
    expect(worst(exact::expm1, mpfr_expm1, [&] { return a.uniform(-50, 715); }), 0.75);
    expect(worst(exact::expm1, mpfr_expm1, [&] { return a.any_scale(2); }), 0.75);
}

TEST_CASE("pow is within its bound for results of any size") {
    Arguments a(3);
    struct Two {
        double x, y;
    };
    const auto all_results = [&](double x) {
        return Two{x, a.uniform(-1100, 1100) / std::log2(x)};
    };
    expect(
        worst(exact::pow, mpfr_pow, [&] { return all_results(std::exp2(a.uniform(-1070, 1023))); }),
        0.53);
    expect(worst(exact::pow, mpfr_pow, [&] { return all_results(1.0 + a.any_scale(0.5)); }), 0.53);
    expect(worst(exact::pow, mpfr_pow,
                 [&] {
                     return Two{a.uniform(0, 10), a.uniform(-10, 10)};
                 }),
           0.53);
    expect(worst(exact::pow, mpfr_pow, [&] { return Two{std::abs(a.any()), a.any()}; }), 0.53);
    expect(worst(exact::pow, mpfr_pow,
                 [&] {
                     return Two{a.uniform(-10, 0), std::round(a.uniform(-90, 90))};
                 }),
           0.53);
}

TEST_CASE("sine and cosine are within their bounds, at the turning points and zeros too") {
    Arguments a(4);
    const auto near_axis = [&] {
        return std::round(a.uniform(-0x1p29, 0x1p29)) * 1.5707963267948966;
    };
    const auto small = [&] { return a.uniform(-7, 7); };
    const auto wide = [&] { return a.uniform(-0x1p30, 0x1p30); };
    expect(worst(exact::sin, mpfr_sin, small), 0.85);
    expect(worst(exact::cos, mpfr_cos, small), 0.85);
    expect(worst(exact::sin, mpfr_sin, wide), 0.85);
    expect(worst(exact::cos, mpfr_cos, wide), 0.85);
    expect(worst(exact::sin, mpfr_sin, [&] { return a.any_scale(4); }), 0.85);
    double absolute = 0;
    for (int i = 0; i < count; ++i) {
        const double x = near_axis();
        Wide sine(x);
        Wide cosine(x);
        mpfr_sin(sine.get(), sine.get(), MPFR_RNDN);
        mpfr_cos(cosine.get(), cosine.get(), MPFR_RNDN);
        mpfr_sub_d(sine.get(), sine.get(), exact::sin(x), MPFR_RNDN);
        mpfr_sub_d(cosine.get(), cosine.get(), exact::cos(x), MPFR_RNDN);
        const double least = std::fmin(std::abs(mpfr_get_d(sine.get(), MPFR_RNDN)),
                                       std::abs(mpfr_get_d(cosine.get(), MPFR_RNDN)));
        absolute = std::fmax(absolute, least);  // the one of the two that is nearly 0
    }
    CHECK(absolute < 0x1p-66);
}

TEST_CASE("atan2 is within its bound in all quadrants") {
    Arguments a(5);
    struct Two {
        double y, x;
    };
    expect(worst(exact::atan2, mpfr_atan2,
                 [&] {
                     return Two{a.uniform(-1, 1), a.uniform(-1, 1)};
                 }),
           1.5);
    expect(worst(exact::atan2, mpfr_atan2,
                 [&] {
                     return Two{a.any_scale(64), a.uniform(-1, 1)};
                 }),
           1.5);
    expect(worst(exact::atan2, mpfr_atan2,
                 [&] {
                     return Two{a.uniform(-1, 1), a.any_scale(64)};
                 }),
           1.5);
    expect(worst(exact::atan2, mpfr_atan2, [&] { return Two{a.any(), a.any()}; }), 1.5);
    for (const double scale : {1e307, 1e-306, 1e-322}) {
        const auto scaled = [&] { return Two{scale * a.uniform(-9, 9), scale * a.uniform(-9, 9)}; };
        expect(worst(exact::atan2, mpfr_atan2, scaled), 1.5);
    }
}

TEST_CASE("zeros, infinities and what is no number are answered as C answers them") {
    struct Function {
        double (*ours)(double);
        double (*theirs)(double);
    };
    const std::vector<Function> functions{
        {exact::log, [](double x) { return std::log(x); }},
        {exact::log10, [](double x) { return std::log10(x); }},
        {exact::log1p, [](double x) { return std::log1p(x); }},
        {exact::exp, [](double x) { return std::exp(x); }},
        {exact::expm1, [](double x) { return std::expm1(x); }},
        {exact::sin, [](double x) { return std::sin(x); }},
        {exact::cos, [](double x) { return std::cos(x); }},
    };
    for (std::size_t i = 0; i < functions.size(); ++i) {
        for (const double x : {0.0, -0.0, infinity, -infinity, not_a_number}) {
            CAPTURE(i);
            CAPTURE(x);
            CHECK(same(functions[i].ours(x), functions[i].theirs(x)));
        }
    }
    for (const double x : {-1.0, -5e-324, -1e308}) {
        CHECK(std::isnan(exact::log(x)));
        CHECK(std::isnan(exact::log10(x)));
    }
    CHECK(exact::log1p(-1) == -infinity);
    CHECK(std::isnan(exact::log1p(-1.5)));
    CHECK(same(exact::exp(1e308), infinity));
    CHECK(same(exact::exp(-1e308), 0.0));
    for (const double x : odd_values) {
        for (const double y : odd_values) {
            CAPTURE(x);
            CAPTURE(y);
            const double power = std::pow(x, y);
            if (power == 0 || !std::isfinite(power) || power == 1)
                CHECK(same(exact::pow(x, y), power));
            const double angle = std::atan2(x, y);
            if (angle == 0 || std::isnan(angle)) CHECK(same(exact::atan2(x, y), angle));
            CHECK(std::signbit(exact::atan2(x, y)) == std::signbit(angle));
        }
    }
}

TEST_CASE("what is exact stays exact") {
    for (int n = -300; n <= 300; ++n) {
        CHECK(exact::log10(std::strtod(("1e" + std::to_string(n)).c_str(), nullptr)) == n);
    }
    for (int n = -1074; n <= 1023; ++n) CHECK(exact::pow(2, n) == std::ldexp(1.0, n));
    CHECK(exact::log(1) == 0);
    CHECK(exact::exp(0) == 1);
    CHECK(exact::pow(3, 5) == 243);
    CHECK(exact::pow(10, 22) == 1e22);
    CHECK(exact::cos(0) == 1);
}

TEST_CASE("every compiler and optimisation gives these bits") {
    Arguments a(7);
    std::uint64_t digest = 0;
    const auto take = [&](double x) {
        digest = identity_of(digest, std::bit_cast<std::uint64_t>(x));
    };
    for (int i = 0; i < 20'000; ++i) {
        const double x = a.any_scale(600);
        const double positive = std::abs(a.any());
        take(exact::log(positive));
        take(exact::log10(positive));
        take(exact::log1p(positive));
        take(exact::exp(x));
        take(exact::expm1(x));
        take(exact::pow(positive, x / 600));
        take(exact::sin(x));
        take(exact::cos(x));
        take(exact::atan2(x, a.uniform(-1, 1)));
        take(exact::inverse_normal(a.uniform(0, 1)));
    }
    CHECK(digest == 15640635993936528528ull);
}

TEST_CASE("inverse_normal inverts the normal distribution function down to 1e-300") {
    Arguments a(6);
    double worst = 0;
    for (int i = 0; i < count; ++i) {
        const double u = i % 2 == 0 ? a.uniform(0, 1) : std::exp2(-a.uniform(0, 1000));
        const double z = exact::inverse_normal(u);
        // Phi(z) = erfc(-z / sqrt 2) / 2; an error of z shifts it by the density.
        Wide probability(2);
        mpfr_sqrt(probability.get(), probability.get(), MPFR_RNDN);
        mpfr_d_div(probability.get(), -z, probability.get(), MPFR_RNDN);
        mpfr_erfc(probability.get(), probability.get(), MPFR_RNDN);
        mpfr_div_ui(probability.get(), probability.get(), 2, MPFR_RNDN);
        Wide density(z);
        mpfr_sqr(density.get(), density.get(), MPFR_RNDN);
        mpfr_div_si(density.get(), density.get(), -2, MPFR_RNDN);
        mpfr_exp(density.get(), density.get(), MPFR_RNDN);
        mpfr_mul_d(density.get(), density.get(), 0.3989422804014327, MPFR_RNDN);
        mpfr_sub_d(probability.get(), probability.get(), u, MPFR_RNDN);
        mpfr_div(probability.get(), probability.get(), density.get(), MPFR_RNDN);
        const double shift = std::abs(mpfr_get_d(probability.get(), MPFR_RNDN));
        // Near u = 1 the median's neighbourhood, 1 - u, is what is given.
        worst = std::fmax(worst, shift / std::fmax(std::abs(z), 0.1));
    }
    CHECK(worst < 1e-15);
    for (int i = 0; i < count; ++i) {
        const double u = std::ldexp(std::floor(a.uniform(1, 0x1p52)), -53);  // 1 - u is exact
        REQUIRE(exact::inverse_normal(u) == -exact::inverse_normal(1 - u));
    }
    CHECK(exact::inverse_normal(0.5) == 0);
    CHECK(exact::inverse_normal(0) == -infinity);
    CHECK(exact::inverse_normal(1) == infinity);
    CHECK(std::isnan(exact::inverse_normal(1.5)));
}
