#pragma once

#include "validation/station_spec.hpp"
#include "validation/statistics.hpp"

#include <array>
#include <cstdint>
#include <vector>

namespace driftstorm::validation {

/// Sums over a run's window, of which every metric is a function. Adding runs adds all.
struct StationSums {
    double window_s = 0;
    double system_s = 0;         ///< integral of customers in the station
    double system_square_s = 0;  ///< and of their square
    double waiting_s = 0;
    double in_service_s = 0;
    double busy_s = 0;  ///< time with anyone in service
    double up_s = 0;
    double orbit_s = 0;           ///< integral of customers in the orbit
    std::vector<double> state_s;  ///< time with n in the station, n = 0, 1 ... (the last: or more)

    struct OfClass {
        double ended = 0;  ///< served or abandoned
        double waited_s = 0;
        double waited_square = 0;
        double stayed_s = 0;
        double stayed_square = 0;
    };
    std::array<OfClass, 2> of_class{};
    double refused = 0;
    double first_refused =
        0;  ///< of first attempts; differs from `refused` where customers try again
    double first_attempts = 0;
    double abandoned = 0;
    double served = 0;
    double had_to_wait = 0;          ///< of those served or abandoned
    double requests = 0;             ///< ended requests of retrying customers
    double request_s = 0;            ///< from their first attempt to the end
    std::vector<double> wait_above;  ///< of those served or abandoned: who waited longer than the
                                     ///< thresholds asked for
    std::vector<double> stay_above;
    FineHistogram waits;
    FineHistogram stays;

    void add(const StationSums& other, double sign);
};

/// What metrics need beyond sums.
struct StationWants {
    std::vector<double> wait_thresholds_s;
    std::vector<double> stay_thresholds_s;
    bool wait_quantiles = false;
    bool stay_quantiles = false;
};

/// Simulated span of a run [s] and the part at its beginning that is not counted. The warm-up is 14
/// time constants of the slowest mode: what is left of the empty beginning is exp(-14) of L for
/// about one time constant, that is less than 1e-6 L / (number of time constants in the window),
/// while the standard error of 20 runs is at least of the order L / sqrt(20 x that number): the
/// bias is below 0.1 standard error by orders of magnitude.
struct RunLength {
    double warm_up_s = 0;
    double end_s = 0;  ///< within the century that the simulator's time has
};
RunLength run_length(const StationSpec& spec);

/// One run of the station in the simulator.
StationSums run_station(const StationSpec& spec, const StationWants& wants, const RunLength& length,
                        std::uint64_t seed);

/// Runs with seeds first .. first + count - 1, on two threads.
std::vector<StationSums> run_stations(const StationSpec& spec, const StationWants& wants,
                                      std::uint64_t first, std::size_t count);

}  // namespace driftstorm::validation
