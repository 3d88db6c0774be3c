#include "analysis/report.hpp"

#include "analysis/human_text.hpp"
#include "analysis/report_plots.hpp"
#include "analysis/run_series.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <utility>

namespace driftstorm {

/// Files embedded by the build (EmbedFiles.cmake).
namespace report_assets {
extern const std::string_view page;
extern const std::string_view dygraph_css;
extern const std::string_view dygraph_js;
extern const std::string_view synchronizer_js;
extern const std::string_view dygraph_licence;
}  // namespace report_assets

namespace {

constexpr std::size_t most_points = 20'000;  // of a curve; beyond, browsers get slow

using Metrics = std::map<std::string, std::pair<double, std::string>>;  // value, unit

std::string file_name(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    return slash == std::string::npos ? path : path.substr(slash + 1);
}
std::string without_ending(const std::string& name) {
    return name.ends_with(".h5") ? name.substr(0, name.size() - 3) : name;
}
std::string spaced(std::string text) {
    std::replace(text.begin(), text.end(), '_', ' ');
    return text;
}
std::string root(const ResultsReader& result, const std::string& name) {
    return result.text_attribute("/", name).value_or("");
}
std::string provenance(const ResultsReader& result, const std::string& name) {
    return result.has("/provenance") ? result.text_attribute("/provenance", name).value_or("") : "";
}
std::string title_of(const ResultsReader& result) {
    const std::string title = root(result, "title");
    return title.empty() ? file_name(result.path()) : title;
}

Metrics metrics_of(const ResultsReader& result) {
    Metrics metrics;
    if (!result.has("/metrics/metric")) return metrics;
    const std::vector<std::string> names = result.texts("/metrics/metric");
    const std::vector<double> values = result.reals("/metrics/value");
    const std::vector<std::string> units = result.texts("/metrics/unit");
    for (std::size_t i = 0; i < names.size(); ++i) metrics[names[i]] = {values[i], units[i]};
    return metrics;
}

/// A share is never rounded up to 100 %.
std::string share_text(double share) { return human(std::floor(share * 1e4) / 1e4, "%"); }

class Cards {
  public:
    explicit Cards(const ResultsReader& result) : result_(result), metrics_(metrics_of(result)) {}

    std::string html() {
        messages();
        storm();
        cause();
        clients();
        if (html_.empty()) return "<p class=\"missing\">The file holds no metrics.</p>\n";
        return "<div class=\"cards\">\n" + html_ + "</div>\n";
    }

  private:
    std::optional<double> value(const std::string& path) const {
        const auto found = metrics_.find(path);
        if (found == metrics_.end() || std::isnan(found->second.first)) return std::nullopt;
        return found->second.first;
    }
    void card(const std::string& number, const std::string& what) {
        html_ += fmt::format("<div class=\"card\"><b>{}</b><span>{}</span></div>\n",
                             html_text(number), html_text(what));
    }
    void metric(const std::string& path, const std::string& unit, const std::string& what) {
        if (const auto found = value(path)) card(human(*found, unit), what);
    }
    void messages() {
        const auto copies = value("messages.copies");
        if (!copies || *copies <= 0) return;
        if (const auto share = value("messages.delivered_share"))
            card(share_text(*share), "delivered of " + human(*copies, "") + " copies");
        metric("messages.late", "", "later than 10 s");
        metric("messages.lost", "", "lost");
        metric("messages.pending", "", "still under way at the end");
        metric("messages.delivery_delay.p50", "s", "median delay");
        metric("messages.delivery_delay.p99", "s", "99 % delay");
    }
    void storm() {
        if (!result_.has("/storms/peak")) return;
        const std::vector<double> peak = result_.reals("/storms/peak");
        const std::vector<double> base = result_.reals("/storms/baseline");
        const std::vector<std::int64_t> chance = result_.integers("/storms/within_chance");
        const std::vector<std::int64_t> kind = result_.integers("/storms/kind");
        const std::vector<std::string> words = result_.words("/storms/kind");
        std::optional<std::size_t> worst;
        for (std::size_t i = 0; i < peak.size(); ++i)
            if (chance[i] == 0 && (!worst || peak[i] / base[i] > peak[*worst] / base[*worst]))
                worst = i;
        if (!worst) return card("none", "storm");
        const auto word = static_cast<std::size_t>(kind[*worst]);
        card(human(peak[*worst] / base[*worst], "") + " ×",
             "the baseline at the peak of the " +
                 (word < words.size() ? words[word] + " " : std::string()) + "storm");
    }
    void cause() {
        std::string largest;
        double most = 0;
        for (const std::string_view word : cause_words) {
            const double share =
                value("messages.blame." + std::string(word) + ".share").value_or(0);
            if (share > most) {
                most = share;
                largest = word;
            }
        }
        if (most > 0) card(share_text(most), "of all delay: " + spaced(largest));
    }
    void clients() {
        const auto add = [this](const std::string& tail, const std::string& unit,
                                const std::string& what) {
            for (const auto& [path, found] : metrics_)
                if (path.ends_with(tail) && !path.starts_with("messages.") &&
                    !path.starts_with("storms.") && !std::isnan(found.first))
                    card(unit == "%" ? share_text(found.first) : human(found.first, unit),
                         path.substr(0, path.size() - tail.size()) + ": " + what);
        };
        add(".success_share", "%", "requests that succeeded");
        add(".amplification", "", "attempts per request");
        add(".sojourn.mean", "s", "mean stay");
        add(".queue_depth.max", "", "longest queue");
    }

    const ResultsReader& result_;
    Metrics metrics_;
    std::string html_;
};

/// A table: cells are HTML already; columns whose heading starts with '#' hold numbers.
std::string table(const std::vector<std::string>& heads,
                  const std::vector<std::vector<std::string>>& rows) {
    std::string html = "<div class=\"scroll\"><table><thead><tr>";
    for (const std::string& head : heads)
        html += head.starts_with('#') ? "<th class=\"n\">" + head.substr(1) + "</th>"
                                      : "<th>" + head + "</th>";
    html += "</tr></thead><tbody>\n";
    for (const std::vector<std::string>& row : rows) {
        html += "<tr>";
        for (std::size_t i = 0; i < row.size(); ++i)
            html += (heads[i].starts_with('#') ? "<td class=\"n\">" : "<td>") + row[i] + "</td>";
        html += "</tr>\n";
    }
    return html + "</tbody></table></div>\n";
}

std::string instant(std::int64_t ns) {
    return ns == INT64_MIN ? "–" : human_time(static_cast<double>(ns) * 1e-9);
}
std::string or_dash(double value, std::string_view unit) {
    return std::isnan(value) ? "–" : human(value, unit);
}

std::string storms_table(const ResultsReader& result) {
    std::string html = "<div><h2>Storms</h2>\n";
    if (!result.has("/storms/start"))
        return html + "<p class=\"missing\">The file holds no search for storms.</p></div>\n";
    const auto start = result.integers("/storms/start");
    if (start.empty())
        return html +
               "<p>None: the load never stayed at 1.5 times its baseline for 3 s.</p></div>\n";
    const auto kind = result.integers("/storms/kind");
    const auto words = result.words("/storms/kind");
    const auto stop = result.integers("/storms/stop");
    const auto peak = result.reals("/storms/peak");
    const auto base = result.reals("/storms/baseline");
    const auto recovery = result.reals("/storms/recovery");
    const auto trigger = result.texts("/storms/trigger");
    const auto chance = result.integers("/storms/within_chance");
    std::vector<std::vector<std::string>> rows;
    for (std::size_t i = 0; i < start.size(); ++i) {
        const auto word = static_cast<std::size_t>(kind[i]);
        rows.push_back({html_text(word < words.size() ? words[word] : "") +
                            (chance[i] != 0 ? " (may be chance)" : ""),
                        instant(start[i]), instant(stop[i]), human(peak[i], ""),
                        human(peak[i] / base[i], "") + " ×", or_dash(recovery[i], "s"),
                        trigger[i].empty() ? "–" : html_text(trigger[i])});
    }
    return html +
           table({"kind", "#from", "#to", "#peak a second", "#of baseline", "#recovery", "after"},
                 rows) +
           "</div>\n";
}

std::string checks_table(const ResultsReader& result) {
    if (!result.has("/checks/name")) return {};
    const auto names = result.texts("/checks/name");
    if (names.empty()) return {};
    const auto metric = result.texts("/checks/metric");
    const auto status = result.integers("/checks/status");
    const auto words = result.words("/checks/status");
    const auto observed = result.reals("/checks/observed");
    const auto unit = result.texts("/checks/unit");
    const auto limit = result.texts("/checks/limit");
    const auto why = result.texts("/checks/why");
    const auto warning = result.integers("/checks/warning");
    const auto line = result.integers("/checks/scenario_line");
    const auto violation = result.integers("/checks/first_violation");
    std::vector<std::vector<std::string>> rows;
    for (std::size_t i = 0; i < names.size(); ++i) {
        const auto number = static_cast<std::size_t>(status[i]);
        const std::string word = number < words.size() ? words[number] : "unknown";
        const char* looks = word == "passed" ? "passed" : word == "failed" ? "failed" : "unsure";
        const char* sign = word == "passed" ? "✓&nbsp;" : word == "failed" ? "✗&nbsp;" : "";
        std::string notes = html_text(why[i]);
        if (violation[i] != INT64_MIN)
            notes += (notes.empty() ? "" : "; ") + ("first at " + instant(violation[i]));
        if (line[i] > 0) notes += (notes.empty() ? "" : "; ") + fmt::format("line {}", line[i]);
        rows.push_back(
            {fmt::format("<span class=\"{}\">{}{}{}</span>", looks, sign, html_text(spaced(word)),
                         warning[i] != 0 && word == "failed" ? " (warning)" : ""),
             html_text(names[i]) + "<br><code>" + html_text(metric[i]) + "</code>",
             html_text(or_dash(observed[i], unit[i])), html_text(limit[i]), notes});
    }
    return "<div><h2>Expectations</h2>\n" +
           table({"", "what and by which metric", "#observed", "wanted", ""}, rows) + "</div>\n";
}

std::string metrics_details(const ResultsReader& result) {
    const Metrics metrics = metrics_of(result);
    if (metrics.empty()) return {};
    std::vector<std::vector<std::string>> rows;
    for (const auto& [path, found] : metrics)
        rows.push_back({"<code>" + html_text(path) + "</code>",
                        html_text(or_dash(found.first, found.second))});
    return fmt::format("<details><summary>All {} metrics</summary>\n{}</details>\n", rows.size(),
                       table({"metric", "#after the warm-up"}, rows));
}

std::string provenance_html(const ResultsReader& result) {
    std::string list;
    const auto entry = [&list](const std::string& name, const std::string& value, bool code) {
        if (value.empty()) return;
        const std::string text = html_text(value);
        list += fmt::format("<dt>{}</dt><dd>{}</dd>\n", name,
                            code ? "<code>" + text + "</code>" : text);
    };
    entry("repeat it with", provenance(result, "command"), true);
    entry("version", provenance(result, "version"), false);
    if (result.has("/provenance"))
        if (const auto seed = result.integer_attribute("/provenance", "seed");
            seed && !seed->empty())
            entry("seed", std::to_string(static_cast<std::uint64_t>(seed->front())), false);
    entry("digest", root(result, "digest"), true);
    entry("run", root(result, "run_id"), true);
    entry("epoch (t = 0)", provenance(result, "epoch"), false);
    entry("random numbers", provenance(result, "rng"), false);
    entry("versions of the models", provenance(result, "model_versions"), false);
    std::string html = "<h2>Provenance</h2>\n";
    html += list.empty() ? "<p class=\"missing\">The file does not say where it comes from.</p>\n"
                         : "<dl>\n" + list + "</dl>\n";
    if (result.has("/provenance/scenario_resolved"))
        for (const std::string& text : result.texts("/provenance/scenario_resolved"))
            html += "<details><summary>The scenario, every default written out</summary>\n<pre>" +
                    html_text(text) + "</pre></details>\n";
    return html;
}

/// A number as short as it may be without harm to a picture: six digits.
void append_number(std::string& out, double value) {
    if (!std::isfinite(value))
        out += "null";
    else if (value == std::floor(value) && std::abs(value) < 1e15)
        fmt::format_to(std::back_inserter(out), "{:.0f}", value);
    else
        fmt::format_to(std::back_inserter(out), "{:.6g}", value);
}

template <class List, class Append>
std::string json_list(const List& list, Append append) {
    std::string out = "[";
    for (const auto& one : list) {
        if (out.size() > 1) out += ',';
        append(out, one);
    }
    return out + "]";
}

/// Times at equal distances as the first and the distance.
std::string times_json(const std::vector<double>& times) {
    const double step = times.size() > 1
                            ? (times.back() - times.front()) / static_cast<double>(times.size() - 1)
                            : 1.0;
    bool even = !times.empty();
    for (std::size_t i = 0; i < times.size() && even; ++i)
        even = std::abs(times[i] - (times.front() + static_cast<double>(i) * step)) <= step * 1e-6;
    if (even) return fmt::format("\"x0\":{},\"dx\":{:.12g}", times.front(), step);
    return "\"x\":" + json_list(times, [](std::string& out, double t) {
               fmt::format_to(std::back_inserter(out), "{:.12g}", t);
           });
}

std::string plot_json(const ReportPlot& plot) {
    using Look = ReportPlot::Look;
    const auto flag = [](const char* name, bool is) {
        return is ? fmt::format(",\"{}\":true", name) : std::string();
    };
    return fmt::format("{{\"key\":{},\"title\":{},\"unit\":{},\"ylabel\":{},\"note\":{},{}",
                       json_text(plot.key), json_text(plot.title), json_text(plot.unit),
                       json_text(plot.y_label), json_text(plot.note), times_json(plot.times)) +
           flag("bands", plot.look == Look::bands) + flag("stacked", plot.look == Look::stacked) +
           flag("filled", plot.look == Look::filled) +
           flag("steps", plot.look == Look::steps || plot.look == Look::filled ||
                             plot.look == Look::stacked) +
           ",\"names\":" +
           json_list(plot.names,
                     [](std::string& out, const std::string& name) { out += json_text(name); }) +
           ",\"columns\":" +
           json_list(plot.columns,
                     [](std::string& out, const std::vector<double>& column) {
                         out += json_list(column, append_number);
                     }) +
           "}";
}

/// The plots' numbers. No '<' is in it: a title that holds "</script>" must not end the element.
std::string data_json(const ResultsReader& result, ReportPlots& plots) {
    for (ReportPlot& plot : plots.plots) thin(plot, most_points);
    const std::string json =
        fmt::format("{{\"title\":{},\"file\":{},\"digest\":{},\"epoch\":{},\"end\":",
                    json_text(title_of(result)),
                    json_text(without_ending(file_name(result.path()))),
                    json_text(root(result, "digest")), json_text(provenance(result, "epoch"))) +
        fmt::format("{},\"spans\":", plots.end_s) +
        json_list(plots.spans,
                  [](std::string& out, const ReportSpan& span) {
                      out += fmt::format("{{\"name\":{},\"kind\":\"{}\",\"from\":{},\"to\":{}}}",
                                         json_text(span.name), span.storm ? "storm" : "fault",
                                         span.from_s, span.to_s);
                  }) +
        ",\"plots\":" +
        json_list(plots.plots,
                  [](std::string& out, const ReportPlot& plot) { out += "\n" + plot_json(plot); }) +
        "}";
    std::string safe;
    safe.reserve(json.size());
    for (const char c : json) {
        if (c == '<')
            safe += "\\u003c";
        else
            safe += c;
    }
    return safe;
}

std::string section(const ResultsReader& result) {
    ReportPlots plots = plots_of(result);
    const std::string status = root(result, "status");
    std::string html = "<section class=\"run\">\n<h1>" + html_text(title_of(result)) +
                       "</h1>\n<p class=\"sub\">" + html_text(file_name(result.path())) + " · " +
                       human_time(plots.end_s) + " simulated";
    if (status != "complete")
        html += " · <span class=\"failed\">" + html_text(status.empty() ? "no status" : status) +
                "</span>";
    html += "</p>\n" + Cards(result).html();
    html += "<div class=\"tables\">\n" + storms_table(result) + checks_table(result) + "</div>\n";
    html +=
        "<div class=\"toolbar\"><h2>Over time</h2><button type=\"button\" class=\"whole\">Whole "
        "run</button>"
        "<span class=\"hint\">Drag across a plot (or use two fingers) to zoom all of them, hold "
        "Shift to move, double-click for the whole run. Times are since the start of the "
        "run.</span></div>\n<div class=\"plots\"></div>\n";
    for (const std::string& line : plots.missing)
        html += "<p class=\"missing\">" + html_text(line) + "</p>\n";
    html += provenance_html(result) + metrics_details(result);
    html += "<script type=\"application/json\" class=\"data\">" + data_json(result, plots) +
            "</script>\n</section>\n";
    return html;
}

/// Fills the {{names}} of the template, once: what is filled in is not looked through again.
std::string filled(std::string_view page,
                   const std::map<std::string_view, std::string_view>& values) {
    std::string out;
    for (;;) {
        const std::size_t open = page.find("{{");
        const std::size_t close = open == std::string_view::npos ? open : page.find("}}", open);
        if (close == std::string_view::npos) break;
        const auto found = values.find(page.substr(open + 2, close - open - 2));
        out += page.substr(0, found == values.end() ? close + 2 : open);
        if (found != values.end()) out += found->second;
        page.remove_prefix(close + 2);
    }
    return out.append(page);
}

}  // namespace

std::string html_text(std::string_view text) {
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '&')
            out += "&amp;";
        else if (c == '<')
            out += "&lt;";
        else if (c == '>')
            out += "&gt;";
        else if (c == '"')
            out += "&quot;";
        else if (c == '\'')
            out += "&#39;";
        else if ((byte < 0x20 && c != '\n' && c != '\t' && c != '\r') || byte == 0x7f)
            out += "\xef\xbf\xbd";
        else
            out += c;
    }
    return out;
}

std::string report_page(const std::vector<ResultsReader>& results) {
    std::string body;
    std::string title;
    for (const ResultsReader& result : results) {
        title += (title.empty() ? "" : " · ") + title_of(result);
        body += section(result);
    }
    title = html_text(title);
    return filled(report_assets::page, {{"title", title},
                                        {"body", body},
                                        {"dygraph_css", report_assets::dygraph_css},
                                        {"dygraph_js", report_assets::dygraph_js},
                                        {"synchronizer_js", report_assets::synchronizer_js},
                                        {"dygraph_licence", report_assets::dygraph_licence}});
}

}  // namespace driftstorm
