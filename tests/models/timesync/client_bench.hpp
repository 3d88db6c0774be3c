#pragma once

#include "models/timesync/client_program.hpp"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <vector>

namespace driftstorm::test {

/// A client program on a clock of constant frequency error, with exact servers behind a path of
/// given delays: all that a client program needs, without a world around it.
class ClientBench final : public ClientSystem, public ClockControl {
  public:
    /// Delay there and back of the n-th request, sent at t; below 0: lost.
    struct Trip {
        double up = 0.01;
        double down = 0.01;
    };
    struct Setup {
        double offset = 0;  ///< of the clock, at the start [s]
        double gain = 0;    ///< of the clock left alone [s/s]
        std::vector<double> server_offsets{0.0};
        std::function<Trip(double t, unsigned source, std::uint64_t n)> trip =
            [](double, unsigned, std::uint64_t) { return Trip{}; };
    };
    struct Request {
        double t = 0;
        unsigned source = 0;
        int poll = 0;
    };

    explicit ClientBench(Setup setup) : setup_(std::move(setup)), error_(setup_.offset) {}

    void run(ClientProgram& program, double until) {
        if (!started_) {
            started_ = true;
            program.start(*this);
        }
        while (true) {
            const auto [at, is_timer] = next();
            if (at > until) {
                advance(until);
                return;
            }
            advance(at);
            if (is_timer) {
                const unsigned timer = due_timer();
                timers_.erase(timer);
                program.on_timer(*this, timer);
            } else {
                Reply reply = replies_.begin()->second;
                replies_.erase(replies_.begin());
                reply.sample.t4 = read();
                program.on_sample(*this, reply.source, reply.sample);
            }
        }
    }

    double error() const { return error_; }  ///< clock less true time [s]
    double t() const { return t_; }
    double rate() const { return (1.0 + setup_.gain) * (1.0 + frequency_) - 1.0; }
    const std::vector<Request>& requests() const { return requests_; }
    bool has_timer(unsigned timer) const { return timers_.count(timer) > 0; }
    void disturb(double seconds) { error_ += seconds; }

    ClockControl& clock() override { return *this; }
    double monotonic() const override { return monotonic_; }
    void set_timer(unsigned timer, double seconds) override {
        timers_[timer] = monotonic_ + seconds;
    }
    void cancel_timer(unsigned timer) override { timers_.erase(timer); }
    double uniform() override {
        state_ = state_ * 6364136223846793005u + 1442695040888963407u;
        return (static_cast<double>(state_ >> 11) + 0.5) * 0x1p-53;
    }
    void send_request(unsigned source, int poll) override {
        requests_.push_back({t_, source, poll});
        const Trip trip = setup_.trip(t_, source, requests_.size());
        if (trip.up < 0 || trip.down < 0) {
            return;
        }
        Reply reply{source, {}};
        reply.sample.t1 = read();
        reply.sample.t2 = reading(t_ + trip.up, setup_.server_offsets[source]);
        reply.sample.t3 = reply.sample.t2;
        replies_.emplace(t_ + trip.up + trip.down, reply);
    }

    Reading read() const override { return reading(t_, error_); }
    void step(double seconds) override { error_ += seconds; }
    void set_frequency(double rate) override { frequency_ = rate; }
    double frequency() const override { return frequency_; }
    void slew_old(double) override {}
    void pll_offset(double, int, bool, bool) override {}
    void stop_pll() override {}

  private:
    struct Reply {
        unsigned source = 0;
        NtpSample sample;
    };
    struct Next {
        double at = 0;
        bool is_timer = false;
    };

    static Reading reading(double t, double offset) {
        return {static_cast<std::int64_t>(t * 1e9) + static_cast<std::int64_t>(offset * 1e9)};
    }
    unsigned due_timer() const {
        unsigned due = timers_.begin()->first;
        for (const auto& [timer, at] : timers_) {
            due = at < timers_.at(due) ? timer : due;
        }
        return due;
    }
    Next next() const {
        Next found{1e300, false};
        if (!timers_.empty()) {
            const double wait = timers_.at(due_timer()) - monotonic_;
            found = {t_ + std::max(wait, 0.0) / (1.0 + rate()), true};
        }
        if (!replies_.empty() && replies_.begin()->first < found.at) {
            found = {replies_.begin()->first, false};
        }
        return found;
    }
    void advance(double to) {
        error_ += (to - t_) * rate();
        monotonic_ += (to - t_) * (1.0 + rate());
        t_ = to;
    }

    Setup setup_;
    bool started_ = false;
    double t_ = 0;
    double error_;
    double monotonic_ = 0;
    double frequency_ = 0;
    std::uint64_t state_ = 1;
    std::map<unsigned, double> timers_;
    std::multimap<double, Reply> replies_;
    std::vector<Request> requests_;
};

}  // namespace driftstorm::test
