#include "scenarios/scenario_checks.hpp"

#include <string>

namespace driftstorm {

namespace {

/// Complains where the word that asks for more stands.
void complain_at(const Scenario& scenario, const std::string& path, const Position& otherwise,
                 const std::string& message, Complaints& complaints) {
    const Node* written = find_path(scenario.document.root, path);
    complaints.error(written != nullptr ? written->position() : otherwise, message, path);
}

void check_arrivals(const Scenario& scenario, const OpenArrivals::Params& arrivals,
                    const std::string& path, const Position& at, Complaints& complaints) {
    const std::string process = child_path(path, "process");
    if (arrivals.process == ArrivalProcess::renewal && !arrivals.gap)
        complain_at(scenario, process, at, "renewal needs 'gap', the law of the times between",
                    complaints);
    if (arrivals.process == ArrivalProcess::spread &&
        (arrivals.count < 2 || arrivals.count > 1'000'000'000'000))
        complain_at(scenario, process, at, "spread needs a 'count' between 2 and 1e12", complaints);
}

void check_retry(const Scenario& scenario, const RetryingClients::Params& retry,
                 const std::string& path, const Position& at, Complaints& complaints) {
    if (retry.backoff == RetryWait::law && !retry.wait_law)
        complain_at(scenario, child_path(path, "backoff"), at,
                    "law needs 'wait_law', the law of the wait", complaints);
}

}  // namespace

void check_customers(const Scenario& scenario, Complaints& complaints) {
    for (const Named<ServerEntry>& server : scenario.servers) {
        const std::string path = child_path("servers", server.name);
        const auto* station = std::get_if<StationGroup>(&server.value);
        if (station == nullptr || scenario.unsound.count(path) > 0) continue;
        if (station->up_time.has_value() == station->down_time.has_value()) continue;
        const char* given = station->up_time ? "up_time" : "down_time";
        complain_at(scenario, child_path(path, given), server.at,
                    "'up_time' and 'down_time' belong together, only one is given", complaints);
    }
    for (const Named<PopulationEntry>& population : scenario.populations) {
        const std::string path = child_path("populations", population.name);
        const std::optional<Customers> customers = customers_of(population.value);
        if (!customers || scenario.unsound.count(path) > 0) continue;
        if (const auto* open = std::get_if<CustomerPopulation>(&population.value))
            check_arrivals(scenario, open->arrivals, path + ".arrivals", population.at, complaints);
        if (*customers->retry)
            check_retry(scenario, **customers->retry, path + ".retry", population.at, complaints);
    }
}

}  // namespace driftstorm
