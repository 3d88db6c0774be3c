#include "models/radio/radios.hpp"

#include "sim/core/expect.hpp"

#include <algorithm>
#include <utility>

namespace driftstorm {

namespace {

bool is_cellular(Technology technology) {
    return technology != Technology::none && technology != Technology::wifi;
}

}  // namespace

Radios::Radios(Params params, Cells& cells, Links& links, std::uint64_t seed)
    : params_(params),
      cells_(cells),
      links_(links),
      search_(cells, seed, params.measurement_period, params.device_spread),
      seed_(seed) {}

Index Radios::add_mobility(Mobility mobility) {
    mobilities_.push_back(std::move(mobility));
    return static_cast<Index>(mobilities_.size() - 1);
}

Index Radios::add_trace(RadioTrace trace, std::vector<Index> cell_of) {
    const std::vector<std::uint32_t> numbers = trace.cells();
    DRIFTSTORM_EXPECT(numbers.size() == cell_of.size());
    std::vector<Index> by_second;
    for (const TraceSecond& second : trace.seconds) {
        const auto at = std::lower_bound(numbers.begin(), numbers.end(), second.cell);
        const bool covered = second.technology != Technology::none;
        by_second.push_back(covered ? cell_of[static_cast<std::size_t>(at - numbers.begin())]
                                    : no_index);
    }
    traces_.push_back({std::move(trace), std::move(by_second)});
    return static_cast<Index>(traces_.size() - 1);
}

void Radios::reserve(std::size_t devices) {
    devices_.reserve(devices);
    first_measurement_.reserve(devices);
    hot_.reserve(devices);
}

Index Radios::add(const Device& device) {
    DRIFTSTORM_EXPECT(device.trace != no_index || device.mobility != no_index);
    devices_.push_back(device);
    const double phase = draw_uniform(seed_, "radio.phase", device.identity, 0);
    const double period = static_cast<double>(params_.measurement_period.ns);
    first_measurement_.push_back(Time{static_cast<std::int64_t>(phase * period)});
    hot_.push_back(Hot{});
    return static_cast<Index>(devices_.size() - 1);
}

void Radios::prepare() {
    if (mobilities_.empty()) return;
    double least = mobilities_.front().least_m();
    double greatest = mobilities_.front().greatest_m();
    for (const Mobility& mobility : mobilities_) {
        least = std::min(least, mobility.least_m());
        greatest = std::max(greatest, mobility.greatest_m());
    }
    cells_.prepare(seed_, least, greatest);
}

RadioView Radios::view(Index device) const {
    const Device& d = devices_[device];
    return {&mobilities_[d.mobility], d.late, d.identity, d.interfaces, first_measurement_[device]};
}

double Radios::position_m(Index device, Time t) const {
    const Device& d = devices_[device];
    return d.mobility == no_index ? 0 : mobilities_[d.mobility].position_m(t - d.late);
}

double Radios::signal_dbm(Index device, Index cell, Time t) const {
    return search_.signal_dbm(view(device), cell, t);
}

// ---- when its attachment changes ----------------------------------------------------------------

void Radios::start(Context& context, Index device) {
    context.remind(*this, device, Duration{}, Look{hot_[device].look});
}

void Radios::begin(Context& context, Index device) {
    Hot& hot = hot_[device];
    hot.begun = 1;
    hot.active_at = context.now();
    if (traced(device)) {
        const Index cell = traces_[devices_[device].trace].cell_by_second.front();
        if (cell != no_index) serve(context, device, cell, Duration{}, AttachKind::initial);
        return plan_trace(context, device);
    }
    const Index cell =
        first_with_room(context, device, search_.usable(view(device), context.now()));
    if (cell != no_index) serve(context, device, cell, Duration{}, AttachKind::initial);
    plan(context, device, context.now());
}

void Radios::on(const Look&, Index device, Context& context) {
    if (hot_[device].begun == 0) return begin(context, device);
    if (traced(device)) return follow_trace(context, device);
    switch (hot_[device].planned) {
        case RadioChange::none:
            break;
        case RadioChange::found:
            attach_again(context, device, AttachKind::found);
            break;
        case RadioChange::joined:
            join(context, device);
            break;
        case RadioChange::left:
            lose(context, device, AttachKind::leave);
            break;
        case RadioChange::handover:
            hand_over(context, device);
            break;
        case RadioChange::lost:
            lose(context, device, AttachKind::reattach);
            break;
    }
}

/// Looks ahead from `from` for the next change by the device's own motion.
void Radios::plan(Context& context, Index device, Time from) {
    Hot& hot = hot_[device];
    ++hot.look.value;
    const NextChange next = search_.next(view(device), hot.cell, std::max(from, hot.ready_at));
    hot.planned = next.change;
    if (next.change == RadioChange::none) return;
    context.remind(*this, device, next.at - context.now(), Look{hot.look});
}

void Radios::plan_trace(Context& context, Index device) {
    constexpr Duration second{1'000'000'000};
    const std::vector<TraceSecond>& seconds = traces_[devices_[device].trace].trace.seconds;
    Hot& hot = hot_[device];
    ++hot.look.value;
    for (auto k = static_cast<std::size_t>(context.now().ns / second.ns) + 1; k < seconds.size();
         ++k) {
        if (!seconds[k].handover) continue;
        const Time at = Time{} + second * static_cast<std::int64_t>(k);
        return context.remind(*this, device, at - context.now(), Look{hot.look});
    }
}

void Radios::follow_trace(Context& context, Index device) {
    const auto k = static_cast<std::size_t>(context.now().ns / 1'000'000'000);
    const Trace& trace = traces_[devices_[device].trace];
    const Index cell = trace.cell_by_second[k];
    if (cell == no_index || !cells_.up(cell)) {
        if (hot_[device].cell != no_index) lose(context, device, AttachKind::lost);
    } else {
        const Technology technology = trace.trace.seconds[k].technology;
        const AttachKind kind =
            hot_[device].cell == no_index ? AttachKind::found : AttachKind::handover;
        serve(context, device, cell, gap(context, device, technology), kind, technology);
    }
    plan_trace(context, device);
}

void Radios::hand_over(Context& context, Index device) {
    const Index serving = hot_[device].cell;
    const Index cell =
        first_with_room(context, device, search_.better(view(device), serving, context.now()));
    if (cell == no_index) return plan(context, device, context.now() + params_.reject_wait);
    serve(context, device, cell, gap(context, device, cells_.technology(cell)),
          AttachKind::handover);
    plan(context, device, context.now());
}

void Radios::join(Context& context, Index device) {
    Hot& hot = hot_[device];
    const Index point =
        first_with_room(context, device, search_.joinable(view(device), hot.cell, context.now()));
    if (point == no_index) return plan(context, device, context.now() + params_.reject_wait);
    hot.joining = point;
    ++hot.look.value;
    ++hot.association.value;
    context.remind(*this, device, gap(context, device, Technology::wifi),
                   Associated{hot.association});
}

void Radios::on(const Associated&, Index device, Context& context) {
    Hot& hot = hot_[device];
    const Index point = hot.joining;
    hot.joining = no_index;
    const bool heard =
        search_.signal_dbm(view(device), point, context.now()) >= cells_.rules().wifi.leave_below;
    if (heard && first_with_room(context, device, {point}) == point) {
        serve(context, device, point, Duration{}, AttachKind::join);
    }
    plan(context, device, context.now());
}

void Radios::lose(Context& context, Index device, AttachKind kind) {
    if (!traced(device) && attach_again(context, device, kind)) return;
    Hot& hot = hot_[device];
    const Index from = hot.cell;
    const NetworkAddress previous = address(device);
    leave_cell(context, device, false);
    hot.failed = from != no_index && !cells_.up(from) ? from : no_index;
    hot.cell = no_index;
    hot.usable = 0;
    hot.tell_network = 0;
    hot.tell_attach = 0;
    hot.ready_at = context.now();
    ++hot.ready.value;
    record(context, device, from, AttachKind::lost, Duration{});
    for (const auto& observer : on_coverage) observer(context, device);
    if (previous != NetworkAddress{}) tell_network(context, device, previous);
    if (!traced(device)) plan(context, device, context.now());
}

/// Attaches to the best that it hears and that has room, if any.
bool Radios::attach_again(Context& context, Index device, AttachKind kind) {
    const Index cell =
        first_with_room(context, device, search_.usable(view(device), context.now()));
    if (cell == no_index) {
        if (kind == AttachKind::found) {
            plan(context, device, context.now() + params_.reject_wait);
        }
        return false;
    }
    serve(context, device, cell, gap(context, device, cells_.technology(cell)), kind);
    plan(context, device, context.now());
    return true;
}

Index Radios::first_with_room(Context& context, Index device, const std::vector<Index>& wanted) {
    for (const Index cell : wanted) {
        if (cells_.up(cell) && !cells_.full(cell)) return cell;
        if (cells_.up(cell)) {
            context.record(
                HandoverRow{entity(context, device), cell_entity(context, hot_[device].cell),
                            cell_entity(context, cell), cells_.technology(cell),
                            AttachKind::rejected, Duration{}, hot_[device].address.number});
        }
    }
    return no_index;
}

/// How long no data passes while the device moves to `next`: drawn from the device's own count of
/// changes.
Duration Radios::gap(Context& context, Index device, Technology next) {
    Hot& hot = hot_[device];
    const std::uint64_t identity = devices_[device].identity;
    ++hot.changes;
    if (next == Technology::wifi) {
        return sample_duration(cells_.rules().wifi.reassociate,
                               context.block("radio.association", identity, hot.changes));
    }
    const CellularParams& rules = cells_.rules().of(next);
    Duration gap = sample_duration(rules.interruption,
                                   context.block("radio.interruption", identity, hot.changes));
    if (hot.cell == no_index ||
        !is_cellular(hot.address.technology)) {  // the cellular radio was off
        gap += sample_duration(rules.promotion,
                               context.block("radio.promotion", identity, ++hot.promotions));
    }
    return gap;
}

bool Radios::keeps_address(Index device, Technology next) const {
    const Technology current = hot_[device].address.technology;
    if (!is_cellular(current) || !is_cellular(next)) return false;
    return current == next || params_.cellular_keeps_address;
}

void Radios::serve(Context& context, Index device, Index cell, Duration interruption,
                   AttachKind kind, Technology technology) {
    Hot& hot = hot_[device];
    const Index from = hot.cell;
    if (technology == Technology::none) technology = cells_.technology(cell);
    const bool kept = keeps_address(device, technology);
    const NetworkAddress previous = address(device);
    if (from != no_index) leave_cell(context, device, kept);
    if (hot.joining != no_index) {  // what it was about to join is given up
        hot.joining = no_index;
        ++hot.association.value;
    }
    if (from != no_index) hot.failed = cells_.up(from) ? no_index : from;
    hot.cell = cell;
    cells_.attach(context, cell);
    hot.address.technology = technology;
    if (!kept) hot.address.number = ++hot.addresses;
    hot.active_at = context.now() + interruption;
    hot.tell_attach = 1;
    if (!kept || previous == NetworkAddress{}) {
        hot.tell_network = 1;
        hot.usable = 0;
    }
    record(context, device, from, kind, interruption);
    if (from == no_index)
        for (const auto& observer : on_coverage) observer(context, device);
    if (interruption.ns == 0) {
        hot.ready_at = context.now();
        become_ready(context, device, previous);
        return;
    }
    if (hot.usable == 0 && previous != NetworkAddress{}) tell_network(context, device, previous);
    wait_until(context, device, context.now() + interruption);
}

/// Packets that wait at the cell follow the device, or are lost with its address.
void Radios::leave_cell(Context& context, Index device, bool address_kept) {
    const EntityId self = entity(context, device);
    std::vector<Packet> packets;
    for (const Index link : {uplink(device), downlink(device)}) {
        if (link == no_index) continue;
        for (const Packet& packet : links_.withdraw(context, link, self)) packets.push_back(packet);
    }
    cells_.detach(context, hot_[device].cell);
    if (!address_kept) {
        for (const Packet& packet : take_held(device))
            drop(context, packet, DropReason::old_address);
    }
    for (const Packet& packet : packets) {
        if (address_kept) {
            hold(context, device, packet);
        } else {
            drop(context, packet, DropReason::old_address);
        }
    }
}

void Radios::on(const Ready&, Index device, Context& context) {
    become_ready(context, device, NetworkAddress{});
}

/// Nothing is in the way of packets any more: those who wait for it are told, then held packets go
/// on.
void Radios::become_ready(Context& context, Index device, NetworkAddress previous) {
    Hot& hot = hot_[device];
    const bool network = std::exchange(hot.tell_network, std::uint8_t{0}) != 0;
    const bool attached = std::exchange(hot.tell_attach, std::uint8_t{0}) != 0;
    hot.usable = 1;
    hot.active_at = context.now();
    for (const Packet& packet : take_held(device)) send_on(context, device, packet);
    if (network) tell_network(context, device, previous);
    if (!attached) return;
    for (const AttachObserver& observer : on_cell_attach)
        observer(context, device, hot_[device].cell);
}

void Radios::tell_network(Context& context, Index device, NetworkAddress previous) {
    const NetworkAddress current = address(device);
    for (const NetworkObserver& observer : on_network_change) {
        observer(context, device, previous, current, online(device));
    }
}

EntityId Radios::cell_entity(const Context& context, Index cell) const {
    return cell == no_index ? no_entity : context.address_of(cells_, cell).id;
}

void Radios::record(Context& context, Index device, Index from, AttachKind kind,
                    Duration interruption) const {
    const Hot& hot = hot_[device];
    const bool served = hot.cell != no_index;
    context.record(HandoverRow{entity(context, device), cell_entity(context, from),
                               cell_entity(context, hot.cell),
                               served ? hot.address.technology : Technology::none, kind,
                               interruption, hot.address.number});
}

}  // namespace driftstorm
