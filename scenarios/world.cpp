#include "scenarios/world.hpp"

#include "models/clocks/device_clocks.hpp"
#include "models/faults/faults.hpp"
#include "models/links/region_networks.hpp"
#include "models/messaging/apps.hpp"
#include "models/people/people.hpp"
#include "models/probes/samplers.hpp"
#include "models/radio/radios.hpp"
#include "models/servers/open_arrivals.hpp"
#include "models/servers/relays.hpp"
#include "models/servers/retrying_clients.hpp"
#include "models/servers/station.hpp"
#include "models/timesync/time_clients.hpp"
#include "models/timesync/time_servers.hpp"
#include "scenarios/copies_left.hpp"
#include "scenarios/population_plan.hpp"
#include "scenarios/world_series.hpp"
#include "sim/core/expect.hpp"

#include <algorithm>
#include <functional>
#include <limits>
#include <map>
#include <utility>

namespace driftstorm {

namespace {

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

constexpr std::uint32_t metro =
    0;  // the region of devices, cells, access points, time servers and stations

template <class Entry>
std::vector<const Named<Entry>*> by_name(const std::vector<Named<Entry>>& entries) {
    std::vector<const Named<Entry>*> sorted;
    for (const Named<Entry>& entry : entries) sorted.push_back(&entry);
    std::sort(sorted.begin(), sorted.end(),
              [](const auto* a, const auto* b) { return a->name < b->name; });
    return sorted;
}

std::string node_name(const std::string& group, std::uint32_t node) {
    return "servers." + group + "[" + std::to_string(node) + "]";
}

const std::vector<std::string>& wire_ends(const Scenario& scenario, const std::string& name) {
    const auto found = std::find_if(scenario.network.links.begin(), scenario.network.links.end(),
                                    [&](const auto& wire) { return wire.name == name; });
    DRIFTSTORM_EXPECT(found != scenario.network.links.end());
    return found->value.between;
}

std::uint32_t relay_nodes(const Scenario& scenario) {
    const Named<ServerEntry>* group = relay_group(scenario);
    return group == nullptr ? 0 : std::get<RelayGroup>(group->value).nodes;
}

}  // namespace

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
    void add_customers(const std::string& name, const CustomerPopulation& population);
    void build_servers();
    void build_paths();
    void build_faults();
    void build_samplers();
    void wire_devices();
    void wire_relays(std::uint32_t partition);
    void act(Context& context, std::uint32_t region, const Faults::Plan& fault, FaultEdge edge);
    void act_on_cell(Context& context, const Faults::Plan& fault, FaultEdge edge);
    void act_on_network(Context& context, std::uint32_t region, const Faults::Plan& fault,
                        FaultEdge edge);
    void restart_apps(Context& context, const Faults::Plan& fault);
    void start();

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

    // The metro region.
    VersionEntities version_model;
    TimelineEntities timeline_model;
    ConversationEntities conversation_model;
    Links links;
    Cells cells;
    Radios radios;
    DeviceClocks clocks;
    TimeClients time_clients;
    TimeServers time_servers;
    std::unique_ptr<Apps> apps;
    std::unique_ptr<People> people;
    Stations stations;
    OpenArrivals arrivals;
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
    std::vector<EntityId> radio_entities, app_entities, clock_entities, client_entities,
        people_entities;
    std::vector<EntityId> relay_entities;
    std::vector<EntityId> time_server_entities;
    std::vector<std::string> time_server_groups;  ///< of each
    std::map<std::string, std::vector<EntityId>> groups;
    std::map<std::string, EntityId> station_entities;
    std::map<std::string, Index> station_index;
    std::vector<EntityId> arrival_entities;
    std::map<EntityId, Endpoint> endpoints;
    std::vector<std::vector<Index>> path_indices;  ///< by entry of network.paths
    Topology topology;
    std::vector<Faults::Plan> faults;
    std::vector<EntityId> faults_entities;      ///< by region
    std::vector<EntityId> samplers_entities;    ///< by region
    std::vector<std::vector<Index>> restarted;  ///< devices of each app_restart, by setting
};

// ---- building
// ------------------------------------------------------------------------------------

void World::Parts::build() {
    for (const char* of : {"device", "cell", "access_point", "link", "server", "conversation",
                           "population", "app", "fault"})
        kind(of);
    kernel.name_entities([this](EntityId entity) {
        const EntityDirectory::Place at = directory.place_of(entity);
        if (at.kind < 0) return "entity " + std::to_string(static_cast<std::uint32_t>(entity));
        return directory.kinds[static_cast<std::size_t>(at.kind)]
            .names[static_cast<std::size_t>(at.row)];
    });
    build_plans();
    // Sections in a fixed order, entries by name, members by number: what orders simultaneous
    // events.
    build_apps_and_timeline();
    build_network();
    build_populations();
    build_servers();
    build_paths();
    build_faults();
    wire_devices();
    for (std::uint32_t p = 0; p < kernel.partitions(); ++p) wire_relays(p);
    build_samplers();
}

void World::Parts::build_plans() {
    const std::uint32_t home_of_metro = partition_of(metro);
    kernel.add_model(home_of_metro, version_model);
    kernel.add_model(home_of_metro, timeline_model);
    kernel.add_model(home_of_metro, conversation_model);
    kernel.add_model(home_of_metro, links);
    kernel.add_model(home_of_metro, cells);
    kernel.add_model(home_of_metro, radios);
    kernel.add_model(home_of_metro, clocks);
    kernel.add_model(home_of_metro, time_clients);
    kernel.add_model(home_of_metro, time_servers);
    kernel.add_model(home_of_metro, stations);
    kernel.add_model(home_of_metro, arrivals);
    kernel.add_model(home_of_metro, clients);
}

void World::Parts::build_apps_and_timeline() {
    for (const Named<AppVersion>* app : by_name(scenario.apps)) {
        const EntityId id = declare<VersionEntities>(metro, identity_of("apps." + app->name));
        place(id, kind("app"), row(kind("app"), app->name));
        version_entities.push_back(id);
        app_names.push_back(app->name);
    }
    for (const FaultEntry& fault : scenario.timeline) {
        const EntityId id = declare<TimelineEntities>(metro, identity_of("timeline." + fault.name));
        place(id, kind("fault"), row(kind("fault"), fault.name));
        timeline_entities.push_back(id);
    }
}

void World::Parts::build_network() {
    const auto link = [this](const std::string& name, std::int64_t rate, Duration propagation,
                             std::uint64_t buffer) {
        Links::Params params;
        params.rate = rate;
        params.propagation = propagation;
        params.buffer_bytes = buffer;
        const Index index = links.add(params, identity_of(name));
        place(declare<Links>(metro, identity_of(name)), kind("link"), row(kind("link"), name));
        return index;
    };
    const auto site = [&](const std::string& section, const std::string& of, const auto& named) {
        const std::string name = section + "." + named.name;
        const Index up =
            link(name + ".uplink", named.value.uplink, named.value.propagation, named.value.buffer);
        const Index down = link(name + ".downlink", named.value.downlink, named.value.propagation,
                                named.value.buffer);
        cells.add(named.value, identity_of(name), up, down);
        const EntityId id = declare<Cells>(metro, identity_of(name));
        place(id, kind(of), row(kind(of), named.name));
        cell_entities.push_back(id);
        cell_names.push_back(name);
    };
    for (const auto* point : by_name(scenario.network.access_points))
        site("network.access_points", "access_point", *point);
    for (const auto* cell : by_name(scenario.network.cells)) site("network.cells", "cell", *cell);

    for (const Named<MobilityEntry>* entry : by_name(scenario.mobility)) {
        if (const auto* fixed = std::get_if<FixedPlace>(&entry->value)) {
            mobility_index[entry->name] = radios.add_mobility(Mobility::at(fixed->at));
        } else if (const auto* ride = std::get_if<RailRide>(&entry->value)) {
            mobility_index[entry->name] = radios.add_mobility(Mobility(*ride));
        } else {
            const auto found =
                std::find_if(scenario.traces.begin(), scenario.traces.end(),
                             [&](const auto& trace) { return trace.first == entry->name; });
            DRIFTSTORM_EXPECT(found != scenario.traces.end());
            const RadioTrace& trace = found->second;
            std::vector<Index> cell_of;
            for (const std::uint32_t number : trace.cells()) {
                const auto second = std::find_if(
                    trace.seconds.begin(), trace.seconds.end(), [&](const TraceSecond& s) {
                        return s.cell == number && s.technology != Technology::none;
                    });
                const Technology technology =
                    second == trace.seconds.end() ? Technology::none : second->technology;
                const std::string name =
                    "mobility." + entry->name + ".cell " + std::to_string(number);
                cell_of.push_back(cells.add_traced(technology, identity_of(name)));
                const EntityId id = declare<Cells>(metro, identity_of(name));
                place(id, kind("cell"),
                      row(kind("cell"), entry->name + " cell " + std::to_string(number)));
                cell_entities.push_back(id);
                cell_names.push_back(name);
            }
            trace_index[entry->name] = radios.add_trace(trace, std::move(cell_of));
        }
    }
    std::vector<std::string> routers;
    for (const auto& router : scenario.network.routers) routers.push_back(router.name);
    std::vector<Topology::Link> wires;
    for (const auto& wire : scenario.network.links) {
        const std::string& a = wire.value.between[0];
        const std::string& b = wire.value.between[1];
        wires.push_back({a, b, wire.value.propagation, wire.name + " from " + a});
        wires.push_back({b, a, wire.value.propagation, wire.name + " from " + b});
    }
    topology = Topology(std::move(routers), std::move(wires));
}

void World::Parts::build_populations() {
    // Clients of time need their servers' entities, which come later in the order: plans are
    // completed then.
    std::vector<std::uint16_t> versions;
    std::vector<std::uint16_t> habits;
    People::Params people_params;
    people_params.epoch_unix_ns = scenario.epoch.unix_ns;
    for (const PopulationPlan::Devices& group : plan.groups) {
        for (const PopulationPlan::Device& device : group.devices) {
            const auto found = std::find(app_names.begin(), app_names.end(), device.app);
            versions.push_back(found == app_names.end()
                                   ? std::uint16_t{0xffff}
                                   : static_cast<std::uint16_t>(found - app_names.begin()));
            habits.push_back(static_cast<std::uint16_t>(people_params.habits.size()));
        }
        people_params.habits.push_back(*group.habits);
    }
    Apps::Params params;
    for (const Named<AppVersion>* app : by_name(scenario.apps))
        params.versions.push_back(app->value);
    params.version_entities = version_entities;
    params.epoch_unix_ns = scenario.epoch.unix_ns;
    if (const Named<ServerEntry>* group = relay_group(scenario)) {
        const auto& relay = std::get<RelayGroup>(group->value);
        params.gap_timeout = relay.sequencing.gap_timeout;
        params.resync_on_gap = relay.sequencing.on_gap_timeout == OnGapTimeout::resync;
        params.epoch_spread = relay.resync.spread;
    }
    apps = std::make_unique<Apps>(std::move(params), plan.conversations, std::move(versions));
    people = std::make_unique<People>(std::move(people_params), std::move(habits),
                                      plan.conversations, *apps);
    kernel.add_model(partition_of(metro), *apps);
    kernel.add_model(partition_of(metro), *people);

    std::uint32_t number = 0;
    for (const Named<PopulationEntry>* entry : by_name(scenario.populations)) {
        row(kind("population"), entry->name);
        if (const auto* devices = std::get_if<DevicePopulation>(&entry->value)) {
            add_devices(entry->name, *devices, number);
            add_conversations(entry->name, number);
            ++number;
        }
    }
    radios.prepare();
}

void World::Parts::add_devices(const std::string& name, const DevicePopulation& population,
                               std::uint32_t number) {
    const PopulationPlan::Devices& group = plan.groups[number];
    Interfaces interfaces{};
    for (std::size_t i = 0; i < population.interfaces.size() && i < interfaces.size(); ++i)
        interfaces[i] = population.interfaces[i];
    EntityKind& devices = directory.kinds[static_cast<std::size_t>(kind("device"))];
    std::optional<Index> nowhere;
    for (std::uint32_t member = 0; member < group.devices.size(); ++member) {
        const PopulationPlan::Device& device = group.devices[member];
        const std::int32_t at = static_cast<std::int32_t>(devices.names.size());
        devices.names.push_back(name + "[" + std::to_string(member) + "]");
        devices.population.push_back(name);
        devices.member.push_back(member);
        const auto aspect = [&](std::string_view model) {
            return identity_of(device.identity, stable_hash(model));
        };

        Radios::Device radio;
        radio.identity = aspect(Radios::name);
        radio.interfaces = interfaces;
        const auto trace = trace_index.find(device.mobility);
        if (trace != trace_index.end()) {
            const auto found =
                std::find_if(scenario.mobility.begin(), scenario.mobility.end(),
                             [&](const auto& entry) { return entry.name == device.mobility; });
            const auto& replay = std::get<TraceReplay>(found->value);
            const auto recorded =
                std::find_if(scenario.traces.begin(), scenario.traces.end(),
                             [&](const auto& entry) { return entry.first == device.mobility; });
            radio.trace = trace->second;
            for (const bool up : {true, false}) {
                const std::string link =
                    "populations." + devices.names.back() + (up ? ".uplink" : ".downlink");
                const Index index = links.add(
                    {}, identity_of(link), recorded->second.capacity(up ? replay.uplink_share : 1));
                place(declare<Links>(metro, identity_of(link)), kind("link"),
                      row(kind("link"), link));
                (up ? radio.uplink : radio.downlink) = index;
            }
        } else if (const auto ride = mobility_index.find(device.mobility);
                   ride != mobility_index.end()) {
            radio.mobility = ride->second;
            radio.late = device.late;
        } else {
            if (!nowhere) nowhere = radios.add_mobility(Mobility::at(0));
            radio.mobility = *nowhere;
        }
        radios.add(radio);
        radio_entities.push_back(declare<Radios>(metro, aspect(Radios::name)));
        clocks.add(*device.clock, aspect(DeviceClocks::name),
                   EntityId{static_cast<std::uint32_t>(kernel.entity_count())});
        clock_entities.push_back(declare<DeviceClocks>(metro, aspect(DeviceClocks::name)));
        client_entities.push_back(declare<TimeClients>(metro, aspect(TimeClients::name)));
        app_entities.push_back(declare<Apps>(metro, aspect(Apps::name)));
        people_entities.push_back(declare<People>(metro, aspect(People::name)));
        for (const EntityId id :
             {radio_entities.back(), clock_entities.back(), client_entities.back(),
              app_entities.back(), people_entities.back()})
            place(id, kind("device"), at);
    }
}

void World::Parts::add_conversations(const std::string& name, std::uint32_t number) {
    const PopulationPlan::Devices& group = plan.groups[number];
    for (std::uint32_t i = 0; i < group.conversations; ++i) {
        const std::uint32_t conversation = group.first_conversation + i;
        const EntityId id =
            declare<ConversationEntities>(metro, plan.conversations.identity(conversation));
        place(id, kind("conversation"),
              row(kind("conversation"), name + ".conversations[" + std::to_string(i) + "]"));
        plan.conversations.set_entity(conversation, id);
    }
}

void World::Parts::build_servers() {
    std::uint32_t relays_seen = 0;
    for (Partition& part : partitions)
        for (const std::uint32_t region : part.regions)
            if (region != metro) part.relay_numbers.push_back(region - 1);
    if (const Named<ServerEntry>* group = relay_group(scenario)) {
        for (std::uint32_t p = 0; p < kernel.partitions(); ++p) {
            Partition& part = partitions[p];
            if (part.relay_numbers.empty()) continue;
            Relays::Params params;
            params.relay = std::get<RelayGroup>(group->value);
            params.radios = radio_entities;
            part.relays =
                std::make_unique<Relays>(std::move(params), plan.conversations, part.relay_numbers);
            kernel.add_model(p, *part.relays);
        }
    }
    const auto served = [this](EntityId id, const std::string& name, const std::string& group) {
        place(id, kind("server"), row(kind("server"), name));
        groups[group].push_back(id);
    };
    for (const Named<ServerEntry>* entry : by_name(scenario.servers)) {
        if (const auto* group = std::get_if<RelayGroup>(&entry->value)) {
            for (std::uint32_t node = 0; node < group->nodes; ++node) {
                const std::string name = node_name(entry->name, node);
                relay_entities.push_back(declare<Relays>(1 + node, identity_of(name)));
                endpoints[relay_entities.back()] = first_server_endpoint + relays_seen++;
                served(relay_entities.back(), entry->name + "[" + std::to_string(node) + "]",
                       entry->name);
            }
        } else if (const auto* times = std::get_if<TimeServerGroup>(&entry->value)) {
            for (std::uint32_t node = 0; node < times->nodes; ++node) {
                const std::string name = node_name(entry->name, node);
                const EntityId id{static_cast<std::uint32_t>(kernel.entity_count())};
                time_servers.add(*times, identity_of(name), id);
                declare<TimeServers>(metro, identity_of(name));
                time_server_entities.push_back(id);
                time_server_groups.push_back(entry->name);
                endpoints[id] = first_server_endpoint + relay_nodes(scenario) +
                                static_cast<Endpoint>(time_server_entities.size()) - 1;
                served(id, entry->name + "[" + std::to_string(node) + "]", entry->name);
            }
        } else {
            const std::string name = "servers." + entry->name;
            const auto& station = std::get<StationGroup>(entry->value);
            station_index[entry->name] =
                stations.add(station, stable_hash(name), answer_door<RetryingClients>());
            const EntityId id = declare<Stations>(metro, identity_of(name));
            station_entities[entry->name] = id;
            served(id, entry->name, entry->name);
        }
    }
    for (Partition& part : partitions)
        if (part.relays) part.relays->set_nodes(relay_entities);
    apps->set_nodes(relay_entities);
    for (const Named<PopulationEntry>* entry : by_name(scenario.populations))
        if (const auto* customers = std::get_if<CustomerPopulation>(&entry->value))
            add_customers(entry->name, *customers);

    // Time clients, now that their servers have entities.
    for (std::uint32_t device = 0; device < radio_entities.size(); ++device) {
        const ClockEntry& clock = *plan.device(device).clock;
        const std::string_view clock_name = plan.device(device).clock_name;
        auto known = sync_plans.find(clock_name);
        if (known == sync_plans.end()) {
            TimeClients::SyncPlan sync;
            for (const SyncSource& source : clock.sync) {
                sync.sources.push_back(source);
                const auto* sntp = std::get_if<SntpParams>(&source);
                sync.nodes.push_back(sntp == nullptr ? std::vector<EntityId>{}
                                                     : groups[sntp->server]);
            }
            known = sync_plans.emplace(clock_name, time_clients.add_plan(std::move(sync))).first;
        }
        time_clients.add(known->second,
                         identity_of(plan.device(device).identity, stable_hash(TimeClients::name)),
                         radio_entities[device]);
    }
}

void World::Parts::build_paths() {
    for (Partition& part : partitions)
        part.networks = std::make_unique<RegionNetworks>(part.regions.size());
    for (std::uint32_t p = 0; p < kernel.partitions(); ++p)
        kernel.add_model(p, *partitions[p].networks);
    const auto ends = [this](const std::string& name) {
        std::vector<std::pair<std::string, Endpoint>> all;
        for (std::size_t t = 1; t < enum_words<Technology>.size(); ++t)
            if (enum_words<Technology>[t] == name) all.emplace_back(name, static_cast<Endpoint>(t));
        const auto group = groups.find(name);
        if (all.empty() && group != groups.end())
            for (std::size_t i = 0; i < group->second.size(); ++i)
                all.emplace_back(name + "[" + std::to_string(i) + "]", endpoint(group->second[i]));
        return all;
    };
    path_indices.resize(scenario.network.paths.size());
    for (std::uint32_t region = 0; region < regions(); ++region) {
        Partition& part = home(region);
        declare<RegionNetworks>(region, identity_of(identity_of("regions.network"), region));
        const Index local = part.networks->add_region(Routing(topology, scenario.network.routing));
        Paths& paths = part.networks->paths(local);
        for (std::size_t i = 0; i < scenario.network.paths.size(); ++i) {
            const PathEntry& entry = scenario.network.paths[i];
            Paths::Params params;
            params.propagation = entry.delay.propagation;
            params.extra = entry.delay.extra;
            params.loss = entry.loss;
            params.bursts = entry.bursts;
            const bool inside = entry.from.name == entry.to.name;
            std::vector<Index> made;
            for (const auto& [from, a] : ends(entry.from.name))
                for (const auto& [to, b] : ends(entry.to.name)) {
                    if (inside && a >= b) continue;
                    const Index path =
                        paths.add(params, identity_of("network.paths." + from + " to " + to), a, b);
                    made.push_back(path);
                    if (entry.over.size() != 2) continue;
                    paths.route_over(path, part.networks->routing(local),
                                     *topology.node(entry.over[0]), *topology.node(entry.over[1]));
                }
            path_indices[i] = std::move(made);
        }
    }
    // The lookahead: no message between two regions takes less.
    Duration least{std::numeric_limits<std::int64_t>::max()};
    const Paths& paths = metro_partition().networks->paths(0);
    std::vector<std::pair<Endpoint, std::uint32_t>> all;  // endpoint, region
    for (std::size_t t = 1; t < enum_words<Technology>.size(); ++t)
        all.emplace_back(static_cast<Endpoint>(t), metro);
    for (const auto& [entity, end] : endpoints)
        all.emplace_back(end, end - first_server_endpoint < relay_nodes(scenario)
                                  ? 1 + end - first_server_endpoint
                                  : metro);
    for (const auto& [a, region_a] : all)
        for (const auto& [b, region_b] : all) {
            if (region_a == region_b) continue;
            if (const auto path = paths.find(a, b))
                least = std::min(least, paths.least_delay(*path));
        }
    if (least.ns == std::numeric_limits<std::int64_t>::max()) least = Duration{1'000'000'000};
    kernel.set_lookahead(least);
}

void World::Parts::add_customers(const std::string& name, const CustomerPopulation& population) {
    const std::string path = "populations." + name;
    const std::vector<std::string>& names =
        directory.kinds[static_cast<std::size_t>(kind("population"))].names;
    const auto at =
        static_cast<std::int32_t>(std::find(names.begin(), names.end(), name) - names.begin());
    // All customers of the world ask through a group of clients, which repeats what does not
    // succeed or does not.
    RetryingClients::Params patience;
    patience.retries = 0;
    clients.add(population.retry.value_or(patience), stable_hash(path),
                ask_door(Address<Stations>{station_entities.at(population.station.name)}));
    const EntityId group = declare<RetryingClients>(metro, identity_of(path + ".clients"));
    place(group, kind("population"), at);
    const Index index =
        arrivals.add(population.arrivals, ask_door(Address<RetryingClients>{group}));
    const EntityId id = declare<OpenArrivals>(metro, identity_of(path));
    place(id, kind("population"), at);
    arrival_entities.push_back(id);
    DRIFTSTORM_EXPECT(kernel.index_of(id) == index);
}

// ---- faults
// --------------------------------------------------------------------------------------

void World::Parts::build_faults() {
    Complaints nobody;
    for (std::size_t i = 0; i < scenario.timeline.size(); ++i) {
        const FaultEntry& fault = scenario.timeline[i];
        if (fault.length && fault.length->ns == 0) continue;  // does not happen, nor its restart
        const std::optional<Targets> targets = resolve_target(scenario, fault, nobody);
        DRIFTSTORM_EXPECT(targets.has_value());
        Faults::Plan entry;
        entry.entity = timeline_entities[i];
        entry.kind = fault.fault;
        entry.setting = static_cast<std::uint32_t>(i);
        entry.begin = fault.at;
        entry.length = fault.length.value_or(Duration{});
        for (std::size_t match = 0; match < targets->names.size(); ++match) {
            Faults::Plan one = entry;
            const std::string& name = targets->names[match];
            const std::uint32_t member = targets->members[match];
            switch (targets->kind) {
                case TargetKind::cell:
                case TargetKind::access_point: {
                    const std::string full =
                        (targets->kind == TargetKind::cell ? "network.cells."
                                                           : "network.access_points.") +
                        name;
                    one.target = static_cast<std::uint32_t>(
                        std::find(cell_names.begin(), cell_names.end(), full) - cell_names.begin());
                    one.target_entity = cell_entities[one.target];
                    break;
                }
                case TargetKind::server_node: {
                    const auto group = groups.find(name);
                    one.target_entity = group->second[member];
                    const auto end = endpoints.find(one.target_entity);
                    one.target = end == endpoints.end() ? 1'000'000 + station_index.at(name)
                                                        : end->second - first_server_endpoint;
                    if (one.target < relay_nodes(scenario)) one.owner = 1 + one.target;
                    break;
                }
                case TargetKind::router:
                    one.target = *topology.node(name);
                    break;
                case TargetKind::wire:
                    // Both directions fail together: two plans.
                    for (const std::string& end : wire_ends(scenario, name)) {
                        one.target = *topology.link(name + " from " + end) + topology.nodes();
                        faults.push_back(one);
                    }
                    continue;
                case TargetKind::path:
                    one.target = 2'000'000 + member;
                    break;
                case TargetKind::device:
                    one.target = static_cast<std::uint32_t>(restarted.size());
                    one.length = {};
                    restarted.push_back(plan.matching(name, member, targets->attributes));
                    break;
            }
            faults.push_back(one);
        }
    }
    for (std::uint32_t p = 0; p < kernel.partitions(); ++p) {
        Partition& part = partitions[p];
        part.faults = std::make_unique<Faults>(
            faults, part.regions,
            [this](Context& context, std::uint32_t region, const Faults::Plan& fault,
                   FaultEdge edge) { act(context, region, fault, edge); });
        part.samplers = std::make_unique<Samplers>();
        kernel.add_model(p, *part.faults);
        kernel.add_model(p, *part.samplers);
    }
    for (std::uint32_t region = 0; region < regions(); ++region) {
        faults_entities.push_back(
            declare<Faults>(region, identity_of(identity_of("regions.faults"), region)));
        samplers_entities.push_back(
            declare<Samplers>(region, identity_of(identity_of("regions.samplers"), region)));
    }
}

void World::Parts::act(Context& context, std::uint32_t region, const Faults::Plan& fault,
                       FaultEdge edge) {
    const bool begins = edge == FaultEdge::begins;
    const FaultEntry& entry = scenario.timeline[fault.setting];
    Partition& part = home(region);
    const bool relay = fault.target < relay_nodes(scenario);
    const bool here = relay && region == 1 + fault.target;
    switch (fault.kind) {
        case FaultKind::node_down:
            if (here) {
                const Index node = kernel.index_of(relay_entities[fault.target]);
                if (begins) {
                    part.relays->fail(context, node);
                } else {
                    part.relays->restore(context, node, entry.restart.cold_cache, fault.entity);
                }
            }
            if (region != metro) return;
            if (relay) {
                apps->node_changed(context, fault.target);
            } else if (fault.target >= 1'000'000) {
                context.send(Duration{}, Address<Stations>{fault.target_entity},
                             Stations::SetDown{begins});
            } else {
                const Index node = kernel.index_of(fault.target_entity);
                if (begins) {
                    time_servers.go_down(node);
                } else {
                    time_servers.come_up(node);
                }
            }
            return;
        case FaultKind::clock_step: {
            const Duration by = begins ? *entry.by : -*entry.by;
            if (here) part.relays->step_clock(kernel.index_of(relay_entities[fault.target]), by);
            if (region == metro && !relay && fault.target < 1'000'000)
                time_servers.step(context, kernel.index_of(fault.target_entity), by);
            return;
        }
        case FaultKind::link_down:
        case FaultKind::packet_loss:
            if (fault.kind == FaultKind::link_down || fault.target >= 2'000'000) {
                act_on_network(context, region, fault, edge);
                return;
            }
            [[fallthrough]];
        case FaultKind::cell_degrade:
        case FaultKind::cell_down:
        case FaultKind::capacity_factor:
            if (region == metro) act_on_cell(context, fault, edge);
            return;
        case FaultKind::app_restart:
            if (region == metro && begins) restart_apps(context, fault);
            return;
    }
}

void World::Parts::act_on_cell(Context& context, const Faults::Plan& fault, FaultEdge edge) {
    const bool begins = edge == FaultEdge::begins;
    const FaultSettings& set = scenario.timeline[fault.setting].set;
    const Index cell = fault.target;
    switch (fault.kind) {
        case FaultKind::cell_degrade:
            if (begins) {
                const std::int64_t down =
                    set.downlink.value_or(links.params(cells.downlink(cell)).rate);
                const std::int64_t up = set.uplink.value_or(links.params(cells.uplink(cell)).rate);
                radios.degrade(context, cell, down, up);
            } else {
                radios.restore(context, cell);
            }
            return;
        case FaultKind::cell_down:
            radios.set_cell_up(context, cell, !begins);
            return;
        case FaultKind::capacity_factor:
            radios.set_factor(context, cell, begins ? *set.factor : 1.0);
            return;
        default:
            if (begins) {
                radios.set_loss(cell, *set.loss);
            } else {
                radios.restore_loss(cell);
            }
            return;
    }
}

void World::Parts::act_on_network(Context& context, std::uint32_t region, const Faults::Plan& fault,
                                  FaultEdge edge) {
    const bool begins = edge == FaultEdge::begins;
    Partition& part = home(region);
    const Index local = part.local(region);
    if (fault.kind == FaultKind::link_down) {
        const bool node = fault.target < topology.nodes();
        const NetworkElement element{node ? ElementKind::node : ElementKind::link,
                                     node ? fault.target : fault.target - topology.nodes()};
        if (begins) {
            part.networks->fail(context, local, element);
        } else {
            part.networks->repair(context, local, element);
        }
        return;
    }
    for (const Index path : path_indices[fault.target - 2'000'000]) {
        if (begins) {
            part.networks->paths(local).set_loss(path, *scenario.timeline[fault.setting].set.loss);
        } else {
            part.networks->paths(local).restore_loss(path);
        }
    }
}

void World::Parts::restart_apps(Context& context, const Faults::Plan& fault) {
    const FaultEntry& entry = scenario.timeline[fault.setting];
    for (const Index device : restarted[fault.target])
        if (!plan.device(device).app.empty())
            apps->restart(context, device, entry.length.value_or(Duration{}), entry.clear_cache);
}

// ---- wiring
// --------------------------------------------------------------------------------------

void World::Parts::wire_devices() {
    Partition& part = metro_partition();
    const Index here = part.local(metro);
    const auto has_app = [this](Index device) { return !plan.device(device).app.empty(); };

    links.exit = [this](Context& context, Index link, Duration delay, const Packet& packet) {
        if (packet.direction == Direction::down) {
            radios.from_link(context, link, delay, packet);
            return;
        }
        const std::optional<Duration> way =
            cross(context, metro, endpoint_of(packet.address.technology), endpoint(packet.server),
                  packet);
        if (!way) return;
        if (packet.protocol == Protocol::messaging) {
            context.send(delay + *way, Address<Relays>{packet.server}, PacketArrives{}, packet);
        } else {
            context.send(delay + *way, Address<TimeServers>{packet.server}, PacketArrives{},
                         packet);
        }
    };
    radios.to_device = [this](Context& context, Duration delay, const Packet& packet) {
        const Index device = kernel.index_of(packet.device);
        if (packet.protocol == Protocol::messaging) {
            context.send(delay, Address<Apps>{app_entities[device]}, PacketArrives{}, packet);
        } else {
            context.send(delay, Address<TimeClients>{client_entities[device]}, PacketArrives{},
                         packet);
        }
    };
    radios.on_network_change.push_back([this, has_app](Context& context, Index device,
                                                       NetworkAddress, NetworkAddress,
                                                       bool online) {
        if (has_app(device)) apps->network_changed(context, device);
        if (online) time_clients.on_network(context, device);
    });
    radios.on_cell_attach.push_back([this](Context& context, Index device, Index cell) {
        if (cells.technology(cell) != Technology::wifi)  // access points send no NITZ
            time_clients.on_cell_attach(context, device, cell_entities[cell]);
    });

    time_clients.set_connected([this](Index device) { return radios.online(device); });
    time_clients.set_door_up([this](Context& context, Duration, const Packet& packet) {
        Packet sent = packet;
        const Index device = kernel.index_of(packet.device);
        sent.address = radios.address(device);
        radios.up(context, device, sent);
    });
    time_servers.set_door_down([this](Context& context, Duration delay, const Packet& packet) {
        const std::optional<Duration> way = cross(context, metro, endpoint(packet.server),
                                                  endpoint_of(packet.address.technology), packet);
        if (way)
            context.send(delay + *way, Address<Radios>{packet.device}, PacketArrives{}, packet);
    });
    sync_timer = clocks.add_owner(
        [this](Context& context, Index device, std::uint32_t) { apps->sync_due(context, device); });
    clocks.on_step([this, has_app](Context& context, Index device, Duration) {
        if (has_app(device)) apps->clock_stepped(context, device);
    });

    AppSurroundings around;
    around.send_up = [this](Context& context, Index device, Packet& packet) {
        packet.device = radio_entities[device];
        radios.up(context, device, packet);
    };
    around.address = [this](Index device) { return radios.address(device); };
    around.wall = [this](Index device, Time now) {
        return clocks.read(device, ClockKind::wall, now);
    };
    around.arm_sync = [this](Context& context, Index device, Reading target) {
        clocks.arm(context, device, ClockKind::wall, target, sync_timer, 0);
    };
    around.fault_of_node = [this, here](std::uint32_t node) {
        return metro_partition().faults->active(here, FaultKind::node_down, node);
    };
    around.fault_of_radio = [this, here](Index device) {
        const Index cell = radios.serving(device);
        if (cell == no_index) return no_entity;
        for (const FaultKind of : {FaultKind::cell_down, FaultKind::cell_degrade,
                                   FaultKind::packet_loss, FaultKind::capacity_factor}) {
            const EntityId fault = metro_partition().faults->active(here, of, cell);
            if (fault != no_entity) return fault;
        }
        return no_entity;
    };
    around.failed = [this](Context& context, Index device, std::uint32_t count) {
        people->failed(context, device, count);
    };
    around.visible = [this](Context& context, Index device, const MessageBody& message) {
        people->shown(context, device, message);
    };
    apps->surround(std::move(around));
}

void World::Parts::wire_relays(std::uint32_t partition) {
    Partition& part = partitions[partition];
    if (!part.relays) return;
    RelaySurroundings around;
    around.send_down = [this](Context& context, std::uint32_t node, Duration extra,
                              Packet& packet) {
        const std::optional<Duration> way = cross(context, 1 + node, first_server_endpoint + node,
                                                  endpoint_of(packet.address.technology), packet);
        if (way)
            context.send(extra + *way, Address<Radios>{packet.device}, PacketArrives{}, packet);
    };
    around.send_to_node = [this](Context& context, std::uint32_t from, std::uint32_t to,
                                 Packet& packet) {
        const std::optional<Duration> way = cross(context, 1 + from, first_server_endpoint + from,
                                                  first_server_endpoint + to, packet);
        if (way) context.send(*way, Address<Relays>{relay_entities[to]}, PacketArrives{}, packet);
    };
    around.between = [this](std::uint32_t from, std::uint32_t to) {
        Partition& asker = home(1 + from);
        const Paths& paths = asker.networks->paths(asker.local(1 + from));
        const auto path = paths.find(first_server_endpoint + from, first_server_endpoint + to);
        return path ? paths.params(*path).propagation : Duration{};
    };
    around.up = [this](std::uint32_t asker, std::uint32_t node) {
        Partition& asking = home(1 + asker);
        return asking.faults->active(asking.local(1 + asker), FaultKind::node_down, node) ==
               no_entity;
    };
    part.relays->surround(std::move(around));
}

void World::Parts::build_samplers() {
    series = declare_series(scenario);
    WorldView view{scenario,
                   kernel,
                   plan,
                   radios,
                   cells,
                   clocks,
                   time_servers,
                   *apps,
                   stations,
                   relay_entities,
                   time_server_entities,
                   time_server_groups,
                   station_entities,
                   cell_entities,
                   {}};
    for (Partition& part : partitions) view.relays.push_back(part.relays.get());
    for (std::uint32_t region = 0; region < regions(); ++region)
        home(region).samplers->add(scenario.outputs.series.every, looks_of(view, region));
}

void World::Parts::start() {
    for (Index i = 0; i < radio_entities.size(); ++i) {
        radios.start(kernel.as(radio_entities[i]), i);
        clocks.start(kernel.as(clock_entities[i]), i);
        time_clients.start(kernel.as(client_entities[i]), i);
        if (plan.device(i).app.empty()) continue;
        apps->start(kernel.as(app_entities[i]), i);
        people->start(kernel.as(people_entities[i]), i);
    }
    for (const EntityId relay : relay_entities)
        partitions[kernel.partition_of(relay)].relays->start(kernel.as(relay),
                                                             kernel.index_of(relay));
    for (const auto& [name, id] : station_entities)
        stations.open(kernel.index_of(id), kernel.as(id));
    for (const EntityId id : arrival_entities) arrivals.open(kernel.index_of(id), kernel.as(id));
    for (std::uint32_t region = 0; region < regions(); ++region) {
        Partition& part = home(region);
        part.faults->start(kernel.as(faults_entities[region]), part.local(region));
        part.samplers->start(kernel.as(samplers_entities[region]), part.local(region));
    }
}

// ---- World
// ---------------------------------------------------------------------------------------

World::World(const Scenario& scenario, const Options& options)
    : parts_(std::make_unique<Parts>(scenario, options)) {}
World::~World() = default;

Kernel& World::kernel() { return parts_->kernel; }
const Kernel& World::kernel() const { return parts_->kernel; }
const EntityDirectory& World::directory() const { return parts_->directory; }
const std::vector<SeriesDefinition>& World::series() const { return parts_->series; }
std::uint32_t World::partitions() const { return parts_->kernel.partitions(); }
std::size_t World::devices() const { return parts_->radio_entities.size(); }
void World::start() { parts_->start(); }

void World::finish() {
    std::vector<const Relays*> relays(parts_->relay_entities.size(), nullptr);
    for (std::size_t node = 0; node < relays.size(); ++node)
        relays[node] = parts_->partitions[parts_->kernel.partition_of(parts_->relay_entities[node])]
                           .relays.get();
    record_copies_left(parts_->kernel, *parts_->apps, relays, parts_->app_entities);
    parts_->kernel.run_until(parts_->kernel.now());  // hands the rows out
}

std::string World::entity_name(EntityId entity) const {
    const EntityDirectory::Place at = parts_->directory.place_of(entity);
    if (at.kind < 0) return "entity " + std::to_string(static_cast<std::uint32_t>(entity));
    return parts_->directory.kinds[static_cast<std::size_t>(at.kind)]
        .names[static_cast<std::size_t>(at.row)];
}

Regions World::regions(const Scenario& scenario) {
    Regions regions;
    regions.names.push_back("metro");
    regions.reasons.push_back(
        "devices, cells, access points, time servers and stations touch each other's state "
        "directly");
    if (const Named<ServerEntry>* group = relay_group(scenario))
        for (std::uint32_t node = 0; node < std::get<RelayGroup>(group->value).nodes; ++node) {
            regions.names.push_back(node_name(group->name, node));
            regions.reasons.push_back("one node; all its paths have a propagation delay");
        }
    return regions;
}

}  // namespace driftstorm
