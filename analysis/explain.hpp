#pragma once

#include "sim/output/results_reader.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

namespace driftstorm {

/// An answer for people and one for programs.
struct Explanation {
    std::string text;
    std::string json;
};

/// Why a message came when it did: for each of its copies the instants, the time by cause, the
/// fault that set off its last retry or resync, and what happened to the devices concerned
/// meanwhile.
/// @param message  row in /messages
/// @throws std::invalid_argument naming the table when the file does not hold what it takes, or no
/// such message
/// @throws OutputError for a damaged file
Explanation explain_message(const ResultsReader& result, std::uint64_t message);

/// The `top` copies that took longest, with their causes; those not visible count until their end.
Explanation explain_late(const ResultsReader& result, std::size_t top);

}  // namespace driftstorm
