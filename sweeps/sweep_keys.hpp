#pragma once

#include "scenarios/read_params.hpp"
#include "sweeps/sweep.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What may stand in a sweep file, key by key, for its reader and for its schema.
namespace driftstorm {

enum class RangeScale : std::uint8_t { linear, logarithmic };

template <>
inline constexpr std::array<std::string_view, 2> enum_words<RangeScale>{"linear", "log"};

/// The keys of a sweep file; those read with the scenario's parameters at hand are kept as written.
struct SweepKeys {
    std::string title;
    std::string scenario;
    Node set;
    std::optional<Duration> until;
    Node design;
    Node where;
    Node replications;
    std::optional<std::uint32_t> budget;
    Seeds seeds = Seeds::common;
    std::optional<std::uint64_t> seed;
    Node keep;
    std::vector<std::string> metrics;
    std::string show;
    static constexpr std::array<std::string_view, 2> required() { return {"scenario", "design"}; }
    static constexpr auto fields() {
        using P = SweepKeys;
        return FieldList{
            Field<P, std::string>{"title", &P::title, "", "what the sweep asks"},
            Field<P, std::string>{"scenario", &P::scenario, "",
                                  "scenario file, relative to the sweep"},
            Field<P, Node>{"set", &P::set, "", "parameters that are the same at every point"},
            Field<P, std::optional<Duration>>{"until", &P::until, "s", "cuts every run short", 1e-9,
                                              3.15e9},
            Field<P, Node>{"design", &P::design, "",
                           "the points: parts that are combined, each point of one with each of "
                           "the others"},
            Field<P, Node>{"where", &P::where, "",
                           "comparisons that a point must meet: \"load < 2 * spare\""},
            Field<P, Node>{"replications", &P::replications, "",
                           "runs a point: a number, or a rule when to stop"},
            Field<P, std::optional<std::uint32_t>>{"budget", &P::budget, "", "runs in all, at most",
                                                   1, 1e9},
            Field<P, Seeds>{"seeds", &P::seeds, "",
                            "common: replication r has the same luck at every point"},
            Field<P, std::optional<std::uint64_t>>{"seed", &P::seed, "",
                                                   "of replication 0, instead of the scenario's"},
            Field<P, Node>{"keep", &P::keep, "", "what a run leaves beside its summary"},
            Field<P, std::vector<std::string>>{
                "metrics", &P::metrics, "", "metrics that summaries hold; * stands for any text"},
            Field<P, std::string>{"show", &P::show, "", "metric that reports show first"}};
    }
};

constexpr double most_points = 1e7;  // of a design

struct RangeKeys {
    Node from;
    Node to;
    std::optional<std::uint32_t> count;
    RangeScale scale = RangeScale::linear;
    Node step;
    static constexpr std::array<std::string_view, 2> required() { return {"from", "to"}; }
    static constexpr auto fields() {
        using P = RangeKeys;
        return FieldList{
            Field<P, Node>{"from", &P::from, "", "least value"},
            Field<P, Node>{"to", &P::to, "", "greatest value"},
            Field<P, std::optional<std::uint32_t>>{"count", &P::count, "",
                                                   "how many values, both ends included; of a grid",
                                                   2, 100000},
            Field<P, RangeScale>{"scale", &P::scale, "",
                                 "even steps of the value or of its logarithm"},
            Field<P, Node>{"step", &P::step, "", "values are rounded to its multiples"}};
    }
};

struct SamplesKeys {
    std::uint32_t samples = 1;
    Node of;
    static constexpr std::array<std::string_view, 2> required() { return {"samples", "of"}; }
    static constexpr auto fields() {
        using P = SamplesKeys;
        return FieldList{
            Field<P, std::uint32_t>{"samples", &P::samples, "", "points", 1, 1e7},
            Field<P, Node>{"of", &P::of, "", "parameters and the ranges they are drawn from"}};
    }
};

struct SobolKeys {
    std::uint32_t samples = 1;
    bool indices = false;
    Node of;
    static constexpr std::array<std::string_view, 2> required() { return {"samples", "of"}; }
    static constexpr auto fields() {
        using P = SobolKeys;
        return FieldList{
            Field<P, std::uint32_t>{"samples", &P::samples, "", "points; best a power of two", 1,
                                    1e7},
            Field<P, bool>{"indices", &P::indices, "",
                           "further points for Sobol indices: samples * (parameters + 2) in all"},
            Field<P, Node>{"of", &P::of, "", "parameters and their ranges"}};
    }
};

struct MorrisKeys {
    std::uint32_t trajectories = 10;
    std::uint32_t levels = 4;
    Node of;
    static constexpr std::array<std::string_view, 1> required() { return {"of"}; }
    static constexpr auto fields() {
        using P = MorrisKeys;
        return FieldList{
            Field<P, std::uint32_t>{"trajectories", &P::trajectories, "",
                                    "walks that change one parameter at a time", 1, 1e6,
                                    "Morris (1991): 10"},
            Field<P, std::uint32_t>{"levels", &P::levels, "", "of each parameter; even", 2, 1000,
                                    "Morris (1991): 4"},
            Field<P, Node>{"of", &P::of, "", "parameters and their ranges"}};
    }
};

struct RefineKeys {
    std::uint32_t start = 4;
    std::uint32_t levels = 4;
    Node of;
    std::string metric;
    Limit is;
    static constexpr std::array<std::string_view, 3> required() { return {"of", "metric", "is"}; }
    static constexpr auto fields() {
        using P = RefineKeys;
        return FieldList{
            Field<P, std::uint32_t>{"start", &P::start, "", "cells of the first grid, each way", 1,
                                    1000},
            Field<P, std::uint32_t>{"levels", &P::levels, "",
                                    "how often a cell that the boundary crosses is halved", 1, 12},
            Field<P, Node>{"of", &P::of, "", "parameters (at most 3) and their ranges"},
            Field<P, std::string>{"metric", &P::metric, "", "whose mean at a point decides"},
            Field<P, Limit>{"is", &P::is, "", "on which side a point lies: \">= 1\""}};
    }
};

struct StopKeys {
    std::string metric;
    Node half_width;
    double confidence = 0.95;
    static constexpr std::array<std::string_view, 2> required() { return {"metric", "half_width"}; }
    static constexpr auto fields() {
        using P = StopKeys;
        return FieldList{
            Field<P, std::string>{"metric", &P::metric, "", "whose mean is to be known"},
            Field<P, Node>{"half_width", &P::half_width, "",
                           "of its interval: in the metric's unit, or in % of the mean"},
            Field<P, double>{"confidence", &P::confidence, "%", "of the interval", 0.5, 0.9999}};
    }
};

struct ReplicationKeys {
    std::uint32_t min = 8;
    std::uint32_t max = 64;
    std::optional<StopKeys> stop_when;
    static constexpr std::array<std::string_view, 2> required() { return {"max", "stop_when"}; }
    static constexpr auto fields() {
        using P = ReplicationKeys;
        return FieldList{
            Field<P, std::uint32_t>{"min", &P::min, "", "runs of a point, at least", 2, 1e6},
            Field<P, std::uint32_t>{"max", &P::max, "", "runs of a point, at most", 2, 1e6},
            Field<P, std::optional<StopKeys>>{"stop_when", &P::stop_when, "", "what suffices"}};
    }
};

struct KeepKeys {
    KeepRows series = KeepRows::none;
    KeepRows events = KeepRows::none;
    std::string summaries = "all";
    static constexpr auto fields() {
        using P = KeepKeys;
        return FieldList{
            Field<P, std::string>{"summaries", &P::summaries, "", "always all"},
            Field<P, KeepRows>{"series", &P::series, "", "of which runs series are kept"},
            Field<P, KeepRows>{"events", &P::events, "",
                               "of which runs events, messages and copies are kept"}};
    }
};

}  // namespace driftstorm
