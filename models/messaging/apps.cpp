#include "models/messaging/apps.hpp"

#include "models/messaging/message_rows.hpp"
#include "sim/core/expect.hpp"

#include <algorithm>
#include <utility>

namespace driftstorm {

Apps::Apps(Params params, const Conversations& conversations,
           std::vector<std::uint16_t> version_of_device)
    : params_(std::move(params)),
      conversations_(conversations),
      version_(std::move(version_of_device)),
      devices_(version_.size()),
      outbox_(static_cast<std::uint32_t>(version_.size())),
      inbox_(conversations.memberships()),
      connectivity_(static_cast<std::uint32_t>(version_.size())) {}

void Apps::set_nodes(std::vector<EntityId> nodes) {
    DRIFTSTORM_EXPECT(nodes.size() <= 32);  // `outstanding` has a bit a node
    nodes_ = std::move(nodes);
}

void Apps::start(Context& context, Index device) {
    const Duration spread = version_of(device).start_spread;
    const double u = context.uniform("app.start", context.identity(), 0);
    context.remind(*this, device, {static_cast<std::int64_t>(static_cast<double>(spread.ns) * u)},
                   Start{});
}

void Apps::on(const Start&, Index device, Context& context) {
    connect(context, device);
    arm_sync(context, device);
}

// ---- connection
// ----------------------------------------------------------------------------------

Cause Apps::cause_now(Index device) const {
    const Device& d = devices_[device];
    if (d.state == ConnectionState::offline) return Cause::client_store;
    if (around_.address(device).technology == Technology::none)
        return around_.covered(device) ? Cause::radio_handover : Cause::network_outage;
    if (d.state != ConnectionState::waiting && around_.fault_of_node(d.node) != no_entity)
        return Cause::network_outage;
    if (d.state != ConnectionState::connected && d.setback.known()) return d.setback.cause;
    return d.state == ConnectionState::handshake ? Cause::handshake : Cause::retry_backoff;
}

EntityId Apps::root_now(Index device) const {
    const Device& d = devices_[device];
    if (d.state == ConnectionState::offline) return d.setback.root;
    if (around_.address(device).technology == Technology::none)
        return around_.fault_of_radio(device);
    const EntityId node = around_.fault_of_node(d.node);
    if (d.state != ConnectionState::waiting && node != no_entity) return node;
    return d.state == ConnectionState::connected ? no_entity : d.setback.root;
}

void Apps::note(Context& context, Index device) {
    connectivity_.note(device, context.now(), cause_now(device), root_now(device));
}

void Apps::set_state(Context& context, Index device, ConnectionState state) {
    Device& d = devices_[device];
    d.state = state;
    ++d.generation.value;
    note(context, device);
    context.record(ConnectionRow{.device = context.address_of(*this, device).id,
                                 .state = state,
                                 .server = nodes_[d.node],
                                 .connection = d.connection,
                                 .failures = d.failures});
}

std::uint32_t Apps::preferred_node(const Context& context, Index device, std::uint32_t rank) const {
    // Rendezvous hashing: each device ranks the nodes by its own draws, so a further node takes
    // only its share.
    const auto nodes = static_cast<std::uint32_t>(nodes_.size());
    const std::uint64_t self = context.identity_of(context.address_of(*this, device).id);
    std::vector<std::pair<double, std::uint32_t>> order;
    for (std::uint32_t n = 0; n < nodes; ++n)
        order.emplace_back(context.uniform("app.node_rank", self, context.identity_of(nodes_[n])),
                           n);
    std::sort(order.begin(), order.end());
    return order[rank % nodes].second;
}

void Apps::connect(Context& context, Index device) {
    Device& d = devices_[device];
    d.node = static_cast<std::uint8_t>(preferred_node(context, device, d.failures));
    ++d.connection;
    d.setback.cause = Setback{}.cause;
    set_state(context, device, ConnectionState::handshake);
    const Block block = context.block(
        "app.handshake", context.identity_of(context.address_of(*this, device).id), d.connection);
    context.remind(*this, device, sample_duration(version_of(device).handshake.device, block),
                   HandshakeReady{d.generation});
}

void Apps::on(const HandshakeReady&, Index device, Context& context) {
    Device& d = devices_[device];
    Packet packet = packet_to(context, device, d.node, Talk::connect, handshake_bytes);
    packet.write(ConnectBody{d.connection});
    transmit(context, device, packet);
    context.remind(*this, device, version_of(device).handshake.timeout,
                   ConnectTimeout{d.generation});
}

void Apps::on(const ConnectTimeout&, Index device, Context& context) {
    connection_failed(context, device);
}

void Apps::connection_failed(Context& context, Index device) {
    Device& d = devices_[device];
    const AppVersion& app = version_of(device);
    ++d.failures;
    const double u =
        context.uniform("app.reconnect_backoff",
                        context.identity_of(context.address_of(*this, device).id), d.connection);
    d.last_wait = app.reconnect.wait(d.failures, u, d.last_wait);
    set_state(context, device, ConnectionState::waiting);
    context.remind(*this, device, d.last_wait, Reconnect{d.generation});
}

void Apps::on(const Reconnect&, Index device, Context& context) {
    // Without a network there is nobody to ask: the next network brings the next attempt.
    if (around_.address(device).technology == Technology::none) return;
    connect(context, device);
}

void Apps::drop_connection(Context& context, Index device) {
    Device& d = devices_[device];
    if (d.state == ConnectionState::connected) {
        d.failures = 0;
        d.last_wait = {};
    }
    connection_failed(context, device);
}

void Apps::on(const Beat&, Index device, Context& context) {
    Device& d = devices_[device];
    const AppVersion& app = version_of(device);
    if (context.now() - d.last_pong > app.heartbeat.patience) {
        drop_connection(context, device);
        return;
    }
    Packet ping = packet_to(context, device, d.node, Talk::ping, header_bytes);
    transmit(context, device, ping);
    const double u = context.uniform(
        "app.heartbeat", context.identity_of(context.address_of(*this, device).id), ++d.beats);
    const double share = 1.0 + app.heartbeat.jitter * (u - 0.5);
    context.remind(
        *this, device,
        {static_cast<std::int64_t>(static_cast<double>(app.heartbeat.interval.ns) * share)},
        Beat{d.generation});
}

void Apps::network_changed(Context& context, Index device) {
    Device& d = devices_[device];
    const EntityId root = around_.fault_of_lost_cell(device);
    if (root != no_entity || d.state == ConnectionState::connected)
        d.setback = {Setback{}.cause, root, {}};
    note(context, device);
    if (d.state == ConnectionState::offline) return;
    const bool up = around_.address(device).technology != Technology::none;
    const AppVersion& app = version_of(device);
    if (d.state == ConnectionState::connected) {
        if (app.on_network_change == OnNetworkChange::ignore) return;
        if (d.pending_resync == 0 && app.resyncs_on(ResyncReason::network_change)) {
            d.pending_resync = 1;
            d.pending_reason = ResyncReason::network_change;
            d.pending_scope = app.resync_scope;
            d.pending_root = root;
        }
        d.failures = 0;
        d.last_wait = {};
    }
    if (up) {
        connect(context, device);
    } else {
        set_state(context, device, ConnectionState::waiting);  // for the next network
    }
}

void Apps::lost(Context& context, Index device, const Packet& packet, const Setback& setback) {
    Device& d = devices_[device];
    switch (static_cast<Talk>(packet.kind)) {
        case Talk::publish:
            attempt_lost(device, packet.read<MessageBody>().count, packet.attempt, setback);
            return;
        case Talk::published:
        case Talk::rejected:
            attempt_lost(device, packet.read<PublishedBody>().count, packet.attempt, setback);
            return;
        case Talk::connect:
        case Talk::connected:
            if (packet.read<ConnectBody>().connection != d.connection) return;
            if (d.state != ConnectionState::handshake && d.state != ConnectionState::waiting)
                return;
            d.setback = setback;
            note(context, device);
            return;
        case Talk::ping:
        case Talk::pong:
            if (connected(device)) d.setback = setback;
            return;
        case Talk::deliver: {
            const auto body = packet.read<CopyBody>();
            const std::uint32_t m = conversations_.membership(body.message.conversation, device);
            if (!inbox_.has(m, body.number)) inbox_.lose(m, body.number, setback);
            return;
        }
        default:
            return;  // nobody waits for it, or a gap timer does
    }
}

void Apps::node_changed(Context& context, std::uint32_t node) {
    for (Index device = 0; device < devices(); ++device)
        if (devices_[device].node == node) note(context, device);
}

void Apps::restart(Context& context, Index device, Duration away, bool clear_cache,
                   EntityId fault) {
    Device& d = devices_[device];
    if (clear_cache) {
        for (const std::uint32_t m : conversations_.of_device(device)) {
            inbox_[m].held.clear();
            ++inbox_[m].gap_generation.value;
        }
        d.pending_resync = 1;
        d.pending_reason = ResyncReason::cache_clear;
        d.pending_scope = ResyncScope::full;
        d.pending_root = fault;
    }
    ++d.resync_generation.value;
    d.outstanding = 0;
    d.failures = 0;
    d.last_wait = {};
    d.stamp_correction = {};
    d.setback = {Setback{}.cause, fault, {}};
    set_state(context, device, ConnectionState::offline);
    context.remind(*this, device, away, Reconnect{d.generation});
}

Packet Apps::packet_to(const Context& context, Index device, std::uint32_t node, Talk kind,
                       std::uint32_t bytes) {
    Packet packet;
    packet.protocol = Protocol::messaging;
    packet.direction = Direction::up;
    packet.kind = static_cast<std::uint8_t>(kind);
    packet.address = around_.address(device);
    packet.server = nodes_[node];
    packet.bytes = bytes;
    packet.subject = context.identity_of(context.address_of(*this, device).id);
    packet.attempt = ++devices_[device].packets;
    packet.ledger = Ledger(context.now(), Cause::service_and_propagation);
    return packet;
}

}  // namespace driftstorm
