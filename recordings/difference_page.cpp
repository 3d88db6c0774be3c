// The page is written whole by the program: no script, so that it reads the same in a mail or an
// archive.
#include "recordings/difference.hpp"
#include "recordings/verdict.hpp"
#include "scenarios/complaints.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace driftstorm {

namespace {

constexpr std::string_view style = R"css(
body{font:15px/1.45 system-ui,"DejaVu Sans",sans-serif;margin:2em auto;max-width:74em;padding:0 1em;color:#1d2430;background:#fff}
h1{font-size:1.5em;margin:0 0 .2em}h2{font-size:1.1em;margin:1.8em 0 .4em}
table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.22em .6em;border-bottom:1px solid #e3e6ea;vertical-align:top}
th{font-weight:600;color:#566072}code,.e{font:13px/1.4 "DejaVu Sans Mono",monospace}
.a{color:#0b62a8}.b{color:#b3470b}.n{text-align:right;font-variant-numeric:tabular-nums}
.first{background:#fff1d6}.why{white-space:pre-wrap;background:#f4f6f8;padding:.8em 1em;border-left:4px solid #b3470b}
.sides{display:grid;grid-template-columns:1fr 1fr;gap:1.2em}.muted{color:#7a8496}
svg{width:100%;height:auto;border:1px solid #e3e6ea}svg text{font:11px "DejaVu Sans",sans-serif;fill:#3a4454}
)css";

std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : printable(text)) {
        switch (c) {
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '&':
                out += "&amp;";
                break;
            case '"':
                out += "&quot;";
                break;
            default:
                out += c;
        }
    }
    return out;
}

/// Events as dots: time to the right, a lane for each entity; one strip for each side.
class Timeline {
  public:
    explicit Timeline(const Divergence& divergence)
        : divergence_(divergence), begin_(divergence.at.ns) {
        std::int64_t last = divergence.at.ns;
        // Those that matter have a lane in any case.
        for (const auto& event : {divergence.left, divergence.right})
            if (event) lanes_.emplace(event->target, lanes_.size());
        for (const auto& cause : {divergence.left_cause, divergence.right_cause})
            if (cause) lanes_.emplace(cause->entity, lanes_.size());
        for (const auto* list :
             {&divergence.before, &divergence.left_after, &divergence.right_after})
            for (const TraceEvent& event : *list) {
                begin_ = std::min(begin_, event.at.ns);
                last = std::max(last, event.at.ns);
                if (lanes_.size() < most_lanes) lanes_.emplace(event.target, lanes_.size());
            }
        span_ = std::max<std::int64_t>(1, last - begin_);
    }

    std::string svg() {
        const double strip = 34 + 20 * static_cast<double>(lanes_.size());
        std::string body;
        body += strip_of("A", divergence_.left_after, divergence_.left, 0);
        body += strip_of("B", divergence_.right_after, divergence_.right, strip);
        const double x = x_of(divergence_.at);
        body += fmt::format(
            "<line x1='{0:.1f}' x2='{0:.1f}' y1='0' y2='{1:.0f}' stroke='#b3470b' "
            "stroke-dasharray='4 3'/>",
            x, 2 * strip);
        return fmt::format(
            "<svg viewBox='0 0 1000 {:.0f}' role='img' aria-label='events of both sides around "
            "the first difference'>{}<text x='200' y='{:.0f}'>{}</text><text x='990' y='{:.0f}' "
            "text-anchor='end'>{}</text></svg>",
            2 * strip + 18, body, 2 * strip + 14, exact_time(Time{begin_}), 2 * strip + 14,
            exact_time(Time{begin_ + span_}));
    }

  private:
    static constexpr std::size_t most_lanes = 14;

    double x_of(Time at) const {
        return 200 + 780 * static_cast<double>(at.ns - begin_) / static_cast<double>(span_);
    }
    std::string strip_of(const char* letter, const std::vector<TraceEvent>& after,
                         const std::optional<TraceEvent>& first, double top) {
        const bool left = letter[0] == 'A';
        const char* colour = left ? "#0b62a8" : "#b3470b";
        std::string text =
            fmt::format("<text x='8' y='{:.0f}' style='font-weight:bold;fill:{}'>{}</text>",
                        top + 16, colour, letter);
        for (const auto& [name, lane] : lanes_) {
            const double y = top + 30 + 20 * static_cast<double>(lane);
            text += fmt::format(
                "<text x='190' y='{:.0f}' text-anchor='end'>{}</text><line x1='200' x2='980' "
                "y1='{:.0f}' y2='{:.0f}' stroke='#eceff2'/>",
                y + 4, escaped(name.substr(0, 28)), y, y);
        }
        const std::optional<TraceCause>& cause =
            left ? divergence_.left_cause : divergence_.right_cause;
        if (first && cause) text += arrow(*cause, *first, top);
        for (const TraceEvent& event : divergence_.before) text += dot(event, top, "#a9b2bf", 3.5);
        for (const TraceEvent& event : after) {
            const bool own = first && event.at == first->at && event.same_sending(*first);
            text += dot(event, top, own ? "#d0021b" : colour, own ? 6 : 3.5);
        }
        return text;
    }
    /// From whoever sent it to the event; from the edge when that was before what is drawn.
    std::string arrow(const TraceCause& cause, const TraceEvent& event, double top) {
        const auto from = lanes_.find(cause.entity);
        const auto to = lanes_.find(event.target);
        if (from == lanes_.end() || to == lanes_.end()) return "";
        return fmt::format(
            "<line x1='{:.1f}' y1='{:.1f}' x2='{:.1f}' y2='{:.1f}' stroke='#d0021b'/>",
            std::max(200.0, x_of(cause.at)), top + 30 + 20 * static_cast<double>(from->second),
            x_of(event.at), top + 30 + 20 * static_cast<double>(to->second));
    }
    std::string dot(const TraceEvent& event, double top, const char* colour, double radius) {
        const auto lane = lanes_.find(event.target);
        if (lane == lanes_.end()) return "";
        return fmt::format(
            "<circle cx='{:.1f}' cy='{:.1f}' r='{}' fill='{}'><title>{}</title></circle>",
            x_of(event.at), top + 30 + 20 * static_cast<double>(lane->second), radius, colour,
            escaped(line_of(event)));
    }

    const Divergence& divergence_;
    std::map<std::string, std::size_t> lanes_;
    std::int64_t begin_ = 0;
    std::int64_t span_ = 1;
};

std::string event_rows(const std::vector<TraceEvent>& before, const std::vector<TraceEvent>& after,
                       const std::optional<TraceEvent>& first) {
    std::string text;
    const auto add = [&text](const TraceEvent& event, const char* mark) {
        text +=
            fmt::format("<tr class='{}'><td class='e'>{}</td></tr>", mark, escaped(line_of(event)));
    };
    const std::size_t from = before.size() - std::min<std::size_t>(before.size(), 6);
    for (std::size_t i = from; i < before.size(); ++i) add(before[i], "muted");
    for (const TraceEvent& event : after)
        add(event, first && event.at == first->at && event.same_sending(*first) ? "first" : "");
    return text;
}

std::string chain_rows(const std::vector<TraceCause>& chain) {
    std::string text;
    for (const TraceCause& cause : chain) {
        std::string draws;
        for (const TraceDraw& draw : cause.draws)
            draws += (draws.empty() ? "" : "<br>") + escaped(text_of(draw));
        text += fmt::format(
            "<tr><td class='e'>{}</td><td>{}</td><td>{}</td><td class='e'>{}</td>"
            "</tr>",
            exact_time(cause.at), escaped(cause.message), escaped(cause.entity), draws);
    }
    return text.empty() ? "<tr><td class='muted'>not known</td></tr>" : text;
}

std::string divergence_part(const DifferenceReport& report) {
    const Divergence& d = *report.divergence;
    std::string details;
    for (const std::string& detail : d.details) details += "<li>" + escaped(detail) + "</li>";
    std::string text = fmt::format(
        "<h2>First event that differs: {}, in {}</h2><p><span class='a e'>A {}</span><br><span "
        "class='b e'>B {}</span></p><ul>{}</ul><div class='why'>{}</div>",
        word(d.kind), escaped(d.component),
        d.left ? escaped(line_of(*d.left)) : "has no such event",
        d.right ? escaped(line_of(*d.right)) : "has no such event", details,
        escaped(explanation_of(report)));
    text += "<h2>Both timelines</h2>" + Timeline(d).svg();
    text += fmt::format(
        "<div class='sides'><div><h2 class='a'>A</h2><table>{}</table></div><div><h2 "
        "class='b'>B</h2><table>{}</table></div></div>",
        event_rows(d.before, d.left_after, d.left), event_rows(d.before, d.right_after, d.right));
    text += fmt::format(
        "<h2>What led to it, back to the last common parent</h2><div class='sides'><table>{}"
        "</table><table>{}</table></div>",
        chain_rows(d.left_chain), chain_rows(d.right_chain));
    return text;
}

std::string side_row(const char* letter, const char* mark, const RunSide& side) {
    return fmt::format(
        "<tr><td class='{}'><b>{}</b></td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td><code>{}"
        "</code></td></tr>",
        mark, letter, escaped(side.path), side.kind_word(), escaped(side.version), side.seed,
        side.digest);
}

}  // namespace

std::string render_page(const DifferenceReport& report) {
    const RunSide& a = *report.left;
    const RunSide& b = *report.right;
    std::string text = fmt::format(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>driftstorm diff "
        "{} {}</title><style>{}</style></head><body>\n<h1>{}</h1><table><tr><th></th><th>run</th>"
        "<th>kind</th><th>driftstorm</th><th>seed</th><th>digest</th></tr>{}{}</table>\n",
        escaped(a.path), escaped(b.path), style,
        a.digest == b.digest ? "Identical runs" : "Where two runs part", side_row("A", "a", a),
        side_row("B", "b", b));
    if (report.first) {
        std::string components;
        for (const std::string& component : report.first->components)
            components += (components.empty() ? "" : ", ") + component;
        text += fmt::format(
            "<p>From the ladders alone: window {} of {}, from {} to {}, in <b>{}</b>.</p>\n",
            report.first->window + 1, report.windows, instant_text(report.first->from),
            instant_text(report.first->to), escaped(components));
    }
    if (report.divergence) text += divergence_part(report);
    if (!report.note.empty()) text += "<p class='why'>" + escaped(report.note) + "</p>";
    if (!report.values.empty() || !report.models.empty()) {
        text +=
            "<h2>Scenario and models</h2><table><tr><th>value</th><th class='a'>A</th><th "
            "class='b'>B</th><th>line</th></tr>";
        for (const ValueDifference& value : report.values)
            text += fmt::format(
                "<tr><td><code>{}</code></td><td>{}</td><td>{}</td><td>{}</td></tr>",
                escaped(value.path), escaped(value.left), escaped(value.right),
                escaped(value.right_origin.empty() ? value.left_origin : value.right_origin));
        for (const ModelDifference& model : report.models)
            text += fmt::format(
                "<tr><td>model {}</td><td>version {}</td><td>version {}</td><td></td></tr>",
                escaped(model.name), model.left, model.right);
        text += "</table>\n";
    }
    if (!report.metrics.empty()) {
        text +=
            "<h2>Metrics</h2><table><tr><th>metric</th><th class='n a'>A</th><th class='n "
            "b'>B</th><th class='n'>relative error</th></tr>";
        for (const MetricDifference& metric : report.metrics)
            text += fmt::format(
                "<tr><td><code>{}</code></td><td class='n'>{}</td><td class='n'>{}</td><td "
                "class='n'>{:.3g} %</td></tr>",
                escaped(metric.path), metric_text(metric.left, metric.unit),
                metric_text(metric.right, metric.unit), metric.relative * 100);
        text += "</table>\n";
    }
    return text + "</body></html>\n";
}

}  // namespace driftstorm
