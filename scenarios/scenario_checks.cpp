#include "scenarios/scenario_checks.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <map>
#include <optional>
#include <stdexcept>
#include <utility>

namespace driftstorm {

namespace {

void use_choice(const WeightedChoice& choice, std::string_view section, std::string_view what,
                Names& names, Complaints& complaints) {
    for (const WeightedChoice::Option& option : choice.options)
        names.use({option.name, option.at, choice.path}, {section}, what, complaints);
}

void collect_words(const Node& node, std::vector<std::string>& words) {
    if (node.is_scalar()) words.push_back(node.text());
    for (const Node::Entry& entry : node.entries()) {
        if (node.is_map()) words.push_back(entry.key);
        collect_words(entry.value, words);
    }
}

/// What a population with faults of its own refers to cannot be told for sure: the names that stand
/// in it are taken as used, or, when there are none, all that it may have meant.
void use_what_is_unsound(const Scenario& scenario, const std::string& population,
                         std::string_view key, std::string_view section, Names& names) {
    const Node* written =
        find_path(scenario.document.root, child_path(child_path("populations", population), key));
    if (written == nullptr) return;
    std::vector<std::string> words;
    collect_words(*written, words);
    bool any = false;
    for (const std::string& word : words)
        if (names.has(section, word)) {
            names.mark_used(section, word);
            any = true;
        }
    if (any) return;
    for (const std::string& name : names.in(section)) names.mark_used(section, name);
}

/// Whether a word begins with the name of an entry that has faults of its own, or may be of a
/// section that is lost.
bool follows_from_another(std::string_view word, const Scenario& scenario,
                          const Complaints& complaints) {
    if (is_any_lost(scenario.document.root, complaints)) return true;
    for (const std::string_view section : {"servers", "populations"})
        if (word.substr(0, section.size() + 1) == std::string(section) + ".")
            word.remove_prefix(section.size() + 1);
    const auto begins = [&](std::string_view section, std::string_view name) {
        return scenario.unsound.count(child_path(section, name)) > 0 &&
               word.substr(0, name.size()) == name &&
               (word.size() == name.size() || word[name.size()] == '.' || word[name.size()] == '[');
    };
    for (const Named<ServerEntry>& server : scenario.servers)
        if (begins("servers", server.name)) return true;
    for (const Named<PopulationEntry>& population : scenario.populations)
        if (begins("populations", population.name)) return true;
    return false;
}

bool is_technology(std::string_view word) {
    const auto& words = enum_words<Technology>;
    return word != "none" && std::find(words.begin(), words.end(), word) != words.end();
}

/// Where item `index` of a list stands in its file; `otherwise` when it stands in none.
Position place_of_item(const Scenario& scenario, const std::string& list, std::size_t index,
                       const Position& otherwise) {
    const Node* item = find_path(scenario.document.root, item_path(list, index));
    return item != nullptr ? item->position() : otherwise;
}

void complain_of_router(const Scenario& scenario, const std::string& list, std::size_t index,
                        const std::string& router, const Position& otherwise,
                        Complaints& complaints) {
    std::vector<std::string> known;
    known.reserve(scenario.network.routers.size());
    for (const auto& one : scenario.network.routers) known.push_back(one.name);
    complaints.error(place_of_item(scenario, list, index, otherwise),
                     "there is no router " + quote(router) + did_you_mean(router, known), list);
}

/// A path holds both ways, so that a pair has one.
void check_pairs(const Scenario& scenario, Complaints& complaints) {
    std::map<std::pair<std::string, std::string>, const PathEntry*> seen;
    for (const PathEntry& path : scenario.network.paths) {
        if (path.from.name.empty() || path.to.name.empty()) continue;
        const auto [first, is_new] = seen.emplace(std::minmax(path.from.name, path.to.name), &path);
        if (is_new) continue;
        complaints
            .error(path.from.at,
                   "there is a path between " + quote(path.from.name) + " and " +
                       quote(path.to.name) + " already; a pair has one, which holds both ways",
                   path.from.path)
            .notes.push_back({first->second->from.at, "the first stands here"});
    }
}

void check_path_ends(const Scenario& scenario, Names& names, Complaints& complaints) {
    for (std::size_t i = 0; i < scenario.network.paths.size(); ++i) {
        const PathEntry& path = scenario.network.paths[i];
        if (!is_technology(path.from.name))
            names.use(path.from, {"servers"}, "technology or server group", complaints);
        if (is_technology(path.to.name)) {
            complaints.error(path.to.at,
                             "'to' is a server group; a technology stands in 'from', and the path "
                             "holds both ways",
                             path.to.path);
        } else {
            names.use(path.to, {"servers"}, "server group", complaints);
        }
        const std::string over = item_path("network.paths", i) + ".over";
        for (std::size_t r = 0; r < path.over.size(); ++r)
            if (find_named(scenario.network.routers, path.over[r]) == nullptr)
                complain_of_router(scenario, over, r, path.over[r], path.from.at, complaints);
        if (!path.over.empty() && path.over.size() != 2)
            complaints.error(place_of_item(scenario, over, 0, path.from.at),
                             "'over' is a pair: the first and the last router of the path", over);
    }
    check_pairs(scenario, complaints);
    for (const Named<WireEntry>& wire : scenario.network.links) {
        const std::string between = child_path("network.links", wire.name) + ".between";
        if (find_path(scenario.document.root, between) == nullptr) continue;  // told of
        const Position at = place_of_item(scenario, between, 0, wire.at);
        if (wire.value.between.size() != 2) {
            complaints.error(at, "'between' is a pair of routers", between);
            continue;
        }
        if (wire.value.between[0] == wire.value.between[1])
            complaints.error(at, "'between' is a router and itself", between);
        for (std::size_t r = 0; r < 2; ++r)
            if (find_named(scenario.network.routers, wire.value.between[r]) == nullptr)
                complain_of_router(scenario, between, r, wire.value.between[r], wire.at,
                                   complaints);
    }
}

/// Cells have a cellular technology, access points have Wi-Fi.
void check_technologies(const Scenario& scenario, Complaints& complaints) {
    const auto check = [&](const std::string& section, const auto& entries, bool wifi,
                           const char* message) {
        for (const auto& entry : entries) {
            if ((entry.value.technology == Technology::wifi) == wifi) continue;
            const std::string path = child_path(section, entry.name) + ".technology";
            const Node* written = find_path(scenario.document.root, path);
            complaints.error(written != nullptr ? written->position() : entry.at, message, path);
        }
    };
    check("network.cells", scenario.network.cells, false,
          "a cell is lte, nr or umts; what has wifi stands under network.access_points");
    check("network.access_points", scenario.network.access_points, true,
          "an access point has wifi; what is cellular stands under network.cells");
}

void check_interfaces(const Scenario& scenario, const Named<PopulationEntry>& population,
                      const DevicePopulation& devices, Complaints& complaints) {
    const std::string path = child_path("populations", population.name) + ".interfaces";
    const Node* written = find_path(scenario.document.root, path);
    const Position list = written != nullptr ? written->position() : population.at;
    if (devices.interfaces.empty())
        complaints.error(
            list, "a device has one interface at least; absence is written as mobility", path);
    const std::size_t inherited =
        devices.interfaces.size() - (written != nullptr ? written->size() : 0);
    for (std::size_t i = 0; i < devices.interfaces.size(); ++i) {
        const auto begin = devices.interfaces.begin();
        const auto end = begin + static_cast<std::ptrdiff_t>(i);
        const auto first = std::find(begin, end, devices.interfaces[i]);
        if (first == end) continue;
        const std::string word(
            enum_words<Technology>[static_cast<std::size_t>(devices.interfaces[i])]);
        const auto place = [&](std::size_t index) {
            return index < inherited ? list
                                     : place_of_item(scenario, path, index - inherited, list);
        };
        complaints
            .error(place(i), word + " is listed twice; they stand in order of preference", path)
            .notes.push_back({place(static_cast<std::size_t>(first - begin)), "first listed here"});
    }
}

/// People write with an app.
void check_writes(const Scenario& scenario, const DevicePopulation& devices,
                  const std::string& where, Complaints& complaints) {
    const std::string path = where + ".traffic";
    const Node* traffic = find_path(scenario.document.root, path);
    const bool told = find_path(scenario.document.root, where + ".app") != nullptr;  // it is wrong
    if (traffic == nullptr || devices.traffic.conversations.count == 0 || told ||
        !devices.app.options.empty())
        return;
    complaints.error(traffic->position(),
                     "there is no 'app' to write with; give one, or leave 'traffic' out", path);
}

/// A span in which something is to happen: it must not end before it begins, and should begin
/// before the run ends.
void check_span(const Scenario& scenario, const std::string& section, std::string_view begin_key,
                Duration begin, std::string_view end_key, Duration end, const std::string& what,
                Complaints& complaints) {
    const std::string begin_path = child_path(section, begin_key);
    const std::string end_path = child_path(section, end_key);
    const Node* begin_node = find_path(scenario.document.root, begin_path);
    const Node* end_node = find_path(scenario.document.root, end_path);
    if (end < begin && end_node != nullptr) {
        complaints.error(end_node->position(),
                         quote(end_key) + " is before " + quote(begin_key) + " (" +
                             format_duration(begin) + "): nobody ever " + what,
                         end_path);
    } else if (begin >= scenario.duration && scenario.duration.ns > 0 && begin_node != nullptr) {
        complaints.warning(begin_node->position(),
                           quote(begin_key) + " is not before the end of the run (" +
                               format_duration(scenario.duration) + "): nobody ever " + what,
                           begin_path);
    }
}

bool has_path(const Scenario& scenario, std::string_view a, std::string_view b) {
    for (const PathEntry& path : scenario.network.paths)
        if ((path.from.name == a && path.to.name == b) ||
            (path.from.name == b && path.to.name == a))
            return true;
    return false;
}

/// Whether a path with an end that does not exist may be meant as the one between `a` and `b`.
bool may_be_misnamed(const Scenario& scenario, const Names& names, std::string_view a,
                     std::string_view b) {
    const auto wrong = [&](const std::string& end) {
        return !is_technology(end) && !names.has("servers", end);
    };
    return std::any_of(
        scenario.network.paths.begin(), scenario.network.paths.end(), [&](const PathEntry& path) {
            const std::string& from = path.from.name;
            const std::string& to = path.to.name;
            return (wrong(to) && (from == a || from == b)) ||
                   (wrong(from) && (to == a || to == b)) || (wrong(from) && wrong(to));
        });
}

void check_station(const Scenario& scenario, const Customers& customers, const std::string& where,
                   Names& names, Complaints& complaints) {
    const Reference& station = *customers.station;
    if (!names.use(station, {"servers"}, "station", complaints)) return;
    const Named<ServerEntry>* group = find_named(scenario.servers, station.name);
    if (group != nullptr && !std::holds_alternative<StationGroup>(group->value) &&
        scenario.unsound.count(child_path("servers", group->name)) == 0)
        complaints
            .error(station.at, quote(station.name) + " is no station but a server of another kind",
                   where)
            .notes.push_back({group->at, "defined here"});
}

void check_reach(const Scenario& scenario, Names& names, Complaints& complaints) {
    const Named<ServerEntry>* relays = relay_group(scenario);
    std::uint32_t groups = 0;
    for (const Named<ServerEntry>& server : scenario.servers)
        if (std::holds_alternative<RelayGroup>(server.value) && ++groups > 1)
            complaints.error(server.at, "a second group of message relays; a scenario has one",
                             child_path("servers", server.name));
    if (relays != nullptr && std::get<RelayGroup>(relays->value).nodes > 1 &&
        !has_path(scenario, relays->name, relays->name) &&
        !may_be_misnamed(scenario, names, relays->name, relays->name))
        complaints.error(relays->at,
                         "its nodes have no path to each other; add { from: " + relays->name +
                             ", to: " + relays->name + ", delay: ... } to network.paths",
                         child_path("servers", relays->name));
    const bool servers_unsound =
        is_lost(scenario.document.root, "servers", complaints) ||
        std::any_of(scenario.servers.begin(), scenario.servers.end(), [&](const auto& server) {
            return scenario.unsound.count(child_path("servers", server.name)) > 0;
        });
    for (const Named<PopulationEntry>& population : scenario.populations) {
        const std::string where = child_path("populations", population.name);
        if (const std::optional<Customers> customers = customers_of(population.value)) {
            check_station(scenario, *customers, where, names, complaints);
            continue;
        }
        const auto& devices = std::get<DevicePopulation>(population.value);
        const std::string with = where + ".traffic.conversations.with";
        for (std::size_t i = 0; i < devices.traffic.conversations.with.size(); ++i) {
            const std::string& other = devices.traffic.conversations.with[i];
            const Named<PopulationEntry>* found = find_named(scenario.populations, other);
            if (found != nullptr && std::holds_alternative<DevicePopulation>(found->value) &&
                other != population.name)
                continue;
            std::vector<std::string> known;
            for (const Named<PopulationEntry>& entry : scenario.populations)
                if (std::holds_alternative<DevicePopulation>(entry.value) &&
                    entry.name != population.name)
                    known.push_back(entry.name);
            complaints.error(place_of_item(scenario, with, i, population.at),
                             "there is no other population of devices " + quote(other) +
                                 did_you_mean(other, known),
                             with);
        }
        if (scenario.unsound.count(where) > 0) continue;
        check_interfaces(scenario, population, devices, complaints);
        check_writes(scenario, devices, where, complaints);
        check_span(scenario, where + ".traffic.send", "from", devices.traffic.send.from, "until",
                   devices.traffic.send.until, "writes", complaints);
        std::vector<std::pair<std::string, std::string>> needed;  // server group, for what
        if (!devices.app.options.empty()) {
            if (relays == nullptr && servers_unsound) {
                continue;  // one of them may be meant as the relay
            } else if (relays == nullptr) {
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
            for (const SyncSource& source : clock->value.sources())
                if (const auto* sntp = std::get_if<SntpParams>(&source))
                    needed.emplace_back(sntp->server, "the clock");
            if (const HostedWords* program = clock->value.program())
                needed.emplace_back(program->server, "the clock");
        }
        for (const auto& [group, what] : needed)
            for (const Technology technology : devices.interfaces) {
                const std::string word(
                    enum_words<Technology>[static_cast<std::size_t>(technology)]);
                if (technology == Technology::none || has_path(scenario, word, group) ||
                    may_be_misnamed(scenario, names, word, group))
                    continue;
                if (find_named(scenario.servers, group) == nullptr) continue;
                std::string message = "no path from " + word + " to " + quote(group);
                message.append(", which ").append(what).append(" needs; add one to network.paths");
                message.append(", or leave ").append(word).append(" out of its interfaces");
                complaints.error(population.at, std::move(message), where);
            }
    }
}

/// Whether `name` is a group of time servers; complains when not.
bool is_time_group(const Scenario& scenario, const std::string& name, const Position& at,
                   const std::string& where, Names& names, Complaints& complaints) {
    if (!names.use({name, at, where}, {"servers"}, "group of time servers", complaints))
        return false;
    const Named<ServerEntry>* group = find_named(scenario.servers, name);
    if (group == nullptr || std::holds_alternative<TimeServerGroup>(group->value)) return true;
    if (scenario.unsound.count(child_path("servers", group->name)) == 0)
        complaints.error(at, quote(name) + " is no group of time servers", where)
            .notes.push_back({group->at, "defined here"});
    return false;
}

void check_time_sync(const Scenario& scenario, const Named<ClockEntry>& clock, Names& names,
                     Complaints& complaints) {
    if (!clock.value.time_sync) return;
    const std::string* server = server_of(*clock.value.time_sync);
    if (server == nullptr) return;
    const Position at = clock.value.time_sync_at;
    const std::string where = child_path("clocks", clock.name) + ".time_sync.server";
    if (server->empty()) {
        std::vector<std::string> known;
        for (const Named<ServerEntry>& group : scenario.servers)
            if (std::holds_alternative<TimeServerGroup>(group.value)) known.push_back(group.name);
        std::string message = "'server' is missing: ";
        message += known.empty() ? "no group of servers has kind ntp"
                                 : "it is " + list_words({known.begin(), known.end()});
        complaints.error(at, std::move(message), where);
        return;
    }
    if (!is_time_group(scenario, *server, at, where, names, complaints)) return;
    const HostedWords* program = clock.value.program();
    const Named<ServerEntry>* group = find_named(scenario.servers, *server);
    if (program == nullptr || group == nullptr) return;
    const std::uint32_t nodes = std::get<TimeServerGroup>(group->value).nodes;
    if (program->sources > nodes)
        complaints.error(at,
                         "'sources' is " + std::to_string(program->sources) + ", but " +
                             quote(*server) + " has " + std::to_string(nodes) + " nodes",
                         child_path("clocks", clock.name) + ".time_sync.sources");
}

void check_clocks(const Scenario& scenario, Names& names, Complaints& complaints) {
    for (const Named<ClockEntry>& clock : scenario.clocks)
        check_time_sync(scenario, clock, names, complaints);
    for (const Named<ClockEntry>& clock : scenario.clocks)
        for (std::size_t i = 0; i < clock.value.sync.size(); ++i) {
            const auto* sntp = std::get_if<SntpParams>(&clock.value.sync[i]);
            if (sntp == nullptr || sntp->server.empty()) continue;
            const std::string where =
                item_path(child_path("clocks", clock.name) + ".sync", i) + ".server";
            is_time_group(scenario, sntp->server, clock.value.sync_at[i], where, names, complaints);
        }
}

void check_series(const Node& node, const Scenario& scenario, Complaints& complaints) {
    const Node* series = node.find("series");
    const Node* of = series != nullptr ? series->find("of") : nullptr;
    if (of == nullptr) return;
    const std::vector<std::string> known = sampled_words(scenario);
    std::map<std::string, Position> seen;
    for (const Node::Entry& item : of->entries()) {
        if (!item.value.is_scalar()) continue;
        const std::string& word = item.value.text();
        const std::optional<SeriesWord> parsed = parse_series_word(scenario, word);
        const Position at = item.value.position();
        if (!parsed) {
            if (!follows_from_another(word, scenario, complaints))
                complaints.error(
                    at, "nothing to sample is called " + quote(word) + did_you_mean(word, known),
                    "outputs.series.of");
            continue;
        }
        const std::string name = series_name(*parsed);
        const auto [first, is_new] = seen.emplace(name, at);
        if (!is_new)
            complaints
                .error(at,
                       quote(word) + " is in the list already, or is called alike in the result: " +
                           quote(name),
                       "outputs.series.of")
                .notes.push_back({first->second, "first listed here"});
    }
}

void check_clocks_output(const Scenario& scenario, const Selector& of, Complaints& complaints) {
    const std::optional<Targets> devices = resolve_devices(scenario, of, complaints);
    if (devices) check_any_device(scenario, of, *devices, complaints);
}

void check_rides(const Scenario& scenario, Complaints& complaints) {
    for (const Named<MobilityEntry>& entry : scenario.mobility) {
        const auto* ride = std::get_if<RailRide>(&entry.value);
        if (ride == nullptr || scenario.unsound.count(child_path("mobility", entry.name)) > 0)
            continue;
        const std::string stops = child_path("mobility", entry.name) + ".stops";
        for (std::size_t i = 0; i < ride->stops.size(); ++i)
            if (ride->stops[i].depart && ride->stops[i].dwell)
                complaints.error(place_of_item(scenario, stops, i, entry.at),
                                 "stop " + std::to_string(i) +
                                     " of a ride has both 'depart' and 'dwell'; either says when "
                                     "it leaves",
                                 item_path(stops, i));
        try {
            const Mobility built(*ride);
        } catch (const std::invalid_argument& error) {
            // "stop 1 of a ride ..." is told at that stop.
            const std::string_view what = error.what();
            std::size_t stop = SIZE_MAX;
            if (what.substr(0, 5) == "stop ")
                std::from_chars(what.data() + 5, what.data() + what.size(), stop);
            complaints.error(place_of_item(scenario, stops, stop, entry.at), std::string(what),
                             child_path("mobility", entry.name));
        }
    }
}

/// A day has 24 hours: fewer factors would leave hours without one.
void check_profiles(const Scenario& scenario, Complaints& complaints) {
    for (const Named<PopulationEntry>& population : scenario.populations) {
        const auto* devices = std::get_if<DevicePopulation>(&population.value);
        if (devices == nullptr) continue;
        const std::size_t given = devices->traffic.send.profile.size();
        if (given == 0 || given == Writing::hours) continue;
        const std::string path =
            child_path("populations", population.name) + ".traffic.send.profile";
        const Node* written = find_path(scenario.document.root, path);
        complaints.error(written != nullptr ? written->position() : population.at,
                         "'profile' has a factor for each hour of the day, 24 from midnight UTC "
                         "(none: a constant rate), not " +
                             std::to_string(given),
                         path);
    }
}

void check_windows(const Scenario& scenario, Complaints& complaints) {
    for (const Named<PopulationEntry>& population : scenario.populations) {
        const auto* customers = std::get_if<CustomerPopulation>(&population.value);
        const std::string where = child_path("populations", population.name);
        if (customers == nullptr || scenario.unsound.count(where) > 0) continue;
        check_span(scenario, where + ".arrivals", "start", customers->arrivals.start, "until",
                   customers->arrivals.until, "comes", complaints);
    }
    for (std::size_t i = 0; i < scenario.expectations.size(); ++i) {
        const Expectation& expectation = scenario.expectations[i];
        if (!expectation.during || expectation.during->to <= scenario.duration ||
            scenario.duration.ns == 0)
            continue;
        const std::string path = item_path("expectations", i) + ".during";
        const Node* during = find_path(scenario.document.root, path);
        if (during == nullptr || during->size() != 2) continue;
        complaints.warning(during->entries()[1].value.position(),
                           "the window lies beyond the end of the run (" +
                               format_duration(scenario.duration) + "): never judged",
                           path);
    }
}

}  // namespace

void check_scenario(const Scenario& scenario, const Node& outputs, Complaints& complaints) {
    if (outputs.is_map()) check_series(outputs, scenario, complaints);
    if (scenario.outputs.clocks && !scenario.outputs.clocks->of.steps.empty())
        check_clocks_output(scenario, scenario.outputs.clocks->of, complaints);
    Names names(scenario.document);
    for (const Named<PopulationEntry>& population : scenario.populations) {
        const auto* devices = std::get_if<DevicePopulation>(&population.value);
        if (devices == nullptr) continue;
        use_choice(devices->mobility, "mobility", "way of moving", names, complaints);
        use_choice(devices->clock, "clocks", "class of clocks", names, complaints);
        use_choice(devices->app, "apps", "version of the app", names, complaints);
    }
    for (const Named<PopulationEntry>& population : scenario.populations)
        if (scenario.unsound.count(child_path("populations", population.name)) > 0)
            for (const auto& [key, section] :
                 {std::pair("mobility", "mobility"), std::pair("clock", "clocks"),
                  std::pair("app", "apps")})
                use_what_is_unsound(scenario, population.name, key, section, names);
    check_path_ends(scenario, names, complaints);
    check_technologies(scenario, complaints);
    check_clocks(scenario, names, complaints);
    check_reach(scenario, names, complaints);
    check_rides(scenario, complaints);
    check_timeline(scenario, complaints);
    check_profiles(scenario, complaints);
    check_windows(scenario, complaints);
    check_customers(scenario, complaints);
    names.complain_about_unused(complaints);
}

}  // namespace driftstorm
