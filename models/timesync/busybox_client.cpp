#include "models/timesync/busybox_client.hpp"

#include "models/timesync/arithmetic.hpp"

#include <algorithm>
#include <cmath>

namespace driftstorm {

namespace {

constexpr double assumed_precision = 0.002;  // not as measured
constexpr double step_threshold = 1;
constexpr double largest_slew = 0.5;
constexpr double least_dispersion = 0.01;
constexpr double growth_of_bad_delay = 4;
constexpr double delay_never_bad = 1.0 / 8192;
constexpr double script_interval = 11 * 60;
constexpr int response_wait = 16;
constexpr int retry_wait = 32;
constexpr int no_reply_cap = 512;
constexpr int big_offset_wait = 128;
constexpr int poll_min = 5;
constexpr int poll_big = 9;
constexpr int poll_max = 12;
constexpr int poll_limit = 40;
constexpr unsigned poll_gate = 4;
constexpr unsigned constant_gate = 2;
constexpr int least_frequency_hold = 10;
constexpr unsigned unsynchronised_stratum = 16;
constexpr unsigned loop_timer = 0;

double microseconds_of(Reading reading) {
    return std::floor(static_cast<double>(reading.ns) * 1e-3) * 1e-6;
}

double seconds_of(Reading reading) { return static_cast<double>(reading.ns) * 1e-9; }

}  // namespace

BusyboxClient::BusyboxClient(const Options& options)
    : options_(options),
      peers_(options.servers),
      jitter_(assumed_precision),
      countdown_(static_cast<int>(options.servers) * (options.initial_samples + 1)) {}

double BusyboxClient::wall(ClientSystem& system) {
    return now_ = microseconds_of(system.clock().read());
}

void BusyboxClient::start(ClientSystem& system) {
    last_script_ = last_received_ = wall(system);
    for (Peer& peer : peers_) {
        peer.next_action = now_;
        move_past(peer, step_threshold);
    }
    sweep(system);
}

void BusyboxClient::on_timer(ClientSystem& system, unsigned) {
    wall(system);
    if (now_ - last_script_ > script_interval) last_script_ = now_;
    check_reachable();
    sweep(system);
}

void BusyboxClient::on_sample(ClientSystem& system, unsigned source, const NtpSample& sample) {
    Peer& peer = peers_[source];
    if (!peer.waiting || sample.t1 != peer.cookie) return;  // its socket is closed
    wall(system);
    process(system, peer, sample);
    wall(system);
    check_reachable();
    sweep(system);
}

/// One turn of the main loop up to where it waits.
void BusyboxClient::sweep(ClientSystem& system) {
    double next = std::max(last_script_ + script_interval, now_ + 1);
    for (unsigned source = 0; source < peers_.size(); ++source) {
        Peer& peer = peers_[source];
        if (peer.next_action <= now_) {
            if (!peer.waiting) {
                if (--countdown_ == 0) {
                    poll_count_ = 0;
                    poll_exponent_ = poll_min;
                }
                send(system, source);
            } else {
                peer.waiting = false;
                if (poll_exponent_ < poll_big) adjust_poll(poll_min);
                peer.next_action = now_ + poll_interval(system, no_reply_cap);
            }
        }
        next = std::min(next, peer.next_action);
    }
    // The wait is cut to whole seconds and one added, so it ends up to a second late.
    system.set_timer(loop_timer, std::floor(std::max(0.0, next - now_)) + 1);
}

void BusyboxClient::send(ClientSystem& system, unsigned source) {
    Peer& peer = peers_[source];
    peer.cookie = system.clock().read();
    peer.sent = wall(system);
    peer.reach = static_cast<std::uint8_t>(peer.reach << 1);
    peer.waiting = true;
    peer.next_action = now_ + response_wait;
    system.send_request(source, poll_exponent_);
}

void BusyboxClient::check_reachable() {
    if (stratum_ == unsynchronised_stratum) return;
    for (const Peer& peer : peers_)
        if (peer.reach != 0) return;
    clamp_poll();
    last_script_ = now_;
}

void BusyboxClient::clamp_poll() {
    poll_exponent_ = std::clamp(poll_exponent_, poll_min, poll_big);
    poll_count_ = 0;
    stratum_ = unsynchronised_stratum;
}

void BusyboxClient::process(ClientSystem& system, Peer& peer, const NtpSample& sample) {
    peer.waiting = false;
    double offset = 0;
    const auto schedule = [&] {
        int interval = poll_interval(system, INT32_MAX);
        if (std::abs(offset) >= step_threshold) interval = std::min(interval, big_offset_wait);
        peer.next_action = now_ + interval;
    };
    if (sample.leap == 3 || sample.stratum == 0 || sample.stratum > 15) {
        if (poll_exponent_ < poll_big) adjust_poll(poll_min);
        return schedule();
    }
    const double there = seconds_of(sample.t2) - peer.sent;
    const double back = seconds_of(sample.t3) - now_;
    const double delay = there - back;
    const double previous = peer.raw_delay;
    peer.raw_delay = std::max(0.0, delay);
    if (peer.reach != 0 && delay > previous * growth_of_bad_delay && delay > delay_never_bad)
        return schedule();
    peer.delay = std::max(delay, assumed_precision);
    peer.received = now_;
    peer.stratum = sample.stratum;
    peer.leap = sample.leap;
    peer.root_delay = sample.root_delay;
    peer.root_dispersion = sample.root_dispersion;
    offset = (there + back) / 2;
    peer.newest = peer.reach != 0 ? (peer.newest + 1) % peer.points.size() : 0;
    peer.points[peer.newest].received = now_;
    peer.points[peer.newest].offset = offset;
    peer.points[peer.newest].dispersion = power_of_two(sample.precision) + assumed_precision;
    if (peer.reach == 0)
        for (Point& point : peer.points) point.offset = offset;
    peer.reach |= 1;
    filter(peer);
    const std::optional<std::size_t> chosen = select();
    if (!chosen) {
        if (poll_exponent_ < poll_big) adjust_poll(poll_min);
        return schedule();
    }
    const Verdict verdict = update_clock(system, peers_[*chosen]);
    if (verdict == Verdict::longer && offset_to_jitter_ <= poll_gate) {
        adjust_poll(poll_min);
    } else if (verdict != Verdict::leave) {
        adjust_poll(-2 * poll_exponent_);
    }
    schedule();
}

void BusyboxClient::filter(Peer& peer) const {
    peer.filter_offset = peer.points[peer.newest].offset;
    double mean = 0;
    double dispersion = 0;
    double weight = 0.5;
    for (std::size_t age = 0; age < peer.points.size(); ++age) {
        const Point& point = peer.points[(peer.newest + peer.points.size() - age) % 8];
        dispersion += weight * (point.dispersion + frequency_tolerance * (now_ - point.received));
        weight /= 2;
        mean += point.offset / static_cast<double>(peer.points.size());
    }
    double squares = 0;
    for (const Point& point : peer.points) squares += square(mean - point.offset);
    peer.filter_dispersion = dispersion;
    peer.filter_jitter =
        std::max(assumed_precision, std::sqrt(squares / static_cast<double>(peer.points.size())));
}

double BusyboxClient::root_distance(const Peer& peer) const {
    return std::max(least_dispersion, peer.root_delay + peer.delay) / 2 + peer.root_dispersion +
           peer.filter_dispersion + frequency_tolerance * (now_ - peer.received) +
           peer.filter_jitter;
}

void BusyboxClient::move_past(Peer& peer, double offset) const {
    const bool small = std::abs(offset) < step_threshold;
    for (Point& point : peer.points) {
        if (small) {
            point.received += offset;
            if (point.offset != 0) point.offset -= offset;
        } else {
            point.received = now_;
            point.offset = 0;
        }
    }
    peer.received = small ? peer.received + offset : now_;
    filter(peer);
}

void BusyboxClient::step(ClientSystem& system, double offset) {
    system.clock().step(offset);
    ++steps_;
    now_ += offset;
    last_received_ += offset;
    last_script_ += offset;
    for (Peer& peer : peers_) {
        move_past(peer, offset);
        peer.next_action += offset;
        if (!peer.waiting) continue;
        peer.waiting = false;  // a reply under way would compare two different clocks
        peer.next_action = now_ + retry_wait;
    }
    clamp_poll();
    last_script_ = now_;
}

BusyboxClient::Verdict BusyboxClient::update_clock(ClientSystem& system, const Peer& peer) {
    double offset = peer.filter_offset;
    const double received = peer.received;
    if (received <= last_received_) return Verdict::leave;
    const bool first = !synchronised_;
    synchronised_ = true;
    if (std::abs(offset) > step_threshold) {
        step(system, offset);
        last_received_ = received + offset;
        last_offset_ = offset = 0;
    } else {
        // The ratio to the jitter before this update tells large offsets sooner.
        offset_to_jitter_ = static_cast<unsigned>(std::abs(offset) / jitter_);
        const double before = square(jitter_);
        jitter_ = std::sqrt(before + (square(offset - last_offset_) - before) / 4);
        jitter_ = std::max(jitter_, assumed_precision);
        last_offset_ = offset;
        last_received_ = received;
        if (first) return Verdict::leave;
        if (stratum_ != peer.stratum + 1u) {
            stratum_ = peer.stratum + 1u;
            last_script_ = now_;
        }
    }
    hand_to_kernel(system, offset);
    system.clock().announce_leap(peer.leap);
    return Verdict::longer;
}

void BusyboxClient::hand_to_kernel(ClientSystem& system, double offset) {
    const double microseconds = std::trunc(std::clamp(offset, -largest_slew, largest_slew) * 1e6);
    bool hold = false;
    if (frequency_hold_ != 0) {
        if (frequency_hold_ < 0)
            frequency_hold_ = 1 + least_frequency_hold +
                              static_cast<int>(std::abs(std::floor(microseconds / 32768)));
        --frequency_hold_;
        hold = true;
    }
    // Large offsets are worth a quicker loop.
    const int constant = poll_exponent_ - 4 - (offset_to_jitter_ >= constant_gate ? 1 : 0);
    system.clock().pll_offset(microseconds * 1e-6, std::max(0, constant), false, hold);
}

void BusyboxClient::adjust_poll(int count) {
    poll_count_ += count;
    if (poll_count_ > poll_limit) {
        poll_count_ = 0;
        if (poll_exponent_ < poll_max) ++poll_exponent_;
    } else if (poll_count_ < -poll_limit || (count < 0 && poll_exponent_ > poll_big)) {
        poll_count_ = 0;
        if (poll_exponent_ <= poll_min) return;
        --poll_exponent_;
        for (Peer& peer : peers_)
            if (!peer.waiting) peer.next_action -= power_of_two(poll_exponent_);
    }
}

int BusyboxClient::poll_interval(ClientSystem& system, int at_most) const {
    const int interval = std::min(1 << poll_exponent_, at_most);
    const unsigned mask = (static_cast<unsigned>(interval - 1) >> 4) | 1;
    const auto luck = static_cast<unsigned>(system.uniform() * 65536);
    return interval + static_cast<int>(luck & mask);
}

}  // namespace driftstorm
