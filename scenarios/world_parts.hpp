#pragma once

// The inside of World, for the files that build and wire it.
#include "models/clocks/device_clocks.hpp"
#include "models/faults/faults.hpp"
#include "models/links/region_networks.hpp"
#include "models/messaging/apps.hpp"
#include "models/people/people.hpp"
#include "models/probes/clock_offset.hpp"
#include "models/probes/samplers.hpp"
#include "models/radio/radios.hpp"
#include "models/servers/finite_sources.hpp"
#include "models/servers/open_arrivals.hpp"
#include "models/servers/relays.hpp"
#include "models/servers/retrying_clients.hpp"
#include "models/servers/station.hpp"
#include "models/timesync/program_clients.hpp"
#include "models/timesync/time_clients.hpp"
#include "models/timesync/time_servers.hpp"
#include "scenarios/population_plan.hpp"
#include "scenarios/world.hpp"
#include "sim/core/expect.hpp"

#include <algorithm>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace driftstorm {

/// Entities that only stand for something in rows and messages.
struct VersionEntities {
    static constexpr std::string_view name = "directory.apps";
    static constexpr int version = 0;
    using Messages = std::tuple<>;
};
struct TimelineEntities {
    static constexpr std::string_view name = "directory.timeline";
    static constexpr int version = 0;
    using Messages = std::tuple<>;
};
struct ConversationEntities {
    static constexpr std::string_view name = "directory.conversations";
    static constexpr int version = 0;
    using Messages = std::tuple<>;
};

/// Number of the region of devices, cells, access points, time servers and stations; relay node k
/// is in region 1 + k.
inline constexpr std::uint32_t metro = 0;

/// Entries of a section in order of name: the order in which entities are declared.
template <class Entry>
std::vector<const Named<Entry>*> by_name(const std::vector<Named<Entry>>& entries) {
    std::vector<const Named<Entry>*> sorted;
    sorted.reserve(entries.size());
    for (const Named<Entry>& entry : entries) sorted.push_back(&entry);
    std::sort(sorted.begin(), sorted.end(),
              [](const auto* a, const auto* b) { return a->name < b->name; });
    return sorted;
}

inline std::string node_name(const std::string& group, std::uint32_t node) {
    return "servers." + group + "[" + std::to_string(node) + "]";
}

inline std::uint32_t relay_nodes(const Scenario& scenario) {
    const Named<ServerEntry>* group = relay_group(scenario);
    return group == nullptr ? 0 : std::get<RelayGroup>(group->value).nodes;
}

/// Everything a partition owns. Models that live in the metro region exist in its partition alone.
struct Partition {
    std::vector<std::uint32_t> regions;  ///< by local index of Faults, Samplers and RegionNetworks
    std::unique_ptr<Faults> faults;
    std::unique_ptr<RegionNetworks> networks;
    std::unique_ptr<Samplers> samplers;
    std::unique_ptr<Relays> relays;
    std::vector<std::uint32_t> relay_numbers;

    Index local(std::uint32_t region) const {
        const auto found = std::find(regions.begin(), regions.end(), region);
        DRIFTSTORM_EXPECT(found != regions.end());
        return static_cast<Index>(found - regions.begin());
    }
};

struct World::Parts {
    Parts(const Scenario& s, const Options& options)
        : scenario(s),
          kernel({options.seed,
                  std::clamp<std::uint32_t>(options.partitions, 1, relay_nodes(s) + 1),
                  options.digest}),
          plan(plan_populations(s, options.seed)),
          cells(radio_rules(s)),
          radios(s.network.radio, cells, links, options.seed),
          clocks(options.seed),
          time_clients(clocks),
          time_programs(clocks),
          time_servers(options.seed) {
        kernel.offset_pools(options.pool_offset);
        partitions.resize(kernel.partitions());
        for (std::uint32_t region = 0; region < relay_nodes(s) + 1; ++region)
            partitions[partition_of(region)].regions.push_back(region);
        build();
    }

    // ---- regions ----

    std::uint32_t regions() const { return relay_nodes(scenario) + 1; }
    std::uint32_t partition_of(std::uint32_t region) const {
        return region * kernel.partitions() / regions();
    }
    Partition& home(std::uint32_t region) { return partitions[partition_of(region)]; }
    Partition& metro_partition() { return home(metro); }

    static RadioRules radio_rules(const Scenario& s) {
        RadioRules rules;
        rules.cellular[static_cast<std::size_t>(Technology::lte)] = s.network.handover.lte;
        rules.cellular[static_cast<std::size_t>(Technology::nr)] = s.network.handover.nr;
        rules.cellular[static_cast<std::size_t>(Technology::umts)] = s.network.handover.umts;
        rules.wifi = s.network.handover.wifi;
        return rules;
    }

    // ---- entities ----

    std::int16_t kind(const std::string& name) {
        const std::int16_t known = directory.kind(name);
        if (known >= 0) return known;
        EntityKind made;
        made.name = name;
        directory.kinds.push_back(std::move(made));
        return static_cast<std::int16_t>(directory.kinds.size() - 1);
    }
    std::int32_t row(std::int16_t of, std::string name) {
        std::vector<std::string>& names = directory.kinds[static_cast<std::size_t>(of)].names;
        names.push_back(std::move(name));
        return static_cast<std::int32_t>(names.size() - 1);
    }
    void place(EntityId entity, std::int16_t of, std::int32_t at) {
        const auto id = static_cast<std::size_t>(entity);
        if (directory.places.size() <= id) directory.places.resize(id + 1);
        directory.places[id] = {of, at};
    }
    std::int32_t population_row(const std::string& name) {
        const auto& names = directory.kinds[static_cast<std::size_t>(kind("population"))].names;
        return static_cast<std::int32_t>(std::find(names.begin(), names.end(), name) -
                                         names.begin());
    }
    template <class Model>
    EntityId declare(std::uint32_t region, std::uint64_t identity) {
        return kernel.add_entity<Model>(partition_of(region), identity).id;
    }

    void build();
    void build_plans();
    void build_apps_and_timeline();
    void build_network();
    void build_populations();
    void add_devices(const std::string& name, const DevicePopulation& population,
                     std::uint32_t number);
    void add_conversations(const std::string& name, std::uint32_t number);
    EntityId add_clients(const std::string& name, const Customers& customers, AnswerDoor answers);
    void add_customers(const std::string& name, const CustomerPopulation& population);
    void add_sources(const std::string& name, const FinitePopulation& population);
    void build_servers();
    void build_time_clients();
    void build_paths();
    void build_faults();
    void build_samplers();
    void build_clock_sampler();
    void wire_devices();
    void wire_relays(std::uint32_t partition);
    void wire_losses();
    void tell_lost(Context& context, std::uint32_t region, const Packet& packet, Cause cause,
                   EntityId root);
    void lost_at_radio(Context& context, const Packet& packet, DropReason reason);
    void lost_on_path(Context& context, std::uint32_t region, std::optional<Index> path,
                      const Packet& packet, DropReason reason);
    EntityId fault_of_cell(Index cell, std::initializer_list<FaultKind> kinds);
    EntityId fault_of_path(std::uint32_t region, Index path, Direction direction, Time now,
                           DropReason reason);
    void act(Context& context, std::uint32_t region, const Faults::Plan& fault, FaultEdge edge);
    void act_on_cell(Context& context, const Faults::Plan& fault, FaultEdge edge);
    void act_on_network(Context& context, std::uint32_t region, const Faults::Plan& fault,
                        FaultEdge edge);
    void restart_apps(Context& context, const Faults::Plan& fault);
    Time held_until(Index device, std::initializer_list<FaultKind> kinds);
    std::int64_t degraded_rate(const Faults::Plan& fault,
                               std::optional<std::int64_t> FaultSettings::*rate, Index link);
    void act_on_devices(Context& context, const Faults::Plan& fault, FaultEdge edge);
    void start();
    EntityDirectory described_directory() const;

    // Faults number their targets: server nodes as endpoints are, then stations; cells, then paths.
    std::uint32_t first_station_target() const {
        return relay_nodes(scenario) + static_cast<std::uint32_t>(time_server_entities.size());
    }
    std::uint32_t first_path_target() const {
        return static_cast<std::uint32_t>(cell_names.size());
    }

    bool is_station(EntityId entity) const {
        return std::any_of(station_entities.begin(), station_entities.end(),
                           [&](const auto& station) { return station.second == entity; });
    }

    Endpoint endpoint(EntityId server) const { return endpoints.at(server); }
    std::optional<Duration> cross(Context& context, std::uint32_t region, Endpoint a, Endpoint b,
                                  const Packet& packet) {
        Partition& part = home(region);
        return part.networks->paths(part.local(region)).cross(context, a, b, packet);
    }

    const Scenario& scenario;
    Kernel kernel;
    PopulationPlan plan;
    std::vector<Partition> partitions;
    EntityDirectory directory;
    std::vector<SeriesDefinition> series;
    std::vector<HistogramDefinition> histograms;

    // The metro region.
    VersionEntities version_model;
    TimelineEntities timeline_model;
    ConversationEntities conversation_model;
    Links links;
    Cells cells;
    Radios radios;
    DeviceClocks clocks;
    TimeClients time_clients;
    ProgramClients time_programs;
    TimeServers time_servers;
    std::unique_ptr<Apps> apps;
    std::unique_ptr<People> people;
    Stations stations;
    OpenArrivals arrivals;
    FiniteSources sources;
    RetryingClients clients;
    TimerOwner sync_timer{};

    std::vector<std::string> app_names;  ///< by version
    std::vector<EntityId> version_entities;
    std::vector<EntityId> timeline_entities;  ///< by entry; no_entity: does not happen
    std::vector<std::string>
        cell_names;  ///< by index in Cells: access points, then cells, then traced ones
    std::vector<EntityId> cell_entities;
    std::vector<std::string> trace_of;  ///< names of mobility entries with a trace, in order
    std::map<std::string, Index, std::less<>> mobility_index;
    std::map<std::string, Index, std::less<>> trace_index;
    std::map<std::string, std::uint32_t, std::less<>> sync_plans;
    std::map<std::string, std::uint32_t, std::less<>> program_plans;
    std::vector<Index> program_of;           ///< by device; no_index: it has none
    std::vector<EntityId> program_entities;  ///< by client
    std::vector<EntityId> radio_entities, app_entities, clock_entities, client_entities,
        people_entities;
    std::vector<EntityId> relay_entities;
    std::vector<EntityId> time_server_entities;
    std::vector<std::string> time_server_groups;  ///< of each
    std::map<std::string, std::vector<EntityId>> groups;
    std::map<std::string, EntityId> station_entities;
    std::map<std::string, Index> station_index;
    std::vector<EntityId> arrival_entities, source_entities;
    std::map<EntityId, Endpoint> endpoints;
    std::vector<std::vector<Index>> path_indices;  ///< by entry of network.paths
    Topology topology;
    std::vector<Faults::Plan> faults;
    std::vector<EntityId> faults_entities;      ///< by region
    std::vector<EntityId> samplers_entities;    ///< by region; after these one for clocks, or none
    std::vector<std::vector<Index>> restarted;  ///< devices of each fault of devices, by its target
};

}  // namespace driftstorm
