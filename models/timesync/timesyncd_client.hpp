#pragma once

#include "models/timesync/client_program.hpp"

#include <array>
#include <cstdint>
#include <tuple>

namespace driftstorm {

/// systemd-timesyncd: one server at a time, a poll interval between 32 s and 2048 s that grows
/// while the offset is small, spikes told by the last eight samples, and the kernel's loop, or a
/// step from 0.4 s on. Source: systemd, timesyncd-manager.c.
class TimesyncdClient final : public ClientProgram {
  public:
    struct Options {
        double poll_min_s = 32;
        double poll_max_s = 2048;
        double root_distance_max_s = 5;
        double connection_retry_s = 30;
        double start_delay_s = 0;  ///< until the first request
        unsigned servers = 1;
        /// Go to the next server after the third missed reply; without, requests are only repeated.
        bool changes_server = true;
    };
    explicit TimesyncdClient(const Options& options) : options_(options) {}

    void start(ClientSystem& system) override;
    void on_sample(ClientSystem& system, unsigned source, const NtpSample& sample) override;
    void on_timer(ClientSystem& system, unsigned timer) override;
    std::uint64_t steps() const override { return steps_; }

    /// `onoffline` is what networkd does by itself where it manages the network.
    void on_network(ClientSystem& system, NetworkOrder order, bool online) override;
    void archive(Archive& archive) override { archive.item(*this); }
    auto state() {
        return std::tie(points_, attempts_, attempt_count_, packets_, steps_, sent_, poll_s_,
                        retry_s_, jitter_, newest_, server_, missed_, pending_, exhausted_,
                        disconnected_);
    }

    double poll_interval() const { return poll_s_; }  ///< [s]

  private:
    enum Timer : unsigned { request_timer, missed_timer, connect_timer };
    struct Point {
        double offset = 0;
        double delay = 0;
    };

    void begin(ClientSystem& system);
    void connect(ClientSystem& system);
    void send(ClientSystem& system);
    bool is_spike(double offset, double delay);
    void adjust_poll(double offset, bool spike);
    void adjust_clock(ClientSystem& system, double offset);
    bool may_connect(double now);

    Options options_;
    std::array<Point, 8> points_{};
    std::array<double, 10> attempts_{};  ///< when the last ten connections were tried [s]
    std::uint64_t attempt_count_ = 0;
    std::uint64_t packets_ = 0;
    std::uint64_t steps_ = 0;
    Reading sent_;  ///< the cookie: by the wall clock
    double poll_s_ = 0;
    double retry_s_ = 0;
    double jitter_ = 0;
    unsigned newest_ = 0;
    unsigned server_ = 0;
    unsigned missed_ = 0;
    bool pending_ = false;
    bool disconnected_ = false;  ///< for want of a network
    bool exhausted_ = false;     ///< all servers were tried and the pause after that is over
};

}  // namespace driftstorm
