// The timeline: what each fault does to a world.
#include "scenarios/world_parts.hpp"

namespace driftstorm {

namespace {

const std::vector<std::string>& wire_ends(const Scenario& scenario, const std::string& name) {
    const auto found = std::find_if(scenario.network.links.begin(), scenario.network.links.end(),
                                    [&](const auto& wire) { return wire.name == name; });
    DRIFTSTORM_EXPECT(found != scenario.network.links.end());
    return found->value.between;
}

/// The name that build_network gives to one direction of a wire.
std::string wire_from(const std::string& name, const std::string& end) {
    std::string full = name;
    full.append(" from ").append(end);
    return full;
}

}  // namespace

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
                    one.target = end == endpoints.end()
                                     ? first_station_target() + station_index.at(name)
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
                        one.target = *topology.link(wire_from(name, end)) + topology.nodes();
                        faults.push_back(one);
                    }
                    continue;
                case TargetKind::path:
                    one.target = first_path_target() + member;
                    break;
                case TargetKind::device:
                    one.target = static_cast<std::uint32_t>(restarted.size());
                    if (fault.fault == FaultKind::app_restart) one.length = {};
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
            } else if (fault.target >= first_station_target()) {
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
            if (region == metro && !relay && fault.target < first_station_target())
                time_servers.step(context, kernel.index_of(fault.target_entity), by);
            return;
        }
        case FaultKind::link_down:
        case FaultKind::packet_loss:
            if (fault.kind == FaultKind::link_down || fault.target >= first_path_target()) {
                act_on_network(context, region, fault, edge);
                return;
            }
            [[fallthrough]];
        case FaultKind::cell_degrade:
        case FaultKind::cell_down:
        case FaultKind::capacity_factor:
            if (region != metro) return;
            if (is_station(fault.target_entity)) {
                const double factor = begins ? *entry.set.factor : 1.0;
                context.send(Duration{}, Address<Stations>{fault.target_entity},
                             Stations::SetRate{factor});
            } else {
                act_on_cell(context, fault, edge);
            }
            return;
        case FaultKind::app_restart:
            if (region == metro && begins) restart_apps(context, fault);
            return;
        case FaultKind::suspend:
        case FaultKind::reboot:
        case FaultKind::battery_pull:
        case FaultKind::user_sets_clock:
            if (region == metro) act_on_devices(context, fault, edge);
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
                radios.degrade(context, cell,
                               degraded_rate(fault, &FaultSettings::downlink, cells.downlink(cell)),
                               degraded_rate(fault, &FaultSettings::uplink, cells.uplink(cell)));
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

/// Of one direction of a cell: that of the newest fault that sets it, or the link's own [bit/s].
std::int64_t World::Parts::degraded_rate(const Faults::Plan& fault,
                                         std::optional<std::int64_t> FaultSettings::*rate,
                                         Index link) {
    const Partition& part = home(metro);
    const Faults::Plan* newest = part.faults->newest(
        part.local(metro), fault.kind, fault.target,
        [&](std::uint32_t setting) { return (scenario.timeline[setting].set.*rate).has_value(); });
    return newest == nullptr ? links.params(link).rate
                             : *(scenario.timeline[newest->setting].set.*rate);
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
    for (const Index path : path_indices[fault.target - first_path_target()]) {
        if (begins) {
            part.networks->paths(local).set_loss(path, *scenario.timeline[fault.setting].set.loss);
        } else {
            part.networks->paths(local).restore_loss(path);
        }
    }
}

/// When the last fault ends that now keeps a device in a state that these kinds bring about; a time
/// before now: none does.
Time World::Parts::held_until(Index device, std::initializer_list<FaultKind> kinds) {
    const Partition& part = home(metro);
    Time until{-1};
    for (std::size_t i = 0; i < faults.size(); ++i) {
        const Faults::Plan& other = faults[i];
        if (std::find(kinds.begin(), kinds.end(), other.kind) == kinds.end() ||
            !part.faults->holds(part.local(metro), i))
            continue;
        const std::vector<Index>& devices = restarted[other.target];
        if (std::binary_search(devices.begin(), devices.end(), device))
            until = std::max(until, other.begin + other.length);
    }
    return until;
}

void World::Parts::act_on_devices(Context& context, const Faults::Plan& fault, FaultEdge edge) {
    const bool begins = edge == FaultEdge::begins;
    const FaultEntry& entry = scenario.timeline[fault.setting];
    // An app is gone while its device is off.
    if (begins && (fault.kind == FaultKind::reboot || fault.kind == FaultKind::battery_pull))
        restart_apps(context, fault);
    for (const Index device : restarted[fault.target]) {
        switch (fault.kind) {
            case FaultKind::suspend:
                if (begins) {
                    clocks.suspend(context, device);
                } else if (held_until(device, {FaultKind::suspend}) < context.now()) {
                    clocks.resume(context, device);
                }
                break;
            case FaultKind::reboot:
            case FaultKind::battery_pull:
                if (begins) {
                    clocks.power_off(context, device,
                                     fault.kind == FaultKind::reboot ? PowerLoss::shut_down
                                                                     : PowerLoss::battery_pulled);
                } else if (held_until(device, {FaultKind::reboot, FaultKind::battery_pull}) <
                           context.now()) {
                    clocks.boot(context, device);
                }
                break;
            default:
                clocks.set_by_user(context, device,
                                   clocks.read(device, ClockKind::wall, context.now()) + *entry.by);
        }
    }
}

void World::Parts::restart_apps(Context& context, const Faults::Plan& fault) {
    const FaultEntry& entry = scenario.timeline[fault.setting];
    for (const Index device : restarted[fault.target]) {
        if (plan.device(device).app.empty()) continue;
        const Time back =
            std::max(context.now() + entry.length.value_or(Duration{}),
                     held_until(device, {FaultKind::reboot, FaultKind::battery_pull}));
        apps->restart(context, device, back - context.now(), entry.clear_cache, fault.entity);
    }
}

}  // namespace driftstorm
