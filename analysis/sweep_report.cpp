#include "analysis/sweep_report.hpp"

#include "analysis/human_text.hpp"
#include "analysis/intervals.hpp"
#include "analysis/logistic_fit.hpp"
#include "analysis/metric_paths.hpp"
#include "analysis/report.hpp"
#include "analysis/sensitivity.hpp"
#include "analysis/survival.hpp"
#include "analysis/sweep_figures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <optional>

namespace driftstorm {

namespace {

std::string file_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

/// A merged sweep as read for its figures.
class MergedSweep {
  public:
    struct Dimension {
        std::string name;
        std::string design;
        FigureAxis axis;
    };
    struct Parameter {
        std::string name;
        std::size_t dimension = 0;
        std::vector<double> values;  ///< along it; empty for words
    };

    explicit MergedSweep(const ResultsReader& file) : file_(file) {
        point_ = file.integers("/summary/point");
        const std::vector<std::string> names = file.dimensions("/summary/point");
        const std::vector<std::string> kinds = text_list("/summary", "design");
        for (std::size_t d = 0; d < names.size(); ++d) {
            Dimension dimension{names[d], d < kinds.size() ? kinds[d] : "", {}};
            dimension.axis = axis_of("/summary/" + names[d]);
            dimensions_.push_back(std::move(dimension));
        }
        for (const std::string& name : file.datasets("/summary")) {
            const std::vector<std::string> of = file.dimensions("/summary/" + name);
            if (of.size() != 1 || name == "point") continue;
            const auto at = std::find(names.begin(), names.end(), of[0]);
            if (file.text_attribute("/summary/" + name, "kind") != "number") continue;
            parameters_.push_back({name, static_cast<std::size_t>(at - names.begin()),
                                   file.reals("/summary/" + name)});
        }
        metric_ = file.text_attribute("/", "show").value_or("");
        if (metric_.empty() || !file.has("/summary/" + metric_)) {
            metric_.clear();
            for (const std::string& name : file.datasets("/summary"))
                if (metric_.empty() && is_metric(name)) metric_ = name;
        }
    }

    const ResultsReader& file() const { return file_; }
    const std::vector<Dimension>& dimensions() const { return dimensions_; }
    const std::vector<Parameter>& parameters() const { return parameters_; }
    const std::string& metric() const { return metric_; }
    const std::vector<std::int64_t>& point() const { return point_; }
    /// Of the metric whose boundary was followed; empty when none was, or it is not in the file.
    std::string boundary_metric() const {
        const std::string name = file_.text_attribute("/", "boundary_metric").value_or("");
        return !name.empty() && file_.has("/summary/" + name) ? name : "";
    }
    /// A cell's value along a dimension: "load = 195".
    std::string place_text(std::size_t cell, std::size_t dimension) const {
        const Dimension& along = dimensions_[dimension];
        const std::size_t at = place(cell, dimension);
        return along.name + " = " +
               (along.axis.words.empty() ? fmt::format("{:.4g}", along.axis.values[at])
                                         : along.axis.words[at]);
    }
    bool is_share(const std::string& metric) const { return unit_of(metric).value_or("") == "%"; }

    std::string label(const std::string& metric) const {
        const std::string unit = unit_of(metric).value_or("");
        return unit.empty() || unit == "%" ? metric : metric + " [" + unit + "]";
    }
    std::vector<double> summary(const std::string& name) const {
        return file_.reals("/summary/" + name);
    }

    /// A metric by point and replication; NaN where a run failed or does not have it.
    std::map<std::int64_t, std::map<std::int64_t, double>> runs(const std::string& metric) const {
        std::map<std::int64_t, std::map<std::int64_t, double>> made;
        const auto point = file_.integers("/runs/point");
        const auto replication = file_.integers("/runs/replication");
        const auto values = file_.reals("/runs/" + metric);
        for (std::size_t i = 0; i < point.size(); ++i) made[point[i]][replication[i]] = values[i];
        return made;
    }

    std::vector<std::string> text_list(const std::string& object, const std::string& name) const {
        // One word a dimension; joined by blanks in the file.
        std::vector<std::string> words;
        std::string rest = file_.text_attribute(object, name).value_or("");
        while (!rest.empty()) {
            const std::size_t blank = rest.find(' ');
            words.push_back(rest.substr(0, blank));
            rest = blank == std::string::npos ? "" : rest.substr(blank + 1);
        }
        return words;
    }

    /// Number of a cell's place along a dimension; the last is the fastest.
    std::size_t place(std::size_t cell, std::size_t dimension) const {
        for (std::size_t d = dimensions_.size(); d > dimension + 1; --d)
            cell /= dimensions_[d - 1].axis.size();
        return cell % dimensions_[dimension].axis.size();
    }

  private:
    static bool is_metric(const std::string& name) {
        return name.find('.') != std::string::npos && !name.ends_with(".half_width");
    }
    bool is_words(const std::string& name) const {
        return file_.text_attribute("/summary/" + name, "kind") == "word";
    }
    FigureAxis axis_of(const std::string& dataset) const {
        FigureAxis axis;
        const std::string name = dataset.substr(dataset.rfind('/') + 1);
        const std::string unit = file_.text_attribute(dataset, "parameter_unit").value_or("");
        axis.label = unit.empty() || unit == "%" ? name : name + " [" + unit + "]";
        axis.share = unit == "%";
        if (is_words(name))
            axis.words = file_.texts(dataset);
        else
            axis.values = file_.reals(dataset);
        return axis;
    }

    const ResultsReader& file_;
    std::vector<Dimension> dimensions_;
    std::vector<Parameter> parameters_;
    std::vector<std::int64_t> point_;
    std::string metric_;
};

bool rows_change_together(const MergedSweep::Dimension& dimension) {
    return dimension.design != "grid" && dimension.design != "refine";
}

/// Places of an axis in ascending order; a grid may list them as it likes.
std::vector<std::size_t> ascending(const FigureAxis& axis) {
    std::vector<std::size_t> order(axis.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    if (axis.words.empty())
        std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
            return axis.values[a] < axis.values[b];
        });
    return order;
}

FigureAxis sorted(const FigureAxis& axis, const std::vector<std::size_t>& order) {
    FigureAxis made = axis;
    if (axis.words.empty())
        for (std::size_t i = 0; i < order.size(); ++i) made.values[i] = axis.values[order[i]];
    return made;
}

/// On which side of the sweep's boundary the cells of a map lie, by the means of a metric there.
std::optional<PhaseMap::Boundary> boundary_of(const MergedSweep& sweep,
                                              const std::vector<double>& z, std::string name) {
    const auto limit = sweep.file().real_attribute("/", "boundary_limit");
    const auto greater = sweep.file().integer_attribute("/", "boundary_is_greater");
    if (!limit || !greater) return {};
    PhaseMap::Boundary boundary{std::move(name), {}};
    for (const double value : z)
        boundary.side.push_back(std::isnan(value) ? std::int8_t{-1}
                                : (value >= limit->front()) == (greater->front() != 0)
                                    ? std::int8_t{1}
                                    : std::int8_t{0});
    return boundary;
}

/// Cells where the interval of the mean holds the boundary's limit. Where a time is infinite in
/// some runs the mean has no interval: those are undecided whose runs stand on both sides.
std::vector<bool> undecided_cells(const MergedSweep& sweep, const std::string& metric) {
    const auto limit = sweep.file().real_attribute("/", "boundary_limit");
    const std::vector<double> mean = sweep.summary(metric);
    const std::vector<double> half_width = sweep.summary(metric + ".half_width");
    const auto runs = sweep.runs(metric);
    std::vector<bool> cells(mean.size());
    for (std::size_t cell = 0; limit && cell < cells.size(); ++cell) {
        const auto found = runs.find(sweep.point()[cell]);
        if (found == runs.end() || found->second.size() < 2) continue;
        if (std::isfinite(half_width[cell])) {
            cells[cell] = std::abs(mean[cell] - limit->front()) <= half_width[cell];
            continue;
        }
        std::size_t above = 0;
        for (const auto& [replication, value] : found->second)
            if (value >= limit->front()) ++above;
        cells[cell] = above > 0 && above < found->second.size();
    }
    return cells;
}

/// Fills a closed form between places where it was computed, along x, then along y: points are
/// dense where the measured boundary runs, and the other may run elsewhere. Not next to infinite
/// values.
std::vector<double> interpolated(std::vector<double> z, const FigureAxis& x, const FigureAxis& y) {
    const auto fill = [&](const FigureAxis& axis, std::size_t first, std::size_t stride) {
        std::size_t last = axis.size();  // none yet
        for (std::size_t i = 0; i < axis.size(); ++i) {
            const double value = z[first + i * stride];
            if (std::isnan(value)) continue;
            if (last < i && !axis.values.empty() && std::isfinite(value) &&
                std::isfinite(z[first + last * stride])) {
                const double before = z[first + last * stride];
                for (std::size_t k = last + 1; k < i; ++k)
                    z[first + k * stride] = before + (value - before) *
                                                         (axis.values[k] - axis.values[last]) /
                                                         (axis.values[i] - axis.values[last]);
            }
            last = i;
        }
    };
    for (std::size_t j = 0; j < y.size(); ++j) fill(x, j * x.size(), 1);
    for (std::size_t i = 0; i < x.size(); ++i) fill(y, i, x.size());
    return z;
}

/// The closed form of a metric in the file, by name: theory.recovery of clients.recovery,
/// theory.reply_inversion of messages.reply_inversion_share. Empty when there is none.
std::string theory_of(const MergedSweep& sweep, const std::string& metric) {
    std::string name = "theory." + metric.substr(metric.rfind('.') + 1);
    if (name.ends_with("_share") && !sweep.file().has("/summary/" + name))
        name.resize(name.size() - 6);
    return sweep.file().has("/summary/" + name) ? name : "";
}

void add_maps(const MergedSweep& sweep, std::vector<std::pair<std::string, std::string>>& figures) {
    const auto& dimensions = sweep.dimensions();
    if (dimensions.size() < 2 || dimensions.size() > 3) return;
    const std::size_t first = dimensions.size() - 2;
    if (rows_change_together(dimensions[first]) || rows_change_together(dimensions[first + 1]))
        return;
    const std::vector<double> values = sweep.summary(sweep.metric());
    const FigureAxis& x_axis = dimensions[first].axis;
    const FigureAxis& y_axis = dimensions[first + 1].axis;
    const std::vector<std::size_t> x_order = ascending(x_axis);
    const std::vector<std::size_t> y_order = ascending(y_axis);
    const std::size_t plane = x_axis.size() * y_axis.size();
    for (std::size_t layer = 0; layer * plane < values.size() && layer < 12; ++layer) {
        PhaseMap map;
        map.title = sweep.metric();
        map.label = sweep.label(sweep.metric());
        map.share = sweep.is_share(sweep.metric());
        map.x = sorted(x_axis, x_order);
        map.y = sorted(y_axis, y_order);
        if (first == 1) {
            const FigureAxis& outer = dimensions[0].axis;
            map.title += ", " + dimensions[0].name + " = " +
                         (outer.words.empty() ? fmt::format("{:.4g}", outer.values[layer])
                                              : outer.words[layer]);
        }
        const auto plane_of = [&](const auto& all) {
            std::remove_cvref_t<decltype(all)> z;
            for (const std::size_t y : y_order)
                for (const std::size_t x : x_order)
                    z.push_back(all[layer * plane + x * y_axis.size() + y]);
            return z;
        };
        map.z = plane_of(values);
        if (const std::string metric = sweep.boundary_metric(); !metric.empty()) {
            const std::string is = sweep.file().text_attribute("/", "boundary_is").value_or("");
            const std::string theory = theory_of(sweep, metric);
            if (const auto found = boundary_of(sweep, plane_of(sweep.summary(metric)),
                                               fmt::format("{} {}", metric, is)))
                map.boundaries.push_back(*found);
            if (!theory.empty())
                if (const auto found = boundary_of(
                        sweep, interpolated(plane_of(sweep.summary(theory)), map.x, map.y),
                        "closed form"))
                    map.boundaries.push_back(*found);
            map.undecided = plane_of(undecided_cells(sweep, metric));
            map.undecided_name = fmt::format(
                "undecided: the {:g} % interval holds the limit",
                100 *
                    sweep.file().real_attribute("/", "confidence").value_or(std::vector{0.95})[0]);
        }
        figures.emplace_back(layer == 0 ? "phase-map" : fmt::format("phase-map-{}", layer + 1),
                             svg_of(map));
    }
}

void add_curve(const MergedSweep& sweep,
               std::vector<std::pair<std::string, std::string>>& figures) {
    const auto& dimensions = sweep.dimensions();
    if (dimensions.size() != 1 || rows_change_together(dimensions[0])) return;
    const std::vector<std::size_t> order = ascending(dimensions[0].axis);
    const std::vector<double> mean = sweep.summary(sweep.metric());
    const std::vector<double> half = sweep.summary(sweep.metric() + ".half_width");
    LineFigure figure;
    figure.title = sweep.metric();
    figure.y_label = sweep.label(sweep.metric());
    figure.share = sweep.is_share(sweep.metric());
    figure.x = sorted(dimensions[0].axis, order);
    LineFigure::Line line;
    for (std::size_t i = 0; i < order.size(); ++i) {
        line.x.push_back(figure.x.words.empty() ? figure.x.values[i] : static_cast<double>(i));
        line.y.push_back(mean[order[i]]);
        line.low.push_back(mean[order[i]] - half[order[i]]);
        line.high.push_back(mean[order[i]] + half[order[i]]);
    }
    figure.lines.push_back(std::move(line));
    figures.emplace_back("curve", svg_of(figure));
}

/// The metric over each sampled parameter, a dot a point.
void add_scatter(const MergedSweep& sweep,
                 std::vector<std::pair<std::string, std::string>>& figures) {
    const std::vector<double> values = sweep.summary(sweep.metric());
    for (const MergedSweep::Parameter& parameter : sweep.parameters()) {
        if (!rows_change_together(sweep.dimensions()[parameter.dimension])) continue;
        LineFigure figure;
        figure.title = sweep.metric() + " over " + parameter.name;
        figure.y_label = sweep.label(sweep.metric());
        figure.share = sweep.is_share(sweep.metric());
        figure.x.label = parameter.name;
        const auto [least, most] =
            std::minmax_element(parameter.values.begin(), parameter.values.end());
        figure.x.values = {*least, *most};
        LineFigure::Line line;
        line.dots = true;
        for (std::size_t cell = 0; cell < values.size(); ++cell) {
            line.x.push_back(parameter.values[sweep.place(cell, parameter.dimension)]);
            line.y.push_back(values[cell]);
        }
        figure.lines.push_back(std::move(line));
        figures.emplace_back("over-" + parameter.name, svg_of(figure));
    }
}

void add_sensitivity(const MergedSweep& sweep,
                     std::vector<std::pair<std::string, std::string>>& figures) {
    if (sweep.dimensions().size() != 1) return;
    const std::string& design = sweep.dimensions()[0].design;
    const std::vector<double> y = sweep.summary(sweep.metric());
    const std::size_t k = sweep.parameters().size();
    BarFigure figure;
    if (design == "sobol_indices" && k > 0 && y.size() % (k + 2) == 0) {
        const std::vector<SobolIndex> indices = sobol_indices(y, k);
        figure.title = "Sobol' indices of " + sweep.metric();
        figure.x_label = "share of the variance, with 95 % interval";
        figure.series = {"alone", "with all it interacts with"};
        for (std::size_t i = 0; i < k; ++i)
            figure.bars.push_back({sweep.parameters()[i].name,
                                   {indices[i].first, indices[i].total},
                                   {indices[i].first_low, indices[i].total_low},
                                   {indices[i].first_high, indices[i].total_high}});
    } else if (design == "morris" && k > 0 && y.size() % (k + 1) == 0) {
        std::vector<double> x(y.size() * k);
        for (std::size_t i = 0; i < k; ++i) {
            const std::vector<double>& values = sweep.parameters()[i].values;
            const auto [least, most] = std::minmax_element(values.begin(), values.end());
            for (std::size_t row = 0; row < y.size(); ++row)
                x[row * k + i] = *most > *least ? (values[row] - *least) / (*most - *least) : 0;
        }
        const std::vector<MorrisEffect> effects = morris_effects(y, x, k);
        figure.title = "Elementary effects on " + sweep.metric();
        figure.x_label = "change of " + sweep.metric() + " over the whole range";
        figure.series = {"mean size (mu*)", "deviation (sigma)"};
        for (std::size_t i = 0; i < k; ++i)
            figure.bars.push_back(
                {sweep.parameters()[i].name,
                 {effects[i].mean_absolute, effects[i].deviation},
                 {effects[i].mean_absolute - effects[i].half_width, not_a_number},
                 {effects[i].mean_absolute + effects[i].half_width, not_a_number}});
    } else {
        return;
    }
    figures.emplace_back("sensitivity", svg_of(figure));
}

/// Times that never come are lives still going on when the run was over.
void add_survival(const MergedSweep& sweep,
                  std::vector<std::pair<std::string, std::string>>& figures) {
    if (unit_of(sweep.metric()).value_or("") != "s") return;
    const auto runs = sweep.runs(sweep.metric());
    const double watched =
        sweep.file().real_attribute("/", "simulated_s").value_or(std::vector<double>{0}).front();
    const MergedSweep::Dimension& dimension = sweep.dimensions().front();
    if (rows_change_together(dimension)) return;
    const std::size_t n = dimension.axis.size();
    const std::size_t step = std::max<std::size_t>(1, (n + 4) / 5);
    LineFigure figure;
    figure.title = "Share for which " + sweep.metric() + " is longer";
    figure.y_label = "share of the runs";
    figure.share = true;
    figure.from_zero = true;
    bool any_never = false;
    double longest = 0;
    for (std::size_t group = 0; group < n; group += step) {
        std::vector<double> times;
        std::vector<bool> ended;
        for (std::size_t cell = 0; cell < sweep.point().size(); ++cell) {
            if (sweep.place(cell, 0) != group || sweep.point()[cell] < 0) continue;
            const auto found = runs.find(sweep.point()[cell]);
            if (found == runs.end()) continue;
            for (const auto& [replication, value] : found->second) {
                if (std::isnan(value)) continue;
                ended.push_back(std::isfinite(value));
                times.push_back(ended.back() ? value : watched);
                any_never = any_never || !ended.back();
                longest = std::max(longest, times.back());
            }
        }
        if (times.empty()) continue;
        const SurvivalCurve curve = survival_curve(times, ended);
        LineFigure::Line line;
        line.steps = true;
        line.name =
            dimension.name + " = " +
            (dimension.axis.words.empty() ? fmt::format("{:.4g}", dimension.axis.values[group])
                                          : dimension.axis.words[group]);
        line.x = curve.time;
        line.y = curve.survival;
        line.x.push_back(longest);
        line.y.push_back(curve.survival.back());
        figure.lines.push_back(std::move(line));
    }
    if (!any_never || figure.lines.empty()) return;
    figure.x.label = sweep.label(sweep.metric());
    figure.x.values = {0, std::max(longest, 1e-9)};
    figures.emplace_back("survival", svg_of(figure));
}

/// Differences along a dimension against its first place, replication by replication (the luck is
/// common), averaged over all other dimensions.
std::string contrasts_html(const MergedSweep& sweep) {
    const auto runs = sweep.runs(sweep.metric());
    std::string rows;
    for (std::size_t d = 0; d < sweep.dimensions().size(); ++d) {
        const MergedSweep::Dimension& dimension = sweep.dimensions()[d];
        const std::size_t n = dimension.axis.size();
        if (rows_change_together(dimension) || dimension.design == "refine" || n < 2 || n > 8)
            continue;
        std::size_t stride = 1;
        for (std::size_t e = d + 1; e < sweep.dimensions().size(); ++e)
            stride *= sweep.dimensions()[e].axis.size();
        for (std::size_t place = 1; place < n; ++place) {
            std::map<std::int64_t, std::pair<double, double>> sums;
            std::map<std::int64_t, std::size_t> counts;
            std::size_t pairs = 0;
            for (std::size_t cell = 0; cell < sweep.point().size(); ++cell) {
                if (sweep.place(cell, d) != 0) continue;
                const auto a = runs.find(sweep.point()[cell]);
                const auto b = runs.find(sweep.point()[cell + place * stride]);
                if (a == runs.end() || b == runs.end()) continue;
                ++pairs;
                for (const auto& [replication, value] : a->second) {
                    const auto other = b->second.find(replication);
                    if (other == b->second.end()) continue;
                    sums[replication].first += value;
                    sums[replication].second += other->second;
                    ++counts[replication];
                }
            }
            std::vector<double> first;
            std::vector<double> second;
            for (const auto& [replication, sum] : sums) {
                if (counts[replication] != pairs) continue;
                first.push_back(sum.first / static_cast<double>(pairs));
                second.push_back(sum.second / static_cast<double>(pairs));
            }
            const PairedContrast contrast = paired_contrast(first, second, 0.95);
            if (contrast.difference.n < 2) continue;
            const auto name = [&](std::size_t at) {
                return dimension.axis.words.empty()
                           ? fmt::format("{:.4g}", dimension.axis.values[at])
                           : dimension.axis.words[at];
            };
            const std::string unit = unit_of(sweep.metric()).value_or("");
            rows += fmt::format(
                "<tr><td>{}</td><td>{} &rarr; {}</td><td class=\"n\">{}</td><td "
                "class=\"n\">&plusmn; "
                "{}</td><td class=\"n\">{}</td></tr>\n",
                html_text(dimension.name), html_text(name(0)), html_text(name(place)),
                human(contrast.difference.mean, unit), human(contrast.difference.half_width, unit),
                std::isnan(contrast.variance_ratio)
                    ? "–"
                    : fmt::format("{:.3g}", contrast.variance_ratio));
        }
    }
    if (rows.empty()) return {};
    return "<h2>Differences of " + html_text(sweep.metric()) +
           "</h2>\n<table><thead><tr><th>parameter</th><th>change</th><th "
           "class=\"n\">difference</th>"
           "<th class=\"n\">95 %</th><th class=\"n\">variance saved by common luck "
           "&times;</th></tr></thead><tbody>\n" +
           rows + "</tbody></table>\n";
}

/// Along one parameter of a boundary, all others at one place: where the answers change.
struct CrossingLine {
    std::vector<double> x, events,
        trials;  ///< places that were run, ascending; runs beyond the limit

    bool crosses() const {
        const auto above = [&](std::size_t i) { return 2 * events[i] >= trials[i]; };
        for (std::size_t i = 1; i < x.size(); ++i)
            if (above(i) != above(0)) return true;
        return false;
    }
    /// Whether no place has runs on both sides: there is nothing to fit.
    bool unanimous() const {
        for (std::size_t i = 0; i < x.size(); ++i)
            if (events[i] > 0 && events[i] < trials[i]) return false;
        return true;
    }
    /// Places between which most answers change first.
    std::pair<double, double> bracket() const {
        std::size_t i = 1;
        while ((2 * events[i] >= trials[i]) == (2 * events[0] >= trials[0])) ++i;
        return {x[i - 1], x[i]};
    }
};

/// Where a logistic fit has a crossing as likely as not; over a wide range, by its logarithm.
BoundaryPoint even_odds(const CrossingLine& line) {
    const bool logarithmic = line.x.front() > 0 && line.x.back() > 30 * line.x.front();
    std::vector<double> x = line.x;
    if (logarithmic)
        for (double& value : x) value = std::log(value);
    const LogisticFit fit = fit_logistic(x, line.events, line.trials, 1);
    BoundaryPoint even = boundary_along(fit, 0, std::vector<double>{0.0});
    if (logarithmic) even = {std::exp(even.at), std::exp(even.low), std::exp(even.high)};
    return even;
}

/// The line along dimension `along` through `cell`.
CrossingLine crossing_line(const MergedSweep& sweep,
                           const std::map<std::int64_t, std::map<std::int64_t, double>>& runs,
                           std::size_t cell, std::size_t along, double limit, bool greater) {
    std::size_t stride = 1;
    for (std::size_t d = along + 1; d < sweep.dimensions().size(); ++d)
        stride *= sweep.dimensions()[d].axis.size();
    const FigureAxis& axis = sweep.dimensions()[along].axis;
    CrossingLine line;
    for (std::size_t i = 0; i < axis.size(); ++i) {
        const std::size_t at = cell + (i - sweep.place(cell, along)) * stride;
        const auto found = runs.find(sweep.point()[at]);
        if (found == runs.end()) continue;
        double inside = 0;
        double all = 0;
        for (const auto& [replication, value] : found->second) {
            if (std::isnan(value)) continue;
            ++all;
            inside += (value >= limit) == greater ? 1 : 0;
        }
        if (all == 0) continue;
        line.x.push_back(axis.values[i]);
        line.events.push_back(inside);
        line.trials.push_back(all);
    }
    return line;
}

/// Where the sweep's boundary is crossed along each parameter that refines, the others in the
/// middle of their ranges: between which places, and where a logistic fit has it even.
std::string boundary_html(const MergedSweep& sweep) {
    const auto limit = sweep.file().real_attribute("/", "boundary_limit");
    const auto greater = sweep.file().integer_attribute("/", "boundary_is_greater");
    const std::string metric = sweep.boundary_metric();
    if (!limit || !greater || metric.empty()) return {};
    const auto runs = sweep.runs(metric);
    const auto& dimensions = sweep.dimensions();
    std::size_t first = 0;
    while (first < dimensions.size() && dimensions[first].design != "refine") ++first;
    std::size_t inner = 1;
    std::size_t middle = 0;
    for (std::size_t d = first; d < dimensions.size(); ++d) {
        inner *= dimensions[d].axis.size();
        middle = middle * dimensions[d].axis.size() + dimensions[d].axis.size() / 2;
    }
    std::string rows;
    for (std::size_t outer = 0; outer * inner < sweep.point().size() && outer < 30; ++outer) {
        const std::size_t cell = outer * inner + middle;
        for (std::size_t d = first; d < dimensions.size(); ++d) {
            const CrossingLine line =
                crossing_line(sweep, runs, cell, d, limit->front(), greater->front() != 0);
            std::string with;
            for (std::size_t e = 0; e < dimensions.size(); ++e) {
                if (e == d || rows_change_together(dimensions[e])) continue;
                with += (with.empty() ? "" : ", ") + sweep.place_text(cell, e);
            }
            rows += "<tr><td>" + html_text(dimensions[d].axis.label) + "</td><td>" +
                    html_text(with) + "</td>";
            if (!line.crosses()) {
                rows += "<td class=\"n\">not crossed</td><td></td><td></td></tr>\n";
                continue;
            }
            const auto [from, to] = line.bracket();
            if (line.unanimous()) {
                rows += fmt::format(
                    "<td class=\"n\">{:.5g} to {:.5g}</td><td></td><td class=\"n\">the runs of "
                    "each "
                    "place agree</td></tr>\n",
                    from, to);
                continue;
            }
            const BoundaryPoint even = even_odds(line);
            rows += fmt::format(
                "<td class=\"n\">{:.5g} to {:.5g}</td><td class=\"n\">{:.5g}</td><td "
                "class=\"n\">{}</td></tr>\n",
                from, to, even.at,
                std::isfinite(even.low) && std::isfinite(even.high)
                    ? fmt::format("{:.5g} to {:.5g}", even.low, even.high)
                    : "not bounded by these runs");
        }
    }
    if (rows.empty()) return {};
    const std::string is = sweep.file().text_attribute("/", "boundary_is").value_or("");
    return "<h2>Where " + html_text(metric + " " + is) +
           " begins</h2>\n<p class=\"note\">Along each parameter, the others as named. The answers "
           "change between two places; by a logistic fit (Firth) of the runs on that line it is as "
           "likely as not where given.</p>\n<table><thead><tr><th>along</th><th>with</th><th "
           "class=\"n\">changes between</th><th class=\"n\">as likely as not</th><th "
           "class=\"n\">95 % interval</th></tr></thead><tbody>\n" +
           rows + "</tbody></table>\n";
}

std::string failures_html(const MergedSweep& sweep) {
    if (!sweep.file().has("/failures/error")) return {};
    const auto errors = sweep.file().texts("/failures/error");
    const auto repeats = sweep.file().texts("/failures/repeat");
    std::string html = fmt::format("<h2>{} failed runs</h2>\n", errors.size());
    for (std::size_t i = 0; i < std::min<std::size_t>(errors.size(), 20); ++i)
        html += "<pre>" + html_text(repeats[i]) + "\n" + html_text(errors[i]) + "</pre>\n";
    return html;
}

std::string section(const ResultsReader& file) {
    const MergedSweep sweep(file);
    const auto count = [&](const char* name) {
        return file.integer_attribute("/", name).value_or(std::vector<std::int64_t>{0}).front();
    };
    const std::string status = file.text_attribute("/", "status").value_or("");
    std::string html =
        "<section>\n<h1>" +
        html_text(file.text_attribute("/", "title").value_or(file_name(file.path()))) +
        "</h1>\n<p class=\"note\">" + html_text(file_name(file.path())) +
        fmt::format(" · {} points, {} runs", count("points"), count("runs"));
    if (count("failed") > 0) html += fmt::format(" · <b>{} failed</b>", count("failed"));
    if (status != "complete")
        html += fmt::format(" · <b>partial: {} runs are missing</b>", count("missing"));
    if (count("mixed_builds") != 0) html += " · <b>runs of more than one build</b>";
    html += "</p>\n<div class=\"figures\">\n";
    for (const auto& [name, svg] : sweep_figures(file))
        html += "<figure id=\"" + html_text(name) + "\">\n" + svg + "</figure>\n";
    return html + "</div>\n" + boundary_html(sweep) + contrasts_html(sweep) + failures_html(sweep) +
           "</section>\n";
}

constexpr std::string_view page_head = R"(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<!-- Nothing is loaded from anywhere: the browser is told to refuse it. -->
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>)";
constexpr std::string_view page_style = R"(</title>
<style>
body { margin: 0; background: #fff; color: #1b1f24;
       font: 15px/1.45 system-ui, "Segoe UI", Roboto, "Liberation Sans", "DejaVu Sans", sans-serif; }
main { max-width: 1300px; margin: 0 auto; padding: 18px 22px 40px; }
section + section { border-top: 3px solid #d5dae0; margin-top: 36px; padding-top: 18px; }
h1 { font-size: 25px; margin: 0; } h2 { font-size: 17px; margin: 22px 0 6px; }
.note { color: #57606a; font-size: 13px; margin: 4px 0; }
.figures { display: flex; flex-wrap: wrap; gap: 18px; margin-top: 14px; }
figure { margin: 0; border: 1px solid #d5dae0; border-radius: 6px; padding: 6px; }
figure svg { max-width: 100%; height: auto; display: block; }
table { border-collapse: collapse; font-size: 13.5px; }
th { text-align: left; color: #57606a; } th, td { padding: 3px 18px 3px 0; border-bottom: 1px solid #d5dae0; }
.n { text-align: right; font-variant-numeric: tabular-nums; }
pre { background: #f5f7f9; padding: 10px; overflow: auto; font-size: 12.5px; }
</style>
</head>
<body>
<main>
)";

}  // namespace

bool is_merged_sweep(const ResultsReader& file) {
    return file.text_attribute("/", "format_name") == "driftstorm-sweep";
}

std::vector<std::pair<std::string, std::string>> sweep_figures(const ResultsReader& file) {
    const MergedSweep sweep(file);
    std::vector<std::pair<std::string, std::string>> figures;
    if (sweep.metric().empty()) return figures;
    add_maps(sweep, figures);
    add_curve(sweep, figures);
    add_sensitivity(sweep, figures);
    add_survival(sweep, figures);
    add_scatter(sweep, figures);
    return figures;
}

std::string sweep_report_page(const std::vector<ResultsReader>& files) {
    std::string title;
    std::string body;
    for (const ResultsReader& file : files) {
        title += (title.empty() ? "" : " · ") + file.text_attribute("/", "title").value_or("sweep");
        body += section(file);
    }
    return std::string(page_head) + html_text(title) + std::string(page_style) + body +
           "</main>\n</body>\n</html>\n";
}

}  // namespace driftstorm
