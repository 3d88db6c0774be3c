#include "analysis/field_data/unsteered_clock.hpp"

#include <algorithm>
#include <optional>
#include <stdexcept>

namespace driftstorm::field_data {

namespace {

constexpr std::size_t fewest_exchanges = 30;

/// Of a number written with digits of half-width `resolution`.
double rounding_variance(double resolution) { return square(resolution) / 3; }

double median_frequency(const FieldLog& log) {
    std::vector<double> frequencies;
    for (const Entry& entry : log.entries)
        if (const auto* correction = std::get_if<Correction>(&entry))
            frequencies.push_back(correction->frequency);
    if (frequencies.empty()) return 0;
    std::sort(frequencies.begin(), frequencies.end());
    return frequencies[frequencies.size() / 2];
}

/// What has been taken off the clock so far, and how well that is known.
struct TakenOff {
    double nominal = 0;
    double phase = 0;
    double variance = 0;  ///< since the last exchange
    std::optional<Correction> last;
    double at = 0;

    void go_on(double to) {
        const double elapsed = to - at;
        phase += ((last ? last->frequency : 0) - nominal) * elapsed;
        if (last) variance += rounding_variance(last->frequency_resolution * elapsed);
        at = to;
    }
    void correct(const Correction& correction) {
        phase += correction.phase;
        variance += rounding_variance(correction.phase_resolution);
        if (last)  // both stamps are cut to the resolution: their difference is triangular
            variance +=
                square((correction.frequency - last->frequency) * correction.time_resolution) / 6;
        last = correction;
    }
};

}  // namespace

UnsteeredClock unsteered_clock(const FieldLog& log) {
    UnsteeredClock clock;
    TakenOff taken;
    taken.nominal = clock.nominal_frequency = median_frequency(log);
    for (const Entry& entry : log.entries) {
        if (const auto* correction = std::get_if<Correction>(&entry)) {
            if (clock.points.empty() && !taken.last) taken.at = correction->at;
            taken.go_on(correction->at);
            taken.correct(*correction);
            continue;
        }
        const Exchange& exchange = std::get<Exchange>(entry);
        if (clock.points.empty()) {
            clock.start = taken.at = exchange.at;
            taken.phase = taken.variance = 0;
        }
        taken.go_on(exchange.at);
        clock.points.push_back({exchange.at - clock.start, taken.phase - exchange.offset,
                                exchange.delay, rounding_variance(exchange.offset_resolution),
                                taken.variance});
        taken.variance = 0;
    }
    if (clock.points.size() < fewest_exchanges)
        throw std::invalid_argument(std::to_string(clock.points.size()) +
                                    " exchanges; a fit wants " + std::to_string(fewest_exchanges) +
                                    " or more");
    if (!(clock.points.back().at > 0))
        throw std::invalid_argument("all exchanges are of the same time");
    return clock;
}

}  // namespace driftstorm::field_data
