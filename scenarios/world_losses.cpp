// What the ledger learns of packets that are lost, and which fault took them.
#include "scenarios/world_parts.hpp"

namespace driftstorm {

void World::Parts::wire_losses() {
    const DropDoor at_radio = [this](Context& context, const Packet& packet, DropReason reason) {
        lost_at_radio(context, packet, reason);
    };
    links.on_drop = at_radio;
    radios.on_drop = at_radio;
    for (std::uint32_t region = 0; region < regions(); ++region) {
        Partition& part = home(region);
        part.networks->paths(part.local(region)).on_drop =
            [this, region](Context& context, std::optional<Index> path, const Packet& packet,
                           DropReason reason) {
                lost_on_path(context, region, path, packet, reason);
            };
    }
}

/// Apps live in the metro region: word of what is lost elsewhere takes the way that the packet
/// would have taken, so that it is the same however regions are laid on partitions.
void World::Parts::tell_lost(Context& context, std::uint32_t region, const Packet& packet,
                             Cause cause, EntityId root) {
    if (packet.protocol != Protocol::messaging || packet.device == no_entity) return;
    const Index device = kernel.index_of(packet.device);
    if (region == metro) {
        apps->lost(context, device, packet, {cause, root, context.now()});
        return;
    }
    Partition& part = home(region);
    const Paths& paths = part.networks->paths(part.local(region));
    const auto way =
        paths.find(first_server_endpoint + region - 1, endpoint_of(packet.address.technology));
    if (!way) return;
    context.send(paths.least_delay(*way), Address<Apps>{app_entities[device]},
                 Apps::PacketLost{cause, root}, packet);
}

void World::Parts::lost_at_radio(Context& context, const Packet& packet, DropReason reason) {
    if (packet.protocol != Protocol::messaging) return;
    const Index device = kernel.index_of(packet.device);
    const Index serving = radios.serving(device);
    const Index cell = serving == no_index ? radios.failed_cell(device) : serving;
    switch (reason) {
        case DropReason::old_address:
            return;  // the relay or the app holds on to it
        case DropReason::buffer_full:
            tell_lost(context, metro, packet, Cause::link_queue,
                      fault_of_cell(cell, {FaultKind::cell_degrade, FaultKind::capacity_factor}));
            return;
        case DropReason::no_network:
            tell_lost(context, metro, packet,
                      serving == no_index ? Cause::network_outage : Cause::radio_handover,
                      fault_of_cell(radios.failed_cell(device), {FaultKind::cell_down}));
            return;
        default:
            tell_lost(context, metro, packet, Cause::network_outage,
                      fault_of_cell(cell, {reason == DropReason::loss ? FaultKind::packet_loss
                                                                      : FaultKind::cell_down}));
    }
}

void World::Parts::lost_on_path(Context& context, std::uint32_t region, std::optional<Index> path,
                                const Packet& packet, DropReason reason) {
    if (packet.protocol != Protocol::messaging) return;
    const EntityId root =
        path ? fault_of_path(region, *path, packet.direction, context.now(), reason) : no_entity;
    tell_lost(context, region, packet, Cause::network_outage, root);
}

EntityId World::Parts::fault_of_cell(Index cell, std::initializer_list<FaultKind> kinds) {
    if (cell == no_index) return no_entity;
    Partition& part = metro_partition();
    for (const FaultKind kind : kinds) {
        const EntityId fault = part.faults->active(part.local(metro), kind, cell);
        if (fault != no_entity) return fault;
    }
    return no_entity;
}

/// The fault that takes packets from a path: its own loss, or what the route in force runs into.
/// Where there is no route, the first failure that holds, else the one that was repaired last: the
/// routers have not noticed yet.
EntityId World::Parts::fault_of_path(std::uint32_t region, Index path, Direction direction,
                                     Time now, DropReason reason) {
    Partition& part = home(region);
    const Index local = part.local(region);
    if (reason == DropReason::loss) {
        for (std::uint32_t i = 0; i < path_indices.size(); ++i)
            if (std::find(path_indices[i].begin(), path_indices[i].end(), path) !=
                path_indices[i].end())
                return part.faults->active(local, FaultKind::packet_loss, first_path_target() + i);
        return no_entity;
    }
    if (reason != DropReason::blackhole && reason != DropReason::unreachable) return no_entity;
    const Paths& paths = part.networks->paths(local);
    EntityId holds = no_entity;
    EntityId repaired = no_entity;
    Time latest{};
    for (std::size_t i = 0; i < faults.size(); ++i) {
        const Faults::Plan& failure = faults[i];
        if (failure.kind != FaultKind::link_down) continue;
        if (part.faults->holds(local, i)) {
            const bool node = failure.target < topology.nodes();
            const NetworkElement element{node ? ElementKind::node : ElementKind::link,
                                         node ? failure.target : failure.target - topology.nodes()};
            if (reason == DropReason::blackhole && paths.crosses(path, direction, element))
                return failure.entity;
            if (holds == no_entity) holds = failure.entity;
        } else if (failure.begin + failure.length <= now &&
                   failure.begin + failure.length >= latest) {
            latest = failure.begin + failure.length;
            repaired = failure.entity;
        }
    }
    return holds != no_entity ? holds : repaired;
}

}  // namespace driftstorm
