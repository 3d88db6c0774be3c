#include "scenarios/yaml_syntax.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <vector>

namespace driftstorm {

std::size_t offset_of(const Sources::File& file, const Position& at) {
    const std::size_t line = std::min<std::size_t>(at.line - 1, file.line_starts.size() - 1);
    const bool marked = line == 0 && file.bytes.compare(0, 3, "\xEF\xBB\xBF") == 0;
    return std::min(file.line_starts[line] + (marked ? 3 : 0) + at.column - 1, file.bytes.size());
}

Position position_at(const Sources::File& file, std::uint32_t index, std::size_t offset) {
    const auto next = std::upper_bound(file.line_starts.begin(), file.line_starts.end(), offset);
    const auto line = static_cast<std::size_t>(next - file.line_starts.begin());
    std::size_t column = offset - file.line_starts[line - 1] + 1;
    if (line == 1 && column > 3 && file.bytes.compare(0, 3, "\xEF\xBB\xBF") == 0) column -= 3;
    return {index, static_cast<std::uint32_t>(line), static_cast<std::uint32_t>(column), 1};
}

std::size_t closing_quote(std::string_view text) {
    const char mark = text.front();
    std::size_t i = 1;
    while (i < text.size() && (text[i] != mark || text.substr(i, 2) == "''")) {
        const bool pair = (mark == '"' && text[i] == '\\') || (mark == '\'' && text[i] == mark);
        i += pair ? 2 : 1;
    }
    return i < text.size() ? i : std::string_view::npos;
}

std::string in_plain_words(const std::string& message) {
    struct Wording {
        std::string_view theirs, ours;
    };
    static constexpr std::array<Wording, 11> wordings{{
        {"illegal map value",
         "a ':' that begins a map is not possible here (wrong indentation, or a text "
         "with ': ' that needs quotes?)"},
        {"end of map not found", "this line does not fit the indentation of the map above it"},
        {"end of sequence not found",
         "this line does not fit the indentation of the list above it"},
        {"end of map flow not found", "a '{' before this is not closed, or a ',' is missing"},
        {"end of sequence flow not found", "a '[' before this is not closed, or a ',' is missing"},
        {"illegal block entry",
         "a '-' that begins an item is not possible here (wrong indentation, or a text that needs "
         "quotes?)"},
        {"illegal flow end", "this bracket closes none that is open"},
        {"unexpected character in block scalar", "a text that begins with '>' or '|' needs quotes"},
        {"illegal EOF in scalar", "a quote before this is never closed"},
        {"the referenced anchor is not defined", "no such anchor"},
        {"unknown token", "this character cannot begin a value; put the text in quotes"},
    }};
    for (const Wording& wording : wordings) {
        if (message.compare(0, wording.theirs.size(), wording.theirs) == 0)
            return std::string(wording.ours);
    }
    return "not valid YAML: " + message;
}

namespace {

/// What a text leaves open, judged without a full parse: quotes open where a value can begin,
/// brackets outside of quotes and comments.
struct Unclosed {
    std::optional<std::size_t> quote;   ///< offset of a quote that none closes
    std::vector<std::size_t> brackets;  ///< offsets of brackets open at the end, outermost first
};

/// yaml-cpp reads a quote that is never closed to the end of the file, or up to the next quote, and
/// then stumbles elsewhere. @param text  up to where it stumbled, or all of it
Unclosed unclosed_in(std::string_view text) {
    static constexpr std::string_view before_values = ":[{,-?\n";
    static constexpr std::string_view after_values = " \r\n,]}:";
    Unclosed found;
    char previous = '\n';  // last character that is no space
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        const bool spaced = i == 0 || text[i - 1] == ' ' || text[i - 1] == '\n';
        if (c == '#' && spaced) {
            i = std::min(text.find('\n', i), text.size()) - 1;
        } else if ((c == '"' || c == '\'') &&
                   before_values.find(previous) != std::string_view::npos) {
            const std::size_t close = closing_quote(text.substr(i));
            // One that ends on a later line, right before a word, has met the next text's quote.
            const bool met_another =
                close != std::string_view::npos && i + close + 1 < text.size() &&
                text.substr(i, close).find('\n') != std::string_view::npos &&
                after_values.find(text[i + close + 1]) == std::string_view::npos;
            if (close == std::string_view::npos || met_another) {
                found.quote = i;
                return found;
            }
            i += close;
            previous = c;
        } else if (c != ' ' && c != '\r') {
            if (c == '{' || c == '[') found.brackets.push_back(i);
            if ((c == '}' || c == ']') && !found.brackets.empty()) found.brackets.pop_back();
            previous = c;
        }
    }
    return found;
}

/// The last line above `line` that holds more than a comment; 0: none.
std::uint32_t line_above(const Sources& sources, std::uint32_t index, std::uint32_t line) {
    while (--line > 0) {
        const std::string_view text = sources.line(index, line);
        const std::size_t begin = text.find_first_not_of(' ');
        if (begin != std::string_view::npos && text[begin] != '#') return line;
    }
    return 0;
}

/// Whether a line of a map lacks its ':', or the space after it, so that yaml-cpp reads on to the
/// next line and finds a ':' there that it does not expect.
bool lacks_colon(std::string_view line) {
    const std::size_t begin = line.find_first_not_of(' ');
    if (begin == std::string_view::npos) return false;
    line = line.substr(begin, line.find(" #") - begin);
    static constexpr std::string_view begins_otherwise = "-?[]{}\"'&*!|>#";
    if (begins_otherwise.find(line.front()) != std::string_view::npos) return false;
    return line.find(": ") == std::string_view::npos && line.back() != ':' && line.back() != ',';
}

/// @param stumbled, inner  offsets of where the parser stumbled and of the innermost open bracket
void complain_of_brackets(std::uint32_t index, std::size_t stumbled, std::size_t inner,
                          Complaints& complaints) {
    const Sources::File& file = complaints.sources().file(index);
    const std::string_view bytes = file.bytes;
    const char found = stumbled < bytes.size() ? bytes[stumbled] : ' ';
    const char before = stumbled > 0 && stumbled < bytes.size() ? bytes[stumbled - 1] : ' ';
    const Position at = position_at(file, index, stumbled);
    const Position opened = position_at(file, index, inner);
    const std::string bracket = "'" + std::string(1, bytes[inner]) + "'";
    if (found == '{' && before == '$') {
        const std::size_t end = std::min(bytes.find_first_of("}\n", stumbled), bytes.size());
        const std::string name(bytes.substr(stumbled + 1, end - stumbled - 1));
        complaints.error(position_at(file, index, stumbled - 1),
                         "a parameter is written $" + name + ", without braces");
    } else if (found == '[' && before != ' ' && before != '\n' && before != ',') {
        complaints.error(at, "a text with '[' needs quotes inside of " + bracket);
    } else if (opened.line < at.line) {
        complaints
            .error(opened, "this " + bracket + " is never closed, or a ',' is missing before it is")
            .notes.push_back({at, "the text goes wrong here"});
    } else {
        complaints.error(at, "the " + bracket + " before this is not closed, or a ',' is missing")
            .notes.push_back({opened, "it stands here"});
    }
}

/// Complaints for which the text around tells more than where the parser stumbled.
/// @param open  offsets of the brackets open there  @return whether it was one of these
bool complain_of_surroundings(std::uint32_t index, std::size_t stumbled,
                              const std::vector<std::size_t>& open, const std::string& message,
                              Complaints& complaints) {
    const Sources::File& file = complaints.sources().file(index);
    const std::string_view bytes = file.bytes;
    const char found = stumbled < bytes.size() ? bytes[stumbled] : ' ';
    const std::size_t begin = bytes.find_last_not_of(' ', stumbled - 1);
    const char before = stumbled > 0 && begin != std::string_view::npos ? bytes[begin] : ' ';
    const auto begins = [&](std::string_view words) { return message.rfind(words, 0) == 0; };
    if (begins("a '-' that begins") && !open.empty()) {
        complain_of_brackets(index, stumbled, open.back(), complaints);
        return true;
    }
    if (begins("this bracket closes") && !open.empty() && (found == '}' || found == ']')) {
        complaints
            .error(position_at(file, index, stumbled),
                   "a '" + std::string(1, found) + "' cannot close the '" +
                       std::string(1, bytes[open.back()]) + "' before it")
            .notes.push_back({position_at(file, index, open.back()), "it stands here"});
        return true;
    }
    if (begins("a text that begins with")) {
        const std::size_t mark = bytes.find_last_of(">|\n", stumbled);
        if (mark == std::string_view::npos || bytes[mark] == '\n') return false;
        complaints.error(
            position_at(file, index, mark),
            "a text that begins with '" + std::string(1, bytes[mark]) + "' needs quotes");
        return true;
    }
    if (begins(collection_as_key)) {
        // yaml-cpp takes a map that is never closed for a key.
        const std::vector<std::size_t> unclosed = unclosed_in(bytes).brackets;
        if (std::find(unclosed.begin(), unclosed.end(), stumbled) == unclosed.end()) return false;
        complaints.error(position_at(file, index, stumbled),
                         "this '" + std::string(1, found) +
                             "' is never closed, or a ',' is missing before it is");
        return true;
    }
    if (begins("this line does not fit") && (before == '\'' || before == '"')) {
        complaints.error(position_at(file, index, begin),
                         "the text goes on after this quote, which closes it; put it in quotes of "
                         "the other kind");
        return true;
    }
    return false;
}

}  // namespace

void complain_of_syntax(std::uint32_t index, const Position& at, const std::string& message,
                        Complaints& complaints) {
    const Sources& sources = complaints.sources();
    const Sources::File& file = sources.file(index);
    if (const auto quote_at = unclosed_in(file.bytes).quote) {
        complaints.error(position_at(file, index, *quote_at), "this quote is never closed");
        return;
    }
    const std::string_view bytes = file.bytes;
    const std::size_t stumbled = offset_of(file, at);
    const std::vector<std::size_t> open = unclosed_in(bytes.substr(0, stumbled)).brackets;
    if (message.find("is not closed") != std::string::npos && !open.empty()) {
        complain_of_brackets(index, stumbled, open.back(), complaints);
        return;
    }
    if (complain_of_surroundings(index, stumbled, open, message, complaints)) return;
    const std::uint32_t above = open.empty() ? line_above(sources, index, at.line) : 0;
    if (message.find("':'") != std::string::npos && above > 0 &&
        lacks_colon(sources.line(index, above))) {
        const std::string_view line = sources.line(index, above);
        const std::size_t begin = line.find_first_not_of(' ');
        const std::size_t colon = line.find(':', begin);
        Position there{index, above, static_cast<std::uint32_t>(begin + 1), 1};
        if (colon != std::string_view::npos) there.column = static_cast<std::uint32_t>(colon + 1);
        complaints.error(there, colon != std::string_view::npos
                                    ? "a space is missing after this ':'"
                                    : "this line has no ':'; a map's lines are KEY: VALUE");
        return;
    }
    complaints.error(at, message);
}

}  // namespace driftstorm
