#include "models/servers/relays.hpp"

#include "sim/core/expect.hpp"

#include <algorithm>
#include <utility>

namespace driftstorm {

namespace {
// Uses of a packet's draws at a relay.
constexpr std::uint32_t use_service = 1;
}  // namespace

Relays::Relays(Params params, const Conversations& conversations,
               std::vector<std::uint32_t> numbers)
    : params_(std::move(params)),
      conversations_(conversations),
      numbers_(std::move(numbers)),
      nodes_(numbers_.size()),
      sessions_(numbers_.size(), std::vector<Session>(params_.radios.size())),
      log_(conversations) {}

void Relays::start(Context& context, Index node) {
    const double offset_s = params_.relay.clock_offset.sample(
        context.block("relay.clock_offset", context.identity(), 0));
    const double ns = offset_s * 1e9;
    nodes_[node].clock_offset = {static_cast<std::int64_t>(ns < 0 ? ns - 0.5 : ns + 0.5)};
}

// ---- workers and queue
// ---------------------------------------------------------------------------

void Relays::note_queue(Context& context, Index node) {
    context.record(QueueRow{all_nodes_[numbers_[node]], nodes_[node].depth, nodes_[node].busy});
}

void Relays::drop(Context& context, Index node, const Packet& packet, ServerDrop reason) {
    context.record(ServerDropRow{all_nodes_[numbers_[node]], packet.device, reason});
    if (!around_.dropped) return;
    const bool dead = reason == ServerDrop::no_session && packet.device != no_entity &&
                      session(node, context.index_of(packet.device)).alive == 0;
    around_.dropped(context, numbers_[node], packet, reason, dead ? nodes_[node].crash : no_entity);
}

void Relays::enqueue(Context& context, Index node, Job job) {
    Node& n = nodes_[node];
    if (n.busy < params_.relay.workers) {
        serve(context, node, job);
        note_queue(context, node);
        return;
    }
    if (n.depth >= params_.relay.queue_limit) {
        drop(context, node, job.packet, ServerDrop::queue_full);
        return;
    }
    job.packet.ledger.enter(Cause::server_backlog, context.now());
    const Slot slot = jobs_.put({job, no_slot});
    if (n.tail == no_slot) {
        n.head = slot;
    } else {
        jobs_[n.tail].next = slot;
    }
    n.tail = slot;
    ++n.depth;
    note_queue(context, node);
}

Duration Relays::work(const Context& context, Index node, const Job& job) const {
    const RelayParams& relay = params_.relay;
    Duration cost = relay.resync.cost_per_page;
    const auto kind = static_cast<Talk>(job.packet.kind);
    if (kind == Talk::publish || kind == Talk::connect) {
        const std::uint64_t here = context.identity_of(all_nodes_[numbers_[node]]);
        const Block block = context.block("relay.service", job.packet.subject,
                                          job.packet.draw_number(here, use_service));
        cost = sample_duration(kind == Talk::publish ? relay.service_time : relay.handshake, block);
    }
    if (context.now() >= nodes_[node].cold_until) return cost;
    const double cold = static_cast<double>(cost.ns) * relay.resync.cold_factor;
    if (cold >= static_cast<double>(horizon.ns)) return horizon;
    return {static_cast<std::int64_t>(cold)};
}

void Relays::serve(Context& context, Index node, Job job) {
    ++nodes_[node].busy;
    job.packet.ledger.enter(Cause::service_and_propagation, context.now());
    context.send(work(context, node, job), context.address_of(*this, node),
                 ServiceDone{nodes_[node].life}, job);
}

void Relays::on(const ServiceDone&, const Job& job, Index node, Context& context) {
    Node& n = nodes_[node];
    --n.busy;
    if (n.head != no_slot) {
        const Waiting next = jobs_.take(n.head);
        n.head = next.next;
        if (n.head == no_slot) n.tail = no_slot;
        --n.depth;
        serve(context, node, next.job);
    }
    note_queue(context, node);
    switch (static_cast<Talk>(job.packet.kind)) {
        case Talk::connect:
            open_session(context, node, job);
            return;
        case Talk::publish:
            published(context, node, job.packet);
            return;
        default:
            page_done(context, node, job);
            return;
    }
}

void Relays::on(const PacketArrives&, const Packet& packet, Index node, Context& context) {
    Node& n = nodes_[node];
    const auto kind = static_cast<Talk>(packet.kind);
    if (kind == Talk::session) {  // the directory is a service of its own: it outlives the node
        const auto body = packet.read<SessionBody>();
        learn_session(
            context, node, body.device,
            {packet.address, body.connection, 0, static_cast<std::uint8_t>(body.node), 1});
        return;
    }
    if (n.up == 0) {
        drop(context, node, packet, ServerDrop::node_down);
        return;
    }
    ++n.arrivals;
    const std::uint32_t device = packet.device == no_entity ? 0 : context.index_of(packet.device);
    Session& s = session(node, device);
    const bool known = s.alive != 0 && s.address.number == packet.address.number;
    if (known) s.address = packet.address;  // among cellular technologies an address may be kept
    switch (kind) {
        case Talk::connect:
            enqueue(context, node, {.packet = packet, .arrived = context.now(), .device = device});
            return;
        case Talk::ping: {
            if (!known || s.node != numbers_[node])
                return drop(context, node, packet, ServerDrop::no_session);
            Packet pong = packet_to(context, node, device, Talk::pong, header_bytes);
            send_down(context, node, device, pong);
            return;
        }
        case Talk::publish: {
            auto body = packet.read<MessageBody>();
            const bool forwarded = body.at_server != no_time;
            if (!forwarded && (!known || s.node != numbers_[node]))
                return drop(context, node, packet, ServerDrop::no_session);
            Job job{.packet = packet, .arrived = context.now(), .device = device};
            if (!forwarded) {
                body.at_server = context.now();
                job.packet.write(body);
            }
            enqueue(context, node, job);
            return;
        }
        case Talk::delivered:
            acknowledged(packet, context);
            return;
        case Talk::resync_request:
            if (!known) return drop(context, node, packet, ServerDrop::no_session);
            start_pages(context, node, device, packet);
            return;
        case Talk::receipt: {
            const auto body = packet.read<ReceiptBody>();
            const std::uint32_t author = context.index_of(body.author);
            if (session(node, author).alive == 0) return;
            Packet receipt = packet_to(context, node, author, Talk::receipt, header_bytes);
            receipt.write(body);
            send_down(context, node, author, receipt);
            return;
        }
        default:
            break;
    }
    DRIFTSTORM_EXPECT(kind == Talk::receipt);  // nothing else is sent to a relay
}

// ---- sessions
// ------------------------------------------------------------------------------------

Packet Relays::packet_to(const Context& context, Index node, std::uint32_t device, Talk kind,
                         std::uint32_t bytes) {
    Session& s = session(node, device);
    Packet packet;
    packet.protocol = Protocol::messaging;
    packet.direction = Direction::down;
    packet.kind = static_cast<std::uint8_t>(kind);
    packet.address = s.address;
    packet.device = params_.radios[device];
    packet.server = all_nodes_[numbers_[node]];
    packet.bytes = bytes;
    packet.subject = identity_of(context.identity_of(params_.radios[device]),
                                 context.identity_of(all_nodes_[numbers_[node]]));
    packet.attempt = ++s.packets;
    packet.ledger = Ledger(context.now(), Cause::service_and_propagation);
    return packet;
}

void Relays::send_down(Context& context, Index node, std::uint32_t device, Packet& packet) {
    const std::uint32_t here = numbers_[node];
    const std::uint32_t at = session(node, device).node;
    const Duration extra = at == here ? Duration{} : around_.between(here, at);
    around_.send_down(context, here, extra, packet);
}

void Relays::open_session(Context& context, Index node, const Job& job) {
    Session fresh{job.packet.address, job.packet.read<ConnectBody>().connection, 0,
                  static_cast<std::uint8_t>(numbers_[node]), 1};
    for (std::uint32_t other = 0; other < all_nodes_.size(); ++other) {
        if (other == numbers_[node]) continue;
        Packet word = job.packet;
        word.kind = static_cast<std::uint8_t>(Talk::session);
        word.server = all_nodes_[other];
        word.write(SessionBody{job.device, numbers_[node], fresh.connection});
        around_.send_to_node(context, numbers_[node], other, word);
    }
    learn_session(context, node, job.device, fresh);
    Packet reply = packet_to(context, node, job.device, Talk::connected, handshake_bytes);
    reply.write(ConnectBody{fresh.connection});
    send_down(context, node, job.device, reply);
}

void Relays::learn_session(Context& context, Index node, std::uint32_t device,
                           const Session& fresh) {
    Session& s = session(node, device);
    if (fresh.connection <= s.connection) return;  // an older connection's word came late
    const std::uint32_t packets = s.packets;
    s = fresh;
    s.packets = packets;
    if (nodes_[node].up == 0) return;
    // Store and forward: what the device has not acknowledged is sent again over the new
    // connection.
    bool missing = false;
    for (const std::uint32_t m : conversations_.of_device(device))
        if (conversations_.home(conversations_.conversation_of(m)) == numbers_[node])
            missing = missing || log_.member(m).missing() > 0;
    if (!missing) return;
    Packet catch_up = packet_to(context, node, device, Talk::resync_request, 0);
    ResyncBody body;
    body.reason = ResyncReason::reconnect;
    body.requested = context.now();
    catch_up.write(body);
    start_pages(context, node, device, catch_up);
}

void Relays::fail(Context& context, Index node) {
    Node& n = nodes_[node];
    if (n.up == 0) return;
    n.up = 0;
    ++n.life.value;
    while (n.head != no_slot) {
        const Waiting lost = jobs_.take(n.head);
        n.head = lost.next;
        drop(context, node, lost.job.packet, ServerDrop::crash);
    }
    n.tail = no_slot;
    n.depth = n.busy = 0;
    for (Session& s : sessions_[node])
        if (s.node == numbers_[node]) s.alive = 0;
    note_queue(context, node);
}

void Relays::restore(Context& context, Index node, Duration cold, EntityId fault) {
    Node& n = nodes_[node];
    if (n.up != 0) return;
    n.up = 1;
    n.crash = fault;
    n.cold_until = context.now() + cold;
    ++n.epochs;
    // It no longer knows how far each device is, and asks all that are connected to say so.
    for (std::uint32_t device = 0; device < params_.radios.size(); ++device) {
        bool homed = false;
        for (const std::uint32_t m : conversations_.of_device(device))
            homed =
                homed || conversations_.home(conversations_.conversation_of(m)) == numbers_[node];
        if (!homed || session(node, device).alive == 0) continue;
        Packet word = packet_to(context, node, device, Talk::epoch, header_bytes);
        word.write(PageBody{n.epochs, numbers_[node], false, fault});
        send_down(context, node, device, word);
    }
}

}  // namespace driftstorm
