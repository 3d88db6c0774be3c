// What reaches an app: copies into the inbox, answers to what it sent.
#include "models/messaging/apps.hpp"
#include "models/messaging/message_rows.hpp"
#include "sim/core/expect.hpp"

#include <algorithm>
#include <utility>

namespace driftstorm {

void Apps::on(const PacketArrives&, const Packet& packet, Index device, Context& context) {
    Device& d = devices_[device];
    if (d.state == ConnectionState::offline) return;
    switch (static_cast<Talk>(packet.kind)) {
        case Talk::connected: {
            if (d.state != ConnectionState::handshake ||
                packet.read<ConnectBody>().connection != d.connection)
                return;
            const bool again = d.was_connected != 0;
            d.was_connected = 1;
            d.failures = 0;
            d.last_wait = {};
            d.last_pong = context.now();
            const EntityId root = std::exchange(d.setback, Setback{}).root;
            set_state(context, device, ConnectionState::connected);
            context.remind(*this, device, Duration{}, Beat{d.generation});
            flush_outbox(context, device);
            if (d.pending_resync != 0) {
                d.pending_resync = 0;
                resync(context, device, d.pending_reason, d.pending_scope, all_conversations,
                       d.pending_root);
            } else if (again && version_of(device).resyncs_on(ResyncReason::reconnect)) {
                resync(context, device, ResyncReason::reconnect, ResyncScope::missing,
                       all_conversations, root);
            }
            return;
        }
        case Talk::pong:
            d.last_pong = context.now();
            if (connected(device)) d.setback = {};
            return;
        case Talk::published:
            on_published(context, device, packet.read<PublishedBody>());
            return;
        case Talk::rejected:
            on_rejected(context, device, packet.read<PublishedBody>(), packet.attempt);
            return;
        case Talk::deliver:
            on_deliver(context, device, packet);
            return;
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
            context.remind(
                *this, device,
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
        case Talk::session:
            break;
    }
    DRIFTSTORM_EXPECT(static_cast<Talk>(packet.kind) ==
                      Talk::receipt);  // nothing else is sent to a device
}

void Apps::on_deliver(Context& context, Index device, const Packet& packet) {
    HeldCopy copy{packet.read<CopyBody>(), packet.ledger, context.now()};
    const std::uint32_t m = conversations_.membership(copy.body.message.conversation, device);
    Inbox::Membership& box = inbox_[m];
    if (inbox_.has(m, copy.body.number)) {
        acknowledge(context, device, m);
        return;
    }
    // The relay waited for this device: the device knows what its connection was doing, and whether
    // it had asked.
    const Setback lost = inbox_.setback(m, copy.body.number);
    inbox_.arrive(m, copy.body.number);
    if (copy.ledger.root == no_entity) copy.ledger.root = lost.root;
    const Time asked = box.gap_requested;
    Time from = copy.body.held_from;
    if (asked != no_time && asked < copy.body.held_until && copy.body.number == box.next) {
        const Time split = std::max(asked, from);
        connectivity_.account(device, from, split, copy.ledger, lost);
        copy.ledger.add(Cause::gap_resync, copy.body.held_until - split);
        from = copy.body.held_until;
    }
    connectivity_.account(device, from, copy.body.held_until, copy.ledger, lost);
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
    if (order == DisplayOrder::sender_timestamp)
        depth = inbox_.show_stamp(m, copy.body.message.local_composed);
    show(context, device, m, copy, depth);
    release_held(context, device, m, copy.ledger.root);
    acknowledge(context, device, m);
}

/// @param root  fault behind the copy that the held ones waited for
void Apps::release_held(Context& context, Index device, std::uint32_t membership, EntityId root) {
    Inbox::Membership& box = inbox_[membership];
    bool released = false;
    while (!box.held.empty() && box.held.front().body.number <= box.next) {
        HeldCopy copy = box.held.front();
        if (copy.ledger.root == no_entity) copy.ledger.root = root;
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

void Apps::show(Context& context, Index device, std::uint32_t membership, const HeldCopy& copy,
                std::uint32_t depth) {
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
        const std::uint64_t subject =
            identity_of(context.identity_of(message.sender), message.count);
        const Block block = context.block(
            "app.read_delay", subject, context.identity_of(context.address_of(*this, device).id));
        context.remind(
            *this, device, sample_duration(receipts.delay, block),
            ReadMessage{message.sender, message.count,
                        conversations_.entity(conversations_.conversation_of(membership))});
    }
    around_.visible(context, device, message);
}

void Apps::acknowledge(Context& context, Index device, std::uint32_t membership) {
    const std::uint32_t conversation = conversations_.conversation_of(membership);
    Packet ack = packet_to(context, device, conversations_.home(conversation), Talk::delivered,
                           header_bytes);
    ack.write(AckBody{conversation, inbox_[membership].expected - 1});
    transmit(context, device, ack);
}

void Apps::on(const ReadMessage& read, Index device, Context& context) {
    if (!connected(device)) return;
    const std::uint32_t conversation = context.index_of(read.conversation);
    Packet packet =
        packet_to(context, device, conversations_.home(conversation), Talk::receipt, header_bytes);
    packet.write(
        ReceiptBody{read.author, read.count, conversation, context.address_of(*this, device).id});
    transmit(context, device, packet);
}

}  // namespace driftstorm
