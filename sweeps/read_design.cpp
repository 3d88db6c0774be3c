#include "sweeps/read_design.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace driftstorm {

namespace {

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

}  // namespace

void DesignReader::read(const Node& node) {
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

std::optional<std::size_t> DesignReader::parameter(const std::string& name, const Position& at,
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
            at, "the scenario has no parameter " + quote(name) + did_you_mean(name, names), path);
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

std::optional<ParameterValue> DesignReader::value(const Node& node, const SweptParameter& parameter,
                                                  const std::string& path) {
    if (node.is_null()) return {};
    if (parameter.word) {
        if (!node.is_scalar() || node.text().empty() || node.text()[0] == '$') {
            complaints_.error(
                node.position(),
                quote(parameter.name) + " takes a single value, got " + node.describe(), path);
            return {};
        }
        return ParameterValue{node.text(), node.text(), std::numeric_limits<double>::quiet_NaN()};
    }
    const std::optional<double> number = number_of(node, parameter, path, complaints_);
    if (!number) return {};
    return ParameterValue{node.text(), format_quantity(*number, parameter.unit), *number};
}

std::optional<std::size_t> DesignReader::claim(const Node::Entry& entry, const std::string& path) {
    const auto index = parameter(entry.key, entry.key_position, child_path(path, entry.key));
    if (!index) return {};
    if (!claimed_.insert(*index).second) {
        complaints_.error(entry.key_position,
                          quote(entry.key) + " is varied by another part of the design too", path);
        return {};
    }
    return index;
}

std::optional<ValueRange> DesignReader::range(const Node& from, const Node& to, RangeScale scale,
                                              const Node& step, const SweptParameter& parameter,
                                              const Position& at, const std::string& path) {
    if (parameter.word) {
        complaints_.error(at, quote(parameter.name) + " is no number and has no range", path);
        return {};
    }
    const auto least = number_of(from, parameter, path, complaints_);
    const auto most = number_of(to, parameter, path, complaints_);
    if (!least || !most) return {};
    ValueRange made{*least, *most, scale == RangeScale::logarithmic, parameter.whole ? 1.0 : 0.0};
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

void DesignReader::read_ranges(const Node& of, const std::string& path, DesignPart& part) {
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
                         RangeScale::linear, Node(), parameter, entry.value.position(), below);
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

void DesignReader::read_grid(const Node& node, const std::string& path, DesignPart& part) {
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

void DesignReader::check_distinct(const Axis& axis, const Node::Entry& entry,
                                  const std::string& path) {
    std::set<std::string> seen;
    for (const ParameterValue& one : axis.values)
        if (!seen.insert(one.canonical).second) {
            complaints_.error(entry.value.position(),
                              quote(entry.key) + " has the value " + one.canonical + " twice",
                              path);
            return;
        }
}

void DesignReader::read_list(const Node& node, const std::string& path, DesignPart& part) {
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
void DesignReader::read_samples(const Node& node, const std::string& path, DesignPart& part,
                                Keys& keys) {
    read_fields(node, path, complaints_, keys);
    read_ranges(keys.of, child_path(path, "of"), part);
}

void DesignReader::read_part(const Node& node, const std::string& path) {
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

void DesignReader::read_refine(const Node::Entry& entry, const std::string& path,
                               DesignPart& part) {
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
            complaints_.error(entry.key_position, "one part of a design can refine, not two", path);
    if (const Node* metric = entry.value.find("metric"); metric != nullptr && !keys.metric.empty())
        boundary_metrics_.emplace_back(keys.metric, metric->position());
}

void DesignReader::check_size(const Node& node) {
    double points = 1;
    for (const DesignPart& part : sweep_.design) {
        const auto axes = static_cast<double>(part.axes.size());
        const auto samples = static_cast<double>(part.samples);
        if (part.kind == DesignPart::Kind::grid)
            for (const Axis& axis : part.axes) points *= static_cast<double>(axis.values.size());
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

}  // namespace driftstorm
