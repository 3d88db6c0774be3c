// Where a scenario's word becomes a C++ type: the one place that knows every model.
#include "scenarios/read_distribution.hpp"
#include "scenarios/scenario.hpp"

#include <algorithm>
#include <array>
#include <sstream>
#include <utility>

namespace driftstorm {

namespace {

// ---- kinds
// ---------------------------------------------------------------------------------------

template <class Variant>
struct Kinds;
template <class... Kind>
struct Kinds<std::variant<Kind...>> {
    static constexpr std::array<std::string_view, sizeof...(Kind)> words{Kind::kind...};

    /// Reads a map by the word under `kind`; without that key the kind is `otherwise` (or it is an
    /// error).
    static bool read(const Node& node, const std::string& path, Complaints& complaints,
                     std::variant<Kind...>& entry, std::string_view otherwise) {
        if (!check_is_map(node, {path, path, {}, complaints})) return false;
        const Node* word = node.find("kind");
        std::size_t index = words.size();
        if (word != nullptr) {
            const auto found =
                read_word(*word, {"kind", child_path(path, "kind"), {}, complaints}, words);
            if (!found) return false;
            index = *found;
        } else {
            index = static_cast<std::size_t>(std::find(words.begin(), words.end(), otherwise) -
                                             words.begin());
            if (index == words.size()) {
                complaints.error(
                    node.position(),
                    "'kind' is missing; it is " + list_words({words.begin(), words.end()}), path);
                return false;
            }
        }
        std::size_t at = 0;
        bool sound = false;
        const auto try_kind = [&]<class K>(std::type_identity<K>) {
            if (at++ != index) return;
            K params{};
            sound = read_fields(node, path, complaints, params, {{"kind"}, nullptr});
            entry = std::move(params);
        };
        (try_kind(std::type_identity<Kind>{}), ...);
        return sound;
    }
    static Node write(const std::variant<Kind...>& entry) {
        return std::visit(
            [](const auto& params) {
                using K = std::remove_cvref_t<decltype(params)>;
                std::vector<Node::Entry> entries{{"kind", {}, text_node(std::string(K::kind))}};
                const Node fields = params_node(params);
                entries.insert(entries.end(), fields.entries().begin(), fields.entries().end());
                return Node::map(std::move(entries), {});
            },
            entry);
    }
    static std::string schema(SchemaWriter& writer, SchemaWriter::Entry entry) {
        std::vector<std::pair<std::string_view, std::vector<SchemaWriter::Property>>> kinds;
        (kinds.emplace_back(Kind::kind, describe<Kind>(writer)), ...);
        return writer.kinds("kind", kinds, entry);
    }
};

template <class Variant>
void read_kinds(const Node& section, const std::string& path, Complaints& complaints,
                std::string_view otherwise, std::vector<Named<Variant>>& entries) {
    if (section.is_null() || !check_is_map(section, {path, path, {}, complaints})) return;
    for (const Node::Entry& entry : section.entries()) {
        const std::string below = child_path(path, entry.key);
        check_name(entry.key, entry.key_position, below, complaints);
        Named<Variant> named{entry.key, entry.key_position, Variant{}};
        Kinds<Variant>::read(entry.value, below, complaints, named.value, otherwise);
        entries.push_back(std::move(named));
    }
}

// ---- sources of time
// -----------------------------------------------------------------------------

constexpr std::array<std::string_view, std::variant_size_v<SyncSource>> protocols{SntpParams::word,
                                                                                  NitzParams::word};

template <class Source>
void read_source(const Node& node, const std::string& path, Complaints& complaints,
                 ClockEntry& clock) {
    Source params{};
    read_fields(node, path, complaints, params, {{"protocol"}, nullptr});
    clock.sync.emplace_back(std::move(params));
    const Node* server = node.find("server");
    clock.sync_at.push_back(server != nullptr ? server->position() : node.position());
}

void read_clock(const Node::Entry& entry, const std::string& path, Complaints& complaints,
                ClockEntry& clock) {
    if (!read_fields(entry.value, path, complaints, clock, {{"sync"}, nullptr}) &&
        !entry.value.is_map())
        return;
    const Node* sync = entry.value.find("sync");
    if (sync == nullptr ||
        !check_is_sequence(*sync, {"sync", child_path(path, "sync"), {}, complaints}))
        return;
    for (std::size_t i = 0; i < sync->size(); ++i) {
        const Node& source = sync->entries()[i].value;
        const std::string below = item_path(child_path(path, "sync"), i);
        if (!check_is_map(source, {below, below, {}, complaints})) continue;
        const Node* protocol = source.find("protocol");
        if (protocol == nullptr) {
            complaints.error(
                source.position(),
                "'protocol' is missing; it is " + list_words({protocols.begin(), protocols.end()}),
                below);
            continue;
        }
        const auto index = read_word(
            *protocol, {"protocol", child_path(below, "protocol"), {}, complaints}, protocols);
        if (!index) continue;
        if (*index == 0) {
            read_source<SntpParams>(source, below, complaints, clock);
        } else {
            read_source<NitzParams>(source, below, complaints, clock);
        }
    }
}

Node clock_node(const ClockEntry& clock) {
    const Node fields = params_node(static_cast<const ClockParams&>(clock));
    std::vector<Node::Entry> entries = fields.entries();
    std::vector<Node::Entry> sources;
    for (const SyncSource& source : clock.sync)
        std::visit(
            [&](const auto& params) {
                using S = std::remove_cvref_t<decltype(params)>;
                std::vector<Node::Entry> keys{{"protocol", {}, text_node(std::string(S::word))}};
                const Node below = params_node(params);
                keys.insert(keys.end(), below.entries().begin(), below.entries().end());
                sources.push_back({"", {}, Node::map(std::move(keys), {})});
            },
            source);
    entries.push_back({"sync", {}, Node::sequence(std::move(sources), {})});
    return Node::map(std::move(entries), {});
}

// ---- the whole file
// ------------------------------------------------------------------------------

struct TopLevel {
    std::string title;
    std::vector<std::string> tags;
    std::uint64_t seed = 1;
    Timestamp epoch{};
    Duration duration{};
    Duration warmup{};
    NetworkSection network;
    Node mobility;
    Node clocks;
    Node servers;
    std::vector<Named<AppVersion>> apps;
    Node populations;
    std::vector<FaultEntry> timeline;
    Node outputs;
    std::vector<Expectation> expectations;

    static constexpr std::array<std::string_view, 1> required() { return {"duration"}; }
    static constexpr auto fields() {
        using P = TopLevel;
        return std::tuple{
            Field<P, std::string>{"title", &P::title, "", "what it shows, in a line"},
            Field<P, std::vector<std::string>>{"tags", &P::tags, "", "words to find it by"},
            Field<P, std::uint64_t>{"seed", &P::seed, "", "of all draws", 0, 1.8446744073709552e19},
            Field<P, Timestamp>{"epoch", &P::epoch, "", "true time at the start, UTC"},
            Field<P, Duration>{"duration", &P::duration, "s", "of the run", 1e-9, 3.1e9},
            Field<P, Duration>{"warmup", &P::warmup, "s", "left out of summaries and expectations",
                               0, 3.1e9},
            Field<P, NetworkSection>{"network", &P::network, "",
                                     "cells, access points, paths, routers"},
            Field<P, Node>{"mobility", &P::mobility, "", "how devices move"},
            Field<P, Node>{"clocks", &P::clocks, "",
                           "classes of clocks, and how they are kept right"},
            Field<P, Node>{"servers", &P::servers, "", "groups of servers"},
            Field<P, std::vector<Named<AppVersion>>>{"apps", &P::apps, "",
                                                     "versions of the messaging app"},
            Field<P, Node>{"populations", &P::populations, "",
                           "devices with their people, customers"},
            Field<P, std::vector<FaultEntry>>{"timeline", &P::timeline, "",
                                              "what breaks, when, for how long"},
            Field<P, Node>{"outputs", &P::outputs, "", "what the result file keeps"},
            Field<P, std::vector<Expectation>>{"expectations", &P::expectations, "",
                                               "assertions about the run"}};
    }
};

/// `outputs: none`.
constexpr std::array<std::string_view, 1> no_outputs{"none"};

template <class Entry>
void use_choice(const WeightedChoice& choice, std::string_view section, std::string_view what,
                Names& names, Complaints& complaints, const std::vector<Named<Entry>>&) {
    for (const WeightedChoice::Option& option : choice.options)
        names.use({option.name, option.at, choice.path}, {section}, what, complaints);
}

bool is_technology(std::string_view word) {
    const auto& words = enum_words<Technology>;
    return word != "none" && std::find(words.begin(), words.end(), word) != words.end();
}

template <class Entry>
const Named<Entry>* find_named(const std::vector<Named<Entry>>& entries, std::string_view name) {
    for (const Named<Entry>& entry : entries)
        if (entry.name == name) return &entry;
    return nullptr;
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

void check_outputs(const Node& node, Scenario& scenario, Complaints& complaints) {
    if (node.is_null()) return;
    if (node.is_scalar()) {
        scenario.outputs_none =
            read_word(node, {"outputs", "outputs", {}, complaints}, no_outputs).has_value();
        return;
    }
    read_fields(node, "outputs", complaints, scenario.outputs);
    const Node* events = node.find("events");
    std::vector<std::string_view> known;
    for (const auto& [word, table] : event_tables()) known.push_back(word);
    for (std::size_t i = 0; i < scenario.outputs.events.size(); ++i) {
        const std::string& word = scenario.outputs.events[i];
        if (std::find(known.begin(), known.end(), word) != known.end()) continue;
        const Position at = events != nullptr && i < events->size()
                                ? events->entries()[i].value.position()
                                : node.position();
        complaints.error(at, "no such kind of event: " + quote(word) + did_you_mean(word, known),
                         "outputs.events");
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

void read_traces(Scenario& scenario, Complaints& complaints) {
    for (const Named<MobilityEntry>& entry : scenario.mobility) {
        const auto* replay = std::get_if<TraceReplay>(&entry.value);
        if (replay == nullptr || replay->file.empty()) continue;
        const std::string where = child_path("mobility", entry.name) + ".file";
        const Node* node = find_path(scenario.document.root, where);
        const Position at = node != nullptr ? node->position() : entry.at;
        const Position origin = node != nullptr ? node->origin() : entry.at;
        const std::string name =
            origin.known() ? complaints.sources().beside(origin.file, replay->file) : replay->file;
        std::string reason;
        const auto file = complaints.sources().read(name, at, reason);
        if (!file) {
            complaints.error(at, "cannot read " + quote(name) + ": " + reason, where);
            continue;
        }
        std::istringstream text(complaints.sources().file(*file).bytes);
        try {
            scenario.traces.emplace_back(
                entry.name, read_radio_trace(text, name,
                                             {replay->cell_column, replay->technology_column,
                                              replay->capacity_column,
                                              static_cast<double>(replay->capacity_unit),
                                              replay->handover_column, replay->signal_column}));
        } catch (const std::runtime_error& error) {
            complaints.error(at, error.what(), where);
        }
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
        if (fault.fault == FaultKind::clock_step && !fault.by)
            complaints.error(fault.target.at,
                             "a clock_step needs 'by': how far the clock is put forward", where);
        if (fault.fault != FaultKind::app_restart && !fault.length)
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

const std::vector<std::pair<std::string_view, std::string_view>>& event_tables() {
    static const std::vector<std::pair<std::string_view, std::string_view>> tables{
        {"handover", "events/handover"},
        {"connection", "events/connection"},
        {"clock_adjust", "clocks/adjust"},
        {"clock_sync", "clocks/sync"},
        {"resync", "events/resync"},
        {"retry", "events/retry"},
        {"receipt", "events/receipt"},
        {"fault", "events/fault"},
        {"drop", "events/drop"},
        {"server_drop", "events/server_drop"},
        {"queue", "servers/queue"},
        {"attached", "network/cell_attached"},
        {"request_lost", "clocks/request_lost"},
        {"server_step", "clocks/server_step"},
        {"service", "events/service"},
        {"attempt", "events/attempt"},
        {"request", "events/request"},
        {"station", "changes/station"},
        {"clients", "changes/clients"}};
    return tables;
}

const std::vector<std::pair<std::string_view, std::string_view>>& series_words() {
    static const std::vector<std::pair<std::string_view, std::string_view>> words{
        {"relay.queue_depth", "jobs that wait, by node"},
        {"relay.arrivals", "packets that reached each node since the last sample"},
        {"time_server.queue_depth", "requests waiting or being answered, by node"},
        {"station.queue_depth", "customers who wait"},
        {"station.in_service", "customers at workers"},
        {"cell.attached", "devices served"},
        {"population.connected", "devices with a connection to a relay"},
        {"population.outbox", "messages not yet acknowledged"},
        {"population.clock_offset.quantiles",
         "wall clock minus true time: 1, 5, 25, 50, 75, 95, 99 %"},
        {"population.on_wifi", "devices served by Wi-Fi"},
        {"population.on_cellular", "devices served by a cell"},
        {"population.without_network", "devices without a network"}};
    return words;
}

std::vector<std::pair<std::string, std::string>> list_models() {
    return {{"mobility.kind: fixed", "stays at one place on the line"},
            {"mobility.kind: rail", "rides a line with stops"},
            {"mobility.kind: trace", "replays a recorded radio"},
            {"servers.kind: ntp", "NTP servers with an error and a capacity of their own"},
            {"servers.kind: message_relay", "sequencing, store-and-forward, resync, sessions"},
            {"servers.kind: station", "a queueing station"},
            {"populations.kind: devices", "phones with a radio, a clock, an app and a person"},
            {"populations.kind: customers", "arrivals at a station"},
            {"clocks.sync.protocol: sntp", "one-packet NTP client with step and slew"},
            {"clocks.sync.protocol: nitz", "time from the cell"}};
}

std::vector<std::pair<std::string, std::string>> list_faults() {
    return {
        {"node_down", "a server node crashes; target servers.NAME[K]; restart: { cold_cache }"},
        {"link_down", "a router or wire fails; target network.routers.NAME or network.links.NAME"},
        {"cell_degrade", "other rates; target a cell or access point; set: { downlink, uplink }"},
        {"cell_down", "off; target a cell or access point"},
        {"packet_loss", "target a cell, access point or network.paths[K]; set: { loss }"},
        {"capacity_factor", "target a cell or access point; set: { factor }"},
        {"clock_step", "target a server node; by: how far its clock is put forward"},
        {"app_restart", "target a population or a part of it; clear_cache"}};
}

const Named<ServerEntry>* relay_group(const Scenario& scenario) {
    for (const Named<ServerEntry>& server : scenario.servers)
        if (std::holds_alternative<RelayGroup>(server.value)) return &server;
    return nullptr;
}

std::unique_ptr<Scenario> read_scenario(const std::string& file, const std::vector<Assignment>& set,
                                        Complaints& complaints) {
    std::optional<Document> document = load_document(file, set, complaints);
    if (!document) return nullptr;
    auto scenario = std::make_unique<Scenario>();
    scenario->file = file;
    scenario->document = *document;
    scenario->parameters_changed = document->parameters_changed();
    const Node& root = scenario->document.root;

    TopLevel top;
    read_fields(root, "", complaints, top);
    scenario->title = std::move(top.title);
    scenario->tags = std::move(top.tags);
    scenario->seed = top.seed;
    scenario->epoch = top.epoch;
    scenario->duration = top.duration;
    scenario->warmup = top.warmup;
    scenario->network = std::move(top.network);
    scenario->apps = std::move(top.apps);
    scenario->timeline = std::move(top.timeline);
    scenario->expectations = std::move(top.expectations);
    for (Expectation& expectation : scenario->expectations) expectation.at = expectation.is.at;
    read_kinds(top.mobility, "mobility", complaints, "", scenario->mobility);
    read_kinds(top.servers, "servers", complaints, "", scenario->servers);
    read_kinds(top.populations, "populations", complaints, DevicePopulation::kind,
               scenario->populations);
    if (!top.clocks.is_null() && check_is_map(top.clocks, {"clocks", "clocks", {}, complaints}))
        for (const Node::Entry& entry : top.clocks.entries()) {
            const std::string path = child_path("clocks", entry.key);
            check_name(entry.key, entry.key_position, path, complaints);
            Named<ClockEntry> clock{entry.key, entry.key_position, {}};
            read_clock(entry, path, complaints, clock.value);
            scenario->clocks.push_back(std::move(clock));
        }
    check_outputs(top.outputs, *scenario, complaints);
    if (top.outputs.is_map()) check_series(top.outputs, *scenario, complaints);

    Names names(scenario->document);
    for (const Named<PopulationEntry>& population : scenario->populations) {
        const auto* devices = std::get_if<DevicePopulation>(&population.value);
        if (devices == nullptr) continue;
        use_choice(devices->mobility, "mobility", "way of moving", names, complaints,
                   scenario->mobility);
        use_choice(devices->clock, "clocks", "class of clocks", names, complaints,
                   scenario->clocks);
        use_choice(devices->app, "apps", "version of the app", names, complaints, scenario->apps);
    }
    check_path_ends(*scenario, names, complaints);
    check_clocks(*scenario, names, complaints);
    check_reach(*scenario, names, complaints);
    read_traces(*scenario, complaints);
    check_rides(*scenario, complaints);
    check_timeline(*scenario, complaints);
    if (scenario->warmup >= scenario->duration && scenario->duration.ns > 0) {
        const Node* warmup = root.find("warmup");
        if (warmup != nullptr)
            complaints.error(warmup->position(), "the warm-up takes the whole run", "warmup");
    }
    names.complain_about_unused(complaints);
    return scenario;
}

// ---- targets
// -------------------------------------------------------------------------------------

namespace {

bool fits(FaultKind fault, TargetKind target) {
    switch (fault) {
        case FaultKind::node_down:
        case FaultKind::clock_step:
            return target == TargetKind::server_node;
        case FaultKind::link_down:
            return target == TargetKind::router || target == TargetKind::wire;
        case FaultKind::cell_degrade:
        case FaultKind::cell_down:
        case FaultKind::capacity_factor:
            return target == TargetKind::cell || target == TargetKind::access_point;
        case FaultKind::packet_loss:
            return target == TargetKind::cell || target == TargetKind::access_point ||
                   target == TargetKind::path;
        case FaultKind::app_restart:
            return target == TargetKind::device;
    }
    return false;
}

template <class Entry>
void add_names(const std::vector<Named<Entry>>& entries, std::vector<std::string>& names) {
    for (const Named<Entry>& entry : entries) names.push_back(entry.name);
}

/// Sections a target may stand in, with the words that may come before the entry's name.
struct TargetSection {
    std::string_view full;
    std::string_view brief;
    TargetKind kind;
};
constexpr std::array<TargetSection, 6> target_sections{
    {{"network.cells", "cells", TargetKind::cell},
     {"network.access_points", "access_points", TargetKind::access_point},
     {"servers", "servers", TargetKind::server_node},
     {"network.routers", "routers", TargetKind::router},
     {"network.links", "links", TargetKind::wire},
     {"populations", "populations", TargetKind::device}}};

std::vector<std::string> names_of(const Scenario& scenario, TargetKind kind) {
    std::vector<std::string> names;
    switch (kind) {
        case TargetKind::cell:
            add_names(scenario.network.cells, names);
            break;
        case TargetKind::access_point:
            add_names(scenario.network.access_points, names);
            break;
        case TargetKind::server_node:
            add_names(scenario.servers, names);
            break;
        case TargetKind::router:
            add_names(scenario.network.routers, names);
            break;
        case TargetKind::wire:
            add_names(scenario.network.links, names);
            break;
        case TargetKind::device:
            add_names(scenario.populations, names);
            break;
        case TargetKind::path:
            break;
    }
    return names;
}

std::uint32_t nodes_of(const ServerEntry& server) {
    if (const auto* group = std::get_if<TimeServerGroup>(&server)) return group->nodes;
    if (const auto* group = std::get_if<RelayGroup>(&server)) return group->nodes;
    return 1;
}

std::optional<Targets> nothing(Complaints& complaints, const Selector& selector,
                               const std::string& message) {
    complaints.error(selector.at, message, selector.path);
    return std::nullopt;
}

}  // namespace

std::optional<Targets> resolve_target(const Scenario& scenario, const FaultEntry& fault,
                                      Complaints& complaints) {
    const Selector& selector = fault.target;
    std::vector<SelectorStep> steps = selector.steps;
    const std::string word(enum_words<FaultKind>[static_cast<std::size_t>(fault.fault)]);

    // network.paths[K]
    const std::string head = selector.head();
    if (head == "network.paths" || head == "paths") {
        if (!fits(fault.fault, TargetKind::path))
            return nothing(complaints, selector, word + " cannot hit a path");
        const SelectorStep& last = steps.back();
        if (last.kind != SelectorStep::Kind::index || last.index >= scenario.network.paths.size())
            return nothing(complaints, selector,
                           quote(selector.text) + " matches nothing: network.paths has " +
                               std::to_string(scenario.network.paths.size()) +
                               " entries, numbered from 0");
        return Targets{TargetKind::path, {"paths"}, {static_cast<std::uint32_t>(last.index)}, {}};
    }

    std::optional<TargetKind> kind;
    std::size_t at = 0;
    for (const TargetSection& section : target_sections) {
        if (head == section.full || head.rfind(std::string(section.full) + ".", 0) == 0) {
            kind = section.kind;
            at = section.full.find('.') == std::string_view::npos ? 1 : 2;
        } else if (head == section.brief || head.rfind(std::string(section.brief) + ".", 0) == 0) {
            kind = section.kind;
            at = 1;
        }
    }
    std::string name;
    if (at < steps.size() && steps[at].kind == SelectorStep::Kind::name) name = steps[at].name;
    if (!kind) {
        // The section may be left out when the name is unique.
        std::vector<std::string> all;
        for (const TargetSection& section : target_sections)
            for (const std::string& known : names_of(scenario, section.kind)) {
                all.push_back(known);
                if (known != name) continue;
                if (kind && *kind != section.kind)
                    return nothing(
                        complaints, selector,
                        quote(name) + " is the name of several things; say which section");
                kind = section.kind;
            }
        if (!kind)
            return nothing(complaints, selector,
                           quote(selector.text) + " matches nothing" + did_you_mean(name, all));
    }
    if (!fits(fault.fault, *kind)) {
        std::string may;
        for (const auto& [known, help] : list_faults())
            if (known == word) may = help;
        return nothing(complaints, selector,
                       word + " cannot hit " + quote(selector.text) + ": " + may);
    }
    const std::vector<std::string> names = names_of(scenario, *kind);
    if (std::find(names.begin(), names.end(), name) == names.end())
        return nothing(complaints, selector,
                       quote(selector.text) + " matches nothing" + did_you_mean(name, names));

    Targets targets;
    targets.kind = *kind;
    const std::span<const SelectorStep> rest = std::span(steps).subspan(at + 1);
    if (*kind == TargetKind::server_node) {
        const std::uint32_t nodes = nodes_of(find_named(scenario.servers, name)->value);
        for (std::uint32_t node = 0; node < nodes; ++node) {
            if (!rest.empty() && rest.front().kind == SelectorStep::Kind::index &&
                rest.front().index != node)
                continue;
            targets.names.push_back(name);
            targets.members.push_back(node);
        }
        if (targets.names.empty())
            return nothing(complaints, selector,
                           quote(selector.text) + " matches nothing: " + quote(name) + " has " +
                               std::to_string(nodes) + " nodes, numbered from 0");
        return targets;
    }
    targets.names.push_back(name);
    targets.members.push_back(0);
    if (*kind == TargetKind::device)
        for (const SelectorStep& step : rest) {
            if (step.kind == SelectorStep::Kind::index)
                targets.members.front() = static_cast<std::uint32_t>(step.index) + 1;
            for (const SelectorStep::Match& match : step.matches) {
                constexpr std::array<std::string_view, 3> attributes{"app", "clock", "mobility"};
                if (std::find(attributes.begin(), attributes.end(), match.attribute) ==
                    attributes.end())
                    return nothing(complaints, selector,
                                   "devices have no attribute " + quote(match.attribute) +
                                       "; they have app, clock, mobility");
                const auto* population =
                    std::get_if<DevicePopulation>(&find_named(scenario.populations, name)->value);
                if (population == nullptr)
                    return nothing(complaints, selector, quote(name) + " holds no devices");
                const WeightedChoice& choice = match.attribute == "app"     ? population->app
                                               : match.attribute == "clock" ? population->clock
                                                                            : population->mobility;
                std::vector<std::string> options;
                for (const WeightedChoice::Option& option : choice.options)
                    options.push_back(option.name);
                if (std::find(options.begin(), options.end(), match.value) == options.end())
                    return nothing(complaints, selector,
                                   "no device of " + quote(name) + " has " + match.attribute + " " +
                                       quote(match.value) + did_you_mean(match.value, options));
                targets.attributes.push_back(match);
            }
        }
    return targets;
}

// ---- writing
// -------------------------------------------------------------------------------------

namespace {

template <class Variant>
Node kinds_node(const std::vector<Named<Variant>>& entries) {
    std::vector<Node::Entry> map;
    for (const Named<Variant>& entry : entries)
        map.push_back({entry.name, {}, Kinds<Variant>::write(entry.value)});
    return Node::map(std::move(map), {});
}

template <class Value>
Node value_node(const Value& value) {
    return ValueForm<Value>::write(value, {}).value_or(Node::null({}));
}

}  // namespace

std::string resolved_yaml(const Scenario& scenario) {
    std::vector<Node::Entry> top;
    const auto add = [&top](std::string key, Node node) {
        top.push_back({std::move(key), {}, std::move(node)});
    };
    add("schema", text_node("scenario/1"));
    add("title", text_node(scenario.title));
    add("tags", value_node(scenario.tags));
    add("seed", text_node(std::to_string(scenario.seed)));
    add("epoch", value_node(scenario.epoch));
    add("duration", duration_node(scenario.duration));
    add("warmup", duration_node(scenario.warmup));
    add("network", params_node(scenario.network));
    add("mobility", kinds_node(scenario.mobility));
    std::vector<Node::Entry> clocks;
    for (const Named<ClockEntry>& clock : scenario.clocks)
        clocks.push_back({clock.name, {}, clock_node(clock.value)});
    add("clocks", Node::map(std::move(clocks), {}));
    add("servers", kinds_node(scenario.servers));
    add("apps", value_node(scenario.apps));
    add("populations", kinds_node(scenario.populations));
    add("timeline", value_node(scenario.timeline));
    add("outputs", scenario.outputs_none ? text_node("none") : params_node(scenario.outputs));
    add("expectations", value_node(scenario.expectations));
    return yaml_text(Node::map(std::move(top), {}));
}

std::string scenario_schema() {
    SchemaWriter writer;
    std::vector<SchemaWriter::Property> sections = describe<TopLevel>(writer);
    std::vector<SchemaWriter::Property> sources_sntp = describe<SntpParams>(writer);
    const std::array<std::pair<std::string_view, std::vector<SchemaWriter::Property>>, 2> sources{
        {{SntpParams::word, sources_sntp}, {NitzParams::word, describe<NitzParams>(writer)}}};
    std::vector<SchemaWriter::Property> clock = describe<ClockParams>(writer);
    clock.push_back({"sync", "sources of time", writer.list(writer.kinds("protocol", sources))});
    const std::array<std::string, 2> outputs{writer.words(no_outputs),
                                             writer.map(describe<Outputs>(writer))};
    for (SchemaWriter::Property& section : sections) {
        if (section.name == "mobility")
            section.schema = writer.names_to(
                Kinds<MobilityEntry>::schema(writer, SchemaWriter::Entry::only_referred_to));
        if (section.name == "servers")
            section.schema =
                writer.names_to(Kinds<ServerEntry>::schema(writer, SchemaWriter::Entry::any));
        if (section.name == "populations")
            section.schema =
                writer.names_to(Kinds<PopulationEntry>::schema(writer, SchemaWriter::Entry::any));
        if (section.name == "clocks")
            section.schema =
                writer.names_to(writer.map(clock, SchemaWriter::Entry::only_referred_to));
        if (section.name == "apps")
            section.schema = writer.names_to(
                writer.map(describe<AppVersion>(writer), SchemaWriter::Entry::only_referred_to));
        if (section.name == "outputs") section.schema = writer.any_of(outputs);
    }
    return writer.document("driftstorm scenario/1", sections);
}

}  // namespace driftstorm
