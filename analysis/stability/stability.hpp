#pragma once

#include "analysis/stability/deviations.hpp"
#include "analysis/stability/noise.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace driftstorm::stability {

/// Which averaging factors: 1, 2, 4, 8 ...; 1, 2, 4, 10, 20, 40, 100 ...; or each.
enum class Factors : std::uint8_t { octave, decade, all };

struct Options {
    std::vector<Statistic> statistics{Statistic::oadev};
    Factors factors = Factors::octave;
    std::vector<std::uint64_t> given;  ///< these factors instead, if any
    double level = 0.683;              ///< of the confidence bounds
    bool correct_bias = false;         ///< totdev, mtotdev, theo1: by the noise identified
    /// Where a statistic would take more steps than this, larger factors are left out (theo1,
    /// theobr and mtotdev grow with points times factor).
    double most_steps = 2e10;
};

/// One line of a stability table.
struct Line {
    Statistic statistic{};
    std::uint64_t m = 0;
    double tau = 0;  ///< averaging time [s]
    std::uint64_t terms = 0;
    double value = 0;
    std::optional<Alpha> alpha;  ///< noise identified; from the last smaller factor that had enough
    std::optional<double> edf;
    std::optional<Bounds> bounds;
};

/// The table of all statistics and factors that the data allow.
/// @param phase  clock minus reference, equally spaced [s]
/// @param tau0  spacing [s]
/// @throws std::invalid_argument for fewer than 3 points or a spacing that is not > 0
std::vector<Line> analyse(std::span<const double> phase, double tau0, const Options& options);

/// Phase [s] from fractional frequencies, each the mean over tau0: one point more, from 0 on.
std::vector<double> phase_of(std::span<const double> frequency, double tau0);

/// Readings of a counter, from text: one a line, in the given column (1 is the first), separated by
/// blanks, commas or semicolons; empty lines and those from '#', '%' or ';' on are passed over.
/// @param name  of the file, for complaints
/// @throws std::invalid_argument with file and line where a number is expected
std::vector<double> read_column(std::string_view text, std::size_t column, const std::string& name);

}  // namespace driftstorm::stability
