#include "sweeps/read_sweep.hpp"

#include "scenarios/parse_yaml.hpp"
#include "scenarios/read_params.hpp"
#include "sweeps/constraint.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <set>

namespace driftstorm {

namespace {

enum class Scale : std::uint8_t { linear, logarithmic };

}  // namespace

template <>
inline constexpr std::array<std::string_view, 2> enum_words<Scale>{"linear", "log"};

namespace {

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
    Scale scale = Scale::linear;
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
            Field<P, Scale>{"scale", &P::scale, "", "even steps of the value or of its logarithm"},
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

constexpr std::array<std::string_view, 7> kind_words_of_designs{
    "grid", "list", "random", "latin_hypercube", "sobol", "morris", "refine"};

/// A value written in a sweep, as the scenario's readers will see it.
std::optional<double> number_of(const Node& node, const SweptParameter& parameter,
                                const std::string& path, Complaints& complaints) {
    const ValuePlace place{parameter.name, path, {parameter.unit}, complaints};
    const std::optional<Quantity> quantity = read_quantity(node, place);
    if (!quantity) return {};
    const bool low = parameter.least && quantity->compare(*parameter.least) < 0;
    const bool high = parameter.most && quantity->compare(*parameter.most) > 0;
    if (low || high) {
        complaints.error(node.position(),
                         quote(parameter.name) + " must be between " +
                             format_quantity(parameter.least->in(parameter.unit), parameter.unit) +
                             " and " +
                             format_quantity(parameter.most->in(parameter.unit), parameter.unit) +
                             " in this scenario, got " + node.describe(),
                         path);
        return {};
    }
    return quantity->in(parameter.unit);
}

class SweepReader {
  public:
    SweepReader(Sweep& sweep, const MetricComplaint& check_metric, Complaints& complaints)
        : sweep_(sweep), check_metric_(check_metric), complaints_(complaints) {}

    void read(const SweepKeys& keys) {
        sweep_.title = keys.title;
        sweep_.until = keys.until;
        sweep_.seeds = keys.seeds;
        sweep_.seed = keys.seed.value_or(sweep_.scenario->seed);
        if (keys.budget) sweep_.budget = *keys.budget;
        read_design(keys.design);
        read_where(keys.where);
        read_replications(keys.replications);
        if (sweep_.seeds == Seeds::common && sweep_.seed > UINT64_MAX - sweep_.replications.most)
            complaints_.error(keys.replications.position(),
                              "so many replications would need seeds above 18446744073709551615");
        read_keep(keys.keep);
        sweep_.metrics = keys.metrics;
        if (sweep_.metrics.empty()) sweep_.metrics = {"*"};
        sweep_.show = keys.show;
        if (sweep_.show.empty() && !boundary_metrics_.empty())
            sweep_.show = boundary_metrics_.front().first;
        if (sweep_.show.empty()) sweep_.show = sweep_.replications.metric;
    }

    /// Metrics that the sweep's rules need must be in its summaries.
    void check_metrics(const Node& root) {
        const auto check = [&](const std::string& metric, const Node* at, const std::string& path) {
            if (metric.empty() || at == nullptr) return;
            check_metric(metric, at->position(), path);
            for (const std::string& pattern : sweep_.metrics)
                if (matches_pattern(pattern, metric)) return;
            sweep_.metrics.push_back(metric);
        };
        const Node* rule = root.find("replications");
        const Node* stop = rule != nullptr ? rule->find("stop_when") : nullptr;
        check(sweep_.replications.metric, stop != nullptr ? stop->find("metric") : nullptr,
              "replications.stop_when.metric");
        check(sweep_.show, root.find("show"), "show");
        if (const Node* list = root.find("metrics"))
            for (std::size_t i = 0; i < list->size(); ++i) {
                const Node& item = list->entries()[i].value;
                if (item.is_scalar() && item.text().find('*') == std::string::npos)
                    check_metric(item.text(), item.position(), item_path("metrics", i));
            }
        for (const auto& [metric, at] : boundary_metrics_) {
            check_metric(metric, at, "design");
            bool held = false;
            for (const std::string& pattern : sweep_.metrics)
                held = held || matches_pattern(pattern, metric);
            if (!held) sweep_.metrics.push_back(metric);
        }
    }

  private:
    void check_metric(const std::string& metric, const Position& at, const std::string& path) {
        if (!check_metric_) return;
        if (const auto why = check_metric_(*sweep_.scenario, metric))
            complaints_.error(at, *why, path);
    }

    /// The number of a scenario's parameter in the sweep; a complaint when it has none of that
    /// name.
    std::optional<std::size_t> parameter(const std::string& name, const Position& at,
                                         const std::string& path) {
        for (std::size_t i = 0; i < sweep_.parameters.size(); ++i)
            if (sweep_.parameters[i].name == name) return i;
        const std::vector<Parameter>& known = sweep_.scenario->document.parameters;
        const auto found = std::find_if(known.begin(), known.end(),
                                        [&](const Parameter& p) { return p.name == name; });
        if (found == known.end()) {
            std::vector<std::string> names;
            names.reserve(known.size());
            for (const Parameter& one : known) names.push_back(one.name);
            Complaint& complaint = complaints_.error(
                at, "the scenario has no parameter " + quote(name) + did_you_mean(name, names),
                path);
            if (!names.empty()) {
                const std::vector<std::string_view> views(names.begin(), names.end());
                complaint.notes.push_back({{}, "its parameters are " + list_words(views)});
            }
            return {};
        }
        SweptParameter swept{name, "", false, false, found->least, found->most};
        const ParsedQuantity usual = parse_quantity(found->default_value.text());
        swept.word = !usual.quantity;
        if (usual.quantity) {
            swept.unit = usual.quantity->unit->name;
            swept.whole = swept.unit.empty() && usual.quantity->whole("").has_value();
        }
        sweep_.parameters.push_back(swept);
        return sweep_.parameters.size() - 1;
    }

    std::optional<ParameterValue> value(const Node& node, const SweptParameter& parameter,
                                        const std::string& path) {
        if (node.is_null()) return {};
        if (parameter.word) {
            if (!node.is_scalar() || node.text().empty() || node.text()[0] == '$') {
                complaints_.error(
                    node.position(),
                    quote(parameter.name) + " takes a single value, got " + node.describe(), path);
                return {};
            }
            return ParameterValue{node.text(), node.text(),
                                  std::numeric_limits<double>::quiet_NaN()};
        }
        const std::optional<double> number = number_of(node, parameter, path, complaints_);
        if (!number) return {};
        return ParameterValue{node.text(), format_quantity(*number, parameter.unit), *number};
    }

    /// Claims a parameter for one axis; twice is a fault.
    std::optional<std::size_t> claim(const Node::Entry& entry, const std::string& path) {
        const auto index = parameter(entry.key, entry.key_position, child_path(path, entry.key));
        if (!index) return {};
        if (!claimed_.insert(*index).second) {
            complaints_.error(entry.key_position,
                              quote(entry.key) + " is varied by another part of the design too",
                              path);
            return {};
        }
        return index;
    }

    std::optional<ValueRange> range(const Node& from, const Node& to, Scale scale, const Node& step,
                                    const SweptParameter& parameter, const Position& at,
                                    const std::string& path) {
        if (parameter.word) {
            complaints_.error(at, quote(parameter.name) + " is no number and has no range", path);
            return {};
        }
        const auto least = number_of(from, parameter, path, complaints_);
        const auto most = number_of(to, parameter, path, complaints_);
        if (!least || !most) return {};
        ValueRange made{*least, *most, scale == Scale::logarithmic, parameter.whole ? 1.0 : 0.0};
        if (!(made.least < made.most)) {
            complaints_.error(at, "the range is empty: its least value is not below its greatest",
                              path);
            return {};
        }
        if (made.logarithmic && made.least <= 0) {
            complaints_.error(from.position(), "a range of logarithms begins above zero", path);
            return {};
        }
        if (!step.is_null()) {
            const auto read = read_quantity(step, {"step", path, {parameter.unit}, complaints_});
            if (!read) return {};
            made.step = read->in(parameter.unit);
            if (!(made.step > 0)) {
                complaints_.error(step.position(), "'step' must be above zero", path);
                return {};
            }
        }
        return made;
    }

    /// { NAME: [least, most] } or { NAME: { from, to, scale, step } }
    void read_ranges(const Node& of, const std::string& path, DesignPart& part) {
        if (of.is_null() || !check_is_map(of, {"of", path, {}, complaints_})) return;
        if (of.size() == 0) complaints_.error(of.position(), "'of' names no parameter", path);
        for (const Node::Entry& entry : of.entries()) {
            const std::string below = child_path(path, entry.key);
            const auto index = claim(entry, path);
            if (!index) continue;
            const SweptParameter& parameter = sweep_.parameters[*index];
            Axis axis{*index, {}, {}};
            std::optional<ValueRange> read;
            if (entry.value.is_sequence() && entry.value.size() == 2) {
                read = range(entry.value.entries()[0].value, entry.value.entries()[1].value,
                             Scale::linear, Node(), parameter, entry.value.position(), below);
            } else if (entry.value.is_map()) {
                RangeKeys keys;
                if (read_fields(entry.value, below, complaints_, keys))
                    read = range(keys.from, keys.to, keys.scale, keys.step, parameter,
                                 entry.value.position(), below);
                if (keys.count)
                    complaints_.error(entry.value.find("count")->position(),
                                      "'count' is for the axes of a grid", below);
            } else if (!entry.value.is_null()) {
                complaints_.error(entry.value.position(),
                                  quote(entry.key) +
                                      " must be a range, [LEAST, MOST] or { from, to, scale, step "
                                      "}, got " +
                                      entry.value.describe(),
                                  below);
            }
            if (!read) continue;
            axis.range = *read;
            part.axes.push_back(std::move(axis));
        }
    }

    void read_grid(const Node& node, const std::string& path, DesignPart& part) {
        if (!check_is_map(node, {"grid", path, {}, complaints_})) return;
        if (node.size() == 0) complaints_.error(node.position(), "the grid has no parameter", path);
        for (const Node::Entry& entry : node.entries()) {
            const std::string below = child_path(path, entry.key);
            const auto index = claim(entry, path);
            if (!index) continue;
            const SweptParameter parameter = sweep_.parameters[*index];
            Axis axis{*index, {}, {}};
            if (entry.value.is_map()) {
                RangeKeys keys;
                if (!read_fields(entry.value, below, complaints_, keys)) continue;
                if (!keys.count) {
                    complain_missing_key("count", entry.value, below, complaints_);
                    continue;
                }
                const auto read = range(keys.from, keys.to, keys.scale, keys.step, parameter,
                                        entry.value.position(), below);
                if (!read) continue;
                for (std::uint32_t i = 0; i < *keys.count; ++i)
                    axis.values.push_back(value_of(
                        parameter, at_share(*read, static_cast<double>(i) / (*keys.count - 1))));
            } else if (entry.value.is_sequence() && entry.value.size() > 0) {
                for (std::size_t i = 0; i < entry.value.size(); ++i)
                    if (auto one =
                            value(entry.value.entries()[i].value, parameter, item_path(below, i)))
                        axis.values.push_back(*std::move(one));
            } else if (!entry.value.is_null()) {
                complaints_.error(
                    entry.value.position(),
                    quote(entry.key) + " must be a list of values, or { from, to, count }, got " +
                        (entry.value.is_sequence() ? "an empty list" : entry.value.describe()),
                    below);
            }
            check_distinct(axis, entry, below);
            if (!axis.values.empty()) part.axes.push_back(std::move(axis));
        }
    }

    void check_distinct(const Axis& axis, const Node::Entry& entry, const std::string& path) {
        std::set<std::string> seen;
        for (const ParameterValue& one : axis.values)
            if (!seen.insert(one.canonical).second) {
                complaints_.error(entry.value.position(),
                                  quote(entry.key) + " has the value " + one.canonical + " twice",
                                  path);
                return;
            }
    }

    void read_list(const Node& node, const std::string& path, DesignPart& part) {
        if (!check_is_sequence(node, {"list", path, {}, complaints_})) return;
        if (node.size() == 0) {
            complaints_.error(node.position(), "the list has no rows", path);
            return;
        }
        const Node& first = node.entries()[0].value;
        if (!check_is_map(first, {"list", item_path(path, 0), {}, complaints_})) return;
        for (const Node::Entry& entry : first.entries())
            if (const auto index = claim(entry, item_path(path, 0)))
                part.axes.push_back({*index, {}, {}});
        for (std::size_t row = 0; row < node.size(); ++row) {
            const Node& map = node.entries()[row].value;
            const std::string below = item_path(path, row);
            if (!check_is_map(map, {"list", below, {}, complaints_})) continue;
            for (Axis& axis : part.axes) {
                const SweptParameter& parameter = sweep_.parameters[axis.parameter];
                const Node* written = map.find(parameter.name);
                if (written == nullptr) {
                    complain_missing_key(parameter.name, map, below, complaints_);
                    continue;
                }
                if (auto one = value(*written, parameter, child_path(below, parameter.name)))
                    axis.values.push_back(*std::move(one));
            }
            for (const Node::Entry& entry : map.entries())
                if (first.find(entry.key) == nullptr)
                    complaints_.error(entry.key_position,
                                      quote(entry.key) +
                                          " is not in the list's first row; every "
                                          "row has the same parameters",
                                      below);
        }
    }

    template <class Keys>
    void read_samples(const Node& node, const std::string& path, DesignPart& part, Keys& keys) {
        read_fields(node, path, complaints_, keys);
        read_ranges(keys.of, child_path(path, "of"), part);
    }

    void read_part(const Node& node, const std::string& path) {
        if (node.is_null()) return;
        if (!node.is_map() || node.size() != 1) {
            complaints_.error(
                node.position(),
                "a part of a design is a map whose one key is its kind: " +
                    list_words({kind_words_of_designs.begin(), kind_words_of_designs.end()}),
                path);
            return;
        }
        const Node::Entry& entry = node.entries().front();
        const auto found = std::find(kind_words_of_designs.begin(), kind_words_of_designs.end(),
                                     std::string_view(entry.key));
        if (found == kind_words_of_designs.end()) {
            const std::vector<std::string_view> words(kind_words_of_designs.begin(),
                                                      kind_words_of_designs.end());
            complaints_.error(
                entry.key_position,
                "there is no design " + quote(entry.key) +
                    (nearest_word(entry.key, words).empty() ? "; it is " + list_words(words)
                                                            : did_you_mean(entry.key, words)),
                path);
            return;
        }
        DesignPart part;
        part.kind = static_cast<DesignPart::Kind>(found - kind_words_of_designs.begin());
        const std::string below = child_path(path, entry.key);
        switch (part.kind) {
            case DesignPart::Kind::grid:
                read_grid(entry.value, below, part);
                break;
            case DesignPart::Kind::list:
                read_list(entry.value, below, part);
                break;
            case DesignPart::Kind::random:
            case DesignPart::Kind::latin_hypercube: {
                SamplesKeys keys;
                read_samples(entry.value, below, part, keys);
                part.samples = keys.samples;
                break;
            }
            case DesignPart::Kind::sobol: {
                SobolKeys keys;
                read_samples(entry.value, below, part, keys);
                part.samples = keys.samples;
                part.indices = keys.indices;
                const std::size_t dimensions = part.axes.size() * (part.indices ? 2 : 1);
                if (dimensions > most_sobol_dimensions)
                    complaints_.error(entry.key_position,
                                      "a sobol design has at most " +
                                          std::to_string(part.indices ? most_sobol_dimensions / 2
                                                                      : most_sobol_dimensions) +
                                          " parameters" + (part.indices ? " with 'indices'" : ""),
                                      below);
                break;
            }
            case DesignPart::Kind::morris: {
                MorrisKeys keys;
                read_samples(entry.value, below, part, keys);
                part.samples = keys.trajectories;
                part.levels = keys.levels;
                if (part.levels % 2 != 0)
                    complaints_.error(entry.value.find("levels")->position(),
                                      "'levels' must be even, so that steps of half the range lead "
                                      "from level to level",
                                      below);
                break;
            }
            case DesignPart::Kind::refine:
                read_refine(entry, below, part);
                break;
        }
        sweep_.design.push_back(std::move(part));
    }

    void read_refine(const Node::Entry& entry, const std::string& path, DesignPart& part) {
        RefineKeys keys;
        read_samples(entry.value, path, part, keys);
        part.start = keys.start;
        part.levels = keys.levels;
        part.boundary = {keys.metric, keys.is};
        if (part.axes.size() > 3)
            complaints_.error(entry.key_position,
                              "refine follows a boundary in at most 3 "
                              "parameters",
                              path);
        double points = 1;
        for (std::size_t i = 0; i < part.axes.size(); ++i)
            points *= keys.start * std::ldexp(1.0, static_cast<int>(keys.levels)) + 1;
        if (points > 2e7)
            complaints_.error(entry.key_position,
                              "the grid of that resolution has more than 20,000,000 points", path);
        for (const DesignPart& other : sweep_.design)
            if (other.kind == DesignPart::Kind::refine)
                complaints_.error(entry.key_position, "one part of a design can refine, not two",
                                  path);
        if (const Node* metric = entry.value.find("metric");
            metric != nullptr && !keys.metric.empty())
            boundary_metrics_.emplace_back(keys.metric, metric->position());
    }

    void read_design(const Node& node) {
        if (node.is_map()) {
            read_part(node, "design");
        } else if (check_is_sequence(node, {"design", "design", {}, complaints_})) {
            if (node.size() == 0)
                complaints_.error(node.position(), "the design has no parts", "design");
            for (std::size_t i = 0; i < node.size(); ++i)
                read_part(node.entries()[i].value, item_path("design", i));
        }
        check_size(node);
    }

    /// A design that no machine could hold is a slip of the pen.
    void check_size(const Node& node) {
        double points = 1;
        for (const DesignPart& part : sweep_.design) {
            const auto axes = static_cast<double>(part.axes.size());
            const auto samples = static_cast<double>(part.samples);
            if (part.kind == DesignPart::Kind::grid)
                for (const Axis& axis : part.axes)
                    points *= static_cast<double>(axis.values.size());
            else if (part.kind == DesignPart::Kind::list)
                points *= part.axes.empty() ? 1.0 : static_cast<double>(part.axes[0].values.size());
            else if (part.kind == DesignPart::Kind::morris)
                points *= samples * (axes + 1);
            else if (part.kind == DesignPart::Kind::refine)
                points *= std::pow(static_cast<double>(part.start + 1), axes);
            else
                points *= samples * (part.indices ? axes + 2 : 1);
        }
        if (points > most_points)
            complaints_.error(
                node.position(),
                "the design has " + format_number(points) + " points; 10,000,000 are the most",
                "design");
    }

    void read_where(const Node& node) {
        if (node.is_null()) return;
        std::vector<Node> items;
        if (node.is_scalar())
            items.push_back(node);
        else if (check_is_sequence(node, {"where", "where", {}, complaints_}))
            for (const Node::Entry& entry : node.entries()) items.push_back(entry.value);
        for (std::size_t i = 0; i < items.size(); ++i) {
            const std::string path = node.is_scalar() ? "where" : item_path("where", i);
            if (items[i].is_null()) continue;
            if (!items[i].is_scalar()) {
                complaints_.error(
                    items[i].position(),
                    "a constraint is a text like \"load < 2 * spare\", got " + items[i].describe(),
                    path);
                continue;
            }
            ParsedConstraint parsed = parse_constraint(items[i].text(), sweep_.parameters);
            if (parsed.constraint)
                sweep_.where.push_back(*std::move(parsed.constraint));
            else
                complaints_.error(items[i].position(), quote(items[i].text()) + " " + parsed.error,
                                  path);
        }
        const auto belong_together = [](const DesignPart& part) {
            return part.indices || part.kind == DesignPart::Kind::morris;
        };
        if (!sweep_.where.empty() &&
            std::any_of(sweep_.design.begin(), sweep_.design.end(), belong_together))
            complaints_.error(node.position(),
                              "'where' would take rows out of a design whose rows belong together "
                              "(morris, or sobol with 'indices')",
                              "where");
    }

    void read_replications(const Node& node) {
        Replications& rule = sweep_.replications;
        if (node.is_null()) return;
        if (node.is_scalar()) {
            const auto count = read_unsigned(
                node, {"replications", "replications", {"", 1, 1e6}, complaints_}, 1'000'000);
            if (count) rule.least = rule.most = static_cast<std::size_t>(*count);
            return;
        }
        ReplicationKeys keys;
        if (!read_fields(node, "replications", complaints_, keys) || !keys.stop_when) return;
        if (keys.max < keys.min)
            complaints_.error(node.find("max")->position(), "'max' is below 'min'",
                              "replications.max");
        rule.least = keys.min;
        rule.most = keys.max;
        rule.metric = keys.stop_when->metric;
        rule.confidence = keys.stop_when->confidence;
        const Node& width = keys.stop_when->half_width;
        const std::string path = "replications.stop_when.half_width";
        const std::string unit = metric_unit_ ? metric_unit_(rule.metric).value_or("") : "";
        const ParsedQuantity parsed =
            width.is_scalar() ? parse_quantity(width.text()) : ParsedQuantity{};
        rule.relative =
            parsed.quantity && parsed.quantity->dimension() == Dimension::share && unit != "%";
        const auto quantity =
            read_quantity(width, {"half_width", path, {rule.relative ? "%" : unit}, complaints_});
        if (!quantity) return;
        rule.half_width = quantity->in(rule.relative ? "%" : unit);
        if (!(rule.half_width > 0))
            complaints_.error(width.position(), "'half_width' must be above zero", path);
    }

    void read_keep(const Node& node) {
        if (node.is_null()) return;
        if (node.is_scalar()) {
            if (node.text() != "summaries")
                complaints_.error(
                    node.position(),
                    "'keep' is summaries, or a map of what is kept of which runs; got " +
                        node.describe(),
                    "keep");
            return;
        }
        KeepKeys keys;
        if (!read_fields(node, "keep", complaints_, keys)) return;
        if (keys.summaries != "all")
            complaints_.error(node.find("summaries")->position(),
                              "'summaries' can only be all: a sweep is made of them",
                              "keep.summaries");
        sweep_.keep = {keys.series, keys.events};
    }

  public:
    MetricUnit metric_unit_;

  private:
    Sweep& sweep_;
    const MetricComplaint& check_metric_;
    Complaints& complaints_;
    std::set<std::size_t> claimed_;
    std::vector<std::pair<std::string, Position>> boundary_metrics_;
};

void check_schema(const Node& root, std::uint32_t file, Complaints& complaints) {
    const Node* schema = root.find("schema");
    if (schema == nullptr) {
        complaints.error({file, 1, 1, 0}, "the first line must be 'schema: sweep/1'");
    } else if (root.entries().front().key != "schema") {
        complaints.error(root.find_entry("schema")->key_position, "'schema' must be the first key");
    } else if (!schema->is_null() && (!schema->is_scalar() || schema->text() != "sweep/1")) {
        complaints.error(
            schema->position(),
            schema->text().rfind("sweep/", 0) == 0
                ? quote(schema->text()) + " is not known here; this program reads sweep/1"
                : "'schema' must be sweep/1, got " + schema->describe());
    }
}

/// Keys of the file that are no fields: `schema`, and those that a complaint is about here, in
/// words of sweeps.
std::vector<std::string_view> other_keys(const Node& root, Complaints& complaints) {
    std::vector<std::string_view> known = keys_of<SweepKeys>().own;
    known.emplace_back("schema");
    std::vector<std::string_view> other{"schema"};
    for (const Node::Entry& entry : root.entries()) {
        if (std::find(known.begin(), known.end(), entry.key) != known.end()) continue;
        complaints.error(
            entry.key_position,
            quote(entry.key) + " is no key of a sweep" + did_you_mean(entry.key, known), entry.key);
        other.push_back(entry.key);
    }
    return other;
}

std::vector<Assignment> assignments_of(const Node& set, Complaints& complaints) {
    std::vector<Assignment> assignments;
    if (set.is_null() || !check_is_map(set, {"set", "set", {}, complaints})) return assignments;
    for (const Node::Entry& entry : set.entries()) {
        if (entry.value.is_scalar())
            assignments.push_back({entry.key, entry.value.text()});
        else if (!entry.value.is_null())
            complaints.error(
                entry.value.position(),
                quote(entry.key) + " must be a single value, got " + entry.value.describe(),
                child_path("set", entry.key));
    }
    return assignments;
}

}  // namespace

std::unique_ptr<Sweep> read_sweep(const std::string& file, const MetricRules& metrics,
                                  Complaints& complaints) {
    std::string reason;
    const auto number = complaints.sources().read(file, {}, reason);
    if (!number) {
        complaints.error({}, "cannot read " + quote(file) + ": " + reason);
        return nullptr;
    }
    const std::optional<Node> root = parse_yaml(*number, complaints);
    if (!root) return nullptr;
    if (!root->is_map()) {
        complaints.error({*number, 1, 1, 0},
                         root->is_null() ? "the file is empty; its first line is 'schema: sweep/1'"
                                         : "a sweep is a map, got " + root->describe());
        return nullptr;
    }
    check_schema(*root, *number, complaints);
    SweepKeys keys;
    read_fields(*root, "", complaints, keys, {other_keys(*root, complaints), nullptr});
    auto sweep = std::make_unique<Sweep>();
    sweep->file = file;
    if (keys.scenario.empty()) return nullptr;
    sweep->scenario_file = keys.scenario;
    sweep->scenario_path = complaints.sources().beside(*number, keys.scenario);
    sweep->set = assignments_of(keys.set, complaints);
    sweep->scenario = read_scenario(sweep->scenario_path, sweep->set, complaints);
    if (!sweep->scenario) {
        complaints.error(root->find("scenario")->position(),
                         "the scenario " + quote(keys.scenario) + " cannot be read", "scenario");
        return nullptr;
    }
    SweepReader reader(*sweep, metrics.complaint, complaints);
    reader.metric_unit_ = metrics.unit;
    reader.read(keys);
    reader.check_metrics(*root);
    for (const Assignment& fixed : sweep->set)
        for (const SweptParameter& swept : sweep->parameters)
            if (swept.name == fixed.name)
                complaints.error(root->find("set")->find_entry(fixed.name)->key_position,
                                 quote(fixed.name) + " is fixed here and varied by the design",
                                 child_path("set", fixed.name));
    return sweep;
}

std::string sweep_schema() {
    SchemaWriter writer;
    const std::string range_map = writer.map(describe<RangeKeys>(writer));
    const std::string any_list = writer.list(writer.text(), 2, 2);
    const std::array range_forms{any_list, range_map};
    const std::string ranges = writer.names_to(writer.any_of(range_forms));
    const std::array axis_forms{writer.list(writer.text(), 1), range_map};
    const auto with_of = [&](std::vector<SchemaWriter::Property> properties) {
        for (SchemaWriter::Property& property : properties)
            if (property.name == "of") property.schema = ranges;
        return writer.map(properties);
    };
    const std::vector<std::pair<std::string_view, std::string>> kinds{
        {"grid", writer.names_to(writer.any_of(axis_forms))},
        {"list", writer.list(writer.names_to(writer.text()), 1)},
        {"random", with_of(describe<SamplesKeys>(writer))},
        {"latin_hypercube", with_of(describe<SamplesKeys>(writer))},
        {"sobol", with_of(describe<SobolKeys>(writer))},
        {"morris", with_of(describe<MorrisKeys>(writer))},
        {"refine", with_of(describe<RefineKeys>(writer))}};
    const std::string part = writer.define("design_part", writer.one_of_words(kinds));
    std::vector<SchemaWriter::Property> top = describe<SweepKeys>(writer);
    for (SchemaWriter::Property& property : top) {
        if (property.name == "design") {
            const std::array forms{part, writer.list(part, 1)};
            property.schema = writer.any_of(forms);
        } else if (property.name == "set") {
            property.schema = writer.names_to(writer.text());
        } else if (property.name == "where") {
            const std::array forms{writer.text(), writer.list(writer.text())};
            property.schema = writer.any_of(forms);
        } else if (property.name == "replications") {
            const std::array forms{writer.integer(), writer.map(describe<ReplicationKeys>(writer))};
            property.schema = writer.any_of(forms);
        } else if (property.name == "keep") {
            const std::array<std::string_view, 1> word{"summaries"};
            const std::array forms{writer.words(word), writer.map(describe<KeepKeys>(writer))};
            property.schema = writer.any_of(forms);
        }
    }
    top.insert(top.begin(), {"schema", "language of this file", "{\"const\": \"sweep/1\"}"});
    return writer.plain_document("driftstorm sweep/1", top);
}

bool matches_pattern(std::string_view pattern, std::string_view text) {
    const std::size_t star = pattern.find('*');
    if (star == std::string_view::npos) return pattern == text;
    if (text.substr(0, star) != pattern.substr(0, star)) return false;
    const std::string_view rest = pattern.substr(star + 1);
    for (std::size_t i = star; i <= text.size(); ++i)
        if (matches_pattern(rest, text.substr(i))) return true;
    return false;
}

ParameterValue value_of(const SweptParameter& parameter, double number) {
    const std::string text = format_quantity(number, parameter.unit);
    return {text, text, number};
}

}  // namespace driftstorm
