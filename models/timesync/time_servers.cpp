#include "models/timesync/time_servers.hpp"

#include "models/timesync/ntp.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>

namespace driftstorm {

namespace {

constexpr std::uint32_t gps_reference = 0x47505300;  // "GPS"
constexpr std::int64_t day_ns = 86'400'000'000'000;

/// The leap indicator: a server that smears keeps silent.
std::uint8_t announced(const ServedLeapParams& leap, Time now) {
    if (leap.kind == ServedLeapKind::none || leap.smear.ns > 0) return 0;
    if (now.ns >= leap.at.ns || now.ns < leap.at.ns - day_ns) return 0;
    return leap.kind == ServedLeapKind::insertion ? 1 : 2;
}

}  // namespace

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
    made.params = params;
    made.identity = identity;
    double offset = drawn("time_server.offset", params.offset);
    if (draw_uniform(seed_, "time_server.falseticker", identity, 0) < params.falsetickers.share) {
        made.false_ticker = true;
        offset += drawn("time_server.false_offset", params.falsetickers.offset);
    }
    servers_.push_back(made);
    memos_.emplace_back();
    buckets_.emplace_back();
    if (!(offset >= -1.5e9 && offset <= 1.5e9))
        throw std::invalid_argument("TimeServers::add: offset = " + std::to_string(offset) +
                                    " s drawn, must be in -1.5e9 .. 1.5e9");
    Node node;
    node.offset = static_cast<Q64>(std::floor(offset * (1e9 * 0x1p64) + 0.5));
    nodes_.push_back(node);
    return static_cast<Index>(servers_.size() - 1);
}

/// What a leap second has taken from (given to) the clock [2^-64 ns].
Q64 TimeServers::leap_offset(const ServedLeapParams& leap, Time now) const {
    if (leap.kind == ServedLeapKind::none) return 0;
    constexpr std::int64_t second = 1'000'000'000;
    Q64 late = 0;
    if (leap.smear.ns == 0) {
        late = now.ns >= leap.at.ns ? Q64{second} << 64 : 0;
    } else {
        const std::int64_t into = now.ns - (leap.at.ns - leap.smear.ns / 2);
        const std::int64_t passed = std::clamp<std::int64_t>(into, 0, leap.smear.ns);
        late = (Q64{passed} << 64) / leap.smear.ns * second;
    }
    return leap.kind == ServedLeapKind::insertion ? -late : late;
}

Q64 TimeServers::exact(Index node, Time now) const {
    return servers_[node].oscillator.count(now, memos_[node]) + nodes_[node].offset +
           leap_offset(servers_[node].params.leap_second, now);
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

TimeServers::Verdict TimeServers::limit(Context& context, Index node, const Packet& packet) {
    const RateLimitParams& rule = servers_[node].params.rate_limit;
    if (rule.interval.ns == 0) return Verdict::serve;
    std::vector<Bucket>& buckets = buckets_[node];
    const Index client = context.index_of(packet.device);
    if (buckets.size() <= client) buckets.resize(client + 1u);
    Bucket& bucket = buckets[client];
    const Time now = context.now();
    const double burst = rule.burst;
    if (bucket.since < Time{}) bucket.requests = burst;
    bucket.requests =
        std::min(burst, bucket.requests + (now - std::max(bucket.since, Time{})).seconds() /
                                              rule.interval.seconds());
    bucket.since = now;
    if (bucket.requests >= 1) {
        bucket.requests -= 1;
        return Verdict::serve;
    }
    const double u = context.uniform(
        "time_server.kiss", identity_of(servers_[node].identity, packet.subject), packet.attempt);
    return u < rule.kiss ? Verdict::kiss : Verdict::ignore;
}

void TimeServers::on(const PacketArrives&, const Packet& packet, Index node, Context& context) {
    Node& server = nodes_[node];
    const Server& fixed = servers_[node];
    if (capture_) capture_(context.now(), packet);
    const auto lose = [&](TimeRequestLoss reason) {
        context.record(TimeRequestLost{fixed.entity, packet.device, reason});
    };
    if (!server.up) return lose(TimeRequestLoss::node_down);
    // One is being answered, the others wait.
    if (server.waiting > fixed.queue_limit) return lose(TimeRequestLoss::queue_full);
    const Verdict verdict = limit(context, node, packet);
    if (verdict == Verdict::ignore) return lose(TimeRequestLoss::rate_limited);
    Packet reply = packet;
    NtpBody body = packet.read<NtpBody>();
    body.receive = read(node, context.now());
    body.precision = -23;
    if (verdict == Verdict::kiss) {
        body.leap = 3;
        body.stratum = 0;
        body.reference_id = fixed.params.rate_limit.deny ? kiss_deny : kiss_rate;
    } else {
        body.leap = announced(fixed.params.leap_second, context.now());
        body.stratum = static_cast<std::uint8_t>(fixed.params.stratum);
        body.root_delay = fixed.params.root_delay;
        body.root_dispersion = fixed.params.root_dispersion;
        body.reference_id = fixed.params.stratum == 1 ? gps_reference : 0x7f7f0101;
    }
    reply.write(body);
    ++server.waiting;
    server.busy_until = std::max(server.busy_until, context.now()) + fixed.service;
    const Duration processing =
        sample_duration(fixed.params.processing,
                        context.block("time_server.processing",
                                      identity_of(fixed.identity, packet.subject), packet.attempt));
    context.send(server.busy_until - context.now() + processing, context.address_of(*this, node),
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
    if (capture_) capture_(context.now(), reply);
    door_down_(context, Duration{}, reply);
}

}  // namespace driftstorm
