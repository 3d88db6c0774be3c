#include "models/radio/radios.hpp"
#include "sim/core/expect.hpp"

#include <algorithm>
#include <utility>

// The packets' side of Radios: what passes, waits or is lost; and what faults do to cells.

namespace driftstorm {

Index Radios::uplink(Index device) const {
    if (devices_[device].uplink != no_index) return devices_[device].uplink;
    return hot_[device].cell == no_index ? no_index : cells_.uplink(hot_[device].cell);
}

Index Radios::downlink(Index device) const {
    if (devices_[device].downlink != no_index) return devices_[device].downlink;
    return hot_[device].cell == no_index ? no_index : cells_.downlink(hot_[device].cell);
}

void Radios::up(Context& context, Index device, const Packet& packet) {
    pass(context, device, packet);
}

void Radios::on(const PacketArrives&, const Packet& packet, Index device, Context& context) {
    pass(context, device, packet);
}

void Radios::pass(Context& context, Index device, const Packet& packet) {
    Hot& hot = hot_[device];
    if (hot.cell == no_index || hot.usable == 0) {
        return drop(context, packet, DropReason::no_network);
    }
    if (packet.address.number != hot.address.number) {
        return drop(context, packet, DropReason::old_address);
    }
    if (context.now() < hot.ready_at || !hot.held.empty()) return hold(context, device, packet);
    const Technology technology = hot.address.technology;
    if (technology != Technology::wifi) {
        const CellularParams& rules = cells_.rules().of(technology);
        if (context.now() - hot.active_at >
            rules.inactivity) {  // idle: the radio connection was released
            const Duration promotion = sample_duration(
                rules.promotion,
                context.block("radio.promotion", devices_[device].identity, ++hot.promotions));
            if (promotion.ns > 0) {
                wait_until(context, device, context.now() + promotion);
                return hold(context, device, packet);
            }
        }
    }
    send_on(context, device, packet);
}

void Radios::send_on(Context& context, Index device, const Packet& packet) {
    hot_[device].active_at = context.now();
    const Index link = packet.direction == Direction::up ? uplink(device) : downlink(device);
    DRIFTSTORM_EXPECT(link != no_index);
    links_.enqueue(context, link, packet);
}

void Radios::from_link(Context& context, Index link, Duration delay, const Packet& packet) {
    const Index device = context.index_of(packet.device);
    DRIFTSTORM_EXPECT(downlink(device) == link);  // who leaves a cell takes its packets along
    hot_[device].active_at = context.now();
    to_device(context, delay, packet);
}

void Radios::hold(Context& context, Index device, Packet packet) {
    packet.ledger.enter(Cause::radio_handover, context.now());
    SlotList& list = hot_[device].held;
    const Slot slot = held_.put(Held{packet, no_slot});
    (list.empty() ? list.head : held_[list.tail].next) = slot;
    list.tail = slot;
    ++list.size;
}

std::vector<Packet> Radios::take_held(Index device) {
    std::vector<Packet> packets;
    for (Slot slot = hot_[device].held.head; slot != no_slot;) {
        const Held held = held_.take(slot);
        packets.push_back(held.packet);
        slot = held.next;
    }
    hot_[device].held = {};
    return packets;
}

void Radios::wait_until(Context& context, Index device, Time at) {
    Hot& hot = hot_[device];
    hot.ready_at = std::max(at, hot.ready_at);
    ++hot.ready.value;
    context.remind(*this, device, hot.ready_at - context.now(), Ready{hot.ready});
}

void Radios::drop(Context& context, const Packet& packet, DropReason reason) const {
    context.record(drop_row(packet, reason));
    if (on_drop) on_drop(context, packet, reason);
}

// ---- faults -------------------------------------------------------------------------------------

void Radios::degrade(Context& context, Index cell, std::int64_t downlink_bit_s,
                     std::int64_t uplink_bit_s) {
    links_.set_rate(context, cells_.downlink(cell), downlink_bit_s);
    links_.set_rate(context, cells_.uplink(cell), uplink_bit_s);
}

void Radios::restore(Context& context, Index cell) {
    links_.restore_rate(context, cells_.downlink(cell));
    links_.restore_rate(context, cells_.uplink(cell));
}

void Radios::set_factor(Context& context, Index cell, double factor) {
    links_.set_factor(context, cells_.downlink(cell), factor);
    links_.set_factor(context, cells_.uplink(cell), factor);
}

void Radios::set_loss(Index cell, double loss) {
    links_.set_loss(cells_.downlink(cell), loss);
    links_.set_loss(cells_.uplink(cell), loss);
}

void Radios::restore_loss(Index cell) {
    links_.restore_loss(cells_.downlink(cell));
    links_.restore_loss(cells_.uplink(cell));
}

void Radios::set_cell_up(Context& context, Index cell, bool up) {
    if (up == cells_.up(cell)) return;
    cells_.set_up(cell, up);
    const bool linked = cells_.downlink(cell) != no_index;
    if (linked) links_.set_up(context, cells_.downlink(cell), up);
    for (Index device = 0; device < count(); ++device) {
        const Hot& hot = hot_[device];
        if (hot.begun == 0) continue;
        if (hot.cell == cell && !up) {
            lose(context, device, AttachKind::reattach);
        } else if (!traced(device) && hot.joining == no_index) {
            plan(context, device, context.now());  // what it hears has changed
        }
    }
    if (linked) links_.set_up(context, cells_.uplink(cell), up);
}

}  // namespace driftstorm
