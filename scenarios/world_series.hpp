#pragma once

#include "models/clocks/device_clocks.hpp"
#include "models/messaging/apps.hpp"
#include "models/probes/samplers.hpp"
#include "models/radio/radios.hpp"
#include "models/servers/relays.hpp"
#include "models/servers/station.hpp"
#include "models/timesync/time_servers.hpp"
#include "scenarios/population_plan.hpp"
#include "scenarios/scenario.hpp"
#include "sim/output/series_definition.hpp"

#include <map>
#include <string>
#include <vector>

namespace driftstorm {

/// What samplers may look at.
struct WorldView {
    const Scenario& scenario;
    const Kernel& kernel;
    const PopulationPlan& plan;
    const Radios& radios;
    const Cells& cells;
    const DeviceClocks& clocks;
    const TimeServers& time_servers;
    const Apps& apps;
    const Stations& stations;
    const std::vector<EntityId>& relay_entities;
    const std::vector<EntityId>& time_server_entities;
    const std::vector<std::string>& time_server_groups;
    const std::map<std::string, EntityId>& station_entities;
    const std::vector<EntityId>& cell_entities;
    std::vector<const Relays*> relays;  ///< by partition; nullptr: none there
};

/// The series of `outputs.series.of`, in order; a quantity with several parts is several series.
std::vector<SeriesDefinition> declare_series(const Scenario& scenario);

/// Histograms that the result file counts of what is sampled: clock_offset_hist of the clocks of
/// `outputs.clocks`.
std::vector<HistogramDefinition> declare_histograms(const Scenario& scenario);

/// The looks of a region's sampler: one for each series that has something there.
/// @param region  0: the metro region, 1 + k: relay node k
std::vector<Samplers::Look> looks_of(const WorldView& world, std::uint32_t region);

}  // namespace driftstorm
