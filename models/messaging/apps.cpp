#include "models/messaging/apps.hpp"

#include "models/messaging/message_rows.hpp"
#include "sim/core/expect.hpp"

#include <algorithm>
#include <utility>

namespace driftstorm {

namespace {
constexpr std::uint32_t most_refusals = 3;
constexpr Duration longest_gap_wait{60'000'000'000};
}  // namespace

Apps::Apps(Params params, const Conversations& conversations, std::vector<std::uint16_t> version_of_device)
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
    context.remind(*this, device, {static_cast<std::int64_t>(static_cast<double>(spread.ns) * u)}, Start{});
}

void Apps::on(const Start&, Index device, Context& context) {
    connect(context, device);
    arm_sync(context, device);
}

// ---- connection ----------------------------------------------------------------------------------

Cause Apps::cause_now(Index device) const {
    const Device& d = devices_[device];
    if (d.state == ConnectionState::offline) return Cause::client_store;
    if (around_.address(device).technology == Technology::none) return Cause::radio_handover;
    if (d.state != ConnectionState::waiting && around_.fault_of_node(d.node) != no_entity) return Cause::network_outage;
    return d.state == ConnectionState::handshake ? Cause::handshake : Cause::retry_backoff;
}

void Apps::note(Context& context, Index device) {
    connectivity_.note(device, context.now(), cause_now(device));
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
    // Rendezvous hashing: each device ranks the nodes by its own draws, so a further node takes only its share.
    const auto nodes = static_cast<std::uint32_t>(nodes_.size());
    const std::uint64_t self = context.identity_of(context.address_of(*this, device).id);
    std::vector<std::pair<double, std::uint32_t>> order;
    for (std::uint32_t n = 0; n < nodes; ++n)
        order.emplace_back(context.uniform("app.node_rank", self, context.identity_of(nodes_[n])), n);
    std::sort(order.begin(), order.end());
    return order[rank % nodes].second;
}

void Apps::connect(Context& context, Index device) {
    Device& d = devices_[device];
    d.node = static_cast<std::uint8_t>(preferred_node(context, device, d.failures));
    ++d.connection;
    set_state(context, device, ConnectionState::handshake);
    const Block block = context.block("app.handshake", context.identity_of(context.address_of(*this, device).id),
                                      d.connection);
    context.remind(*this, device, sample_duration(version_of(device).handshake.device, block),
                   HandshakeReady{d.generation});
}

void Apps::on(const HandshakeReady&, Index device, Context& context) {
    Device& d = devices_[device];
    Packet packet = packet_to(context, device, d.node, Talk::connect, handshake_bytes);
    packet.write(ConnectBody{d.connection});
    transmit(context, device, packet);
    context.remind(*this, device, version_of(device).handshake.timeout, ConnectTimeout{d.generation});
}

void Apps::on(const ConnectTimeout&, Index device, Context& context) { connection_failed(context, device); }

void Apps::connection_failed(Context& context, Index device) {
    Device& d = devices_[device];
    const AppVersion& app = version_of(device);
    ++d.failures;
    const double u = context.uniform("app.reconnect_backoff", context.identity_of(context.address_of(*this, device).id),
                                     d.connection);
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
    const double u =
        context.uniform("app.heartbeat", context.identity_of(context.address_of(*this, device).id), ++d.beats);
    const double share = 1.0 + app.heartbeat.jitter * (u - 0.5);
    context.remind(*this, device,
                   {static_cast<std::int64_t>(static_cast<double>(app.heartbeat.interval.ns) * share)},
                   Beat{d.generation});
}

void Apps::network_changed(Context& context, Index device) {
    Device& d = devices_[device];
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
            d.pending_root = no_entity;
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

void Apps::node_changed(Context& context, std::uint32_t node) {
    for (Index device = 0; device < devices(); ++device)
        if (devices_[device].node == node) note(context, device);
}

void Apps::restart(Context& context, Index device, Duration away, bool clear_cache) {
    Device& d = devices_[device];
    if (clear_cache) {
        for (const std::uint32_t m : conversations_.of_device(device)) {
            inbox_[m].held.clear();
            ++inbox_[m].gap_generation.value;
        }
        d.pending_resync = 1;
        d.pending_reason = ResyncReason::cache_clear;
        d.pending_scope = ResyncScope::full;
        d.pending_root = no_entity;
    }
    ++d.resync_generation.value;
    d.outstanding = 0;
    d.failures = 0;
    d.last_wait = {};
    d.stamp_correction = {};
    set_state(context, device, ConnectionState::offline);
    context.remind(*this, device, away, Reconnect{d.generation});
}

Packet Apps::packet_to(const Context& context, Index device, std::uint32_t node, Talk kind, std::uint32_t bytes) {
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

// ---- sending -------------------------------------------------------------------------------------

void Apps::compose(Context& context, Index device, std::uint32_t conversation, std::uint32_t size,
                   const ReplyTo& reply) {
    Device& d = devices_[device];
    const EntityId self = context.address_of(*this, device).id;
    const Reading shown = around_.wall(device, context.now());
    OutboxMessage message;
    message.body.sender = self;
    message.body.count = ++d.composed;
    message.body.conversation = conversation;
    message.body.size = size;
    message.body.is_reply = reply.sender != no_entity;
    message.body.composed = context.now();
    message.body.local_composed = shown;
    message.identity = identity_of(context.identity_of(self), message.body.count);
    message.ledger = Ledger(context.now(), Cause::client_store);
    context.record(MessageRow{.sender = self,
                              .count = message.body.count,
                              .conversation = conversations_.entity(conversation),
                              .app = params_.version_entities[version_[device]],
                              .size = size,
                              .copies = conversations_.receivers(conversation),
                              .composed = context.now(),
                              .local_composed = shown,
                              .reply_to_sender = reply.sender,
                              .reply_to_count = reply.count,
                              .reply_inverted = reply.sender != no_entity && shown < reply.stamp});
    OutboxMessage& kept = outbox_.add(device, message);
    if (connected(device)) attempt(context, device, kept);
}

EntityId Apps::root_of(Index device, std::uint32_t conversation) const {
    const EntityId home = around_.fault_of_node(conversations_.home(conversation));
    if (home != no_entity) return home;
    const EntityId node = around_.fault_of_node(devices_[device].node);
    return node != no_entity ? node : around_.fault_of_radio(device);
}

void Apps::attempt(Context& context, Index device, OutboxMessage& message) {
    Device& d = devices_[device];
    connectivity_.account(device, message.ledger.since(), context.now(), message.ledger);
    message.ledger.skip(context.now());
    ++message.attempts;
    ++message.round;
    if (message.attempts == 1) message.body.sent = context.now();
    message.body.attempts = static_cast<std::uint16_t>(std::min(message.attempts, 0xffffu));
    message.state = SendState::in_flight;
    message.outage = around_.fault_of_node(conversations_.home(message.body.conversation)) != no_entity ||
                     around_.fault_of_node(d.node) != no_entity;
    ++message.generation.value;
    if (message.attempts > 1) {
        const EntityId root = root_of(device, message.body.conversation);
        if (root != no_entity) message.ledger.root = root;
        context.record(RetryRow{.device = message.body.sender,
                                .count = message.body.count,
                                .attempt = message.attempts,
                                .pressed = false,
                                .root_fault = message.ledger.root});
    }
    Packet packet = packet_to(context, device, d.node, Talk::publish, header_bytes + message.body.size);
    packet.subject = message.identity;
    packet.attempt = message.attempts;
    packet.ledger = message.ledger;
    packet.ledger.enter(Cause::service_and_propagation, context.now());
    MessageBody body = message.body;
    body.local_composed = body.local_composed + d.stamp_correction;
    body.local_sent = around_.wall(device, context.now()) + d.stamp_correction;
    packet.write(body);
    transmit(context, device, packet);
    context.remind(*this, device, version_of(device).send.timeout, SendTimer{message.body.count, message.generation});
}

void Apps::on(const SendTimer& timer, Index device, Context& context) {
    OutboxMessage& message = *outbox_.find(device, timer.count);
    const SendPolicy& policy = version_of(device).send;
    if (message.state == SendState::backoff) {
        message.ledger.spend(Cause::retry_backoff, context.now());
        message.state = SendState::waiting;
        if (connected(device)) attempt(context, device, message);
        return;
    }
    const EntityId root = root_of(device, message.body.conversation);
    if (root != no_entity) message.ledger.root = root;
    if (message.outage || around_.fault_of_node(conversations_.home(message.body.conversation)) != no_entity) {
        message.ledger.spend(Cause::network_outage, context.now());
    } else {
        connectivity_.account(device, message.ledger.since(), context.now(), message.ledger);
        message.ledger.skip(context.now());
    }
    if (message.round >= policy.attempts) {
        message.state = SendState::failed;
        message.ledger.enter(Cause::user, context.now());
        ++message.generation.value;
        around_.failed(context, device, timer.count);  // may give the message up
        return;
    }
    const double u = context.uniform("app.send_backoff", message.identity, message.attempts);
    message.last_wait = policy.backoff.wait(message.round, u, message.last_wait);
    message.state = SendState::backoff;
    ++message.generation.value;
    context.remind(*this, device, message.last_wait, SendTimer{timer.count, message.generation});
}

void Apps::press_again(Context& context, Index device, std::uint32_t count) {
    OutboxMessage* message = outbox_.find(device, count);
    if (message == nullptr || message->state != SendState::failed) return;
    message->ledger.spend(Cause::user, context.now());
    message->round = 0;
    message->last_wait = {};
    ++message->presses;
    message->state = SendState::waiting;
    context.record(RetryRow{.device = message->body.sender,
                            .count = count,
                            .attempt = message->attempts + 1,
                            .pressed = true,
                            .root_fault = message->ledger.root});
    if (connected(device)) attempt(context, device, *message);
}

void Apps::flush_outbox(Context& context, Index device) {
    for (OutboxMessage& message : outbox_.of(device))
        if (message.state != SendState::failed) attempt(context, device, message);
}

void Apps::on_published(Context&, Index device, const PublishedBody& body) { outbox_.remove(device, body.count); }

void Apps::on_rejected(Context& context, Index device, const PublishedBody& body) {
    OutboxMessage* message = outbox_.find(device, body.count);
    if (message == nullptr || message->state == SendState::failed) return;
    Device& d = devices_[device];
    message->ledger.spend(Cause::clock_rejection, context.now());
    if (++message->refusals > most_refusals) {
        outbox_.give_up(device, body.count, context.now(), Outcome::lost_refused);
        return;
    }
    d.stamp_correction += body.server_ahead;
    attempt(context, device, *message);
    if (version_of(device).resyncs_on(ResyncReason::skew_reject))
        resync(context, device, ResyncReason::skew_reject, ResyncScope::missing, all_conversations, no_entity);
}

// ---- receiving -----------------------------------------------------------------------------------

void Apps::on(const PacketArrives&, const Packet& packet, Index device, Context& context) {
    Device& d = devices_[device];
    if (d.state == ConnectionState::offline) return;
    switch (static_cast<Talk>(packet.kind)) {
        case Talk::connected: {
            if (d.state != ConnectionState::handshake || packet.read<ConnectBody>().connection != d.connection) return;
            const bool again = d.was_connected != 0;
            d.was_connected = 1;
            d.failures = 0;
            d.last_wait = {};
            d.last_pong = context.now();
            set_state(context, device, ConnectionState::connected);
            context.remind(*this, device, Duration{}, Beat{d.generation});
            flush_outbox(context, device);
            if (d.pending_resync != 0) {
                d.pending_resync = 0;
                resync(context, device, d.pending_reason, d.pending_scope, all_conversations, d.pending_root);
            } else if (again && version_of(device).resyncs_on(ResyncReason::reconnect)) {
                resync(context, device, ResyncReason::reconnect, ResyncScope::missing, all_conversations, no_entity);
            }
            return;
        }
        case Talk::pong: d.last_pong = context.now(); return;
        case Talk::published: on_published(context, device, packet.read<PublishedBody>()); return;
        case Talk::rejected: on_rejected(context, device, packet.read<PublishedBody>()); return;
        case Talk::deliver: on_deliver(context, device, packet); return;
        case Talk::resync_page: {
            const auto page = packet.read<PageBody>();
            if (page.number != d.resyncs || !page.last) return;
            d.outstanding &= ~(1u << page.node);
            if (d.outstanding == 0) ++d.resync_generation.value;
            return;
        }
        case Talk::epoch: {
            const auto word = packet.read<PageBody>();
            const double u = context.uniform("app.epoch_spread", packet.subject, packet.attempt);
            context.remind(*this, device,
                           {static_cast<std::int64_t>(static_cast<double>(params_.epoch_spread.ns) * u)},
                           ResyncDue{ResyncReason::epoch, ResyncScope::missing, word.root_fault});
            return;
        }
        case Talk::receipt: {
            const auto receipt = packet.read<ReceiptBody>();
            context.record(ReceiptRow{receipt.author, receipt.count, receipt.reader});
            return;
        }
        case Talk::connect:
        case Talk::ping:
        case Talk::publish:
        case Talk::delivered:
        case Talk::resync_request:
        case Talk::session: break;
    }
    DRIFTSTORM_EXPECT(static_cast<Talk>(packet.kind) == Talk::receipt);  // nothing else is sent to a device
}

void Apps::on_deliver(Context& context, Index device, const Packet& packet) {
    HeldCopy copy{packet.read<CopyBody>(), packet.ledger, context.now()};
    const std::uint32_t m = conversations_.membership(copy.body.message.conversation, device);
    Inbox::Membership& box = inbox_[m];
    if (inbox_.has(m, copy.body.number)) {
        acknowledge(context, device, m);
        return;
    }
    // The relay waited for this device: the device knows what its connection was doing, and whether it had asked.
    const Time asked = box.gap_requested;
    Time from = copy.body.held_from;
    if (asked != no_time && asked < copy.body.held_until && copy.body.number == box.next) {
        const Time split = std::max(asked, from);
        connectivity_.account(device, from, split, copy.ledger);
        copy.ledger.add(Cause::gap_resync, copy.body.held_until - split);
        from = copy.body.held_until;
    }
    connectivity_.account(device, from, copy.body.held_until, copy.ledger);
    copy.ledger.enter(Cause::ordering_hold, context.now());

    const DisplayOrder order = version_of(device).order_by;
    if (order == DisplayOrder::server_sequence && copy.body.number > box.next) {
        const bool first = box.held.empty();
        inbox_.hold(m, copy);
        if (first) {
            box.gap_requests = 0;
            box.gap_requested = no_time;
            box.gap_wait = params_.gap_timeout;
            arm_gap(context, device, m);
        }
        return;
    }
    std::uint32_t depth = inbox_.show(m, copy.body.number);
    if (order == DisplayOrder::sender_timestamp) depth = inbox_.show_stamp(m, copy.body.message.local_composed);
    show(context, device, m, copy, depth);
    release_held(context, device, m);
    acknowledge(context, device, m);
}

void Apps::release_held(Context& context, Index device, std::uint32_t membership) {
    Inbox::Membership& box = inbox_[membership];
    bool released = false;
    while (!box.held.empty() && box.held.front().body.number <= box.next) {
        const HeldCopy copy = box.held.front();
        box.held.erase(box.held.begin());
        show(context, device, membership, copy, inbox_.show(membership, copy.body.number));
        released = true;
    }
    if (released || box.held.empty()) {
        ++box.gap_generation.value;
        box.gap_requests = 0;
        box.gap_requested = no_time;
        if (!box.held.empty()) {
            box.gap_wait = params_.gap_timeout;
            arm_gap(context, device, membership);
        }
    }
}

void Apps::show(Context& context, Index device, std::uint32_t membership, const HeldCopy& copy, std::uint32_t depth) {
    const MessageBody& message = copy.body.message;
    context.record(CopyRow{.message_sender = message.sender,
                           .message_count = message.count,
                           .device = context.address_of(*this, device).id,
                           .seq = copy.body.seq,
                           .sent = message.sent,
                           .server = message.at_server,
                           .sequenced = copy.body.sequenced,
                           .delivered = copy.delivered,
                           .visible = context.now(),
                           .end = context.now(),
                           .attempts = std::uint32_t{message.attempts} + copy.body.server_attempt,
                           .outcome = Outcome::visible,
                           .late_insert_depth = depth,
                           .root_fault = copy.ledger.root,
                           .blame = copy.ledger.closed(context.now())});
    const ReadReceipts& receipts = version_of(device).read_receipts;
    if (receipts.send) {
        const std::uint64_t subject = identity_of(context.identity_of(message.sender), message.count);
        const Block block = context.block("app.read_delay", subject, context.identity_of(context.address_of(*this, device).id));
        context.remind(*this, device, sample_duration(receipts.delay, block),
                       ReadMessage{message.sender, message.count,
                                   conversations_.entity(conversations_.conversation_of(membership))});
    }
    around_.visible(context, device, message);
}

void Apps::acknowledge(Context& context, Index device, std::uint32_t membership) {
    const std::uint32_t conversation = conversations_.conversation_of(membership);
    Packet ack = packet_to(context, device, conversations_.home(conversation), Talk::delivered, header_bytes);
    ack.write(AckBody{conversation, inbox_[membership].expected - 1});
    transmit(context, device, ack);
}

void Apps::on(const ReadMessage& read, Index device, Context& context) {
    if (!connected(device)) return;
    const std::uint32_t conversation = context.index_of(read.conversation);
    Packet packet = packet_to(context, device, conversations_.home(conversation), Talk::receipt, header_bytes);
    packet.write(ReceiptBody{read.author, read.count, conversation, context.address_of(*this, device).id});
    transmit(context, device, packet);
}

// ---- resync --------------------------------------------------------------------------------------

void Apps::arm_gap(Context& context, Index device, std::uint32_t membership) {
    Inbox::Membership& box = inbox_[membership];
    ++box.gap_generation.value;
    context.remind(*this, device, box.gap_wait,
                   GapTimeout{conversations_.entity(conversations_.conversation_of(membership)), {membership},
                              box.gap_generation});
}

void Apps::on(const GapTimeout& timeout, Index device, Context& context) {
    const std::uint32_t m = timeout.membership.value;
    const std::uint32_t conversation = conversations_.conversation_of(m);
    Inbox::Membership& box = inbox_[m];
    if (!params_.resync_on_gap || !version_of(device).resyncs_on(ResyncReason::gap)) {
        box.next = box.held.front().body.number;  // the gap is skipped; what is missing may still come, late
        release_held(context, device, m);
        acknowledge(context, device, m);
        return;
    }
    box.gap_wait = std::min(box.gap_wait * 2, longest_gap_wait);
    arm_gap(context, device, m);
    if (!connected(device)) return;
    if (box.gap_requested == no_time) box.gap_requested = context.now();
    ++box.gap_requests;
    resync(context, device, ResyncReason::gap, ResyncScope::missing, conversation, root_of(device, conversation));
}

void Apps::resync(Context& context, Index device, ResyncReason reason, ResyncScope scope, std::uint32_t conversation,
                  EntityId root) {
    Device& d = devices_[device];
    if (!connected(device)) {
        d.pending_resync = 1;
        d.pending_reason = reason;
        d.pending_scope = std::max(d.pending_scope, scope);
        d.pending_root = root;
        return;
    }
    std::uint32_t nodes = 0;
    for (const std::uint32_t m : conversations_.of_device(device)) {
        const std::uint32_t c = conversations_.conversation_of(m);
        if (conversation == all_conversations || c == conversation) nodes |= 1u << conversations_.home(c);
    }
    if (nodes == 0) return;
    ResyncBody body;
    body.reason = reason;
    body.scope = scope;
    body.conversation = conversation;
    body.root_fault = root;
    body.requested = context.now();
    request_resync(context, device, nodes, body);
}

void Apps::request_resync(Context& context, Index device, std::uint32_t nodes, ResyncBody body) {
    Device& d = devices_[device];
    body.number = ++d.resyncs;
    std::uint32_t requests = 0;
    for (std::uint32_t n = 0; n < nodes_.size(); ++n) {
        if ((nodes >> n & 1u) == 0) continue;
        body.node = n;
        Packet packet = packet_to(context, device, n, Talk::resync_request, 2 * header_bytes);
        packet.write(body);
        transmit(context, device, packet);
        ++requests;
    }
    context.record(ResyncRow{.device = context.address_of(*this, device).id,
                             .reason = body.reason,
                             .scope = body.scope,
                             .requests = requests,
                             .root_fault = body.root_fault});
    if (body.conversation != all_conversations) return;  // the gap timer asks again
    d.outstanding = nodes;
    d.pending_reason = body.reason;
    d.pending_scope = body.scope;
    d.pending_root = body.root_fault;
    ++d.resync_generation.value;
    context.remind(*this, device, params_.resync_timeout, ResyncTimeout{d.resync_generation});
}

void Apps::on(const ResyncDue& due, Index device, Context& context) {
    resync(context, device, due.reason, due.scope, all_conversations, due.root_fault);
}

void Apps::on(const ResyncTimeout&, Index device, Context& context) {
    Device& d = devices_[device];
    if (!connected(device)) {
        d.pending_resync = 1;
        return;
    }
    ResyncBody body;
    body.reason = d.pending_reason;
    body.scope = d.pending_scope;
    body.root_fault = d.pending_root;
    body.conversation = all_conversations;
    body.requested = context.now();
    request_resync(context, device, d.outstanding, body);
}

void Apps::clock_stepped(Context& context, Index device) {
    Device& d = devices_[device];
    d.stamp_correction = {};
    if (d.state == ConnectionState::offline) return;
    const AppVersion& app = version_of(device);
    if (app.resyncs_on(ResyncReason::clock_step))
        resync(context, device, ResyncReason::clock_step, app.resync_scope, all_conversations, no_entity);
}

void Apps::arm_sync(Context& context, Index device) {
    const PeriodicSync& sync = version_of(device).periodic_sync;
    if (sync.align_to == SyncAlignment::none) return;
    const std::int64_t shown = params_.epoch_unix_ns + around_.wall(device, context.now()).ns;
    std::int64_t period = shown / sync.every.ns;
    if (shown % sync.every.ns < 0) --period;  // a clock may show a time before 1970
    around_.arm_sync(context, device, Reading{(period + 1) * sync.every.ns - params_.epoch_unix_ns});
}

void Apps::sync_due(Context& context, Index device) {
    arm_sync(context, device);
    if (connected(device))
        resync(context, device, ResyncReason::periodic, ResyncScope::missing, all_conversations, no_entity);
}

}  // namespace driftstorm
