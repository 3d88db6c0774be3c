#pragma once

#include "sweeps/sweep.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace driftstorm {

/// A constraint, or why a text is none. `error` reads as the end of "'a <' ...".
struct ParsedConstraint {
    std::optional<Constraint> constraint;
    std::string error;
};

/// Reads "SIDE < SIDE", several of them joined by "or". A side is a sum of terms, with blanks round
/// + and -: a quantity ("10 s"), a parameter, or a number times a parameter ("2 * outage"). All
/// terms of a comparison are of one dimension. A parameter of words is compared by == or != with a
/// word.
ParsedConstraint parse_constraint(std::string_view text,
                                  const std::vector<SweptParameter>& parameters);

/// Whether the values (one a parameter of the sweep) meet a constraint.
bool holds(const Constraint& constraint, std::span<const ParameterValue> values);

}  // namespace driftstorm
