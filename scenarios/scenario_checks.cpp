#include "scenarios/scenario_checks.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace driftstorm {

namespace {

void use_choice(const WeightedChoice& choice, std::string_view section, std::string_view what,
                Names& names, Complaints& complaints) {
    for (const WeightedChoice::Option& option : choice.options)
        names.use({option.name, option.at, choice.path}, {section}, what, complaints);
}

bool is_technology(std::string_view word) {
    const auto& words = enum_words<Technology>;
    return word != "none" && std::find(words.begin(), words.end(), word) != words.end();
}

void check_path_ends(const Scenario& scenario, Names& names, Complaints& complaints) {
    for (const PathEntry& path : scenario.network.paths) {
        if (!is_technology(path.from.name))
            names.use(path.from, {"servers"}, "technology or server group", complaints);
        names.use(path.to, {"servers"}, "server group", complaints);
        for (const std::string& router : path.over)
            if (find_named(scenario.network.routers, router) == nullptr)
                complaints.error(
                    path.from.at,
                    "'over' names the router " + quote(router) + ", which is not defined",
                    path.from.path);
        if (!path.over.empty() && path.over.size() != 2)
            complaints.error(path.from.at,
                             "'over' is a pair: the first and the last router of the path",
                             path.from.path);
    }
    for (const Named<WireEntry>& wire : scenario.network.links) {
        if (wire.value.between.size() != 2) {
            complaints.error(wire.at, "'between' is a pair of routers",
                             child_path("network.links", wire.name));
            continue;
        }
        if (wire.value.between[0] == wire.value.between[1])
            complaints.error(wire.at, "'between' is a router and itself",
                             child_path("network.links", wire.name));
        for (const std::string& end : wire.value.between)
            if (find_named(scenario.network.routers, end) == nullptr)
                complaints.error(
                    wire.at, "'between' names the router " + quote(end) + ", which is not defined",
                    child_path("network.links", wire.name));
    }
}

bool has_path(const Scenario& scenario, std::string_view a, std::string_view b) {
    for (const PathEntry& path : scenario.network.paths)
        if ((path.from.name == a && path.to.name == b) ||
            (path.from.name == b && path.to.name == a))
            return true;
    return false;
}

void check_reach(const Scenario& scenario, Names& names, Complaints& complaints) {
    const Named<ServerEntry>* relays = relay_group(scenario);
    std::uint32_t groups = 0;
    for (const Named<ServerEntry>& server : scenario.servers)
        if (std::holds_alternative<RelayGroup>(server.value) && ++groups > 1)
            complaints.error(server.at, "a second group of message relays; a scenario has one",
                             child_path("servers", server.name));
    if (relays != nullptr && std::get<RelayGroup>(relays->value).nodes > 1 &&
        !has_path(scenario, relays->name, relays->name))
        complaints.error(relays->at,
                         "its nodes have no path to each other; add { from: " + relays->name +
                             ", to: " + relays->name + ", delay: ... } to network.paths",
                         child_path("servers", relays->name));
    for (const Named<PopulationEntry>& population : scenario.populations) {
        const std::string where = child_path("populations", population.name);
        if (const auto* customers = std::get_if<CustomerPopulation>(&population.value)) {
            if (!names.use(customers->station, {"servers"}, "station", complaints)) continue;
            const Named<ServerEntry>* station =
                find_named(scenario.servers, customers->station.name);
            if (station != nullptr && !std::holds_alternative<StationGroup>(station->value))
                complaints.error(
                    customers->station.at,
                    quote(customers->station.name) + " is no station but a server of another kind",
                    where);
            continue;
        }
        const auto& devices = std::get<DevicePopulation>(population.value);
        for (const std::string& other : devices.traffic.conversations.with) {
            const Named<PopulationEntry>* found = find_named(scenario.populations, other);
            if (found != nullptr && std::holds_alternative<DevicePopulation>(found->value) &&
                other != population.name)
                continue;
            std::vector<std::string> known;
            for (const Named<PopulationEntry>& entry : scenario.populations)
                if (std::holds_alternative<DevicePopulation>(entry.value) &&
                    entry.name != population.name)
                    known.push_back(entry.name);
            complaints.error(population.at,
                             "its conversations are with " + quote(other) +
                                 ", which is no other population of devices" +
                                 did_you_mean(other, known),
                             where + ".traffic.conversations.with");
        }
        std::vector<std::pair<std::string, std::string>> needed;  // server group, for what
        if (!devices.app.options.empty()) {
            if (relays == nullptr) {
                complaints.error(
                    population.at,
                    "its apps have no relay: no group of servers has kind message_relay", where);
            } else {
                needed.emplace_back(relays->name, "the app");
            }
        }
        for (const WeightedChoice::Option& option : devices.clock.options) {
            const Named<ClockEntry>* clock = find_named(scenario.clocks, option.name);
            if (clock == nullptr) continue;
            for (const SyncSource& source : clock->value.sync)
                if (const auto* sntp = std::get_if<SntpParams>(&source))
                    needed.emplace_back(sntp->server, "the clock");
        }
        for (const auto& [group, what] : needed)
            for (const Technology technology : devices.interfaces) {
                const std::string word(
                    enum_words<Technology>[static_cast<std::size_t>(technology)]);
                if (technology == Technology::none || has_path(scenario, word, group)) continue;
                if (find_named(scenario.servers, group) == nullptr) continue;
                complaints.error(population.at,
                                 "no path from " + word + " to " + quote(group) + ", which " +
                                     what + " needs; add one to " + "network.paths, or leave " +
                                     word + " out of its interfaces",
                                 where);
            }
    }
}

void check_clocks(const Scenario& scenario, Names& names, Complaints& complaints) {
    for (const Named<ClockEntry>& clock : scenario.clocks)
        for (std::size_t i = 0; i < clock.value.sync.size(); ++i) {
            const auto* sntp = std::get_if<SntpParams>(&clock.value.sync[i]);
            if (sntp == nullptr || sntp->server.empty()) continue;
            const std::string where =
                item_path(child_path("clocks", clock.name) + ".sync", i) + ".server";
            if (!names.use({sntp->server, clock.value.sync_at[i], where}, {"servers"},
                           "group of time servers", complaints))
                continue;
            const Named<ServerEntry>* group = find_named(scenario.servers, sntp->server);
            if (group != nullptr && !std::holds_alternative<TimeServerGroup>(group->value))
                complaints
                    .error(clock.value.sync_at[i],
                           quote(sntp->server) + " is no group of time servers", where)
                    .notes.push_back({group->at, "defined here"});
        }
}

void check_series(const Node& node, const Scenario& scenario, Complaints& complaints) {
    const Node* series = node.find("series");
    const Node* of = series != nullptr ? series->find("of") : nullptr;
    if (of == nullptr) return;
    std::vector<std::string> known;
    const auto add = [&known](const std::string& owner, std::string_view group) {
        for (const auto& [word, help] : series_words())
            if (word.substr(0, word.find('.')) == group)
                known.push_back(owner + std::string(word.substr(word.find('.'))));
    };
    for (const Named<ServerEntry>& server : scenario.servers) {
        if (std::holds_alternative<RelayGroup>(server.value)) add(server.name, "relay");
        if (std::holds_alternative<TimeServerGroup>(server.value)) add(server.name, "time_server");
        if (std::holds_alternative<StationGroup>(server.value)) add(server.name, "station");
    }
    for (const Named<PopulationEntry>& population : scenario.populations)
        if (std::holds_alternative<DevicePopulation>(population.value))
            add(population.name, "population");
    if (!scenario.network.cells.empty()) add("cells", "cell");
    if (!scenario.network.access_points.empty()) add("access_points", "cell");
    for (const Node::Entry& item : of->entries()) {
        if (!item.value.is_scalar()) continue;
        const std::string& word = item.value.text();
        if (std::find(known.begin(), known.end(), word) != known.end()) continue;
        complaints.error(item.value.position(),
                         "nothing to sample is called " + quote(word) + did_you_mean(word, known),
                         "outputs.series.of");
    }
}

void check_rides(const Scenario& scenario, Complaints& complaints) {
    for (const Named<MobilityEntry>& entry : scenario.mobility) {
        const auto* ride = std::get_if<RailRide>(&entry.value);
        if (ride == nullptr || complaints.any_errors()) continue;
        try {
            const Mobility built(*ride);
        } catch (const std::invalid_argument& error) {
            complaints.error(entry.at, error.what(), child_path("mobility", entry.name));
        }
    }
}

void check_timeline(const Scenario& scenario, Complaints& complaints) {
    for (std::size_t i = 0; i < scenario.timeline.size(); ++i) {
        const FaultEntry& fault = scenario.timeline[i];
        if (fault.target.steps.empty()) continue;
        const std::string where = item_path("timeline", i);
        const Node* entry = find_path(scenario.document.root, where);
        const auto lacks = [entry](std::string_view key) {  // what is written wrongly is no gap
            return entry == nullptr || entry->find(key) == nullptr;
        };
        if (fault.fault == FaultKind::clock_step && !fault.by && lacks("by"))
            complaints.error(fault.target.at,
                             "a clock_step needs 'by': how far the clock is put forward", where);
        if (fault.fault != FaultKind::app_restart && !fault.length && lacks("for"))
            complaints.error(fault.target.at, "'for' is missing: how long it lasts", where);
        if (fault.fault == FaultKind::cell_degrade && !fault.set.downlink && !fault.set.uplink)
            complaints.error(fault.target.at,
                             "a cell_degrade needs 'set': { downlink: ..., uplink: ... }", where);
        if (fault.fault == FaultKind::packet_loss && !fault.set.loss)
            complaints.error(fault.target.at, "a packet_loss needs 'set': { loss: ... }", where);
        if (fault.fault == FaultKind::capacity_factor && !fault.set.factor)
            complaints.error(fault.target.at, "a capacity_factor needs 'set': { factor: ... }",
                             where);
        resolve_target(scenario, fault, complaints);
    }
}

}  // namespace

void check_scenario(const Scenario& scenario, const Node& outputs, Complaints& complaints) {
    if (outputs.is_map()) check_series(outputs, scenario, complaints);
    Names names(scenario.document);
    for (const Named<PopulationEntry>& population : scenario.populations) {
        const auto* devices = std::get_if<DevicePopulation>(&population.value);
        if (devices == nullptr) continue;
        use_choice(devices->mobility, "mobility", "way of moving", names, complaints);
        use_choice(devices->clock, "clocks", "class of clocks", names, complaints);
        use_choice(devices->app, "apps", "version of the app", names, complaints);
    }
    check_path_ends(scenario, names, complaints);
    check_clocks(scenario, names, complaints);
    check_reach(scenario, names, complaints);
    check_rides(scenario, complaints);
    check_timeline(scenario, complaints);
    names.complain_about_unused(complaints);
}

}  // namespace driftstorm
