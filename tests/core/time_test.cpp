#include "sim/core/time.hpp"

#include "sim/core/random.hpp"
#include "sim/core/rate.hpp"

#include <doctest/doctest.h>
#include <gmp.h>

#include <cmath>
#include <cstdint>

using namespace driftstorm;
using namespace driftstorm::literals;

namespace {

/// An integer without bounds.
class Big {
  public:
    Big() { mpz_init(value_); }
    explicit Big(std::int64_t x) { mpz_init_set_si(value_, x); }
    explicit Big(Int128 x) {
        mpz_init_set_si(value_, static_cast<std::int64_t>(x >> 64));
        mpz_mul_2exp(value_, value_, 64);
        mpz_add_ui(value_, value_, static_cast<std::uint64_t>(static_cast<Uint128>(x)));
    }
    Big(const Big&) = delete;
    Big& operator=(const Big&) = delete;
    ~Big() { mpz_clear(value_); }
    void add_product(std::int64_t a, std::int64_t b) {
        const Big factor(a);
        if (b >= 0) {
            mpz_addmul_ui(value_, factor.value_, static_cast<std::uint64_t>(b));
        } else {
            mpz_submul_ui(value_, factor.value_, ~static_cast<std::uint64_t>(b) + 1);
        }
    }
    friend bool equal(Int128 a, const Big& b) { return mpz_cmp(Big(a).value_, b.value_) == 0; }

  private:
    mpz_t value_;
};

double uniform(Purpose purpose, std::uint64_t i) { return draw_uniform(1, purpose, 0, i); }

Duration span(std::uint64_t i) {
    return {static_cast<std::int64_t>(uniform("test.span", i) * static_cast<double>(horizon.ns))};
}

/// Any rate there is, |y| < 1/2.
Rate any_rate(std::uint64_t i) { return Rate::fraction((uniform("test.rate", i) - 0.5) * 0.999); }

constexpr Int128 one_ns = Int128{1} << 64;

}  // namespace

TEST_CASE("what a clock gains is the exact product, for every rate over 100 years") {
    for (std::uint64_t i = 0; i < 20'000; ++i) {
        for (const Rate rate :
             {any_rate(i), Rate{INT64_MAX}, Rate{-INT64_MAX}, Rate{1}, Rate{-1}}) {
            for (const Duration elapsed : {span(i), horizon, -span(i)}) {
                Big product;
                product.add_product(elapsed.ns, rate.raw);
                REQUIRE(equal(gained(elapsed, rate), product));
            }
        }
    }
}

TEST_CASE("gains of spans and of rates add up without loss") {
    for (std::uint64_t i = 0; i < 20'000; ++i) {
        const Duration whole = span(i);
        const Duration part{
            static_cast<std::int64_t>(uniform("test.cut", i) * static_cast<double>(whole.ns))};
        const Rate rate = any_rate(i);
        const Rate half{rate.raw / 3};
        REQUIRE(gained(part, rate) + gained(whole - part, rate) == gained(whole, rate));
        REQUIRE(gained(whole, half) + gained(whole, rate - half) == gained(whole, rate));
        REQUIRE(gained(whole, -rate) == -gained(whole, rate));
        REQUIRE(gained(-whole, rate) == -gained(whole, rate));
    }
}

TEST_CASE("retuning a clock a million times to the rate it has loses nothing") {
    const Rate rate = Rate::ppb(123.456);
    Q64 in_pieces = 0;
    Time at{};
    for (std::uint64_t i = 0; i < 1'000'000; ++i) {
        const Time next = at + Duration{999'999'937 + static_cast<std::int64_t>(i % 1013)};
        in_pieces += gained(next - at, rate);
        at = next;
    }
    CHECK(in_pieces == gained(at - Time{}, rate));
    // The whole error after 31 years of seconds is that of the rate, below 2^-65: under 0.1 ns.
    const double exact_ns = 123.456e-9 * static_cast<double>(at.ns);
    CHECK(std::abs(static_cast<double>(in_pieces) / 0x1p64 - exact_ns) < 0.1);
}

TEST_CASE("a million retunes to changing rates over 100 years sum exactly") {
    Q64 sum = 0;
    Big exact;
    const std::int64_t step = horizon.ns / 1'000'000;
    for (std::uint64_t i = 0; i < 1'000'000; ++i) {
        const Rate rate = Rate::ppm((uniform("test.retune", i) - 0.5) * 200);
        const Duration elapsed{step - static_cast<std::int64_t>(i % 97)};
        sum += gained(elapsed, rate);
        exact.add_product(elapsed.ns, rate.raw);
    }
    CHECK(equal(sum, exact));
}

TEST_CASE("a reading of a clock that is read often is that of one read once") {
    // floor of (elapsed + gain) in whole ns, kept in 2^-64 ns: the part below a ns is never
    // dropped.
    const Rate rate = Rate::ppm(-37.25);
    Q64 reading = 0;
    for (std::int64_t i = 0; i < 100'000; ++i) {
        const Duration step{i % 11 + 1};
        reading += Int128{step.ns} * one_ns + gained(step, rate);
        if (i % 1000 == 999) {
            std::int64_t elapsed = 0;
            for (std::int64_t j = 0; j <= i; ++j) elapsed += j % 11 + 1;
            const Q64 once = Int128{elapsed} * one_ns + gained(Duration{elapsed}, rate);
            REQUIRE((reading >> 64) == (once >> 64));
            REQUIRE(reading == once);
        }
    }
}

TEST_CASE("a rate is the nearest multiple of 2^-64, halves away from zero") {
    static_assert(Rate::fraction(0x1p-64).raw == 1);
    static_assert(Rate::fraction(0x1p-65).raw == 1);
    static_assert(Rate::fraction(-0x1p-65).raw == -1);
    static_assert(Rate::fraction(0x1.fffffffffffffp-66).raw == 0);
    static_assert(Rate::fraction(0.25).raw == std::int64_t{1} << 62);
    for (std::uint64_t i = 0; i < 20'000; ++i) {
        const double y =
            (uniform("test.fraction", i) - 0.5) * std::exp2(-60 * uniform("test.scale", i));
        const double scaled = std::ldexp(y, 64);
        const double rest = scaled - std::trunc(scaled);  // exact
        const std::int64_t nearest = static_cast<std::int64_t>(std::trunc(scaled)) +
                                     (rest >= 0.5 ? 1 : 0) - (rest <= -0.5 ? 1 : 0);
        REQUIRE(Rate::fraction(y).raw == nearest);
        REQUIRE(Rate::fraction(-y) == -Rate::fraction(y));
        REQUIRE(std::abs(Rate::fraction(y).as_fraction() - y) <=
                std::fmax(0x1p-65, std::abs(y) * 0x1p-53));
    }
    // Odd numbers of 53 bits: adding a half to these would round to the even neighbour.
    REQUIRE(Rate::fraction(std::ldexp(0x1p52 + 1, -64)).raw == (std::int64_t{1} << 52) + 1);
}

TEST_CASE("spans, instants and readings are one group of integers") {
    const Time t{1'000};
    CHECK((t + 5_us) - 5_us == t);
    CHECK((t + 5_us) - t == 5_us);
    CHECK(Reading{7} + 3_ns == Reading{10});
    CHECK(1_h == 60_min);
    CHECK(60_min == 3600_s);
    CHECK(1_s == 1000_ms);
    CHECK(1_ms * 1000 == 1_s);
    CHECK(horizon / 36525 == 24_h);
    CHECK(-(3_s) < Duration{});
    CHECK(Time{} + horizon < end_of_time);
    CHECK((1500_ms).seconds() == 1.5);
}
