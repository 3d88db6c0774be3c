#include "models/servers/relays.hpp"

#include "sim/core/expect.hpp"

#include <algorithm>
#include <utility>

namespace driftstorm {

namespace {
// Uses of a packet's draws at a relay.
constexpr std::uint32_t use_service = 1;
/// Bytes of a history message that the run did not send itself. Source: the median of the example scenario.
constexpr std::uint32_t history_message_bytes = 900;
}  // namespace

Relays::Relays(Params params, const Conversations& conversations, std::vector<std::uint32_t> numbers)
    : params_(std::move(params)),
      conversations_(conversations),
      numbers_(std::move(numbers)),
      nodes_(numbers_.size()),
      sessions_(numbers_.size(), std::vector<Session>(params_.radios.size())),
      log_(conversations) {}

void Relays::start(Context& context, Index node) {
    const double offset_s = params_.relay.clock_offset.sample(context.block("relay.clock_offset", context.identity(), 0));
    const double ns = offset_s * 1e9;
    nodes_[node].clock_offset = {static_cast<std::int64_t>(ns < 0 ? ns - 0.5 : ns + 0.5)};
}

// ---- workers and queue ---------------------------------------------------------------------------

void Relays::note_queue(Context& context, Index node) {
    context.record(QueueRow{all_nodes_[numbers_[node]], nodes_[node].depth, nodes_[node].busy});
}

void Relays::drop(Context& context, Index node, const Packet& packet, ServerDrop reason) {
    context.record(ServerDropRow{all_nodes_[numbers_[node]], packet.device, reason});
}

void Relays::enqueue(Context& context, Index node, Job job) {
    Node& n = nodes_[node];
    if (n.busy < params_.relay.workers) {
        serve(context, node, std::move(job));
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
        const Block block =
            context.block("relay.service", job.packet.subject, job.packet.draw_number(here, use_service));
        cost = sample_duration(kind == Talk::publish ? relay.service_time : relay.handshake, block);
    }
    if (context.now() >= nodes_[node].cold_until) return cost;
    return {static_cast<std::int64_t>(static_cast<double>(cost.ns) * relay.resync.cold_factor)};
}

void Relays::serve(Context& context, Index node, Job job) {
    ++nodes_[node].busy;
    job.packet.ledger.enter(Cause::service_and_propagation, context.now());
    context.send(work(context, node, job), context.address_of(*this, node), ServiceDone{nodes_[node].life}, job);
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
        case Talk::connect: open_session(context, node, job); return;
        case Talk::publish: published(context, node, job.packet); return;
        default: page_done(context, node, job); return;
    }
}

void Relays::on(const PacketArrives&, const Packet& packet, Index node, Context& context) {
    Node& n = nodes_[node];
    const auto kind = static_cast<Talk>(packet.kind);
    if (kind == Talk::session) {  // the directory is a service of its own: it outlives the node
        const auto body = packet.read<SessionBody>();
        learn_session(context, node, body.device,
                      {packet.address, body.connection, 0, static_cast<std::uint8_t>(body.node), 1});
        return;
    }
    if (n.up == 0) {
        drop(context, node, packet, ServerDrop::node_down);
        return;
    }
    ++n.arrivals;
    const std::uint32_t device = packet.device == no_entity ? 0 : context.index_of(packet.device);
    const Session& s = session(node, device);
    const bool known = s.alive != 0 && s.address == packet.address;
    switch (kind) {
        case Talk::connect: enqueue(context, node, {.packet = packet, .arrived = context.now(), .device = device}); return;
        case Talk::ping: {
            if (!known || s.node != numbers_[node]) return drop(context, node, packet, ServerDrop::no_session);
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
            enqueue(context, node, std::move(job));
            return;
        }
        case Talk::delivered: acknowledged(packet, context); return;
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
        default: break;
    }
    DRIFTSTORM_EXPECT(kind == Talk::receipt);  // nothing else is sent to a relay
}

// ---- sessions ------------------------------------------------------------------------------------

Packet Relays::packet_to(const Context& context, Index node, std::uint32_t device, Talk kind, std::uint32_t bytes) {
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

void Relays::learn_session(Context& context, Index node, std::uint32_t device, const Session& fresh) {
    Session& s = session(node, device);
    if (fresh.connection <= s.connection) return;  // an older connection's word came late
    const std::uint32_t packets = s.packets;
    s = fresh;
    s.packets = packets;
    if (nodes_[node].up == 0) return;
    // Store and forward: what the device has not acknowledged is sent again over the new connection.
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
    n.cold_until = context.now() + cold;
    ++n.epochs;
    // It no longer knows how far each device is, and asks all that are connected to say so.
    for (std::uint32_t device = 0; device < params_.radios.size(); ++device) {
        bool homed = false;
        for (const std::uint32_t m : conversations_.of_device(device))
            homed = homed || conversations_.home(conversations_.conversation_of(m)) == numbers_[node];
        if (!homed || session(node, device).alive == 0) continue;
        Packet word = packet_to(context, node, device, Talk::epoch, header_bytes);
        word.write(PageBody{n.epochs, numbers_[node], false, fault});
        send_down(context, node, device, word);
    }
}

// ---- order ---------------------------------------------------------------------------------------

void Relays::published(Context& context, Index node, const Packet& packet) {
    const std::uint32_t home = conversations_.home(packet.read<MessageBody>().conversation);
    if (home == numbers_[node]) {
        sequence(context, node, packet);
        return;
    }
    Packet forwarded = packet;
    forwarded.server = all_nodes_[home];
    around_.send_to_node(context, numbers_[node], home, forwarded);
}

void Relays::answer(Context& context, Index node, std::uint32_t device, Talk kind, const PublishedBody& body,
                    std::uint64_t subject, std::uint32_t attempt) {
    if (session(node, device).alive == 0) return;
    Packet packet = packet_to(context, node, device, kind, header_bytes);
    packet.subject = subject;
    packet.attempt = attempt;
    packet.write(body);
    send_down(context, node, device, packet);
}

void Relays::sequence(Context& context, Index node, const Packet& packet) {
    const Sequencing& rules = params_.relay.sequencing;
    const auto body = packet.read<MessageBody>();
    const std::uint32_t sender = context.index_of(packet.device);
    const std::uint32_t known =
        log_.find(body.conversation, body.sender, body.count, context.now() - rules.dedupe_window);
    if (known != 0) {
        answer(context, node, sender, Talk::published, {body.count, known, {}}, packet.subject, packet.attempt);
        return;
    }
    // The stamp of an attempt against the relay's clock, both as counts since the epoch.
    const Reading here = Reading{context.now().ns} + nodes_[node].clock_offset;
    const Duration ahead = here - body.local_sent;
    if (ahead > rules.reject_skew_above || -ahead > rules.reject_skew_above) {
        answer(context, node, sender, Talk::rejected, {body.count, 0, ahead}, packet.subject, packet.attempt);
        return;
    }
    LogEntry entry{body, packet.ledger, identity_of(context.identity_of(body.sender), body.count), context.now()};
    entry.ledger.spend(entry.ledger.cause(), context.now());
    const std::uint32_t seq = log_.append(body.conversation, entry);
    answer(context, node, sender, Talk::published, {body.count, seq, {}}, packet.subject, packet.attempt);
    const std::uint32_t first = conversations_.first(body.conversation);
    for (std::uint32_t i = 0; i < conversations_.members(body.conversation).size(); ++i) {
        const std::uint32_t device = conversations_.member(first + i).device;
        if (device == sender) continue;
        log_.member(first + i).copies.push_back({seq - 1, 0, no_time});
        if (session(node, device).alive != 0)
            push_copy(context, node, first + i, static_cast<std::uint32_t>(log_.member(first + i).copies.size()), false,
                      no_time, {}, no_entity);
    }
}

void Relays::push_copy(Context& context, Index node, std::uint32_t membership, std::uint32_t number, bool resync,
                       Time asked, Duration served, EntityId root) {
    const std::uint32_t conversation = conversations_.conversation_of(membership);
    const std::uint32_t device = conversations_.member(membership).device;
    const std::uint32_t at = session(node, device).node;
    if (!around_.up(numbers_[node], at)) return;  // its session is lost and the directory knows
    CopyState& copy = log_.member(membership).copies[number - 1];
    const LogEntry& entry = log_.log(conversation)[copy.entry];
    Packet packet = packet_to(context, node, device, Talk::deliver, header_bytes + entry.message.size);
    ++copy.attempts;
    copy.last_sent = context.now();
    packet.subject = identity_of(entry.identity, context.identity_of(params_.radios[device]));
    packet.attempt = copy.attempts;
    packet.ledger = entry.ledger;
    if (root != no_entity) packet.ledger.root = root;
    // Until the answer to a resync began to be made the copy waited for the device; then for the relay's workers.
    const Time until = asked == no_time ? context.now() : std::max(asked, entry.sequenced);
    packet.ledger.skip(until);
    const Time begun = std::max(until, context.now() - served);
    packet.ledger.spend(Cause::server_backlog, begun);
    packet.ledger.enter(Cause::service_and_propagation, begun);
    CopyBody body;
    body.message = entry.message;
    body.seq = copy.entry + 1;
    body.number = number;
    body.resync = resync;
    body.server_attempt = static_cast<std::uint16_t>(std::min<std::uint32_t>(copy.attempts, 0xffff));
    body.sequenced = entry.sequenced;
    body.held_from = entry.sequenced;
    body.held_until = until;
    packet.write(body);
    send_down(context, node, device, packet);
    if (log_.member(membership).armed == 0) {
        log_.member(membership).wait = params_.relay.redelivery.timeout;
        arm(context, node, membership);
    }
}

void Relays::arm(Context& context, Index node, std::uint32_t membership) {
    MessageLog::Member& member = log_.member(membership);
    member.armed = 1;
    ++member.timer.value;
    context.remind(*this, node, member.wait,
                   Redeliver{conversations_.entity(conversations_.conversation_of(membership)),
                             params_.radios[conversations_.member(membership).device], {membership}, member.timer});
}

void Relays::on(const Redeliver& timer, Index node, Context& context) {
    const std::uint32_t m = timer.membership.value;
    MessageLog::Member& member = log_.member(m);
    member.armed = 0;
    const Session& s = session(node, conversations_.member(m).device);
    if (member.missing() == 0 || nodes_[node].up == 0 || s.alive == 0 || !around_.up(numbers_[node], s.node)) return;
    const Redelivery& rule = params_.relay.redelivery;
    bool any = false;
    for (std::uint32_t number = member.acknowledged + 1; number <= member.copies.size(); ++number) {
        const CopyState& copy = member.copies[number - 1];
        if (copy.last_sent != no_time && context.now() - copy.last_sent < rule.timeout) continue;
        any = true;
        member.armed = 1;  // one timer for all of them
        push_copy(context, node, m, number, false, no_time, {}, no_entity);
    }
    const double longer = static_cast<double>(member.wait.ns) * (any ? rule.factor : 1.0);
    member.wait = {static_cast<std::int64_t>(std::min(longer, static_cast<double>(rule.cap.ns)))};
    arm(context, node, m);
}

void Relays::acknowledged(const Packet& packet, const Context& context) {
    const auto ack = packet.read<AckBody>();
    MessageLog::Member& member =
        log_.member(conversations_.membership(ack.conversation, context.index_of(packet.device)));
    if (ack.number <= member.acknowledged) return;
    member.acknowledged = ack.number;
    member.wait = params_.relay.redelivery.timeout;
}

// ---- resync --------------------------------------------------------------------------------------

void Relays::start_pages(Context& context, Index node, std::uint32_t device, const Packet& packet) {
    const auto body = packet.read<ResyncBody>();
    const ResyncCost& cost = params_.relay.resync;
    std::uint64_t entries = 0;
    std::uint64_t bytes = 0;
    for (const std::uint32_t m : conversations_.of_device(device)) {
        const std::uint32_t c = conversations_.conversation_of(m);
        if (conversations_.home(c) != numbers_[node]) continue;
        if (body.conversation != all_conversations && body.conversation != c) continue;
        if (body.scope == ResyncScope::missing) {
            entries += log_.member(m).missing();
            continue;
        }
        entries += log_.log(c).size() + conversations_.history(c);
        bytes += std::uint64_t{conversations_.history(c)} * history_message_bytes;
        for (const LogEntry& entry : log_.log(c)) bytes += entry.message.size;
    }
    const auto pages = static_cast<std::uint32_t>(std::max<std::uint64_t>(1, (entries + cost.page - 1) / cost.page));
    Job job{.packet = packet, .arrived = context.now(), .asked = body.requested, .device = device, .page = 0,
            .pages = pages, .bytes = static_cast<std::uint32_t>(bytes / pages)};
    enqueue(context, node, std::move(job));
}

void Relays::page_done(Context& context, Index node, const Job& job) {
    if (session(node, job.device).alive == 0) return;
    const auto body = job.packet.read<ResyncBody>();
    const Duration served = work(context, node, job);
    std::uint32_t left = params_.relay.resync.page;
    for (const std::uint32_t m : conversations_.of_device(job.device)) {
        const std::uint32_t c = conversations_.conversation_of(m);
        if (conversations_.home(c) != numbers_[node]) continue;
        if (body.conversation != all_conversations && body.conversation != c) continue;
        const MessageLog::Member& member = log_.member(m);
        for (std::uint32_t number = member.acknowledged + 1; number <= member.copies.size() && left > 0; ++number) {
            const CopyState& copy = member.copies[number - 1];
            if (copy.last_sent != no_time && copy.last_sent >= job.arrived) continue;
            push_copy(context, node, m, number, true, job.arrived, served, body.root_fault);
            --left;
        }
    }
    const bool last = job.page + 1 >= job.pages;
    if (body.number != 0) {
        Packet page = packet_to(context, node, job.device, Talk::resync_page, header_bytes + job.bytes);
        page.write(PageBody{body.number, numbers_[node], last, body.root_fault});
        send_down(context, node, job.device, page);
    }
    if (last) return;
    Job next = job;
    ++next.page;
    next.packet.ledger = Ledger(context.now(), Cause::service_and_propagation);
    enqueue(context, node, std::move(next));
}

}  // namespace driftstorm
