#include "validation/time_cell.hpp"

#include <charconv>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace driftstorm::validation {

namespace {

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
        if (!read)
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

/// The lines of a CSV file by column name; fields may be quoted.
class Table {
  public:
    explicit Table(const std::filesystem::path& path) : text_(text_of(path)), path_(path) {
        names_ = next_row();
    }
    /// The next line's fields by name; empty at the end.
    std::map<std::string, std::string> next() {
        while (at_ < text_.size()) {
            const std::vector<std::string> fields = next_row();
            if (fields.size() == 1 && fields[0].empty()) continue;
            if (fields.size() != names_.size())
                throw std::runtime_error(path_.string() + ": a line of " +
                                         std::to_string(fields.size()) + " fields, not " +
                                         std::to_string(names_.size()));
            std::map<std::string, std::string> row;
            for (std::size_t i = 0; i < fields.size(); ++i) row.emplace(names_[i], fields[i]);
            return row;
        }
        return {};
    }

  private:
    std::vector<std::string> next_row() {
        std::vector<std::string> fields(1);
        bool quoted = false;
        for (; at_ < text_.size(); ++at_) {
            const char c = text_[at_];
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
    std::vector<std::string> names_;
};

std::string with_lines(std::string text) {
    for (std::size_t at = text.find(" | "); at != text.npos; at = text.find(" | ", at))
        text.replace(at, 3, "\n");
    return text;
}

/// The configuration's words from the columns of reference.csv.
std::string network_of(const std::map<std::string, std::string>& row) {
    const std::string extra = with_lines(row.at("extra_sim"));
    const double servers = number_of(row.at("servers")).value_or(1);
    const std::string client = std::to_string(static_cast<int>(servers) + 1);
    std::string text = "node" + client + "_offset = " + row.at("init_offset_s") + "\nnode" +
                       client + "_freq = " + row.at("freq_expr") + "\n";
    if (row.at("delay_up_expr").find('(') == 0 && row.at("delay_up_expr") != "(see config)")
        text += "node" + client + "_delay1 = " + row.at("delay_up_expr") + "\nnode1_delay" +
                client + " = " + row.at("delay_down_expr") + "\n";
    return text + extra;
}

TimeCell cell_of(const std::map<std::string, std::string>& row, const std::string& folder) {
    TimeCell cell;
    const auto number = [&](const char* name) { return number_of(row.at(name)); };
    cell.name = row.at("cell");
    cell.program = row.at("daemon");
    cell.group = row.at("group");
    cell.duration = number("T_s").value_or(0);
    if (!(cell.duration > 0)) throw std::runtime_error(cell.name + ": T_s is no length of time");
    cell.event = number("t_event_s");
    cell.event_length = number("event_len_s").value_or(0);
    cell.seeds = static_cast<int>(number("n_seeds").value_or(0));
    cell.fixed_poll = number("minpoll") && number("minpoll") == number("maxpoll");
    for (const auto& [name, field] : row)
        if (const std::optional<double> value = number_of(field)) cell.reference[name] = *value;
    const std::filesystem::path configs = std::filesystem::path(folder) / "configs";
    const std::filesystem::path network = configs / (cell.name + ".sim.conf");
    const std::filesystem::path client = configs / (cell.name + ".client.conf");
    cell.network_text = std::filesystem::exists(network) ? text_of(network) : network_of(row);
    cell.client_text =
        std::filesystem::exists(client) ? text_of(client) : with_lines(row.at("client_conf"));
    const std::filesystem::path series =
        std::filesystem::path(folder) / "series" / (cell.name + ".csv");
    if (!std::filesystem::exists(series)) return cell;
    Table lines(series);
    for (auto line = lines.next(); !line.empty(); line = lines.next())
        if (const auto rms = number_of(line.at("rms_over_seeds_ns")))
            cell.series.emplace_back(number_of(line.at("t_s")).value_or(0), *rms * 1e-9);
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
    for (auto row = lines.next(); !row.empty(); row = lines.next()) {
        try {
            cells.push_back(cell_of(row, folder));
        } catch (const std::out_of_range&) {
            throw std::runtime_error(folder + "/reference.csv: a column is missing");
        }
        index.emplace(cells.back().name, cells.size() - 1);
    }
    const std::filesystem::path runs = std::filesystem::path(folder) / "runs.csv";
    if (!std::filesystem::exists(runs)) return cells;
    Table run_lines(runs);
    for (auto row = run_lines.next(); !row.empty(); row = run_lines.next()) {
        const auto cell = index.find(row["cell"]);
        if (cell == index.end()) continue;
        for (const auto& [name, field] : row)
            if (const std::optional<double> value = number_of(field))
                cells[cell->second].runs[name].push_back(*value);
    }
    return cells;
}

}  // namespace driftstorm::validation
