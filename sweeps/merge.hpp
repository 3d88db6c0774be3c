#pragma once

#include "sweeps/plan.hpp"
#include "sweeps/run_record.hpp"
#include "sweeps/schedule.hpp"
#include "sweeps/sweep_directory.hpp"

#include <cstddef>
#include <map>
#include <string>

namespace driftstorm {

/// What a merged file holds.
struct MergeOutcome {
    std::size_t points = 0;
    std::size_t runs = 0;
    std::size_t failed = 0;
    std::size_t missing = 0;  ///< runs wanted that are not there: the file is partial
    std::size_t builds = 0;
};

/// Writes one HDF5 file of a sweep, format driftstorm-sweep/1.0, opened by xarray, h5py and netCDF
/// tools. The same records give the same bytes, however the sweep was made.
///
///   /          title, status (complete or partial), runs, missing, failed, builds, show
///   /summary   dimensions of the design, the parameters as labelled coordinates; for each metric
///              its mean over the replications and METRIC.half_width, of the 95 % interval (or of
///              the stopping rule's confidence; valid although the rule decided when to stop)
///   /runs      one row a run, point by point: point, replication, seed, digest, every metric
///   /points    one row a point: its id and the values of its parameters
///   /checks    status of each expectation in each run
///   /failures  error and repeat line of each run that failed
///   /provenance  builds, and the files that the sweep was made from
///
/// @param schedule  after replay_records
/// @throws OutputError
MergeOutcome write_merged(const std::string& path, const Plan& plan, const Schedule& schedule,
                          const FrozenPlan& frozen, const std::map<RunKey, RunRecord>& records,
                          std::size_t missing);

}  // namespace driftstorm
