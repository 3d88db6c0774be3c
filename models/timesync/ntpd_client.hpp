#pragma once

#include "models/timesync/client_program.hpp"
#include "models/timesync/ntpd_discipline.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <tuple>
#include <vector>

namespace driftstorm {

/// A `server` line of ntp.conf; the words are ntpd's.
struct NtpdServer {
    int minpoll = 6;   ///< log2 of s, 3 .. 17
    int maxpoll = 10;  ///< log2 of s, 3 .. 17
    bool iburst = false;
    bool burst = false;
    bool prefer = false;
    bool noselect = false;
    bool truechimer = false;  ///< `true`
};

/// ntpd 4.2.8p15 (or ntpsec 1.2.2, where it differs): the filter of each server's last eight
/// samples, intersection, clustering and combination of the servers, the polls with their bursts
/// and headway, and the discipline. Source: ntp-4.2.8p15, ntpd/ntp_proto.c; RFC 5905, sections 10,
/// 11 and 13.
class NtpdClient final : public ClientProgram {
  public:
    static constexpr double largest_dispersion = 16;  ///< RFC 5905, MAXDISP [s]

    struct Options {
        std::vector<NtpdServer> servers;
        NtpdDiscipline::Options discipline;
        double dispersion_rate = 15e-6;   ///< tinker dispersion [s/s]
        double max_distance_s = 1.5;      ///< tos maxdist
        double min_dispersion_s = 0.001;  ///< tos mindist
        int min_clock = 3;                ///< tos minclock
        int min_sane = 1;                 ///< tos minsane
        int ceiling = 15;                 ///< tos ceiling
        int floor = 0;                    ///< tos floor
    };
    explicit NtpdClient(const Options& options);

    void start(ClientSystem& system) override;
    void on_sample(ClientSystem& system, unsigned source, const NtpSample& sample) override;
    void on_timer(ClientSystem& system, unsigned timer) override;
    std::uint64_t steps() const override { return discipline_.steps(); }

    void archive(Archive& archive) override { archive.item(*this); }
    auto state() {
        return std::tie(discipline_, peers_, started_, now_, system_peer_, system_epoch_,
                        system_offset_, clockhop_, synchronised_, initialising_, stopped_, leap_);
    }

    int poll() const { return discipline_.poll(); }  ///< log2 of s
    bool stopped() const { return stopped_; }        ///< by an offset beyond the panic threshold

  private:
    static constexpr std::size_t stages = 8;
    struct Stage {
        double offset = 0;
        double delay = 0;
        double dispersion = 0;
        std::int64_t epoch = 0;
    };
    struct Peer {
        NtpdServer words;
        std::array<Stage, stages> filter{};
        std::size_t next_stage = 0;
        double offset = 0;
        double delay = 0;
        double dispersion = 0;
        double jitter = 0;
        double root_delay = 0;
        double root_dispersion = 0;
        std::int64_t epoch = 0;    ///< of the sample in use
        std::int64_t updated = 0;  ///< of the filter
        std::int64_t sent = 0;     ///< the last poll, not of a burst
        std::int64_t received = 0;
        std::int64_t next = 0;     ///< when to poll
        std::int64_t headway = 0;  ///< leaky bucket of what was sent [s]
        std::int64_t headway_at = 0;
        std::optional<Reading> origin;  ///< of the request that is not yet answered
        int host_poll = 6;
        int peer_poll = 10;
        int burst = 0;
        int retry = 0;
        int unreached = 0;
        int minpoll = 6;  ///< raised by kisses of death
        std::uint8_t reach = 0;
        std::uint8_t leap = 3;
        std::uint8_t stratum = 16;
        std::int8_t precision = 0;
    };
    struct Candidate {
        std::size_t peer = 0;
        double distance = 0;
        double jitter = 0;
        double select_jitter = 0;
    };

    std::int64_t seconds(ClientSystem& system) const;
    void schedule(ClientSystem& system);
    void clear(ClientSystem& system, Peer& peer);
    void transmit(ClientSystem& system, std::size_t index);
    void poll_update(ClientSystem& system, Peer& peer, int poll);
    void process(ClientSystem& system, std::size_t index, const NtpSample& sample);
    void kiss(ClientSystem& system, Peer& peer, const NtpSample& sample);

    void filter(ClientSystem& system, Peer& peer, const Stage& sample);
    double root_distance(const Peer& peer) const;
    bool unfit(const Peer& peer) const;
    void select(ClientSystem& system);
    std::vector<Candidate> candidates() const;
    void intersect(std::vector<Candidate>& candidates) const;
    void cluster(std::vector<Candidate>& candidates) const;
    std::size_t pick(const std::vector<Candidate>& candidates) const;
    void combine(const std::vector<Candidate>& candidates);
    std::uint8_t leap_of(const std::vector<Candidate>& survivors) const;
    void update_clock(ClientSystem& system, std::size_t index);

    Options options_;
    NtpdDiscipline discipline_;
    std::vector<Peer> peers_;
    double started_ = 0;    ///< by the monotonic clock [s]
    std::int64_t now_ = 0;  ///< whole seconds since
    std::optional<std::size_t> system_peer_;
    std::int64_t system_epoch_ = 0;
    double system_offset_ = 0;
    double clockhop_ = 0;
    bool synchronised_ = false;
    bool initialising_ = true;
    bool stopped_ = false;
    std::uint8_t leap_ = 0;  ///< what most survivors announce
};

}  // namespace driftstorm
