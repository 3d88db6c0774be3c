#include "analysis/stability/stability.hpp"

#include "sim/core/random.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <stdexcept>
#include <string>
#include <vector>

using namespace driftstorm;
using namespace driftstorm::stability;

namespace {

constexpr std::array every_statistic{Statistic::adev,   Statistic::oadev,   Statistic::mdev,
                                     Statistic::tdev,   Statistic::hdev,    Statistic::ohdev,
                                     Statistic::totdev, Statistic::mtotdev, Statistic::theo1,
                                     Statistic::theobr, Statistic::tie_rms, Statistic::mtie};

double value(Statistic statistic, const std::vector<double>& phase, std::uint64_t m,
             double tau0 = 1) {
    return estimate(statistic, phase, tau0, m).value;
}

/// The 1000 frequencies of SP 1065, table 31: a Lehmer generator anyone can run.
std::vector<double> thousand_points() {
    std::vector<double> y;
    std::uint64_t n = 1234567890;
    for (int i = 0; i < 1000; ++i) {
        y.push_back(static_cast<double>(n) / 2147483647.0);
        n = n * 16807 % 2147483647;
    }
    return phase_of(y, 1);
}

/// White noise of unit variance (sum of four uniforms, scaled).
std::vector<double> white(std::size_t count, std::uint64_t subject) {
    std::vector<double> x(count);
    for (std::size_t i = 0; i < count; ++i) {
        const Block block = draw(1, "test.stability", subject, i);
        double sum = 0;
        for (const std::uint32_t word : block) sum += word * 0x1p-32 - 0.5;
        x[i] = sum * std::sqrt(3.0);
    }
    return x;
}

std::vector<double> summed(std::vector<double> x) {
    for (std::size_t i = 1; i < x.size(); ++i) x[i] += x[i - 1];
    return x;
}

}  // namespace

TEST_CASE("the 1000-point suite of SP 1065 has its published values") {
    // Riley, SP 1065, table 32; mtotdev, theo1 without correction of bias.
    struct Published {
        Statistic statistic;
        double at_1, at_10, at_100;
    };
    const std::vector<Published> table{
        {Statistic::adev, 2.922319e-01, 9.965736e-02, 3.897804e-02},
        {Statistic::oadev, 2.922319e-01, 9.159953e-02, 3.241343e-02},
        {Statistic::mdev, 2.922319e-01, 6.172376e-02, 2.170921e-02},
        {Statistic::tdev, 1.687202e-01, 3.563623e-01, 1.253382e-00},
        {Statistic::hdev, 2.943883e-01, 1.052754e-01, 3.910861e-02},
        {Statistic::ohdev, 2.943883e-01, 9.581083e-02, 3.237638e-02},
        {Statistic::totdev, 2.922319e-01, 9.134743e-02, 3.406530e-02},
        {Statistic::mtotdev, 2.0664e-01, 5.5529e-02, 1.9547e-02},
    };
    const std::vector<double> phase = thousand_points();
    for (const Published& row : table) {
        CAPTURE(name_of(row.statistic));
        CHECK(value(row.statistic, phase, 1) == doctest::Approx(row.at_1).epsilon(1e-4));
        CHECK(value(row.statistic, phase, 10) == doctest::Approx(row.at_10).epsilon(1e-4));
        CHECK(value(row.statistic, phase, 100) == doctest::Approx(row.at_100).epsilon(1e-4));
    }
    CHECK(value(Statistic::theo1, phase, 10) == doctest::Approx(0.10757).epsilon(1e-4));
    CHECK(value(Statistic::theo1, phase, 1000) == doctest::Approx(0.0050524).epsilon(1e-4));
}

TEST_CASE("drift and a sine give what theory says") {
    constexpr double drift = 3e-9;
    constexpr double tau0 = 7;
    std::vector<double> phase(2001);
    for (std::size_t i = 0; i < phase.size(); ++i) {
        const double t = tau0 * static_cast<double>(i);
        phase[i] = 5 + 1e-6 * t + drift * t * t / 2;
    }
    for (const std::uint64_t m : {1u, 3u, 50u, 600u}) {
        const double tau = tau0 * static_cast<double>(m);
        const double expected = drift * tau / std::sqrt(2.0);
        CHECK(value(Statistic::adev, phase, m, tau0) == doctest::Approx(expected).epsilon(1e-6));
        CHECK(value(Statistic::oadev, phase, m, tau0) == doctest::Approx(expected).epsilon(1e-6));
        CHECK(value(Statistic::mdev, phase, m, tau0) == doctest::Approx(expected).epsilon(1e-6));
        CHECK(value(Statistic::ohdev, phase, m, tau0) < 1e-6 * expected);  // blind to drift
    }
    // ADEV of frequency A sin(2 pi t / P) is A sin^2(pi tau / P) / (pi tau / P).
    constexpr double period = 100;
    for (std::size_t i = 0; i < phase.size(); ++i)
        phase[i] = -std::cos(2 * std::numbers::pi * static_cast<double>(i) / period) * period /
                   (2 * std::numbers::pi);
    for (const std::uint64_t m : {10u, 25u, 50u}) {
        const double x = std::numbers::pi * static_cast<double>(m) / period;
        CHECK(value(Statistic::oadev, phase, m) ==
              doctest::Approx(std::sin(x) * std::sin(x) / x).epsilon(0.01));
    }
}

TEST_CASE("laws: invariance, scaling and identities of the statistics") {
    const std::vector<double> phase = summed(white(1500, 1));
    std::vector<double> moved = phase;
    for (std::size_t i = 0; i < moved.size(); ++i)
        moved[i] = 2 * moved[i] + 17 + 0.25 * static_cast<double>(i);
    for (const Statistic statistic : every_statistic) {
        CAPTURE(name_of(statistic));
        const bool sees_frequency = statistic == Statistic::tie_rms || statistic == Statistic::mtie;
        for (const std::uint64_t m : {2u, 6u, 40u}) {
            const double here = value(statistic, phase, m);
            CHECK(here > 0);
            if (!sees_frequency)
                CHECK(value(statistic, moved, m) == doctest::Approx(2 * here).epsilon(1e-9));
            const bool is_time = statistic == Statistic::tdev || sees_frequency;
            CHECK(value(statistic, phase, m, 10) ==
                  doctest::Approx(is_time ? here : here / 10).epsilon(1e-12));
        }
    }
    CHECK(value(Statistic::oadev, phase, 1) == doctest::Approx(value(Statistic::mdev, phase, 1)));
    CHECK(value(Statistic::tdev, phase, 8) ==
          doctest::Approx(value(Statistic::mdev, phase, 8) * 8 / std::sqrt(3.0)));
    // MTIE and TIE rms from their definitions.
    double greatest = 0;
    double squares = 0;
    for (std::size_t i = 0; i + 12 < phase.size(); ++i) {
        double low = phase[i];
        double high = phase[i];
        for (std::size_t j = i; j <= i + 12; ++j) {
            low = std::min(low, phase[j]);
            high = std::max(high, phase[j]);
        }
        greatest = std::max(greatest, high - low);
        squares += (phase[i + 12] - phase[i]) * (phase[i + 12] - phase[i]);
    }
    CHECK(value(Statistic::mtie, phase, 12) == greatest);
    CHECK(value(Statistic::tie_rms, phase, 12) ==
          doctest::Approx(std::sqrt(squares / static_cast<double>(phase.size() - 12))));
    // A clock that is only wrong by a line has no instability at all.
    std::vector<double> line(400);
    for (std::size_t i = 0; i < line.size(); ++i) line[i] = 3 - 0.5 * static_cast<double>(i);
    for (const Statistic statistic : every_statistic)
        if (statistic != Statistic::tie_rms && statistic != Statistic::mtie &&
            statistic != Statistic::theobr)
            CHECK(value(statistic, line, 10) < 1e-12);
}

TEST_CASE("noise is told by its colour, at short and long averaging") {
    // Flicker noise has no short recipe; its two neighbours bound it.
    const std::vector<double> white_pm = white(60'000, 2);
    const std::vector<double> white_fm = summed(white(60'000, 3));
    const std::vector<double> random_walk_fm = summed(summed(white(60'000, 4)));
    for (const std::uint64_t m : {1u, 4u, 64u, 1000u}) {
        CAPTURE(m);
        CHECK(identify_noise(white_pm, m, 2) == 2);
        CHECK(identify_noise(white_fm, m, 2) == 0);
        CHECK(identify_noise(random_walk_fm, m, 2) == -2);
        CHECK(identify_noise(summed(random_walk_fm), m, 3) == -4);
    }
    CHECK(!identify_noise(white_pm, 3000, 2));
}

TEST_CASE("confidence bounds hold the truth as often as they say") {
    constexpr int tries = 400;
    for (const Statistic statistic : {Statistic::adev, Statistic::oadev, Statistic::mdev,
                                      Statistic::ohdev, Statistic::totdev}) {
        CAPTURE(name_of(statistic));
        constexpr std::uint64_t m = 16;
        // White FM of unit variance per tau0: ADEV 1 / sqrt(m), MDEV sqrt((m^2 + 1) / (2 m^3)).
        const double truth = statistic == Statistic::mdev
                                 ? std::sqrt((m * m + 1.0) / (2.0 * m * m * m))
                                 : 1 / std::sqrt(double{m});
        int held = 0;
        for (int i = 0; i < tries; ++i) {
            const std::vector<double> phase =
                summed(white(513, 100 + static_cast<std::uint64_t>(i)));
            const double edf = degrees_of_freedom(statistic, 0, m, phase.size()).value();
            const Bounds bounds = confidence_bounds(value(statistic, phase, m), edf, 0.9);
            held += bounds.low <= truth && truth <= bounds.high ? 1 : 0;
        }
        // 0.9 within four standard errors of a share of 400.
        CHECK(held > 0.84 * tries);
        CHECK(held < 0.96 * tries);
    }
}

TEST_CASE("a table has all factors that the data allow, and says what it knows") {
    const std::vector<double> phase = summed(white(1001, 9));
    Options options;
    options.statistics.assign(every_statistic.begin(), every_statistic.end());
    const std::vector<Line> table = analyse(phase, 2, options);
    std::size_t oadev = 0;
    for (const Line& line : table) {
        CHECK(line.value > 0);
        CHECK(allows(line.statistic, phase.size(), line.m));
        if (line.statistic == Statistic::theo1)
            CHECK(line.tau == 1.5 * static_cast<double>(line.m));
        if (line.statistic == Statistic::mtie) CHECK(!line.bounds);
        if (line.statistic != Statistic::oadev) continue;
        ++oadev;
        REQUIRE(line.bounds);
        CHECK(line.bounds->low < line.value);
        CHECK(line.bounds->high > line.value);
        CHECK(line.alpha == 0);
    }
    CHECK(oadev == 9);  // 1, 2, 4 ... 256
    options.statistics = {Statistic::oadev};
    options.factors = Factors::all;
    CHECK(analyse(phase, 2, options).size() == 500);
    options.given = {5, 5, 9999};
    CHECK(analyse(phase, 2, options).size() == 1);
    CHECK_THROWS_AS(analyse({}, 1, options), std::invalid_argument);
    CHECK_THROWS_AS(analyse(phase, 0, options), std::invalid_argument);
    CHECK_THROWS_AS(estimate(Statistic::adev, phase, 1, 501), std::invalid_argument);
    CHECK_THROWS_AS(estimate(Statistic::theo1, phase, 1, 3), std::invalid_argument);
}

TEST_CASE("counter data are read as people write them, and refused with their line") {
    const std::vector<double> x =
        read_column("# counter\n 1.5e-9, 7\r\n\n+2,8\n; end\n-3\t9", 1, "data.txt");
    CHECK(x == std::vector<double>{1.5e-9, 2, -3});
    CHECK(read_column("1,5\n2;6\n", 2, "d") == std::vector<double>{5, 6});
    const auto complaint = [](const char* text, std::size_t column) {
        try {
            read_column(text, column, "d.txt");
        } catch (const std::invalid_argument& error) {
            return std::string(error.what());
        }
        return std::string();
    };
    CHECK(complaint("1\n2\noops 3\n", 1) ==
          "d.txt:3: column 1 is 'oops', wanted is a finite number");
    CHECK(complaint("1 2\n3\n", 2) == "d.txt:2: there is no column 2, wanted is a finite number");
    CHECK(complaint("nan\n", 1) == "d.txt:1: column 1 is 'nan', wanted is a finite number");
    CHECK(complaint("1e999\n", 1).find("wanted") != std::string::npos);
    CHECK(complaint("\x01\n", 1) == "d.txt:1: column 1 is '?', wanted is a finite number");
    CHECK(complaint(std::string(90, 'x').c_str(), 1).find("'" + std::string(40, 'x') + "...'") !=
          std::string::npos);
}

TEST_CASE("what is no plain text is refused by its kind, and a mark of UTF-8 is none of the data") {
    const auto complaint = [](const std::string& text) {
        try {
            read_column(text, 1, "d");
        } catch (const std::invalid_argument& error) {
            return std::string(error.what());
        }
        return std::string();
    };
    CHECK(complaint("\x1f\x8b\x08 rest").find("d: compressed (gzip)") == 0);
    CHECK(complaint("\xfd"
                    "7zXZ rest")
              .find("d: compressed (xz)") == 0);
    CHECK(complaint("\xff\xfe"
                    "1")
              .find("d: text in UTF-16") == 0);
    CHECK(complaint(std::string("1\n2\n\0\n", 6)).find("d:3: a byte that is 0") == 0);
    CHECK(read_column("\xef\xbb\xbf"
                      "1\r\n2\r\n",
                      1, "d") == std::vector<double>{1, 2});
}

TEST_CASE("phases too great to square are refused, not answered with no number") {
    const std::vector<double> phase{0, 1e200, -1e200, 0};
    CHECK_THROWS_AS(analyse(phase, 1, Options{}), std::invalid_argument);
    CHECK_THROWS_AS(analyse(std::vector<double>{0, NAN, 1, 2}, 1, Options{}),
                    std::invalid_argument);
}
