#include "models/radio/mobility.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>

namespace driftstorm {

Mobility::Mobility(const Params& params) {
    if (params.stops.empty()) throw std::invalid_argument("a ride without stops");
    if (!(params.speed > 0)) {
        throw std::invalid_argument("a ride at speed " + std::to_string(params.speed) + " m/s");
    }
    start_m_ = params.stops.front().at;
    Time come{};
    for (std::size_t i = 0; i + 1 < params.stops.size(); ++i) {
        const Stop& stop = params.stops[i];
        const std::string which = "stop " + std::to_string(i) + " of a ride";
        if (!stop.depart && !stop.dwell) {
            throw std::invalid_argument(which + " has neither depart nor dwell");
        }
        const Time leave = stop.depart ? Time{} + *stop.depart : come + *stop.dwell;
        if (leave < come) throw std::invalid_argument(which + " departs before it has come");
        const double to_m = params.stops[i + 1].at;
        const double seconds = std::abs(to_m - stop.at) / params.speed;
        come = leave + Duration{static_cast<std::int64_t>(seconds * 1e9 + 0.5)};
        legs_.push_back({leave, come, stop.at, to_m});
    }
}

Mobility Mobility::at(double position_m) {
    Params params;
    params.stops.push_back(Stop{position_m, {}, {}});
    return Mobility(params);
}

double Mobility::position_m(Time t) const {
    const auto after = std::upper_bound(legs_.begin(), legs_.end(), t,
                                        [](Time at, const Leg& leg) { return at < leg.leave; });
    if (after == legs_.begin()) return start_m_;
    const Leg& leg = *(after - 1);
    if (t >= leg.come) return leg.to_m;
    const double share =
        static_cast<double>((t - leg.leave).ns) / static_cast<double>((leg.come - leg.leave).ns);
    return leg.from_m + (leg.to_m - leg.from_m) * share;
}

Time Mobility::next_motion(Time t) const {
    for (const Leg& leg : legs_) {
        if (t < leg.come) return std::max(t, leg.leave);
    }
    return end_of_time;
}

double Mobility::least_m() const {
    double least = start_m_;
    for (const Leg& leg : legs_) least = std::min(least, leg.to_m);
    return least;
}

double Mobility::greatest_m() const {
    double greatest = start_m_;
    for (const Leg& leg : legs_) greatest = std::max(greatest, leg.to_m);
    return greatest;
}

}  // namespace driftstorm
