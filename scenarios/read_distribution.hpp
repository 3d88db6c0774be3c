#pragma once

#include "scenarios/read_params.hpp"
#include "sim/core/distribution.hpp"

#include <optional>
#include <string>

namespace driftstorm {

/// Reads a distribution in the unit of the place's shape: a plain quantity (a constant) or a one-key map
/// `{ lognormal: { median: 48 ms, p99: 900 ms, clip: [0 ms, 5 s] } }`. `empirical` also takes a column
/// of a CSV file: `{ file: delays.csv, column: rtt, unit: ms }`, the file relative to the scenario that
/// names it. Every variate must lie in the shape's range: a law whose least or greatest value lies
/// outside needs a `clip`; infinite ends of the range ask for nothing.
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
