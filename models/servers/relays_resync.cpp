// Pages of messages for devices that ask for them again.
#include "models/servers/relays.hpp"

#include <algorithm>
#include <utility>

namespace driftstorm {

namespace {
/// Bytes of a history message that the run did not send itself. Source: the median of the example
/// scenario.
constexpr std::uint32_t history_message_bytes = 900;
}  // namespace

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
    const auto pages = static_cast<std::uint32_t>(
        std::max<std::uint64_t>(1, (entries + cost.page - 1) / cost.page));
    Job job{.packet = packet,
            .arrived = context.now(),
            .asked = body.requested,
            .device = device,
            .page = 0,
            .pages = pages,
            .bytes = static_cast<std::uint32_t>(bytes / pages)};
    enqueue(context, node, job);
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
        for (std::uint32_t number = member.acknowledged + 1;
             number <= member.copies.size() && left > 0; ++number) {
            const CopyState& copy = member.copies[number - 1];
            if (copy.last_sent != no_time && copy.last_sent >= job.arrived) continue;
            push_copy(context, node, m, number, true, job.arrived, served, body.root_fault);
            --left;
        }
    }
    const bool last = job.page + 1 >= job.pages;
    if (body.number != 0) {
        Packet page =
            packet_to(context, node, job.device, Talk::resync_page, header_bytes + job.bytes);
        page.write(PageBody{body.number, numbers_[node], last, body.root_fault});
        send_down(context, node, job.device, page);
    }
    if (last) return;
    Job next = job;
    ++next.page;
    next.packet.ledger = Ledger(context.now(), Cause::service_and_propagation);
    enqueue(context, node, next);
}

}  // namespace driftstorm
