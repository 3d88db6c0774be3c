#pragma once

#include "analysis/expectations.hpp"
#include "analysis/metrics.hpp"
#include "analysis/summary.hpp"
#include "scenarios/scenario.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace driftstorm::cli {

struct RunRequest {
    std::string output;            ///< path of the result file; empty: none is written
    std::vector<std::string> set;  ///< as given
    std::optional<Duration> until;
    std::uint32_t partitions = 1;
    std::uint32_t threads = 1;  ///< as asked; for run.json
    std::uint32_t replication = 0;
    std::uint64_t max_events = UINT64_MAX;
    std::uint64_t max_memory = UINT64_MAX;  ///< [B]
    std::size_t pool_offset = 0;
    std::string pcap;  ///< path of a capture of NTP packets; empty: none
    bool digest = true;
    bool progress = false;
    bool keep_series = true;  ///< rows of the result file: those that the scenario asks for, or
    bool keep_events = true;  ///< none (events, messages and copies)
};

struct RunOutcome {
    std::string file;  ///< final name of the result; empty: none was written
    std::string run_id;
    std::string status;   ///< complete, partial
    std::string stopped;  ///< why it is partial
    std::string digest;
    std::string samples_digest;
    std::uint64_t events = 0;
    double wall_s = 0;
    int exit = 0;
    RunSummary summary;
    std::vector<std::pair<std::string, double>> metrics;  ///< every one that is defined, by path
    std::vector<std::optional<Observed>> observed;        ///< by expectation
    std::vector<std::optional<double>> other;
    Time reached{};
};

/// Identity of a run: hash of the resolved scenario (its seed included), how long it runs, and the
/// version.
std::string run_id_of(const Scenario& scenario, const RunRequest& request);

/// The command that repeats a run.
std::string repeat_line(const Scenario& scenario, const RunRequest& request);

/// One run, from the world's first message to the result file under its final name.
/// @throws OutputError
RunOutcome run_once(const Scenario& scenario, const Complaints& complaints,
                    const RunRequest& request);

/// Peak or current resident memory of this process [B]; 0: unknown.
std::uint64_t resident_bytes();

/// Ctrl-C or SIGTERM from now on stop a run at its next pause.
void stop_on_interrupt();
bool interrupted();
int exit_code_of_interrupt();  ///< 130 or 143, as shells have it

}  // namespace driftstorm::cli
