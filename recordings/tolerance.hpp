#pragma once

#include <cstdint>
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

}  // namespace driftstorm
