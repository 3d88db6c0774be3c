#pragma once

#include "models/timesync/client_program.hpp"
#include "validation/time_cell.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace driftstorm::validation {

/// A client as its configuration describes it.
struct TimeClient {
    std::unique_ptr<ClientProgram> program;
    std::vector<unsigned> servers;  ///< node of each source
};

/// What a run of one client is judged by.
struct TimeRun {
    std::vector<double> offset;     ///< client's clock - true time at each whole true second [s]
    std::vector<double> rate;       ///< its frequency error from then on, slews included [s/s]
    std::vector<double> free_rate;  ///< its oscillator's alone [s/s]
    std::vector<double> polls;      ///< when requests left [s]
    std::uint64_t replies = 0;
    std::uint64_t steps = 0;
};

/// @throws std::invalid_argument naming what `network` lacks: a server's node, or the delay between
/// it and the client
void check_connected(const TimeNetwork& network, const TimeClient& client);

/// Runs a client in a network of clocks, in true time from 0 to `duration` [s]: clocks run at a
/// constant rate between whole true seconds, when generators are evaluated and the client's kernel
/// amortises; each packet draws its delay; nobody takes time to answer. Servers are stratum 1 and
/// keep whatever clock the network gives them.
/// @param seed, subject  coordinates of every draw
TimeRun run_time_client(TimeNetwork network, TimeClient client, double duration, std::uint64_t seed,
                        std::uint64_t subject);

}  // namespace driftstorm::validation
