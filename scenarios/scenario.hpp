#pragma once

#include "models/clocks/device_clocks.hpp"
#include "models/faults/faults.hpp"
#include "models/links/links.hpp"
#include "models/links/paths.hpp"
#include "models/messaging/app_version.hpp"
#include "models/people/people.hpp"
#include "models/radio/cells.hpp"
#include "models/radio/mobility.hpp"
#include "models/radio/radio_params.hpp"
#include "models/radio/radios.hpp"
#include "models/servers/finite_sources.hpp"
#include "models/servers/open_arrivals.hpp"
#include "models/servers/relay_params.hpp"
#include "models/servers/retrying_clients.hpp"
#include "models/servers/station.hpp"
#include "models/timesync/sync_params.hpp"
#include "models/timesync/time_servers.hpp"
#include "scenarios/complaints.hpp"
#include "scenarios/document.hpp"
#include "scenarios/read_params.hpp"
#include "scenarios/selector.hpp"
#include "scenarios/time_sync.hpp"
#include "sim/core/distribution.hpp"
#include "sim/core/time.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace driftstorm {

/// A scenario as read: plain parameters of every section, references checked. A World is built from
/// it.

/// "none" is the state of a device without a network; nobody chooses it.
template <>
inline constexpr std::size_t first_choice<Technology> = 1;

struct PathDelay {
    Duration propagation{10'000'000};
    Distribution extra;
    Duration asymmetry{0};
    static constexpr auto fields() {
        return FieldList{
            Field<PathDelay, Duration>{"propagation", &PathDelay::propagation, "s",
                                       "constant part of the one-way delay; bounds the lookahead",
                                       1e-9, 100},
            Field<PathDelay, Distribution>{"extra", &PathDelay::extra, "s",
                                           "further one-way delay of each packet", 0},
            Field<PathDelay, Duration>{"asymmetry", &PathDelay::asymmetry, "s",
                                       "how much longer packets up to the servers take", 0, 100}};
    }
};

/// A path between a technology and a group of servers, or between two groups, the same in both
/// directions.
struct PathEntry {
    Reference from;
    Reference to;
    PathDelay delay;
    double loss = 0;
    GilbertElliott::Params bursts;
    std::vector<std::string> over;
    static constexpr std::array<std::string_view, 2> required() { return {"from", "to"}; }
    static constexpr auto fields() {
        return FieldList{
            Field<PathEntry, Reference>{"from", &PathEntry::from, "",
                                        "technology or group of servers"},
            Field<PathEntry, Reference>{"to", &PathEntry::to, "", "group of servers"},
            Field<PathEntry, PathDelay>{"delay", &PathEntry::delay, "", "one-way delay"},
            Field<PathEntry, double>{"loss", &PathEntry::loss, "%", "independent loss", 0, 1},
            Field<PathEntry, GilbertElliott::Params>{"bursts", &PathEntry::bursts, "",
                                                     "loss in bursts"},
            Field<PathEntry, std::vector<std::string>>{
                "over", &PathEntry::over, "", "first and last router, when it crosses routers"}};
    }
};

struct RouterEntry {
    static constexpr auto fields() { return FieldList<>{}; }
};

/// A wire between two routers, both ways.
struct WireEntry {
    std::vector<std::string> between;
    Duration propagation{1'000'000};
    static constexpr std::array<std::string_view, 1> required() { return {"between"}; }
    static constexpr auto fields() {
        return FieldList{Field<WireEntry, std::vector<std::string>>{"between", &WireEntry::between,
                                                                    "", "its two routers"},
                         Field<WireEntry, Duration>{"propagation", &WireEntry::propagation, "s",
                                                    "one-way delay", 1e-9, 100}};
    }
};

struct HandoverRules {
    CellularParams lte;
    CellularParams nr;
    CellularParams umts;
    WifiParams wifi;
    static constexpr auto fields() {
        using P = HandoverRules;
        return FieldList{Field<P, CellularParams>{"lte", &P::lte, "", "among LTE cells"},
                         Field<P, CellularParams>{"nr", &P::nr, "", "among 5G NR cells"},
                         Field<P, CellularParams>{"umts", &P::umts, "", "among UMTS cells"},
                         Field<P, WifiParams>{"wifi", &P::wifi, "", "access points"}};
    }
};

struct NetworkSection {
    std::vector<Named<CellParams>> cells;
    std::vector<Named<AccessPointParams>> access_points;
    HandoverRules handover;
    Radios::Params radio;
    std::vector<PathEntry> paths;
    std::vector<Named<RouterEntry>> routers;
    std::vector<Named<WireEntry>> links;
    Routing::Params routing;
    static constexpr auto fields() {
        using P = NetworkSection;
        return FieldList{
            Field<P, std::vector<Named<CellParams>>>{"cells", &P::cells, "", "base stations"},
            Field<P, std::vector<Named<AccessPointParams>>>{"access_points", &P::access_points, "",
                                                            "Wi-Fi"},
            Field<P, HandoverRules>{"handover", &P::handover, "",
                                    "how phones move among them, by technology"},
            Field<P, Radios::Params>{"radio", &P::radio, "", "the phones' radios"},
            Field<P, std::vector<PathEntry>>{"paths", &P::paths, "",
                                             "between access networks and servers"},
            Field<P, std::vector<Named<RouterEntry>>>{"routers", &P::routers, "",
                                                      "nodes that paths cross"},
            Field<P, std::vector<Named<WireEntry>>>{"links", &P::links, "",
                                                    "wires between routers"},
            Field<P, Routing::Params>{"routing", &P::routing, "", "how routes follow failures"}};
    }
};

/// Kinds of mobility, by `kind`.
struct FixedPlace {
    static constexpr std::string_view kind = "fixed";
    double at = 0;
    static constexpr auto fields() {
        return FieldList{Field<FixedPlace, double>{"at", &FixedPlace::at, "m",
                                                   "position along the line", -1e7, 1e7}};
    }
};
struct RailRide : Mobility::Params {
    static constexpr std::string_view kind = "rail";
    static constexpr std::array<std::string_view, 1> required() { return {"stops"}; }
};
/// A recorded radio, replayed: one row a second. Heading words of the columns default to those of
/// 5Gophers.
struct TraceReplay {
    static constexpr std::string_view kind = "trace";
    std::string file;
    std::string cell_column = TraceColumns{}.cell;
    std::string technology_column = TraceColumns{}.technology;
    std::string capacity_column = TraceColumns{}.capacity;
    std::int64_t capacity_unit = 1'000'000;
    std::string handover_column = TraceColumns{}.handover;
    std::string signal_column = TraceColumns{}.signal;
    double uplink_share = 0.1;
    static constexpr std::array<std::string_view, 1> required() { return {"file"}; }
    static constexpr auto fields() {
        using P = TraceReplay;
        return FieldList{
            Field<P, std::string>{"file", &P::file, "",
                                  "CSV file, relative to the scenario that names it"},
            Field<P, std::string>{"cell_column", &P::cell_column, "",
                                  "heading of the cell's number"},
            Field<P, std::string>{"technology_column", &P::technology_column, "",
                                  "heading of the technology"},
            Field<P, std::string>{"capacity_column", &P::capacity_column, "",
                                  "heading of the downlink's capacity"},
            Field<P, std::int64_t>{"capacity_unit", &P::capacity_unit, "bit/s",
                                   "one unit of that column", 1, 1e12},
            Field<P, std::string>{"handover_column", &P::handover_column, "",
                                  "heading of a label that marks handovers; empty: none"},
            Field<P, std::string>{"signal_column", &P::signal_column, "",
                                  "heading of the signal [dBm]; empty: none"},
            Field<P, double>{"uplink_share", &P::uplink_share, "%",
                             "uplink's capacity as a share of the downlink's", 0, 1,
                             "engineering value: TDD mid-band NR carries about a tenth upwards"}};
    }
};
using MobilityEntry = std::variant<FixedPlace, RailRide, TraceReplay>;

/// Sources of time, by `protocol`, beside the clock's own parameters.
struct ClockEntry : ClockParams {
    std::vector<SyncSource> sync;
    std::vector<Position> sync_at;      ///< where each stands
    std::optional<TimeSync> time_sync;  ///< instead of `sync`
    Position time_sync_at;

    /// The sources of time that are no hosted program, from either word.
    std::vector<SyncSource> sources() const { return time_sync ? sources_of(*time_sync) : sync; }
    const HostedWords* program() const { return time_sync ? program_words(*time_sync) : nullptr; }
};

/// Groups of servers, by `kind`.
struct TimeServerGroup : TimeServerParams {
    static constexpr std::string_view kind = "ntp";
};
enum class ShardBy : std::uint8_t { conversation };
template <>
inline constexpr std::array<std::string_view, 1> enum_words<ShardBy>{"conversation"};
struct RelayGroup : RelayParams {
    static constexpr std::string_view kind = "message_relay";
    std::uint32_t nodes = 1;
    ShardBy shard_by = ShardBy::conversation;
    static constexpr auto fields() {
        return fields_joined(
            FieldList{Field<RelayGroup, std::uint32_t>{"nodes", &RelayGroup::nodes, "",
                                                       "number of nodes", 1, 32},
                      Field<RelayGroup, ShardBy>{"shard_by", &RelayGroup::shard_by, "",
                                                 "what is homed at one node"}},
            RelayParams::fields());
    }
};
struct StationGroup : Stations::Params {
    static constexpr std::string_view kind = "station";
};
using ServerEntry = std::variant<TimeServerGroup, RelayGroup, StationGroup>;

struct ConversationParams {
    std::uint32_t count = 0;
    Distribution members = Distribution::constant(2.0);
    std::uint32_t neighbourhood = 4096;
    std::vector<std::string> with;
    static constexpr auto fields() {
        using P = ConversationParams;
        return FieldList{
            Field<P, std::uint32_t>{"count", &P::count, "", "number of conversations", 0, 1e7},
            Field<P, Distribution>{"members", &P::members, "", "accounts in one", 2, 1e6},
            Field<P, std::uint32_t>{"neighbourhood", &P::neighbourhood, "",
                                    "accounts among whom the members of one conversation are found",
                                    2, 65536},
            Field<P, std::vector<std::string>>{
                "with", &P::with, "", "other populations whose accounts may be members too"}};
    }
};
struct Traffic : Habits {
    ConversationParams conversations;
    static constexpr auto fields() {
        return fields_joined(
            FieldList{Field<Traffic, ConversationParams>{"conversations", &Traffic::conversations,
                                                         "", "who talks to whom"}},
            Habits::fields());
    }
};

/// Populations: devices with their people, or customers of a station.
struct DevicePopulation {
    static constexpr std::string_view kind = "devices";
    std::uint32_t count = 1;
    std::uint32_t devices_per_account = 1;
    WeightedChoice mobility;
    WeightedChoice clock;
    WeightedChoice app;
    std::vector<Technology> interfaces{Technology::wifi, Technology::lte};
    Traffic traffic;
    static constexpr std::array<std::string_view, 1> required() { return {"count"}; }
    static constexpr auto fields() {
        using P = DevicePopulation;
        return FieldList{
            Field<P, std::uint32_t>{"count", &P::count, "", "number of devices", 0, 5e6},
            Field<P, std::uint32_t>{"devices_per_account", &P::devices_per_account, "",
                                    "devices that share an account, each with its own copy", 1,
                                    100},
            Field<P, WeightedChoice>{"mobility", &P::mobility, "", "where they are; none: at 0 km"},
            Field<P, WeightedChoice>{"clock", &P::clock, "",
                                     "class of their clocks; none: perfect"},
            Field<P, WeightedChoice>{"app", &P::app, "", "version of the app; none: no messaging"},
            Field<P, std::vector<Technology>>{"interfaces", &P::interfaces, "",
                                              "in order of preference"},
            Field<P, Traffic>{"traffic", &P::traffic, "", "what their people do"}};
    }
};
struct CustomerPopulation {
    static constexpr std::string_view kind = "customers";
    Reference station;
    OpenArrivals::Params arrivals;
    std::optional<RetryingClients::Params> retry;
    static constexpr std::array<std::string_view, 1> required() { return {"station"}; }
    static constexpr auto fields() {
        using P = CustomerPopulation;
        return FieldList{
            Field<P, Reference>{"station", &P::station, "", "station that they go to"},
            Field<P, OpenArrivals::Params>{"arrivals", &P::arrivals, "", "when they come"},
            Field<P, std::optional<RetryingClients::Params>>{"retry", &P::retry, "",
                                                             "what they do without an answer"}};
    }
};
/// As many customers as it says, each of whom thinks, asks, waits for the answer and thinks again.
struct FinitePopulation : FiniteSources::Params {
    static constexpr std::string_view kind = "finite_customers";
    Reference station;
    std::uint32_t count = 1;
    std::optional<RetryingClients::Params> retry;
    static constexpr std::array<std::string_view, 2> required() { return {"station", "count"}; }
    static constexpr auto fields() {
        using P = FinitePopulation;
        return fields_joined(
            FieldList{
                Field<P, Reference>{"station", &P::station, "", "station that they go to"},
                Field<P, std::uint32_t>{"count", &P::count, "", "number of customers", 0, 5e6}},
            FiniteSources::Params::fields(),
            FieldList{Field<P, std::optional<RetryingClients::Params>>{
                "retry", &P::retry, "", "what they do without an answer"}});
    }
};
using PopulationEntry = std::variant<DevicePopulation, CustomerPopulation, FinitePopulation>;

struct FaultSettings {
    std::optional<std::int64_t> downlink;
    std::optional<std::int64_t> uplink;
    std::optional<double> loss;
    std::optional<double> factor;
    static constexpr auto fields() {
        using P = FaultSettings;
        return FieldList{
            Field<P, std::optional<std::int64_t>>{"downlink", &P::downlink, "bit/s",
                                                  "rate to the devices", 0, 1e12},
            Field<P, std::optional<std::int64_t>>{"uplink", &P::uplink, "bit/s",
                                                  "rate from the devices", 0, 1e12},
            Field<P, std::optional<double>>{"loss", &P::loss, "%", "share of packets lost", 0, 1},
            Field<P, std::optional<double>>{"factor", &P::factor, "", "of the rates", 0, 1e3}};
    }
};
struct RestartSettings {
    Duration cold_cache{0};
    static constexpr auto fields() {
        return FieldList{Field<RestartSettings, Duration>{"cold_cache",
                                                          &RestartSettings::cold_cache, "s",
                                                          "its cache is cold for so long", 0, 1e6}};
    }
};
/// An entry of the timeline.
struct FaultEntry {
    std::string name;
    Time at{};
    FaultKind fault = FaultKind::node_down;
    Selector target;
    FaultSettings set;
    std::optional<Duration> length;
    std::optional<Duration> by;
    RestartSettings restart;
    bool clear_cache = true;
    static constexpr std::array<std::string_view, 4> required() {
        return {"name", "at", "fault", "target"};
    }
    static constexpr auto fields() {
        using P = FaultEntry;
        return FieldList{
            Field<P, std::string>{"name", &P::name, "", "by which results point back to it"},
            Field<P, Time>{"at", &P::at, "s", "when it begins", 0, 3.2e9},
            Field<P, FaultKind>{"fault", &P::fault, "", "what breaks"},
            Field<P, Selector>{"target", &P::target, "", "what it hits"},
            Field<P, FaultSettings>{"set", &P::set, "", "what it changes"},
            Field<P, std::optional<Duration>>{"for", &P::length, "s",
                                              "how long; 0: it does not happen", 0, 3.2e9},
            Field<P, std::optional<Duration>>{"by", &P::by, "s", "step of a clock", -1e9, 1e9},
            Field<P, RestartSettings>{"restart", &P::restart, "", "how a node comes back"},
            Field<P, bool>{"clear_cache", &P::clear_cache, "",
                           "whether restarted apps lose their caches"}};
    }
};

struct SeriesOutput {
    Duration every{1'000'000'000};
    std::vector<std::string> of;
    static constexpr auto fields() {
        using P = SeriesOutput;
        return FieldList{
            Field<P, Duration>{"every", &P::every, "s", "sampling period", 1e-3, 1e6},
            Field<P, std::vector<std::string>>{"of", &P::of, "", "sampled quantities"}};
    }
};
enum class KeepMessages : std::uint8_t { all, none };
template <>
inline constexpr std::array<std::string_view, 2> enum_words<KeepMessages>{"all", "none"};
struct MessagesOutput {
    KeepMessages keep = KeepMessages::all;
    std::optional<bool> blame;
    static constexpr auto fields() {
        using P = MessagesOutput;
        return FieldList{
            Field<P, KeepMessages>{"keep", &P::keep, "", "rows of /messages and /copies"},
            Field<P, std::optional<bool>>{"blame", &P::blame, "",
                                          "time spent in each cause of delay, by copy; none: yes"}};
    }
};
/// Clocks of single devices, raw and steered: table /clocks/offset.
struct ClocksOutput {
    Selector of;
    Duration every{1'000'000'000};
    static constexpr std::array<std::string_view, 1> required() { return {"of"}; }
    static constexpr auto fields() {
        using P = ClocksOutput;
        return FieldList{
            Field<P, Selector>{"of", &P::of, "", "devices: phones, phones[3], phones[clock=xo]"},
            Field<P, Duration>{"every", &P::every, "s", "sampling period", 1e-3, 1e7}};
    }
};
struct Outputs {
    SeriesOutput series;
    std::optional<ClocksOutput> clocks;
    std::vector<std::string> events;
    MessagesOutput messages;
    static constexpr auto fields() {
        using P = Outputs;
        return FieldList{
            Field<P, SeriesOutput>{"series", &P::series, "", "sampled at regular instants"},
            Field<P, std::optional<ClocksOutput>>{"clocks", &P::clocks, "",
                                                  "clocks of single devices, sampled"},
            Field<P, std::vector<std::string>>{"events", &P::events, "",
                                               "kinds of event rows kept"},
            Field<P, MessagesOutput>{"messages", &P::messages, "", "messages and their copies"}};
    }
};

enum class ExpectationSeverity : std::uint8_t { error, warning };
template <>
inline constexpr std::array<std::string_view, 2> enum_words<ExpectationSeverity>{"error",
                                                                                 "warning"};
/// An assertion about the run.
struct Expectation {
    std::string name;
    Selector metric;
    std::optional<Window> during;
    Limit is;
    ExpectationSeverity severity = ExpectationSeverity::error;
    bool always = false;
    Position at;
    static constexpr std::array<std::string_view, 3> required() { return {"name", "metric", "is"}; }
    static constexpr auto fields() {
        using P = Expectation;
        return FieldList{
            Field<P, std::string>{"name", &P::name, "", "by which results point back to it"},
            Field<P, Selector>{"metric", &P::metric, "", "what is judged"},
            Field<P, std::optional<Window>>{"during", &P::during, "",
                                            "part of the run; none: after the warm-up"},
            Field<P, Limit>{"is", &P::is, "", "what it must be"},
            Field<P, ExpectationSeverity>{"severity", &P::severity, "",
                                          "whether a failure changes the exit code"},
            Field<P, bool>{"always", &P::always, "", "judged also when parameters were changed"}};
    }
};

struct Scenario {
    std::string file;  ///< as named
    std::string title;
    std::vector<std::string> tags;
    std::uint64_t seed = 1;
    Timestamp epoch{};
    Duration duration{};
    Duration warmup{};
    NetworkSection network;
    std::vector<Named<MobilityEntry>> mobility;
    std::vector<Named<ClockEntry>> clocks;
    std::vector<Named<ServerEntry>> servers;
    std::vector<Named<AppVersion>> apps;
    std::vector<Named<PopulationEntry>> populations;
    std::vector<FaultEntry> timeline;
    Outputs outputs;
    bool outputs_none = false;
    std::vector<Expectation> expectations;
    std::vector<std::pair<std::string, RadioTrace>>
        traces;                     ///< of TraceReplay entries, by mobility name
    std::set<std::string> unsound;  ///< paths of entries with faults of their own: what would
                                    ///< follow from these is not told
    Document document;              ///< resolved, for provenance and --explain-value
    bool parameters_changed = false;
};

/// The station that a population goes to, and what its members do without an answer; nothing for
/// devices.
struct Customers {
    const Reference* station = nullptr;
    const std::optional<RetryingClients::Params>* retry = nullptr;
};
std::optional<Customers> customers_of(const PopulationEntry& population);

/// Whether what did not succeed is always repeated at once, at the same instant.
bool never_waits(const RetryingClients::Params& retry);

/// A quantity that `outputs.series.of` names.
struct SeriesWord {
    std::string owner;     ///< "relays", "cells", or a name with dots
    std::string quantity;  ///< "queue_depth", "clock_offset.quantiles"
};
/// Takes a word apart: "relays.queue_depth", and with a section or brackets
/// "servers.relays.arrivals", "populations[phones.old].connected". @return nothing when there is no
/// such thing to sample
std::optional<SeriesWord> parse_series_word(const Scenario& scenario, std::string_view word);
/// All words, as parse_series_word takes them.
std::vector<std::string> sampled_words(const Scenario& scenario);
/// Its name in the result, where a '_' stands for each '.'.
std::string series_name(const SeriesWord& word);

/// The entry of that name, or nullptr.
template <class Entry>
const Named<Entry>* find_named(const std::vector<Named<Entry>>& entries, std::string_view name) {
    for (const Named<Entry>& entry : entries)
        if (entry.name == name) return &entry;
    return nullptr;
}

/// What a selector of the timeline means: a kind of thing and the numbers of those it matches.
/// Cells, access points, servers, routers and wires are numbered in order of name, nodes of a group
/// in order; devices in order of population.
enum class TargetKind : std::uint8_t {
    cell,
    access_point,
    server_node,
    router,
    wire,
    path,
    device
};
struct Targets {
    TargetKind kind = TargetKind::cell;
    std::vector<std::string> names;      ///< declared names ("A", "relays", "riders"); one a match
    std::vector<std::uint32_t> members;  ///< node of a group, entry of paths; by match
    std::vector<SelectorStep::Match>
        attributes;  ///< devices: the attributes that a device must have
};
/// Resolves the target of a fault. @return nothing, with a complaint, when it matches nothing or
/// the fault cannot hit it
std::optional<Targets> resolve_target(const Scenario& scenario, const FaultEntry& fault,
                                      Complaints& complaints);

/// The devices of `outputs.clocks.of`; the same for a population's name alone.
std::optional<Targets> resolve_devices(const Scenario& scenario, const Selector& selector,
                                       Complaints& complaints);

/// The group of message relays, or nullptr.
const Named<ServerEntry>* relay_group(const Scenario& scenario);

/// Reads and checks a scenario; every fault is a complaint. Nothing when there is not enough to
/// build on.
std::unique_ptr<Scenario> read_scenario(const std::string& file, const std::vector<Assignment>& set,
                                        Complaints& complaints);

/// The scenario as canonical YAML: includes, extends and parameters resolved, every default written
/// out.
std::string resolved_yaml(const Scenario& scenario);

/// JSON Schema (draft 7) of the language, from the same tables as the reader.
std::string scenario_schema();

/// Kinds of things a scenario may hold, for `list`: word and what it is.
std::vector<std::pair<std::string, std::string>> list_models();
std::vector<std::pair<std::string, std::string>> list_faults();

/// Words that `outputs.events` and `outputs.series.of` take.
const std::vector<std::pair<std::string_view, std::string_view>>& event_tables();  ///< word, table
const std::vector<std::pair<std::string_view, std::string_view>>& series_words();  ///< suffix, help

}  // namespace driftstorm
