#include "analysis/intervals.hpp"
#include "analysis/logistic_fit.hpp"
#include "analysis/sensitivity.hpp"
#include "analysis/survival.hpp"
#include "analysis/sweep_figures.hpp"
#include "sim/core/exact_math.hpp"
#include "sim/core/random.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

using namespace driftstorm;

namespace {

double uniform(std::uint64_t subject, std::uint64_t number) {
    return draw_uniform(7, "test.sweep_analysis", subject, number);
}
double exponential(std::uint64_t subject, std::uint64_t number) {
    return -exact::log(uniform(subject, number));
}

/// Mean wait of 400 customers of M/M/1 after 100 others, by Lindley's recursion.
double mm1_wait(double rho, std::uint64_t run) {
    double wait = 0;
    double sum = 0;
    for (std::uint64_t i = 0; i < 500; ++i) {
        if (i >= 100) sum += wait;
        wait = std::fmax(0.0, wait + exponential(2 * run, i) - exponential(2 * run + 1, i) / rho);
    }
    return sum / 400;
}

}  // namespace

TEST_CASE("Student's t has its published quantiles") {
    // NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.2.
    CHECK(student_t_quantile(0.975, 1) == doctest::Approx(12.7062).epsilon(1e-5));
    CHECK(student_t_quantile(0.975, 2) == doctest::Approx(4.30265).epsilon(1e-6));
    CHECK(student_t_quantile(0.975, 10) == doctest::Approx(2.22814).epsilon(1e-6));
    CHECK(student_t_quantile(0.999, 5) == doctest::Approx(5.89343).epsilon(1e-6));
    CHECK(student_t_quantile(0.975, 1e6) == doctest::Approx(1.95996).epsilon(1e-5));
    CHECK(student_t_quantile(0.5, 7) == 0);
    CHECK(student_t_quantile(0.1, 3) == -student_t_quantile(0.9, 3));
    CHECK_THROWS_AS(student_t_quantile(1.0, 3), std::invalid_argument);
}

TEST_CASE("an interval of few values is what a textbook gives") {
    const std::array<double, 5> values{1, 2, 3, 4, 5};
    const MeanInterval interval = mean_interval(values, 0.95);
    CHECK(interval.mean == 3);
    CHECK(interval.half_width == doctest::Approx(2.776445 * std::sqrt(2.5 / 5)).epsilon(1e-6));
    CHECK(mean_interval(values, 0.95, 6).half_width > interval.half_width);
    CHECK(std::isinf(mean_interval(std::array<double, 1>{4}, 0.95).half_width));
}

TEST_CASE("intervals hold when one stops as soon as they are narrow, and naive ones do not") {
    // Lindley's queue at rho = 0.5 has a mean wait of rho / (1 - rho) = 1 service.
    const std::vector<std::size_t> looks = planned_looks(6, 60);
    std::size_t held = 0;
    std::size_t naive_held = 0;
    constexpr std::size_t studies = 1000;
    for (std::size_t study = 0; study < studies; ++study) {
        std::vector<double> values;
        bool done = false;
        bool naive_done = false;
        for (const std::size_t look : looks) {
            while (values.size() < look)
                values.push_back(mm1_wait(0.5, study * 100 + values.size()));
            const MeanInterval valid = mean_interval(values, 0.95, looks.size());
            const MeanInterval naive = mean_interval(values, 0.95);
            const bool last = look == looks.back();
            if (!done && (valid.half_width <= 0.1 * valid.mean || last)) {
                done = true;
                held += std::abs(valid.mean - 1) <= valid.half_width ? 1 : 0;
            }
            if (!naive_done && (naive.half_width <= 0.1 * naive.mean || last)) {
                naive_done = true;
                naive_held += std::abs(naive.mean - 1) <= naive.half_width ? 1 : 0;
            }
        }
    }
    MESSAGE("coverage with shared levels " << 0.1 * static_cast<double>(held) << " %, without "
                                           << 0.1 * static_cast<double>(naive_held) << " %");
    CHECK(held >= 0.94 * studies);
    CHECK(naive_held < held);
}

TEST_CASE("pairing replications takes their common luck out") {
    std::vector<double> a;
    std::vector<double> b;
    for (std::uint64_t r = 0; r < 20; ++r) {
        const double luck = 10 * uniform(1, r);
        a.push_back(luck + 0.1 * uniform(2, r));
        b.push_back(luck + 1 + 0.1 * uniform(3, r));
    }
    const PairedContrast contrast = paired_contrast(a, b, 0.95);
    CHECK(std::abs(contrast.difference.mean - 1) <= contrast.difference.half_width);
    CHECK(contrast.difference.half_width < 0.05);
    CHECK(contrast.correlation > 0.99);
    CHECK(contrast.variance_ratio > 100);
}

TEST_CASE("Sobol' indices of Ishigami's function are its closed form") {
    // Ishigami and Homma (1990), a = 7, b = 0.1: S1 = 0.3139, S2 = 0.4424, S3 = 0; ST = 0.5576,
    // 0.4424, 0.2437.
    constexpr double pi = 3.141592653589793;
    const auto ishigami = [](const std::array<double, 3>& u) {
        const auto x = [&](std::size_t i) { return -pi + 2 * pi * u[i]; };
        const double s = exact::sin(x(1));
        const double z = x(2);
        return exact::sin(x(0)) * (1 + 0.1 * z * z * z * z) + 7 * s * s;
    };
    std::vector<double> y;
    for (std::uint64_t n = 0; n < 8000; ++n) {
        std::array<double, 3> a{};
        std::array<double, 3> b{};
        for (std::size_t i = 0; i < 3; ++i) {
            a[i] = uniform(10 + i, n);
            b[i] = uniform(20 + i, n);
        }
        y.push_back(ishigami(a));
        y.push_back(ishigami(b));
        for (std::size_t i = 0; i < 3; ++i) {
            std::array<double, 3> mixed = a;
            mixed[i] = b[i];
            y.push_back(ishigami(mixed));
        }
    }
    const std::vector<SobolIndex> indices = sobol_indices(y, 3, 0.95, 200);
    const std::array<double, 3> first{0.3139, 0.4424, 0.0};
    const std::array<double, 3> total{0.5576, 0.4424, 0.2437};
    for (std::size_t i = 0; i < 3; ++i) {
        CAPTURE(i);
        CHECK(std::abs(indices[i].first - first[i]) < 0.04);
        CHECK(std::abs(indices[i].total - total[i]) < 0.04);
        CHECK(indices[i].first_low <= indices[i].first);
        CHECK(indices[i].total <= indices[i].total_high);
    }
    CHECK_THROWS_AS(sobol_indices(std::vector<double>(7), 3), std::invalid_argument);
}

TEST_CASE("elementary effects of a plane are its slopes, without deviation") {
    std::vector<double> x;
    std::vector<double> y;
    for (std::uint64_t walk = 0; walk < 5; ++walk) {
        std::array<double, 2> at{uniform(30, walk) * 0.3, uniform(31, walk) * 0.3};
        for (int step = 0; step < 3; ++step) {
            if (step > 0) at[static_cast<std::size_t>(step - 1)] += 2.0 / 3;
            x.insert(x.end(), at.begin(), at.end());
            y.push_back(5 * at[0] - 2 * at[1]);
        }
    }
    const std::vector<MorrisEffect> effects = morris_effects(y, x, 2);
    CHECK(effects[0].mean == doctest::Approx(5));
    CHECK(effects[1].mean == doctest::Approx(-2));
    CHECK(effects[1].mean_absolute == doctest::Approx(2));
    CHECK(effects[0].deviation < 1e-9);
    CHECK(effects[0].effects == 5);
}

TEST_CASE("a logistic fit finds the boundary that it was drawn from, within its interval") {
    std::size_t held = 0;
    for (std::uint64_t study = 0; study < 200; ++study) {
        std::vector<double> x;
        std::vector<double> events;
        std::vector<double> trials;
        for (std::uint64_t i = 0; i < 21; ++i) {
            const double at = static_cast<double>(i);
            const double p = 1 / (1 + exact::exp(-(at - 12.3)));
            double count = 0;
            for (std::uint64_t r = 0; r < 10; ++r)
                count += uniform(1000 + study, i * 10 + r) < p ? 1 : 0;
            x.push_back(at);
            events.push_back(count);
            trials.push_back(10);
        }
        const LogisticFit fit = fit_logistic(x, events, trials, 1);
        REQUIRE(fit.converged);
        const BoundaryPoint point = boundary_along(fit, 0, std::array<double, 1>{0});
        CHECK(std::abs(point.at - 12.3) < 1.5);
        held += point.low <= 12.3 && 12.3 <= point.high ? 1 : 0;
    }
    MESSAGE("coverage of the boundary's 95 % interval: " << 0.5 * static_cast<double>(held)
                                                         << " %");
    CHECK(held >= 180);
}

TEST_CASE("a boundary that separates completely still has a place and a finite slope") {
    std::vector<double> x;
    std::vector<double> events;
    for (int i = 0; i < 20; ++i) {
        x.push_back(i);
        events.push_back(i >= 8 ? 1 : 0);
    }
    const LogisticFit fit = fit_logistic(x, events, std::vector<double>(20, 1.0), 1);
    CHECK(fit.converged);
    CHECK(std::isfinite(fit.coefficients[1]));
    const BoundaryPoint point = boundary_along(fit, 0, std::array<double, 1>{0});
    CHECK(point.at == doctest::Approx(7.5).epsilon(0.05));
}

TEST_CASE("a survival curve without censoring is the empirical one, with it the textbook's") {
    const std::array<double, 4> times{3, 1, 2, 4};
    const SurvivalCurve plain = survival_curve(times, {true, true, true, true});
    CHECK(plain.survival == std::vector<double>{1, 0.75, 0.5, 0.25, 0});
    // Kaplan and Meier (1958): deaths at 0.8, 3.1, 5.4, 9.2; losses at 1.0, 2.7, 7.0, 12.1.
    const std::array<double, 8> published{0.8, 1.0, 2.7, 3.1, 5.4, 7.0, 9.2, 12.1};
    const SurvivalCurve curve =
        survival_curve(published, {true, false, false, true, true, false, true, false});
    REQUIRE(curve.survival.size() == 5);
    CHECK(curve.survival[1] == doctest::Approx(7.0 / 8));
    CHECK(curve.survival[2] == doctest::Approx(7.0 / 10));
    CHECK(curve.survival[3] == doctest::Approx(21.0 / 40));
    CHECK(curve.survival[4] == doctest::Approx(21.0 / 80));
    CHECK(curve.censored == 4);
}

TEST_CASE("figures hold what they are given, and no markup of foreign names") {
    PhaseMap map;
    map.title = "a <b> & c";
    map.x = {"x", {1, 2, 3}, {}, false};
    map.y = {"y", {}, {"none", "<full>"}, false};
    map.z = {1, 2, std::numeric_limits<double>::infinity(), std::nan(""), 5, 6};
    const std::string svg = svg_of(map);
    CHECK(svg.find("a &lt;b&gt; &amp; c") != std::string::npos);
    CHECK(svg.find("&lt;full&gt;") != std::string::npos);
    CHECK(svg.find("never") != std::string::npos);
    CHECK(svg.find("nan") == std::string::npos);
    CHECK(svg.substr(svg.size() - 7) == "</svg>\n");
    CHECK(svg.find("pattern") == std::string::npos);
    map.boundaries = {{"measured >= 3", {0, 0, 1, 0, 1, 1}}, {"closed form", {0, 0, 1, 0, 0, 1}}};
    map.undecided = {false, false, false, false, true, false};
    map.undecided_name = "undecided";
    const std::string with_boundary = svg_of(map);
    for (const char* text : {"measured &gt;= 3", "closed form", "undecided", "pattern"})
        CHECK(with_boundary.find(text) != std::string::npos);
}

TEST_CASE("a map of values of many sizes tells them apart by powers of ten") {
    PhaseMap map;
    map.x = {"x", {1, 2, 3, 4, 5, 6}, {}, false};
    map.y = {"y", {1}, {}, false};
    map.z = {0, 1, 10, 100, 1000, 10000};
    const std::string svg = svg_of(map);
    CHECK(svg.find(">1</text>") != std::string::npos);
    CHECK(svg.find(">1000</text>") != std::string::npos);
    map.z = {0, 2000, 4000, 6000, 8000, 10000};
    CHECK(svg_of(map).find(">8000</text>") != std::string::npos);
}
