#pragma once

#include "validation/time_run.hpp"

#include <string>
#include <string_view>

namespace driftstorm::validation {

/// The client a reference cell describes: `program` is its daemon column, `text` its configuration
/// in the program's own words, servers as 192.168.123.N for node N.
/// @throws std::invalid_argument naming `what` and the program or word that is not known
TimeClient make_time_client(const std::string& program, std::string_view text,
                            const std::string& what);

}  // namespace driftstorm::validation
