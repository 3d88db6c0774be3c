#pragma once

#include "sweeps/plan.hpp"
#include "sweeps/run_record.hpp"
#include "sweeps/schedule.hpp"
#include "sweeps/sweep_directory.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

namespace driftstorm {

/// How far a sweep is.
struct SweepProgress {
    std::size_t points_done = 0;
    std::size_t points = 0;  ///< known now
    std::size_t runs_done = 0;
    std::size_t runs = 0;  ///< wanted now
    std::size_t failed = 0;
    std::size_t running = 0;
    std::optional<double> widest;  ///< half-width over the wanted one, of the stopping rule
    double seconds_left = 0;       ///< 0: unknown
};

/// A run, as the one who knows scenarios is asked to make it.
struct RunOrder {
    const PlanPoint& point;
    RunKey key;
    std::uint64_t seed = 0;
    std::string result_path;  ///< where rows go that the sweep keeps
};

struct SweepWork {
    /// Called in this process before a point's runs: makes ready what they share. What it throws is
    /// the error of each of them.
    std::function<void(const PlanPoint&)> prepare;
    /// Called in a child process. What it throws is the run's error.
    std::function<RunRecord(const RunOrder&)> run;
    /// The command that repeats a run alone, for one that crashed.
    std::function<std::string(const RunOrder&)> repeat;
};

struct LocalSweepOptions {
    std::size_t workers = 1;
    SweepDirectory::Shard shard;
    bool retry_failed = false;
    bool allow_other_build = false;
    std::string build;                                   ///< of this program
    std::size_t most_runs = SIZE_MAX;                    ///< stops after so many, for tests
    std::function<void(const SweepProgress&)> progress;  ///< now and then
};

struct LocalSweepOutcome {
    SweepProgress progress;
    std::size_t ran = 0;        ///< now, the others were there
    std::size_t elsewhere = 0;  ///< wanted runs that belong to other shards and are not there
    bool interrupted = false;
    bool stopped = false;  ///< by most_runs
};

/// Whether a record can be taken for a run of this sweep by this build.
/// @throws SweepRefused when records of another build are in the way
void check_builds(const std::map<RunKey, RunRecord>& records, const std::string& build,
                  bool allow_other, const std::string& path);

/// Makes every run that the schedule wants and the directory does not hold, in child processes. A
/// run that fails is a record with its error and never a stop.
LocalSweepOutcome run_local_sweep(Plan& plan, Schedule& schedule, SweepDirectory& directory,
                                  std::uint64_t study, const SweepWork& work,
                                  const LocalSweepOptions& options);

/// Goes through a sweep with the records that are there.
/// @return  runs wanted that have no record
std::size_t replay_records(Schedule& schedule, const Plan& plan,
                           const std::map<RunKey, RunRecord>& records);

}  // namespace driftstorm
