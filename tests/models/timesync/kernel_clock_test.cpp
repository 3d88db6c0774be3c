// The kernel's clock against the closed forms of its loops.
#include "models/timesync/kernel_clock.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <initializer_list>

using namespace driftstorm;

namespace {

/// Seconds in which the loop runs without anything to slew, then an update: what it changes the
/// frequency by.
double frequency_after(KernelClock clock, int seconds, double offset, int constant) {
    clock.pll_offset(0, constant, true, false);
    for (int i = 0; i < seconds; ++i) clock.second();
    clock.pll_offset(offset, constant, true, false);
    return clock.frequency();
}

/// A clock 1 ppm fast, measured without error every `interval` seconds: the greatest offset of the
/// last tenth of `updates`.
double greatest_late_offset(const KernelClockRules& rules, int interval, int updates) {
    KernelClock kernel(rules);
    double offset = 0;
    double late = 0;
    for (int update = 0; update < updates; ++update) {
        for (int i = 0; i < interval; ++i) {
            kernel.second();
            offset += 1e-6 + kernel.correction();
        }
        kernel.pll_offset(-offset, 6, true, false);
        if (update >= updates - updates / 10) late = std::fmax(late, std::abs(offset));
    }
    return late;
}

}  // namespace

TEST_CASE("the loop slews a constant share of what is left each second") {
    for (const int constant : {0, 3, 6, 10}) {
        KernelClock clock;
        clock.pll_offset(0.05, constant, true, true);
        const double share = 1.0 / (4 << constant);
        double slewed = 0;
        for (int n = 1; n <= 500; ++n) {
            clock.second();
            slewed += clock.correction();
            const double left = 0.05 * std::pow(1 - share, n);
            REQUIRE(clock.loop_offset() == doctest::Approx(left).epsilon(1e-12));
            REQUIRE(slewed + clock.loop_offset() == doctest::Approx(0.05).epsilon(1e-12));
        }
    }
}

TEST_CASE("an update changes the frequency by offset * interval / (16 * 2^constant)^2") {
    CHECK(frequency_after(KernelClock(), 64, 0.01, 6) ==
          doctest::Approx(0.01 * 64 / (1024.0 * 1024.0)).epsilon(1e-12));
    CHECK(frequency_after(KernelClock(), 16, -0.02, 4) ==
          doctest::Approx(-0.02 * 16 / (256.0 * 256.0)).epsilon(1e-12));
}

TEST_CASE("Linux counts at most 2^(3 + constant) s between updates") {
    const double most = 0.01 * 512 / (1024.0 * 1024.0);
    CHECK(frequency_after(KernelClock(), 512, 0.01, 6) == doctest::Approx(most).epsilon(1e-12));
    CHECK(frequency_after(KernelClock(), 2000, 0.01, 6) == doctest::Approx(most).epsilon(1e-12));
    KernelClockRules unclamped;
    unclamped.clamp_interval = false;
    CHECK(frequency_after(KernelClock(unclamped), 2000, 0.01, 6) ==
          doctest::Approx(0.01 * 2000 / (1024.0 * 1024.0)).epsilon(1e-12));
}

TEST_CASE("beyond 2048 s the frequency lock adds offset / (4 interval)") {
    const double phase = 0.01 * 512 / (1024.0 * 1024.0);
    CHECK(frequency_after(KernelClock(), 3000, 0.01, 6) ==
          doctest::Approx(phase + 0.01 / (4 * 3000.0)).epsilon(1e-12));
    // The reference's simulator wants an earlier offset for it.
    CHECK(frequency_after(KernelClock(KernelClockRules::clknetsim(true)), 3000, 0.01, 6) ==
          doctest::Approx(phase).epsilon(1e-4));
}

TEST_CASE("holding the frequency slews without changing it, and starts the interval anew") {
    KernelClock clock;
    clock.pll_offset(0, 6, true, false);
    for (int i = 0; i < 100; ++i) clock.second();
    clock.pll_offset(0.01, 6, true, true);
    CHECK(clock.frequency() == 0);
    CHECK(clock.loop_offset() == 0.01);
}

TEST_CASE("a constant in microseconds counts four more") {
    KernelClock micro;
    KernelClock nano;
    micro.pll_offset(0.1, 2, false, true);
    nano.pll_offset(0.1, 6, true, true);
    micro.second();
    nano.second();
    CHECK(micro.correction() == nano.correction());
}

TEST_CASE("with one update in 1500 s the clamped loop settles and the unclamped one swings up") {
    KernelClockRules unclamped;
    unclamped.clamp_interval = false;
    CHECK(greatest_late_offset(KernelClockRules(), 1500, 100) < 1e-6);
    CHECK(greatest_late_offset(unclamped, 1500, 100) > 1e-2);
}

TEST_CASE("adjtime slews whole microseconds at 500 ppm, and a new one replaces it") {
    KernelClock clock;
    clock.slew_old(-0.0020501);
    double slewed = 0;
    for (int i = 0; i < 4; ++i) {
        clock.second();
        CHECK(clock.correction() == doctest::Approx(-500e-6).epsilon(1e-12));
        slewed += clock.correction();
    }
    clock.second();
    slewed += clock.correction();
    CHECK(slewed == doctest::Approx(-0.00205).epsilon(1e-12));
    clock.second();
    CHECK(clock.correction() == 0);
    clock.slew_old(0.01);
    clock.second();
    clock.slew_old(0);
    clock.second();
    CHECK(clock.correction() == 0);
}

TEST_CASE("setting the clock clears what Linux has to slew, and not the reference's simulator") {
    KernelClock linux_clock;
    KernelClock other(KernelClockRules::clknetsim(true));
    for (KernelClock* clock : {&linux_clock, &other}) {
        clock->pll_offset(0.1, 6, true, true);
        clock->second();
        clock->stepped();
    }
    CHECK(linux_clock.loop_offset() == 0);
    CHECK(linux_clock.correction() == 0);
    CHECK(other.loop_offset() > 0.09);
    CHECK(other.correction() > 0);
}

TEST_CASE("frequency and offset keep within their limits") {
    KernelClock clock;
    clock.set_frequency(0.3);
    CHECK(clock.frequency() == doctest::Approx(0.1005));
    clock.set_frequency(0);
    clock.pll_offset(3, 0, true, true);
    CHECK(clock.loop_offset() == 0.5);
    for (int i = 0; i < 20; ++i) {
        for (int second = 0; second < 8; ++second) clock.second();
        clock.pll_offset(0.5, 0, true, false);
    }
    CHECK(clock.frequency() == doctest::Approx(500e-6));
}

TEST_CASE("idle seconds count as seconds") {
    KernelClock one;
    KernelClock many;
    one.pll_offset(0, 6, true, false);
    many.pll_offset(0, 6, true, false);
    for (int i = 0; i < 300; ++i) one.second();
    many.idle_seconds(300);
    one.pll_offset(0.01, 6, true, false);
    many.pll_offset(0.01, 6, true, false);
    CHECK(one.frequency() == many.frequency());
}
