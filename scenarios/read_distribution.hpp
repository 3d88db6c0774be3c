#pragma once

#include "scenarios/read_params.hpp"
#include "sim/core/distribution.hpp"

#include <optional>
#include <string>

namespace driftstorm {

/// Reads a distribution in the unit of the place's shape: a plain quantity (a constant) or a
/// one-key map
/// `{ lognormal: { median: 48 ms, p99: 900 ms, clip: [0 ms, 5 s] } }`. `empirical` also takes a
/// column of a CSV file: `{ file: delays.csv, column: rtt, unit: ms }`, the file relative to the
/// scenario that names it. A law that can leave the shape's range needs a `clip`; but tails to
/// infinity are taken, and so is what laws on (0, infinity) give below a least value.
std::optional<Distribution> read_distribution(const Node& node, const ValuePlace& place);

/// The distribution as read_distribution reads it, all parameters written out.
Node distribution_node(const Distribution& distribution, std::string_view unit);

std::string distribution_schema(SchemaWriter& writer, std::string_view unit);

template <>
struct ValueForm<Distribution> {
    static bool read(const Node& node, const ValuePlace& place, Distribution& member) {
        return keep(read_distribution(node, place), member);
    }
    static std::optional<Node> write(const Distribution& value, const ValueShape& shape) {
        return distribution_node(value, shape.unit);
    }
    static std::string schema(SchemaWriter& writer, const ValueShape& shape) {
        return distribution_schema(writer, shape.unit);
    }
};

}  // namespace driftstorm
