// Entities and models of a world, section by section.
#include "scenarios/world_parts.hpp"
#include "scenarios/world_series.hpp"

#include <algorithm>
#include <limits>

namespace driftstorm {

namespace {

/// Customers of an open population who may come at one instant.
double at_once(const OpenArrivals::Params& arrivals) {
    const double count = static_cast<double>(arrivals.count);
    double come = 1.0;
    if (arrivals.process == ArrivalProcess::spread)
        come += count / (1.0 + static_cast<double>(arrivals.over.ns));
    if (arrivals.process == ArrivalProcess::renewal && arrivals.gap && arrivals.gap->max() <= 0.0)
        come = count;
    return arrivals.batch ? come * std::clamp(arrivals.batch->max(), 1.0, 1e6) : come;
}

/// Events that may fall on one instant without a loop: all that a world holds may happen to act at
/// once (a fault ends, a full hour strikes), and customers repeat what fails at once.
std::int64_t events_at_an_instant(const Scenario& scenario, std::size_t entities) {
    constexpr double of_each = 20.0;  // more than any handler sets off at its own instant
    double events = of_each * static_cast<double>(entities);
    for (const Named<PopulationEntry>& entry : scenario.populations) {
        const std::optional<Customers> customers = customers_of(entry.value);
        if (!customers) continue;
        double asking = 0.0;
        if (const auto* open = std::get_if<CustomerPopulation>(&entry.value))
            asking = at_once(open->arrivals);
        if (const auto* finite = std::get_if<FinitePopulation>(&entry.value))
            asking = finite->count;
        const double repeated = *customers->retry && never_waits(**customers->retry)
                                    ? static_cast<double>((*customers->retry)->retries)
                                    : 0.0;
        events += of_each * asking * (1.0 + repeated);
    }
    return static_cast<std::int64_t>(std::min(events, 1e18));
}

}  // namespace

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
    wire_losses();
    build_samplers();
    kernel.expect_at_an_instant(events_at_an_instant(scenario, kernel.entity_count()));
}

void World::Parts::build_plans() {
    const std::uint32_t home_of_metro = partition_of(metro);
    clocks.set_epoch(scenario.epoch.unix_ns);
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
    kernel.add_model(home_of_metro, sources);
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

    std::size_t members = 0;
    for (const PopulationPlan::Devices& group : plan.groups) members += group.devices.size();
    radios.reserve(members);
    clocks.reserve(members);
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
            params.relay = static_cast<const RelayParams&>(std::get<RelayGroup>(group->value));
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
        if (const auto* customers = std::get_if<CustomerPopulation>(&entry->value)) {
            add_customers(entry->name, *customers);
        } else if (const auto* finite = std::get_if<FinitePopulation>(&entry->value)) {
            add_sources(entry->name, *finite);
        }
    build_time_clients();
}

/// Now that their servers have entities.
void World::Parts::build_time_clients() {
    program_of.assign(radio_entities.size(), no_index);
    for (std::uint32_t device = 0; device < radio_entities.size(); ++device) {
        const ClockEntry& clock = *plan.device(device).clock;
        const std::string_view clock_name = plan.device(device).clock_name;
        const std::uint64_t identity = plan.device(device).identity;
        auto known = sync_plans.find(clock_name);
        if (known == sync_plans.end()) {
            TimeClients::SyncPlan sync;
            for (const SyncSource& source : clock.sources()) {
                sync.sources.push_back(source);
                const auto* sntp = std::get_if<SntpParams>(&source);
                sync.nodes.push_back(sntp == nullptr ? std::vector<EntityId>{}
                                                     : groups[sntp->server]);
            }
            known = sync_plans.emplace(clock_name, time_clients.add_plan(std::move(sync))).first;
        }
        time_clients.add(known->second, identity_of(identity, stable_hash(TimeClients::name)),
                         radio_entities[device]);
        const HostedWords* program = clock.program();
        if (program == nullptr) continue;
        auto planned = program_plans.find(clock_name);
        if (planned == program_plans.end()) {
            ProgramClients::Plan made = program_plan(*clock.time_sync);
            made.nodes = groups[program->server];
            planned =
                program_plans.emplace(clock_name, time_programs.add_plan(std::move(made))).first;
        }
        // A world without such clients has no such model: nothing of it moves.
        if (program_entities.empty()) kernel.add_model(partition_of(metro), time_programs);
        const std::uint64_t aspect = identity_of(identity, stable_hash(ProgramClients::name));
        program_of[device] =
            time_programs.add(planned->second, aspect, device, radio_entities[device]);
        program_entities.push_back(declare<ProgramClients>(metro, aspect));
        place(program_entities.back(), kind("device"),
              directory.place_of(radio_entities[device]).row);
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
            params.asymmetry = entry.delay.asymmetry;
            const bool inside = entry.from.name == entry.to.name;
            std::vector<Index> made;
            for (const auto& [from, a] : ends(entry.from.name))
                for (const auto& [to, b] : ends(entry.to.name)) {
                    if (inside && a >= b) continue;
                    std::string declared = "network.paths.";
                    declared.append(from).append(" to ").append(to);
                    const Index path = paths.add(params, identity_of(declared), a, b);
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

/// All customers of the world ask through a group of clients, which repeats what does not succeed
/// or does not.
EntityId World::Parts::add_clients(const std::string& name, const Customers& customers,
                                   AnswerDoor answers) {
    const std::string path = "populations." + name;
    RetryingClients::Params patience;
    patience.retries = 0;
    const EntityId station = station_entities.at(customers.station->name);
    clients.add(customers.retry->value_or(patience), stable_hash(path),
                ask_door(Address<Stations>{station}), std::move(answers));
    const EntityId group = declare<RetryingClients>(metro, identity_of(path + ".clients"));
    place(group, kind("population"), population_row(name));
    return group;
}

void World::Parts::add_customers(const std::string& name, const CustomerPopulation& population) {
    const EntityId group = add_clients(name, *customers_of(population), {});
    const Index index =
        arrivals.add(population.arrivals, ask_door(Address<RetryingClients>{group}));
    const EntityId id = declare<OpenArrivals>(metro, identity_of("populations." + name));
    place(id, kind("population"), population_row(name));
    arrival_entities.push_back(id);
    DRIFTSTORM_EXPECT(kernel.index_of(id) == index);
}

void World::Parts::add_sources(const std::string& name, const FinitePopulation& population) {
    const EntityId group =
        add_clients(name, *customers_of(population), answer_door<FiniteSources>());
    const std::uint32_t of =
        sources.add_kind(population, ask_door(Address<RetryingClients>{group}));
    const std::uint64_t parent = identity_of("populations." + name);
    for (std::uint32_t member = 0; member < population.count; ++member) {
        const Index index = sources.add_member(of);
        const EntityId id = declare<FiniteSources>(metro, identity_of(parent, member));
        place(id, kind("population"), population_row(name));
        source_entities.push_back(id);
        DRIFTSTORM_EXPECT(kernel.index_of(id) == index);
    }
}

void World::Parts::build_samplers() {
    series = declare_series(scenario);
    histograms = declare_histograms(scenario);
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
    build_clock_sampler();
}

/// Single clocks have a period of their own, and so a sampler beside those of the regions.
void World::Parts::build_clock_sampler() {
    if (scenario.outputs_none || !scenario.outputs.clocks) return;
    Complaints told;  // when the scenario was read
    const std::optional<Targets> of = resolve_devices(scenario, scenario.outputs.clocks->of, told);
    if (!of) return;
    std::vector<Index> devices;
    for (std::size_t i = 0; i < of->names.size(); ++i)
        for (const Index device : plan.matching(of->names[i], of->members[i], of->attributes))
            devices.push_back(device);
    const Samplers::Look look = [this, devices](Context& context) {
        for (const Index device : devices)
            context.record(ClockOffset{radio_entities[device],
                                       clocks.raw_offset_ns(device, context.now()),
                                       clocks.offset_ns(device, context.now())});
    };
    metro_partition().samplers->add(scenario.outputs.clocks->every, {look});
    samplers_entities.push_back(declare<Samplers>(metro, stable_hash("clocks.sampler")));
}

}  // namespace driftstorm
