#pragma once

#include "sim/core/time.hpp"

#include <optional>
#include <string>

namespace driftstorm::cli {

/// A length of time above 0 s given on the command line ("20 min"); nullopt for an empty text.
/// @throws CLI::ValidationError naming the option
std::optional<Duration> duration_option(const std::string& text, const std::string& option);

}  // namespace driftstorm::cli
