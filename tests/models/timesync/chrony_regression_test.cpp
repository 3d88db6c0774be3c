#include "models/timesync/chrony_regression.hpp"
#include "models/timesync/chrony_samples.hpp"
#include "sim/core/exact_math.hpp"
#include "sim/core/random.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

using namespace driftstorm;

namespace {

double normal(std::uint64_t subject, std::uint64_t i) {
    return exact::inverse_normal(draw_uniform(7, "test.chrony", subject, i));
}

struct Points {
    std::vector<double> x;
    std::vector<double> y;
    std::vector<double> weight;
};

/// n points one apart, the last at 0, about a line of a slope that changes `before_end` points ago.
Points noisy_line(std::uint64_t subject, int n, double noise, int before_end, double kink) {
    Points points;
    for (int i = 0; i < n; ++i) {
        const double x = i - (n - 1);
        points.x.push_back(x);
        points.y.push_back(3.0 + 0.5 * x + (x < -before_end ? kink * (x + before_end) : 0.0) +
                           noise * normal(subject, static_cast<std::uint64_t>(i)));
        points.weight.push_back(1.0);
    }
    return points;
}

}  // namespace

TEST_CASE("a line's estimates are those of weighted least squares in closed form") {
    // Four points by hand: weights 1, 1, 1/2, 1/4.
    const std::vector<double> x{-3, -2, -1, 0};
    const std::vector<double> y{1, 2, 2, 4};
    const std::vector<double> weight{1, 1, 0.5, 0.25};
    const double sum_w = 2.75;
    const double mean_x = (-3.0 - 2.0 - 0.5) / sum_w;
    const double mean_y = (1.0 + 2.0 + 1.0 + 1.0) / sum_w;
    double moment = 0;
    double product = 0;
    for (std::size_t i = 0; i < 4; ++i) {
        moment += (x[i] - mean_x) * (x[i] - mean_x) * weight[i];
        product += (x[i] - mean_x) * (y[i] - mean_y) * weight[i];
    }
    const double slope = product / moment;
    const double intercept = mean_y - slope * mean_x;
    double squares = 0;
    for (std::size_t i = 0; i < 4; ++i) {
        const double residual = y[i] - intercept - slope * x[i];
        squares += residual * residual * weight[i];
    }
    const auto line = fit_recent_line(x, y, weight, 0, 6);
    REQUIRE(line.has_value());
    CHECK(line->slope == doctest::Approx(slope).epsilon(1e-14));
    CHECK(line->intercept == doctest::Approx(intercept).epsilon(1e-14));
    CHECK(line->variance == doctest::Approx(squares / 2 * 4 / sum_w).epsilon(1e-13));
    CHECK(line->slope_sd == doctest::Approx(std::sqrt(squares / 2 / moment)).epsilon(1e-13));
    CHECK(line->intercept_sd ==
          doctest::Approx(std::sqrt(squares / 2 * (1 / sum_w + mean_x * mean_x / moment)))
              .epsilon(1e-13));
    CHECK(line->degrees_of_freedom == 2);
}

TEST_CASE("a point of twice the weight counts as two") {
    const std::vector<double> one{-2, -1, 0};
    const auto once =
        fit_recent_line(one, std::vector<double>{0, 3, 1}, std::vector<double>{1, 2, 1}, 0, 6);
    const auto twice =
        fit_recent_line(std::vector<double>{-2, -1, -1, 0}, std::vector<double>{0, 3, 3, 1},
                        std::vector<double>{1, 1, 1, 1}, 0, 6);
    REQUIRE(once.has_value());
    REQUIRE(twice.has_value());
    CHECK(once->slope == doctest::Approx(twice->slope).epsilon(1e-14));
    CHECK(once->intercept == doctest::Approx(twice->intercept).epsilon(1e-14));
    CHECK_FALSE(fit_recent_line(std::vector<double>{-1, 0}, std::vector<double>{0, 1},
                                std::vector<double>{1, 1}, 0, 6)
                    .has_value());
}

TEST_CASE("the runs test leaves noise about a line alone, but for a few per cent") {
    // The level is 5 % by its source; the closed form rounds to whole runs, so a little either way.
    for (const int n : {16, 32, 64}) {
        int shortened = 0;
        constexpr int tries = 2000;
        for (int i = 0; i < tries; ++i) {
            const Points points = noisy_line(static_cast<std::uint64_t>(1000 * n + i), n, 1, n, 0);
            const auto line = fit_recent_line(points.x, points.y, points.weight, 0, 3);
            shortened += line->first > 0 ? 1 : 0;
        }
        CHECK(shortened > tries / 100);
        CHECK(shortened < tries / 10);
    }
}

TEST_CASE("what came before a change of frequency is forgotten") {
    for (std::uint64_t i = 0; i < 50; ++i) {
        const Points points = noisy_line(i, 64, 0.1, 20, 0.2);
        const auto line = fit_recent_line(points.x, points.y, points.weight, 0, 6);
        CHECK(line->first >= 64 - 2 * 20);
        CHECK(line->slope == doctest::Approx(0.5).epsilon(0.2));
        // The least number kept is kept whatever the test says.
        const auto long_memory = fit_recent_line(points.x, points.y, points.weight, 0, 60);
        CHECK(long_memory->first == 4);
    }
}

TEST_CASE("older points can fail a line but do not move it") {
    const Points bent = noisy_line(5, 24, 0.01, 11, 0.5);
    const std::vector<double> weight(12, 1.0);
    const auto alone =
        fit_recent_line(std::span(bent.x).last(12), std::span(bent.y).last(12), weight, 0, 12);
    const auto tested = fit_recent_line(bent.x, bent.y, weight, 12, 12);
    CHECK(alone->slope == tested->slope);
    CHECK(alone->first == 0);
    CHECK(fit_recent_line(bent.x, bent.y, weight, 12, 6)->first > 0);
}

TEST_CASE("runs are counted at every change of sign, and zero belongs to none") {
    CHECK(count_runs(std::vector<double>{1, 2, 3}) == 1);
    CHECK(count_runs(std::vector<double>{1, -1, 1, -1}) == 4);
    CHECK(count_runs(std::vector<double>{1, 0, 0, 1}) == 4);
    CHECK(count_runs(std::vector<double>{-1, -2, 3, 4, -5}) == 3);
}

TEST_CASE("critical numbers of runs: known values, never decreasing, below half") {
    CHECK(critical_runs(7) == 0);
    CHECK(critical_runs(8) == 2);
    CHECK(critical_runs(20) == 7);
    CHECK(critical_runs(64) == 26);
    CHECK(critical_runs(128) == 55);
    for (int n = 1; n < 129; ++n) {
        CHECK(critical_runs(n) >= critical_runs(n - 1));
        CHECK(2 * critical_runs(n) < n);
    }
}

TEST_CASE("the second slope is found beside the first, and none where they cannot be told apart") {
    std::vector<double> x1;
    std::vector<double> x2;
    std::vector<double> y;
    for (int i = 0; i < 20; ++i) {
        x1.push_back(-64.0 * (19 - i));
        x2.push_back(1e-3 * draw_uniform(1, "test.delay", 1, static_cast<std::uint64_t>(i)));
        y.push_back(1e-3 + 1e-6 * x1.back() + 0.5 * x2.back());
    }
    CHECK(second_slope(x1, x2, y).value() == doctest::Approx(0.5).epsilon(1e-6));
    CHECK_FALSE(second_slope(x1, x1, y).has_value());
    CHECK_FALSE(second_slope(std::vector<double>{1, 2, 3}, std::vector<double>{1, 5, 2},
                             std::vector<double>{1, 2, 3})
                    .has_value());
}

namespace {

ChronySample sample(double t, double offset, double delay) {
    ChronySample made;
    made.time = Reading{static_cast<std::int64_t>(t * 1e9)};
    made.offset = offset;
    made.delay = delay;
    made.dispersion = 1e-6;
    made.root_delay = delay;
    made.root_dispersion = 1e-6;
    return made;
}

}  // namespace

TEST_CASE("samples moved with the clock give what a clock so changed would have measured") {
    constexpr double frequency = 2e-5;
    constexpr double offset = 3e-3;
    const double when = 64.0 * 31;
    ChronySourceStatistics moved(ChronySourceStatistics::Limits{});
    ChronySourceStatistics measured(ChronySourceStatistics::Limits{});
    for (std::uint64_t i = 0; i < 32; ++i) {
        const double t = 64.0 * static_cast<double>(i);
        const double x = 1e-3 + 1e-5 * t + 1e-5 * normal(3, i);
        const double delay = 0.02 + 1e-4 * draw_uniform(1, "test.delay", 3, i);
        moved.add(sample(t, x, delay));
        const double change = (when - t) * frequency - offset;
        measured.add(sample(t + change, x + change, delay));
    }
    moved.adjust(Reading{static_cast<std::int64_t>(when * 1e9)}, frequency, offset);
    CHECK(moved.samples() == measured.samples());
    CHECK(moved.estimate().offset == doctest::Approx(measured.estimate().offset).epsilon(1e-9));
    CHECK(moved.estimate().frequency ==
          doctest::Approx(measured.estimate().frequency).epsilon(1e-4));
    CHECK(moved.predicted_offset(Reading{3'000'000'000'000}) ==
          doctest::Approx(measured.predicted_offset(Reading{3'000'000'000'000})).epsilon(1e-6));
}

TEST_CASE("queues in one direction: after some regressions the offset is that of the least delay") {
    ChronySourceStatistics statistics(ChronySourceStatistics::Limits{});
    for (std::uint64_t i = 0; i < 40; ++i) {
        const double queue = 0.05 * draw_uniform(1, "test.queue", 1, i);
        statistics.add(
            sample(64.0 * static_cast<double>(i), 0.5 * queue + 1e-6 * normal(4, i), 0.02 + queue));
        if (i == 6) {
            CHECK(statistics.asymmetry() == 0);
        }
    }
    CHECK(statistics.asymmetry() == doctest::Approx(0.5).epsilon(1e-3));
    const double least_queue = statistics.least_delay() - 0.02;
    CHECK(std::abs(statistics.estimate().offset - 0.5 * least_queue) < 5e-6);
}

TEST_CASE("a sample from before the last one begins a new history") {
    ChronySourceStatistics statistics(ChronySourceStatistics::Limits{});
    for (int i = 0; i < 10; ++i) {
        statistics.add(sample(64.0 * i, 0, 0.02));
    }
    CHECK(statistics.line_found());
    statistics.add(sample(64.0, 0, 0.02));
    CHECK(statistics.samples() == 1);
    CHECK_FALSE(statistics.line_found());
}
