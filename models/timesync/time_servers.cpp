#include "models/timesync/time_servers.hpp"

#include "models/timesync/ntp.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>

namespace driftstorm {

Index TimeServers::add(const Params& params, std::uint64_t identity, EntityId server) {
    const auto drawn = [&](Purpose purpose, const Distribution& from) {
        return from.sample(draw(seed_, purpose, identity, 0));
    };
    Server made;
    made.oscillator = Oscillator(drawn("clocks.frequency_error", params.frequency_error) * 1e-9, 0,
                                 RandomWalk(seed_, identity, params.random_walk_ppb * 1e-9));
    made.entity = server;
    made.service = {std::max<std::int64_t>(
        1, static_cast<std::int64_t>(std::floor(1e9 / params.capacity + 0.5)))};
    made.queue_limit = params.queue_limit;
    servers_.push_back(made);
    memos_.emplace_back();
    const double offset = drawn("time_server.offset", params.offset);
    if (!(offset >= -1.5e9 && offset <= 1.5e9))
        throw std::invalid_argument("TimeServers::add: offset = " + std::to_string(offset) +
                                    " s drawn, must be in -1.5e9 .. 1.5e9");
    Node node;
    node.offset = static_cast<Q64>(std::floor(offset * (1e9 * 0x1p64) + 0.5));
    nodes_.push_back(node);
    return static_cast<Index>(servers_.size() - 1);
}

Q64 TimeServers::exact(Index node, Time now) const {
    return servers_[node].oscillator.count(now, memos_[node]) + nodes_[node].offset;
}

double TimeServers::offset_ns(Index node, Time now) const {
    return static_cast<double>(exact(node, now) - (Q64{now.ns} << 64)) * 0x1p-64;
}

void TimeServers::step(Context& context, Index node, Duration by) {
    nodes_[node].offset += Q64{by.ns} << 64;
    context.record(TimeServerStepped{servers_[node].entity, by, offset_ns(node, context.now())});
}

void TimeServers::go_down(Index node) {
    // What waited is gone; answers on their way out are told by the life they began in.
    nodes_[node].up = false;
    nodes_[node].waiting = 0;
    nodes_[node].busy_until = Time{};
    ++nodes_[node].life.value;
}

void TimeServers::on(const PacketArrives&, const Packet& packet, Index node, Context& context) {
    Node& server = nodes_[node];
    const Server& fixed = servers_[node];
    if (!server.up) {
        context.record(TimeRequestLost{fixed.entity, packet.device, TimeRequestLoss::node_down});
        return;
    }
    // One is being answered, the others wait.
    if (server.waiting > fixed.queue_limit) {
        context.record(TimeRequestLost{fixed.entity, packet.device, TimeRequestLoss::queue_full});
        return;
    }
    Packet reply = packet;
    NtpBody body = packet.read<NtpBody>();
    body.receive = read(node, context.now());
    reply.write(body);
    ++server.waiting;
    server.busy_until = std::max(server.busy_until, context.now()) + fixed.service;
    context.send(server.busy_until - context.now(), context.address_of(*this, node),
                 Answered{.life = server.life}, reply);
}

void TimeServers::on(const Answered&, const Packet& packet, Index node, Context& context) {
    --nodes_[node].waiting;
    Packet reply = packet;
    NtpBody body = packet.read<NtpBody>();
    body.transmit = read(node, context.now());
    reply.write(body);
    reply.direction = Direction::down;
    reply.kind = ntp_mode_server;
    door_down_(context, Duration{}, reply);
}

}  // namespace driftstorm
