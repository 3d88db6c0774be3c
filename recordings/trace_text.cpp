// A trace as lines of text: a letter for what stands in the line, then its parts, tabs between
// them.
#include "recordings/trace.hpp"

#include <charconv>
#include <istream>
#include <ostream>
#include <stdexcept>
#include <string_view>

namespace driftstorm {

namespace {

void write_draw(std::ostream& out, char letter, const TraceDraw& draw) {
    out << letter << '\t' << draw.purpose << '\t' << draw.subject << '\t' << draw.number << '\n';
}

std::vector<std::string> parts_of(const std::string& line) {
    std::vector<std::string> parts;
    for (std::size_t at = 0;;) {
        const std::size_t tab = line.find('\t', at);
        parts.push_back(line.substr(at, tab - at));
        if (tab == std::string::npos) return parts;
        at = tab + 1;
    }
}

template <class T>
T number_in(const std::vector<std::string>& parts, std::size_t index) {
    T value{};
    const std::string& text = parts.at(index);
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size())
        throw std::invalid_argument("a trace with '" + text + "' for a number");
    return value;
}

TraceDraw draw_in(const std::vector<std::string>& parts) {
    return {parts.at(1), number_in<std::uint64_t>(parts, 2), number_in<std::uint64_t>(parts, 3)};
}

void read_line(const std::string& line, TraceEvent& event) {
    const std::vector<std::string> parts = parts_of(line);
    switch (line[0]) {
        case 'E':
            event.at = Time{number_in<std::int64_t>(parts, 1)};
            event.phase = parts.at(2);
            event.message = parts.at(3);
            event.model = parts.at(4);
            event.target = parts.at(5);
            event.source = parts.at(6);
            event.target_identity = number_in<std::uint64_t>(parts, 7);
            event.source_identity = number_in<std::uint64_t>(parts, 8);
            event.count = number_in<std::uint32_t>(parts, 9);
            return;
        case 'F':
            event.fields.push_back({parts.at(1), parts.at(2)});
            return;
        case 'D':
            event.draws.push_back(draw_in(parts));
            return;
        case 'R':
            event.rows.push_back({parts.at(1), parts.at(2), {}});
            return;
        case 'C':
            event.rows.at(event.rows.size() - 1).fields.push_back({parts.at(1), parts.at(2)});
            return;
        case 'P':
            event.chain.push_back({Time{number_in<std::int64_t>(parts, 1)},
                                   parts.at(2),
                                   parts.at(3),
                                   parts.at(4),
                                   {}});
            return;
        case 'Q':
            event.chain.at(event.chain.size() - 1).draws.push_back(draw_in(parts));
            return;
        default:
            throw std::invalid_argument("a trace with the line '" + line + "'");
    }
}

}  // namespace

void write_trace(std::ostream& out, const TraceEvent& event) {
    out << "E\t" << event.at.ns << '\t' << event.phase << '\t' << event.message << '\t'
        << event.model << '\t' << event.target << '\t' << event.source << '\t'
        << event.target_identity << '\t' << event.source_identity << '\t' << event.count << '\n';
    for (const TraceField& field : event.fields)
        out << "F\t" << field.name << '\t' << field.value << '\n';
    for (const TraceDraw& draw : event.draws) write_draw(out, 'D', draw);
    for (const TraceRow& row : event.rows) {
        out << "R\t" << row.component << '\t' << row.table << '\n';
        for (const TraceField& field : row.fields)
            out << "C\t" << field.name << '\t' << field.value << '\n';
    }
    for (const TraceCause& cause : event.chain) {
        out << "P\t" << cause.at.ns << '\t' << cause.message << '\t' << cause.model << '\t'
            << cause.entity << '\n';
        for (const TraceDraw& draw : cause.draws) write_draw(out, 'Q', draw);
    }
    out << '\n';
}

std::optional<TraceEvent> read_trace(std::istream& in) {
    TraceEvent event;
    bool any = false;
    try {
        for (std::string line; std::getline(in, line);) {
            if (line.empty()) {
                if (any) return event;
                continue;
            }
            read_line(line, event);
            any = true;
        }
    } catch (const std::out_of_range&) {
        throw std::invalid_argument("a trace with a line that is cut short");
    }
    if (any) throw std::invalid_argument("a trace that is cut short");
    return std::nullopt;
}

}  // namespace driftstorm
