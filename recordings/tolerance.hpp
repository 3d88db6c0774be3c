#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace driftstorm {

/// How far a metric may move before it counts as changed.
struct Tolerance {
    enum class Kind : std::uint8_t {
        absolute,  ///< in the metric's unit
        relative,  ///< of the recorded value; a fraction
        ulp,       ///< neighbouring doubles
        count,     ///< whole things
        ks         ///< the distributions over the seeds: significance of a Kolmogorov-Smirnov test
    };
    Kind kind = Kind::relative;
    double amount = 0;

    friend bool operator==(const Tolerance&, const Tolerance&) = default;
};

/// What one tolerance holds for: a metric's path, or a glob in which `*` stands for any text.
struct ToleranceRule {
    std::string metrics;
    Tolerance tolerance;
};

/// "relative 0.5 %", "absolute 2 ms", "ulp 4", "count 3", "ks 0.001".
/// @throws std::invalid_argument saying what is wrong with the text
Tolerance parse_tolerance(std::string_view text);
std::string text_of(const Tolerance& tolerance);
/// "GLOB=KIND AMOUNT", of the command line. @throws std::invalid_argument
ToleranceRule parse_tolerance_rule(std::string_view text);

bool matches(std::string_view glob, std::string_view path);
/// Of the last rule that matches; a relative 0.5 % when none does.
Tolerance tolerance_of(const std::vector<ToleranceRule>& rules, std::string_view path);

/// How far b may be from `recorded` under a tolerance other than ks, in the metric's unit.
double allowance(const Tolerance& tolerance, double recorded);
/// Neighbouring doubles from a to b; UINT64_MAX when one is not a number and the other is.
std::uint64_t ulps_between(double a, double b);

/// What a metric's values over the seeds say about two versions of a model.
struct SampleComparison {
    bool changed = false;
    double p = 1;        ///< chance of as much in two versions that are alike; 1 when nothing moved
    std::string reason;  ///< "mean 0.0501 -> 0.0512 (+2.2 %)"; empty when not changed
};

/// Whether a metric moved beyond its tolerance. Values go in pairs of one seed; NaN stands for
/// undefined and equals nothing but NaN.
///
/// If the versions are alike, a pair's difference is as likely to be d as -d, whatever the metric's
/// distribution and however the draws are shared: over all 2^K choices of signs (beyond 20 seeds:
/// 2^20 of them, drawn) the sum of differences less tolerance is compared with the one observed.
/// With fewer than 12 seeds no p is small enough: changed is then what moved beyond tolerance to
/// the same side in every seed. Tolerance ks compares the two sets of values instead, exactly.
///
/// @param recorded, now  values by seed; equal, non-zero length
/// @param alpha          chance of calling a metric changed that is not, in (0, 1)
/// Source: Fisher's randomisation test, for example Good, Permutation Tests (2005), 3.3; exact KS
/// for equal sizes, Gnedenko and Korolyuk (1951).
SampleComparison compare_samples(std::span<const double> recorded, std::span<const double> now,
                                 const Tolerance& tolerance, double alpha);

/// Chance that two samples of `n` have empirical distributions at least k / n apart.
double smirnov_tail(std::uint32_t n, std::uint32_t k);

}  // namespace driftstorm
