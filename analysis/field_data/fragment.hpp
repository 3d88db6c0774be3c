#pragma once

#include "analysis/field_data/field_fit.hpp"

#include <string>

namespace driftstorm::field_data {

/// What the fragment calls things.
struct FragmentWords {
    std::string origin;  ///< where the logs come from, for the comment: "chrony tracking.log"
    std::string clock = "imported";
    std::string from = "wifi";  ///< technology at the client's end of the path
    std::string to = "time_pool";
};

/// A commented YAML fragment for `include` in a scenario: `clocks` with one entry, and where there
/// are delays `network.paths` with one, each value with its interval of 95 %.
std::string scenario_fragment(const FieldLog& log, const FieldFit& fit, const FragmentWords& words);

/// The same figures as one JSON document.
std::string fit_json(const FieldLog& log, const FieldFit& fit);

}  // namespace driftstorm::field_data
