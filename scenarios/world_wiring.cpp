// Who hands what to whom: the doors between models.
#include "scenarios/world_parts.hpp"

namespace driftstorm {

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
        } else if (program_of[device] != no_index) {
            context.send(delay, Address<ProgramClients>{program_entities[program_of[device]]},
                         PacketArrives{}, packet);
        } else {
            context.send(delay, Address<TimeClients>{client_entities[device]}, PacketArrives{},
                         packet);
        }
    };
    radios.on_network_change.emplace_back([this, has_app](Context& context, Index device,
                                                          NetworkAddress, NetworkAddress,
                                                          bool online) {
        if (has_app(device)) apps->network_changed(context, device);
        if (online) time_clients.on_network(context, device);
        if (program_of[device] != no_index) time_programs.on_network(context, program_of[device]);
    });
    radios.on_cell_attach.emplace_back([this](Context& context, Index device, Index cell) {
        if (cells.technology(cell) != Technology::wifi)  // access points send no NITZ
            time_clients.on_cell_attach(context, device, cell_entities[cell]);
    });

    radios.on_coverage.emplace_back([this, has_app](Context& context, Index device) {
        if (has_app(device)) apps->coverage_changed(context, device);
    });

    time_clients.set_connected([this](Index device) { return radios.online(device); });
    const PacketDoor up = [this](Context& context, Duration, const Packet& packet) {
        Packet sent = packet;
        const Index device = kernel.index_of(packet.device);
        sent.address = radios.address(device);
        radios.up(context, device, sent);
    };
    time_clients.set_door_up(up);
    time_programs.set_connected([this](Index device) { return radios.online(device); });
    time_programs.set_door_up(up);
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
    around.covered = [this](Index device) { return radios.serving(device) != no_index; };
    around.fault_of_radio = [this](Index device) {
        const Index cell = radios.serving(device);
        return fault_of_cell(cell == no_index ? radios.failed_cell(device) : cell,
                             {FaultKind::cell_down, FaultKind::cell_degrade, FaultKind::packet_loss,
                              FaultKind::capacity_factor});
    };
    around.fault_of_lost_cell = [this](Index device) {
        return fault_of_cell(radios.failed_cell(device), {FaultKind::cell_down});
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
    around.dropped = [this](Context& context, std::uint32_t node, const Packet& packet,
                            ServerDrop reason, EntityId crash) {
        if (reason == ServerDrop::no_session && crash == no_entity) return;
        Partition& dropping = home(1 + node);
        const EntityId down =
            dropping.faults->active(dropping.local(1 + node), FaultKind::node_down, node);
        // Who speaks to a node that has lost its session waits for its own timers.
        const Cause cause = reason == ServerDrop::no_session   ? Setback{}.cause
                            : reason == ServerDrop::queue_full ? Cause::server_backlog
                                                               : Cause::network_outage;
        tell_lost(context, 1 + node, packet, cause, down != no_entity ? down : crash);
    };
    part.relays->surround(std::move(around));
}

}  // namespace driftstorm
