// An oscillator is a function of time: whoever reads it, in whatever order; against exact rational
// arithmetic.
#include "models/clocks/normals.hpp"
#include "models/clocks/oscillator.hpp"
#include "sim/core/random.hpp"

#include <doctest/doctest.h>

#include <gmpxx.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <memory>
#include <vector>

using namespace driftstorm;
using namespace driftstorm::literals;

namespace {

constexpr std::uint64_t access_seed = 5150;
constexpr std::int64_t a_year_s = 31'557'600;

/// One that has everything an oscillator may have.
Oscillator full(std::uint64_t subject, const PowerLaw& law) {
    Oscillator::Parts parts;
    parts.frequency_error = 1.7e-6;
    parts.ageing = 1.6e-14;
    parts.noise = OscillatorNoise(access_seed, subject, law);
    DayOfTemperature day;
    day.swing_k = 6;
    day.lag = 20_min;
    day.load = {{8_h, 9_h, 12}};
    static const auto table = std::make_shared<const TemperatureDay>(day, 25);
    parts.temperature = TemperaturePhase(table, {15, -0.1, 0.01}, 30'000);
    parts.steps = {{Time{} + 86'400'000'000'500_ns, Rate::ppb(40)}};
    parts.trace = std::make_shared<const FrequencyTrace>(
        std::vector<FrequencyTrace::Row>{{0_s, Rate::ppb(1)}, {700_s, Rate::ppb(-2)}}, true);
    return Oscillator(std::move(parts));
}

// ---- the noise in exact rational numbers; irrational factors to 300 bits

mpq_class root(const mpq_class& of) { return mpq_class(sqrt(mpf_class(of, 300))); }

mpq_class power_of_two(int exponent) {
    mpz_class p = 1;
    p <<= static_cast<unsigned>(std::abs(exponent));
    return exponent < 0 ? mpq_class(1, p) : mpq_class(p);
}

mpq_class whole(std::int64_t value) { return mpq_class(static_cast<double>(value)); }  // < 2^53

mpq_class white_at(std::uint64_t subject, double h0, std::int64_t second) {
    const mpq_class variance = mpq_class(h0) / 2;
    const auto normal = [&](std::int64_t number) {
        return mpq_class(exact::inverse_normal(draw_uniform(access_seed, "clocks.white_fm", subject,
                                                            static_cast<std::uint64_t>(number))));
    };
    std::int64_t begin = 0;
    std::int64_t length = dyadic_span;
    mpq_class left = 0;
    mpq_class right = root(variance * whole(length)) * normal(length);
    for (; length > 1; length /= 2) {
        const std::int64_t middle_second = begin + length / 2;
        const mpq_class middle =
            (left + right) / 2 + root(variance * whole(length)) / 2 * normal(middle_second);
        if (second < middle_second) {
            right = middle;
        } else {
            left = middle;
            begin = middle_second;
        }
    }
    return left;
}

mpq_class walk_at(std::uint64_t subject, const mpq_class& wander, std::int64_t second) {
    const auto normals = [&](std::int64_t number) {
        return two_normals(
            draw(access_seed, "clocks.random_walk", subject, static_cast<std::uint64_t>(number)));
    };
    std::int64_t begin = 0;
    std::int64_t length = dyadic_span;
    mpq_class h = whole(length);
    std::array<double, 2> z = normals(length);
    mpq_class left_y = 0;
    mpq_class left_x = 0;
    mpq_class right_y = wander * root(h) * mpq_class(z[0]);
    mpq_class right_x = h * right_y / 2 + wander * h * root(h / 12) * mpq_class(z[1]);
    for (; length > 1; length /= 2) {
        h = whole(length);
        const std::int64_t middle_second = begin + length / 2;
        z = normals(middle_second);
        const mpq_class x = (left_x + right_x) / 2 + h / 8 * (left_y - right_y) +
                            wander * h * root(h / 192) * mpq_class(z[0]);
        const mpq_class y = 3 * (right_x - left_x) / (2 * h) - (left_y + right_y) / 4 +
                            wander * root(h) / 4 * mpq_class(z[1]);
        if (second < middle_second) {
            right_x = x;
            right_y = y;
        } else {
            left_x = x;
            left_y = y;
            begin = middle_second;
        }
    }
    return left_x;
}

mpq_class octaves_at(std::uint64_t subject, std::int64_t place) {
    mpq_class sum = 0;
    for (int octave = 0; octave < OctaveNoise::octaves; ++octave) {
        const std::int64_t period = std::int64_t{1} << octave;
        const std::int64_t first = place / period;
        const auto knot = [&](std::int64_t k) {
            const std::uint64_t number =
                (static_cast<std::uint64_t>(octave) << 40) | static_cast<std::uint64_t>(k / 2);
            return mpq_class(two_normals(draw(access_seed, "clocks.flicker_fm", subject,
                                              number))[static_cast<std::size_t>(k % 2)]);
        };
        const mpq_class u = octave == 0 ? mpq_class(OctaveNoise::first_share)
                                        : mpq_class(whole(place % period) / whole(period));
        sum += whole(period) *
               (knot(first) * (1 - u) * (1 - u) / 2 +
                knot(first + 1) * (mpq_class(1, 2) + u * (1 - u)) + knot(first + 2) * u * u / 2);
    }
    const double white = exact::inverse_normal(draw_uniform(
        access_seed, "clocks.flicker_white", subject, static_cast<std::uint64_t>(place)));
    return sum + root(mpq_class(13, 72)) * mpq_class(white);
}

mpq_class flicker_at(std::uint64_t subject, double h_1, std::int64_t second) {
    const mpf_class ln2("0.693147180559945309417232121458176568075500134360255254120680009", 300);
    const std::int64_t shift =
        256 * static_cast<std::int64_t>(draw_below(
                  draw(access_seed, "clocks.flicker_shift", subject, 0), std::uint64_t{1} << 24));
    return root(mpq_class(ln2) * mpq_class(h_1)) *
           (octaves_at(subject, second + shift) - octaves_at(subject, shift));
}

/// What 2^-64 ns are in ns, exactly.
mpq_class in_ns(Q64 value) {
    const auto high = static_cast<std::int64_t>(value >> 64);
    const auto low = static_cast<std::uint64_t>(value);
    return mpq_class(mpz_class(static_cast<long>(high))) +
           mpq_class(mpz_class(static_cast<unsigned long>(low))) * power_of_two(-64);
}

}  // namespace

TEST_CASE("with every part, reading each second, at random or once a year gives the same bits") {
    for (const PowerLaw& law :
         {PowerLaw{2e-20, 7e-19, 5e-22}, PowerLaw{2e-18, 0, 0}, PowerLaw{0, 7e-18, 0}}) {
        const Oscillator oscillator = full(7, law);
        Oscillator::Memo steadily;
        Oscillator::Memo at_random;
        Oscillator::Memo yearly;
        constexpr std::int64_t from = 3 * a_year_s - 700;
        for (std::int64_t s = from; s < from + 600; ++s) {
            const Time at{s * 1'000'000'000 + 123'456'789};
            const Q64 alone = oscillator.phase(at);
            REQUIRE(oscillator.phase(at, steadily) == alone);
        }
        for (std::uint64_t i = 0; i < 500; ++i) {
            const double u = draw_uniform(access_seed, "test.random_time", 1, i);
            const Time at{static_cast<std::int64_t>(u * 3e18)};
            REQUIRE(oscillator.phase(at, at_random) == oscillator.phase(at));
            const Time near{static_cast<std::int64_t>(1e17 + u * 1e12)};
            REQUIRE(oscillator.phase(near, at_random) == oscillator.phase(near));
        }
        for (std::int64_t y = 99; y >= 0; --y) {
            const Time at{y * a_year_s * 1'000'000'000};
            REQUIRE(oscillator.phase(at, yearly) == oscillator.phase_at(y * a_year_s));
            REQUIRE(oscillator.phase(at, steadily) == oscillator.phase_at(y * a_year_s));
        }
    }
}

TEST_CASE("the line over 256 s is as near to the phase as it says, with every part") {
    for (std::uint64_t subject = 0; subject < 20; ++subject) {
        const Oscillator oscillator = full(subject, {2e-18, 7e-18, 5e-19});
        for (std::int64_t second = 84'000; second < 88'000; second += 7) {
            Oscillator::Memo memo;
            const Time at{second * 1'000'000'000};
            const Oscillator::Line line = oscillator.line(at, memo);
            REQUIRE(std::abs(static_cast<double>(line.at(at) - oscillator.phase(at, memo))) <=
                    line.off_by + 1e-4 * 0x1p64);
        }
    }
}

TEST_CASE("after ten years the noise agrees with exact rational arithmetic to far below 1 ns") {
    const double wander = 3e-9;
    const double h0 = 2e-18;
    const double h_1 = 7e-18;
    for (std::uint64_t subject = 1; subject <= 3; ++subject) {
        const std::int64_t second = 10 * a_year_s - static_cast<std::int64_t>(subject) * 1013;
        const auto off_by = [&](const OscillatorNoise& noise, const mpq_class& reference_s) {
            const mpq_class difference = in_ns(noise.phase(second)) - reference_s * 1'000'000'000;
            return std::abs(difference.get_d());
        };
        CHECK(off_by(OscillatorNoise(RandomWalk(access_seed, subject, wander)),
                     walk_at(subject, mpq_class(wander), second)) < 1e-2);
        CHECK(off_by(OscillatorNoise({}, WhiteFrequency(access_seed, subject, h0)),
                     white_at(subject, h0, second)) < 1e-6);
        CHECK(off_by(OscillatorNoise({}, {}, FlickerFrequency(access_seed, subject, h_1)),
                     flicker_at(subject, h_1, second)) < 1e-3);
        // And with a constant error and ageing: whatever is not noise is exact.
        Oscillator::Parts parts;
        parts.frequency_error = 1.7e-6;
        parts.ageing = 1.6e-14;
        parts.noise = OscillatorNoise(RandomWalk(access_seed, subject, wander),
                                      WhiteFrequency(access_seed, subject, h0),
                                      FlickerFrequency(access_seed, subject, h_1));
        const Oscillator oscillator(std::move(parts));
        const mpq_class t = whole(second);
        const mpq_class reference_ns =
            (mpq_class(1.7e-6) * t + mpq_class(1.6e-14) * t * t / 2 +
             walk_at(subject, mpq_class(wander), second) + white_at(subject, h0, second) +
             flicker_at(subject, h_1, second)) *
            1'000'000'000;
        const mpq_class difference = in_ns(oscillator.phase_at(second)) - reference_ns;
        INFO("off by ", difference.get_d(), " ns");
        CHECK(std::abs(difference.get_d()) < 0.1);
    }
}
