#pragma once

#include "models/servers/open_arrivals.hpp"
#include "models/servers/station.hpp"
#include "validation/truths.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace driftstorm::validation {

/// A station and its customers, as a row of the file describes them.
struct StationSpec {
    Stations::Params station;
    OpenArrivals::Params arrivals;           ///< unused when there are members
    std::uint64_t members = 0;               ///< of a finite population; 0: open arrivals
    Distribution think_time;                 ///< of its members
    std::optional<Distribution> orbit_wait;  ///< refused customers try again after it (retrial)

    double customers_per_s = 0;  ///< about, to choose the length of a run
    double relaxation_s = 0;     ///< time constant with which the state forgets how it began
};

struct SpecOrReason {
    std::optional<StationSpec> spec;
    std::string reason;  ///< why there is none
};

/// Understands Kendall's notation A/B/c/K/N with M, D, Ek, H2, G, batches M^X and impatience +M,
/// the names Erlang-A, -B and -C, and the words retrial, priority, outages, finite population.
SpecOrReason station_spec(const std::string& model, const Parameters& params);

}  // namespace driftstorm::validation
