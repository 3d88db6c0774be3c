#pragma once

#include "validation/time_statistics.hpp"

#include <map>
#include <string>
#include <vector>

namespace driftstorm::validation {

/// The runs of one cell: each run's figures, and its offset where the reference's series has one.
struct CellRuns {
    std::vector<std::map<std::string, double>> figures;
    std::vector<std::vector<double>> series;  ///< by run, as TimeCell::series
};

/// A mean and a standard deviation over n runs.
struct Spread {
    double mean = 0;
    double sd = 0;
    double median = 0;
    int n = 0;
};
/// Of the finite values.
Spread spread_of(const std::vector<double>& values);

/// A statistic of a cell beside the reference's.
struct GateRow {
    enum class Kind { close, loose, bias, polls, steps, series, printed };
    std::string cell;
    std::string statistic;
    Kind kind = Kind::printed;
    Spread reference;
    Spread simulated;
    double ratio = 0;   ///< ln(simulated / reference); of a bias, the relative difference
    double error = 0;   ///< its standard error
    double gate = 0;    ///< what |ratio| may be
    double utmost = 0;  ///< what no row's |ratio| may exceed
    bool passed = true;
    bool beyond = false;  ///< exceeds `utmost`
};

/// The rows of a cell: ratios r = ln(mean_sim / mean_ref) with standard error s from the pooled
/// coefficient of variation. |r| passes within max(0.15, 3 s) (close: size of the error), max(0.25,
/// 3 s) (loose: extremes and what follows an event; a frequency ln 1.5), max(0.01 or 0.1, 3 s)
/// (polls); a bias within max(2 %, 3 standard errors); steps with a median inside the reference's
/// range; the series in 7 of 8 blocks within max(ln 1.3, 3 s).
std::vector<GateRow> gate_rows(const TimeCell& cell, const CellRuns& runs);

/// What a program's cells come to.
struct ProgramVerdict {
    std::string program;
    int cells = 0;
    int cells_passed = 0;
    int rows = 0;
    int rows_passed = 0;
    int rows_beyond = 0;
    double median_ratio = 0;  ///< of |r| of off_rms
    double share_near = 0;    ///< of off_rms cells within max(0.12, 2 s)
    double worst_ratio = 0;
    std::string worst_cell;
    bool passed = false;
};
/// 98 % of the rows pass and none is beyond; 90 % (80 % below 20 cells) of the off_rms are near;
/// their median |r| is at most 0.05 (timesyncd 0.08).
ProgramVerdict judge_program(const std::string& program,
                             const std::vector<std::vector<GateRow>>& cells);

}  // namespace driftstorm::validation
