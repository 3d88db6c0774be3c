// Admission, order, copies and their acknowledgement.
#include "models/servers/relays.hpp"

#include <algorithm>

namespace driftstorm {

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

void Relays::answer(Context& context, Index node, std::uint32_t device, Talk kind,
                    const PublishedBody& body, std::uint64_t subject, std::uint32_t attempt) {
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
        answer(context, node, sender, Talk::published, {body.count, known, {}}, packet.subject,
               packet.attempt);
        return;
    }
    // The stamp of an attempt against the relay's clock, both as counts since the epoch.
    const Reading here = Reading{context.now().ns} + nodes_[node].clock_offset;
    const Duration ahead = here - body.local_sent;
    if (ahead > rules.reject_skew_above || -ahead > rules.reject_skew_above) {
        answer(context, node, sender, Talk::rejected, {body.count, 0, ahead}, packet.subject,
               packet.attempt);
        return;
    }
    LogEntry entry{body, packet.ledger, identity_of(context.identity_of(body.sender), body.count),
                   context.now()};
    entry.ledger.spend(entry.ledger.cause(), context.now());
    const std::uint32_t seq = log_.append(body.conversation, entry);
    answer(context, node, sender, Talk::published, {body.count, seq, {}}, packet.subject,
           packet.attempt);
    const std::uint32_t first = conversations_.first(body.conversation);
    for (std::uint32_t i = 0; i < conversations_.members(body.conversation).size(); ++i) {
        const std::uint32_t device = conversations_.member(first + i).device;
        if (device == sender) continue;
        log_.member(first + i).copies.push_back({seq - 1, 0, no_time});
        if (session(node, device).alive != 0)
            push_copy(context, node, first + i,
                      static_cast<std::uint32_t>(log_.member(first + i).copies.size()), false,
                      no_time, {}, no_entity);
    }
}

void Relays::push_copy(Context& context, Index node, std::uint32_t membership, std::uint32_t number,
                       bool resync, Time asked, Duration served, EntityId root) {
    const std::uint32_t conversation = conversations_.conversation_of(membership);
    const std::uint32_t device = conversations_.member(membership).device;
    const std::uint32_t at = session(node, device).node;
    if (!around_.up(numbers_[node], at)) return;  // its session is lost and the directory knows
    CopyState& copy = log_.member(membership).copies[number - 1];
    const LogEntry& entry = log_.log(conversation)[copy.entry];
    Packet packet =
        packet_to(context, node, device, Talk::deliver, header_bytes + entry.message.size);
    ++copy.attempts;
    copy.last_sent = context.now();
    packet.subject = identity_of(entry.identity, context.identity_of(params_.radios[device]));
    packet.attempt = copy.attempts;
    packet.ledger = entry.ledger;
    if (root != no_entity) packet.ledger.root = root;
    // Until the answer to a resync began to be made the copy waited for the device; then for the
    // relay's workers.
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
    body.server_attempt =
        static_cast<std::uint16_t>(std::min<std::uint32_t>(copy.attempts, 0xffff));
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
                             params_.radios[conversations_.member(membership).device],
                             {membership},
                             member.timer});
}

void Relays::on(const Redeliver& timer, Index node, Context& context) {
    const std::uint32_t m = timer.membership.value;
    MessageLog::Member& member = log_.member(m);
    member.armed = 0;
    const Session& s = session(node, conversations_.member(m).device);
    if (member.missing() == 0 || nodes_[node].up == 0 || s.alive == 0 ||
        !around_.up(numbers_[node], s.node))
        return;
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

}  // namespace driftstorm
