#pragma once

#include "scenarios/node.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>

namespace driftstorm {

inline constexpr std::size_t largest_file = 16u << 20;  ///< [B]

/// Reads one file's YAML into a Node. Every fault is a complaint at its place; a fault of the
/// syntax gives no node. Rejected beyond YAML's own rules: duplicate and non-scalar keys, a second
/// document, `<<`, tags, tabs as indentation, control characters, invalid UTF-8, keys without
/// value, scalars that readers of YAML 1.1 and 1.2 take differently (`010`, `off`, `0x1F`, `1:30`).
/// Keys that begin with `x-` are left out with all below them.
std::optional<Node> parse_yaml(std::uint32_t file, Complaints& complaints);

}  // namespace driftstorm
