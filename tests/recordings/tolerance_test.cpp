#include "recordings/joint_test.hpp"

#include "sim/core/random.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <vector>

using namespace driftstorm;

namespace {

constexpr double undefined = std::numeric_limits<double>::quiet_NaN();
constexpr Tolerance exactly{Tolerance::Kind::absolute, 0};

std::vector<double> uniforms(std::uint64_t seed, std::size_t n, double low, double high) {
    std::vector<double> values;
    for (std::size_t i = 0; i < n; ++i)
        values.push_back(low + (high - low) * draw_uniform(seed, "test.value", 1, i));
    return values;
}

std::vector<double> times(std::vector<double> values, double factor) {
    for (double& value : values) value *= factor;
    return values;
}

}  // namespace

TEST_CASE("tolerances are read as they are written") {
    for (const char* text : {"relative 0.5 %", "absolute 0.002", "ulp 4", "count 3", "ks 0.001"})
        CHECK(text_of(parse_tolerance(text)) == text);
    CHECK(parse_tolerance("absolute 2 ms").amount == doctest::Approx(0.002));
    CHECK(parse_tolerance("relative 12 %").amount == doctest::Approx(0.12));
    for (const char* text : {"", "relative", "relative 0.5", "about 3 %", "ulp 4 ms", "ks 2",
                             "relative -1 %", "count x"})
        CHECK_THROWS_AS(parse_tolerance(text), std::invalid_argument);
    const ToleranceRule rule = parse_tolerance_rule("*.wait.*=count 3");
    CHECK(rule.metrics == "*.wait.*");
    CHECK_THROWS_AS(parse_tolerance_rule("count 3"), std::invalid_argument);
}

TEST_CASE("a star stands for any text, and the last rule that matches counts") {
    CHECK(matches("*", "desk.wait.mean"));
    CHECK(matches("desk.*", "desk.wait.mean"));
    CHECK(matches("*.wait.*", "desk.wait.mean"));
    CHECK(matches("desk.wait.mean", "desk.wait.mean"));
    CHECK_FALSE(matches("desk.wait", "desk.wait.mean"));
    CHECK_FALSE(matches("*.sojourn.*", "desk.wait.mean"));
    const std::vector<ToleranceRule> rules{{"*", {Tolerance::Kind::relative, 0.1}},
                                           {"*.max", {Tolerance::Kind::count, 2}}};
    CHECK(tolerance_of(rules, "a.mean").kind == Tolerance::Kind::relative);
    CHECK(tolerance_of(rules, "a.max").kind == Tolerance::Kind::count);
    CHECK(tolerance_of({}, "a.max") == Tolerance{Tolerance::Kind::relative, 0.005});
}

TEST_CASE("neighbouring doubles are one ulp apart, across zero too") {
    CHECK(ulps_between(1.0, std::nextafter(1.0, 2.0)) == 1);
    CHECK(ulps_between(0.0, -0.0) == 0);
    CHECK(ulps_between(-std::numeric_limits<double>::denorm_min(),
                       std::numeric_limits<double>::denorm_min()) == 2);
    CHECK(ulps_between(undefined, undefined) == 0);
    CHECK(ulps_between(undefined, 1.0) == UINT64_MAX);
    CHECK(allowance({Tolerance::Kind::ulp, 4}, 1.0) == 4 * 0x1p-52);
}

TEST_CASE("values that did not move are never changed, whatever the tolerance") {
    const std::vector<double> values = uniforms(1, 20, 0, 1);
    for (const char* text : {"relative 0 %", "absolute 0", "ulp 0", "count 0", "ks 0.5"})
        CHECK_FALSE(compare_samples(values, values, parse_tolerance(text), 0.01).changed);
}

TEST_CASE("an undefined value equals only an undefined one, and a missing metric is a change") {
    std::vector<double> some(20, 1.0);
    CHECK_FALSE(compare_samples(std::vector<double>(20, undefined),
                                std::vector<double>(20, undefined), exactly, 0.01)
                    .changed);
    CHECK(compare_samples(some, std::vector<double>(20, undefined), exactly, 0.01).changed);
    CHECK(compare_samples(std::vector<double>(20, undefined), some, exactly, 0.01).changed);
    CHECK(compare_samples(std::vector<double>{1.0}, std::vector<double>{undefined}, exactly, 0.01)
              .changed);
    std::vector<double> one_less = some;
    one_less[3] = undefined;  // the luck of one seed
    CHECK_FALSE(compare_samples(some, one_less, exactly, 0.01).changed);
}

TEST_CASE("a shift within the tolerance passes, one beyond it does not") {
    const std::vector<double> values = uniforms(2, 20, 90, 110);
    CHECK_FALSE(
        compare_samples(values, times(values, 1.0009), parse_tolerance("relative 0.1 %"), 0.01)
            .changed);
    CHECK(compare_samples(values, times(values, 1.0011), parse_tolerance("relative 0.1 %"), 0.01)
              .changed);
    CHECK(compare_samples(values, times(values, 0.9989), parse_tolerance("relative 0.1 %"), 0.01)
              .changed);
    std::vector<double> next = values;
    for (double& value : next) value = std::nextafter(value, 1e9);
    CHECK_FALSE(compare_samples(values, next, parse_tolerance("ulp 1"), 0.01).changed);
    CHECK(compare_samples(values, next, parse_tolerance("ulp 0"), 0.01).changed);
    std::vector<double> more = values;
    for (double& value : more) value += 3;
    CHECK_FALSE(compare_samples(values, more, parse_tolerance("count 3"), 0.01).changed);
    CHECK(compare_samples(values, more, parse_tolerance("count 2"), 0.01).changed);
}

TEST_CASE("few seeds can only tell a shift that all of them show") {
    const std::vector<double> values{1, 2, 3};
    CHECK(compare_samples(values, std::vector<double>{2, 3, 4}, exactly, 0.01).changed);
    CHECK_FALSE(compare_samples(values, std::vector<double>{2, 3, 2.5}, exactly, 0.01).changed);
    CHECK(compare_samples(std::vector<double>{5}, std::vector<double>{6}, exactly, 0.01).changed);
}

TEST_CASE("the exact Kolmogorov-Smirnov tail sums all paths that go so far") {
    // By counting: of the C(2n, n) paths with n steps up and n down, those that reach distance k.
    const auto counted = [](std::uint32_t n, int k) {
        std::uint64_t all = 0;
        std::uint64_t far = 0;
        for (std::uint64_t path = 0; path < (std::uint64_t{1} << (2 * n)); ++path) {
            int at = 0;
            int furthest = 0;
            for (std::uint32_t step = 0; step < 2 * n; ++step) {
                at += (path >> step & 1) != 0 ? 1 : -1;
                furthest = std::max(furthest, std::abs(at));
            }
            if (at != 0) continue;
            ++all;
            far += furthest >= k ? 1u : 0u;
        }
        return static_cast<double>(far) / static_cast<double>(all);
    };
    for (const std::uint32_t n : {1u, 3u, 6u, 8u})
        for (std::uint32_t k = 0; k <= n; ++k)
            CHECK(smirnov_tail(n, k) == doctest::Approx(counted(n, static_cast<int>(k))));
}

TEST_CASE("other distributions of the same mean differ for ks alone") {
    const std::vector<double> narrow = uniforms(3, 60, 0.9, 1.1);
    std::vector<double> wide = uniforms(4, 60, 0.1, 1.9);
    CHECK(compare_samples(narrow, wide, parse_tolerance("ks 0.01"), 0.01).changed);
    CHECK_FALSE(
        compare_samples(narrow, uniforms(5, 60, 0.9, 1.1), parse_tolerance("ks 0.001"), 0.01)
            .changed);
}

TEST_CASE("infinite values compare as what never comes") {
    const double infinite = std::numeric_limits<double>::infinity();
    const std::vector<double> never(20, infinite);
    CHECK_FALSE(compare_samples(never, never, exactly, 0.01).changed);
    CHECK(compare_samples(never, std::vector<double>(20, 3.0), exactly, 0.01).changed);
    CHECK(compare_samples(std::vector<double>(20, 3.0), never, exactly, 0.01).changed);
}

TEST_CASE("beyond 20 seeds signs are drawn, with the same answers") {
    const std::vector<double> values = uniforms(6, 40, 90, 110);
    CHECK(compare_samples(values, times(uniforms(7, 40, 90, 110), 1.1), exactly, 0.01).changed);
    CHECK_FALSE(compare_samples(values, uniforms(8, 40, 90, 110), exactly, 0.0005).changed);
}
