#pragma once

#include "analysis/expectations.hpp"
#include "analysis/metrics.hpp"
#include "sim/output/entity_directory.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace driftstorm {

/// What a person reads when a run is over.
struct RunSummary {
    std::string title;
    double simulated_s = 0;
    bool has_messages = false;
    double messages = 0, copies = 0, delivered = 0, late = 0, lost = 0, pending = 0;
    std::optional<double> delay_p50_s, delay_p99_s;
    struct StormLine {
        std::string kind;  ///< "retry", "resync"
        double start_s = 0, stop_s = 0, peak_to_baseline = 0, peak = 0, baseline = 0;
        std::string trigger;  ///< name of the fault; empty: none
        bool ended = true;
        bool by_intents = false;  ///< people sent more; hardly any of it is of its kind
    };
    std::vector<StormLine> storms;                       ///< beyond chance, by start
    std::vector<std::pair<std::string, double>> causes;  ///< share of all delay, largest first
    double network_share = 0, infrastructure_share = 0, application_share = 0, user_share = 0;
    double service_share = 0;        ///< of application_share: plain service and propagation
    double server_outage_share = 0;  ///< of network_share: a server was down
    double inverted_replies = 0;     ///< stamped before what they answer
    double inserted_late = 0;        ///< copies, above something already shown
    std::string verdict;             ///< "network-level", "application-level", ...
    std::vector<std::pair<std::string, std::string>> stations;  ///< name and a line about it
    std::vector<CheckResult> checks;
    std::string repeat;  ///< how to run it again
};

RunSummary summarize(const Metrics& metrics, const EntityDirectory& directory,
                     const std::vector<CheckResult>& checks, std::string title, std::string repeat);
/// Plain text, lines of at most 100 columns but the last, which is `repeat`.
std::string render(const RunSummary& summary);
std::string render_json(const RunSummary& summary);

}  // namespace driftstorm
