#pragma once

#include "scenarios/complaints.hpp"
#include "scenarios/document.hpp"
#include "scenarios/node.hpp"

#include <string>
#include <vector>

namespace driftstorm {

/// `over` laid on `base`: maps key by key, everything else replaced. Lists are replaced unless
/// `over` is
/// `{ append: [...] }`; a map whose one key is a kind word is a value. Keys keep the order of
/// `base`, new ones follow.
Node merged(const Node& base, const Node& over, const std::string& path, Complaints& complaints);

/// Every map with `extends: NAME` laid on its sibling of that name. Cycles, unknown names and
/// chains of more than 32 are complaints.
Node with_extends(const Node& root, Complaints& complaints);

/// Every plain `$name` replaced by the parameter's value, which is marked as used.
/// @param malformed  names of parameters that were complained of already
Node with_parameters(const Node& root, std::vector<Parameter>& parameters,
                     const std::set<std::string>& malformed, Complaints& complaints);

/// Every `{ append: [...] }` that had no list to append to, as a list that comes after the default.
Node with_plain_lists(const Node& root);

/// A new map with one member less; the same map when it has none of that name.
Node without(const Node& map, std::string_view key);

}  // namespace driftstorm
