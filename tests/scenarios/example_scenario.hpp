#pragma once

#include "scenarios/document.hpp"
#include "scenarios/read_distribution.hpp"
#include "scenarios/read_params.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

// A scenario in the style of the library, read with the language alone: what the tests of the
// language need of structs, without any model behind it.

namespace driftstorm::example {

enum class Technology : std::uint8_t { lte, wifi };
enum class OnGap : std::uint8_t { resync, skip };
enum class Scope : std::uint8_t { conversation, device };
enum class Backoff : std::uint8_t { none, fixed, exponential };
enum class Resync : std::uint8_t { gap, skew_reject, clock_step, network_change };
enum class Protocol : std::uint8_t { sntp, nitz };
enum class Fault : std::uint8_t { cell_degrade, node_down, clock_step };
enum class Severity : std::uint8_t { error, warning };
enum class ServerKind : std::uint8_t { ntp, message_relay };
enum class Process : std::uint8_t { poisson, regular };

}  // namespace driftstorm::example

namespace driftstorm {
template <>
inline constexpr std::array<std::string_view, 2> enum_words<example::Technology>{"lte", "wifi"};
template <>
inline constexpr std::array<std::string_view, 2> enum_words<example::OnGap>{"resync", "skip"};
template <>
inline constexpr std::array<std::string_view, 2> enum_words<example::Scope>{"conversation",
                                                                            "device"};
template <>
inline constexpr std::array<std::string_view, 3> enum_words<example::Backoff>{"none", "fixed",
                                                                              "exponential"};
template <>
inline constexpr std::array<std::string_view, 4> enum_words<example::Resync>{
    "gap", "skew_reject", "clock_step", "network_change"};
template <>
inline constexpr std::array<std::string_view, 2> enum_words<example::Protocol>{"sntp", "nitz"};
template <>
inline constexpr std::array<std::string_view, 3> enum_words<example::Fault>{
    "cell_degrade", "node_down", "clock_step"};
template <>
inline constexpr std::array<std::string_view, 2> enum_words<example::Severity>{"error", "warning"};
template <>
inline constexpr std::array<std::string_view, 2> enum_words<example::ServerKind>{"ntp",
                                                                                 "message_relay"};
template <>
inline constexpr std::array<std::string_view, 2> enum_words<example::Process>{"poisson", "regular"};
}  // namespace driftstorm

namespace driftstorm::example {

struct Cell {
    Technology technology = Technology::lte;
    double at_m = 0;
    double range_m = 1000;
    std::uint32_t attach_limit = 1000;
    std::uint64_t downlink = 50'000'000;
    std::uint64_t uplink = 10'000'000;
    static constexpr auto fields() {
        return FieldList{
            Field<Cell, Technology>{"technology", &Cell::technology, "", "radio technology"},
            Field<Cell, double>{"at", &Cell::at_m, "m", "position along the line", -1e6, 1e6},
            Field<Cell, double>{"range", &Cell::range_m, "m", "reach", 1, 1e5},
            Field<Cell, std::uint32_t>{"attach_limit", &Cell::attach_limit, "", "devices at most",
                                       1, 1e6},
            Field<Cell, std::uint64_t>{"downlink", &Cell::downlink, "bit/s", "capacity", 1, 1e12},
            Field<Cell, std::uint64_t>{"uplink", &Cell::uplink, "bit/s", "capacity", 1, 1e12}};
    }
    static constexpr std::array<std::string_view, 2> required() { return {"technology", "at"}; }
};

struct AccessPoint {
    Technology technology = Technology::wifi;
    double at_m = 0;
    double range_m = 100;
    std::uint32_t associate_limit = 250;
    std::uint64_t downlink = 50'000'000;
    std::uint64_t uplink = 10'000'000;
    static constexpr auto fields() {
        return FieldList{
            Field<AccessPoint, Technology>{"technology", &AccessPoint::technology, "",
                                           "radio technology"},
            Field<AccessPoint, double>{"at", &AccessPoint::at_m, "m", "position along the line",
                                       -1e6, 1e6},
            Field<AccessPoint, double>{"range", &AccessPoint::range_m, "m", "reach", 1, 1e4},
            Field<AccessPoint, std::uint32_t>{"associate_limit", &AccessPoint::associate_limit, "",
                                              "devices at most", 1, 1e6},
            Field<AccessPoint, std::uint64_t>{"downlink", &AccessPoint::downlink, "bit/s",
                                              "capacity", 1, 1e12},
            Field<AccessPoint, std::uint64_t>{"uplink", &AccessPoint::uplink, "bit/s", "capacity",
                                              1, 1e12}};
    }
};

struct CellHandover {
    std::string event = "A3";
    double hysteresis_db = 3;
    Duration time_to_trigger{256'000'000};
    Distribution interruption;
    static constexpr auto fields() {
        return FieldList{
            Field<CellHandover, std::string>{"event", &CellHandover::event, "",
                                             "measurement event"},
            Field<CellHandover, double>{"hysteresis", &CellHandover::hysteresis_db, "dB",
                                        "hysteresis", 0, 15},
            Field<CellHandover, Duration>{"time_to_trigger", &CellHandover::time_to_trigger, "s",
                                          "how long the event must hold", 0, 5.12},
            Field<CellHandover, Distribution>{"interruption", &CellHandover::interruption, "s",
                                              "data gap", 0}};
    }
};

struct WifiHandover {
    double leave_below_dbm = -82;
    double join_above_dbm = -70;
    Distribution reassociate;
    static constexpr auto fields() {
        return FieldList{Field<WifiHandover, double>{"leave_below", &WifiHandover::leave_below_dbm,
                                                     "dBm", "leave", -120, 0},
                         Field<WifiHandover, double>{"join_above", &WifiHandover::join_above_dbm,
                                                     "dBm", "join", -120, 0},
                         Field<WifiHandover, Distribution>{
                             "reassociate", &WifiHandover::reassociate, "s", "time to join", 0}};
    }
};

struct Handover {
    CellHandover lte;
    WifiHandover wifi;
    static constexpr auto fields() {
        return FieldList{
            Field<Handover, CellHandover>{"lte", &Handover::lte, "", "between cells"},
            Field<Handover, WifiHandover>{"wifi", &Handover::wifi, "", "to and from Wi-Fi"}};
    }
};

struct Delay {
    Duration propagation{1'000'000};
    std::optional<Distribution> extra;
    static constexpr auto fields() {
        return FieldList{Field<Delay, Duration>{"propagation", &Delay::propagation, "s",
                                                "constant part", 1e-9, 3600},
                         Field<Delay, std::optional<Distribution>>{"extra", &Delay::extra, "s",
                                                                   "on top of it", 0}};
    }
    static constexpr std::array<std::string_view, 1> required() { return {"propagation"}; }
};

struct Path {
    Reference from, to;
    Delay delay;
    double loss = 0;
    static constexpr auto fields() {
        return FieldList{
            Field<Path, Reference>{"from", &Path::from, "", "technology or server group"},
            Field<Path, Reference>{"to", &Path::to, "", "technology or server group"},
            Field<Path, Delay>{"delay", &Path::delay, "", "one way"},
            Field<Path, double>{"loss", &Path::loss, "%", "share of packets lost", 0, 1}};
    }
    static constexpr std::array<std::string_view, 3> required() { return {"from", "to", "delay"}; }
};

struct Network {
    std::vector<Named<Cell>> cells;
    std::vector<Named<AccessPoint>> access_points;
    Handover handover;
    std::vector<Path> paths;
    static constexpr auto fields() {
        return FieldList{
            Field<Network, std::vector<Named<Cell>>>{"cells", &Network::cells, "", "cells"},
            Field<Network, std::vector<Named<AccessPoint>>>{
                "access_points", &Network::access_points, "", "access points"},
            Field<Network, Handover>{"handover", &Network::handover, "", "rules of changing"},
            Field<Network, std::vector<Path>>{"paths", &Network::paths, "", "delays between"}};
    }
};

struct Stop {
    double at_m = 0;
    std::optional<Duration> depart;
    Duration dwell{};
    static constexpr auto fields() {
        return FieldList{
            Field<Stop, double>{"at", &Stop::at_m, "m", "position", -1e6, 1e6},
            Field<Stop, std::optional<Duration>>{"depart", &Stop::depart, "s", "time of departure",
                                                 0, 1e6},
            Field<Stop, Duration>{"dwell", &Stop::dwell, "s", "time at the stop", 0, 1e5}};
    }
    static constexpr std::array<std::string_view, 1> required() { return {"at"}; }
};

struct Rail {
    std::vector<Stop> stops;
    double speed = 20;
    Distribution boarding_spread;
    static constexpr auto fields() {
        return FieldList{
            Field<Rail, std::vector<Stop>>{"stops", &Rail::stops, "", "in order"},
            Field<Rail, double>{"speed", &Rail::speed, "m/s", "between stops", 0.1, 150},
            Field<Rail, Distribution>{"boarding_spread", &Rail::boarding_spread, "s", "boarding",
                                      0}};
    }
    static constexpr std::array<std::string_view, 1> required() { return {"stops"}; }
};

struct RandomWalk {
    static constexpr std::string_view word = "random_walk";
    double per_sqrt_s_ppb = 0;
    static constexpr auto fields() {
        return FieldList{Field<RandomWalk, double>{"", &RandomWalk::per_sqrt_s_ppb, "ppb/sqrt(s)",
                                                   "step", 0, 1e6}};
    }
};
struct NoWander {
    static constexpr std::string_view word = "none";
    static constexpr auto fields() { return FieldList<>{}; }
};

struct Sync {
    Protocol protocol = Protocol::sntp;
    std::optional<Reference> server;
    std::optional<Distribution> first, every;
    std::optional<std::string> on;
    Duration resolution{1};
    Duration step_above{1'000'000'000};
    double slew_ppb = 5e5;
    double probability = 1;
    static constexpr auto fields() {
        return FieldList{
            Field<Sync, Protocol>{"protocol", &Sync::protocol, "", "how"},
            Field<Sync, std::optional<Reference>>{"server", &Sync::server, "", "server group"},
            Field<Sync, std::optional<Distribution>>{"first", &Sync::first, "s", "first request",
                                                     0},
            Field<Sync, std::optional<Distribution>>{"every", &Sync::every, "s", "between requests",
                                                     1e-3},
            Field<Sync, std::optional<std::string>>{"on", &Sync::on, "", "occasion"},
            Field<Sync, Duration>{"resolution", &Sync::resolution, "s", "of what is sent", 1e-9,
                                  60},
            Field<Sync, Duration>{"step_above", &Sync::step_above, "s", "step, else slew", 0, 1e6},
            Field<Sync, double>{"slew", &Sync::slew_ppb, "ppb", "rate of correction", 0, 1e8},
            Field<Sync, double>{"probability", &Sync::probability, "%", "that it happens", 0, 1}};
    }
    static constexpr std::array<std::string_view, 1> required() { return {"protocol"}; }
};

struct ClockParams {
    Distribution frequency_error;
    double ageing = 0;
    std::variant<NoWander, RandomWalk> wander;
    Distribution initial_offset;
    std::vector<Sync> sync;
    static constexpr auto fields() {
        return FieldList{
            Field<ClockParams, Distribution>{"frequency_error", &ClockParams::frequency_error,
                                             "ppb", "offset", -1e8, 1e8},
            Field<ClockParams, double>{"ageing", &ClockParams::ageing, "ppb/s",
                                       "drift of the frequency", -1, 1},
            Field<ClockParams, std::variant<NoWander, RandomWalk>>{"wander", &ClockParams::wander,
                                                                   "", "noise"},
            Field<ClockParams, Distribution>{"initial_offset", &ClockParams::initial_offset, "s",
                                             "at t = 0"},
            Field<ClockParams, std::vector<Sync>>{"sync", &ClockParams::sync, "", "how it is set"}};
    }
};

struct TimeServer {
    std::uint32_t nodes = 1;
    Distribution offset;
    double capacity = 100;
    static constexpr auto fields() {
        return FieldList{
            Field<TimeServer, std::uint32_t>{"nodes", &TimeServer::nodes, "", "machines", 1, 1000},
            Field<TimeServer, Distribution>{"offset", &TimeServer::offset, "s", "error of each"},
            Field<TimeServer, double>{"capacity", &TimeServer::capacity, "req/s", "of each", 1e-3,
                                      1e9}};
    }
};

struct Sequencing {
    Scope scope = Scope::conversation;
    Duration reject_skew_above{90'000'000'000};
    Duration dedupe_window{600'000'000'000};
    Duration gap_timeout{4'000'000'000};
    OnGap on_gap_timeout = OnGap::resync;
    static constexpr auto fields() {
        return FieldList{
            Field<Sequencing, Scope>{"scope", &Sequencing::scope, "", "of the numbers"},
            Field<Sequencing, Duration>{"reject_skew_above", &Sequencing::reject_skew_above, "s",
                                        "stamp off by", 0, 1e6},
            Field<Sequencing, Duration>{"dedupe_window", &Sequencing::dedupe_window, "s",
                                        "memory of ids", 0, 1e6},
            Field<Sequencing, Duration>{"gap_timeout", &Sequencing::gap_timeout, "s",
                                        "wait for a hole", 0, 1e6},
            Field<Sequencing, OnGap>{"on_gap_timeout", &Sequencing::on_gap_timeout, "", "then"}};
    }
};

struct ResyncCost {
    std::uint32_t page = 100;
    Duration cost_per_page{1'000'000};
    static constexpr auto fields() {
        return FieldList{
            Field<ResyncCost, std::uint32_t>{"page", &ResyncCost::page, "", "messages", 1, 1e5},
            Field<ResyncCost, Duration>{"cost_per_page", &ResyncCost::cost_per_page, "s", "service",
                                        0, 60}};
    }
};

struct Relay {
    std::uint32_t nodes = 1;
    std::string shard_by = "conversation";
    Distribution service_time;
    std::uint32_t queue_limit = 1000;
    Sequencing sequencing;
    ResyncCost resync;
    static constexpr auto fields() {
        return FieldList{
            Field<Relay, std::uint32_t>{"nodes", &Relay::nodes, "", "machines", 1, 1000},
            Field<Relay, std::string>{"shard_by", &Relay::shard_by, "", "what goes to one node"},
            Field<Relay, Distribution>{"service_time", &Relay::service_time, "s", "of one request",
                                       0},
            Field<Relay, std::uint32_t>{"queue_limit", &Relay::queue_limit, "", "waiting at most",
                                        1, 1e8},
            Field<Relay, Sequencing>{"sequencing", &Relay::sequencing, "", "order"},
            Field<Relay, ResyncCost>{"resync", &Relay::resync, "", "cost of catching up"}};
    }
};

struct FullJitter {
    static constexpr std::string_view word = "full";
    static constexpr auto fields() { return FieldList<>{}; }
};
struct NoJitter {
    static constexpr std::string_view word = "none";
    static constexpr auto fields() { return FieldList<>{}; }
};
struct JitterBeforeCap {
    static constexpr std::string_view word = "before_cap";
    double share = 0;
    static constexpr auto fields() {
        return FieldList{
            Field<JitterBeforeCap, double>{"", &JitterBeforeCap::share, "%", "share", 0, 1}};
    }
};

struct Heartbeat {
    Duration interval{30'000'000'000};
    double jitter = 0.2;
    static constexpr auto fields() {
        return FieldList{
            Field<Heartbeat, Duration>{"interval", &Heartbeat::interval, "s", "between pings", 1e-3,
                                       1e5},
            Field<Heartbeat, double>{"jitter", &Heartbeat::jitter, "%", "share that varies", 0, 1}};
    }
};

struct Reconnect {
    Backoff backoff = Backoff::exponential;
    Duration first{1'000'000'000};
    double factor = 2;
    Duration cap{60'000'000'000};
    std::variant<NoJitter, FullJitter, JitterBeforeCap> jitter;
    static constexpr auto fields() {
        return FieldList{
            Field<Reconnect, Backoff>{"backoff", &Reconnect::backoff, "", "law"},
            Field<Reconnect, Duration>{"first", &Reconnect::first, "s", "first wait", 0, 1e5},
            Field<Reconnect, double>{"factor", &Reconnect::factor, "", "growth", 1, 100},
            Field<Reconnect, Duration>{"cap", &Reconnect::cap, "s", "longest wait", 0, 1e5},
            Field<Reconnect, std::variant<NoJitter, FullJitter, JitterBeforeCap>>{
                "jitter", &Reconnect::jitter, "", "spread"}};
    }
};

struct PeriodicSync {
    std::string align_to;
    static constexpr auto fields() {
        return FieldList{
            Field<PeriodicSync, std::string>{"align_to", &PeriodicSync::align_to, "", "what"}};
    }
};

struct App {
    Heartbeat heartbeat;
    Reconnect reconnect;
    std::vector<Resync> resync_on;
    std::optional<PeriodicSync> periodic_sync;
    bool read_receipts = true;
    static constexpr auto fields() {
        return FieldList{
            Field<App, Heartbeat>{"heartbeat", &App::heartbeat, "", "keep-alive"},
            Field<App, Reconnect>{"reconnect", &App::reconnect, "", "after a loss"},
            Field<App, std::vector<Resync>>{"resync_on", &App::resync_on, "", "occasions"},
            Field<App, std::optional<PeriodicSync>>{"periodic_sync", &App::periodic_sync, "",
                                                    "by the clock"},
            Field<App, bool>{"read_receipts", &App::read_receipts, "", "whether they are sent"}};
    }
};

struct Conversations {
    std::uint32_t count = 1;
    Distribution members = Distribution::constant(2);
    static constexpr auto fields() {
        return FieldList{Field<Conversations, std::uint32_t>{"count", &Conversations::count, "",
                                                             "number", 1, 1e7},
                         Field<Conversations, Distribution>{"members", &Conversations::members, "",
                                                            "of each", 1}};
    }
};

struct Send {
    Process process = Process::poisson;
    double rate = 1;
    std::optional<Duration> until;
    static constexpr auto fields() {
        return FieldList{
            Field<Send, Process>{"process", &Send::process, "", "law"},
            Field<Send, double>{"rate", &Send::rate, "msg/min", "of each", 0, 1e6},
            Field<Send, std::optional<Duration>>{"until", &Send::until, "s", "last", 0, 1e9}};
    }
};

struct Traffic {
    Conversations conversations;
    Send send;
    Distribution size = Distribution::constant(900);
    static constexpr auto fields() {
        return FieldList{
            Field<Traffic, Conversations>{"conversations", &Traffic::conversations, "",
                                          "who with whom"},
            Field<Traffic, Send>{"send", &Traffic::send, "", "when"},
            Field<Traffic, Distribution>{"size", &Traffic::size, "B", "of a message", 1}};
    }
};

struct Population {
    std::uint32_t count = 1;
    std::optional<Reference> mobility, clock;
    WeightedChoice app;
    std::vector<Technology> interfaces;
    Traffic traffic;
    static constexpr auto fields() {
        return FieldList{
            Field<Population, std::uint32_t>{"count", &Population::count, "", "members", 1, 1e7},
            Field<Population, std::optional<Reference>>{"mobility", &Population::mobility, "",
                                                        "how they move"},
            Field<Population, std::optional<Reference>>{"clock", &Population::clock, "",
                                                        "what they carry"},
            Field<Population, WeightedChoice>{"app", &Population::app, "", "version"},
            Field<Population, std::vector<Technology>>{"interfaces", &Population::interfaces, "",
                                                       "radios"},
            Field<Population, Traffic>{"traffic", &Population::traffic, "", "what they send"}};
    }
    static constexpr std::array<std::string_view, 2> required() { return {"count", "app"}; }
};

struct Restart {
    Duration cold_cache{};
    static constexpr auto fields() {
        return FieldList{Field<Restart, Duration>{"cold_cache", &Restart::cold_cache, "s",
                                                  "time to warm", 0, 1e5}};
    }
};

struct Degraded {
    std::optional<std::uint64_t> downlink, uplink;
    static constexpr auto fields() {
        return FieldList{Field<Degraded, std::optional<std::uint64_t>>{
                             "downlink", &Degraded::downlink, "bit/s", "capacity", 0, 1e12},
                         Field<Degraded, std::optional<std::uint64_t>>{
                             "uplink", &Degraded::uplink, "bit/s", "capacity", 0, 1e12}};
    }
};

struct TimelineEntry {
    std::string name;
    Time at{};
    Fault fault = Fault::node_down;
    Selector target;
    std::optional<Degraded> set;
    std::optional<Duration> by;
    Duration for_{};
    std::optional<Restart> restart;
    static constexpr auto fields() {
        return FieldList{
            Field<TimelineEntry, std::string>{"name", &TimelineEntry::name, "", "to refer to it"},
            Field<TimelineEntry, Time>{"at", &TimelineEntry::at, "s", "begin", 0, 1e9},
            Field<TimelineEntry, Fault>{"fault", &TimelineEntry::fault, "", "what"},
            Field<TimelineEntry, Selector>{"target", &TimelineEntry::target, "", "where"},
            Field<TimelineEntry, std::optional<Degraded>>{"set", &TimelineEntry::set, "",
                                                          "to what"},
            Field<TimelineEntry, std::optional<Duration>>{"by", &TimelineEntry::by, "s", "step",
                                                          -1e6, 1e6},
            Field<TimelineEntry, Duration>{"for", &TimelineEntry::for_, "s", "how long", 0, 1e9},
            Field<TimelineEntry, std::optional<Restart>>{"restart", &TimelineEntry::restart, "",
                                                         "afterwards"}};
    }
    static constexpr std::array<std::string_view, 4> required() {
        return {"name", "at", "fault", "target"};
    }
};

struct Series {
    Duration every{1'000'000'000};
    std::vector<Selector> of;
    static constexpr auto fields() {
        return FieldList{
            Field<Series, Duration>{"every", &Series::every, "s", "interval", 1e-3, 1e6},
            Field<Series, std::vector<Selector>>{"of", &Series::of, "", "metrics"}};
    }
};

struct Outputs {
    Series series;
    std::vector<std::string> events;
    Node messages;
    static constexpr auto fields() {
        return FieldList{
            Field<Outputs, Series>{"series", &Outputs::series, "", "sampled"},
            Field<Outputs, std::vector<std::string>>{"events", &Outputs::events, "", "kept"},
            Field<Outputs, Node>{"messages", &Outputs::messages, "", "what of messages"}};
    }
};

struct Expectation {
    std::string name;
    Selector metric;
    std::optional<Window> during;
    Limit is;
    Severity severity = Severity::error;
    bool always = false;
    static constexpr auto fields() {
        return FieldList{
            Field<Expectation, std::string>{"name", &Expectation::name, "", "to refer to it"},
            Field<Expectation, Selector>{"metric", &Expectation::metric, "", "what"},
            Field<Expectation, std::optional<Window>>{"during", &Expectation::during, "s", "when"},
            Field<Expectation, Limit>{"is", &Expectation::is, "", "limit"},
            Field<Expectation, Severity>{"severity", &Expectation::severity, "",
                                         "what a failure means"},
            Field<Expectation, bool>{"always", &Expectation::always, "",
                                     "also under changed parameters"}};
    }
    static constexpr std::array<std::string_view, 3> required() { return {"name", "metric", "is"}; }
};

/// All sections but `mobility` and `servers`, whose entries say their kind.
struct Scenario {
    std::string title;
    std::vector<std::string> tags;
    std::uint64_t seed = 1;
    Timestamp epoch;
    Duration duration{60'000'000'000};
    Duration warmup{};
    Network network;
    Node mobility, servers;
    std::vector<Named<ClockParams>> clocks;
    std::vector<Named<App>> apps;
    std::vector<Named<Population>> populations;
    std::vector<TimelineEntry> timeline;
    Outputs outputs;
    std::vector<Expectation> expectations;
    static constexpr auto fields() {
        return FieldList{
            Field<Scenario, std::string>{"title", &Scenario::title, "", "one line"},
            Field<Scenario, std::vector<std::string>>{"tags", &Scenario::tags, "",
                                                      "words to find it by"},
            Field<Scenario, std::uint64_t>{"seed", &Scenario::seed, "", "of all draws"},
            Field<Scenario, Timestamp>{"epoch", &Scenario::epoch, "", "true time at t = 0"},
            Field<Scenario, Duration>{"duration", &Scenario::duration, "s", "of the run", 1e-9,
                                      3.2e9},
            Field<Scenario, Duration>{"warmup", &Scenario::warmup, "s", "left out of summaries", 0,
                                      3.2e9},
            Field<Scenario, Network>{"network", &Scenario::network, "", "cells and paths"},
            Field<Scenario, Node>{"mobility", &Scenario::mobility, "", "ways to move"},
            Field<Scenario, Node>{"servers", &Scenario::servers, "", "machines"},
            Field<Scenario, std::vector<Named<ClockParams>>>{"clocks", &Scenario::clocks, "",
                                                             "kinds of clock"},
            Field<Scenario, std::vector<Named<App>>>{"apps", &Scenario::apps, "", "versions"},
            Field<Scenario, std::vector<Named<Population>>>{"populations", &Scenario::populations,
                                                            "", "devices"},
            Field<Scenario, std::vector<TimelineEntry>>{"timeline", &Scenario::timeline, "",
                                                        "faults"},
            Field<Scenario, Outputs>{"outputs", &Scenario::outputs, "", "what is kept"},
            Field<Scenario, std::vector<Expectation>>{"expectations", &Scenario::expectations, "",
                                                      "assertions"}};
    }
    static constexpr std::array<std::string_view, 2> required() { return {"seed", "duration"}; }
};

/// Reads the scenario and follows its references; everything wrong is a complaint.
std::optional<Scenario> read_scenario(const std::string& file, const std::vector<Assignment>& set,
                                      Complaints& complaints);

/// JSON Schema of the sections above.
std::string scenario_schema();

}  // namespace driftstorm::example
