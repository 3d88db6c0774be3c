#pragma once

#include "scenarios/scenario.hpp"

#include <cstdint>

namespace driftstorm::cli {

/// What a world takes once it is built.
struct Footprint {
    double entities = 0;
    double devices = 0;
    double memory = 0;  ///< [B]
    /// False when a large world was not built but estimated from a smaller one of the same make.
    bool exact = true;
};

/// Whether a world is so large that footprint_of estimates.
bool is_estimated(const Scenario& scenario);

/// Builds the world, or one with fewer of everything that is counted when the scenario has more
/// than 100,000 members of populations, and extrapolates: what a device takes does not depend on
/// their number. Answers within seconds.
Footprint footprint_of(const Scenario& scenario, std::uint32_t partitions);

}  // namespace driftstorm::cli
