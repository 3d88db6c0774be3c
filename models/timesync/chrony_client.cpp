#include "models/timesync/chrony_client.hpp"

#include "models/timesync/arithmetic.hpp"
#include "sim/core/exact_math.hpp"
#include "sim/core/expect.hpp"

#include <algorithm>
#include <cmath>

namespace driftstorm {

namespace {

constexpr double initial_delay = 0.2;      // [s]
constexpr double least_separation = 2e-3;  // between requests to different servers [s]
constexpr double most_separation = 0.2;    // [s]
constexpr double schedule_randomness = 0.02;
constexpr double burst_interval = 2;  // [s]
constexpr double burst_poll_share = 0.25;
constexpr int iburst_good = 4;
constexpr int iburst_total = 8;
constexpr double most_server_time = 4;     // from request to reply within the server [s]
constexpr double most_root_distance = 16;  // NTP's maximum dispersion [s]
constexpr int kiss_rate_polls = 4;
constexpr int unreliable_stratum = 16;
constexpr int least_tested_samples = 6;
constexpr int least_wide_area_poll = 0;
constexpr double local_network_delay = 0.01;  // [s]

std::vector<ChronySourceStatistics> statistics_of(const ChronyParams& params) {
    std::vector<ChronySourceStatistics> statistics;
    for (const ChronyServer& server : params.servers) {
        statistics.emplace_back(ChronySourceStatistics::Limits{server.minsamples, server.maxsamples,
                                                               server.mindelay, params.precision});
    }
    return statistics;
}

}  // namespace

ChronyClient::ChronyClient(const ChronyParams& params)
    : params_(params),
      clock_(params.clock, static_cast<unsigned>(params.servers.size())),
      reference_(params.reference),
      sources_(params.sources, statistics_of(params)),
      associations_(params.servers.size()) {}

void ChronyClient::start(ClientSystem& system) {
    clock_.start(system.clock());
    for (unsigned source = 0; source < associations_.size(); ++source) {
        associations_[source].poll =
            std::max(params_.servers[source].minpoll, least_wide_area_poll);
        if (params_.servers[source].iburst) {
            associations_[source].burst_good = iburst_good;
            associations_[source].burst_total = iburst_total;
        }
        start_association(system, source);
    }
}

void ChronyClient::start_association(ClientSystem& system, unsigned source) {
    const Association& association = associations_[source];
    double delay = initial_delay;
    if (association.sent_before) {
        const double since = system.monotonic() - association.sent_at;
        delay = std::max(request_delay(association) - since, initial_delay);
    }
    schedule(system, source, delay);
}

/// Requests are spread: up to 2 % later than said, and kept apart from those to other servers.
void ChronyClient::schedule(ClientSystem& system, unsigned source, double delay) {
    Association& own = associations_[source];
    const double now = system.monotonic();
    const double stretch = 1.0 + schedule_randomness * system.uniform();
    const double separation =
        stretch * std::clamp(power_of_two(own.poll - 3), least_separation, most_separation);
    delay *= stretch;
    if (requested_) {
        delay = std::max(delay, separation - (now - last_request_));
    }
    std::vector<double> others;
    for (unsigned i = 0; i < associations_.size(); ++i) {
        if (i != source && associations_[i].scheduled) {
            others.push_back(associations_[i].due - now);
        }
    }
    std::sort(others.begin(), others.end());
    for (const double other : others) {
        if (std::abs(delay - other) < separation) {
            delay = other + separation;
        }
    }
    own.scheduled = true;
    own.due = now + delay;
    system.set_timer(source, delay);
}

double ChronyClient::request_delay(const Association& association) const {
    const double interval = power_of_two(association.poll);
    const bool in_burst = association.burst_good > 0;
    return in_burst ? std::min(burst_interval, burst_poll_share * interval) : interval;
}

void ChronyClient::on_timer(ClientSystem& system, unsigned timer) {
    if (timer == associations_.size()) {
        clock_.on_slew_end(system);
        return;
    }
    associations_[timer].scheduled = false;
    requested_ = true;
    last_request_ = system.monotonic();
    request(system, timer);
}

void ChronyClient::request(ClientSystem& system, unsigned source) {
    Association& own = associations_[source];
    if (own.online && own.burst_total <= 1) {
        own.burst_good = 0;  // the last request of a burst is already an ordinary one
    }
    if (!own.online && own.burst_total <= 0) {
        go_offline(system, source);
        return;
    }
    own.answered = false;
    own.sent_before = true;
    own.sent_raw = system.clock().read();
    own.sent = clock_.corrected(own.sent_raw);
    own.sent_at = system.monotonic();
    system.send_request(source, own.poll);
    if (++own.unanswered >= 2) {
        adjust_poll(source, sources_.is_selected(source) ? 0.1 : 0.25);
        sources_.note_reach(source, false);
        if (sources_.at(source).reach == 0) {
            select(system, -1);
        }
    }
    own.burst_total = std::max(own.burst_total - 1, 0);
    schedule(system, source, request_delay(own));
}

ChronyClient::Measurement ChronyClient::measure(unsigned source, const NtpSample& reply) const {
    Measurement measured;
    const Reading sent = associations_[source].sent;
    const Duration elapsed = clock_.corrected(reply.t4) - sent;
    const Duration within = reply.t3 - reply.t2;
    measured.server_time = std::abs(within.seconds());
    measured.precision = params_.precision + power_of_two(reply.precision);

    ChronySample& sample = measured.sample;
    sample.time = sent + elapsed / 2;
    sample.offset =
        ((sent - reply.t2) + (elapsed - within) / 2).seconds() - params_.servers[source].offset;
    sample.delay = std::max(std::abs((elapsed - within).seconds()), measured.precision);
    sample.dispersion = measured.precision + sources_.at(source).statistics.sampling_skew() *
                                                 std::abs(elapsed.seconds());
    sample.root_delay = reply.root_delay + sample.delay;
    sample.root_dispersion = reply.root_dispersion + sample.dispersion;
    return measured;
}

/// Tests A (longest round trip), B (its ratio to the least one) and C: the increase of the delay
/// may explain an offset as large as itself, so one that is long compared with the samples'
/// deviation serves only if its offset stands out even so. (D, against loops, needs a server to run
/// here.)
bool ChronyClient::passes_tests(unsigned source, const Measurement& measured) const {
    const ChronyServer& server = params_.servers[source];
    const ChronySourceStatistics& statistics = sources_.at(source).statistics;
    const ChronySample& sample = measured.sample;
    if (sample.delay - sample.dispersion > server.maxdelay ||
        measured.precision > server.maxdelay || measured.server_time > most_server_time) {
        return false;
    }
    if (statistics.samples() < least_tested_samples) {
        return true;
    }
    const ChronyEstimate& estimate = statistics.estimate();
    const double age = (sample.time - estimate.time).seconds();
    const double uncertainty = age * (estimate.skew + params_.sources.maxclockerror);
    const double least = statistics.least_delay();
    if (server.maxdelayratio >= 1 && sample.delay > least * server.maxdelayratio + uncertainty) {
        return false;
    }
    const double increase = (sample.delay - least) / 2;
    const double allowed = estimate.sd * server.maxdelaydevratio + uncertainty;
    const double error = sample.offset - (estimate.offset + age * estimate.frequency);
    return increase <= allowed || std::abs(error) - increase > allowed;
}

void ChronyClient::on_sample(ClientSystem& system, unsigned source, const NtpSample& reply) {
    Association& own = associations_[source];
    const double waited = system.monotonic() - own.sent_at;
    const bool last_request = own.sent_before && reply.t1 >= own.sent_raw && !own.answered;
    if (!last_request || !own.scheduled ||
        waited > params_.servers[source].maxdelay + most_server_time) {
        return;
    }
    own.answered = true;
    own.unanswered = 0;
    const bool synchronised = reply.leap != 3 && reply.stratum > 0 &&
                              reply.stratum < unreliable_stratum &&
                              0.5 * reply.root_delay + reply.root_dispersion < most_root_distance;
    sources_.note_reach(source, synchronised);
    const Measurement measured = measure(source, reply);
    if (synchronised) {
        sources_.at(source).stratum = reply.stratum;
        sources_.at(source).synchronised = true;
        sources_.at(source).leap = reply.leap;
    }
    if (synchronised && passes_tests(source, measured)) {
        accept(system, source, measured.sample);
        if (own.burst_good > 0 && --own.burst_good == 0 && !own.online) {
            go_offline(system, source);
            return;
        }
    } else {
        refused_ += synchronised ? 1 : 0;
        adjust_poll(source, synchronised ? 0.02 : 0.1);
    }
    double delay = request_delay(own);
    if (reply.leap == 3 && reply.stratum == 0 && reply.reference_id == kiss_rate) {
        own.burst_good = 0;
        delay += kiss_rate_polls * power_of_two(own.poll);
    }
    schedule(system, source, delay);
}

void ChronyClient::go_offline(ClientSystem& system, unsigned source) {
    Association& own = associations_[source];
    own.online = false;
    own.burst_good = 0;
    own.burst_total = 0;
    own.unanswered = 0;
    own.answered = true;  // a reply still under way is not waited for
    own.scheduled = false;
    system.cancel_timer(source);
    sources_.forget_reach(source);
    select(system, -1);
}

void ChronyClient::set_online(ClientSystem& system, bool online) {
    for (unsigned source = 0; source < associations_.size(); ++source) {
        Association& own = associations_[source];
        const bool in_burst = own.burst_good > 0;
        if (own.online == online) {
            continue;
        }
        own.online = online;
        if (in_burst) {
            continue;  // the burst goes on and ends in the new state
        }
        if (online) {
            own.unanswered = 0;
            start_association(system, source);
        } else {
            go_offline(system, source);
        }
    }
}

void ChronyClient::burst(ClientSystem& system, int good, int total) {
    DRIFTSTORM_EXPECT(good >= 1 && total >= good);
    for (unsigned source = 0; source < associations_.size(); ++source) {
        Association& own = associations_[source];
        if (own.burst_good == 0) {
            own.burst_good = good;
            own.burst_total = total;
            start_association(system, source);
        }
    }
}

void ChronyClient::on_network(ClientSystem& system, NetworkOrder order, bool online) {
    if (order == NetworkOrder::onoffline) set_online(system, online);
    if (order == NetworkOrder::burst && online) burst(system, iburst_good, iburst_total);
    if (order == NetworkOrder::reset_sources && online) reset_sources();
}

void ChronyClient::archive(Archive& archive) {
    archive.item(clock_);
    archive.item(reference_);
    archive.item(sources_);
    archive.item(associations_);
    archive.item(requested_);
    archive.item(last_request_);
    archive.item(refused_);
}

void ChronyClient::reset_sources() {
    for (unsigned source = 0; source < associations_.size(); ++source) {
        sources_.reset(source);
    }
}

void ChronyClient::accept(ClientSystem& system, unsigned source, const ChronySample& sample) {
    ChronySourceStatistics& statistics = sources_.at(source).statistics;
    const double error = std::abs(sample.offset - statistics.predicted_offset(sample.time));
    statistics.add(sample);
    select(system, static_cast<int>(source));
    adjust_poll(source, poll_change(source, error, sample.dispersion + 0.5 * sample.delay));
}

void ChronyClient::select(ClientSystem& system, int updated) {
    const Reading now = clock_.corrected(system.clock().read());
    const std::optional<ChronyEstimate> estimate = sources_.select(now, updated);
    if (!estimate) {
        return;
    }
    const ChronyReference::Changes changes = reference_.update(system, clock_, *estimate);
    follow(changes.frequency);
    if (changes.step) {
        follow(*changes.step);
    }
    system.clock().announce_leap(sources_.leap());
}

/// Moves what is kept in our clock's time.
void ChronyClient::follow(const ChronyClockChange& change) {
    sources_.adjust(change.when, change.frequency, change.offset);
    for (Association& each : associations_) {
        const double elapsed = (change.when - each.sent).seconds();
        each.sent = each.sent + nearest_duration(elapsed * change.frequency - change.offset);
    }
}

/// The score gathers fractions of a step of the poll exponent.
void ChronyClient::adjust_poll(unsigned source, double by) {
    Association& own = associations_[source];
    const ChronyServer& server = params_.servers[source];
    own.poll_score += by;
    const double whole = std::floor(own.poll_score);
    if (whole != 0) {
        own.poll += static_cast<int>(whole);
        own.poll_score -= whole;
    }
    if (own.poll < server.minpoll) {
        own.poll = server.minpoll;
        own.poll_score = 0;
    } else if (own.poll > server.maxpoll) {
        own.poll = server.maxpoll;
        own.poll_score = 1;
    }
    const ChronySource& state = sources_.at(source);
    if (own.poll < least_wide_area_poll &&
        (state.reach == 0 || state.statistics.least_delay() > local_network_delay)) {
        own.poll = least_wide_area_poll;
    }
}

/// A prediction that misses by more than the sample's own bound asks for shorter intervals at once;
/// otherwise the number of samples in the regression is held near the target.
double ChronyClient::poll_change(unsigned source, double error, double distance) const {
    if (error > distance) {
        return -exact::log(error / distance) / exact::log(2.0);
    }
    const double target = params_.servers[source].polltarget;
    const double samples = sources_.at(source).statistics.samples();
    const double change = (samples / target - 1.0) / target;
    return samples < target ? 2.0 * change : change;
}

}  // namespace driftstorm
