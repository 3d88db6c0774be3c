#pragma once

#include "sim/output/results_reader.hpp"

#include <string>
#include <utility>
#include <vector>

namespace driftstorm {

/// Whether a file is a merged sweep (format driftstorm-sweep) and no result of a run.
bool is_merged_sweep(const ResultsReader& file);

/// Figures of a merged sweep: a name fit for a file, and an SVG. Phase maps of the metric that the
/// sweep shows over its first two dimensions (one for each place along a third), curves over a
/// single one, bars of Sobol' or Morris indices where the design allows them, the shares that have
/// not recovered where some never do. @throws OutputError
std::vector<std::pair<std::string, std::string>> sweep_figures(const ResultsReader& file);

/// One self-contained HTML page about these sweeps. @throws OutputError
std::string sweep_report_page(const std::vector<ResultsReader>& files);

}  // namespace driftstorm
