#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace driftstorm {

/// Closed forms a run is compared with, as metrics theory.<name>.
///
/// facts (each where it applies): arrival_rate [1/s], plain_queue (0: not single Poisson arrivals
/// that wait for as long as it takes), service_mean [s], service_scv (squared coefficient of
/// variation; 1 is taken for exponential), workers, outage [s], timeout [s], retries, budget (extra
/// attempts a request), skew_sd [s] (of the difference of two clocks), reply_gap_mean [s],
/// reconnecting, reconnect_spread [s].
///
/// theory.utilisation: rho = load per worker.
///
/// theory.wait_mean, wait_share_zero, sojourn_mean, queue_mean, customers_mean: M/M/c (c = workers)
/// and M/G/1, only where stable.
///
/// theory.bad_state_load: (1 + r) lambda.
///
/// theory.peak_backlog, drain, mean_delay: outage without retries; lambda D, lambda D / (mu -
/// lambda), D / 2.
///
/// theory.recovery: outage with immediate retries; infinite when the bad state holds itself.
///
/// theory.reply_inversion: 1/2 - exp(s^2 / 2 m^2) Q(s / m).
///
/// theory.reconnect_peak, reconnect_finish: max(0, N - mu J), max(J, N / mu).
///
/// Sources: Kleinrock, "Queueing Systems" I (1975), 3.2, 3.5 and 5.6; Bronson et al., HotOS'21;
/// docs on messaging and storms.
/// @return  nullopt: no such metric, a fact it needs is missing, the station is not stable, or no
/// closed form holds
std::optional<double> theory_metric(std::string_view name,
                                    const std::map<std::string, double>& facts);

}  // namespace driftstorm
