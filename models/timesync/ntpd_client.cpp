#include "models/timesync/ntpd_client.hpp"

#include "models/timesync/arithmetic.hpp"

#include <algorithm>
#include <cmath>

namespace driftstorm {

namespace {

constexpr int burst_of_start = 6;
constexpr int retries = 3;
constexpr int unreach_limit = 10;
constexpr std::int64_t least_headway = 2;  // between two packets [s]
constexpr unsigned second_timer = 0;
constexpr int poll_least = 3;
constexpr int poll_most = 17;

std::int64_t poll_seconds(int exponent) { return std::int64_t{1} << exponent; }

}  // namespace

NtpdClient::NtpdClient(const Options& options)
    : options_(options), discipline_(options.discipline) {
    for (const NtpdServer& server : options.servers) {
        Peer peer;
        peer.words = server;
        peers_.push_back(peer);
    }
}

std::int64_t NtpdClient::seconds(ClientSystem& system) const {
    return static_cast<std::int64_t>(std::floor(system.monotonic() - started_ + 1e-6));
}

void NtpdClient::start(ClientSystem& system) {
    started_ = system.monotonic();
    std::int64_t associations = 0;
    for (Peer& peer : peers_) {
        clear(system, peer);
        peer.next = ++associations;  // one second apart
    }
    initialising_ = false;
    discipline_.start(system.clock());
    schedule(system);
}

void NtpdClient::schedule(ClientSystem& system) {
    if (stopped_) {
        system.cancel_timer(second_timer);
        return;
    }
    std::int64_t next = INT64_MAX;
    for (const Peer& peer : peers_) next = std::min(next, peer.next);
    if (discipline_.needs_seconds()) next = now_ + 1;
    next = std::max(next, now_ + 1);
    system.set_timer(second_timer, static_cast<double>(next) + started_ - system.monotonic());
}

void NtpdClient::on_timer(ClientSystem& system, unsigned) {
    now_ = std::max(now_ + 1, seconds(system));
    if (discipline_.needs_seconds()) discipline_.second(system.clock());
    for (std::size_t i = 0; i < peers_.size(); ++i)
        if (peers_[i].next <= now_) transmit(system, i);
    schedule(system);
}

void NtpdClient::on_sample(ClientSystem& system, unsigned source, const NtpSample& sample) {
    if (stopped_) return;
    now_ = std::max(now_, seconds(system));
    process(system, source, sample);
    schedule(system);
}

void NtpdClient::clear(ClientSystem& system, Peer& peer) {
    const NtpdServer words = peer.words;
    const int minpoll = initialising_ ? words.minpoll : peer.minpoll;
    peer = Peer();
    peer.words = words;
    peer.minpoll = minpoll;
    peer.peer_poll = words.maxpoll;
    peer.host_poll = minpoll;
    peer.dispersion = largest_dispersion;
    peer.jitter = power_of_two(options_.discipline.precision);
    for (Stage& stage : peer.filter) stage.dispersion = largest_dispersion;
    peer.updated = peer.sent = peer.headway_at = now_;
    peer.next = now_;
    if (!initialising_)  // polls of many clients do not come together
        peer.next += static_cast<std::int64_t>(system.uniform() *
                                               static_cast<double>(poll_seconds(minpoll)));
}

void NtpdClient::transmit(ClientSystem& system, std::size_t index) {
    Peer& peer = peers_[index];
    int poll = peer.host_poll;
    if (peer.sent > peer.received && peer.reach == 0) peer.peer_poll = peer.words.maxpoll;
    if (peer.burst > 0) {
        --peer.burst;
    } else {
        peer.sent = now_;
        ++peer.unreached;
        peer.reach = static_cast<std::uint8_t>(peer.reach << 1);
        if (peer.reach == 0) {
            filter(system, peer, {0, 0, largest_dispersion, now_});
            if (peer.words.iburst && peer.retry == 0) peer.retry = retries;
        } else {
            poll = discipline_.poll();
            peer.unreached = 0;
            if (peer.words.burst && peer.retry == 0 && !unfit(peer)) peer.retry = retries;
        }
        if (peer.unreached >= unreach_limit) ++poll;
    }
    if (peer.retry > 0) --peer.retry;
    poll_update(system, peer, poll);
    peer.origin = system.clock().read();
    peer.headway += poll_seconds(peer.minpoll) - 2;
    system.send_request(static_cast<unsigned>(index), peer.host_poll);
}

/// When the next poll is due.
void NtpdClient::poll_update(ClientSystem& system, Peer& peer, int poll) {
    peer.headway = std::max<std::int64_t>(0, peer.headway - (now_ - peer.headway_at));
    peer.headway_at = now_;
    peer.host_poll = std::max(std::min(peer.words.maxpoll, poll), peer.minpoll);
    const std::int64_t least = poll_seconds(peer.minpoll);
    const std::int64_t earliest =
        now_ +
        std::max(peer.headway - static_cast<std::int64_t>(stages - 1) * least, least_headway);
    std::int64_t latest = 2 * poll_seconds(peer.host_poll);
    if (latest > 64) latest -= latest / 4;
    latest = std::max(latest + peer.sent, now_);
    if (peer.burst > 0) {
        if (peer.next > now_) return;
        peer.next = earliest;
    } else {
        const int exponent =
            peer.retry > 0 ? peer.minpoll : std::min(peer.peer_poll, peer.host_poll);
        const auto luck = static_cast<std::int64_t>(system.uniform() * 256);
        peer.next = std::max(earliest, peer.sent + (((0x1000 + luck) << exponent) >> 12));
        if (peer.headway > least) peer.next += least_headway;
    }
    peer.next = std::min(peer.next, latest);
}

void NtpdClient::kiss(ClientSystem& system, Peer& peer, const NtpSample& sample) {
    if (sample.reference_id != kiss_rate) return;
    peer.minpoll = std::max(peer.minpoll, static_cast<int>(sample.poll));
    peer.burst = peer.retry = 0;
    peer.headway = static_cast<std::int64_t>(stages + 1) * poll_seconds(peer.minpoll);
    peer.headway_at = now_;
    poll_update(system, peer, sample.poll);
}

void NtpdClient::process(ClientSystem& system, std::size_t index, const NtpSample& sample) {
    Peer& peer = peers_[index];
    if (!peer.origin || *peer.origin != sample.t1) return;  // a duplicate, or from before a step
    peer.origin.reset();
    if (sample.poll < poll_least || sample.poll > poll_most) return;
    peer.peer_poll = std::max(peer.minpoll, static_cast<int>(sample.poll));
    if (sample.leap == 3 && sample.stratum == 0) return kiss(system, peer, sample);
    peer.received = now_;
    const int stratum = sample.stratum == 0 ? 16 : sample.stratum;
    if (sample.leap == 3 || stratum < options_.floor || stratum >= options_.ceiling ||
        sample.root_delay / 2 + sample.root_dispersion >= largest_dispersion)
        return;
    peer.leap = sample.leap;
    peer.stratum = sample.stratum;
    peer.precision = sample.precision;
    peer.root_delay = sample.root_delay;
    peer.root_dispersion = sample.root_dispersion;
    if (peer.retry > 0) {  // an answer lets the burst begin
        peer.retry = 0;
        peer.burst = burst_of_start - 1;
        if (peer.reach != 0)
            peer.burst =
                static_cast<int>(std::min<std::int64_t>(poll_seconds(peer.host_poll - peer.minpoll),
                                                        static_cast<std::int64_t>(stages))) -
                1;
        if (peer.burst > 0) peer.next = now_;
    }
    poll_update(system, peer, peer.host_poll);
    peer.reach |= 1;
    const double there = seconds_between(sample.t2, sample.t1);
    const double back = seconds_between(sample.t3, sample.t4);
    const double precision = power_of_two(options_.discipline.precision);
    const double delay = std::max(std::abs(there - back), precision);
    filter(system, peer,
           {(there + back) / 2, delay,
            precision + power_of_two(peer.precision) + options_.dispersion_rate * delay, now_});
}

void NtpdClient::update_clock(ClientSystem& system, std::size_t index) {
    Peer& peer = peers_[index];
    system_peer_ = index;
    system_epoch_ = peer.epoch;
    discipline_.clamp_poll(peer.minpoll, peer.words.maxpoll);
    poll_update(system, peer, discipline_.poll());
    const int poll = discipline_.poll();
    const NtpdDiscipline::Outcome outcome =
        discipline_.update(system.clock(), now_, system_offset_, peer.minpoll, peer.words.maxpoll);
    if (discipline_.poll() != poll) poll_update(system, peer, discipline_.poll());
    switch (outcome) {
        case NtpdDiscipline::Outcome::panic:
            stopped_ = true;
            break;
        case NtpdDiscipline::Outcome::stepped:
            for (Peer& each : peers_) clear(system, each);
            synchronised_ = false;
            break;
        case NtpdDiscipline::Outcome::slewed:
            synchronised_ = true;
            system.clock().announce_leap(leap_);
            break;
        case NtpdDiscipline::Outcome::ignored:
            break;
    }
}

}  // namespace driftstorm
