#include "models/clocks/steered_clock.hpp"
#include "sim/core/exact_math.hpp"
#include "sim/core/random.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstdint>

using namespace driftstorm;
using namespace driftstorm::literals;

namespace {

constexpr std::uint64_t steered_seed = 99;
constexpr std::array<ClockKind, 3> kinds{ClockKind::wall, ClockKind::monotonic, ClockKind::boot};

double uniform(std::uint64_t subject, std::uint64_t number) {
    return draw_uniform(steered_seed, "test.steering", subject, number);
}

Q64 of_ns(double ns) { return static_cast<Q64>(ns * 0x1p64); }

}  // namespace

TEST_CASE("a clock reaches a reading at exactly the instant it says, however it is steered") {
    std::size_t checked = 0;
    for (std::uint64_t c = 0; c < 150; ++c) {
        // Far noisier than any quartz, so that every second has a rate of its own.
        const Oscillator oscillator((uniform(c, 1) - 0.5) * 2e-3, (uniform(c, 2) - 0.5) * 1e-12,
                                    RandomWalk(steered_seed, c, 1e-7));
        Oscillator::Memo memo;
        SteeredClock clock(of_ns((uniform(c, 3) - 0.5) * 1e12));
        Time now{static_cast<std::int64_t>(uniform(c, 4) * 1e17)};
        for (std::uint64_t i = 0; i < 40; ++i) {
            const double what = uniform(c, 100 + 10 * i);
            const double amount = uniform(c, 101 + 10 * i) - 0.5;
            if (what < 0.3) {
                clock.step(of_ns(amount * 1e11));
            } else if (what < 0.6) {
                clock.slew(now, of_ns(amount * 1e9), Rate::ppm(1 + 9e4 * uniform(c, 102 + 10 * i)),
                           oscillator, memo);
            } else if (what < 0.8) {
                clock.set_frequency(now, Rate::fraction(amount * 0.2), oscillator, memo);
            } else if (what < 0.9) {
                clock.suspend(now, oscillator, memo);
            } else {
                clock.resume(now, oscillator, memo);
            }
            for (const ClockKind kind : kinds) {
                // Spans from 1 ns to 30 years, and the past.
                const double span = exact::exp(uniform(c, 103 + 10 * i) * exact::log(1e18)) - 3.0;
                const Reading shown{
                    static_cast<std::int64_t>(clock.exact(kind, now, oscillator, memo) >> 64)};
                const Reading target = shown + Duration{static_cast<std::int64_t>(span)};
                const Time at = clock.when(kind, target, now, oscillator, memo);
                if (kind == ClockKind::monotonic && clock.suspended() && target > shown) {
                    REQUIRE(at == end_of_time);
                    continue;
                }
                REQUIRE(at >= now);
                REQUIRE(at < end_of_time);
                const Q64 wanted = Q64{target.ns} << 64;
                REQUIRE(clock.exact(kind, at, oscillator, memo) >= wanted);
                if (at > now) REQUIRE(clock.exact(kind, at - 1_ns, oscillator, memo) < wanted);
                ++checked;
            }
            now = now + Duration{static_cast<std::int64_t>(
                            exact::exp(uniform(c, 104 + 10 * i) * exact::log(1e16)))};
        }
    }
    CHECK(checked > 15'000);
}

TEST_CASE("a slew amortises exactly what it was told, at its rate, and then stops") {
    const Oscillator oscillator(2e-5, 0, RandomWalk(steered_seed, 3, 1e-8));
    for (const Q64 amount : {of_ns(4e8) + 12345, -of_ns(4e8) - 777}) {
        Oscillator::Memo memo;
        SteeredClock steered;
        const SteeredClock free;
        const Time begin{100'000'000'123};
        steered.slew(begin, amount, Rate::ppm(500), oscillator, memo);
        const auto gained_by = [&](Time t) {
            return steered.exact(ClockKind::wall, t, oscillator, memo) -
                   free.exact(ClockKind::wall, t, oscillator, memo);
        };
        CHECK(gained_by(begin) == 0);
        const double halfway =
            static_cast<double>(gained_by(begin + 400_s)) / static_cast<double>(amount);
        CHECK(halfway == doctest::Approx(0.5).epsilon(1e-4));  // 0.4 s take 800 s by the oscillator
        CHECK(steered.slew_left(begin + 400_s, oscillator, memo) ==
              amount - gained_by(begin + 400_s));
        CHECK(gained_by(begin + 799_s) != amount);
        CHECK(gained_by(begin + 801_s) == amount);
        CHECK(gained_by(begin + 8010_s) == amount);
        // A second slew takes the place of what the first has left.
        steered.slew(begin + 8010_s, amount, Rate::ppm(500), oscillator, memo);
        steered.slew(begin + 8011_s, 5, Rate::ppm(500), oscillator, memo);
        const Q64 first_second = steered.exact(ClockKind::wall, begin + 8011_s, oscillator, memo) -
                                 free.exact(ClockKind::wall, begin + 8011_s, oscillator, memo) -
                                 amount;
        CHECK(gained_by(begin + 8020_s) == amount + first_second + 5);
    }
}

TEST_CASE("a million changes of frequency lose less than a billionth of a nanosecond") {
    const Oscillator perfect;
    Oscillator::Memo memo;
    SteeredClock clock;
    Q64 expected = 0;  // sum of (1 + y) * 1 s, exactly
    for (std::uint64_t i = 0; i < 1'000'000; ++i) {
        const Rate rate = Rate::ppb((uniform(1, i) - 0.5) * 4e5);
        clock.set_frequency(Time{static_cast<std::int64_t>(i) * 1'000'000'000}, rate, perfect,
                            memo);
        expected += (Q64{1'000'000'000} << 64) + gained(1_s, rate);
    }
    const Q64 shown =
        clock.exact(ClockKind::boot, Time{1'000'000ll * 1'000'000'000}, perfect, memo);
    CHECK(expected - shown >= 0);
    CHECK(static_cast<double>(expected - shown) * 0x1p-64 < 1e-9);
}

TEST_CASE("steps move the wall clock alone, sleep stops the monotonic clock alone") {
    const Oscillator oscillator(5e-6, 0, RandomWalk(steered_seed, 8, 1e-9));
    Oscillator::Memo memo;
    SteeredClock clock;
    const auto at = [&](ClockKind kind, Duration t) {
        return clock.exact(kind, Time{} + t, oscillator, memo);
    };
    const Q64 wall = at(ClockKind::wall, 10_s);
    const Q64 boot = at(ClockKind::boot, 10_s);
    clock.step(-of_ns(3e9));
    CHECK(at(ClockKind::wall, 10_s) == wall - of_ns(3e9));
    CHECK(at(ClockKind::boot, 10_s) == boot);
    CHECK(at(ClockKind::monotonic, 10_s) == boot);

    clock.suspend(Time{} + 20_s, oscillator, memo);
    const Q64 frozen = at(ClockKind::monotonic, 20_s);
    clock.set_frequency(Time{} + 25_s, Rate::ppm(100), oscillator, memo);
    CHECK(at(ClockKind::monotonic, 30_s) == frozen);
    CHECK(at(ClockKind::boot, 30_s) > at(ClockKind::boot, 20_s) + of_ns(9.9e9));
    clock.resume(Time{} + 30_s, oscillator, memo);
    CHECK(at(ClockKind::monotonic, 30_s) == frozen);
    CHECK(at(ClockKind::monotonic, 40_s) - frozen ==
          at(ClockKind::boot, 40_s) - at(ClockKind::boot, 30_s));
    CHECK(at(ClockKind::wall, 40_s) - at(ClockKind::boot, 40_s) == -of_ns(3e9));
}

TEST_CASE("what a clock will not show within the horizon is never") {
    const Oscillator oscillator(-1e-5, 0, RandomWalk{});
    Oscillator::Memo memo;
    const SteeredClock clock(-of_ns(1e18));
    CHECK(clock.when(ClockKind::wall, Reading{horizon.ns}, Time{}, oscillator, memo) ==
          end_of_time);
    CHECK(clock.when(ClockKind::boot, Reading{horizon.ns}, Time{}, oscillator, memo) ==
          end_of_time);
    CHECK(clock.when(ClockKind::boot, Reading{INT64_MAX}, Time{}, oscillator, memo) == end_of_time);
    CHECK(clock.when(ClockKind::wall, Reading{INT64_MIN}, Time{} + 5_s, oscillator, memo) ==
          Time{} + 5_s);
    const Time last = clock.when(ClockKind::boot, Reading{horizon.ns - 100'000'000'000'000'000},
                                 Time{}, oscillator, memo);
    CHECK(last < Time{} + horizon);
}
