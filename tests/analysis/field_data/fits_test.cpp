#include "analysis/field_data/clock_fit.hpp"
#include "analysis/field_data/delay_fit.hpp"
#include "analysis/field_data/field_fit.hpp"
#include "analysis/field_data/fragment.hpp"
#include "analysis/field_data/minimum.hpp"
#include "analysis/field_data/sum_density.hpp"
#include "sim/core/exact_math.hpp"
#include "sim/core/random.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <numbers>
#include <stdexcept>
#include <string>
#include <vector>

using namespace driftstorm;
using namespace driftstorm::field_data;

namespace {

double normal(std::uint64_t subject, std::uint64_t number) {
    return exact::inverse_normal(draw_uniform(7, "test.field_data", subject, number));
}
double exponential(std::uint64_t subject, std::uint64_t number) {
    return -std::log(draw_uniform(7, "test.field_data", subject, number));
}

bool within(double truth, const Fitted& fitted) {
    return fitted.low <= truth && truth <= fitted.high;
}

/// Phase of a clock with that noise, read every 16 s to 1 us; flicker FM by fractional differences
/// (N. J. Kasdin, Proc. IEEE 83 (1995)).
UnsteeredClock clock_with(double h0, double h_1, double h_2, std::uint64_t subject) {
    constexpr std::size_t points = 1000;
    constexpr double gap = 16;
    std::vector<double> filter{1};
    for (std::size_t k = 1; k < points; ++k)
        filter.push_back(filter.back() * (static_cast<double>(k) - 0.5) / static_cast<double>(k));
    std::vector<double> luck;
    for (std::size_t k = 0; k < points; ++k) luck.push_back(normal(subject + 1, k));
    UnsteeredClock clock;
    double phase = 2e-3;
    double frequency = 1e-7;
    const double walk = std::sqrt(2 * h_2 * gap) * std::numbers::pi;
    for (std::size_t i = 0; i < points; ++i) {
        double flicker = 0;
        for (std::size_t k = 0; k <= i && h_1 > 0; ++k) flicker += filter[k] * luck[i - k];
        const double white = std::sqrt(h0 / 2 / gap) * normal(subject + 2, i);
        clock.points.push_back(
            {gap * static_cast<double>(i), phase + 1e-6 * normal(subject, i), 0.01, 0, 0});
        phase += gap * (frequency + white + flicker * std::sqrt(std::numbers::pi * h_1));
        frequency += walk * normal(subject + 3, i);
    }
    return clock;
}

}  // namespace

TEST_CASE("the simplex finds the lowest place of a bent valley") {
    const Minimum minimum = find_minimum(
        [](const std::vector<double>& x) {
            return 100 * std::pow(x[1] - x[0] * x[0], 2) + std::pow(1 - x[0], 2);
        },
        {-1.2, 1}, 0.5, 1e-14);
    CHECK(minimum.at[0] == doctest::Approx(1).epsilon(1e-4));
    CHECK(minimum.at[1] == doctest::Approx(1).epsilon(1e-4));
}

TEST_CASE("coefficients of white, flicker and random-walk FM come back, each from its own clock") {
    const ClockFit white = fit_clock(clock_with(1e-15, 0, 0, 10), 0.01);
    CHECK(within(1e-15, white.white_fm));
    CHECK(white.white_fm.high < 1.5e-15);
    CHECK(!white.has_flicker);
    const ClockFit walk = fit_clock(clock_with(0, 0, 1e-20, 20), 0.01);
    CHECK(within(1e-20, walk.random_walk_fm));
    CHECK(walk.random_walk_fm.high < 2e-20);
    CHECK(walk.random_walk_fm.low > 0.5e-20);
    CHECK(walk.white_fm.low == 0);
    const ClockFit flicker = fit_clock(clock_with(0, 1e-16, 0, 30), 0.01);
    REQUIRE(flicker.has_flicker);
    CHECK(within(1e-16, flicker.flicker_fm));
    CHECK(flicker.flicker_fm.high < 1.6e-16);
    CHECK(flicker.allan_variance(1000) ==
          doctest::Approx(2 * std::numbers::ln2 * flicker.flicker_fm.value).epsilon(0.2));
}

TEST_CASE("offset and frequency are those of the first exchange, and an outlier is left out") {
    UnsteeredClock clock = clock_with(1e-18, 0, 1e-22, 40);
    clock.nominal_frequency = 5e-6;
    clock.points[600].phase += 0.3;
    const ClockFit fit = fit_clock(clock, 0.01);
    CHECK(fit.outliers == 1);
    CHECK(within(2e-3, fit.offset));
    CHECK(within(5e-6 + 1e-7, fit.frequency));
    CHECK(fit.offset.high - fit.offset.low < 3e-6);
    CHECK(fit.stamp_noise == doctest::Approx(1e-6).epsilon(0.1));
}

TEST_CASE("the density of a sum of two is that of the closed forms, and has an area of 1") {
    const SumDensity exponential_pair(SummedLaw::weibull, 1);
    for (const double z : {0.01, 0.3, 1.0, 4.0, 12.0})
        CHECK(exponential_pair.log_at(z) == doctest::Approx(std::log(z) - z).epsilon(2e-3));
    for (const double sigma : {0.1, 0.7, 1.5}) {
        const SumDensity density(SummedLaw::lognormal, sigma);
        double area = 0;
        double mean = 0;
        for (double log = -8; log < 10; log += 0.01) {
            const double z = std::exp(log);
            area += 0.01 * z * std::exp(density.log_at(z));
            mean += 0.01 * z * z * std::exp(density.log_at(z));
        }
        CHECK(area == doctest::Approx(1).epsilon(3e-3));
        CHECK(mean == doctest::Approx(2 * std::exp(sigma * sigma / 2)).epsilon(5e-3));
    }
}

TEST_CASE("each law of queues is told from the others, and its parameters come back") {
    struct Case {
        DelayLaw law;
        double mean;
        double shape;
    };
    int told = 0;
    for (const Case& one : {Case{DelayLaw::exponential, 1e-3, 1}, Case{DelayLaw::gamma, 4e-3, 4},
                            Case{DelayLaw::lognormal, 2e-3 * std::exp(0.5), 1}}) {
        std::vector<double> trips;
        for (std::uint64_t i = 0; i < 800; ++i) {
            double sum = 0;
            for (const std::uint64_t way : {0u, 1u}) {
                const std::uint64_t n = 8 * i + 4 * way;
                if (one.law == DelayLaw::exponential) sum += 1e-3 * exponential(50, n);
                if (one.law == DelayLaw::gamma)
                    for (std::uint64_t k = 0; k < 4; ++k) sum += 1e-3 * exponential(51, n + k);
                if (one.law == DelayLaw::lognormal) sum += 2e-3 * std::exp(normal(52, n));
            }
            trips.push_back(0.04 + sum);
        }
        const DelayFit fit = fit_round_trips(trips, 1e-9);
        INFO(name_of(one.law));
        for (const LawFit& law : fit.laws)  // by chance another may be a little better
            if (law.law == one.law) CHECK(law.akaike < fit.laws.front().akaike + 4);
        if (fit.laws.front().law == one.law) {
            ++told;
            CHECK(within(0.04, fit.least));
            CHECK(within(one.mean, fit.mean));
            CHECK(within(one.shape, fit.shape));
        }
        CHECK(fit.mean.high - fit.mean.low < 0.4 * one.mean);
        CHECK(fit.independent == 800);
    }
    CHECK(told >= 2);
    CHECK_THROWS_AS(fit_round_trips(std::vector<double>(29, 0.1), 0), std::invalid_argument);
    CHECK(fit_round_trips(std::vector<double>(40, 0.1), 1e-6).mean.value == 0);
}

TEST_CASE("round trips that follow one another count for less") {
    std::vector<double> trips;
    for (std::uint64_t i = 0; i < 1000; ++i)
        trips.push_back(0.04 + 1e-3 * (exponential(60, i / 5) + exponential(61, i / 5)) +
                        1e-5 * exponential(62, i));
    const DelayFit fit = fit_round_trips(trips, 1e-9);
    CHECK(fit.independent < 250);
    CHECK(fit.independent > 60);
}

TEST_CASE("loss has the interval of Clopper and Pearson") {
    // 10 of 100 in both directions: 4.9005 % to 17.6223 % (R's binom.test).
    const Fitted loss = fit_loss(100, 90);
    const auto both = [](double one) { return 1 - (1 - one) * (1 - one); };
    CHECK(both(loss.value) == doctest::Approx(0.1));
    CHECK(both(loss.low) == doctest::Approx(0.0490047).epsilon(1e-5));
    CHECK(both(loss.high) == doctest::Approx(0.1762226).epsilon(1e-5));
    CHECK(fit_loss(50, 50).low == 0);
    CHECK_THROWS_AS(fit_loss(5, 6), std::invalid_argument);
}

TEST_CASE("which way the queues are is told by how errors go with delays") {
    for (const double there : {0.0, 0.5, 1.0}) {
        std::vector<Residual> residuals;
        std::vector<double> excess;
        for (std::uint64_t i = 0; i < 500; ++i) {
            const double up = 2e-3 * there * exponential(70, i);
            const double down = 2e-3 * (1 - there) * exponential(71, i);
            residuals.push_back({static_cast<double>(i), -(up - down) / 2, 0});
            excess.push_back(up + down);
        }
        const JitterFit fit = fit_jitter(residuals, excess);
        CHECK(fit.queue_slope.value == doctest::Approx(there - 0.5).epsilon(0.1));
        if (there == 0.5) {
            CHECK(fit.law == "laplace");
            CHECK(within(1e-3 / std::numbers::sqrt2, fit.sd));
        }
    }
}

TEST_CASE("the fragment names clock and path, with units and intervals") {
    FieldLog log;
    log.sources.emplace_back("192.0.2.1");
    log.requests = 210;
    log.replies = 200;
    for (std::uint64_t i = 0; i < 200; ++i) {
        const double up = 1e-3 * exponential(80, i);
        const double down = 1e-3 * exponential(81, i);
        Exchange exchange;
        exchange.at = 1.7e9 + 64.0 * static_cast<double>(i);
        exchange.offset = 0.25 - 12e-6 * 64 * static_cast<double>(i) + (up - down) / 2;
        exchange.delay = 0.04 + up + down;
        log.entries.emplace_back(exchange);
    }
    const FieldFit fit = fit_field_log(log);
    CHECK(within(-0.25, fit.clock.offset));
    CHECK(within(12e-6, fit.clock.frequency));
    CHECK(fit.allan.size() > 3);
    const std::string text = scenario_fragment(log, fit, {"pcap x.pcap", "phone", "lte", "pool"});
    for (const char* part :
         {"# Made by driftstorm import from pcap x.pcap.\n", "clocks:\n  phone:\n",
          "frequency_error: 12.0", "initial_offset: -250.", " ppb/sqrt(s)", "from: lte\n",
          "to: pool\n", "propagation: 19.979 ms", "exponential: { mean: ", "loss: 2.410 %",
          "cannot be known from its ends"}) {
        INFO(text);
        CHECK(text.find(part) != std::string::npos);
    }
    CHECK(fit_json(log, fit).find("\"source\": \"192.0.2.1\"") != std::string::npos);
}
