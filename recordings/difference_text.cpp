#include "analysis/human_text.hpp"
#include "recordings/difference.hpp"
#include "recordings/verdict.hpp"
#include "scenarios/complaints.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace driftstorm {

namespace {

constexpr std::size_t values_shown = 12;
constexpr std::size_t metrics_shown = 10;

std::string side_line(const char* letter, const RunSide& side) {
    return fmt::format("{}  {}  ({}, driftstorm {}, seed {}, digest {})\n", letter, side.path,
                       side.kind_word(), side.version, side.seed, side.digest);
}

std::string from_to(const std::string& left, const std::string& right) {
    return (left.empty() ? "nothing" : left) + " -> " + (right.empty() ? "nothing" : right);
}

std::string origin_text(const ValueDifference& value) {
    const auto shown = [](const std::string& origin) {
        return origin.empty() ? std::string("not there") : origin;
    };
    return shown(value.left_origin) == shown(value.right_origin)
               ? shown(value.left_origin)
               : shown(value.left_origin) + " -> " + shown(value.right_origin);
}

int version_in(const RunSide& side, const std::string& model) {
    for (const auto& [name, version] : side.models)
        if (name == model) return version;
    return 0;
}

std::string handler_text(const TraceCause& cause) {
    return fmt::format("{} at {}, {}", cause.message, cause.entity, exact_time(cause.at));
}

std::string chain_text(const std::vector<TraceCause>& chain) {
    std::string text;
    for (const TraceCause& cause : chain)
        text += "             after   " + handler_text(cause) + "\n";
    return text;
}

std::string divergence_text(const DifferenceReport& report) {
    const Divergence& d = *report.divergence;
    std::string text = "event    ";
    if (d.kind == DivergenceKind::row)
        text += fmt::format("  {} records another row in {}\n", line_of(*d.left), d.component);
    else if (d.left && d.right)
        text += fmt::format("  {} of the same event, in {}\n", word(d.kind), d.component);
    else
        text += fmt::format("  only {} has it, in {}\n", d.left ? "A" : "B", d.component);
    if (d.kind != DivergenceKind::row) {
        if (d.left) text += "           A " + line_of(*d.left) + "\n";
        if (d.right) text += "           B " + line_of(*d.right) + "\n";
    }
    for (const std::string& detail : d.details) text += "             " + detail + "\n";
    if (!d.left_chain.empty()) text += "chain      A\n" + chain_text(d.left_chain);
    if (!d.right_chain.empty()) text += "           B\n" + chain_text(d.right_chain);
    std::string why = explanation_of(report);
    for (std::size_t line = why.find('\n'); line != std::string::npos;
         line = why.find('\n', line + 1))
        why.insert(line + 1, "           ");
    return text + "why        " + why + "\n";
}

}  // namespace

std::string metric_text(double value, const std::string& unit) {
    if (std::isnan(value)) return "undefined";
    const double scale = unit == "%" ? 100 : 1;
    return fmt::format("{:.6g}{}{}", value * scale, unit.empty() ? "" : " ", unit);
}

std::string explanation_of(const DifferenceReport& report) {
    const Divergence& d = *report.divergence;
    const Duration left_end = report.left->until;
    const Duration right_end = report.right->until;
    if (left_end != right_end && d.at.ns >= std::min(left_end.ns, right_end.ns))
        return fmt::format("{} ends there, at {}; up to then both runs are the same",
                           left_end < right_end ? "A" : "B",
                           exact_time(Time{std::min(left_end.ns, right_end.ns)}));
    const std::optional<TraceCause>& cause = d.left_cause ? d.left_cause : d.right_cause;
    if (!cause) return "the event was sent before what is known of the runs";
    std::string text;
    if (cause->model.empty()) {
        text = "it was sent at the start of the run";
    } else {
        const int left = version_in(*report.left, cause->model);
        const int right = version_in(*report.right, cause->model);
        text = fmt::format("the handler of {} did something else: model {}, {}",
                           handler_text(*cause), cause->model,
                           left == right ? fmt::format("version {} on both sides", left)
                                         : fmt::format("version {} -> {}", left, right));
    }
    const auto draw_text = [](const std::optional<TraceDraw>& draw) {
        return draw ? text_of(*draw) : std::string("no further draw");
    };
    if (d.draw) {
        text += fmt::format("\nits draw {}: {} -> {}", d.draws_alike + 1, draw_text(d.draw->first),
                            draw_text(d.draw->second));
    } else if (d.draws_alike > 0) {
        const TraceDraw& last = cause->draws.back();
        text += fmt::format(
            "\nwith the same {} on both sides ({}): {}",
            d.draws_alike == 1 ? "draw" : std::to_string(d.draws_alike) + " draws", text_of(last),
            report.left->seed == report.right->seed ? "a parameter, or what the model makes of it"
                                                    : "another number under another seed");
    } else {
        text += "\nwithout a draw: a parameter, or what the model does";
    }
    if (!report.values.empty()) {
        const ValueDifference& value = report.values.front();
        text += fmt::format("\nscenario line: {}: {}: {}", origin_text(value), value.path,
                            from_to(value.left, value.right));
    } else if (report.left->seed != report.right->seed) {
        text += fmt::format("\nseed: {} -> {}", report.left->seed, report.right->seed);
    } else if (!cause->model.empty() &&
               version_in(*report.left, cause->model) == version_in(*report.right, cause->model)) {
        text += fmt::format(
            "\nthe scenarios are the same and so is the version of {}: "
            "its code, or what it calls, is another one",
            cause->model);
    }
    return text;
}

std::string render_text(const DifferenceReport& report) {
    const RunSide& a = *report.left;
    const RunSide& b = *report.right;
    std::string text = side_line("A", a) + side_line("B", b);
    if (a.version != b.version) text += "build      " + from_to(a.version, b.version) + "\n";
    if (a.seed != b.seed) text += fmt::format("seed       {} -> {}\n", a.seed, b.seed);
    if (a.until != b.until)
        text += "length     " +
                from_to(exact_time(Time{a.until.ns}), exact_time(Time{b.until.ns})) + "\n";
    for (const ModelDifference& model : report.models)
        text +=
            fmt::format("model      {}: version {} -> {}\n", model.name, model.left, model.right);
    for (std::size_t i = 0; i < std::min(values_shown, report.values.size()); ++i) {
        const ValueDifference& value = report.values[i];
        text += fmt::format("{} {}: {}  [{}]\n", i == 0 ? "scenario  " : "          ", value.path,
                            from_to(value.left, value.right), origin_text(value));
    }
    if (report.values.size() > values_shown)
        text += fmt::format("           and {} more values\n", report.values.size() - values_shown);
    if (a.digest == b.digest) return text + "identical  the same digest\n";
    for (std::size_t i = 0; i < std::min(metrics_shown, report.metrics.size()); ++i) {
        const MetricDifference& metric = report.metrics[i];
        text +=
            fmt::format("{} {:<32} {} -> {}  ({:.3g} %)\n", i == 0 ? "metrics   " : "          ",
                        metric.path, metric_text(metric.left, metric.unit),
                        metric_text(metric.right, metric.unit), metric.relative * 100);
    }
    if (report.metrics.size() > metrics_shown)
        text +=
            fmt::format("           and {} more metrics\n", report.metrics.size() - metrics_shown);
    if (report.first) {
        std::string components;
        for (const std::string& component : report.first->components)
            components += (components.empty() ? "" : ", ") + component;
        text +=
            fmt::format("window     {} of {}, from {} to {}: {} (from the ladders)\n",
                        report.first->window + 1, report.windows, instant_text(report.first->from),
                        instant_text(report.first->to), components);
    }
    if (report.divergence) text += divergence_text(report);
    if (!report.note.empty()) text += "note       " + report.note + "\n";
    return text;
}

namespace {

std::string json_draw(const std::optional<TraceDraw>& draw) {
    if (!draw) return "null";
    return fmt::format("{{\"purpose\": {}, \"subject\": \"{}\", \"number\": {}}}",
                       json_string(draw->purpose), hex(draw->subject), draw->number);
}

std::string json_event(const std::optional<TraceEvent>& event) {
    if (!event) return "null";
    std::string fields;
    for (const TraceField& field : event->fields)
        fields += (fields.empty() ? "" : ", ") + json_string(field.name) + ": " +
                  json_string(field.value);
    return fmt::format(
        "{{\"at_ns\": {}, \"phase\": {}, \"message\": {}, \"model\": {}, \"target\": {}, "
        "\"source\": {}, \"count\": {}, \"fields\": {{{}}}}}",
        event->at.ns, json_string(event->phase), json_string(event->message),
        json_string(event->model), json_string(event->target), json_string(event->source),
        event->count, fields);
}

std::string json_chain(const std::vector<TraceCause>& chain) {
    std::string text;
    for (const TraceCause& cause : chain) {
        std::string draws;
        for (const TraceDraw& draw : cause.draws)
            draws += (draws.empty() ? "" : ", ") + json_draw(draw);
        text += fmt::format(
            "{}{{\"at_ns\": {}, \"message\": {}, \"model\": {}, \"entity\": {}, \"draws\": [{}]}}",
            text.empty() ? "" : ", ", cause.at.ns, json_string(cause.message),
            json_string(cause.model), json_string(cause.entity), draws);
    }
    return "[" + text + "]";
}

std::string json_side(const RunSide& side) {
    return fmt::format(
        "{{\"path\": {}, \"kind\": \"{}\", \"version\": {}, \"seed\": {}, \"until_ns\": {}, "
        "\"digest\": \"{}\"}}",
        json_string(side.path), side.kind_word(), json_string(side.version), side.seed,
        side.until.ns, side.digest);
}

std::string json_divergence(const DifferenceReport& report) {
    if (!report.divergence) return "null";
    const Divergence& d = *report.divergence;
    std::string details;
    for (const std::string& detail : d.details)
        details += (details.empty() ? "" : ", ") + json_string(detail);
    const std::optional<TraceCause>& cause = d.left_cause ? d.left_cause : d.right_cause;
    return fmt::format(
        "{{\"kind\": \"{}\", \"component\": {}, \"at_ns\": {}, \"a\": {}, \"b\": {}, "
        "\"details\": [{}], \"a_chain\": {}, \"b_chain\": {}, \"model\": {}, \"draw\": {}, "
        "\"explanation\": {}}}",
        word(d.kind), json_string(d.component), d.at.ns, json_event(d.left), json_event(d.right),
        details, json_chain(d.left_chain), json_chain(d.right_chain),
        cause ? json_string(cause->model) : "null",
        d.draw ? fmt::format("{{\"a\": {}, \"b\": {}}}", json_draw(d.draw->first),
                             json_draw(d.draw->second))
               : "null",
        json_string(explanation_of(report)));
}

}  // namespace

std::string render_json(const DifferenceReport& report) {
    std::string values;
    for (const ValueDifference& value : report.values)
        values += fmt::format(
            "{}{{\"path\": {}, \"a\": {}, \"b\": {}, \"a_origin\": {}, \"b_origin\": {}}}",
            values.empty() ? "" : ", ", json_string(value.path), json_string(value.left),
            json_string(value.right), json_string(value.left_origin),
            json_string(value.right_origin));
    std::string models;
    for (const ModelDifference& model : report.models)
        models +=
            fmt::format("{}{{\"name\": {}, \"a\": {}, \"b\": {}}}", models.empty() ? "" : ", ",
                        json_string(model.name), model.left, model.right);
    std::string metrics;
    for (const MetricDifference& metric : report.metrics)
        metrics += fmt::format(
            "{}{{\"metric\": {}, \"unit\": {}, \"a\": {}, \"b\": {}, \"relative\": {}}}",
            metrics.empty() ? "" : ", ", json_string(metric.path), json_string(metric.unit),
            json_number(metric.left), json_number(metric.right), json_number(metric.relative));
    std::string first = "null";
    if (report.first) {
        std::string components;
        for (const std::string& component : report.first->components)
            components += (components.empty() ? "" : ", ") + json_string(component);
        first = fmt::format(
            "{{\"window\": {}, \"from_ns\": {}, \"to_ns\": {}, \"components\": [{}]}}",
            report.first->window, report.first->from.ns, report.first->to.ns, components);
    }
    return fmt::format(
        "{{\"a\": {}, \"b\": {}, \"same_digest\": {}, \"scenario\": [{}], \"models\": [{}], "
        "\"metrics\": [{}], \"first_difference\": {}, \"divergence\": {}, \"note\": {}}}\n",
        json_side(*report.left), json_side(*report.right),
        report.left->digest == report.right->digest, values, models, metrics, first,
        json_divergence(report), report.note.empty() ? "null" : json_string(report.note));
}

}  // namespace driftstorm
