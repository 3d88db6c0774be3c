#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace driftstorm {

/// What a sweep asks of Slurm.
struct SlurmOptions {
    std::string account;  ///< empty: the cluster's default, as for all of these
    std::string partition;
    std::string time;       ///< of a task: "30:00"
    std::string memory;     ///< of a task: "2G"
    std::size_t tasks = 0;  ///< of the array, each with a share of the points; 0: one for 16 runs
    std::size_t most_tasks = 1000;  ///< of an array; MaxArraySize of most clusters is 1001
    std::vector<std::string> more;  ///< further options of sbatch, "--qos=low"
    double poll_s = 5;
};

/// One task: makes the runs of a shard.
struct SlurmJob {
    std::string script;  ///< path of what was submitted
    std::string id;      ///< of the array
};

/// Script of a job array, each of whose tasks runs `command` with "--shard I/N" added.
/// @param folder   for the tasks' output
/// @param command  words, quoted for the shell when it is written
std::string slurm_script(const SlurmOptions& options, std::size_t tasks, const std::string& folder,
                         const std::vector<std::string>& command);

/// Tasks for so many runs at so many points.
std::size_t slurm_tasks(const SlurmOptions& options, std::size_t runs, std::size_t points);

/// Submits a script. @return the job's id  @throws OutputError with what sbatch said
std::string submit_slurm(const std::string& script_path);

/// Whether tasks of a job wait or run. @throws OutputError when squeue cannot be asked for minutes
bool slurm_job_lives(const std::string& id);

/// Takes a job off the queue.
void cancel_slurm(const std::string& id);

/// A word as a shell takes it.
std::string shell_word(const std::string& word);

}  // namespace driftstorm
