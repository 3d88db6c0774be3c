#include "validation/time_cell.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace driftstorm::validation {

namespace {

constexpr double longest_run_s = 1e8;

std::string_view trimmed(std::string_view text) {
    const std::size_t from = text.find_first_not_of(" \t\r\n");
    if (from == text.npos) return {};
    return text.substr(from, text.find_last_not_of(" \t\r\n") - from + 1);
}

std::optional<double> number_of(std::string_view text) {
    text = trimmed(text);
    double value = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || read.ec != std::errc() || read.ptr != text.data() + text.size()) return {};
    return value;
}

/// The whole number that `text` starts with, taken off it.
std::optional<unsigned> take_number(std::string_view& text) {
    unsigned value = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
    if (read.ec != std::errc()) return {};
    text.remove_prefix(static_cast<std::size_t>(read.ptr - text.data()));
    return value;
}

bool take(std::string_view& text, std::string_view prefix) {
    if (text.substr(0, prefix.size()) != prefix) return false;
    text.remove_prefix(prefix.size());
    return true;
}

void read_setting(TimeNetwork& network, std::string_view name, std::string_view value,
                  const std::string& what) {
    const std::string place = what + ": " + std::string(name);
    std::string_view rest = name;
    const auto unknown = [&] { throw std::invalid_argument(place + ": unknown setting"); };
    if (!take(rest, "node")) unknown();
    const std::optional<unsigned> node = take_number(rest);
    if (!node) unknown();
    TimeNetwork::Clock& clock = network.clocks[*node];
    const auto number = [&] {
        const std::optional<double> read = number_of(value);
        if (!read || !std::isfinite(*read))
            throw std::invalid_argument(place + ": '" + std::string(value) + "' is no number");
        return *read;
    };
    if (rest == "_offset") {
        clock.offset = number();
    } else if (rest == "_freq") {
        clock.rate.emplace(value, place);
    } else if (rest == "_step") {
        clock.step.emplace(value, place);
    } else if (rest == "_pll_clamp") {
        clock.clamp_pll = number() != 0;
    } else if (rest == "_shift_pll" || rest == "_fll_clamp" || rest == "_start") {
        // Words of the simulator that only have the value they have when they are not there.
        const double only = rest == "_shift_pll" ? 2 : 0;
        if (number() != only)
            throw std::invalid_argument(place + ": '" + std::string(value) + "'; only " +
                                        std::to_string(static_cast<int>(only)) + " is modelled");
    } else if (take(rest, "_delay")) {
        const std::optional<unsigned> to = take_number(rest);
        if (!to || !rest.empty()) unknown();
        network.clocks[*to];
        network.delays.insert_or_assign({*node, *to}, Generator(value, place));
    } else {
        unknown();
    }
}

std::string text_of(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) throw std::runtime_error(path.string() + ": cannot be read");
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

/// A line of a CSV file.
class Row {
  public:
    Row() = default;
    Row(std::string place, std::map<std::string, std::string> fields)
        : place_(std::move(place)), fields_(std::move(fields)) {}

    bool empty() const { return fields_.empty(); }
    const std::string& place() const { return place_; }  ///< "file:line"
    const std::map<std::string, std::string>& fields() const { return fields_; }
    [[noreturn]] void fail(const std::string& what) const {
        throw std::runtime_error(place_ + ": " + what);
    }

    const std::string& at(const std::string& name) const {
        const auto found = fields_.find(name);
        if (found == fields_.end()) fail("there is no column '" + name + "'");
        return found->second;
    }
    /// What a row without that column, or with nothing in it, leaves to a default.
    std::string text(const std::string& name) const {
        const auto found = fields_.find(name);
        return found == fields_.end() ? std::string() : found->second;
    }
    std::optional<double> number(const std::string& name) const {
        const std::string field = text(name);
        if (trimmed(field).empty()) return {};
        const std::optional<double> value = number_of(field);
        if (!value) fail("column '" + name + "' is '" + field + "', wanted is a number");
        return value;
    }

  private:
    std::string place_;
    std::map<std::string, std::string> fields_;
};

/// The lines of a CSV file by column name; fields may be quoted.
class Table {
  public:
    explicit Table(const std::filesystem::path& path) : text_(text_of(path)), path_(path) {
        constexpr std::string_view mark = "\xef\xbb\xbf";  // of UTF-8, as spreadsheets write it
        if (text_.compare(0, mark.size(), mark) == 0) text_.erase(0, mark.size());
        for (const std::string& name : next_row()) names_.emplace_back(trimmed(name));
        for (std::size_t i = 0; i < names_.size(); ++i)
            if (!names_[i].empty() &&
                std::find(names_.begin(), names_.begin() + static_cast<std::ptrdiff_t>(i),
                          names_[i]) != names_.begin() + static_cast<std::ptrdiff_t>(i))
                throw std::runtime_error(path_.string() + ": two columns are named '" + names_[i] +
                                         "'");
    }
    /// The next line; empty at the end.
    Row next() {
        while (at_ < text_.size()) {
            const std::string place = path_.string() + ":" + std::to_string(line_);
            const std::vector<std::string> fields = next_row();
            if (fields.size() == 1 && trimmed(fields[0]).empty()) continue;
            if (fields.size() != names_.size())
                throw std::runtime_error(place + ": " + std::to_string(fields.size()) +
                                         " fields, wanted are " + std::to_string(names_.size()) +
                                         " as in the first line");
            std::map<std::string, std::string> row;
            for (std::size_t i = 0; i < fields.size(); ++i) row.emplace(names_[i], fields[i]);
            return {place, std::move(row)};
        }
        return {};
    }

  private:
    std::vector<std::string> next_row() {
        std::vector<std::string> fields(1);
        bool quoted = false;
        for (; at_ < text_.size(); ++at_) {
            const char c = text_[at_];
            if (c == '\n') ++line_;
            if (c == '"') {
                quoted = !quoted;
            } else if (c == ',' && !quoted) {
                fields.emplace_back();
            } else if (c == '\n' && !quoted) {
                ++at_;
                break;
            } else if (c != '\r') {
                fields.back() += c;
            }
        }
        return fields;
    }

    std::string text_;
    std::filesystem::path path_;
    std::size_t at_ = 0;
    std::size_t line_ = 1;
    std::vector<std::string> names_;
};

std::string with_lines(std::string text) {
    for (std::size_t at = text.find(" | "); at != text.npos; at = text.find(" | ", at))
        text.replace(at, 3, "\n");
    return text;
}

/// The configuration's words from the columns of reference.csv.
std::string network_of(const Row& row) {
    const double servers = row.number("servers").value_or(1);
    const std::string client = std::to_string(static_cast<int>(servers) + 1);
    std::string text = "node" + client + "_freq = " + row.at("freq_expr") + "\n";
    if (const std::optional<double> offset = row.number("init_offset_s"))
        text += "node" + client + "_offset = " + row.at("init_offset_s") + "\n";
    const std::string& up = row.at("delay_up_expr");
    const bool elsewhere = trimmed(up).empty() || trimmed(up).substr(0, 4) == "(see";
    if (!elsewhere)
        text += "node" + client + "_delay1 = " + up + "\nnode1_delay" + client + " = " +
                row.at("delay_down_expr") + "\n";
    return text + with_lines(row.text("extra_sim"));
}

void read_series(TimeCell& cell, const std::filesystem::path& path) {
    Table lines(path);
    for (Row line = lines.next(); !line.empty(); line = lines.next()) {
        line.at("t_s");
        line.at("rms_over_seeds_ns");
        const std::optional<double> time = line.number("t_s");
        const std::optional<double> rms = number_of(line.at("rms_over_seeds_ns"));
        if (time && rms && std::isfinite(*rms)) cell.series.emplace_back(*time, *rms * 1e-9);
    }
}

TimeCell cell_of(const Row& row, const std::string& folder) {
    TimeCell cell;
    cell.name = row.at("cell");
    cell.program = row.at("daemon");
    cell.group = row.at("group");
    row.at("T_s");
    cell.duration = row.number("T_s").value_or(0);
    if (!(cell.duration >= 1 && cell.duration <= longest_run_s))
        row.fail("column 'T_s' is '" + row.at("T_s") + "', wanted are seconds, 1 to 1e8");
    cell.event = row.number("t_event_s");
    if (cell.event && !(*cell.event >= 0 && *cell.event <= cell.duration))
        row.fail("column 't_event_s' is '" + row.at("t_event_s") +
                 "', wanted is a time within T_s");
    cell.event_length = row.number("event_len_s").value_or(0);
    cell.seeds = static_cast<int>(row.number("n_seeds").value_or(0));
    cell.fixed_poll = row.number("minpoll") && row.number("minpoll") == row.number("maxpoll");
    for (const auto& [name, field] : row.fields())
        if (const std::optional<double> value = number_of(field))
            if (std::isfinite(*value)) cell.reference[name] = *value;
    const std::filesystem::path configs = std::filesystem::path(folder) / "configs";
    const std::filesystem::path network = configs / (cell.name + ".sim.conf");
    const std::filesystem::path client = configs / (cell.name + ".client.conf");
    const bool has_network = std::filesystem::exists(network);
    const bool has_client = std::filesystem::exists(client);
    cell.network_text = has_network ? text_of(network) : network_of(row);
    cell.network_place = has_network ? network.string() : row.place();
    cell.client_text = has_client ? text_of(client) : with_lines(row.at("client_conf"));
    cell.client_place = has_client ? client.string() : row.place();
    const std::filesystem::path series =
        std::filesystem::path(folder) / "series" / (cell.name + ".csv");
    if (std::filesystem::exists(series)) read_series(cell, series);
    return cell;
}

}  // namespace

TimeNetwork read_time_network(std::string_view text, const std::string& what) {
    TimeNetwork network;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        line = trimmed(line.substr(0, line.find('#')));
        if (line.empty()) continue;
        const std::size_t equals = line.find('=');
        if (equals == line.npos)
            throw std::invalid_argument(what + ": no '=' in '" + std::string(line) + "'");
        read_setting(network, trimmed(line.substr(0, equals)), trimmed(line.substr(equals + 1)),
                     what);
    }
    if (network.clocks.empty()) throw std::invalid_argument(what + ": no node");
    network.client = network.clocks.rbegin()->first;
    return network;
}

std::optional<double> TimeCell::figure(const std::string& figure_name) const {
    const auto found = reference.find(figure_name);
    if (found == reference.end()) return std::nullopt;
    return found->second;
}

std::vector<TimeCell> read_time_cells(const std::string& folder) {
    std::vector<TimeCell> cells;
    std::map<std::string, std::size_t> index;
    Table lines(std::filesystem::path(folder) / "reference.csv");
    for (Row row = lines.next(); !row.empty(); row = lines.next()) {
        cells.push_back(cell_of(row, folder));
        if (!index.emplace(cells.back().name, cells.size() - 1).second)
            row.fail("cell '" + cells.back().name + "' was there before");
    }
    const std::filesystem::path runs = std::filesystem::path(folder) / "runs.csv";
    if (!std::filesystem::exists(runs)) return cells;
    Table run_lines(runs);
    for (Row row = run_lines.next(); !row.empty(); row = run_lines.next()) {
        const auto cell = index.find(row.at("cell"));
        if (cell == index.end()) continue;
        for (const auto& [name, field] : row.fields())
            if (const std::optional<double> value = number_of(field))
                cells[cell->second].runs[name].push_back(*value);
    }
    return cells;
}

}  // namespace driftstorm::validation
