#include "models/radio/signal_map.hpp"

#include "sim/core/exact_math.hpp"
#include "sim/core/random.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace driftstorm {

namespace {

constexpr double shared_part = 0.5;  // of the shadowing's variance: the correlation of two sites

/// A standard normal per (process, metre).
double innovation(std::uint64_t seed, std::uint64_t identity, std::int64_t metre) {
    return exact::inverse_normal(
        uniform_of(draw(seed, "radio.shadowing", identity, static_cast<std::uint64_t>(metre))));
}

/// Distance along the line beyond which the mean signal is below `dbm` [m].
double reach_m(const SignalMap::Site& site, double dbm) {
    const double decades = (site.edge_dbm - dbm) / (10.0 * site.exponent);
    const double edge2 = site.range_m * site.range_m + site.offset_m * site.offset_m;
    const double reach2 = edge2 * exact::pow(10.0, 2.0 * decades) - site.offset_m * site.offset_m;
    return reach2 > 0 ? std::sqrt(reach2) : 0.0;
}

}  // namespace

Shadowing::Shadowing(std::uint64_t seed, std::uint64_t identity, std::int64_t origin,
                     double distance_m, std::int64_t first, std::int64_t last)
    : first_(first) {
    if (last < first) return;
    values_.assign(static_cast<std::size_t>(last - first + 1), 0.0);
    const double rho = exact::exp(-1.0 / distance_m);
    const double fresh = std::sqrt(1.0 - rho * rho);
    for (const std::int64_t way : {std::int64_t{1}, std::int64_t{-1}}) {
        const std::int64_t end = way > 0 ? last : first;
        double value = innovation(seed, identity, origin);
        for (std::int64_t metre = origin; metre * way <= end * way; metre += way) {
            if (metre != origin) value = rho * value + fresh * innovation(seed, identity, metre);
            if (metre >= first && metre <= last) {
                values_[static_cast<std::size_t>(metre - first)] = value;
            }
        }
    }
}

double SignalMap::mean_dbm(const Site& site, double position_m) {
    const double along = position_m - site.at_m;
    const double edge2 = site.range_m * site.range_m + site.offset_m * site.offset_m;
    const double here2 = along * along + site.offset_m * site.offset_m;
    return site.edge_dbm + 5.0 * site.exponent * exact::log10(edge2 / here2);
}

SignalMap::Stretch SignalMap::covered(const Site& site, double floor_dbm, double from_m,
                                      double to_m) {
    const double reach = reach_m(site, floor_dbm - 3.0 * site.shadowing_db);
    return {static_cast<std::int64_t>(std::floor(std::max(from_m, site.at_m - reach))),
            static_cast<std::int64_t>(std::ceil(std::min(to_m, site.at_m + reach)))};
}

SignalMap::SignalMap(std::uint64_t seed, const Site& site, Stretch covered, const Shadowing& shared)
    : first_(covered.first) {
    if (covered.empty()) return;
    const Shadowing own(seed, site.identity, static_cast<std::int64_t>(std::floor(site.at_m)),
                        site.shadowing_distance_m, covered.first, covered.last);
    const double from_shared = site.shadowing_db * std::sqrt(shared_part);
    const double from_own = site.shadowing_db * std::sqrt(1.0 - shared_part);
    for (std::int64_t metre = covered.first; metre <= covered.last; ++metre) {
        dbm_.push_back(mean_dbm(site, static_cast<double>(metre)) + from_shared * shared.at(metre) +
                       from_own * own.at(metre));
    }
}

double SignalMap::at(double position_m) const {
    const double below = std::floor(position_m);
    const auto metre = static_cast<std::int64_t>(below) - first_;
    const auto size = static_cast<std::int64_t>(dbm_.size());
    const double share = position_m - below;
    if (metre < 0 || metre >= size || (metre + 1 == size && share > 0)) {
        return -std::numeric_limits<double>::infinity();
    }
    const auto place = static_cast<std::size_t>(metre);
    if (share == 0) return dbm_[place];
    return dbm_[place] + (dbm_[place + 1] - dbm_[place]) * share;
}

}  // namespace driftstorm
