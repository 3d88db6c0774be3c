#include "models/links/gilbert_elliott.hpp"

#include "sim/core/time.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

using namespace driftstorm;
using namespace driftstorm::literals;

namespace {

GilbertElliott::Params params() {
    GilbertElliott::Params p;
    p.burst_loss = 0.9;
    p.quiet_loss = 0.01;
    p.burst_length = 500_ms;
    p.burst_gap = 4_s;
    return p;
}

}  // namespace

TEST_CASE("a Gilbert-Elliott channel has its mean spells and forgets exponentially") {
    const GilbertElliott channel(params());
    const std::int64_t n = 600'000;
    const Duration step = 50_ms;
    std::vector<std::uint8_t> bad;
    for (std::int64_t i = 0; i < n; ++i)
        bad.push_back(channel.bad(11, 42, Time{} + step * i) ? 1 : 0);
    double in_burst = 0, begins = 0;
    for (std::size_t i = 0; i < bad.size(); ++i) {
        in_burst += bad[i];
        if (i > 0 && bad[i] == 1 && bad[i - 1] == 0) begins += 1;
    }
    const double seconds = static_cast<double>(n) * step.seconds();
    const double cycles = seconds / 4.5;  // a burst and a gap: 6667 of them
    CHECK(std::abs(in_burst / static_cast<double>(n) - 0.5 / 4.5) <
          5 * (0.5 / 4.5) / std::sqrt(cycles));
    // Sampled every 50 ms, transitions shorter than that are missed: P(bad at 0.05 s | good) per
    // step.
    const double rate = 1 / 0.5 + 1 / 4.0;
    const double expected =
        (4.0 / 4.5) * (0.5 / 4.5) * (1 - std::exp(-rate * 0.05)) * static_cast<double>(n);
    CHECK(std::abs(begins - expected) < 5 * std::sqrt(expected));
    // Autocovariance falls as exp(-rate t).
    const double mean = in_burst / static_cast<double>(n);
    const auto covariance = [&](std::size_t lag) {
        double sum = 0;
        for (std::size_t i = 0; i + lag < bad.size(); ++i) {
            sum += (bad[i] - mean) * (bad[i + lag] - mean);
        }
        return sum / static_cast<double>(bad.size() - lag);
    };
    CHECK(covariance(4) / covariance(0) == doctest::Approx(std::exp(-rate * 0.2)).epsilon(0.05));
    CHECK(covariance(10) / covariance(0) == doctest::Approx(std::exp(-rate * 0.5)).epsilon(0.12));
}

TEST_CASE("its state is a function of time: who asks, and in what order, does not matter") {
    const GilbertElliott channel(params());
    std::vector<bool> forwards, backwards;
    for (std::int64_t i = 0; i < 2000; ++i)
        forwards.push_back(channel.bad(1, 2, Time{i * 7'777'777}));
    for (std::int64_t i = 1999; i >= 0; --i)
        backwards.push_back(channel.bad(1, 2, Time{i * 7'777'777}));
    CHECK(forwards == std::vector<bool>(backwards.rbegin(), backwards.rend()));
    std::vector<bool> other;
    for (std::int64_t i = 0; i < 2000; ++i) other.push_back(channel.bad(1, 3, Time{i * 7'777'777}));
    CHECK(forwards != other);
    CHECK(channel.loss(1, 2, Time{}) == (channel.bad(1, 2, Time{}) ? 0.9 : 0.01));
    CHECK_FALSE(GilbertElliott(GilbertElliott::Params{}).active());
}
