#include "cli/scenario_facts.hpp"

#include "scenarios/quantity.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <variant>

namespace driftstorm::cli {

namespace {

std::string unit_or_one(const std::string& path) { return unit_of(path).value_or(""); }

/// Whether an entry says of which kind it is, so that its metrics are known whatever else is wrong;
/// one of a kind without any may be meant for another kind.
template <class Entry>
bool tells_its_kind(const Entry& entry, const std::string& path, const Scenario& scenario) {
    const Node* word = find_path(scenario.document.root, child_path(path, "kind"));
    return word != nullptr && word->is_scalar() && word->text() != TimeServerGroup::kind &&
           std::visit([&](const auto& one) { return word->text() == one.kind; }, entry.value);
}

/// Whether a metric belongs to an entry that has faults of its own, from which it may follow that
/// it does not exist: of an entry of known kind only that it has no such member.
bool follows_from_another(std::string_view metric, const Scenario& scenario,
                          const Complaints& complaints) {
    if (is_any_lost(scenario.document.root, complaints)) return true;
    const auto begins = [&](std::string_view section, const auto& entry) {
        const std::string path = child_path(section, entry.name);
        if (scenario.unsound.count(path) == 0 || !metric.starts_with(entry.name)) return false;
        const std::string_view rest = metric.substr(entry.name.size());
        return rest.starts_with('[') ||
               ((rest.empty() || rest.starts_with('.')) && !tells_its_kind(entry, path, scenario));
    };
    return std::any_of(scenario.servers.begin(), scenario.servers.end(),
                       [&](const auto& entry) { return begins("servers", entry); }) ||
           std::any_of(scenario.populations.begin(), scenario.populations.end(),
                       [&](const auto& entry) { return begins("populations", entry); });
}

void complain_of_dimension(const Limit& limit, const std::string& what, std::string_view unit,
                           const std::string& path, Complaints& complaints) {
    const Dimension wanted = dimension_of(unit);
    const std::string examples =
        wanted == Dimension::count ? "" : " (" + std::string(dimension_examples(wanted)) + ")";
    complaints.error(limit.at,
                     what + " must be " + std::string(dimension_name(wanted)) + examples +
                         ", got " + quote(limit.text),
                     path);
}

/// Checks that a limit's value, or the metric it names, and its tolerance have the metric's
/// dimension.
void check_limit(const Expectation& expectation, const MetricObjects& objects,
                 const Scenario& scenario, Complaints& complaints) {
    const std::string path = without_section(expectation.metric.text);
    if (expectation.metric.text.empty() || follows_from_another(path, scenario, complaints)) return;
    if (const auto complaint = metric_complaint(path, objects)) {
        complaints.error(expectation.metric.at, *complaint, expectation.metric.path);
        return;
    }
    const Limit& limit = expectation.is;
    if (limit.metric) {
        const std::string other = without_section(limit.metric->text);
        if (follows_from_another(other, scenario, complaints)) return;
        if (const auto complaint = metric_complaint(other, objects)) {
            complaints.error(limit.at, *complaint, limit.metric->path);
            return;
        }
    }
    const std::string unit = unit_or_one(path);
    const std::string is_path =
        limit.metric
            ? limit.metric->path
            : expectation.metric.path.substr(0, expectation.metric.path.rfind('.')) + ".is";
    const bool fits =
        limit.metric
            ? dimension_of(unit) == dimension_of(unit_or_one(without_section(limit.metric->text)))
            : !limit.value || accepts(dimension_of(unit), limit.value->dimension());
    if (!fits) {
        complain_of_dimension(limit, "the limit of " + quote(path), unit, is_path, complaints);
    } else if (limit.absolute_tolerance && !accepts(Limit::width_of(dimension_of(unit)),
                                                    limit.absolute_tolerance->dimension())) {
        const std::string width_unit = dimension_of(unit) == Dimension::share ? "" : unit;
        complain_of_dimension(limit, "the tolerance of " + quote(path) + ", if not in %,",
                              width_unit, is_path, complaints);
    }
}

/// Squared coefficient of variation: 0 for a constant, 1 for an exponential law.
double squared_variation(const Distribution& law) {
    return law.mean() == 0 ? 0.0 : law.variance() / (law.mean() * law.mean());
}

/// Poisson arrivals, one by one, who wait for as long as it takes at a station that never breaks.
bool is_plain_queue(const CustomerPopulation& customers, const Stations::Params& station) {
    const OpenArrivals::Params& arrivals = customers.arrivals;
    return arrivals.process == ArrivalProcess::poisson && !arrivals.batch && !customers.retry &&
           station.queue_limit == no_limit && !station.patience && !station.up_time;
}

}  // namespace

MetricObjects objects_of(const Scenario& scenario) {
    MetricObjects objects;
    for (const Named<ServerEntry>& server : scenario.servers) {
        if (const auto* relays = std::get_if<RelayGroup>(&server.value)) {
            objects.relays.push_back(server.name);
            objects.nodes[server.name] = relays->nodes;
        }
        if (std::holds_alternative<StationGroup>(server.value)) {
            objects.stations.push_back(server.name);
            objects.nodes[server.name] = 1;
        }
    }
    for (const Named<PopulationEntry>& population : scenario.populations) {
        if (customers_of(population.value)) objects.clients.push_back(population.name);
        if (std::holds_alternative<DevicePopulation>(population.value))
            objects.devices.push_back(population.name);
    }
    return objects;
}

std::unique_ptr<Scenario> read_and_check(const std::string& file,
                                         const std::vector<std::string>& set,
                                         Complaints& complaints) {
    std::vector<Assignment> assignments;
    for (const std::string& text : set) {
        try {
            assignments.push_back(parse_assignment(text));
        } catch (const std::invalid_argument&) {
            throw CLI::ValidationError("--set", "must be NAME=VALUE; got " + quote(text));
        }
        for (std::size_t i = 0; i + 1 < assignments.size(); ++i)
            if (assignments[i].name == assignments.back().name)
                throw CLI::ValidationError("--set",
                                           "gives " + quote(assignments[i].name) + " twice");
    }
    std::unique_ptr<Scenario> scenario = read_scenario(file, assignments, complaints);
    if (!scenario) return nullptr;
    const MetricObjects objects = objects_of(*scenario);
    for (const Expectation& expectation : scenario->expectations)
        check_limit(expectation, objects, *scenario, complaints);
    return scenario;
}

std::vector<ExpectationSpec> expectations_of(const Scenario& scenario) {
    std::vector<ExpectationSpec> specs;
    for (const Expectation& expectation : scenario.expectations) {
        ExpectationSpec spec;
        spec.name = expectation.name;
        spec.metric = without_section(expectation.metric.text);
        if (expectation.during)
            spec.during =
                MetricWindow{Time{expectation.during->from.ns}, Time{expectation.during->to.ns}};
        const Limit& limit = expectation.is;
        spec.relation = static_cast<ExpectationSpec::Relation>(limit.relation);
        const std::string unit = unit_or_one(spec.metric);
        if (limit.value) spec.value = limit.value->in(unit);
        if (limit.metric) spec.other_metric = without_section(limit.metric->text);
        if (limit.relative_tolerance) spec.relative_tolerance = limit.relative_tolerance->in("%");
        if (limit.absolute_tolerance) spec.absolute_tolerance = limit.absolute_width(unit);
        spec.warning = expectation.severity == ExpectationSeverity::warning;
        spec.always = expectation.always;
        spec.limit_text = limit.text;
        spec.line = expectation.at.line;
        specs.push_back(std::move(spec));
    }
    return specs;
}

std::map<std::string, double> facts_of(const Scenario& scenario) {
    std::map<std::string, double> facts;
    for (const Named<PopulationEntry>& population : scenario.populations) {
        if (const auto* customers = std::get_if<CustomerPopulation>(&population.value)) {
            const OpenArrivals::Params& arrivals = customers->arrivals;
            const double batch = arrivals.batch ? arrivals.batch->mean() : 1.0;
            if (arrivals.process == ArrivalProcess::spread) {
                facts["reconnecting"] = static_cast<double>(arrivals.count) * batch;
                facts["reconnect_spread"] = arrivals.over.seconds();
            } else if (arrivals.process != ArrivalProcess::renewal) {
                facts["arrival_rate"] = arrivals.rate * batch;
            } else if (arrivals.gap && arrivals.gap->mean() > 0) {
                facts["arrival_rate"] = batch / arrivals.gap->mean();
            }
            if (customers->retry) {
                facts["timeout"] = customers->retry->timeout.seconds();
                facts["retries"] = customers->retry->retries;
                if (customers->retry->budget) facts["budget"] = *customers->retry->budget;
            }
            for (const Named<ServerEntry>& server : scenario.servers) {
                const auto* station = std::get_if<StationGroup>(&server.value);
                if (station == nullptr || server.name != customers->station.name) continue;
                facts["service_mean"] = station->service_time.mean();
                facts["service_scv"] = squared_variation(station->service_time);
                facts["plain_queue"] = is_plain_queue(*customers, *station) ? 1 : 0;
                facts["workers"] = station->workers;
            }
            continue;
        }
        if (!std::holds_alternative<DevicePopulation>(population.value)) continue;
        const auto& devices = std::get<DevicePopulation>(population.value);
        if (devices.traffic.reply.probability > 0)
            facts["reply_gap_mean"] = devices.traffic.reply.gap.mean();
        if (devices.clock.options.size() == 1)
            for (const Named<ClockEntry>& clock : scenario.clocks)
                if (clock.name == devices.clock.options.front().name)
                    facts["skew_sd"] = std::sqrt(2.0 * clock.value.initial_offset.variance());
    }
    facts["faults"] = 0;
    for (const FaultEntry& fault : scenario.timeline) {
        if (fault.fault == FaultKind::node_down && fault.length)
            facts["outage"] = fault.length->seconds();
        const bool happens = !fault.length || fault.length->ns > 0;
        if (happens && fault.at.ns < scenario.duration.ns) ++facts["faults"];
    }
    return facts;
}

}  // namespace driftstorm::cli
