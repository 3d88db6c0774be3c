#include "models/radio/signal_map.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <vector>

using namespace driftstorm;

namespace {

SignalMap::Site site(std::uint64_t identity) {
    SignalMap::Site made;
    made.identity = identity;
    made.at_m = 1200.25;
    made.range_m = 2600;
    return made;
}

SignalMap map_of(std::uint64_t seed, const SignalMap::Site& site, double from_m, double to_m) {
    const SignalMap::Stretch covered = SignalMap::covered(site, -124, from_m, to_m);
    const Shadowing shared(seed, 99, 0, site.shadowing_distance_m, covered.first, covered.last);
    return SignalMap(seed, site, covered, shared);
}

}  // namespace

TEST_CASE("the mean signal is the edge at the range and falls by the exponent") {
    const SignalMap::Site s = site(1);
    CHECK(SignalMap::mean_dbm(s, 1200.25 + 2600) == doctest::Approx(-118));
    CHECK(SignalMap::mean_dbm(s, 1200.25 - 2600) == doctest::Approx(-118));
    CHECK(SignalMap::mean_dbm(s, 1200.25 + 26000) == doctest::Approx(-118 - 37.6).epsilon(1e-4));
    CHECK(SignalMap::mean_dbm(s, 1200.25) ==
          doctest::Approx(-118 + 18.8 * std::log10((2600.0 * 2600 + 2500) / 2500)));
}

TEST_CASE("shadowing is Gaussian with exponential autocorrelation") {
    std::vector<double> at_zero, at_25, at_50, at_150;
    for (std::uint64_t identity = 0; identity < 4000; ++identity) {
        const SignalMap map = map_of(identity, site(7), 0, 400);
        const auto shadow = [&](double x) { return map.at(x) - SignalMap::mean_dbm(site(7), x); };
        at_zero.push_back(shadow(100));
        at_25.push_back(shadow(125));
        at_50.push_back(shadow(150));
        at_150.push_back(shadow(250));
    }
    const double n = static_cast<double>(at_zero.size());
    double sum = 0, squares = 0, within_one = 0;
    for (const double x : at_zero) {
        sum += x;
        squares += x * x;
        within_one += std::abs(x) < 8 ? 1 : 0;
    }
    CHECK(std::abs(sum / n) < 4 * 8 / std::sqrt(n));
    CHECK(std::sqrt(squares / n) == doctest::Approx(8).epsilon(0.045));  // 4 sigma of 4000
    CHECK(within_one / n == doctest::Approx(0.6827).epsilon(0.045));
    const auto correlation = [&](const std::vector<double>& other) {
        double product = 0;
        for (std::size_t i = 0; i < other.size(); ++i) product += at_zero[i] * other[i];
        return product / n / 64;
    };
    CHECK(std::abs(correlation(at_25) - std::exp(-0.5)) < 4 * 1.2 / std::sqrt(n));
    CHECK(std::abs(correlation(at_50) - std::exp(-1.0)) < 4 * 1.2 / std::sqrt(n));
    CHECK(std::abs(correlation(at_150) - std::exp(-3.0)) < 4 * 1.2 / std::sqrt(n));
}

TEST_CASE("the shadowing of two sites is half common, and a site's own part is its own") {
    double product = 0, n = 0;
    for (std::uint64_t seed = 0; seed < 4000; ++seed) {
        const SignalMap one = map_of(seed, site(1), 300, 300),
                        other = map_of(seed, site(2), 300, 300);
        const double mean = SignalMap::mean_dbm(site(1), 300);
        product += (one.at(300) - mean) * (other.at(300) - mean);
        n += 1;
    }
    CHECK(std::abs(product / n / 64 - 0.5) < 4 * 1.2 / std::sqrt(n));
}

TEST_CASE("a map depends on its transmitter and the seed, not on how much of the line it covers") {
    const SignalMap whole = map_of(9, site(1), -1000, 9000), part = map_of(9, site(1), 2500, 2600);
    const SignalMap beside = map_of(9, site(1), 30, 40);
    for (double x = 2500; x <= 2600; x += 0.37) REQUIRE(whole.at(x) == part.at(x));
    for (double x = 30; x <= 40; x += 0.37) REQUIRE(whole.at(x) == beside.at(x));
    CHECK(whole.at(2550) != map_of(9, site(2), -1000, 9000).at(2550));
    CHECK(whole.at(2550) != map_of(8, site(1), -1000, 9000).at(2550));
    CHECK(part.at(2499) == -std::numeric_limits<double>::infinity());
    CHECK(part.at(2600.5) == -std::numeric_limits<double>::infinity());
    CHECK(SignalMap::covered(site(1), -124, 400'000, 400'100).empty());
    CHECK(SignalMap().at(0) == -std::numeric_limits<double>::infinity());
}
