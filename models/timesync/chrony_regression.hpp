#pragma once

#include <cstddef>
#include <optional>
#include <span>

namespace driftstorm {

/// A straight line through the newest points, by weighted least squares.
struct RecentLine {
    double intercept = 0;  ///< at x = 0
    double slope = 0;
    double variance = 0;  ///< of a point, averaged by weight
    double intercept_sd = 0;
    double slope_sd = 0;
    int first = 0;  ///< oldest point used, counted from 0
    int degrees_of_freedom = 0;
};

inline constexpr int least_regression_points = 3;
/// What chrony keeps of a source: 64 samples and as many older ones.
inline constexpr std::size_t most_regression_points = 128;

/// Fits the longest recent stretch of points that still looks like a line: as long as its residuals
/// have too few runs of one sign (the clock's frequency has wandered), the oldest point is left
/// out. Points older than those to be fitted lengthen the test, to twice the stretch at most.
///
/// @param x, y    points in order of time; the first `older` serve the runs test alone; shape
/// (older + n), at most 128
/// @param weight  reciprocal of a point's variance, in any unit; > 0; shape (n)
/// @param older   >= 0
/// @param least   stretch that is not shortened any more; at least 3 are always kept
/// @return        nothing for n < 3
/// Source: chrony 4.3, regress.c; Draper and Smith, Applied Regression Analysis, 1998, sections 7.1
/// (runs test) and 9.2 (weights).
std::optional<RecentLine> fit_recent_line(std::span<const double> x, std::span<const double> y,
                                          std::span<const double> weight, int older, int least);

/// Runs of residuals of one sign: neighbours with a product above 0 belong to one run.
int count_runs(std::span<const double> residuals);

/// Number of runs among n residuals of a fitted line that is at most reached with a chance of about
/// 5 %; 0 for n < 8. A closed form of the table of chrony 4.3 (regress.c), equal for every n < 130.
int critical_runs(int n);

/// Slope of y in x2, from least squares on y = b0 + b1 x1 + b2 x2 with equal weights.
/// @return nothing for fewer than 4 points or when x1 and x2 are nearly dependent
std::optional<double> second_slope(std::span<const double> x1, std::span<const double> x2,
                                   std::span<const double> y);

/// 99.95 % quantile of Student's t; 3.5 above 40 degrees of freedom, as chrony has it.
double student_t_9995(int degrees_of_freedom);

}  // namespace driftstorm
