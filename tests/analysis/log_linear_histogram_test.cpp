#include "analysis/log_linear_histogram.hpp"

#include "sim/core/exact_math.hpp"
#include "sim/core/random.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

using namespace driftstorm;

TEST_CASE("buckets tile the integers and are at most 0.5 % wide") {
    std::int64_t next = 0;
    const std::size_t last =
        LogLinearHistogram::bucket_of(std::numeric_limits<std::int64_t>::max());
    for (std::size_t bucket = 0; bucket < last; ++bucket) {
        const std::int64_t low = LogLinearHistogram::lower(bucket);
        const std::int64_t high = LogLinearHistogram::upper(bucket);
        REQUIRE(low == next);
        REQUIRE(high > low);
        REQUIRE(static_cast<double>(high - low) <= std::max(1.0, 0.005 * static_cast<double>(low)));
        REQUIRE(LogLinearHistogram::bucket_of(low) == bucket);
        REQUIRE(LogLinearHistogram::bucket_of(high - 1) == bucket);
        next = high;
    }
}

TEST_CASE("quantiles are within half a per cent of the sorted values") {
    LogLinearHistogram histogram;
    std::vector<std::int64_t> values;
    for (std::uint64_t i = 0; i < 20'000; ++i) {
        // Nine decades, as delays have them.
        const double u = draw_uniform(7, "test.histogram", 1, i);
        values.push_back(static_cast<std::int64_t>(exact::exp(u * 25)));
        histogram.add(values.back());
    }
    std::sort(values.begin(), values.end());
    for (const double q : {0.0, 0.001, 0.25, 0.5, 0.9, 0.99, 0.9999, 1.0}) {
        const auto rank = std::max<std::size_t>(static_cast<std::size_t>(std::ceil(q * 20'000)), 1);
        const auto exact_value = static_cast<double>(values[rank - 1]);
        const auto found = static_cast<double>(histogram.quantile(q));
        INFO(q);
        CHECK(std::abs(found - exact_value) <= 0.005 * exact_value);
    }
    CHECK(histogram.max() == values.back());
    CHECK(histogram.min() == values.front());
    CHECK(histogram.quantile(1.0) <= histogram.max());
}

TEST_CASE("two histograms merged are the histogram of both") {
    LogLinearHistogram a, b, both;
    for (std::int64_t i = 0; i < 1000; ++i) {
        const std::int64_t value = i * i * 977;
        (i % 3 == 0 ? a : b).add(value);
        both.add(value);
    }
    a.merge(b);
    CHECK(a.count() == both.count());
    CHECK(a.min() == both.min());
    CHECK(a.max() == both.max());
    for (double q = 0; q <= 1; q += 0.01) CHECK(a.quantile(q) == both.quantile(q));
}

TEST_CASE("a mean is the exact sum over the count, also where 64 bits would overflow") {
    DelayStatistics delays;
    for (int i = 0; i < 4; ++i) delays.add(std::int64_t{4'000'000'000'000'000'000});
    CHECK(delays.value("mean") == doctest::Approx(4e9));
    CHECK(delays.value("max") == 4e9);
    CHECK(std::isnan(DelayStatistics().value("mean")));
    CHECK(std::isnan(delays.value("median")));
}
