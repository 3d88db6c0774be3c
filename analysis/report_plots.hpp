#pragma once

#include "sim/output/results_reader.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace driftstorm {

/// One plot of a report: curves over the time of the run.
struct ReportPlot {
    enum class Look : std::uint8_t {
        lines,    ///< values at instants
        steps,    ///< values that hold from one time to the next: counts of bins
        filled,   ///< the same, the area below filled
        stacked,  ///< the same, one upon the other: shares of a whole
        bands     ///< exactly the seven quantiles 1, 5, 25, 50, 75, 95, 99 %
    };
    std::string key;      ///< short, of letters and '-'; differs from the others'
    std::string title;    ///< of one line
    std::string unit;     ///< of the values; empty: counts
    std::string y_label;  ///< what is on the axis, with its unit
    std::string note;     ///< below the plot; may be empty
    Look look = Look::lines;
    std::vector<double> times;       ///< from the start of the run [s]; shape (n), ascending
    std::vector<std::string> names;  ///< of the curves; shape (k)
    std::vector<std::vector<double>> columns;  ///< NaN: missing; shape (k, n)
};

/// What is drawn into all plots: a fault of the timeline, or a storm beyond chance.
struct ReportSpan {
    std::string name;
    bool storm = false;
    double from_s = 0;
    double to_s = 0;
};

struct ReportPlots {
    double end_s = 0;  ///< the run's end
    std::vector<ReportPlot> plots;
    std::vector<ReportSpan> spans;
    std::vector<std::string> missing;  ///< a line for each plot the file has nothing for
};

/// What a result file has to plot. Throws OutputError when it cannot be read.
ReportPlots plots_of(const ResultsReader& result);

/// Brings a plot down to at most `most` points a curve (at least 2) and says so in its note. Of
/// lines and steps the least and the greatest value of each stretch are kept, so that no peak is
/// lost; stacked ones keep the mean (their sum stays true), bands each stretch's first value.
void thin(ReportPlot& plot, std::size_t most);

}  // namespace driftstorm
