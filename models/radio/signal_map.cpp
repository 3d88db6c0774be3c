#include "models/radio/signal_map.hpp"

#include "sim/core/exact_math.hpp"
#include "sim/core/random.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace driftstorm {

namespace {

/// A standard normal per (transmitter, metre).
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

double SignalMap::mean_dbm(const Site& site, double position_m) {
    const double along = position_m - site.at_m;
    const double edge2 = site.range_m * site.range_m + site.offset_m * site.offset_m;
    const double here2 = along * along + site.offset_m * site.offset_m;
    return site.edge_dbm + 5.0 * site.exponent * exact::log10(edge2 / here2);
}

SignalMap::SignalMap(std::uint64_t seed, const Site& site, double floor_dbm, double from_m,
                     double to_m) {
    const double reach = reach_m(site, floor_dbm - 3.0 * site.shadowing_db);
    const auto first = static_cast<std::int64_t>(std::floor(std::max(from_m, site.at_m - reach)));
    const auto last = static_cast<std::int64_t>(std::ceil(std::min(to_m, site.at_m + reach)));
    if (last < first) return;
    first_m_ = static_cast<double>(first);
    dbm_.assign(static_cast<std::size_t>(last - first + 1), 0.0);
    const auto place = [&](std::int64_t metre, double shadow) {
        if (metre < first || metre > last) return;
        dbm_[static_cast<std::size_t>(metre - first)] =
            mean_dbm(site, static_cast<double>(metre)) + shadow;
    };
    const auto home = static_cast<std::int64_t>(std::floor(site.at_m));
    const double rho = exact::exp(-1.0 / site.shadowing_distance_m);
    const double fresh = site.shadowing_db * std::sqrt(1.0 - rho * rho);
    const double at_home = site.shadowing_db * innovation(seed, site.identity, home);
    place(home, at_home);
    for (const std::int64_t way : {std::int64_t{1}, std::int64_t{-1}}) {
        double shadow = at_home;
        for (std::int64_t metre = home + way;
             metre >= std::min(first, home) && metre <= std::max(last, home); metre += way) {
            shadow = rho * shadow + fresh * innovation(seed, site.identity, metre);
            place(metre, shadow);
        }
    }
}

double SignalMap::at(double position_m) const {
    const double along = position_m - first_m_;
    if (dbm_.empty() || along < 0 || position_m > last_m()) {
        return -std::numeric_limits<double>::infinity();
    }
    const auto metre = static_cast<std::size_t>(along);
    if (metre + 1 >= dbm_.size()) return dbm_.back();
    const double share = along - static_cast<double>(metre);
    return dbm_[metre] + (dbm_[metre + 1] - dbm_[metre]) * share;
}

}  // namespace driftstorm
