#include "analysis/report_plots.hpp"

#include "analysis/human_text.hpp"
#include "analysis/run_series.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

namespace driftstorm {

namespace {

using Look = ReportPlot::Look;

constexpr std::size_t most_curves = 12;  // as many as there are colours
constexpr double missing_value = std::numeric_limits<double>::quiet_NaN();

std::vector<double> seconds_of(const ResultsReader& result, const std::string& time) {
    std::vector<double> seconds;
    for (const std::int64_t ns : result.integers(time))
        seconds.push_back(static_cast<double>(ns) / 1e9);
    return seconds;
}

/// Values of a dataset of numbers, NaN where its _FillValue says that there is none.
std::vector<double> values_of(const ResultsReader& result, const std::string& dataset) {
    std::vector<double> values = result.reals(dataset);
    const auto fill = result.real_attribute(dataset, "_FillValue");
    const auto whole = result.integer_attribute(dataset, "_FillValue");
    std::optional<double> none;
    if (fill && !fill->empty()) none = fill->front();
    if (whole && !whole->empty()) none = static_cast<double>(whole->front());
    if (none)
        for (double& value : values)
            if (value == *none) value = missing_value;
    return values;
}

bool all_of(const std::vector<double>& values, double value) {
    return std::all_of(values.begin(), values.end(), [value](double one) { return one == value; });
}
bool all_missing(const std::vector<double>& values) {
    return std::all_of(values.begin(), values.end(), [](double one) { return std::isnan(one); });
}
double peak(const std::vector<double>& values) {
    double most = 0;
    for (const double value : values)
        if (value > most) most = value;
    return most;
}

std::string spaced(std::string_view word) {
    std::string text(word);
    std::replace(text.begin(), text.end(), '_', ' ');
    return text;
}

/// What stands before the tail; empty: it does not end so.
std::string owner_of(std::string_view name, std::string_view tail) {
    if (name.size() <= tail.size() || !name.ends_with(tail)) return {};
    return std::string(name.substr(0, name.size() - tail.size()));
}

/// Every series of the file: name and its group, in the order of the file.
struct SampledSeries {
    std::string group;
    std::string name;
    std::string path() const { return group + "/" + name; }
};
std::vector<SampledSeries> sampled_series(const ResultsReader& result) {
    std::vector<SampledSeries> all;
    if (!result.has("/series")) return all;
    for (const std::string& period : result.groups("/series"))
        for (const std::string& name : result.datasets("/series/" + period))
            all.push_back({"/series/" + period, name});
    return all;
}

/// Names of the members along the second dimension of a series.
std::vector<std::string> member_names(const ResultsReader& result, const SampledSeries& series,
                                      std::uint64_t members) {
    std::vector<std::string> names;
    const std::vector<std::string> dimensions = result.dimensions(series.path());
    if (dimensions.size() == 2 && result.has(series.group + "/" + dimensions[1])) {
        try {
            names = result.texts(series.group + "/" + dimensions[1]);
        } catch (const OutputError&) {
            names.clear();  // above 10,000 members the scale holds their numbers
        }
    }
    for (std::uint64_t i = names.size(); i < members; ++i)
        names.push_back("number " + std::to_string(i));
    return names;
}

/// Adds a series to a plot: a curve for each entity that has values, or one for the whole.
void add_curves(const ResultsReader& result, const SampledSeries& series, const std::string& whole,
                const std::string& suffix, ReportPlot& plot) {
    const std::vector<std::uint64_t> shape = result.shape(series.path());
    const std::vector<double> values = values_of(result, series.path());
    if (plot.times.empty()) plot.times = seconds_of(result, series.group + "/time");
    const std::size_t rows = plot.times.size();
    const std::size_t members = shape.size() == 2 ? shape[1] : 1;
    if (values.size() != rows * members)
        return;  // sampled at other instants than the curves there are
    std::vector<std::string> names{whole};
    if (shape.size() == 2) names = member_names(result, series, members);
    for (std::size_t member = 0; member < members; ++member) {
        std::vector<double> column(rows);
        for (std::size_t row = 0; row < rows; ++row) column[row] = values[row * members + member];
        if (all_missing(column)) continue;  // of another group of entities of this kind
        plot.names.push_back(names[member] + suffix);
        plot.columns.push_back(std::move(column));
    }
}

/// Leaves the curves with the highest peaks.
void keep_highest(ReportPlot& plot) {
    if (plot.columns.size() <= most_curves) return;
    std::vector<std::size_t> order(plot.columns.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return peak(plot.columns[a]) > peak(plot.columns[b]);
    });
    order.resize(most_curves);
    std::sort(order.begin(), order.end());
    ReportPlot kept = plot;
    kept.names.clear();
    kept.columns.clear();
    for (const std::size_t i : order) {
        kept.names.push_back(plot.names[i]);
        kept.columns.push_back(plot.columns[i]);
    }
    kept.note = "The " + std::to_string(most_curves) + " of " +
                std::to_string(plot.columns.size()) + " with the highest peaks.";
    plot = std::move(kept);
}

class Collector {
  public:
    explicit Collector(const ResultsReader& result)
        : result_(result), series_(sampled_series(result)) {}

    ReportPlots collect() {
        attempts();
        backlog();
        queues();
        networks();
        clock_offsets();
        causes();
        handovers();
        cells();
        faults();
        storms();
        made_.end_s = end();
        for (ReportSpan& span : made_.spans) span.to_s = std::min(span.to_s, made_.end_s);
        return std::move(made_);
    }

  private:
    static constexpr const char* bins = "/metrics/1s";

    bool has_bins(const std::string& group) const {
        return result_.has(group) && result_.rows(group + "/time") > 0;
    }
    void lacks(const std::string& what) { made_.missing.push_back(what); }
    std::vector<double> binned(const std::string& name) const {
        return values_of(result_, std::string(bins) + "/" + name);
    }

    void attempts() {
        if (!has_bins(bins)) return lacks("Attempts and backlog: the file has no /metrics/1s.");
        ReportPlot plot{.key = "attempts",
                        .title = "Attempts against intents",
                        .unit = "1/s",
                        .y_label = "per second",
                        .note = {},
                        .look = Look::steps,
                        .times = seconds_of(result_, std::string(bins) + "/time"),
                        .names = {"attempts", "intents"},
                        .columns = {binned("attempts"), binned("intents")}};
        std::vector<double> resyncs = binned("resyncs");
        if (!all_of(resyncs, 0)) {
            plot.names.emplace_back("resync requests");
            plot.columns.push_back(std::move(resyncs));
        }
        if (all_of(plot.columns[0], 0) && plot.columns.size() == 2)
            return lacks("Attempts: nobody sent or asked for anything in this run.");
        made_.plots.push_back(std::move(plot));
    }

    void backlog() {
        if (!has_bins(bins)) return;
        ReportPlot plot{
            .key = "backlog",
            .title = "Backlog, true and perceived",
            .unit = "",
            .y_label = "copies or requests",
            .note = {},
            .look = Look::lines,
            .times = seconds_of(result_, std::string(bins) + "/time"),
            .names = {"true: not delivered", "perceived: held back or shown out of order"},
            .columns = {binned("true_backlog"), binned("perceived_backlog")}};
        if (all_of(plot.columns[0], 0) && all_of(plot.columns[1], 0))
            return lacks("Backlog: there was none.");
        for (double& time : plot.times) time += 1;  // as it stands at the end of the second
        made_.plots.push_back(std::move(plot));
    }

    void queues() {
        ReportPlot plot{.key = "queues",
                        .title = "Queue depths",
                        .unit = "",
                        .y_label = "waiting",
                        .note = {},
                        .look = Look::lines,
                        .times = {},
                        .names = {},
                        .columns = {}};
        for (const SampledSeries& one : series_)
            if (const std::string owner = owner_of(one.name, "_queue_depth"); !owner.empty())
                add_curves(result_, one, owner, "", plot);
        if (plot.columns.empty())
            return lacks("Queue depths: outputs.series of the scenario names no queue_depth.");
        keep_highest(plot);
        made_.plots.push_back(std::move(plot));
    }

    void networks() {
        std::vector<std::string> populations;
        constexpr std::pair<std::string_view, std::string_view> kinds[]{
            {"_on_wifi", "on Wi-Fi"},
            {"_on_cellular", "on cellular"},
            {"_without_network", "without network"},
            {"_connected", "connected to a relay"}};
        std::map<std::string, ReportPlot> plots;
        for (const SampledSeries& one : series_) {
            for (const auto& [tail, name] : kinds) {
                const std::string owner = owner_of(one.name, tail);
                if (owner.empty()) continue;
                ReportPlot& plot = plots[owner];
                if (plot.names.empty()) populations.push_back(owner);
                add_curves(result_, one, std::string(name), "", plot);
            }
        }
        for (const std::string& population : populations) {
            ReportPlot& plot = plots[population];
            plot.key = "networks-" + population;
            plot.title = "Devices by network: " + population;
            plot.y_label = "devices";
            made_.plots.push_back(std::move(plot));
        }
        if (populations.empty())
            lacks(
                "Devices by network: outputs.series of the scenario names no on_wifi, on_cellular, "
                "without_network or connected.");
    }

    void clock_offsets() {
        bool any = false;
        for (const SampledSeries& first : series_) {
            const std::string owner = owner_of(first.name, "_clock_offset_q01");
            if (owner.empty()) continue;
            ReportPlot plot{.key = "clocks-" + owner,
                            .title = "Clock offset: " + owner,
                            .unit = "s",
                            .y_label = {},
                            .note = {},
                            .look = Look::bands,
                            .times = {},
                            .names = {},
                            .columns = {}};
            for (const char* level : {"01", "05", "25", "50", "75", "95", "99"})
                add_curves(result_, {first.group, owner + "_clock_offset_q" + level},
                           std::to_string(std::stoi(level)) + " %", "", plot);
            if (plot.columns.size() != 7) continue;
            double largest = 0;
            for (const std::vector<double>& column : plot.columns)
                for (const double value : column)
                    largest = std::max(largest, std::isnan(value) ? 0 : std::abs(value));
            const auto [unit, ns] = largest >= 1e9   ? std::pair("s", 1e9)
                                    : largest >= 1e6 ? std::pair("ms", 1e6)
                                                     : std::pair("us", 1e3);
            for (std::vector<double>& column : plot.columns)
                for (double& value : column) value /= ns;
            plot.unit = unit;
            plot.y_label = std::string("local minus true time [") + unit + "]";
            made_.plots.push_back(std::move(plot));
            any = true;
        }
        if (!any)
            lacks("Clock offsets: outputs.series of the scenario names no clock_offset.quantiles.");
    }

    void causes() {
        const std::string group = "/metrics/10s";
        ReportPlot plot{.key = "causes",
                        .title = "Delay by cause",
                        .unit = "s",
                        .y_label = "mean per copy [s]",
                        .note = "By the instant of composing, in bins of 10 s.",
                        .look = Look::stacked,
                        .times = {},
                        .names = {},
                        .columns = {}};
        if (has_bins(group)) {
            plot.times = seconds_of(result_, group + "/time");
            for (const std::string_view cause : cause_words) {
                std::string dataset = group;
                dataset.append("/delay_").append(cause);
                if (!result_.has(dataset)) continue;
                std::vector<double> column = values_of(result_, dataset);
                if (all_of(column, 0)) continue;
                for (double& value : column) value /= 1e9;
                plot.names.push_back(spaced(cause));
                plot.columns.push_back(std::move(column));
            }
        }
        if (plot.columns.empty())
            return lacks("Delay by cause: the file accounts for no copies of messages.");
        made_.plots.push_back(std::move(plot));
    }

    void handovers() {
        if (!has_bins(bins)) return;
        std::vector<double> column = binned("handovers");
        if (all_of(column, 0)) return lacks("Handovers: none was recorded.");
        made_.plots.push_back({.key = "handovers",
                               .title = "Handovers",
                               .unit = "1/s",
                               .y_label = "per second",
                               .note = {},
                               .look = Look::filled,
                               .times = seconds_of(result_, std::string(bins) + "/time"),
                               .names = {"changes of cell or access point"},
                               .columns = {std::move(column)}});
    }

    void cells() {
        ReportPlot plot{.key = "cells",
                        .title = "Devices by cell and access point",
                        .unit = "",
                        .y_label = "devices",
                        .note = {},
                        .look = Look::lines,
                        .times = {},
                        .names = {},
                        .columns = {}};
        for (const SampledSeries& one : series_)
            if (const std::string owner = owner_of(one.name, "_attached"); !owner.empty())
                add_curves(result_, one, owner, "", plot);
        if (plot.columns.empty()) return;  // one more than a report promises
        keep_highest(plot);
        made_.plots.push_back(std::move(plot));
    }

    void faults() {
        const std::string group = "/events/fault";
        if (!result_.has(group)) return lacks("Fault timeline: the file has no /events/fault.");
        const std::vector<double> times = seconds_of(result_, group + "/time");
        const std::vector<std::int64_t> rows = result_.integers(group + "/fault");
        const std::vector<std::int64_t> edges = result_.integers(group + "/edge");
        std::vector<std::string> names;
        if (result_.has("/entities/fault/fault")) names = result_.texts("/entities/fault/fault");
        const std::vector<std::int64_t> kinds = result_.integers(group + "/kind");
        const std::vector<std::string> words = result_.words(group + "/kind");
        struct Times {
            double from = std::numeric_limits<double>::infinity();
            double to = -std::numeric_limits<double>::infinity();
            int open = 0;
        };
        std::map<std::int64_t, Times> found;  // a fault may hit many: from the first to the last
        for (std::size_t i = 0; i < times.size(); ++i) {
            Times& one = found[rows[i]];
            one.from = std::min(one.from, times[i]);
            one.to = std::max(one.to, times[i]);
            const auto kind = static_cast<std::size_t>(kinds[i]);
            if (kind < words.size() &&
                (words[kind] == "app_restart" || words[kind] == "user_sets_clock"))
                continue;  // has no end
            one.open += edges[i] == 0 ? 1 : -1;
        }
        std::vector<ReportSpan> spans;
        for (const auto& [row, one] : found) {
            const auto number = static_cast<std::size_t>(row);
            spans.push_back(
                {row >= 0 && number < names.size() ? names[number] : "fault " + std::to_string(row),
                 false, one.from, one.open > 0 ? std::numeric_limits<double>::infinity() : one.to});
        }
        std::stable_sort(spans.begin(), spans.end(), [](const ReportSpan& a, const ReportSpan& b) {
            return a.from_s < b.from_s;
        });
        made_.spans = std::move(spans);
    }

    void storms() {
        if (!result_.has("/storms/start")) return;
        const std::vector<double> start = seconds_of(result_, "/storms/start");
        const std::vector<double> stop = seconds_of(result_, "/storms/stop");
        const std::vector<std::int64_t> kind = result_.integers("/storms/kind");
        const std::vector<std::string> words = result_.words("/storms/kind");
        const std::vector<std::int64_t> chance = result_.integers("/storms/within_chance");
        for (std::size_t i = 0; i < start.size(); ++i) {
            if (chance[i] != 0) continue;
            const auto word = static_cast<std::size_t>(kind[i]);
            made_.spans.push_back(
                {(word < words.size() ? words[word] + " " : std::string()) + "storm", true,
                 start[i], stop[i]});
        }
    }

    double end() const {
        if (result_.has("/metrics"))
            if (const auto to = result_.integer_attribute("/metrics", "to_ns"); to && !to->empty())
                return static_cast<double>(to->front()) / 1e9;
        double latest = 0;
        for (const ReportPlot& plot : made_.plots)
            if (!plot.times.empty()) latest = std::max(latest, plot.times.back());
        return latest;
    }

    const ResultsReader& result_;
    std::vector<SampledSeries> series_;
    ReportPlots made_;
};

/// What a stretch [from, to) of a column is replaced with.
std::pair<double, double> extremes(const std::vector<double>& column, std::size_t from,
                                   std::size_t to) {
    double least = missing_value;
    double most = missing_value;
    for (std::size_t i = from; i < to; ++i) {
        if (std::isnan(column[i])) continue;
        if (!(column[i] >= least)) least = column[i];
        if (!(column[i] <= most)) most = column[i];
    }
    return {least, most};
}

double mean(const std::vector<double>& column, std::size_t from, std::size_t to) {
    double sum = 0;
    std::size_t count = 0;
    for (std::size_t i = from; i < to; ++i) {
        if (std::isnan(column[i])) continue;
        sum += column[i];
        ++count;
    }
    return count > 0 ? sum / static_cast<double>(count) : missing_value;
}

}  // namespace

ReportPlots plots_of(const ResultsReader& result) { return Collector(result).collect(); }

void thin(ReportPlot& plot, std::size_t most) {
    const std::size_t rows = plot.times.size();
    if (rows <= most) return;
    const bool pairs = plot.look != Look::stacked && plot.look != Look::bands;
    const std::size_t stretches = pairs ? std::max<std::size_t>(1, most / 2) : most;
    const std::size_t width = (rows + stretches - 1) / stretches;
    std::vector<double> times;
    std::vector<std::vector<double>> columns(plot.columns.size());
    for (std::size_t from = 0; from < rows; from += width) {
        const std::size_t to = std::min(rows, from + width);
        times.push_back(plot.times[from]);
        if (pairs) times.push_back((plot.times[from] + plot.times[to - 1]) / 2);
        for (std::size_t c = 0; c < columns.size(); ++c) {
            const std::vector<double>& column = plot.columns[c];
            if (pairs) {
                const auto [least, greatest] = extremes(column, from, to);
                columns[c].push_back(least);
                columns[c].push_back(greatest);
            } else {
                columns[c].push_back(plot.look == Look::stacked ? mean(column, from, to)
                                                                : column[from]);
            }
        }
    }
    const double span = plot.times[width] - plot.times[0];
    plot.note += (plot.note.empty() ? "" : " ") +
                 std::string(pairs                        ? "Least and greatest value"
                             : plot.look == Look::stacked ? "Mean"
                                                          : "First value") +
                 " of every " + human_time(span) + "; the result file has all.";
    plot.times = std::move(times);
    plot.columns = std::move(columns);
}

}  // namespace driftstorm
