#include "scenarios/copies_left.hpp"

#include "models/messaging/message_rows.hpp"

#include <algorithm>

namespace driftstorm {

namespace {

/// Copies of messages that got their sequence number but are not shown.
void record_sequenced(Kernel& kernel, const Apps& apps, const std::vector<const Relays*>& relays,
                      const std::vector<EntityId>& devices) {
    const Conversations& conversations = apps.conversations();
    const Time end = kernel.now();
    for (std::uint32_t device = 0; device < devices.size(); ++device)
        for (const std::uint32_t m : conversations.of_device(device)) {
            const std::uint32_t c = conversations.conversation_of(m);
            const MessageLog& log = relays[conversations.home(c)]->log();
            const MessageLog::Member& member = log.member(m);
            for (std::uint32_t number = 1; number <= member.copies.size(); ++number) {
                if (apps.inbox().shown(m, number)) continue;
                const CopyState& state = member.copies[number - 1];
                const LogEntry& entry = log.log(c)[state.entry];
                const HeldCopy* held = apps.inbox().held(m, number);
                Ledger ledger = held != nullptr ? held->ledger : entry.ledger;
                if (held == nullptr) {
                    apps.connectivity().account(device, entry.sequenced, end, ledger,
                                                apps.inbox().setback(m, number));
                    ledger.skip(end);
                }
                kernel.as(devices[device])
                    .record(
                        CopyRow{.message_sender = entry.message.sender,
                                .message_count = entry.message.count,
                                .device = devices[device],
                                .seq = state.entry + 1,
                                .sent = entry.message.sent,
                                .server = entry.message.at_server,
                                .sequenced = entry.sequenced,
                                .delivered = held != nullptr ? held->delivered : no_time,
                                .visible = no_time,
                                .end = end,
                                .attempts = std::uint32_t{entry.message.attempts} + state.attempts,
                                .outcome = Outcome::pending,
                                .late_insert_depth = 0,
                                .root_fault = ledger.root,
                                .blame = ledger.closed(end)});
            }
        }
}

struct Unsent {
    const OutboxMessage* message = nullptr;
    Time end{};
    Outcome outcome = Outcome::pending;
};

/// Copies of messages that no relay has put in order.
void record_unsequenced(Kernel& kernel, const Apps& apps, const std::vector<const Relays*>& relays,
                        const std::vector<EntityId>& devices, const std::vector<Unsent>& unsent) {
    const Conversations& conversations = apps.conversations();
    for (const Unsent& left : unsent) {
        const MessageBody& body = left.message->body;
        const MessageLog& log = relays[conversations.home(body.conversation)]->log();
        if (log.find(body.conversation, body.sender, body.count, Time{}) != 0)
            continue;  // only its receipt was lost
        const std::uint32_t sender = kernel.index_of(body.sender);
        Ledger ledger = left.message->ledger;
        if (left.outcome == Outcome::pending && left.message->state != SendState::failed) {
            apps.connectivity().account(sender, ledger.since(), left.end, ledger,
                                        left.message->setback);
            ledger.skip(left.end);
        }
        for (const Conversations::Member& member : conversations.members(body.conversation)) {
            if (member.device == sender) continue;
            kernel.as(devices[member.device])
                .record(CopyRow{.message_sender = body.sender,
                                .message_count = body.count,
                                .device = devices[member.device],
                                .seq = 0,
                                .sent = left.message->attempts == 0 ? no_time : body.sent,
                                .server = no_time,
                                .sequenced = no_time,
                                .delivered = no_time,
                                .visible = no_time,
                                .end = left.end,
                                .attempts = left.message->attempts,
                                .outcome = left.outcome,
                                .late_insert_depth = 0,
                                .root_fault = ledger.root,
                                .blame = ledger.closed(left.end)});
        }
    }
}

}  // namespace

void record_copies_left(Kernel& kernel, const Apps& apps, const std::vector<const Relays*>& relays,
                        const std::vector<EntityId>& devices) {
    if (relays.empty()) return;
    record_sequenced(kernel, apps, relays, devices);
    std::vector<Unsent> unsent;
    for (std::uint32_t device = 0; device < devices.size(); ++device)
        for (const OutboxMessage& message : apps.outbox().of(device))
            unsent.push_back({&message, kernel.now(), Outcome::pending});
    for (const GivenUp& given_up : apps.outbox().given_up())
        unsent.push_back({&given_up.message, given_up.at, given_up.outcome});
    std::stable_sort(unsent.begin(), unsent.end(), [](const Unsent& a, const Unsent& b) {
        return std::pair(a.message->body.sender, a.message->body.count) <
               std::pair(b.message->body.sender, b.message->body.count);
    });
    record_unsequenced(kernel, apps, relays, devices, unsent);
}

}  // namespace driftstorm
