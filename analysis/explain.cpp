#include "analysis/explain.hpp"

#include "analysis/human_text.hpp"
#include "analysis/replay.hpp"
#include "analysis/run_series.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <map>
#include <numeric>
#include <optional>
#include <set>
#include <stdexcept>
#include <string_view>
#include <utility>
#include <vector>

namespace driftstorm {

namespace {

constexpr std::size_t told_copies = 5;       // in full, in the text
constexpr std::size_t told_happenings = 40;  // of one copy, in the text

double seconds(std::int64_t ns) { return static_cast<double>(ns) / 1e9; }

/// "12 min 03.250 s": an instant to the millisecond.
std::string clock_text(std::int64_t ns) {
    const std::int64_t ms = ns / 1'000'000;
    const std::int64_t minutes = ms / 60'000;
    return fmt::format("{:3} min {:02}.{:03} s", minutes, ms / 1000 % 60, ms % 1000);
}

struct Happening {
    std::int64_t at;  ///< [ns]
    std::string who;
    std::string what;
};

struct Fault {
    std::string name;
    std::string kind;
    std::string line;  ///< "commuter_train.yaml:85"; empty: not found
    std::optional<std::int64_t> begin, end;
};

struct CopyStory {
    std::uint64_t row = 0;
    std::int64_t message = -1;
    std::int64_t device = -1;
    std::string to;
    std::string outcome;
    std::int64_t composed = 0;
    std::int64_t end = 0;
    std::int64_t attempts = 0;
    std::int64_t late_insert_depth = 0;
    std::vector<std::pair<std::string, std::int64_t>> instants;
    std::array<std::int64_t, 12> blame{};
    std::int64_t fault = -1;
    std::vector<Happening> happenings;
};

/// A result file, asked for what explanations need.
class Evidence {
  public:
    explicit Evidence(const ResultsReader& result)
        : result_(result), directory_(directory_of(result)) {
        for (const char* table : {"/messages", "/copies"})
            if (!result.has(table))
                throw std::invalid_argument(result.path() + " holds no table " +
                                            std::string(table + 1) +
                                            ": run with outputs: { messages: { keep: all } }");
        if (!result.has("/copies/blame_user"))
            throw std::invalid_argument(result.path() +
                                        " was written without blame: run without outputs: { "
                                        "messages: { blame: false } }");
    }

    const ResultsReader& result() const { return result_; }
    std::uint64_t messages() const { return result_.rows("/messages/t_composed"); }
    std::uint64_t copies() const { return result_.rows("/copies/t_end"); }
    std::int64_t integer(const std::string& dataset, std::uint64_t row) const {
        return result_.integers(dataset, row, 1).at(0);
    }
    /// Name of the entity in a row of an entity column; empty: none.
    std::string entity(const std::string& dataset, std::uint64_t row) const;
    std::string word(const std::string& dataset, std::uint64_t row) const;
    std::string name(std::string_view kind, std::int64_t row) const;
    Fault fault(std::int64_t row) const;
    CopyStory copy(std::uint64_t row) const;
    /// What befell these devices (rows in /entities/device) and which faults began or ended, from
    /// .. to.
    std::vector<Happening> happenings(const std::set<std::int64_t>& devices, std::int64_t from,
                                      std::int64_t to) const;

  private:
    /// Rows of a table within [from, to].
    std::pair<std::uint64_t, std::uint64_t> range(const std::string& table, std::int64_t from,
                                                  std::int64_t to) const;
    std::string told(const std::string& table, std::uint64_t row) const;
    std::string scenario_line(const std::string& fault) const;

    const ResultsReader& result_;
    EntityDirectory directory_;
    mutable std::map<std::string, std::vector<std::int64_t>> times_;  ///< by table, read once
};

std::string Evidence::name(std::string_view kind, std::int64_t row) const {
    const std::int16_t number = directory_.kind(kind);
    if (number < 0 || row < 0) return {};
    const std::vector<std::string>& names =
        directory_.kinds[static_cast<std::size_t>(number)].names;
    return static_cast<std::size_t>(row) < names.size() ? names[static_cast<std::size_t>(row)]
                                                        : std::string();
}

std::string Evidence::entity(const std::string& dataset, std::uint64_t row) const {
    if (!result_.has(dataset)) return {};
    std::string kind;
    if (result_.has(dataset + "_kind")) {
        kind = word(dataset + "_kind", row);
    } else {
        const std::string group = result_.text_attribute(dataset, "entities").value_or("");
        kind = group.substr(group.rfind('/') + 1);
    }
    return name(kind, integer(dataset, row));
}

std::string Evidence::word(const std::string& dataset, std::uint64_t row) const {
    if (!result_.has(dataset)) return {};
    const std::vector<std::string> words = result_.words(dataset);
    const std::int64_t value = integer(dataset, row);
    return value >= 0 && static_cast<std::size_t>(value) < words.size()
               ? words[static_cast<std::size_t>(value)]
               : std::to_string(value);
}

/// Where the scenario's sources say "name: <fault>".
std::string Evidence::scenario_line(const std::string& fault) const {
    if (fault.empty() || !result_.has("/provenance/scenario_source")) return {};
    const std::vector<std::string> sources = result_.texts("/provenance/scenario_source");
    const std::vector<std::string> files = result_.has("/provenance/file_name")
                                               ? result_.texts("/provenance/file_name")
                                               : std::vector<std::string>();
    for (std::size_t f = 0; f < sources.size(); ++f) {
        std::size_t line = 1;
        for (std::size_t begin = 0; begin < sources[f].size(); ++line) {
            const std::size_t end = std::min(sources[f].find('\n', begin), sources[f].size());
            const std::string_view text = std::string_view(sources[f]).substr(begin, end - begin);
            begin = end + 1;
            const std::size_t key = text.find("name:");
            if (key == std::string_view::npos ||
                text.substr(0, key).find('#') != std::string_view::npos)
                continue;
            std::string_view value = text.substr(key + 5);
            value.remove_prefix(std::min(value.find_first_not_of(" \"'"), value.size()));
            if (!value.starts_with(fault)) continue;
            value.remove_prefix(fault.size());
            value.remove_prefix(std::min(value.find_first_not_of(" \"'\r"), value.size()));
            if (!value.empty() &&
                std::string_view(",}#").find(value.front()) == std::string_view::npos)
                continue;
            return (f < files.size() ? files[f] : std::string("scenario")) + ":" +
                   std::to_string(line);
        }
    }
    return {};
}

Fault Evidence::fault(std::int64_t row) const {
    Fault found;
    found.name = name("fault", row);
    found.line = scenario_line(found.name);
    if (!result_.has("/events/fault")) return found;
    const std::vector<std::int64_t> faults = result_.integers("/events/fault/fault");
    const std::vector<std::int64_t> times = result_.integers("/events/fault/time");
    for (std::size_t i = 0; i < faults.size(); ++i) {
        if (faults[i] != row) continue;
        found.kind = word("/events/fault/kind", i);
        const bool begins = word("/events/fault/edge", i) == "begins";
        if (begins && !found.begin) found.begin = times[i];
        if (!begins) found.end = times[i];
    }
    return found;
}

CopyStory Evidence::copy(std::uint64_t row) const {
    CopyStory made;
    made.row = row;
    made.message = integer("/copies/message", row);
    made.device = integer("/copies/device", row);
    made.to = name("device", made.device);
    made.outcome = word("/copies/outcome", row);
    made.end = integer("/copies/t_end", row);
    made.attempts = integer("/copies/attempts", row);
    made.late_insert_depth = integer("/copies/late_insert_depth", row);
    made.fault = integer("/copies/root_fault", row);
    made.composed = made.end;
    for (std::size_t i = 0; i < cause_words.size(); ++i) {
        made.blame[i] = integer("/copies/blame_" + std::string(cause_words[i]), row);
        made.composed -= made.blame[i];
    }
    made.instants.emplace_back("composed", made.composed);
    for (const auto& [column, what] : std::initializer_list<std::pair<const char*, const char*>>{
             {"t_sent", "first sent"},
             {"t_server", "reached a relay"},
             {"t_sequenced", "got its place in the order"},
             {"t_delivered", "reached the device"},
             {"t_visible", "shown"}}) {
        const std::int64_t at = integer("/copies/" + std::string(column), row);
        if (at != INT64_MIN) made.instants.emplace_back(what, at);
    }
    if (made.outcome != "visible")
        made.instants.emplace_back(
            made.outcome == "pending" ? "still under way when the run ended" : made.outcome,
            made.end);
    std::stable_sort(made.instants.begin(), made.instants.end(),
                     [](const auto& a, const auto& b) { return a.second < b.second; });
    return made;
}

std::pair<std::uint64_t, std::uint64_t> Evidence::range(const std::string& table, std::int64_t from,
                                                        std::int64_t to) const {
    auto found = times_.find(table);
    if (found == times_.end())
        found = times_.emplace(table, result_.integers(table + "/time")).first;
    const std::vector<std::int64_t>& times = found->second;
    const auto first = std::lower_bound(times.begin(), times.end(), from);
    const auto last = std::upper_bound(first, times.end(), to);
    return {static_cast<std::uint64_t>(first - times.begin()),
            static_cast<std::uint64_t>(last - times.begin())};
}

/// A row of an event table in words.
std::string Evidence::told(const std::string& table, std::uint64_t row) const {
    const auto at = [&](const char* column) { return table + "/" + column; };
    if (table == "/events/handover") {
        const std::string from = entity(at("from"), row);
        const std::string to = entity(at("to"), row);
        return word(at("kind"), row) + ": " + (from.empty() ? "no network" : from) + " -> " +
               (to.empty() ? "no network" : to) + ", no data for " +
               human_time(seconds(integer(at("interruption"), row)));
    }
    if (table == "/events/connection") {
        const std::string server = entity(at("server"), row);
        const std::int64_t failures = integer(at("failures"), row);
        return "connection: " + word(at("state"), row) +
               (server.empty() ? "" : " (" + server + ")") +
               (failures > 0 ? ", " + std::to_string(failures) + " failed in a row" : "");
    }
    if (table == "/events/drop")
        return "packet lost on the way " + word(at("direction"), row) + ": " +
               word(at("reason"), row);
    if (table == "/events/resync") return "asks for messages again: " + word(at("reason"), row);
    if (table == "/events/retry")
        return integer(at("pressed"), row) != 0
                   ? "author presses 'send' again for its message " +
                         std::to_string(integer(at("count"), row))
                   : "attempt " + std::to_string(integer(at("attempt"), row) + 1) +
                         " of its message " + std::to_string(integer(at("count"), row));
    if (table == "/clocks/adjust")
        return "clock: " + word(at("kind"), row) + " by " + word(at("source"), row) + ", off by " +
               human_time(result_.reals(at("offset"), row, 1).at(0) / 1e9) + " after";
    return "fault " + word(at("edge"), row) + ": " + word(at("kind"), row);
}

std::vector<Happening> Evidence::happenings(const std::set<std::int64_t>& devices,
                                            std::int64_t from, std::int64_t to) const {
    std::vector<Happening> found;
    for (const std::string table :
         {"/events/fault", "/events/handover", "/events/connection", "/events/drop",
          "/events/resync", "/events/retry", "/clocks/adjust"}) {
        if (!result_.has(table)) continue;
        const bool of_all = table == "/events/fault";
        const auto [first, last] = range(table, from, to);
        const std::string column = table + (of_all ? "/fault" : "/device");
        const std::vector<std::int64_t> who = result_.integers(column, first, last - first);
        for (std::uint64_t row = first; row < last; ++row) {
            const std::int64_t entity_row = who[row - first];
            if (!of_all && devices.count(entity_row) == 0) continue;
            found.push_back({times_.at(table)[row], name(of_all ? "fault" : "device", entity_row),
                             told(table, row)});
        }
    }
    std::stable_sort(found.begin(), found.end(),
                     [](const Happening& a, const Happening& b) { return a.at < b.at; });
    return found;
}

// ---- telling
// -------------------------------------------------------------------------------------

/// Causes that took time, longest first.
std::vector<std::size_t> causes_by_time(const CopyStory& copy) {
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < copy.blame.size(); ++i)
        if (copy.blame[i] > 0) order.push_back(i);
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return copy.blame[a] > copy.blame[b]; });
    return order;
}

std::string main_causes(const CopyStory& copy, std::size_t most) {
    std::string out;
    const double all = static_cast<double>(copy.end - copy.composed);
    for (const std::size_t cause : causes_by_time(copy)) {
        if (most-- == 0) break;
        out += std::string(out.empty() ? "" : ", ") + std::string(cause_words[cause]) +
               fmt::format(" {:.0f} %", 100 * static_cast<double>(copy.blame[cause]) / all);
    }
    return out;
}

std::string fault_text(const Fault& fault) {
    std::string out = "'" + fault.name + "'";
    if (!fault.kind.empty()) out += ", " + fault.kind;
    if (fault.begin) out += " from " + human_time(seconds(*fault.begin));
    if (fault.end) out += " to " + human_time(seconds(*fault.end));
    if (!fault.line.empty()) out += ", " + fault.line;
    return out;
}

std::string copy_heading(const CopyStory& copy) {
    return fmt::format("copy {} to {}: {} after {}, {} attempt{}{}", copy.row, copy.to,
                       copy.outcome, human_time(seconds(copy.end - copy.composed)), copy.attempts,
                       copy.attempts == 1 ? "" : "s",
                       copy.late_insert_depth > 0
                           ? fmt::format(", inserted above {} shown before", copy.late_insert_depth)
                           : std::string());
}

std::string copy_text(const CopyStory& copy, const Evidence& evidence) {
    std::string out = copy_heading(copy) + "\n";
    for (const auto& [what, at] : copy.instants)
        out += fmt::format("  {}  {:>10}  {}\n", clock_text(at),
                           "+" + human_time(seconds(at - copy.composed)), what);
    out += "  where the time went\n";
    const double all = static_cast<double>(std::max<std::int64_t>(copy.end - copy.composed, 1));
    for (const std::size_t cause : causes_by_time(copy))
        out += fmt::format("    {:24} {:>12} {:5.1f} %\n", cause_words[cause],
                           human_time(seconds(copy.blame[cause])),
                           100 * static_cast<double>(copy.blame[cause]) / all);
    if (copy.fault >= 0) out += "  set off by " + fault_text(evidence.fault(copy.fault)) + "\n";
    if (!copy.happenings.empty()) out += "  meanwhile\n";
    for (std::size_t i = 0; i < std::min(copy.happenings.size(), told_happenings); ++i) {
        const Happening& one = copy.happenings[i];
        out += fmt::format("  {}  {}: {}\n", clock_text(one.at), one.who, one.what);
    }
    if (copy.happenings.size() > told_happenings)
        out += fmt::format("    and {} more\n", copy.happenings.size() - told_happenings);
    return out;
}

std::string copy_json(const CopyStory& copy, const Evidence& evidence) {
    std::string instants, blame, happenings;
    for (const auto& [what, at] : copy.instants)
        instants += std::string(instants.empty() ? "" : ", ") + "{\"what\": " + json_text(what) +
                    ", \"time_ns\": " + std::to_string(at) + "}";
    for (std::size_t i = 0; i < cause_words.size(); ++i)
        blame += std::string(i == 0 ? "" : ", ") + json_text(cause_words[i]) + ": " +
                 std::to_string(copy.blame[i]);
    for (const Happening& one : copy.happenings)
        happenings += std::string(happenings.empty() ? "" : ", ") +
                      "{\"time_ns\": " + std::to_string(one.at) +
                      ", \"entity\": " + json_text(one.who) + ", \"what\": " + json_text(one.what) +
                      "}";
    std::string fault = "null";
    if (copy.fault >= 0) {
        const Fault found = evidence.fault(copy.fault);
        const auto instant = [](const std::optional<std::int64_t>& at) {
            return at ? std::to_string(*at) : std::string("null");
        };
        fault = "{\"name\": " + json_text(found.name) + ", \"kind\": " + json_text(found.kind) +
                ", \"begin_ns\": " + instant(found.begin) + ", \"end_ns\": " + instant(found.end) +
                ", \"scenario_line\": " + json_text(found.line) + "}";
    }
    return "{\"copy\": " + std::to_string(copy.row) +
           ", \"message\": " + std::to_string(copy.message) +
           ", \"device\": " + json_text(copy.to) + ", \"outcome\": " + json_text(copy.outcome) +
           ", \"delay_ns\": " + std::to_string(copy.end - copy.composed) +
           ", \"attempts\": " + std::to_string(copy.attempts) +
           ", \"late_insert_depth\": " + std::to_string(copy.late_insert_depth) +
           ", \"instants\": [" + instants + "], \"blame_ns\": {" + blame +
           "}, \"root_fault\": " + fault + ", \"meanwhile\": [" + happenings + "]}";
}

}  // namespace

Explanation explain_message(const ResultsReader& result, std::uint64_t message) {
    const Evidence evidence(result);
    if (message >= evidence.messages())
        throw std::invalid_argument(result.path() + " has no message " + std::to_string(message) +
                                    "; it has " + std::to_string(evidence.messages()));
    const std::string sender = evidence.entity("/messages/sender", message);
    const std::string conversation = evidence.entity("/messages/conversation", message);
    const std::int64_t composed = evidence.integer("/messages/t_composed", message);
    const std::int64_t local = evidence.integer("/messages/local_composed", message);
    const std::int64_t size = evidence.integer("/messages/size", message);

    std::vector<CopyStory> copies;
    const std::vector<std::int64_t> of = result.integers("/copies/message");
    for (std::uint64_t row = 0; row < of.size(); ++row) {
        if (of[row] != static_cast<std::int64_t>(message)) continue;
        CopyStory& copy = copies.emplace_back(evidence.copy(row));
        const std::set<std::int64_t> devices{evidence.integer("/messages/sender", message),
                                             copy.device};
        copy.happenings = evidence.happenings(devices, copy.composed, copy.end);
    }
    std::stable_sort(copies.begin(), copies.end(), [](const CopyStory& a, const CopyStory& b) {
        return a.end - a.composed > b.end - b.composed;
    });

    Explanation made;
    made.text = fmt::format(
        "message {}: from {}{}{}, {} B, composed at {} (its clock was off by {}), {} {}\n", message,
        sender, conversation.empty() ? "" : " in ", conversation, size,
        human_time(seconds(composed)), human_time(seconds(local - composed)), copies.size(),
        copies.size() == 1 ? "copy" : "copies");
    std::string list;
    for (std::size_t i = 0; i < copies.size(); ++i) {
        if (i < told_copies)
            made.text += "\n" + copy_text(copies[i], evidence);
        else
            made.text += (i == told_copies ? "\n" : "") + copy_heading(copies[i]) + "; " +
                         main_causes(copies[i], 3) + "\n";
        list += std::string(i == 0 ? "" : ", ") + copy_json(copies[i], evidence);
    }
    made.json =
        "{\"message\": " + std::to_string(message) + ", \"sender\": " + json_text(sender) +
        ", \"conversation\": " + json_text(conversation) + ", \"size\": " + std::to_string(size) +
        ", \"composed_ns\": " + std::to_string(composed) +
        ", \"local_composed_ns\": " + std::to_string(local) + ", \"copies\": [" + list + "]}\n";
    return made;
}

Explanation explain_late(const ResultsReader& result, std::size_t top) {
    const Evidence evidence(result);
    const std::vector<std::int64_t> ends = result.integers("/copies/t_end");
    std::vector<std::int64_t> delays(ends.size());
    for (const std::string_view cause : cause_words) {
        const std::vector<std::int64_t> spent =
            result.integers("/copies/blame_" + std::string(cause));
        for (std::size_t i = 0; i < delays.size(); ++i) delays[i] += spent.at(i);
    }
    std::vector<std::uint64_t> rows(ends.size());
    std::iota(rows.begin(), rows.end(), std::uint64_t{0});
    top = std::min(top, rows.size());
    std::partial_sort(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(top), rows.end(),
                      [&](std::uint64_t a, std::uint64_t b) {
                          return delays[a] != delays[b] ? delays[a] > delays[b] : a < b;
                      });
    rows.resize(top);

    Explanation made;
    made.text =
        fmt::format("the {} latest of {} copies\n{:>8} {:>8}  {:24} {:>14} {:>12}  {}\n", top,
                    ends.size(), "message", "copy", "to", "composed at", "delay", "causes");
    std::string list;
    for (const std::uint64_t row : rows) {
        const CopyStory copy = evidence.copy(row);
        made.text += fmt::format(
            "{:>8} {:>8}  {:24} {:>14} {:>12}  {}{}\n", copy.message, copy.row, copy.to,
            human_time(seconds(copy.composed)), human_time(seconds(copy.end - copy.composed)),
            main_causes(copy, 3), copy.outcome == "visible" ? "" : " (" + copy.outcome + ")");
        if (copy.fault >= 0)
            made.text +=
                fmt::format("{:19}set off by {}\n", "", fault_text(evidence.fault(copy.fault)));
        list += std::string(list.empty() ? "" : ", ") + copy_json(copy, evidence);
    }
    made.json = "{\"copies\": [" + list + "]}\n";
    return made;
}

}  // namespace driftstorm
