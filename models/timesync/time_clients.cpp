#include "models/timesync/time_clients.hpp"

#include "sim/core/random.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace driftstorm {

namespace {

// A source's two timers, both on the boot clock (Android: ELAPSED_REALTIME).
constexpr std::uint32_t poll_timer(std::uint32_t source) { return 2 * source; }
constexpr std::uint32_t timeout_timer(std::uint32_t source) { return 2 * source + 1; }

/// What a wall clock can hold over the whole horizon; an unclipped tail may lie beyond.
constexpr double largest_bias_s = 1.5e9;

constexpr Reading never{INT64_MIN};

double as_ns(Q64 value) { return static_cast<double>(value) * 0x1p-64; }

/// The greatest multiple of `unit` that is not above `reading`.
Reading cut(Reading reading, Duration unit) {
    const std::int64_t rest = reading.ns % unit.ns;
    return {reading.ns - (rest < 0 ? rest + unit.ns : rest)};
}

}  // namespace

TimeClients::TimeClients(DeviceClocks& clocks)
    : clocks_(clocks),
      owner_(clocks.add_owner([this](Context& context, Index device, std::uint32_t timer) {
          timer_fires(context, device, timer);
      })) {
    clocks.on_resume([this](Context& context, Index device) {
        if (device < clients_.size()) on_network(context, device);
    });
}

std::uint32_t TimeClients::add_plan(SyncPlan plan) {
    plan.nodes.resize(plan.sources.size());
    for (std::size_t i = 0; i < plan.sources.size(); ++i)
        if (std::holds_alternative<SntpParams>(plan.sources[i]) && plan.nodes[i].empty())
            throw std::invalid_argument("TimeClients::add_plan: nodes[" + std::to_string(i) +
                                        "] is empty: an SNTP source needs servers to ask");
    plans_.push_back(std::move(plan));
    return static_cast<std::uint32_t>(plans_.size() - 1);
}

Index TimeClients::add(std::uint32_t plan, std::uint64_t identity, EntityId device) {
    clients_.push_back({identity, device, plan, static_cast<std::uint32_t>(sntp_.size())});
    sntp_.resize(sntp_.size() + plans_[plan].sources.size());
    nitz_.resize(sntp_.size());
    return static_cast<Index>(clients_.size() - 1);
}

std::uint64_t TimeClients::subject(Index device, std::uint32_t source) const {
    return identity_of(clients_[device].identity, source);
}

void TimeClients::start(Context& context, Index device) {
    for (std::uint32_t source = 0; source < plan(device).sources.size(); ++source) {
        if (const SntpParams* params = sntp_params(device, source))
            wait_for_next(context, device, source, params->first);
        if (const auto* gnss = std::get_if<GnssParams>(&plan(device).sources[source]))
            wait_for_next(context, device, source, gnss->first);
    }
}

void TimeClients::wait_for_next(Context& context, Index device, std::uint32_t source,
                                const Distribution& interval) {
    Sntp& sntp = sntp_[clients_[device].first_source + source];
    sntp.unanswered = 0;
    const Duration wait = sample_duration(
        interval, context.block("sntp.interval", subject(device, source), sntp.intervals++));
    clocks_.arm_after(context, device, ClockKind::boot, wait, owner_, poll_timer(source));
}

void TimeClients::timer_fires(Context& context, Index device, std::uint32_t timer) {
    const std::uint32_t source = timer / 2;
    const SntpParams* params = sntp_params(device, source);
    if (params == nullptr) {
        fix(context, device, source, std::get<GnssParams>(plan(device).sources[source]));
    } else if (timer == timeout_timer(source)) {
        give_up(context, device, source);
    } else if (connected_(device) && (params->wakes || !clocks_.asleep(device))) {
        ask(context, device, source);
    } else {
        sntp_[clients_[device].first_source + source].overdue = true;
    }
}

void TimeClients::ask(Context& context, Index device, std::uint32_t source) {
    const Client& client = clients_[device];
    Sntp& sntp = sntp_[client.first_source + source];
    const std::vector<EntityId>& nodes = plan(device).nodes[source];
    const std::uint32_t request = sntp.requests++;
    // Each request goes to a node of its own choice, as a pool's name resolves to another address
    // each time.
    const double u = context.uniform("sntp.server", subject(device, source), request);
    sntp.server = nodes[static_cast<std::size_t>(u * static_cast<double>(nodes.size()))];
    sntp.sent_wall = clocks_.read(device, ClockKind::wall, context.now());
    sntp.sent_boot = clocks_.read(device, ClockKind::boot, context.now());
    sntp.waiting = true;
    sntp.overdue = false;

    Packet packet;
    packet.protocol = Protocol::time;
    packet.direction = Direction::up;
    packet.kind = ntp_mode_client;
    packet.device = client.device;
    packet.server = sntp.server;
    packet.bytes = ntp_packet_bytes;
    packet.subject = subject(device, source);
    packet.attempt = request;
    packet.write(NtpBody{.originate = sntp.sent_wall,
                         .receive = {},
                         .transmit = {},
                         .request = request,
                         .source = source});
    clocks_.cancel(device, owner_, poll_timer(source));
    clocks_.arm_after(context, device, ClockKind::boot, sntp_params(device, source)->timeout,
                      owner_, timeout_timer(source));
    door_up_(context, Duration{}, packet);
}

void TimeClients::give_up(Context& context, Index device, std::uint32_t source) {
    const SntpParams& params = *sntp_params(device, source);
    Sntp& sntp = sntp_[clients_[device].first_source + source];
    sntp.waiting = false;
    ClockSynced row;
    row.device = clients_[device].device;
    row.server = sntp.server;
    row.protocol = SyncProtocol::sntp;
    row.outcome = SyncOutcome::timed_out;
    context.record(row);
    if (++sntp.unanswered <= params.retries) {
        clocks_.arm_after(context, device, ClockKind::boot, params.retry_after, owner_,
                          poll_timer(source));
    } else {
        wait_for_next(context, device, source, params.every);
    }
}

void TimeClients::on(const PacketArrives&, const Packet& packet, Index device, Context& context) {
    NtpBody body = packet.read<NtpBody>();
    const SntpParams* params = sntp_params(device, body.source);
    Sntp& sntp = sntp_[clients_[device].first_source + body.source];
    // Origin check (RFC 5905, section 8): a late or repeated reply answers no request under way.
    if (!sntp.waiting || body.request + 1 != sntp.requests) return;
    sntp.waiting = false;
    clocks_.cancel(device, owner_, timeout_timer(body.source));
    if (body.stratum == 0) {  // a kiss code is no time
        give_up(context, device, body.source);
        return;
    }

    // The round trip is measured by the boot clock, so a step of the wall clock meanwhile does no
    // harm.
    const Time now = context.now();
    const Reading boot = clocks_.read(device, ClockKind::boot, now);
    const Reading t4 = body.originate + (boot - sntp.sent_boot);
    const Q64 server_time = (Q64{t4.ns} << 64) + ntp_offset(body, t4);
    const Reading wall = clocks_.read(device, ClockKind::wall, now);
    const Q64 correction = server_time - (Q64{wall.ns} << 64);
    const Duration since =
        sntp.last_good == never ? Duration{} : Duration{boot.ns - sntp.last_good.ns};
    sntp.last_good = boot;
    if (params->tracking > 0) track(context, device, *params, sntp, correction, since);

    ClockSynced row;
    row.device = clients_[device].device;
    row.server = packet.server;
    row.protocol = SyncProtocol::sntp;
    row.offset_ns = as_ns(correction);
    row.delay = ntp_delay(body, t4);
    row.outcome =
        apply(context, device, params->step_above, params->slew_ppb, correction, AdjustedBy::sntp);
    context.record(row);
    wait_for_next(context, device, body.source, params->every);
}

/// What the clock has gained on the source since the last good result is its frequency error, if
/// it was set right then; part of it is corrected, within what adjtimex can do.
void TimeClients::track(Context& context, Index device, const SntpParams& params, Sntp& sntp,
                        Q64 correction, Duration since) {
    constexpr double shortest_s = 600;  // a shorter span tells more of the path than of the clock
    constexpr double most = 500e-6;
    if (since.seconds() < shortest_s) return;
    const double gain = as_ns(correction) / static_cast<double>(since.ns);
    sntp.frequency = std::clamp(sntp.frequency + params.tracking * gain, -most, most);
    clocks_.set_frequency(context, device, Rate::fraction(sntp.frequency), AdjustedBy::sntp);
}

SyncOutcome TimeClients::apply(Context& context, Index device, Duration step_above, double slew_ppb,
                               Q64 correction, AdjustedBy by) {
    const Q64 size = correction < 0 ? -correction : correction;
    if (size >= Q64{step_above.ns} << 64) {
        clocks_.step(context, device, correction, by);
        return SyncOutcome::stepped;
    }
    const Rate rate = Rate::ppb(slew_ppb);
    if (rate == Rate{} || correction == 0) return SyncOutcome::kept;
    clocks_.slew(context, device, correction, rate, by);
    return SyncOutcome::slewed;
}

void TimeClients::fix(Context& context, Index device, std::uint32_t source,
                      const GnssParams& params) {
    const std::uint64_t who = subject(device, source);
    const std::uint32_t number = nitz_[clients_[device].first_source + source].attaches++;
    if (context.uniform("gnss.fix", who, number) < params.probability) {
        const double error =
            std::clamp(params.error.sample(context.block("gnss.error", who, number)),
                       -largest_bias_s, largest_bias_s);
        const Q64 truth = (Q64{context.now().ns} << 64) +
                          static_cast<Q64>(std::floor(error * (1e9 * 0x1p64) + 0.5));
        const Q64 correction = truth - clocks_.exact(device, ClockKind::wall, context.now());
        ClockSynced row;
        row.device = clients_[device].device;
        row.protocol = SyncProtocol::gnss;
        row.offset_ns = as_ns(correction);
        row.outcome = apply(context, device, params.step_above, params.slew_ppb, correction,
                            AdjustedBy::gnss);
        context.record(row);
    }
    wait_for_next(context, device, source, params.every);
}

void TimeClients::on_network(Context& context, Index device) {
    // As an event of its own: the radio is in the middle of its change.
    if (!plan(device).sources.empty()) context.remind(*this, device, Duration{}, NetworkChanged{});
}

void TimeClients::on(const NetworkChanged&, Index device, Context& context) {
    if (!connected_(device)) return;
    for (std::uint32_t source = 0; source < plan(device).sources.size(); ++source) {
        const SntpParams* params = sntp_params(device, source);
        if (params == nullptr) continue;
        const Sntp& sntp = sntp_[clients_[device].first_source + source];
        if (sntp.waiting) continue;
        const bool spaced = sntp.requests == 0 ||
                            clocks_.read(device, ClockKind::boot, context.now()) - sntp.sent_boot >=
                                params->retry_after;
        if (clocks_.asleep(device) && !params->wakes) continue;
        if (sntp.overdue || (params->on_network_change && spaced)) ask(context, device, source);
    }
}

void TimeClients::on_cell_attach(Context& context, Index device, EntityId cell) {
    for (std::uint32_t source = 0; source < plan(device).sources.size(); ++source) {
        const auto* params = std::get_if<NitzParams>(&plan(device).sources[source]);
        if (params == nullptr) continue;
        const std::uint64_t who = subject(device, source);
        const std::uint32_t attach = nitz_[clients_[device].first_source + source].attaches++;
        if (context.uniform("nitz.sent", who, attach) >= params->probability) continue;
        const double bias = std::clamp(
            params->bias.sample(context.block("nitz.bias", context.identity_of(cell), 0)),
            -largest_bias_s, largest_bias_s);
        const Duration error{static_cast<std::int64_t>(std::floor(bias * 1e9 + 0.5))};
        const Reading stamp = cut(Reading{context.now().ns} + error, params->resolution);
        const Duration delivery =
            sample_duration(params->delivery, context.block("nitz.delivery", who, attach));
        context.remind(*this, device, delivery, NitzArrives{.stamp = stamp, .source = source});
    }
}

bool TimeClients::sntp_is_fresh(Index device, Reading boot, Duration valid) const {
    for (std::uint32_t source = 0; source < plan(device).sources.size(); ++source) {
        if (sntp_params(device, source) == nullptr) continue;
        const Reading last = sntp_[clients_[device].first_source + source].last_good;
        if (last != never && boot - last < valid) return true;
    }
    return false;
}

void TimeClients::on(const NitzArrives& message, Index device, Context& context) {
    const auto& params = std::get<NitzParams>(plan(device).sources[message.source]);
    Nitz& nitz = nitz_[clients_[device].first_source + message.source];
    const Reading boot = clocks_.read(device, ClockKind::boot, context.now());
    const Q64 correction =
        (Q64{message.stamp.ns} << 64) - clocks_.exact(device, ClockKind::wall, context.now());
    ClockSynced row;
    row.device = clients_[device].device;
    row.protocol = SyncProtocol::nitz;
    row.offset_ns = as_ns(correction);
    row.outcome = SyncOutcome::kept;

    bool repeats = false;
    if (nitz.last_boot != never && boot - nitz.last_boot < params.repeat_spacing) {
        const Duration differs = (message.stamp - nitz.last_stamp) - (boot - nitz.last_boot);
        repeats = differs <= params.repeat_difference && -differs <= params.repeat_difference;
    }
    if (repeats || sntp_is_fresh(device, boot, params.yields_to_sntp)) {
        row.outcome = SyncOutcome::ignored;
    } else {
        nitz.last_stamp = message.stamp;
        nitz.last_boot = boot;
        const Q64 size = correction < 0 ? -correction : correction;
        if (size >= Q64{params.step_above.ns} << 64) {
            clocks_.step(context, device, correction, AdjustedBy::nitz);
            row.outcome = SyncOutcome::stepped;
        }
    }
    context.record(row);
}

}  // namespace driftstorm
