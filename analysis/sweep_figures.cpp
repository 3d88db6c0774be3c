#include "analysis/sweep_figures.hpp"

#include "analysis/report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace driftstorm {

namespace {

// Colours that remain apart for the colour-blind (Okabe and Ito, 2008).
constexpr std::array<const char*, 7> palette{"#0072b2", "#d55e00", "#009e73", "#b0568a",
                                             "#56b4e9", "#e69f00", "#3d3d3d"};
// Viridis at eight even places (Smith and van der Walt, 2015, CC0).
constexpr std::array<std::array<int, 3>, 8> viridis{{{68, 1, 84},
                                                     {70, 50, 127},
                                                     {54, 92, 141},
                                                     {39, 127, 142},
                                                     {31, 161, 135},
                                                     {74, 194, 109},
                                                     {159, 218, 58},
                                                     {253, 231, 37}}};
constexpr const char* infinite_colour = "#c0392b";

struct Box {
    double left = 78, top = 40, width = 420, height = 300;
    double right() const { return left + width; }
    double bottom() const { return top + height; }
};

std::string colour_at(double share) {
    const double at = std::clamp(share, 0.0, 1.0) * (viridis.size() - 1);
    const std::size_t i = std::min<std::size_t>(static_cast<std::size_t>(at), viridis.size() - 2);
    const double rest = at - static_cast<double>(i);
    std::array<int, 3> rgb{};
    for (std::size_t c = 0; c < 3; ++c)
        rgb[c] = static_cast<int>(viridis[i][c] + rest * (viridis[i + 1][c] - viridis[i][c]) + 0.5);
    return fmt::format("#{:02x}{:02x}{:02x}", rgb[0], rgb[1], rgb[2]);
}

std::string number(double value, bool share) {
    if (!std::isfinite(value)) return value > 0 ? "never" : "?";
    if (value == 0) return share ? "0 %" : "0";  // and no "-0"
    const double shown = share ? value * 100 : value;
    if (std::abs(shown) >= 1e4 && std::abs(shown) < 1e9)  // and no "1e+04"
        return fmt::format("{:.0f}{}", shown, share ? " %" : "");
    return fmt::format("{:.4g}{}", shown, share ? " %" : "");
}

/// Round numbers, about `most` of them, that cover [low, high].
std::vector<double> ticks(double low, double high, int most) {
    const double span = high - low;
    if (!(span > 0)) return {low};
    const double rough = span / most;
    const double power = std::pow(10.0, std::floor(std::log10(rough)));
    double step = 10 * power;
    for (const double factor : {1.0, 2.0, 5.0})
        if (factor * power >= rough) {
            step = factor * power;
            break;
        }
    std::vector<double> at;
    for (double i = std::ceil(low / step - 1e-9); i * step <= high + 1e-9 * span; ++i)
        at.push_back(i * step);
    return at;
}

std::string text(double x, double y, std::string_view anchor, std::string_view what,
                 std::string_view more = "") {
    return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\"{}>{}</text>\n", x, y,
                       anchor, more, html_text(what));
}

std::string opened(double width, double height, const std::string& title) {
    return fmt::format(
               "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0:.0f} {1:.0f}\" "
               "width=\"{0:.0f}\" "
               "height=\"{1:.0f}\" font-family=\"DejaVu Sans, Liberation Sans, sans-serif\" "
               "font-size=\"12\" fill=\"#1b1f24\">\n<rect width=\"{0:.0f}\" height=\"{1:.0f}\" "
               "fill=\"#ffffff\"/>\n",
               width, height) +
           text(12, 22, "start", title, " font-size=\"14\" font-weight=\"600\"");
}

/// Where values stand along an axis: even places for words and uneven grids of few values.
class Scale {
  public:
    Scale(const FigureAxis& axis, double from, double to, bool cells)
        : axis_(axis), from_(from), to_(to) {
        const std::size_t n = axis.size();
        even_ = !axis.words.empty() || n < 2;
        if (even_) {
            for (std::size_t i = 0; i <= n; ++i) edges_.push_back(static_cast<double>(i));
            return;
        }
        const double ratio = axis.values[n - 1] / axis.values[0];
        const double first = axis.values[1] - axis.values[0];
        const double last = axis.values[n - 1] - axis.values[n - 2];
        logarithmic_ = axis.values[0] > 0 && ratio > 30 && last > 4 * first;
        std::vector<double> at;
        for (const double value : axis.values) at.push_back(of(value));
        if (!cells) {
            edges_ = {at.front(), at.back()};
            return;
        }
        edges_.push_back(at[0] - (at[1] - at[0]) / 2);
        for (std::size_t i = 0; i + 1 < n; ++i) edges_.push_back((at[i] + at[i + 1]) / 2);
        edges_.push_back(at[n - 1] + (at[n - 1] - at[n - 2]) / 2);
    }

    double edge(std::size_t i) const { return place(edges_[i]); }
    double centre(std::size_t i) const {
        return even_ ? place(static_cast<double>(i) + 0.5) : place(of(axis_.values[i]));
    }
    double at(double value) const { return place(of(value)); }

    /// Places and labels of ticks.
    std::vector<std::pair<double, std::string>> labels(int most) const {
        std::vector<std::pair<double, std::string>> made;
        const std::size_t n = axis_.size();
        if (!axis_.words.empty()) {
            for (std::size_t i = 0; i < n; ++i) made.emplace_back(centre(i), axis_.words[i]);
        } else if (n <= static_cast<std::size_t>(most) && spread_enough(most)) {
            for (std::size_t i = 0; i < n; ++i)
                made.emplace_back(centre(i), number(axis_.values[i], axis_.share));
        } else if (logarithmic_) {
            for (double power = std::floor(std::log10(axis_.values.front()));
                 power <= std::log10(axis_.values.back()) + 1e-9; ++power) {
                const double value = std::pow(10.0, power);
                if (value >= axis_.values.front() * (1 - 1e-9))
                    made.emplace_back(at(value), number(value, axis_.share));
            }
        } else {
            for (const double value : ticks(axis_.values.front(), axis_.values.back(), most))
                made.emplace_back(at(value), number(value, axis_.share));
        }
        return made;
    }

  private:
    double of(double value) const { return logarithmic_ ? std::log10(value) : value; }
    double place(double at) const {
        const double span = edges_.back() - edges_.front();
        return from_ + (span > 0 ? (at - edges_.front()) / span : 0.5) * (to_ - from_);
    }
    bool spread_enough(int most) const {
        double nearest = std::numeric_limits<double>::infinity();
        for (std::size_t i = 0; i + 1 < axis_.size(); ++i)
            nearest = std::min(nearest, std::abs(centre(i + 1) - centre(i)));
        return nearest > std::abs(to_ - from_) / (most * 2.2);
    }

    const FigureAxis& axis_;
    double from_, to_;
    bool even_ = false;
    bool logarithmic_ = false;
    std::vector<double> edges_;
};

std::string frame(const Box& box, const Scale& x, const FigureAxis& x_axis, bool grid) {
    std::string out;
    for (const auto& [at, label] : x.labels(8)) {
        if (grid)
            out += fmt::format("<path d=\"M{0:.1f} {1:.1f}V{2:.1f}\" stroke=\"#e3e7eb\"/>\n", at,
                               box.top, box.bottom());
        out += text(at, box.bottom() + 16, "middle", label);
    }
    out += text(box.left + box.width / 2, box.bottom() + 34, "middle", x_axis.label);
    return out;
}

std::string y_title(const Box& box, const std::string& label) {
    const double at = box.top + box.height / 2;
    return text(16, at, "middle", label, fmt::format(" transform=\"rotate(-90 16 {:.1f})\"", at));
}

/// Values for the cells that have none, of the nearest cell that has one; not across words.
std::vector<double> filled(const PhaseMap& map) {
    std::vector<double> z = map.z;
    const auto nx = static_cast<long>(map.x.size());
    const auto ny = static_cast<long>(map.y.size());
    bool any = std::any_of(z.begin(), z.end(), [](double v) { return !std::isnan(v); });
    while (any) {
        any = false;
        std::vector<double> next = z;
        bool missing = false;
        for (long j = 0; j < ny; ++j)
            for (long i = 0; i < nx; ++i) {
                const auto at = static_cast<std::size_t>(j * nx + i);
                if (!std::isnan(z[at])) continue;
                missing = true;
                const std::array<std::pair<long, long>, 4> sides{
                    {{i - 1, j}, {i + 1, j}, {i, j - 1}, {i, j + 1}}};
                for (const auto& side : sides) {
                    if (side.first != i ? !map.x.words.empty() : !map.y.words.empty()) continue;
                    if (side.first < 0 || side.first >= nx || side.second < 0 || side.second >= ny)
                        continue;
                    const double value = z[static_cast<std::size_t>(side.second * nx + side.first)];
                    if (std::isnan(value)) continue;
                    next[at] = value;
                    any = true;
                    break;
                }
            }
        z = std::move(next);
        if (!missing) break;
    }
    return z;
}

/// Where a map's values stand among its colours: evenly, or by powers of ten where none is below
/// zero and most of them would share the lowest colour.
class ColourScale {
  public:
    ColourScale(double low, double high, const std::vector<double>& values)
        : low_(low), high_(high), least_(high) {
        std::size_t finite = 0;
        std::size_t dark = 0;
        for (const double value : values) {
            if (!std::isfinite(value)) continue;
            ++finite;
            if (value < low + 0.05 * (high - low)) ++dark;
            if (value > 0) least_ = std::min(least_, value);
        }
        logarithmic_ = low >= 0 && high > 50 * least_ && 2 * dark > finite;
    }

    double share(double value) const {
        if (!(high_ > low_)) return 0.5;
        if (!logarithmic_) return (value - low_) / (high_ - low_);
        if (value <= least_) return 0;  // zero, too: it has the colour of the least
        return std::log(value / least_) / std::log(high_ / least_);
    }

    /// Values to be written beside the colours.
    std::vector<double> labels() const {
        if (!(high_ > low_)) return {};
        if (!logarithmic_) return ticks(low_, high_, 6);
        std::vector<double> at;
        const bool few = high_ / least_ > 1e4;
        for (double power = std::floor(std::log10(least_)); std::pow(10.0, power) <= high_; ++power)
            for (const double factor : {1.0, 2.0, 5.0})
                if (const double value = factor * std::pow(10.0, power);
                    value >= least_ && value <= high_ && (factor == 1.0 || !few))
                    at.push_back(value);
        return at;
    }

  private:
    double low_, high_;
    double least_;  ///< above zero
    bool logarithmic_ = false;
};

std::string colour_bar(const Box& box, const ColourScale& colours, bool infinite, bool share,
                       const std::string& label) {
    const double left = box.right() + 22;
    std::string out;
    for (int i = 0; i < 64; ++i)
        out += fmt::format(
            "<rect x=\"{:.1f}\" y=\"{:.2f}\" width=\"14\" height=\"{:.2f}\" fill=\"{}\"/>\n", left,
            box.bottom() - (i + 1) * box.height / 64, box.height / 64 + 0.5,
            colour_at((i + 0.5) / 64));
    for (const double value : colours.labels())
        out += text(left + 19, box.bottom() - colours.share(value) * box.height + 4, "start",
                    number(value, share));
    if (infinite) {
        out += fmt::format(
            "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"14\" height=\"10\" fill=\"{}\"/>\n", left,
            box.top - 16, infinite_colour);
        out += text(left + 19, box.top - 7, "start", "never");
    }
    const double at = box.top + box.height / 2;
    const double x = left + 86;
    return out + text(x, at, "middle", label,
                      fmt::format(" transform=\"rotate(-90 {:.1f} {:.1f})\"", x, at));
}

/// Edges between cells of one side and neighbours of the other.
std::string boundary_path(const PhaseMap& map, const std::vector<std::int8_t>& side, const Scale& x,
                          const Scale& y) {
    const std::size_t nx = map.x.size();
    const auto differ = [&](std::size_t a, std::size_t b) {
        return side[a] >= 0 && side[b] >= 0 && side[a] != side[b];
    };
    std::string path;
    for (std::size_t j = 0; j < map.y.size(); ++j)
        for (std::size_t i = 0; i < nx; ++i) {
            const std::size_t at = j * nx + i;
            if (i + 1 < nx && differ(at, at + 1))
                path +=
                    fmt::format("M{:.1f} {:.1f}V{:.1f}", x.edge(i + 1), y.edge(j), y.edge(j + 1));
            if (j + 1 < map.y.size() && differ(at, at + nx))
                path +=
                    fmt::format("M{:.1f} {:.1f}H{:.1f}", x.edge(i), y.edge(j + 1), x.edge(i + 1));
        }
    return path;
}

/// A line with a dark rim, so that it is seen on every colour: the first thin and white, the second
/// thick and yellow.
std::string boundary_line(const std::string& path, std::size_t number) {
    const double width = number == 0 ? 2 : 5;
    return fmt::format(
        "<path d=\"{0}\" fill=\"none\" stroke=\"#1b1f24\" stroke-width=\"{1}\" "
        "stroke-linecap=\"square\"/>\n<path d=\"{0}\" fill=\"none\" stroke=\"{2}\" "
        "stroke-width=\"{3}\" stroke-linecap=\"square\"/>\n",
        path, width + 1.6, number == 0 ? "#ffffff" : "#f0e442", width);
}

std::string hatching(const PhaseMap& map, const Scale& x, const Scale& y) {
    std::string out =
        "<defs><pattern id=\"undecided\" width=\"6\" height=\"6\" "
        "patternUnits=\"userSpaceOnUse\"><path d=\"M0 6L6 0M-1.5 1.5L1.5 -1.5M4.5 7.5L7.5 4.5\" "
        "stroke=\"#ffffff\" stroke-width=\"1.3\"/></pattern></defs>\n";
    for (std::size_t j = 0; j < map.y.size(); ++j)
        for (std::size_t i = 0; i < map.x.size(); ++i)
            if (map.undecided[j * map.x.size() + i])
                out += fmt::format(
                    "<rect x=\"{:.2f}\" y=\"{:.2f}\" width=\"{:.2f}\" height=\"{:.2f}\" "
                    "fill=\"url(#undecided)\"/>\n",
                    x.edge(i), y.edge(j + 1), x.edge(i + 1) - x.edge(i), y.edge(j) - y.edge(j + 1));
    return out;
}

}  // namespace

std::string svg_of(const PhaseMap& figure) {
    const Box box;
    const Scale x(figure.x, box.left, box.right(), true);
    const Scale y(figure.y, box.bottom(), box.top, true);
    const std::vector<double> z = filled(figure);
    double low = std::numeric_limits<double>::infinity();
    double high = -low;
    bool infinite = false;
    std::size_t known = 0;
    for (const double value : figure.z) {
        if (!std::isnan(value)) ++known;
        infinite = infinite || std::isinf(value);
        if (!std::isfinite(value)) continue;
        low = std::min(low, value);
        high = std::max(high, value);
    }
    if (!(low <= high)) low = high = 0;
    const bool hatched = std::count(figure.undecided.begin(), figure.undecided.end(), true) > 0;
    const std::size_t legends = figure.boundaries.size() + (hatched ? 1 : 0);
    const double height = box.bottom() + 46 + 18 * static_cast<double>(legends);
    std::string out = opened(box.right() + 120, height, figure.title);
    const ColourScale colours(low, high, figure.z);
    for (std::size_t j = 0; j < figure.y.size(); ++j)
        for (std::size_t i = 0; i < figure.x.size(); ++i) {
            const double value = z[j * figure.x.size() + i];
            if (std::isnan(value)) continue;
            out += fmt::format(
                "<rect x=\"{:.2f}\" y=\"{:.2f}\" width=\"{:.2f}\" height=\"{:.2f}\" "
                "fill=\"{}\"/>\n",
                x.edge(i), y.edge(j + 1), x.edge(i + 1) - x.edge(i) + 0.3,
                y.edge(j) - y.edge(j + 1) + 0.3,
                std::isinf(value) ? infinite_colour : colour_at(colours.share(value)));
        }
    if (known < figure.z.size())  // where something was run
        for (std::size_t j = 0; j < figure.y.size(); ++j)
            for (std::size_t i = 0; i < figure.x.size(); ++i)
                if (!std::isnan(figure.z[j * figure.x.size() + i]))
                    out += fmt::format(
                        "<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"1\" fill=\"#ffffff\"/>\n",
                        x.centre(i), y.centre(j));
    if (hatched) out += hatching(figure, x, y);
    // Thick below, thin above: where two run along the same edges both are seen.
    for (std::size_t k = figure.boundaries.size(); k > 0; --k)
        out += boundary_line(boundary_path(figure, figure.boundaries[k - 1].side, x, y), k - 1);
    double legend = box.bottom() + 54;
    for (std::size_t k = 0; k < figure.boundaries.size(); ++k, legend += 18) {
        out += boundary_line(fmt::format("M{:.1f} {:.1f}h26", box.left, legend - 4), k);
        out += text(box.left + 34, legend, "start", figure.boundaries[k].name);
    }
    if (hatched) {
        out += fmt::format(
            "<rect x=\"{0:.1f}\" y=\"{1:.1f}\" width=\"26\" height=\"12\" fill=\"{2}\"/>\n"
            "<rect x=\"{0:.1f}\" y=\"{1:.1f}\" width=\"26\" height=\"12\" "
            "fill=\"url(#undecided)\"/>\n",
            box.left, legend - 10, colour_at(0.4));
        out += text(box.left + 34, legend, "start", figure.undecided_name);
    }
    for (const auto& [at, label] : y.labels(8)) out += text(box.left - 7, at + 4, "end", label);
    return out + frame(box, x, figure.x, false) + y_title(box, figure.y.label) +
           colour_bar(box, colours, infinite, figure.share, figure.label) + "</svg>\n";
}

std::string svg_of(const LineFigure& figure) {
    Box box;
    box.width = 500;
    double low = figure.from_zero ? 0 : std::numeric_limits<double>::infinity();
    double high = -std::numeric_limits<double>::infinity();
    for (const LineFigure::Line& line : figure.lines)
        for (const std::vector<double>* column : {&line.y, &line.low, &line.high})
            for (const double value : *column)
                if (std::isfinite(value)) {
                    low = std::min(low, value);
                    high = std::max(high, value);
                }
    if (!(low < high)) {
        low = std::isfinite(low) ? low - 0.5 : 0;
        high = low + 1;
    }
    FigureAxis y_axis{"", {low, high}, {}, figure.share};
    const Scale x(figure.x, box.left, box.right(), false);
    const Scale y(y_axis, box.bottom(), box.top, false);
    std::string out = opened(box.right() + 24, box.bottom() + 50, figure.title);
    for (const double value : ticks(low, high, 6)) {
        out += fmt::format("<path d=\"M{:.1f} {:.1f}H{:.1f}\" stroke=\"#e3e7eb\"/>\n", box.left,
                           y.at(value), box.right());
        out += text(box.left - 7, y.at(value) + 4, "end", number(value, figure.share));
    }
    out += frame(box, x, figure.x, true);
    const auto x_at = [&](double value) {
        return figure.x.words.empty() ? x.at(value) : x.centre(static_cast<std::size_t>(value));
    };
    double legend = box.top + 4;
    for (std::size_t k = 0; k < figure.lines.size(); ++k) {
        const LineFigure::Line& line = figure.lines[k];
        const char* colour = palette[k % palette.size()];
        std::string path;
        std::string upper;
        std::string lower;
        for (std::size_t i = 0; i < line.x.size(); ++i) {
            if (!std::isfinite(line.y[i])) continue;
            const double at = x_at(line.x[i]);
            if (line.dots) {
                out += fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"2\" fill=\"{}\"/>\n",
                                   at, y.at(line.y[i]), colour);
                continue;
            }
            if (path.empty())
                path = fmt::format("M{:.1f} {:.1f}", at, y.at(line.y[i]));
            else if (line.steps)
                path += fmt::format("H{:.1f}V{:.1f}", at, y.at(line.y[i]));
            else
                path += fmt::format("L{:.1f} {:.1f}", at, y.at(line.y[i]));
            if (line.low.empty() || !std::isfinite(line.low[i]) || !std::isfinite(line.high[i]))
                continue;
            upper +=
                fmt::format("{}{:.1f} {:.1f}", upper.empty() ? "M" : "L", at, y.at(line.high[i]));
            lower.insert(0, fmt::format("L{:.1f} {:.1f}", at, y.at(line.low[i])));
        }
        if (!upper.empty())
            out += fmt::format("<path d=\"{}{}Z\" fill=\"{}\" fill-opacity=\"0.16\"/>\n", upper,
                               lower, colour);
        if (!path.empty())
            out +=
                fmt::format("<path d=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"1.8\"/>\n",
                            path, colour);
        if (figure.lines.size() > 1 || !line.name.empty()) {
            out += text(box.right() - 6, legend += 15, "end", line.name,
                        fmt::format(" fill=\"{}\" font-weight=\"600\"", colour));
        }
    }
    return out + y_title(box, figure.y_label) + "</svg>\n";
}

std::string svg_of(const BarFigure& figure) {
    const double row = 16.0 * static_cast<double>(figure.series.size()) + 14;
    Box box;
    box.left = 150;
    box.width = 420;
    box.height = row * static_cast<double>(figure.bars.size());
    double high = 0;
    double low = 0;
    for (const BarFigure::Bar& bar : figure.bars)
        for (std::size_t k = 0; k < bar.value.size(); ++k)
            for (const double value : {bar.value[k], bar.low[k], bar.high[k]})
                if (std::isfinite(value)) {
                    high = std::max(high, value);
                    low = std::min(low, value);
                }
    if (!(high > low)) high = low + 1;
    const auto x = [&](double value) {
        return box.left + (value - low) / (high - low) * box.width;
    };
    std::string out = opened(box.right() + 60, box.bottom() + 66, figure.title);
    for (const double value : ticks(low, high, 6)) {
        out += fmt::format("<path d=\"M{:.1f} {:.1f}V{:.1f}\" stroke=\"#e3e7eb\"/>\n", x(value),
                           box.top, box.bottom());
        out += text(x(value), box.bottom() + 16, "middle", number(value, false));
    }
    for (std::size_t i = 0; i < figure.bars.size(); ++i) {
        const BarFigure::Bar& bar = figure.bars[i];
        const double top = box.top + row * static_cast<double>(i) + 6;
        out += text(box.left - 8, top + row / 2 - 2, "end", bar.name);
        for (std::size_t k = 0; k < bar.value.size(); ++k) {
            if (!std::isfinite(bar.value[k])) continue;
            const double y = top + 16.0 * static_cast<double>(k);
            const double from = std::min(x(0), x(bar.value[k]));
            out += fmt::format(
                "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"12\" fill=\"{}\"/>\n",
                from, y, std::abs(x(bar.value[k]) - x(0)), palette[k % palette.size()]);
            if (std::isfinite(bar.low[k]) && std::isfinite(bar.high[k]))
                out += fmt::format("<path d=\"M{:.1f} {:.1f}H{:.1f}\" stroke=\"#1b1f24\"/>\n",
                                   x(bar.low[k]), y + 6, x(bar.high[k]));
        }
    }
    double legend = box.left;
    for (std::size_t k = 0; k < figure.series.size(); ++k) {
        out +=
            fmt::format("<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"12\" height=\"9\" fill=\"{}\"/>\n",
                        legend, box.bottom() + 48, palette[k % palette.size()]);
        out += text(legend + 17, box.bottom() + 57, "start", figure.series[k]);
        legend += 30 + 7.2 * static_cast<double>(figure.series[k].size());
    }
    return out + text(box.left + box.width / 2, box.bottom() + 34, "middle", figure.x_label) +
           "</svg>\n";
}

}  // namespace driftstorm
