#pragma once

#include "scenarios/complaints.hpp"
#include "sim/core/time.hpp"
#include "sim/output/results_reader.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace driftstorm {

/// What a result file holds of the run that made it: enough to repeat it.
struct StoredRun {
    std::string scenario;  ///< name of its file, without folders
    std::uint64_t seed = 0;
    std::optional<Duration> until;  ///< given, when it was shorter than the scenario
    std::vector<std::string> set;   ///< NAME=VALUE, as given
    ReadFile files;                 ///< gives the kept files by the names they are asked for
    std::string command;
    std::string status;
    std::string digest;
    std::string version;  ///< of driftstorm
    std::vector<std::pair<std::string, int>> models;
    std::uint32_t replication = 0;
};

/// @throws OutputError when the file does not hold it
StoredRun stored_run(const ResultsReader& result);

}  // namespace driftstorm
