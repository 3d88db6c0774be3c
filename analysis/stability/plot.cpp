#include "analysis/stability/plot.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string_view>

namespace driftstorm::stability {

namespace {

constexpr double width = 900;
constexpr double height = 560;
constexpr double left = 90;
constexpr double right = 150;
constexpr double top = 50;
constexpr double bottom = 60;

/// A logarithmic axis over whole decades, from pixel `from` to pixel `to`.
struct Axis {
    int first = 0;
    int last = 1;
    double from = 0;
    double to = 0;

    double at(double value) const {
        return from + (to - from) * (std::log10(value) - first) / (last - first);
    }
};

struct Range {
    double low = std::numeric_limits<double>::infinity();
    double high = 0;
    void add(double value) {
        if (!(value > 0) || !std::isfinite(value)) return;
        low = std::min(low, value);
        high = std::max(high, value);
    }
    Axis axis(double from, double to) const {
        const int first = static_cast<int>(std::floor(std::log10(low)));
        const int last = static_cast<int>(std::ceil(std::log10(high)));
        return {first, std::max(last, first + 1), from, to};
    }
};

std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
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

std::string decade(int exponent) {
    return fmt::format("10<tspan dy=\"-6\" font-size=\"9\">{}</tspan>", exponent);
}

std::string grid(const Axis& x, const Axis& y) {
    std::string svg;
    for (int d = x.first; d <= x.last; ++d) {
        const double at = x.at(std::pow(10.0, d));
        svg += fmt::format(
            "<line x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1:.1f}\" y2=\"{2:.1f}\"/>"
            "<text stroke=\"none\" x=\"{0:.1f}\" y=\"{3:.1f}\" text-anchor=\"middle\">{4}</text>\n",
            at, y.to, y.from, y.from + 20, decade(d));
    }
    for (int d = y.first; d <= y.last; ++d) {
        const double at = y.at(std::pow(10.0, d));
        svg += fmt::format(
            "<line x1=\"{1:.1f}\" x2=\"{2:.1f}\" y1=\"{0:.1f}\" y2=\"{0:.1f}\"/>"
            "<text stroke=\"none\" x=\"{3:.1f}\" y=\"{4:.1f}\" text-anchor=\"end\">{5}</text>\n",
            at, x.from, x.to, x.from - 8, at + 4, decade(d));
    }
    return svg;
}

}  // namespace

std::string plot_page(const std::vector<Line>& table, const std::string& title) {
    Range taus;
    Range values;
    for (const Line& line : table) {
        if (!(line.value > 0)) continue;
        taus.add(line.tau);
        values.add(line.value);
        if (line.bounds) {
            values.add(line.bounds->low);
            values.add(line.bounds->high);
        }
    }
    if (!(values.high > 0)) throw std::invalid_argument("no deviation is above 0: nothing to plot");
    const Axis x = taus.axis(left, width - right);
    const Axis y = values.axis(height - bottom, top);

    constexpr std::array<std::string_view, 6> colours{"#1b6ca8", "#c8553d", "#3c8d5a",
                                                      "#7b4fa3", "#b8860b", "#444444"};
    std::string curves;
    std::size_t curve = 0;
    for (std::size_t begin = 0; begin < table.size(); ++curve) {
        const Statistic statistic = table[begin].statistic;
        const std::string_view colour = colours[curve % colours.size()];
        std::string points;
        std::string marks;
        std::size_t end = begin;
        for (; end < table.size() && table[end].statistic == statistic; ++end) {
            const Line& line = table[end];
            if (!(line.value > 0)) continue;
            const double px = x.at(line.tau);
            points += fmt::format("{:.1f},{:.1f} ", px, y.at(line.value));
            marks += fmt::format(
                "<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"2.5\"><title>{} at {} s: "
                "{:.4g}</title></circle>",
                px, y.at(line.value), name_of(statistic), line.tau, line.value);
            if (line.bounds && line.bounds->low > 0 && std::isfinite(line.bounds->high))
                marks += fmt::format(
                    "<line x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1:.1f}\" y2=\"{2:.1f}\"/>", px,
                    y.at(line.bounds->low), y.at(line.bounds->high));
        }
        curves += fmt::format(
            "<g stroke=\"{0}\" fill=\"{0}\"><polyline fill=\"none\" "
            "points=\"{1}\"/>{2}</g>\n<text x=\"{3:.1f}\" y=\"{4:.1f}\" "
            "fill=\"{0}\">{5}</text>\n",
            colour, points, marks, width - right + 12, top + 18.0 * static_cast<double>(curve + 1),
            name_of(statistic));
        begin = end;
    }
    return fmt::format(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>{0}</title>\n"
        "<style>body{{font-family:sans-serif}}svg text{{font-size:12px}}</style>\n"
        "<svg viewBox=\"0 0 {1} {2}\" width=\"{1}\" height=\"{2}\" role=\"img\">\n"
        "<text x=\"{3}\" y=\"28\" style=\"font-size:16px\">{0}</text>\n"
        "<g stroke=\"#ddd\" fill=\"#333\" stroke-width=\"1\">{4}</g>\n{5}"
        "<text x=\"{6}\" y=\"{7}\" text-anchor=\"middle\">averaging time [s]</text>\n"
        "</svg></html>\n",
        escaped(title), width, height, left, grid(x, y), curves, (left + width - right) / 2,
        height - 16);
}

}  // namespace driftstorm::stability
