#pragma once

#include "analysis/stability/stability.hpp"

#include <string>
#include <vector>

namespace driftstorm::stability {

/// A page with the table's deviations over averaging time, both axes logarithmic, bounds as bars:
/// one HTML file that needs nothing else, drawn as SVG.
/// @param title  e.g. the data's name
/// @throws std::invalid_argument when no value is > 0
std::string plot_page(const std::vector<Line>& table, const std::string& title);

}  // namespace driftstorm::stability
