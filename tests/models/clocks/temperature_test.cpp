#include "models/clocks/temperature.hpp"
#include "models/clocks/device_clocks.hpp"
#include "models/clocks/frequency_trace.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <vector>

using namespace driftstorm;
using namespace driftstorm::literals;

namespace {

double in_seconds(Q64 phase) { return static_cast<double>(phase) * 0x1p-64 * 1e-9; }

Oscillator oscillator_of(std::shared_ptr<const TemperatureDay> day, std::array<double, 3> ppb,
                         std::int64_t begin) {
    Oscillator::Parts parts;
    parts.temperature = TemperaturePhase(std::move(day), ppb, begin);
    return Oscillator(std::move(parts));
}

}  // namespace

TEST_CASE("a lagged temperature is what a step-by-step integration of the lag gives") {
    DayOfTemperature day;
    day.points = {{6_h, 12}, {15_h, 27}, {22_h, 18}};
    day.lag = 40_min;
    day.load = {{8_h, 9_h, 15}, {20_h, 22_h, 10}};
    day.load_lag = 5_min;
    const TemperatureDay table(day, 25);

    const auto outside = [](double s) {
        const double h = s / 3600;
        if (h < 6) return 18 + (12 - 18) * (h + 2) / 8;
        if (h < 15) return 12 + (27 - 12) * (h - 6) / 9;
        if (h < 22) return 27 + (18 - 27) * (h - 15) / 7;
        return 18 + (12 - 18) * (h - 22) / 8;
    };
    const auto loaded = [](double s) {
        const double h = s / 3600;
        return h >= 8 && h < 9 ? 15.0 : h >= 20 && h < 22 ? 10.0 : 0.0;
    };
    double slow = 18;
    double fast = 0;
    double integral = 0;
    constexpr double dt = 0.25;
    for (int round = 0; round < 2; ++round) {
        integral = 0;
        for (std::int64_t i = 0; i < 4 * TemperatureDay::seconds; ++i) {
            const double s = static_cast<double>(i) * dt;
            if (round == 1 && i % (4 * 3600) == 0) {
                INFO("hour ", i / (4 * 3600));
                // at() is the mean of the second that begins there: up to 15 K / 300 s / 2 more.
                CHECK(std::abs(table.at(i / 4) - (slow + fast - 25)) < 0.03);
            }
            integral += (slow + fast - 25) * dt;
            slow += (outside(s) - slow) * dt / 2400;
            fast += (loaded(s) - fast) * dt / 300;
        }
    }
    CHECK(table.integral(1, TemperatureDay::seconds) == doctest::Approx(integral).epsilon(1e-3));
}

TEST_CASE("a sine of temperature gives the phase of its integrals, years ahead") {
    DayOfTemperature day;
    day.mean_c = 20;
    day.swing_k = 8;
    day.lag = 1_h;
    const auto table = std::make_shared<const TemperatureDay>(day, 25);
    // Amplitude behind the lag; the mean of (m + a cos)^2 is m^2 + a^2 / 2, of its cube m^3 + 3 m
    // a^2 / 2.
    const double pi = 3.14159265358979;
    const double a = 8 / std::sqrt(1 + std::pow(2 * pi * 3600 / 86400, 2));
    CHECK(table->greatest() == doctest::Approx(-5 + a).epsilon(1e-6));
    CHECK(table->least() == doctest::Approx(-5 - a).epsilon(1e-6));
    const double mean = 100 * -5.0 - 34 * (25 + a * a / 2) + 0.1 * (-125 - 7.5 * a * a);
    const Oscillator oscillator = oscillator_of(table, {100, -34, 0.1}, 32'000);
    for (const std::int64_t days : {1, 365, 3652, 36'000})
        CHECK(in_seconds(oscillator.phase_at(days * 86400)) ==
              doctest::Approx(mean * 1e-9 * 86400 * static_cast<double>(days)).epsilon(1e-9));
    // The rate now is the polynomial of the temperature now.
    for (const std::int64_t second : {0LL, 100'000LL, 315'576'000LL}) {
        const double rate =
            in_seconds(oscillator.phase_at(second + 1) - oscillator.phase_at(second));
        const double d = table->at((32'000 + second) % 86400);
        CHECK(rate ==
              doctest::Approx((100 * d - 34 * d * d + 0.1 * d * d * d) * 1e-9).epsilon(1e-6));
    }
}

TEST_CASE("the 32 kHz parabola loses 12 ppm at 45 C and 21 ppm at 0 C") {
    // Reference: the values at -0.034 ppm/K^2 of the tuning fork's data sheets, here -13.6 and
    // -21.25.
    for (const auto& [celsius, ppm] : {std::pair{45.0, -13.6}, std::pair{0.0, -21.25}}) {
        DayOfTemperature day;
        day.mean_c = celsius;
        const Oscillator oscillator =
            oscillator_of(std::make_shared<const TemperatureDay>(day, 25), {0, -34, 0}, 0);
        CHECK(in_seconds(oscillator.phase_at(86400)) / 86400 * 1e6 ==
              doctest::Approx(ppm).epsilon(1e-9));
    }
}

TEST_CASE("steps and a recorded frequency add up exactly, at any second") {
    const auto trace = std::make_shared<const FrequencyTrace>(
        std::vector<FrequencyTrace::Row>{
            {0_s, Rate::ppb(10)}, {10_s, Rate::ppb(-20)}, {1500_ms + 20_s, Rate::ppb(5)}},
        true);
    Oscillator::Parts parts;
    parts.steps = {{Time{} + 100_s, Rate::ppb(1000)}, {Time{} + 7500_ms, Rate::ppb(-3)}};
    parts.trace = trace;
    const Oscillator oscillator(std::move(parts));
    // A round takes 33 s: 10 s, 11.5 s and again 11.5 s.
    const double round = 10 * 10 - 20 * 11.5 + 5 * 11.5;
    for (const std::int64_t n : {0, 1, 7, 10'000'000}) {
        const double s = 33.0 * static_cast<double>(n) + 12;
        const double expected = round * static_cast<double>(n) + 100 - 40 - 3 * (s - 7.5) +
                                1000 * std::max(0.0, s - 100);
        CHECK(in_seconds(oscillator.phase_at(33 * n + 12)) * 1e9 ==
              doctest::Approx(expected).epsilon(1e-10));
    }
    // The line over 256 s keeps its promise.
    for (std::int64_t second = 0; second < 1024; ++second) {
        Oscillator::Memo memo;
        const Time at{second * 1'000'000'000};
        const Oscillator::Line line = oscillator.line(at, memo);
        REQUIRE(std::abs(static_cast<double>(line.at(at) - oscillator.phase(at))) <=
                line.off_by + 1e-4 * 0x1p64);
    }
}

TEST_CASE("a frequency trace is read by its headings, and its faults are told with their line") {
    std::istringstream good("# from a counter\ntime_s,n,frequency_ppb\n1000,1,2.5\n1060,1,-4\n");
    const FrequencyTrace trace =
        read_frequency_trace(good, "a.csv", "time_s", "frequency_ppb", 1000, false);
    CHECK(in_seconds(trace.phase(60)) == doctest::Approx(60 * 2.5e-6));
    CHECK(in_seconds(trace.phase(160)) == doctest::Approx(60 * 2.5e-6 - 100 * 4e-6));
    const auto error_of = [](const char* text) {
        std::istringstream in(text);
        try {
            read_frequency_trace(in, "a.csv", "time_s", "frequency_ppb", 1, false);
        } catch (const std::runtime_error& error) {
            return std::string(error.what());
        }
        return std::string("none");
    };
    CHECK(error_of("time_s,ppm\n") == "a.csv:1: no column 'frequency_ppb'");
    CHECK(error_of("time_s,frequency_ppb\n0,1\n1,x\n") == "a.csv:3: 'x' is not a number");
    CHECK(error_of("time_s,frequency_ppb\n0,1\n1,1e8\n") ==
          "a.csv:3: a frequency error beyond 5 %");
    CHECK(error_of("time_s,frequency_ppb\n5,1\n5,1\n").find("ascend") != std::string::npos);
    CHECK(error_of("time_s,frequency_ppb\n").find("too few rows") != std::string::npos);
}

TEST_CASE("temperature that would tear a clock apart is refused") {
    DayOfTemperature day;
    day.mean_c = 60;
    const auto table = std::make_shared<const TemperatureDay>(day, 25);
    CHECK_THROWS_AS(TemperaturePhase(table, {2e6, 0, 0}, 0), std::invalid_argument);
    day.load = {{9_h, 8_h, 5}};
    CHECK_THROWS_AS(TemperatureDay(day, 25), std::invalid_argument);
    day.load.clear();
    day.points = {{8_h, 20}, {8_h, 21}};
    CHECK_THROWS_AS(TemperatureDay(day, 25), std::invalid_argument);
    day.points = {{8_h, 300}};
    CHECK_THROWS_AS(TemperatureDay(day, 25), std::invalid_argument);
}
