// What an app asks for again, and when.
#include "models/messaging/apps.hpp"
#include "models/messaging/message_rows.hpp"

#include <algorithm>

namespace driftstorm {

namespace {
/// A gap that stays is asked for again and again, at most this far apart.
constexpr Duration longest_gap_wait{60'000'000'000};
}  // namespace

void Apps::arm_gap(Context& context, Index device, std::uint32_t membership) {
    Inbox::Membership& box = inbox_[membership];
    ++box.gap_generation.value;
    context.remind(*this, device, box.gap_wait,
                   GapTimeout{conversations_.entity(conversations_.conversation_of(membership)),
                              {membership},
                              box.gap_generation});
}

void Apps::on(const GapTimeout& timeout, Index device, Context& context) {
    const std::uint32_t m = timeout.membership.value;
    const std::uint32_t conversation = conversations_.conversation_of(m);
    Inbox::Membership& box = inbox_[m];
    if (!params_.resync_on_gap || !version_of(device).resyncs_on(ResyncReason::gap)) {
        box.next = box.held.front()
                       .body.number;  // the gap is skipped; what is missing may still come, late
        release_held(context, device, m, inbox_.root_of_gap(m));
        acknowledge(context, device, m);
        return;
    }
    box.gap_wait = std::min(box.gap_wait * 2, longest_gap_wait);
    arm_gap(context, device, m);
    if (!connected(device)) return;
    if (box.gap_requested == no_time) box.gap_requested = context.now();
    ++box.gap_requests;
    const EntityId gap = inbox_.root_of_gap(m);
    resync(context, device, ResyncReason::gap, ResyncScope::missing, conversation,
           gap != no_entity ? gap : root_of(device, conversation), box.gap_requests > 1);
}

void Apps::resync(Context& context, Index device, ResyncReason reason, ResyncScope scope,
                  std::uint32_t conversation, EntityId root, bool again) {
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
        if (conversation == all_conversations || c == conversation)
            nodes |= 1u << conversations_.home(c);
    }
    if (nodes == 0) return;
    ResyncBody body;
    body.reason = reason;
    body.scope = scope;
    body.conversation = conversation;
    body.root_fault = root;
    body.requested = context.now();
    request_resync(context, device, nodes, body, again);
}

void Apps::request_resync(Context& context, Index device, std::uint32_t nodes, ResyncBody body,
                          bool again) {
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
                             .again = again,
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
    request_resync(context, device, d.outstanding, body, true);
}

void Apps::clock_stepped(Context& context, Index device) {
    Device& d = devices_[device];
    for (OutboxMessage& message : outbox_.of(device))
        driftstorm::clock_stepped(message, d.stamp_correction);
    d.stamp_correction = {};
    if (d.state == ConnectionState::offline) return;
    const AppVersion& app = version_of(device);
    if (app.resyncs_on(ResyncReason::clock_step))
        resync(context, device, ResyncReason::clock_step, app.resync_scope, all_conversations,
               no_entity);
}

void Apps::arm_sync(Context& context, Index device) {
    const PeriodicSync& sync = version_of(device).periodic_sync;
    if (sync.align_to == SyncAlignment::none) return;
    const std::int64_t shown = params_.epoch_unix_ns + around_.wall(device, context.now()).ns;
    std::int64_t period = shown / sync.every.ns;
    if (shown % sync.every.ns < 0) --period;  // a clock may show a time before 1970
    around_.arm_sync(context, device,
                     Reading{(period + 1) * sync.every.ns - params_.epoch_unix_ns});
}

void Apps::sync_due(Context& context, Index device) {
    arm_sync(context, device);
    if (connected(device))
        resync(context, device, ResyncReason::periodic, ResyncScope::missing, all_conversations,
               no_entity);
}

}  // namespace driftstorm
