// Where a scenario's word becomes a C++ type: the one place that knows every model.
#include "scenarios/clock_words.hpp"
#include "scenarios/parameter_list.hpp"
#include "scenarios/read_distribution.hpp"
#include "scenarios/scenario.hpp"
#include "scenarios/scenario_checks.hpp"

#include <algorithm>
#include <array>
#include <map>
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
        bool forgotten = false;
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
            // Keys that another kind has and this one has not: it was forgotten.
            const std::array<std::size_t, sizeof...(Kind)> known{keys_known<Kind>(node)...};
            const auto best = std::max_element(known.begin(), known.end()) - known.begin();
            if (known[static_cast<std::size_t>(best)] > known[index]) {
                index = static_cast<std::size_t>(best);
                complaints.error(node.position(),
                                 "'kind: " + std::string(words[index]) +
                                     "' is missing, by its keys; without it this is of kind " +
                                     std::string(otherwise),
                                 path);
                forgotten = true;
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
        return sound && !forgotten;
    }
    template <class K>
    static std::size_t keys_known(const Node& node) {
        const std::vector<std::string_view> own = keys_of<K>().own;
        return static_cast<std::size_t>(
            std::count_if(node.entries().begin(), node.entries().end(), [&](const auto& entry) {
                return std::find(own.begin(), own.end(), entry.key) != own.end();
            }));
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
                std::string_view otherwise, std::vector<Named<Variant>>& entries,
                std::set<std::string>& unsound) {
    if (section.is_null() || !check_is_map(section, {path, path, {}, complaints})) return;
    for (const Node::Entry& entry : section.entries()) {
        const std::string below = child_path(path, entry.key);
        check_name(entry.key, entry.key_position, below, complaints);
        Named<Variant> named{entry.key, entry.key_position, Variant{}};
        if (!Kinds<Variant>::read(entry.value, below, complaints, named.value, otherwise))
            unsound.insert(below);
        entries.push_back(std::move(named));
    }
}

// ---- sources of time
// -----------------------------------------------------------------------------

constexpr std::array<std::string_view, std::variant_size_v<SyncSource>> protocols{
    SntpParams::word, NitzParams::word, GnssParams::word};

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
    if (!read_clock_params(entry.value, path, complaints, clock,
                           {{"sync", "time_sync"}, nullptr}) &&
        !entry.value.is_map())
        return;
    const Node* sync = entry.value.find("sync");
    if (const Node* client = entry.value.find("time_sync")) {
        const std::string below = child_path(path, "time_sync");
        clock.time_sync = read_time_sync(*client, below, complaints);
        const Node* server = client->is_map() ? client->find("server") : nullptr;
        clock.time_sync_at = server != nullptr ? server->position() : client->position();
        if (sync != nullptr)
            complaints
                .error(client->position(),
                       "'time_sync' and 'sync' both say how the clock is kept right", below)
                .notes.push_back({sync->position(), "'sync' stands here"});
        return;
    }
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
        } else if (*index == 1) {
            read_source<NitzParams>(source, below, complaints, clock);
        } else {
            read_source<GnssParams>(source, below, complaints, clock);
        }
    }
}

/// A time client that names no servers asks the only group there is.
void name_only_server(Scenario& scenario) {
    const Named<ServerEntry>* only = nullptr;
    for (const Named<ServerEntry>& server : scenario.servers) {
        if (!std::holds_alternative<TimeServerGroup>(server.value)) continue;
        if (only != nullptr) return;
        only = &server;
    }
    if (only == nullptr) return;
    for (Named<ClockEntry>& clock : scenario.clocks) {
        if (!clock.value.time_sync) continue;
        std::string* server = server_of(*clock.value.time_sync);
        if (server != nullptr && server->empty()) *server = only->name;
    }
}

Node clock_node(const ClockEntry& clock) {
    const Node fields = params_node(static_cast<const ClockParams&>(clock));
    std::vector<Node::Entry> entries = fields.entries();
    if (clock.time_sync) {
        entries.push_back({"time_sync", {}, time_sync_node(*clock.time_sync)});
        return Node::map(std::move(entries), {});
    }
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
        return FieldList{
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

void check_outputs(const Node& node, Scenario& scenario, Complaints& complaints) {
    if (node.is_null()) return;
    if (node.is_scalar()) {
        scenario.outputs_none = node.text() == no_outputs.front();
        if (!scenario.outputs_none)
            complain_must_be(node, {"outputs", "outputs", {}, complaints},
                             "a map of series, events and messages, or none");
        return;
    }
    read_fields(node, "outputs", complaints, scenario.outputs);
    const Node* events = node.find("events");
    std::vector<std::string_view> known;
    for (const auto& [word, table] : event_tables()) known.push_back(word);
    std::map<std::string, Position> seen;
    for (std::size_t i = 0; i < scenario.outputs.events.size(); ++i) {
        const std::string& word = scenario.outputs.events[i];
        const Position at = events != nullptr && i < events->size()
                                ? events->entries()[i].value.position()
                                : node.position();
        const auto [first, is_new] = seen.emplace(word, at);
        if (!is_new && !word.empty()) {
            complaints.error(at, quote(word) + " is listed twice", "outputs.events")
                .notes.push_back({first->second, "first listed here"});
            continue;
        }
        if (word.empty() || std::find(known.begin(), known.end(), word) != known.end()) continue;
        complaints.error(at, "no such kind of event: " + quote(word) + did_you_mean(word, known),
                         "outputs.events");
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

}  // namespace

const std::vector<std::pair<std::string_view, std::string_view>>& event_tables() {
    static const std::vector<std::pair<std::string_view, std::string_view>> tables{
        {"handover", "events/handover"},
        {"connection", "events/connection"},
        {"clock_adjust", "clocks/adjust"},
        {"clock_sync", "clocks/sync"},
        {"clock_measurement", "clocks/measurement"},
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

std::vector<std::pair<std::string, std::string>> list_models() {
    return {{"mobility.kind: fixed", "stays at one place on the line"},
            {"mobility.kind: rail", "rides a line with stops"},
            {"mobility.kind: trace", "replays a recorded radio"},
            {"servers.kind: ntp", "NTP servers with an error and a capacity of their own"},
            {"servers.kind: message_relay", "sequencing, store-and-forward, resync, sessions"},
            {"servers.kind: station", "a queueing station"},
            {"populations.kind: devices", "phones with a radio, a clock, an app and a person"},
            {"populations.kind: customers", "arrivals at a station"},
            {"populations.kind: finite_customers",
             "a fixed number of customers, who think between an answer and the next request"},
            {"clocks.sync.protocol: sntp", "one-packet NTP client with step and slew"},
            {"clocks.sync.protocol: nitz", "time from the cell"},
            {"clocks.sync.protocol: gnss", "time from satellites"},
            {"clocks.time_sync: chrony", "chronyd 4.3, in the words of chrony.conf"},
            {"clocks.time_sync: ntpd", "ntpd 4.2.8p15, in the words of ntp.conf"},
            {"clocks.time_sync: ntpsec", "ntpsec 1.2.2, where it differs from ntpd"},
            {"clocks.time_sync: busybox", "ntpd of busybox 1.37"},
            {"clocks.time_sync: timesyncd", "systemd-timesyncd, in the words of timesyncd.conf"},
            {"clocks.time_sync: sntp", "one-packet client with step and slew"},
            {"clocks.time_sync: one_shot", "one request and one step at the start"},
            {"clocks.time_sync: android", "SNTP every 18 h, steps from 2 s on, NITZ"},
            {"clocks.time_sync: ios", "hourly, frequency tracked; partly assumed"},
            {"clocks.time_sync: nitz", "the mobile network's time alone"},
            {"clocks.time_sync: gnss", "a satellite receiver"},
            {"clocks.time_sync: none", "nothing keeps the clock right"}};
}

std::vector<std::pair<std::string, std::string>> list_faults() {
    return {
        {"node_down", "a server node crashes; target servers.NAME[K]; restart: { cold_cache }"},
        {"link_down", "a router or wire fails; target network.routers.NAME or network.links.NAME"},
        {"cell_degrade", "other rates; target a cell or access point; set: { downlink, uplink }"},
        {"cell_down", "off; target a cell or access point"},
        {"packet_loss", "target a cell, access point or network.paths[K]; set: { loss }"},
        {"capacity_factor",
         "other rates or, above 0, another pace of service; target a cell, an access point or a "
         "station; set: { factor }"},
        {"clock_step", "target a server node; by: how far its clock is put forward"},
        {"app_restart", "target a population or a part of it; clear_cache"},
        {"suspend",
         "devices' clocks sleep, with the time programs that live by them; radios, apps and people "
         "go on; target a population or a part of it"},
        {"reboot",
         "devices are shut down and start anew: clocks, time programs and apps; radios stay, and "
         "people write on: what they write waits; target a population or a part of it"},
        {"battery_pull", "the same without warning; without a backup the time is lost, too"},
        {"user_sets_clock", "target a population or a part of it; by: how far it is put forward"}};
}

std::optional<Customers> customers_of(const PopulationEntry& population) {
    if (const auto* open = std::get_if<CustomerPopulation>(&population))
        return Customers{&open->station, &open->retry};
    if (const auto* finite = std::get_if<FinitePopulation>(&population))
        return Customers{&finite->station, &finite->retry};
    return std::nullopt;
}

bool never_waits(const RetryingClients::Params& retry) {
    switch (retry.backoff) {
        case RetryWait::none:
            return true;
        case RetryWait::fixed:
            return retry.wait.ns == 0;
        case RetryWait::exponential:
        case RetryWait::full_jitter:
            return retry.wait.ns == 0 || retry.wait_cap.ns == 0;
        case RetryWait::law:
            return retry.wait_law && retry.wait_law->max() <= 0.0;
    }
    return false;
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
    read_kinds(top.mobility, "mobility", complaints, "", scenario->mobility, scenario->unsound);
    read_kinds(top.servers, "servers", complaints, "", scenario->servers, scenario->unsound);
    read_kinds(top.populations, "populations", complaints, DevicePopulation::kind,
               scenario->populations, scenario->unsound);
    if (!top.clocks.is_null() && check_is_map(top.clocks, {"clocks", "clocks", {}, complaints}))
        for (const Node::Entry& entry : top.clocks.entries()) {
            const std::string path = child_path("clocks", entry.key);
            check_name(entry.key, entry.key_position, path, complaints);
            Named<ClockEntry> clock{entry.key, entry.key_position, {}};
            read_clock(entry, path, complaints, clock.value);
            scenario->clocks.push_back(std::move(clock));
        }
    name_only_server(*scenario);
    check_outputs(top.outputs, *scenario, complaints);

    read_traces(*scenario, complaints);
    check_scenario(*scenario, top.outputs, complaints);
    if (scenario->warmup >= scenario->duration && scenario->duration.ns > 0) {
        const Node* warmup = root.find("warmup");
        if (warmup != nullptr)
            complaints.error(warmup->position(), "the warm-up takes the whole run", "warmup");
    }
    return scenario;
}

// ---- writing
// -------------------------------------------------------------------------------------

namespace {

template <class Variant>
Node kinds_node(const std::vector<Named<Variant>>& entries) {
    std::vector<Node::Entry> map;
    map.reserve(entries.size());
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
    clocks.reserve(scenario.clocks.size());
    for (const Named<ClockEntry>& clock : scenario.clocks)
        clocks.push_back({clock.name, {}, clock_node(clock.value)});
    add("clocks", Node::map(std::move(clocks), {}));
    add("servers", kinds_node(scenario.servers));
    add("apps", value_node(scenario.apps));
    add("populations", kinds_node(scenario.populations));
    std::vector<Node::Entry> timeline = value_node(scenario.timeline).entries();
    for (std::size_t i = 0; i < timeline.size(); ++i)
        timeline[i].value = meaningful_keys(scenario.timeline[i].fault, timeline[i].value);
    add("timeline", Node::sequence(std::move(timeline), {}));
    add("outputs", scenario.outputs_none ? text_node("none") : params_node(scenario.outputs));
    add("expectations", value_node(scenario.expectations));
    return yaml_text(Node::map(std::move(top), {}));
}

std::string scenario_schema() {
    SchemaWriter writer;
    std::vector<SchemaWriter::Property> sections = describe<TopLevel>(writer);
    std::vector<SchemaWriter::Property> sources_sntp = describe<SntpParams>(writer);
    const std::array<std::pair<std::string_view, std::vector<SchemaWriter::Property>>, 3> sources{
        {{SntpParams::word, sources_sntp},
         {NitzParams::word, describe<NitzParams>(writer)},
         {GnssParams::word, describe<GnssParams>(writer)}}};
    std::vector<SchemaWriter::Property> clock = describe<ClockParams>(writer);
    clock.push_back({"sync", "sources of time", writer.list(writer.kinds("protocol", sources))});
    clock.push_back({"time_sync", "the time client, instead of sync", time_sync_schema(writer)});
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

namespace {

template <class... Kind>
void list_kinds(const std::string& path, std::type_identity<std::variant<Kind...>>,
                std::vector<ParameterLine>& lines) {
    (list_fields<Kind>(std::string(Kind::kind), path, lines), ...);
}
template <class... Client>
void list_clients(const std::string& path, std::type_identity<std::variant<Client...>>,
                  std::vector<ParameterLine>& lines) {
    (list_fields<Client>(std::string(Client::client), path, lines), ...);
}

}  // namespace

std::vector<ParameterLine> list_parameters() {
    std::vector<ParameterLine> lines;
    list_fields<TopLevel>("", "", lines);
    for (ParameterLine& line : lines) {
        const std::size_t dot = line.path.find_first_of(".[");
        line.model = dot == std::string::npos ? "scenario" : line.path.substr(0, dot);
    }
    list_fields<Outputs>("outputs", "outputs.", lines);
    list_kinds("mobility.NAME.", std::type_identity<MobilityEntry>{}, lines);
    list_fields<ClockParams>("clocks", "clocks.NAME.", lines);
    list_fields<SntpParams>(std::string(SntpParams::word), "clocks.NAME.sync[].", lines);
    list_fields<NitzParams>(std::string(NitzParams::word), "clocks.NAME.sync[].", lines);
    list_fields<GnssParams>(std::string(GnssParams::word), "clocks.NAME.sync[].", lines);
    list_clients("clocks.NAME.time_sync.", std::type_identity<TimeSync>{}, lines);
    list_kinds("servers.NAME.", std::type_identity<ServerEntry>{}, lines);
    list_kinds("populations.NAME.", std::type_identity<PopulationEntry>{}, lines);
    return lines;
}

}  // namespace driftstorm
