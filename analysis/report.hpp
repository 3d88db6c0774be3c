#pragma once

#include "sim/output/results_reader.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace driftstorm {

/// One self-contained HTML page about these runs, a section each: what came of it, storms, checks,
/// plots that zoom together, provenance. It loads nothing from anywhere and works from file://.
/// What a file has nothing for is left out, and a line says so. Throws OutputError when a result
/// cannot be read.
std::string report_page(const std::vector<ResultsReader>& results);

/// Text as HTML shows it: & < > " ' written as entities, and control characters that no HTML may
/// hold as U+FFFD.
std::string html_text(std::string_view text);

}  // namespace driftstorm
