#include "scenarios/scenario_checks.hpp"

#include <algorithm>
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
    const std::string word(enum_words<ArrivalProcess>[static_cast<std::size_t>(arrivals.process)]);
    if (arrivals.process != ArrivalProcess::renewal && arrivals.gap)
        complain_at(scenario, child_path(path, "gap"), at,
                    "'gap' means nothing to process " + word + "; it goes with renewal",
                    complaints);
    if (arrivals.process == ArrivalProcess::renewal && !arrivals.gap)
        complain_at(scenario, process, at, "renewal needs 'gap', the law of the times between",
                    complaints);
    if (arrivals.process == ArrivalProcess::spread &&
        (arrivals.count < 2 || arrivals.count > 1'000'000'000'000))
        complain_at(scenario, process, at, "spread needs a 'count' between 2 and 1e12", complaints);
    if (arrivals.process == ArrivalProcess::renewal && arrivals.gap && arrivals.gap->max() <= 0.0 &&
        arrivals.count > 1'000'000'000'000)
        complain_at(scenario, child_path(path, "gap"), at,
                    "'gap' is always 0 s, so that arrivals would never leave one instant; write a "
                    "gap, or a 'count' below 1e12",
                    complaints);
}

void check_retry(const Scenario& scenario, const RetryingClients::Params& retry,
                 const std::string& path, const Position& at, Complaints& complaints) {
    if (retry.backoff == RetryWait::law && !retry.wait_law)
        complain_at(scenario, child_path(path, "backoff"), at,
                    "law needs 'wait_law', the law of the wait", complaints);
    const std::string word(enum_words<RetryWait>[static_cast<std::size_t>(retry.backoff)]);
    if (retry.backoff != RetryWait::law && retry.wait_law)
        complain_at(scenario, child_path(path, "wait_law"), at,
                    "'wait_law' means nothing to backoff " + word + "; it goes with law",
                    complaints);
}

bool takes_no_time(const std::optional<Distribution>& law) { return law && law->max() <= 0.0; }

/// Whether a fault of the timeline takes a station down at times.
bool is_taken_down(const Scenario& scenario, const std::string& station) {
    return std::any_of(
        scenario.timeline.begin(), scenario.timeline.end(), [&](const FaultEntry& fault) {
            const bool happens = !fault.length || fault.length->ns > 0;
            if (fault.fault != FaultKind::node_down || !happens || fault.target.steps.empty())
                return false;
            Complaints nobody;  // hears of wrong targets elsewhere
            const std::optional<Targets> targets = resolve_target(scenario, fault, nobody);
            return targets && targets->kind == TargetKind::server_node &&
                   std::count(targets->names.begin(), targets->names.end(), station) > 0;
        });
}

/// How a station can end attempts without success at the instant at which they come, again and
/// again; "" when it cannot.
/// @param customers  who may ask at a time, at most
std::string fails_at_once(const Scenario& scenario, const Named<ServerEntry>& entry,
                          double customers) {
    const auto& station = std::get<StationGroup>(entry.value);
    const double workers = station.workers;
    if (station.error_share >= 1.0 && station.service_time.max() <= 0.0)
        return "its services take 0 s and all end with an error";
    if (station.when_down == WhenDown::refuse &&
        (station.up_time || is_taken_down(scenario, entry.name)))
        return "it is down at times and then refuses";
    const bool limited = station.queue_limit != no_limit && !station.silent_when_full;
    if (limited && customers > workers + station.queue_limit)
        return "it refuses when its line is full";
    if (takes_no_time(station.patience) && customers > workers) return "'patience' is always 0 s";
    return "";
}

/// Members who ask, get an answer and ask again, all at one instant and for ever; or requests that
/// are repeated so.
void check_loops(const Scenario& scenario, const Named<PopulationEntry>& population,
                 const Customers& customers, Complaints& complaints) {
    const Named<ServerEntry>* entry = find_named(scenario.servers, customers.station->name);
    if (entry == nullptr || !std::holds_alternative<StationGroup>(entry->value) ||
        scenario.unsound.count(child_path("servers", entry->name)) > 0)
        return;
    const std::string path = child_path("populations", population.name);
    const auto* finite = std::get_if<FinitePopulation>(&population.value);
    // Others may fill the line, too.
    const bool alone = std::count_if(scenario.populations.begin(), scenario.populations.end(),
                                     [&](const auto& other) {
                                         const auto others = customers_of(other.value);
                                         return others && others->station->name == entry->name;
                                     }) == 1;
    const double most = finite != nullptr && alone ? finite->count : 1e30;
    if (finite != nullptr && finite->count == 0) return;

    const std::string fails = fails_at_once(scenario, *entry, most);
    const std::optional<RetryingClients::Params>& retry = *customers.retry;
    const bool repeats_at_once = !retry || retry->retries == 0 || never_waits(*retry);
    constexpr std::uint32_t without_limit = 1'000'000;  // in effect: all at one instant
    if (!fails.empty() && retry && repeats_at_once && !retry->budget &&
        retry->retries >= without_limit) {
        complain_at(scenario, child_path(path, "retry") + ".retries", population.at,
                    "retries without a wait, and " + quote(entry->name) +
                        " can fail them at once (" + fails +
                        "): a request would be repeated for ever at one instant; let 'backoff' "
                        "wait, or allow fewer than 1,000,000 retries",
                    complaints);
        return;
    }
    if (finite == nullptr || finite->think_time.max() > 0.0) return;
    const auto& station = std::get<StationGroup>(entry->value);
    const bool serves_at_once = station.service_time.max() <= 0.0 && station.error_share < 1.0;
    if (!serves_at_once && (fails.empty() || !repeats_at_once)) return;
    complain_at(scenario, child_path(path, "think_time"), population.at,
                "'think_time' is always 0 s, and " + quote(entry->name) + " can answer at once (" +
                    (serves_at_once ? "its services take 0 s" : fails) +
                    "): a member would ask for ever at one instant; let one of them take time",
                complaints);
}

void check_breakdowns(const Scenario& scenario, const StationGroup& station,
                      const std::string& path, const Position& at, Complaints& complaints) {
    if (station.up_time.has_value() != station.down_time.has_value()) {
        const char* given = station.up_time ? "up_time" : "down_time";
        complain_at(scenario, child_path(path, given), at,
                    "'up_time' and 'down_time' belong together, only one is given", complaints);
    }
    if (takes_no_time(station.up_time) && takes_no_time(station.down_time))
        complain_at(scenario, child_path(path, "up_time"), at,
                    "'up_time' and 'down_time' are both always 0 s: breakdowns and repairs would "
                    "never leave one instant",
                    complaints);
}

}  // namespace

void check_customers(const Scenario& scenario, Complaints& complaints) {
    for (const Named<ServerEntry>& server : scenario.servers) {
        const std::string path = child_path("servers", server.name);
        const auto* station = std::get_if<StationGroup>(&server.value);
        if (station != nullptr && scenario.unsound.count(path) == 0)
            check_breakdowns(scenario, *station, path, server.at, complaints);
    }
    for (const Named<PopulationEntry>& population : scenario.populations) {
        const std::string path = child_path("populations", population.name);
        const std::optional<Customers> customers = customers_of(population.value);
        if (!customers) continue;
        if (const auto* server = find_named(scenario.servers, population.name))
            complaints
                .error(population.at,
                       quote(population.name) +
                           " is the name of a server too, and metrics are asked for by name; "
                           "give one of them another",
                       path)
                .notes.push_back({server->at, "the server"});
        if (scenario.unsound.count(path) > 0) continue;
        if (const auto* open = std::get_if<CustomerPopulation>(&population.value))
            check_arrivals(scenario, open->arrivals, path + ".arrivals", population.at, complaints);
        if (*customers->retry)
            check_retry(scenario, **customers->retry, path + ".retry", population.at, complaints);
        check_loops(scenario, population, *customers, complaints);
    }
}

}  // namespace driftstorm
