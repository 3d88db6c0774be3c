#include "models/timesync/ntpd_client.hpp"

#include "models/timesync/arithmetic.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

// ntpd's mitigation: the clock filter, and how servers are selected, clustered and combined. RFC
// 5905, sections 10, 11.2 and 11.3, as in ntp-4.2.8p15.

namespace driftstorm {

namespace {

constexpr double spike_gate = 3;  // in jitters

}  // namespace

void NtpdClient::filter(ClientSystem& system, Peer& peer, const Stage& sample) {
    peer.filter[peer.next_stage] = sample;
    peer.next_stage = (peer.next_stage + 1) % stages;

    // From the newest to the oldest; what is older than the Allan intercept counts its dispersion.
    struct Place {
        double distance;
        std::size_t stage;
    };
    std::array<Place, stages> order{};
    const double aged = options_.dispersion_rate * static_cast<double>(now_ - peer.updated);
    peer.updated = now_;
    for (std::size_t i = 0; i < stages; ++i) {
        const std::size_t at = (peer.next_stage + stages - 1 - i) % stages;
        Stage& stage = peer.filter[at];
        if (i != 0) stage.dispersion += aged;
        double distance = stage.delay;
        if (stage.dispersion >= largest_dispersion) {
            stage.dispersion = distance = largest_dispersion;
        } else if (now_ - stage.epoch > (std::int64_t{1} << options_.discipline.allan)) {
            distance += stage.dispersion;
        }
        order[i] = {distance, at};
    }
    if (!discipline_.starting()) {
        // Exchanges as in the program, whose order of equals is its own.
        for (std::size_t i = 1; i < stages; ++i)
            for (std::size_t j = 0; j < i; ++j)
                if (order[j].distance > order[i].distance) std::swap(order[i], order[j]);
    }
    std::size_t useful = 0;
    for (const Place& place : order)
        if (place.distance < largest_dispersion &&
            !(useful >= 2 && place.distance >= options_.max_distance_s))
            ++useful;

    const Stage& best = peer.filter[order[0].stage];
    peer.dispersion = peer.jitter = 0;
    for (std::size_t i = stages; i-- > 0;) {
        const Stage& stage = peer.filter[order[i].stage];
        peer.dispersion = (peer.dispersion + stage.dispersion) / 2;
        if (i < useful) peer.jitter += square(stage.offset - best.offset);
    }
    if (useful == 0) return select(system);
    const double jump = std::abs(peer.offset - best.offset);
    peer.offset = best.offset;
    peer.delay = best.delay;
    if (useful > 1) peer.jitter /= static_cast<double>(useful - 1);
    peer.jitter = std::max(std::sqrt(peer.jitter), power_of_two(options_.discipline.precision));
    const bool spike =
        peer.dispersion < options_.max_distance_s && best.dispersion < options_.max_distance_s &&
        jump > spike_gate * peer.jitter &&
        static_cast<double>(best.epoch - peer.epoch) < 2 * power_of_two(peer.host_poll);
    if (spike || best.epoch <= peer.epoch) return;  // only samples newer than the last used
    peer.epoch = best.epoch;
    if (peer.burst == 0 || !synchronised_) select(system);
}

double NtpdClient::root_distance(const Peer& peer) const {
    const double distance = (peer.delay + peer.root_delay) / 2 + peer.dispersion +
                            options_.dispersion_rate * static_cast<double>(now_ - peer.updated) +
                            peer.root_dispersion + peer.jitter;
    return std::max(distance, options_.min_dispersion_s);
}

bool NtpdClient::unfit(const Peer& peer) const {
    return peer.leap == 3 || peer.stratum < options_.floor || peer.stratum >= options_.ceiling ||
           root_distance(peer) >=
               options_.max_distance_s + options_.dispersion_rate * power_of_two(peer.host_poll) ||
           peer.reach == 0 || peer.words.noselect;
}

std::vector<NtpdClient::Candidate> NtpdClient::candidates() const {
    std::vector<Candidate> fit;
    for (std::size_t i = 0; i < peers_.size(); ++i)
        if (!unfit(peers_[i])) fit.push_back({i, root_distance(peers_[i]), peers_[i].jitter, 0});
    return fit;
}

/// Leaves the servers whose interval meets the smallest one shared by most (Marzullo).
void NtpdClient::intersect(std::vector<Candidate>& fit) const {
    std::vector<std::pair<double, int>> ends;
    for (const Candidate& candidate : fit) {
        ends.emplace_back(peers_[candidate.peer].offset - candidate.distance, -1);
        ends.emplace_back(peers_[candidate.peer].offset + candidate.distance, 1);
    }
    std::stable_sort(ends.begin(), ends.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    const int count = static_cast<int>(fit.size());
    double low = 1e9;
    double high = -1e9;
    for (int false_ones = 0; 2 * false_ones < count; ++false_ones) {
        int depth = 0;
        for (const auto& end : ends) {
            low = end.first;
            depth -= end.second;
            if (depth >= count - false_ones) break;
        }
        depth = 0;
        for (auto end = ends.rbegin(); end != ends.rend(); ++end) {
            high = end->first;
            depth += end->second;
            if (depth >= count - false_ones) break;
        }
        if (high > low) break;
    }
    const auto outside = [&](const Candidate& candidate) {
        const Peer& peer = peers_[candidate.peer];
        const bool meets = high > low && peer.offset + candidate.distance >= low &&
                           peer.offset - candidate.distance <= high;
        return !meets && !peer.words.truechimer;
    };
    fit.erase(std::remove_if(fit.begin(), fit.end(), outside), fit.end());
}

/// Drops whoever lies farthest from the others until that no longer betters the jitter.
void NtpdClient::cluster(std::vector<Candidate>& survivors) const {
    for (;;) {
        double least_jitter = 1e9;
        double worst = -1e9;
        double worst_jitter = 0;
        std::size_t worst_at = 0;
        for (std::size_t i = 0; i < survivors.size(); ++i) {
            Candidate& candidate = survivors[i];
            least_jitter = std::min(least_jitter, candidate.jitter);
            candidate.select_jitter = 0;
            if (survivors.size() > 1) {
                double squares = 0;
                for (const Candidate& other : survivors)
                    squares += square(peers_[other.peer].offset - peers_[candidate.peer].offset);
                candidate.select_jitter =
                    std::sqrt(squares / static_cast<double>(survivors.size() - 1));
            }
            if (candidate.select_jitter * candidate.distance <= worst) continue;
            worst = candidate.select_jitter * candidate.distance;
            worst_jitter = candidate.select_jitter;
            worst_at = i;
        }
        worst_jitter = std::max(worst_jitter, power_of_two(options_.discipline.precision));
        if (static_cast<int>(survivors.size()) <= std::max(1, options_.min_clock) ||
            worst_jitter <= least_jitter)
            return;
        const NtpdServer& words = peers_[survivors[worst_at].peer].words;
        if (words.truechimer || words.prefer) return;
        survivors.erase(survivors.begin() + static_cast<std::ptrdiff_t>(worst_at));
    }
}

/// The best of the survivors, by position.
std::size_t NtpdClient::pick(const std::vector<Candidate>& survivors) const {
    std::size_t best = 0;
    double least = 1e9;
    for (std::size_t i = 0; i < survivors.size(); ++i) {
        const Candidate& candidate = survivors[i];
        const double metric = candidate.select_jitter * candidate.distance +
                              peers_[candidate.peer].stratum * options_.min_dispersion_s;
        if (metric >= least) continue;
        least = metric;
        best = i;
    }
    return best;
}

void NtpdClient::combine(const std::vector<Candidate>& survivors) {
    double weights = 0;
    double sum = 0;
    for (const Candidate& candidate : survivors) {
        weights += 1 / candidate.distance;
        sum += peers_[candidate.peer].offset / candidate.distance;
    }
    system_offset_ = sum / weights;
}

/// A leap second counts when more than half of them announce it.
std::uint8_t NtpdClient::leap_of(const std::vector<Candidate>& survivors) const {
    std::array<std::size_t, 4> votes{};
    for (const Candidate& survivor : survivors) ++votes[peers_[survivor.peer].leap & 3u];
    for (std::uint8_t leap = 1; leap <= 2; ++leap)
        if (2 * votes[leap] > survivors.size()) return leap;
    return 0;
}

void NtpdClient::select(ClientSystem& system) {
    const std::optional<std::size_t> before = system_peer_;
    std::vector<Candidate> survivors = candidates();
    intersect(survivors);
    cluster(survivors);
    for (const Candidate& survivor : survivors) peers_[survivor.peer].unreached = 0;
    if (survivors.empty() || static_cast<int>(survivors.size()) < options_.min_sane) {
        system_peer_.reset();
        return;
    }
    leap_ = leap_of(survivors);
    std::size_t chosen = survivors[pick(survivors)].peer;
    if (!before || *before == chosen) {
        clockhop_ = 0;
    } else {
        const double apart = std::abs(peers_[chosen].offset - peers_[*before].offset);
        if (apart < options_.min_dispersion_s) {
            clockhop_ = clockhop_ == 0 ? options_.min_dispersion_s : clockhop_ / 2;
            if (apart < clockhop_) {
                chosen = *before;
            } else {
                clockhop_ = 0;
            }
        } else {
            clockhop_ = 0;
        }
    }
    const auto preferred =
        std::find_if(survivors.rbegin(), survivors.rend(),
                     [&](const Candidate& c) { return peers_[c.peer].words.prefer; });
    if (preferred == survivors.rend()) {
        combine(survivors);
    } else {
        chosen = preferred->peer;
        clockhop_ = 0;
        system_offset_ = peers_[chosen].offset;
    }
    if (peers_[chosen].epoch <= system_epoch_) return;  // old data would unsettle the loop
    update_clock(system, chosen);
}

}  // namespace driftstorm
