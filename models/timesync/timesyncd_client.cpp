#include "models/timesync/timesyncd_client.hpp"

#include "models/timesync/arithmetic.hpp"

#include <algorithm>
#include <cmath>

namespace driftstorm {

namespace {

constexpr double expected_accuracy = 0.2;  // NTP_ACCURACY_SEC
constexpr double most_adjusted = 0.4;      // NTP_MAX_ADJUST; the kernel takes 0.5 s at most
constexpr double shortest_retry = 15;
constexpr double longest_retry = 360;
constexpr double reply_timeout = 10;
constexpr unsigned most_missed = 2;
constexpr double attempt_window = 10;  // ten attempts in ten seconds are too many

int whole_log2(double x) {
    int exponent = -1;
    for (auto whole = static_cast<std::uint64_t>(x); whole != 0; whole >>= 1) ++exponent;
    return exponent;
}

}  // namespace

void TimesyncdClient::start(ClientSystem& system) {
    missed_ = most_missed;
    poll_s_ = options_.poll_min_s;
    if (options_.start_delay_s > 0) {
        system.set_timer(request_timer, options_.start_delay_s);
    } else {
        send(system);
    }
}

void TimesyncdClient::begin(ClientSystem& system) {
    missed_ = most_missed;
    send(system);
}

/// manager_network_event_handler(): disconnects when the network goes, and connects to the server
/// it had when the network is there and it is not connected.
void TimesyncdClient::on_network(ClientSystem& system, NetworkOrder order, bool online) {
    if (order != NetworkOrder::onoffline) return;
    if (!online) {
        pending_ = false;
        disconnected_ = true;
        for (const unsigned timer : {request_timer, missed_timer, connect_timer})
            system.cancel_timer(timer);
    } else if (disconnected_) {
        disconnected_ = false;
        begin(system);
    }
}

bool TimesyncdClient::may_connect(double now) {
    double& oldest = attempts_[attempt_count_ % attempts_.size()];
    if (attempt_count_ >= attempts_.size() && now - oldest < attempt_window) return false;
    oldest = now;
    ++attempt_count_;
    return true;
}

void TimesyncdClient::connect(ClientSystem& system) {
    pending_ = false;
    system.cancel_timer(request_timer);
    system.cancel_timer(missed_timer);
    if (!may_connect(system.monotonic())) {
        system.set_timer(connect_timer, options_.connection_retry_s);
        return;
    }
    if (server_ + 1 < options_.servers) {
        ++server_;
    } else if (!exhausted_) {
        exhausted_ = true;
        system.set_timer(connect_timer, poll_s_);
        return;
    } else {
        server_ = 0;
    }
    exhausted_ = false;
    begin(system);
}

void TimesyncdClient::send(ClientSystem& system) {
    system.cancel_timer(missed_timer);
    sent_ = system.clock().read();
    pending_ = true;
    system.send_request(server_, 0);
    retry_s_ = retry_s_ == 0 ? shortest_retry : std::min(retry_s_ * 4 / 3, longest_retry);
    system.set_timer(request_timer, retry_s_);
    if (++missed_ > most_missed && options_.changes_server)
        system.set_timer(missed_timer, reply_timeout);
}

void TimesyncdClient::on_timer(ClientSystem& system, unsigned timer) {
    if (timer == request_timer) {
        send(system);
    } else {
        connect(system);
    }
}

void TimesyncdClient::on_sample(ClientSystem& system, unsigned source, const NtpSample& sample) {
    if (source != server_ || !pending_) return;
    missed_ = 0;
    if (sample.t1 != sent_) return;
    system.cancel_timer(missed_timer);
    const double distance = sample.root_delay / 2 + sample.root_dispersion;
    if (sample.leap == 3 || sample.stratum == 0 || sample.stratum >= 16 ||
        distance > options_.root_distance_max_s) {
        connect(system);
        return;
    }
    pending_ = false;
    retry_s_ = 0;
    const double offset =
        (seconds_between(sample.t2, sample.t1) + seconds_between(sample.t3, sample.t4)) / 2;
    const double delay =
        seconds_between(sample.t4, sample.t1) - seconds_between(sample.t3, sample.t2);
    const bool spike = is_spike(offset, delay);
    adjust_poll(offset, spike);
    if (!spike) {
        adjust_clock(system, offset);
        system.clock().announce_leap(sample.leap);
    }
    system.set_timer(request_timer, poll_s_);
}

bool TimesyncdClient::is_spike(double offset, double delay) {
    if (++packets_ == 1) return false;
    const unsigned previous = newest_;
    newest_ = (newest_ + 1) % static_cast<unsigned>(points_.size());
    points_[newest_] = {offset, delay};
    const double jitter = jitter_;  // without this sample, so that it does not excuse itself
    unsigned best = previous;
    for (unsigned i = 0; i < points_.size(); ++i)
        if (points_[i].delay > 0 && points_[i].delay < points_[best].delay) best = i;
    double squares = 0;
    for (const Point& point : points_)
        squares += (point.offset - points_[best].offset) * (point.offset - points_[best].offset);
    jitter_ = std::sqrt(squares / static_cast<double>(points_.size() - 1));
    if (std::abs(offset) > delay) return false;
    if (packets_ < 4) return false;
    if (std::abs(offset) > points_[best].delay) return true;
    return std::abs(offset - points_[previous].offset) > 3 * jitter;
}

void TimesyncdClient::adjust_poll(double offset, bool spike) {
    const double size = std::abs(offset);
    if (!spike && size > expected_accuracy) {
        poll_s_ = options_.poll_min_s;
    } else if (size < expected_accuracy / 4) {
        if (poll_s_ < options_.poll_max_s) poll_s_ *= 2;
    } else if (spike || size > expected_accuracy * 3 / 4) {
        if (poll_s_ > options_.poll_min_s) poll_s_ /= 2;
    }
}

void TimesyncdClient::adjust_clock(ClientSystem& system, double offset) {
    if (std::abs(offset) < most_adjusted) {
        system.clock().pll_offset(offset, whole_log2(poll_s_) - 4, true, false);
    } else {
        system.clock().stop_pll();
        system.clock().step(offset);
        ++steps_;
    }
}

}  // namespace driftstorm
