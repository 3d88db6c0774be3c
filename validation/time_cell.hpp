#pragma once

#include "validation/generator.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace driftstorm::validation {

/// A network of clocks as a simulator's configuration describes it: `nodeN_freq`, `nodeN_offset`,
/// `nodeN_step`, `nodeA_delayB`, `nodeN_pll_clamp`. The highest node is the client.
struct TimeNetwork {
    struct Clock {
        double offset = 0;              ///< at the start [s]
        std::optional<Generator> rate;  ///< fractional frequency error, anew each true second
        std::optional<Generator> step;  ///< added to the clock each true second [s]
        bool clamp_pll = false;
    };
    std::map<unsigned, Clock> clocks;
    /// From node to node [s]; lost when <= 0. A pair that is not here is not connected.
    std::map<std::pair<unsigned, unsigned>, Generator> delays;
    unsigned client = 0;
};

/// Reads `name = value` lines; '#' starts a comment.
/// @throws std::invalid_argument naming `what` and the setting that is not known
TimeNetwork read_time_network(std::string_view text, const std::string& what);

/// A line of a reference.csv, and what the real program did in it.
struct TimeCell {
    std::string name;
    std::string program;  ///< chrony, ntpd, ...
    std::string group;
    double duration = 0;          ///< [s]
    std::optional<double> event;  ///< when [s]
    double event_length = 0;      ///< [s]
    int seeds = 0;                ///< runs of the real program
    std::string network_text;
    std::string network_place;  ///< where it stands, for complaints
    std::string client_text;
    std::string client_place;
    bool fixed_poll = false;
    std::map<std::string, double> reference;          ///< "off_rms_all_mean" ..., as in the file
    std::map<std::string, std::vector<double>> runs;  ///< of statistics, by run
    /// series/: true time [s] and the root mean square offset over the runs [s]
    std::vector<std::pair<double, double>> series;

    /// The named figure of the reference, or nothing when its field is empty.
    std::optional<double> figure(const std::string& name) const;
};

/// Reads a folder with reference.csv, and where they exist runs.csv, series/NAME.csv and
/// configs/NAME.sim.conf and .client.conf (else the columns of reference.csv with the same words).
/// Columns may be in any order and have others beside them; lines may end as DOS ends them.
/// @throws std::runtime_error "file:line: ..." naming the column that is missing or what is wrong
std::vector<TimeCell> read_time_cells(const std::string& folder);

}  // namespace driftstorm::validation
