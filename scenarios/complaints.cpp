#include "scenarios/complaints.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <system_error>
#include <tuple>
#include <utility>

namespace driftstorm {
namespace {

constexpr std::size_t most_complaints = 1000;  // beyond, more of them help nobody
constexpr std::size_t excerpt_width = 160;     // columns; a scenario on one line stays readable
constexpr std::size_t largest_source = 256u << 20;  // [B]; no scenario or trace of ours is larger
constexpr std::size_t longest_compared = 64;        // names; a longer "word" is no misspelling

bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xC0u) == 0x80u; }

std::size_t characters(std::string_view text) {
    return static_cast<std::size_t>(
        std::count_if(text.begin(), text.end(), [](char c) { return !continues_character(c); }));
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::size_t word_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
    std::iota(last.begin(), last.end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const bool same = lower(a[i - 1]) == lower(b[j - 1]);
            row[j] = std::min({row[j - 1] + 1, last[j] + 1, last[j - 1] + (same ? 0 : 1)});
            const bool swapped = i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
                                 lower(a[i - 2]) == lower(b[j - 1]);
            if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
        }
        std::swap(before, last);
        std::swap(last, row);
    }
    return last.back();
}

/// The line with the place underlined, both cut to what fits around the caret.
std::string excerpt(const Sources& sources, const Position& at) {
    const std::string_view line = sources.line(at.file, at.line);
    const std::size_t caret = std::min<std::size_t>(at.column - 1, line.size());
    std::size_t from = 0, to = line.size();
    if (line.size() > excerpt_width) {
        from = caret > excerpt_width / 2 ? caret - excerpt_width / 2 : 0;
        to = std::min(line.size(), from + excerpt_width);
        while (from > 0 && continues_character(line[from])) --from;
        while (to < line.size() && continues_character(line[to])) ++to;
    }
    const std::string_view before = line.substr(from, caret - from);
    const std::string_view marked =
        line.substr(caret, std::min<std::size_t>(at.length, to - std::min(to, caret)));

    std::string number = std::to_string(at.line);
    if (number.size() < 5) number.insert(0, 5 - number.size(), ' ');
    const std::string cut = from > 0 ? "..." : "";
    std::string out = number + " | " + cut + printable(line.substr(from, to - from));
    if (to < line.size()) out += "...";
    out += "\n" + std::string(number.size(), ' ') + " | " + std::string(cut.size(), ' ');
    for (const char c : before) {
        if (!continues_character(c)) out += c == '\t' ? '\t' : ' ';
    }
    out += "^";
    const std::size_t width = characters(marked);
    if (width > 1) out += std::string(width - 1, '~');
    return out + "\n";
}

std::string note_of_path(const Sources& sources, const Complaint& complaint) {
    if (complaint.path.empty()) return "";
    std::string text = "  note: " + complaint.path;
    if (complaint.at.known()) {
        const Position& from = sources.file(complaint.at.file).included_from;
        if (from.known()) text += ", included from " + sources.origin(from);
    }
    return text + "\n";
}

std::string json_place(const Sources& sources, const Position& at) {
    if (!at.known()) return "\"file\": null, \"line\": null, \"column\": null, \"length\": 0";
    const std::string file = "\"file\": " + json_string(sources.file(at.file).name);
    if (at.line == 0) return file + ", \"line\": null, \"column\": null, \"length\": 0";
    return file + ", \"line\": " + std::to_string(at.line) +
           ", \"column\": " + std::to_string(sources.display_column(at)) +
           ", \"length\": " + std::to_string(at.length);
}

auto order_of(const Complaint& c) {
    return std::tie(c.at.file, c.at.line, c.at.column, c.severity, c.message, c.path);
}

}  // namespace

std::optional<std::string> read_file_from_disk(const std::string& name, std::string& reason) {
    std::error_code error;
    if (std::filesystem::is_directory(name, error)) {
        reason = "is a folder";
        return {};
    }
    if (std::filesystem::is_fifo(name, error) && !std::filesystem::is_symlink(name, error)) {
        reason = "is a named pipe";  // it would be waited for; a shell's <(...) is a link to one
        return {};
    }
    std::ifstream file(name, std::ios::binary);
    std::string bytes;
    std::array<char, 65536> block{};
    while (file) {
        file.read(block.data(), static_cast<std::streamsize>(block.size()));
        bytes.append(block.data(), static_cast<std::size_t>(file.gcount()));
        if (bytes.size() > largest_source) break;
    }
    if (file.eof() || bytes.size() > largest_source) return bytes;
    reason = std::generic_category().message(errno);
    return {};
}

std::optional<std::uint32_t> Sources::read(const std::string& name, Position included_from,
                                           std::string& reason) {
    std::optional<std::string> bytes = read_file_(name, reason);
    if (!bytes) return {};
    return add(name, *std::move(bytes), included_from);
}

std::string Sources::beside(std::uint32_t file, std::string_view relative) const {
    const std::filesystem::path named = std::filesystem::path(files_.at(file).name).parent_path();
    return (named / std::filesystem::path(relative)).lexically_normal().string();
}

std::uint32_t Sources::add(std::string name, std::string bytes, Position included_from) {
    File file{std::move(name), std::move(bytes), included_from, {0}};
    for (std::size_t i = 0; i < file.bytes.size(); ++i) {
        if (file.bytes[i] == '\n') file.line_starts.push_back(i + 1);
    }
    files_.push_back(std::move(file));
    return static_cast<std::uint32_t>(files_.size() - 1);
}

std::string_view Sources::line(std::uint32_t file, std::uint32_t line) const {
    const File& f = files_.at(file);
    if (line < 1 || line > f.line_starts.size()) return {};
    const std::size_t from = f.line_starts[line - 1];
    const std::size_t to = line < f.line_starts.size() ? f.line_starts[line] : f.bytes.size();
    std::string_view text = std::string_view(f.bytes).substr(from, to - from);
    if (line == 1 && text.substr(0, 3) == "\xEF\xBB\xBF") text.remove_prefix(3);
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
    return text;
}

std::uint32_t Sources::display_column(const Position& at) const {
    const std::string_view text = line(at.file, at.line);
    return static_cast<std::uint32_t>(characters(text.substr(0, at.column - 1))) + 1;
}

std::string Sources::place(const Position& at) const {
    if (!at.known()) return "scenario";
    if (at.line == 0) return file(at.file).name;  // of the file as a whole
    return file(at.file).name + ":" + std::to_string(at.line) + ":" +
           std::to_string(display_column(at));
}

std::string Sources::origin(const Position& at) const {
    if (!at.known()) return "default";
    const std::string& name = file(at.file).name;
    return name == command_line_source ? name : name + ":" + std::to_string(at.line);
}

Complaint& Complaints::add(Severity severity, const Position& at, std::string message,
                           std::string path) {
    ++(severity == Severity::error ? errors_ : warnings_);
    overflow_ = {severity, at, std::move(message), std::move(path), {}};
    kept_last_ = all_.size() < most_complaints;
    if (!kept_last_) return overflow_;  // counted, not kept
    all_.push_back(std::move(overflow_));
    return all_.back();
}

Complaint& Complaints::error(const Position& at, std::string message, std::string path) {
    return add(Severity::error, at, std::move(message), std::move(path));
}

Complaint& Complaints::warning(const Position& at, std::string message, std::string path) {
    return add(Severity::warning, at, std::move(message), std::move(path));
}

std::vector<Complaint> Complaints::sorted() const {
    std::vector<Complaint> list = all_;
    std::stable_sort(list.begin(), list.end(), [](const Complaint& a, const Complaint& b) {
        return order_of(a) < order_of(b);
    });
    const auto same = [](const Complaint& a, const Complaint& b) {
        return std::tie(a.at.file, a.at.line, a.at.column, a.message) ==
               std::tie(b.at.file, b.at.line, b.at.column, b.message);
    };
    list.erase(std::unique(list.begin(), list.end(), same), list.end());
    return list;
}

std::string Complaints::text() const {
    std::string out;
    for (const Complaint& complaint : sorted()) {
        const char* severity = complaint.severity == Severity::error ? ": error: " : ": warning: ";
        out += sources_.place(complaint.at) + severity + complaint.message + "\n";
        if (complaint.at.known() && complaint.at.line > 0) out += excerpt(sources_, complaint.at);
        out += note_of_path(sources_, complaint);
        for (const Note& note : complaint.notes) {
            out += "  note: " + (note.at.known() ? sources_.place(note.at) + ": " : "") +
                   note.text + "\n";
        }
    }
    const std::size_t dropped = errors_ + warnings_ - all_.size();
    if (dropped > 0) out += "... and " + std::to_string(dropped) + " more\n";
    return out;
}

std::string Complaints::json() const {
    std::string out = "[";
    for (const Complaint& complaint : sorted()) {
        const char* severity = complaint.severity == Severity::error ? "error" : "warning";
        out += out.size() > 1 ? ",\n " : "";
        out += "{\"severity\": \"" + std::string(severity) + "\", " +
               json_place(sources_, complaint.at) +
               ", \"message\": " + json_string(complaint.message) +
               ", \"path\": " + json_string(complaint.path) + ", \"notes\": [";
        for (std::size_t i = 0; i < complaint.notes.size(); ++i) {
            const Note& note = complaint.notes[i];
            out += (i > 0 ? ", {" : "{") + json_place(sources_, note.at) +
                   ", \"text\": " + json_string(note.text) + "}";
        }
        out += "]}";
    }
    return out + "]\n";
}

std::size_t Complaints::distinct_errors() const {
    const auto is_error = [](const Complaint& one) { return one.severity == Severity::error; };
    const std::vector<Complaint> shown = sorted();
    const auto kept = std::count_if(all_.begin(), all_.end(), is_error);
    const auto distinct = std::count_if(shown.begin(), shown.end(), is_error);
    return errors_ - static_cast<std::size_t>(kept - distinct);
}

bool Complaints::told_at(const Position& at) const {
    return at.known() && std::any_of(all_.begin(), all_.end(),
                                     [&](const Complaint& one) { return one.at == at; });
}

void Complaints::throw_if_any() const {
    if (any_errors()) throw ScenarioError(text());
}

std::string nearest_word(std::string_view word, const std::vector<std::string_view>& known) {
    if (word.empty() || word.size() > longest_compared) return "";
    const std::size_t allowed = std::max<std::size_t>(1, (word.size() + 1) / 3);
    std::size_t best = allowed + 1;
    std::string_view found;
    for (const std::string_view other : known) {
        if (other.empty() || other.size() > longest_compared) continue;
        const std::size_t apart =
            other.size() > word.size() ? other.size() - word.size() : word.size() - other.size();
        const bool begins = word.size() >= 3 && other.substr(0, word.size()) == word;
        if (apart >= best && !begins) continue;
        const std::size_t distance = begins ? std::min(apart, allowed) : word_distance(word, other);
        if (distance < best && distance < std::max(word.size(), other.size())) {
            best = distance;
            found = other;
        }
    }
    return std::string(found);
}

std::string nearest_word(std::string_view word, const std::vector<std::string>& known) {
    return nearest_word(word, std::vector<std::string_view>(known.begin(), known.end()));
}

std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& known) {
    const std::string near = nearest_word(word, known);
    return near.empty() ? "" : "; did you mean '" + near + "'?";
}

std::string did_you_mean(std::string_view word, const std::vector<std::string>& known) {
    return did_you_mean(word, std::vector<std::string_view>(known.begin(), known.end()));
}

std::string quote(std::string_view text) {
    constexpr std::size_t longest = 60;
    std::string out = "'";
    std::size_t taken = std::min(text.size(), longest);
    while (taken < text.size() && taken > 0 && continues_character(text[taken])) --taken;
    for (const char c : text.substr(0, taken)) out += c == '\n' || c == '\t' || c == '\r' ? ' ' : c;
    out = printable(out);
    if (taken < text.size()) out += "...";
    return out + "'";
}

std::string list_words(const std::vector<std::string_view>& words) {
    std::string out;
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (i > 0) out += i + 1 == words.size() ? " or " : ", ";
        out += words[i];
    }
    return out;
}

std::size_t utf8_sequence(std::string_view text) {
    const auto byte = [&](std::size_t i) {
        return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u;
    };
    const auto follows = [&](std::size_t i) { return byte(i) >= 0x80u && byte(i) <= 0xBFu; };
    const unsigned lead = byte(0), second = byte(1);
    if (lead < 0x80u) return 1;
    if (lead >= 0xC2u && lead <= 0xDFu) return follows(1) ? 2 : 0;
    if (lead >= 0xE0u && lead <= 0xEFu) {
        const unsigned least = lead == 0xE0u ? 0xA0u : 0x80u, most = lead == 0xEDu ? 0x9Fu : 0xBFu;
        return second >= least && second <= most && follows(2) ? 3 : 0;
    }
    if (lead >= 0xF0u && lead <= 0xF4u) {
        const unsigned least = lead == 0xF0u ? 0x90u : 0x80u, most = lead == 0xF4u ? 0x8Fu : 0xBFu;
        return second >= least && second <= most && follows(2) && follows(3) ? 4 : 0;
    }
    return 0;
}

bool is_control(char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t' && c != '\r') ||
           c == 0x7F;
}

std::string printable(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size();) {
        const std::size_t length = utf8_sequence(text.substr(i));
        const bool broken = length == 0 || is_control(text[i]) || text[i] == '\r';
        out += broken ? "\xEF\xBF\xBD" : text.substr(i, length);
        i += std::max<std::size_t>(length, 1);
    }
    return out;
}

std::string json_string(std::string_view raw) {
    std::string out = "\"";
    std::string text;
    for (std::size_t i = 0; i < raw.size();) {
        const std::size_t length = utf8_sequence(raw.substr(i));
        text += length == 0 ? "\xEF\xBF\xBD" : raw.substr(i, length);
        i += std::max<std::size_t>(length, 1);
    }
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (static_cast<unsigned char>(c) < 0x20) {
            std::array<char, 8> escaped{};
            std::snprintf(escaped.data(), escaped.size(), "\\u%04x", static_cast<unsigned>(c));
            out += escaped.data();
        } else {
            out += c;
        }
    }
    return out + "\"";
}

std::string child_path(std::string_view parent, std::string_view key) {
    const bool plain = key.find_first_of(".[] ") == std::string_view::npos && !key.empty();
    if (!plain) return std::string(parent) + "[" + std::string(key) + "]";
    return parent.empty() ? std::string(key) : std::string(parent) + "." + std::string(key);
}

std::string item_path(std::string_view parent, std::size_t index) {
    return std::string(parent) + "[" + std::to_string(index) + "]";
}

}  // namespace driftstorm
