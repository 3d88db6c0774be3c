#include "models/links/links.hpp"

#include <stdexcept>
#include <string>
#include <utility>

namespace driftstorm {

Index Links::add(const Params& params, std::uint64_t identity) {
    return add(params, identity, CapacityTrace{.rates = {params.rate}});
}

Index Links::add(const Params& params, std::uint64_t identity, CapacityTrace trace) {
    params_.push_back(params);
    capacity_.emplace_back(std::move(trace));
    bursts_.emplace_back(params.bursts);
    identity_.push_back(identity);
    wires_.push_back(Wire{});
    conditions_.push_back(Condition{{}, params.loss, 1});
    return static_cast<Index>(params_.size() - 1);
}

std::int64_t Links::rate(Index link, Time at) const {
    return capacity_[link].rate(conditions_[link].capacity, at);
}

void Links::enqueue(Context& context, Index link, Packet packet) {
    Wire& wire = wires_[link];
    const Params& params = params_[link];
    ++wire.accepted;
    packet.ledger.enter(Cause::link_queue, context.now());
    if (conditions_[link].up == 0) return drop(context, link, packet, DropReason::link_down);
    const bool waits = wire.sending != no_slot;
    const bool too_many = params.buffer_packets > 0 && wire.queue.size >= params.buffer_packets;
    const bool too_long =
        params.buffer_bytes > 0 && wire.waiting_bytes + packet.bytes > params.buffer_bytes;
    if (waits && (too_many || too_long))
        return drop(context, link, packet, DropReason::buffer_full);
    append(link, packet);
    if (!waits) begin_next(context, link);
}

void Links::append(Index link, const Packet& packet) {
    SlotList& queue = wires_[link].queue;
    const Slot slot = held_.put(Held{packet, no_slot});
    if (queue.empty()) {
        queue.head = slot;
    } else {
        held_[queue.tail].next = slot;
    }
    queue.tail = slot;
    ++queue.size;
    wires_[link].waiting_bytes += packet.bytes;
}

/// The head of the queue begins to be sent.
void Links::begin_next(Context& context, Index link) {
    Wire& wire = wires_[link];
    wire.sending = no_slot;
    if (wire.queue.empty()) return;
    const Slot slot = wire.queue.head;
    Held& held = held_[slot];
    wire.queue.head = held.next;
    if (wire.queue.head == no_slot) wire.queue.tail = no_slot;
    --wire.queue.size;
    wire.waiting_bytes -= held.packet.bytes;
    held.next = no_slot;
    held.packet.ledger.enter(Cause::service_and_propagation, context.now());
    wire.sending = slot;
    wire.left = work_of_bytes(held.packet.bytes);
    wire.since = context.now();
    plan_departure(context, link);
}

void Links::plan_departure(Context& context, Index link) {
    Wire& wire = wires_[link];
    ++wire.generation.value;
    const Time at = capacity_[link].finish(conditions_[link].capacity, wire.since, wire.left);
    if (at == end_of_time) return;  // until a change of rate plans anew
    context.remind(*this, link, at - context.now(), Departs{wire.generation});
}

void Links::on(const Departs&, Index link, Context& context) {
    Wire& wire = wires_[link];
    const Packet packet = held_.take(wire.sending).packet;
    begin_next(context, link);
    const Params& params = params_[link];
    const std::uint64_t hash = identity_[link];
    const double loss = conditions_[link].loss;
    if (loss > 0 &&
        context.uniform("link.loss", packet.subject, packet.draw_number(hash, loss_use)) < loss) {
        return drop(context, link, packet, DropReason::loss);
    }
    if (bursts_[link].active()) {
        const double in_state = bursts_[link].loss(context.seed(), hash, context.now());
        if (in_state > 0 && context.uniform("link.burst_loss", packet.subject,
                                            packet.draw_number(hash, burst_use)) < in_state) {
            return drop(context, link, packet, DropReason::burst_loss);
        }
    }
    const Duration extra = sample_duration(
        params.extra,
        context.block("link.extra", packet.subject, packet.draw_number(hash, extra_use)));
    ++wires_[link].delivered;
    exit(context, link, params.propagation + extra, packet);
}

std::vector<Packet> Links::withdraw(Context& context, Index link, EntityId device) {
    Wire& wire = wires_[link];
    std::vector<Packet> withdrawn;
    const bool partly = wire.sending != no_slot && held_[wire.sending].packet.device == device;
    if (partly) {
        ++wire.generation.value;
        withdrawn.push_back(held_.take(wire.sending).packet);
        wire.sending = no_slot;
    }
    SlotList kept;
    for (Slot slot = wire.queue.head; slot != no_slot;) {
        const Slot next = held_[slot].next;
        if (held_[slot].packet.device == device) {
            wire.waiting_bytes -= held_[slot].packet.bytes;
            withdrawn.push_back(held_.take(slot).packet);
        } else {
            (kept.empty() ? kept.head : held_[kept.tail].next) = slot;
            kept.tail = slot;
            held_[slot].next = no_slot;
            ++kept.size;
        }
        slot = next;
    }
    wire.queue = kept;
    wire.accepted -= withdrawn.size();
    if (partly) begin_next(context, link);
    return withdrawn;
}

/// What has been sent so far was sent at the old rate; the rest goes on at the new one.
template <class Change>
void Links::change_rate(Context& context, Index link, Change change) {
    Wire& wire = wires_[link];
    Condition& condition = conditions_[link];
    if (wire.sending != no_slot) {
        wire.left -= capacity_[link].done(condition.capacity, wire.since, context.now());
        if (wire.left < 0) wire.left = 0;  // it ends within this very nanosecond
        wire.since = context.now();
    }
    change(condition);
    if (wire.sending != no_slot) plan_departure(context, link);
}

void Links::set_rate(Context& context, Index link, std::int64_t bit_s) {
    if (bit_s < 0) throw std::invalid_argument("link rate " + std::to_string(bit_s) + " bit/s");
    change_rate(context, link, [&](Condition& condition) { condition.capacity.fixed = bit_s; });
}

void Links::restore_rate(Context& context, Index link) {
    change_rate(context, link, [](Condition& condition) { condition.capacity.fixed = -1; });
}

void Links::set_factor(Context& context, Index link, double factor) {
    if (!(factor >= 0)) throw std::invalid_argument("capacity factor " + std::to_string(factor));
    change_rate(context, link, [&](Condition& condition) { condition.capacity.factor = factor; });
}

void Links::set_up(Context& context, Index link, bool up) {
    if (up == (conditions_[link].up != 0)) return;
    conditions_[link].up = up ? 1 : 0;
    if (up) return;
    Wire& wire = wires_[link];
    ++wire.generation.value;  // what is being sent never departs
    std::vector<Slot> lost;
    if (wire.sending != no_slot) lost.push_back(wire.sending);
    for (Slot slot = wire.queue.head; slot != no_slot; slot = held_[slot].next)
        lost.push_back(slot);
    wire.sending = no_slot;
    wire.queue = {};
    wire.waiting_bytes = 0;
    for (const Slot slot : lost) {
        drop(context, link, held_.take(slot).packet, DropReason::link_down);
    }
}

void Links::drop(Context& context, Index link, const Packet& packet, DropReason reason) {
    ++wires_[link].dropped;
    context.record(drop_row(packet, reason, context.address_of(*this, link).id));
    if (on_drop) on_drop(context, packet, reason);
}

}  // namespace driftstorm
