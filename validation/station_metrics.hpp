#pragma once

#include "validation/station_runs.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace driftstorm::validation {

/// A metric as a function of a run's sums.
using StationMetric = std::function<double(const StationSums&)>;

/// The metric of that name, or nothing. What it needs to be counted during the runs is added to
/// `wants`. Known: L, Lq, L1, L2, Lq1 ..., W, Wq (also per class), W_p99, p95(Wq), P(Wq>t),
/// P(W<=t), P(Wq=0), P_wait, P_block, P_abandon, P(busy), utilisation, throughput, rates of loss
/// and abandoning, E[orbit], P(N=n), P(N>=n), P(Q>n) of those who wait, variances and standard
/// deviations. Of a retrial queue, L and W are those of the station and its orbit, Lq and Wq of the
/// orbit alone.
std::optional<StationMetric> station_metric(const std::string& metric, const StationSpec& spec,
                                            StationWants& wants);

/// The metric over all runs together and its standard error (jackknife over the runs).
Estimate estimate(const StationMetric& metric, const std::vector<StationSums>& runs);

/// Judges the rows of one station, all with the same model and params.
std::vector<Verdict> judge_station(const std::vector<Truth>& rows);

}  // namespace driftstorm::validation
