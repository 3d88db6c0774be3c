#include "models/timesync/busybox_client.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

// How busybox ntpd picks the server to follow: an intersection of the servers' intervals as of RFC
// 5905, section 11.2.1, then the shortest distance, and no change to another without need.

namespace driftstorm {

namespace {

constexpr double largest_distance = 1;
constexpr std::size_t least_clustered = 3;

/// A corner of a server's interval: its lower end, middle, upper end.
struct Corner {
    double edge = 0;
    int type = 0;
    std::size_t peer = 0;
    double distance = 0;
};

/// The interval in which the middles of all but the fewest servers lie; nothing if half disagree.
std::optional<std::pair<double, double>> intersection(const std::vector<Corner>& corners) {
    const int candidates = static_cast<int>(corners.size()) / 3;
    for (int false_ones = 0;; ++false_ones) {
        double low = 512;
        double high = -512;
        int middles = 0;
        int depth = 0;
        for (const Corner& corner : corners) {
            depth -= corner.type;
            if (depth >= candidates - false_ones) {
                low = corner.edge;
                break;
            }
            middles += corner.type == 0 ? 1 : 0;
        }
        depth = 0;
        for (auto corner = corners.rbegin(); corner != corners.rend(); ++corner) {
            depth += corner->type;
            if (depth >= candidates - false_ones) {
                high = corner->edge;
                break;
            }
            middles += corner->type == 0 ? 1 : 0;
        }
        if (middles <= false_ones && low < high) return std::pair{low, high};
        if (2 * (false_ones + 1) >= candidates) return std::nullopt;
    }
}

}  // namespace

std::optional<std::size_t> BusyboxClient::select() {
    std::vector<Corner> corners;
    const double far =
        largest_distance + frequency_tolerance * static_cast<double>(1 << poll_exponent_);
    for (std::size_t i = 0; i < peers_.size(); ++i) {
        const Peer& peer = peers_[i];
        const double distance = root_distance(peer);
        const bool heard_once = (peer.reach & (peer.reach - 1)) == 0;
        if (heard_once || distance > far) continue;
        for (const int type : {-1, 0, 1})
            corners.push_back({peer.filter_offset + type * distance, type, i, distance});
    }
    if (corners.empty()) return std::nullopt;
    std::stable_sort(corners.begin(), corners.end(),
                     [](const Corner& a, const Corner& b) { return a.edge < b.edge; });
    const auto interval = intersection(corners);
    if (!interval) return std::nullopt;
    // A server counts as often as corners of its lie in the interval, as in the program.
    std::vector<std::pair<double, std::size_t>> survivors;
    for (const Corner& corner : corners) {
        if (corner.edge < interval->first || corner.edge > interval->second) continue;
        const double stratum = peers_[corner.peer].stratum;
        survivors.emplace_back(largest_distance * stratum + corner.distance, corner.peer);
    }
    if (survivors.empty()) return std::nullopt;
    std::stable_sort(survivors.begin(), survivors.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    while (survivors.size() > least_clustered) {
        double least_jitter = peers_[survivors[0].second].filter_jitter;
        double worst = -1;
        std::size_t worst_at = 0;
        for (std::size_t i = 0; i < survivors.size(); ++i) {
            const Peer& peer = peers_[survivors[i].second];
            least_jitter = std::min(least_jitter, peer.filter_jitter);
            double squares = 0;
            for (const auto& other : survivors) {
                const double apart = peer.filter_offset - peers_[other.second].filter_offset;
                squares += apart * apart;
            }
            if (squares <= worst) continue;
            worst = squares;
            worst_at = i;
        }
        if (std::sqrt(worst / static_cast<double>(survivors.size())) < least_jitter) break;
        survivors.erase(survivors.begin() + static_cast<std::ptrdiff_t>(worst_at));
    }
    const std::size_t best = survivors[0].second;
    if (last_used_ && peers_[*last_used_].stratum <= peers_[best].stratum)
        for (const auto& survivor : survivors)
            if (survivor.second == *last_used_) return last_used_;
    last_used_ = best;
    return best;
}

}  // namespace driftstorm
