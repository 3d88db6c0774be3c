#pragma once

#include "models/timesync/client_program.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <tuple>
#include <vector>

namespace driftstorm {

/// ntpd of busybox 1.37: four quick requests, then a poll interval of 2^5 to 2^12 s common to all
/// servers; a step above 1 s, else the kernel's loop with the newest offset of the selected server.
/// It waits in whole seconds by the wall clock. Source: busybox, networking/ntpd.c.
class BusyboxClient final : public ClientProgram {
  public:
    static constexpr double frequency_tolerance = 15e-6;  ///< by which dispersion grows [s/s]

    struct Options {
        unsigned servers = 1;
        int initial_samples = 3;
    };
    explicit BusyboxClient(const Options& options);

    void start(ClientSystem& system) override;
    void on_sample(ClientSystem& system, unsigned source, const NtpSample& sample) override;
    void on_timer(ClientSystem& system, unsigned timer) override;
    std::uint64_t steps() const override { return steps_; }

    void archive(Archive& archive) override { archive.item(*this); }
    auto state() {
        return std::tie(peers_, last_used_, now_, last_script_, last_offset_, last_received_,
                        jitter_, offset_to_jitter_, countdown_, poll_exponent_, poll_count_,
                        frequency_hold_, stratum_, synchronised_, steps_);
    }

    int poll_exponent() const { return poll_exponent_; }

  private:
    struct Point {
        double offset = 0;
        double received = 0;  ///< by the wall clock [s]
        double dispersion = 0;
    };
    struct Peer {
        std::array<Point, 8> points{};
        std::size_t newest = 0;
        double next_action = 0;  ///< send, or give up waiting, at this time of the wall clock [s]
        double sent = 0;         ///< [s], in whole microseconds
        Reading cookie;
        double raw_delay = 0;  ///< of the last reply, used or not
        double delay = 0;
        double received = 0;
        double root_delay = 0;
        double root_dispersion = 0;
        double filter_offset = 0;
        double filter_dispersion = 0;
        double filter_jitter = 0;
        std::uint8_t reach = 0;
        std::uint8_t stratum = 0;
        std::uint8_t leap = 0;
        bool waiting = false;
    };
    /// What a reply does to the poll interval.
    enum class Verdict { shorter, leave, longer };

    double wall(ClientSystem& system);
    void sweep(ClientSystem& system);
    void send(ClientSystem& system, unsigned source);
    void process(ClientSystem& system, Peer& peer, const NtpSample& sample);
    void check_reachable();
    void filter(Peer& peer) const;
    double root_distance(const Peer& peer) const;
    std::optional<std::size_t> select();
    Verdict update_clock(ClientSystem& system, const Peer& peer);
    void step(ClientSystem& system, double offset);
    void move_past(Peer& peer, double offset) const;
    void hand_to_kernel(ClientSystem& system, double offset);
    void adjust_poll(int count);
    int poll_interval(ClientSystem& system, int at_most) const;
    void clamp_poll();

    Options options_;
    std::vector<Peer> peers_;
    std::optional<std::size_t> last_used_;
    double now_ = 0;  ///< wall clock when last looked at [s], in whole microseconds
    double last_script_ = 0;
    double last_offset_ = 0;
    double last_received_ = 0;
    double jitter_ = 0;
    unsigned offset_to_jitter_ = 0;
    int countdown_ = 0;  ///< requests left of the quick start
    int poll_exponent_ = 0;
    int poll_count_ = 0;
    int frequency_hold_ = -1;  ///< updates left; -1: not yet known
    unsigned stratum_ = 16;
    bool synchronised_ = false;
    std::uint64_t steps_ = 0;
};

}  // namespace driftstorm
