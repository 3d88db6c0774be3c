#pragma once

#include "models/timesync/chrony_clock.hpp"
#include "models/timesync/chrony_reference.hpp"
#include "models/timesync/chrony_selection.hpp"
#include "models/timesync/client_program.hpp"

#include <cstdint>
#include <vector>

namespace driftstorm {

/// A `server` line of chrony.conf(5); words, units and defaults are its own.
struct ChronyServer {
    int minpoll = 6;   ///< log2 of s, -6 .. 24
    int maxpoll = 10;  ///< log2 of s, -6 .. 24
    bool iburst = false;
    int polltarget = 8;            ///< samples in the regression
    double maxdelay = 3;           ///< round trip [s]
    double maxdelayratio = 0;      ///< round trip to the least one; below 1: not tested
    double maxdelaydevratio = 10;  ///< increase of the one-way delay to the samples' deviation
    double offset = 0;             ///< correction of what is measured [s]
    int minsamples = 6;
    int maxsamples = 64;
    double mindelay = 0;  ///< [s]; 0: the least seen
};

struct ChronyParams {
    std::vector<ChronyServer> servers;
    ChronyClock::Limits clock;
    ChronyReference::Limits reference;
    ChronySources::Limits sources;
    double precision = 1e-7;  ///< of the clock's readings [s]
};

/// chronyd 4.3 as a client: polls its servers, tests what they answer, and steers the clock with
/// frequency alone. A sample is refused when its round trip is much longer than the least one and
/// its offset does not stand out by more than that could explain (test C): after a lasting increase
/// of the delay chrony runs on its last frequency for hours or days. The poll interval grows as
/// long as the regression finds more samples of use than `polltarget`. Source: chrony 4.3,
/// ntp_core.c and sched.c; chrony.conf(5).
class ChronyClient final : public ClientProgram {
  public:
    explicit ChronyClient(const ChronyParams& params);

    void start(ClientSystem& system) override;
    void on_sample(ClientSystem& system, unsigned source, const NtpSample& sample) override;
    void on_timer(ClientSystem& system, unsigned timer) override;
    std::uint64_t steps() const override { return reference_.steps(); }

    void on_network(ClientSystem& system, NetworkOrder order, bool online) override;
    void archive(Archive& archive) override;

    /// `chronyc online` and `offline`, as a dispatcher of the operating system runs them.
    void set_online(ClientSystem& system, bool online);
    /// `chronyc burst GOOD/TOTAL`
    void burst(ClientSystem& system, int good, int total);
    /// `chronyc reset sources`
    void reset_sources();

    const ChronySources& sources() const { return sources_; }
    const ChronyClock& clock() const { return clock_; }
    const ChronyReference& reference() const { return reference_; }
    std::uint64_t refused() const { return refused_; }  ///< samples, by tests A to C
    int poll(unsigned source) const { return associations_[source].poll; }

  private:
    struct Association {
        bool online = true;
        int burst_good = 0;   ///< good samples until the burst ends; 0: none is running
        int burst_total = 0;  ///< requests until it ends
        int poll = 6;
        double poll_score = 0;
        int unanswered = 0;  ///< requests since the last valid reply
        bool answered = true;
        bool sent_before = false;
        Reading sent_raw;    ///< last request, by the kernel's clock
        Reading sent;        ///< corrected, moved with every change of the clock
        double sent_at = 0;  ///< monotonic [s]
        bool scheduled = false;
        double due = 0;  ///< next request, monotonic [s]
    };
    struct Measurement {
        ChronySample sample;
        double precision = 0;    ///< of both clocks together [s]
        double server_time = 0;  ///< from request to reply within the server [s]
    };

    void start_association(ClientSystem& system, unsigned source);
    void schedule(ClientSystem& system, unsigned source, double delay);
    double request_delay(const Association& association) const;
    void request(ClientSystem& system, unsigned source);
    Measurement measure(unsigned source, const NtpSample& sample) const;
    bool passes_tests(unsigned source, const Measurement& measured) const;
    void go_offline(ClientSystem& system, unsigned source);
    void accept(ClientSystem& system, unsigned source, const ChronySample& sample);
    void select(ClientSystem& system, int updated);
    void follow(const ChronyClockChange& change);
    void adjust_poll(unsigned source, double by);
    double poll_change(unsigned source, double error, double distance) const;

    ChronyParams params_;
    ChronyClock clock_;
    ChronyReference reference_;
    ChronySources sources_;
    std::vector<Association> associations_;
    bool requested_ = false;
    double last_request_ = 0;  ///< to any server, monotonic [s]
    std::uint64_t refused_ = 0;
};

}  // namespace driftstorm
