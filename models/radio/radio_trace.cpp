#include "models/radio/radio_trace.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace driftstorm {

namespace {

/// Words that measuring apps write for a technology.
Technology technology_of(std::string_view word) {
    constexpr std::array<std::pair<std::string_view, Technology>, 16> words{{
        {"4G", Technology::lte},
        {"LTE", Technology::lte},
        {"lte", Technology::lte},
        {"LTE-A", Technology::lte},
        {"5G", Technology::nr},
        {"NR", Technology::nr},
        {"nr", Technology::nr},
        {"3G", Technology::umts},
        {"UMTS", Technology::umts},
        {"umts", Technology::umts},
        {"HSPA+", Technology::umts},
        {"HSPA", Technology::umts},
        {"HSUPA", Technology::umts},
        {"HSDPA", Technology::umts},
        {"wifi", Technology::wifi},
        {"WiFi", Technology::wifi},
    }};
    for (const auto& known : words) {
        if (known.first == word) return known.second;
    }
    throw std::runtime_error("unknown technology '" + std::string(word) + "'");
}

std::vector<std::string_view> split(std::string_view line) {
    std::vector<std::string_view> cells;
    for (;;) {
        const std::size_t comma = line.find(',');
        cells.push_back(line.substr(0, comma));
        if (comma == std::string_view::npos) return cells;
        line.remove_prefix(comma + 1);
    }
}

template <class Number>
Number number_of(std::string_view text, std::string_view what) {
    Number value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) {
        throw std::runtime_error(std::string(what) + " is '" + std::string(text) +
                                 "', not a number");
    }
    return value;
}

/// Where the columns are in this file.
struct Places {
    std::size_t cell;
    std::size_t technology;
    std::size_t capacity;
    std::optional<std::size_t> handover;
    std::optional<std::size_t> signal;
};

std::size_t place_of(const std::vector<std::string_view>& headings, const std::string& wanted) {
    const auto at = std::find(headings.begin(), headings.end(), wanted);
    if (at == headings.end()) throw std::runtime_error("no column '" + wanted + "'");
    return static_cast<std::size_t>(at - headings.begin());
}

Places places_of(const std::vector<std::string_view>& headings, const TraceColumns& columns) {
    Places places{place_of(headings, columns.cell),
                  place_of(headings, columns.technology),
                  place_of(headings, columns.capacity),
                  {},
                  {}};
    if (!columns.handover.empty()) places.handover = place_of(headings, columns.handover);
    if (!columns.signal.empty()) places.signal = place_of(headings, columns.signal);
    return places;
}

TraceSecond second_of(const std::vector<std::string_view>& row, const Places& places, double unit) {
    const auto at = [&](std::size_t place) {
        if (place >= row.size()) throw std::runtime_error("too few columns");
        return row[place];
    };
    TraceSecond second;
    if (at(places.technology).empty()) return second;  // no coverage
    second.technology = technology_of(at(places.technology));
    second.cell = number_of<std::uint32_t>(at(places.cell), "cell");
    const double capacity =
        at(places.capacity).empty() ? 0 : number_of<double>(at(places.capacity), "capacity");
    if (!(capacity >= 0) || capacity * unit > 1e13)
        throw std::runtime_error("capacity out of range");
    second.capacity_bit_s = static_cast<std::int64_t>(std::floor(capacity * unit + 0.5));
    second.handover = places.handover && !at(*places.handover).empty();
    if (places.signal && !at(*places.signal).empty()) {
        second.signal_dbm = number_of<double>(at(*places.signal), "signal");
    }
    return second;
}

}  // namespace

RadioTrace read_radio_trace(std::istream& text, const std::string& name,
                            const TraceColumns& columns) {
    RadioTrace trace;
    std::string line;
    std::size_t number = 0;
    std::optional<Places> places;
    try {
        while (std::getline(text, line)) {
            ++number;
            if (!line.empty() && line.back() == '\r') line.pop_back();
            if (line.empty()) continue;
            const std::vector<std::string_view> cells = split(line);
            if (!places) {
                places = places_of(cells, columns);
                continue;
            }
            TraceSecond second = second_of(cells, *places, columns.capacity_unit);
            if (trace.seconds.empty()) {
                second.handover = false;  // there was nothing before
            } else {
                const TraceSecond& before = trace.seconds.back();
                second.handover = second.handover || second.cell != before.cell ||
                                  second.technology != before.technology;
            }
            trace.seconds.push_back(second);
        }
        if (trace.seconds.empty()) throw std::runtime_error("no rows");
    } catch (const std::runtime_error& error) {
        throw std::runtime_error(name + ":" + std::to_string(number) + ": " + error.what());
    }
    return trace;
}

std::uint32_t RadioTrace::handovers() const {
    return static_cast<std::uint32_t>(std::count_if(
        seconds.begin(), seconds.end(), [](const TraceSecond& second) { return second.handover; }));
}

std::vector<std::uint32_t> RadioTrace::cells() const {
    std::vector<std::uint32_t> cells;
    for (const TraceSecond& second : seconds) {
        if (second.technology != Technology::none) cells.push_back(second.cell);
    }
    std::sort(cells.begin(), cells.end());
    cells.erase(std::unique(cells.begin(), cells.end()), cells.end());
    return cells;
}

CapacityTrace RadioTrace::capacity(double share) const {
    CapacityTrace capacity;
    for (const TraceSecond& second : seconds) {
        capacity.rates.push_back(
            static_cast<std::int64_t>(static_cast<double>(second.capacity_bit_s) * share));
    }
    return capacity;
}

}  // namespace driftstorm
