// The noise of oscillators against its theory.
#include "analysis/stability/deviations.hpp"
#include "models/clocks/oscillator.hpp"
#include "models/clocks/oscillator_presets.hpp"
#include "models/clocks/stamp_noise.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

using namespace driftstorm;

namespace {

constexpr std::uint64_t law_seed = 9127;

struct Law {
    std::string_view name;
    PowerLaw law;
    double slope;  ///< of the deviation; NaN: a mixture
};

/// How much is simulated: of each of `clocks` clocks, `points` readings at each spacing.
struct Effort {
    std::uint64_t clocks;
    std::size_t points;
    std::vector<std::int64_t> spacings;  ///< [s]
};

struct Figure {
    double tau;
    double simulated;  ///< overlapping Allan deviation, root mean square over clocks
    double theory;
};

/// At every averaging time of which each clock has more than 1000 samples, octave by octave.
std::vector<Figure> figures(const PowerLaw& law, const Effort& effort) {
    std::vector<Figure> made;
    for (const std::int64_t spacing : effort.spacings) {
        std::vector<double> variance;
        std::vector<std::uint64_t> factors;
        for (std::uint64_t m = 1; effort.points / m > 1000; m *= 2) factors.push_back(m);
        variance.resize(factors.size());
        for (std::uint64_t clock = 0; clock < effort.clocks; ++clock) {
            Oscillator::Parts parts;
            parts.noise = OscillatorNoise(law_seed, clock, law);
            const Oscillator oscillator(std::move(parts));
            Oscillator::Memo memo;
            std::vector<double> phase;
            phase.reserve(effort.points);
            const std::int64_t begin = static_cast<std::int64_t>(clock) * 1'000'003;
            const Q64 origin = oscillator.phase_at(begin);
            for (std::size_t i = 0; i < effort.points; ++i) {
                const std::int64_t second = begin + static_cast<std::int64_t>(i) * spacing;
                const Time at{second * 1'000'000'000};
                phase.push_back(static_cast<double>(oscillator.phase(at, memo) - origin) *
                                (0x1p-64 * 1e-9));
            }
            for (std::size_t j = 0; j < factors.size(); ++j) {
                const double sigma = stability::estimate(stability::Statistic::oadev, phase,
                                                         static_cast<double>(spacing), factors[j])
                                         .value;
                variance[j] += sigma * sigma / static_cast<double>(effort.clocks);
            }
        }
        for (std::size_t j = 0; j < factors.size(); ++j) {
            const double tau = static_cast<double>(factors[j]) * static_cast<double>(spacing);
            made.push_back({tau, std::sqrt(variance[j]), std::sqrt(law.allan_variance(tau))});
        }
    }
    return made;
}

void compare(const Law& law, const Effort& effort, bool print) {
    const std::vector<Figure> all = figures(law.law, effort);
    double worst = 0;
    for (const Figure& one : all) {
        const double ratio = one.simulated / one.theory;
        worst = std::max(worst, std::abs(ratio - 1));
        INFO(std::string(law.name), " at ", one.tau, " s");
        CHECK(ratio == doctest::Approx(1).epsilon(0.03));
        if (print)
            std::printf("%-22s %10.0f %12.4e %12.4e %+7.2f %%\n", std::string(law.name).c_str(),
                        one.tau, one.theory, one.simulated, 100 * (ratio - 1));
    }
    if (std::isnan(law.slope)) return;
    // Least squares over all averaging times.
    double n = 0;
    double x = 0;
    double y = 0;
    double xx = 0;
    double xy = 0;
    for (const Figure& one : all) {
        const double lx = std::log(one.tau);
        const double ly = std::log(one.simulated);
        n += 1;
        x += lx;
        y += ly;
        xx += lx * lx;
        xy += lx * ly;
    }
    const double slope = (n * xy - x * y) / (n * xx - x * x);
    INFO(std::string(law.name), ": slope ", slope, ", worst ", worst);
    CHECK(std::abs(slope - law.slope) < 0.03);
    if (print)
        std::printf("%-22s slope %+.4f, theory %+.1f; worst %.2f %%\n",
                    std::string(law.name).c_str(), slope, law.slope, 100 * worst);
}

std::vector<Law> laws() {
    return {{"white FM", {2e-18, 0, 0}, -0.5},
            {"flicker FM", {0, 7e-19, 0}, 0},
            {"random-walk FM", {0, 0, 5e-22}, 0.5}};
}

std::vector<Law> preset_laws() {
    std::vector<Law> made;
    for (std::size_t i = 1; i < enum_words<OscillatorPreset>.size(); ++i) {
        const auto preset = static_cast<OscillatorPreset>(i);
        made.push_back({enum_words<OscillatorPreset>[i], noise_of(preset), std::nan("")});
    }
    return made;
}

}  // namespace

TEST_CASE("each power law has its Allan deviation and slope, from seconds to weeks") {
    for (const Law& law : laws()) compare(law, {6, 1 << 13, {1, 64, 4096}}, false);
}

TEST_CASE("each preset has the Allan deviation of its coefficients") {
    for (const Law& law : preset_laws()) compare(law, {6, 1 << 12, {1, 1024}}, false);
}

TEST_SUITE("long") {
    TEST_CASE("Allan deviations from 1 s to 18 h, printed") {
        std::printf("%-22s %10s %12s %12s %9s\n", "noise", "tau [s]", "theory", "simulated",
                    "off by");
        const Effort effort{16, 1 << 14, {1, 16, 256, 4096}};
        for (const Law& law : laws()) compare(law, effort, true);
        for (const Law& law : preset_laws()) compare(law, effort, true);
    }
}

TEST_CASE("time stamps' white and flicker noise have the Allan deviation of their spectra") {
    struct Case {
        double white_s;
        double flicker_s;
    };
    for (const Case& of : {Case{1e-5, 0}, Case{0, 1e-6}, Case{2e-6, 1e-6}}) {
        constexpr std::size_t points = 1 << 14;
        constexpr std::uint64_t clocks = 8;
        std::vector<double> variance(5);
        for (std::uint64_t clock = 0; clock < clocks; ++clock) {
            const StampNoise noise(law_seed, clock, of.white_s, of.flicker_s);
            OctaveNoise::Memo memo;
            std::vector<double> late;
            for (std::size_t i = 0; i < points; ++i)
                late.push_back(static_cast<double>(noise.at(static_cast<std::int64_t>(i), memo)) *
                               (0x1p-64 * 1e-9));
            for (std::size_t j = 0; j < variance.size(); ++j) {
                const double sigma =
                    stability::estimate(stability::Statistic::oadev, late, 1, 1u << j).value;
                variance[j] += sigma * sigma / static_cast<double>(clocks);
            }
        }
        const StampNoise noise(law_seed, 0, of.white_s, of.flicker_s);
        for (std::size_t j = 0; j < variance.size(); ++j) {
            INFO("white ", of.white_s, " flicker ", of.flicker_s, " m ", 1 << j);
            CHECK(std::sqrt(variance[j] / noise.allan_variance(1, 1 << j)) ==
                  doctest::Approx(1).epsilon(0.03));
        }
    }
}

TEST_CASE("a stamp is late by the same whichever were taken before") {
    const StampNoise noise(law_seed, 5, 1e-6, 1e-6);
    OctaveNoise::Memo in_order;
    for (std::int64_t i = 0; i < 5000; ++i) {
        OctaveNoise::Memo alone;
        REQUIRE(noise.at(i, in_order) == noise.at(i, alone));
    }
}
