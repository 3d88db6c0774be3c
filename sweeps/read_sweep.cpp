#include "sweeps/read_sweep.hpp"

#include "scenarios/parse_yaml.hpp"
#include "sweeps/constraint.hpp"
#include "sweeps/read_design.hpp"
#include "sweeps/sweep_keys.hpp"

#include <algorithm>

namespace driftstorm {

namespace {

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
        DesignReader design(sweep_, complaints_);
        design.read(keys.design);
        boundary_metrics_ = design.boundary_metrics();
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
