#include "models/clocks/oscillator.hpp"
#include "sim/core/exact_math.hpp"
#include "sim/core/random.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <vector>

using namespace driftstorm;

namespace {

constexpr std::uint64_t oscillator_seed = 4211;
constexpr std::int64_t year_s = 31'557'600;

/// A whole second below `limit`, every order of magnitude alike.
std::int64_t any_second(std::uint64_t number, std::int64_t limit) {
    const double u = draw_uniform(oscillator_seed, "test.second", 1, number);
    return static_cast<std::int64_t>(exact::exp(u * exact::log(static_cast<double>(limit))));
}

/// The same bridge with 64 bits of significand and without rounding to 2^-64 ns on the way.
struct WidePoint {
    long double phase = 0;      // [2^-64 ns]
    long double frequency = 0;  // [2^-64 ns per s]
};

long double wide_normal(std::uint32_t high, std::uint32_t low) {
    const std::uint64_t bits = (std::uint64_t{high} << 32) | low;
    return exact::inverse_normal((static_cast<double>(bits >> 12) + 0.5) * 0x1p-52);
}

long double wide_walk(std::uint64_t subject, long double scale, std::int64_t second) {
    std::int64_t begin = 0;
    std::int64_t length = std::int64_t{1} << 32;
    Block block =
        draw(oscillator_seed, "clocks.random_walk", subject, static_cast<std::uint64_t>(length));
    long double h = static_cast<long double>(length);
    WidePoint left;
    WidePoint right;
    right.frequency = scale * std::sqrt(h) * wide_normal(block[1], block[0]);
    right.phase =
        h * right.frequency / 2 + scale * h * std::sqrt(h / 12) * wide_normal(block[3], block[2]);
    while (length > 1) {
        h = static_cast<long double>(length);
        const std::int64_t middle_second = begin + length / 2;
        block = draw(oscillator_seed, "clocks.random_walk", subject,
                     static_cast<std::uint64_t>(middle_second));
        WidePoint middle;
        middle.phase = (left.phase + right.phase) / 2 + h / 8 * (left.frequency - right.frequency) +
                       scale * h * std::sqrt(h / 192) * wide_normal(block[1], block[0]);
        middle.frequency = 3 * (right.phase - left.phase) / (2 * h) -
                           (left.frequency + right.frequency) / 4 +
                           scale * std::sqrt(h) / 4 * wide_normal(block[3], block[2]);
        length /= 2;
        if (second < middle_second) {
            right = middle;
        } else {
            left = middle;
            begin = middle_second;
        }
    }
    return left.phase;
}

/// Overlapping Allan variance of phases x[i] [s] at 1 s, at m s.
double allan_variance(const std::vector<double>& x, std::size_t m) {
    double sum = 0;
    const std::size_t n = x.size() - 2 * m;
    for (std::size_t i = 0; i < n; ++i) {
        const double d = x[i + 2 * m] - 2 * x[i + m] + x[i];
        sum += d * d;
    }
    const double tau = static_cast<double>(m);
    return sum / (2 * tau * tau * static_cast<double>(n));
}

}  // namespace

TEST_CASE("an oscillator's phase is the same whoever reads it, in whatever order") {
    const Oscillator oscillator(3e-6, 5e-16, RandomWalk(oscillator_seed, 77, 1e-9));
    std::vector<Time> times;
    std::vector<Q64> alone;
    for (std::uint64_t i = 0; i < 3000; ++i) {
        const auto ns =
            static_cast<std::int64_t>(draw_uniform(oscillator_seed, "test.ns", 1, i) * 1e9);
        times.push_back({any_second(i, 100 * year_s) * 1'000'000'000 + ns});
        alone.push_back(oscillator.phase(times.back()));
    }
    Oscillator::Memo forwards;
    Oscillator::Memo backwards;
    Oscillator::Memo jumping;
    for (std::size_t i = 0; i < times.size(); ++i) {
        REQUIRE(oscillator.phase(times[i], forwards) == alone[i]);
        const std::size_t j = times.size() - 1 - i;
        REQUIRE(oscillator.phase(times[j], backwards) == alone[j]);
        const std::size_t k = (i * 1009) % times.size();
        REQUIRE(oscillator.phase(times[k], jumping) == alone[k]);
    }
    // To and fro within a few minutes.
    Oscillator::Memo wandering;
    for (std::uint64_t i = 0; i < 3000; ++i) {
        const std::int64_t second =
            777'000 +
            static_cast<std::int64_t>(900 * draw_uniform(oscillator_seed, "test.near", 1, i));
        const Time at{second * 1'000'000'000 + 250'000'000};
        REQUIRE(oscillator.phase(at, wandering) == oscillator.phase(at));
    }
    // Once a second for an hour, then each second alone.
    Oscillator::Memo steadily;
    for (std::int64_t s = 1000; s < 4600; ++s) {
        const Q64 read = oscillator.phase(Time{s * 1'000'000'000}, steadily);
        REQUIRE(read == oscillator.phase_at(s));
    }
}

TEST_CASE("phase is linear between whole seconds and continuous at them") {
    const Oscillator oscillator(-2e-6, 0, RandomWalk(oscillator_seed, 5, 1e-8));
    for (std::uint64_t i = 0; i < 500; ++i) {
        const std::int64_t second = any_second(i, 10 * year_s);
        Oscillator::Memo memo;
        const Time begin{second * 1'000'000'000};
        const Q64 at_begin = oscillator.phase(begin, memo);
        const Q64 at_end = oscillator.phase(begin + oscillator_grid, memo);
        REQUIRE(at_begin == oscillator.phase_at(second));
        REQUIRE(at_end == oscillator.phase_at(second + 1));
        const Q64 middle = oscillator.phase(begin + oscillator_grid / 2, memo);
        REQUIRE(middle - at_begin - (at_end - at_begin) / 2 >= -1);
        REQUIRE(middle - at_begin - (at_end - at_begin) / 2 <= 1);
    }
}

TEST_CASE("after ten years the phase agrees with a wide reference to under 1 ns") {
    const double frequency_error = 1.7e-6;
    const double ageing = 1.6e-14;  // 5e-7 a year
    for (const double wander : {0.0, 1e-10, 3e-9}) {
        for (std::uint64_t subject = 1; subject <= 20; ++subject) {
            const Oscillator oscillator(frequency_error, ageing,
                                        RandomWalk(oscillator_seed, subject, wander));
            const std::int64_t second = 10 * year_s - static_cast<std::int64_t>(subject) * 1013;
            const long double t = static_cast<long double>(second);
            const long double smooth = (frequency_error * t + 0.5L * ageing * t * t) * 1e9L;
            const long double walk =
                wander == 0 ? 0 : wide_walk(subject, wander * 1e9L * 0x1p64L, second) * 0x1p-64L;
            const long double ours =
                static_cast<long double>(oscillator.phase_at(second)) * 0x1p-64L;
            CHECK(std::abs(static_cast<double>(ours - smooth - walk)) < 0.1);
        }
    }
}

TEST_CASE("random-walk noise has Allan variance w^2 tau / 3, also after nine years") {
    const double wander = 2e-10;
    for (const std::int64_t begin : {std::int64_t{0}, 9 * year_s}) {
        constexpr std::size_t clocks = 24;
        constexpr std::size_t seconds = 1 << 14;
        constexpr std::array<std::size_t, 5> taus{1, 4, 16, 64, 256};
        std::array<double, taus.size()> variance{};
        for (std::uint64_t c = 0; c < clocks; ++c) {
            const Oscillator oscillator(0, 0, RandomWalk(oscillator_seed, 1000 + c, wander));
            Oscillator::Memo memo;
            const Q64 origin = oscillator.phase(Time{begin * 1'000'000'000}, memo);
            std::vector<double> x;
            for (std::size_t i = 0; i < seconds; ++i) {
                const Time at{(begin + static_cast<std::int64_t>(i)) * 1'000'000'000};
                x.push_back(static_cast<double>(oscillator.phase(at, memo) - origin) * 0x1p-64 *
                            1e-9);
            }
            for (std::size_t j = 0; j < taus.size(); ++j)
                variance[j] += allan_variance(x, taus[j]) / clocks;
        }
        for (std::size_t j = 0; j < taus.size(); ++j) {
            const double tau = static_cast<double>(taus[j]);
            const double independent = clocks * seconds / tau;
            CHECK(variance[j] / (wander * wander * tau / 3) ==
                  doctest::Approx(1).epsilon(4 * std::sqrt(2 / independent)));
        }
        const double slope = exact::log(variance[3] / variance[0]) / (2 * exact::log(64.0));
        CHECK(slope == doctest::Approx(0.5).epsilon(0.03));
    }
}

TEST_CASE("the spread of free-running clocks grows as the integral of a Wiener process") {
    const double wander = 1e-9;
    for (const std::int64_t second : {std::int64_t{1000}, std::int64_t{1} << 20, year_s}) {
        constexpr std::uint64_t clocks = 2000;
        double sum = 0;
        for (std::uint64_t c = 0; c < clocks; ++c) {
            const Oscillator oscillator(0, 0, RandomWalk(oscillator_seed, 5000 + c, wander));
            const double x = static_cast<double>(oscillator.phase_at(second)) * 0x1p-64 * 1e-9;
            sum += x * x;
        }
        const double t = static_cast<double>(second);
        CHECK(sum / clocks / (wander * wander * t * t * t / 3) ==
              doctest::Approx(1).epsilon(4 * std::sqrt(2.0 / clocks)));
    }
}

TEST_CASE("an oscillator beyond what clock arithmetic can hold is refused") {
    CHECK_THROWS_AS(Oscillator(0.11, 0, RandomWalk{}), std::invalid_argument);
    CHECK_THROWS_AS(Oscillator(std::nan(""), 0, RandomWalk{}), std::invalid_argument);
    CHECK_THROWS_AS(Oscillator(0, 2e-11, RandomWalk{}), std::invalid_argument);
}
