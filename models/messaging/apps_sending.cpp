// What an app sends: attempts, waits, refusals.
#include "models/messaging/apps.hpp"
#include "models/messaging/message_rows.hpp"

#include <algorithm>
#include <utility>

namespace driftstorm {

namespace {
/// A message refused more often for its stamp is given up: the correction does not help.
constexpr std::uint32_t most_refusals = 3;
}  // namespace

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
    // The author sees it at once, among what others have written.
    if (version_of(device).order_by == DisplayOrder::sender_timestamp)
        inbox_.show_stamp(conversations_.membership(conversation, device),
                          shown + d.stamp_correction);
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
    const Setback before = std::exchange(message.setback, Setback{});
    connectivity_.account(device, message.ledger.since(), context.now(), message.ledger, before);
    message.ledger.skip(context.now());
    ++message.attempts;
    ++message.round;
    if (message.attempts == 1) message.body.sent = context.now();
    message.body.attempts = static_cast<std::uint16_t>(std::min(message.attempts, 0xffffu));
    message.state = SendState::in_flight;
    message.outage =
        around_.fault_of_node(conversations_.home(message.body.conversation)) != no_entity ||
        around_.fault_of_node(d.node) != no_entity;
    ++message.generation.value;
    if (message.attempts > 1) {
        const EntityId root =
            before.root != no_entity ? before.root : root_of(device, message.body.conversation);
        if (root != no_entity) message.ledger.root = root;
        context.record(RetryRow{.device = message.body.sender,
                                .count = message.body.count,
                                .attempt = message.attempts,
                                .pressed = false,
                                .root_fault = message.ledger.root});
    }
    Packet packet =
        packet_to(context, device, d.node, Talk::publish, header_bytes + message.body.size);
    packet.subject = message.identity;
    packet.attempt = message.attempts;
    packet.ledger = message.ledger;
    packet.ledger.enter(Cause::service_and_propagation, context.now());
    if (message.corrected_since > message.attempts || message.correction != d.stamp_correction) {
        message.correction = d.stamp_correction;
        message.corrected_since = message.attempts;
    }
    MessageBody body = message.body;
    if (!message.composed_before_step)
        body.local_composed = body.local_composed + d.stamp_correction;
    body.local_sent = around_.wall(device, context.now()) + d.stamp_correction;
    packet.write(body);
    transmit(context, device, packet);
    context.remind(*this, device, version_of(device).send.timeout,
                   SendTimer{message.body.count, message.generation});
}

void Apps::on(const SendTimer& timer, Index device, Context& context) {
    OutboxMessage& message = *outbox_.find(device, timer.count);
    const SendPolicy& policy = version_of(device).send;
    if (message.state == SendState::backoff) {
        message.ledger.spend(message.setback.cause, context.now());
        message.state = SendState::waiting;
        if (connected(device)) attempt(context, device, message);
        return;
    }
    const Setback& setback = message.setback;
    const EntityId root =
        setback.root != no_entity ? setback.root : root_of(device, message.body.conversation);
    if (root != no_entity) message.ledger.root = root;
    if (setback.known()) {
        message.ledger.spend(setback.cause, context.now());
    } else if (message.outage ||
               around_.fault_of_node(conversations_.home(message.body.conversation)) != no_entity) {
        message.ledger.spend(Cause::network_outage, context.now());
    } else {
        connectivity_.account(device, message.ledger.since(), context.now(), message.ledger);
        message.ledger.skip(context.now());
    }
    if (message.round >= policy.attempts) {
        message.state = SendState::failed;
        message.setback = {};
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

void Apps::attempt_lost(Index device, std::uint32_t count, std::uint32_t attempt,
                        const Setback& setback) {
    OutboxMessage* message = outbox_.find(device, count);
    if (message == nullptr || message->state == SendState::failed) return;
    // What an attempt met is over when the next one leaves; all of the wait for it is the
    // setback's.
    if (attempt == message->attempts) message->setback = {setback.cause, setback.root, {}};
}

void Apps::flush_outbox(Context& context, Index device) {
    for (OutboxMessage& message : outbox_.of(device))
        if (message.state != SendState::failed) attempt(context, device, message);
}

void Apps::on_published(Context&, Index device, const PublishedBody& body) {
    outbox_.remove(device, body.count);
}

void Apps::on_rejected(Context& context, Index device, const PublishedBody& body,
                       std::uint32_t refused) {
    OutboxMessage* message = outbox_.find(device, body.count);
    if (message == nullptr || message->state == SendState::failed) return;
    const bool other_stamp = refused < message->corrected_since;
    // A later attempt with a later correction is under way and gets its own answer.
    if (other_stamp && message->corrected_since <= message->attempts) return;
    Device& d = devices_[device];
    message->ledger.spend(Cause::clock_rejection, context.now());
    if (++message->refusals > most_refusals) {
        outbox_.give_up(device, body.count, context.now(), Outcome::lost_refused);
        return;
    }
    // To what the refused stamp held already, not to what other refusals have taught meanwhile.
    if (!other_stamp) d.stamp_correction = message->correction + body.server_ahead;
    attempt(context, device, *message);
    if (version_of(device).resyncs_on(ResyncReason::skew_reject))
        resync(context, device, ResyncReason::skew_reject, ResyncScope::missing, all_conversations,
               no_entity);
}

}  // namespace driftstorm
