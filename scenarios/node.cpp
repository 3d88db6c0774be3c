#include "scenarios/node.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <sstream>
#include <utility>

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

namespace driftstorm {

struct Node::Data {
    NodeKind kind = NodeKind::null;
    bool quoted = false;
    bool appends = false;
    Position at;
    Position origin;
    std::string text;
    std::string via;
    std::vector<Entry> entries;
    std::size_t weight = 1;
    std::size_t depth = 1;
};

Node::Node() : data_(std::make_shared<Data>()) {}

Node Node::scalar(std::string text, bool quoted, const Position& at) {
    auto data = std::make_shared<Data>();
    data->kind = NodeKind::scalar;
    data->quoted = quoted;
    data->at = data->origin = at;
    data->text = std::move(text);
    return Node(std::move(data));
}

Node Node::collection(NodeKind kind, std::vector<Entry> entries, const Position& at) {
    auto data = std::make_shared<Data>();
    data->kind = kind;
    data->at = data->origin = at;
    for (const Entry& entry : entries) {
        data->weight =
            std::min(data->weight + entry.value.weight(), 4 * most_nodes);  // never wraps
        data->depth = std::max(data->depth, entry.value.depth() + 1);
    }
    data->entries = std::move(entries);
    return Node(std::move(data));
}

Node Node::sequence(std::vector<Entry> items, const Position& at) {
    return collection(NodeKind::sequence, std::move(items), at);
}

Node Node::appending(std::vector<Entry> items, const Position& at) {
    const Node list = collection(NodeKind::sequence, std::move(items), at);
    auto data = std::make_shared<Data>(*list.data_);
    data->appends = true;
    return Node(std::move(data));
}

Node Node::map(std::vector<Entry> entries, const Position& at) {
    return collection(NodeKind::map, std::move(entries), at);
}

Node Node::null(const Position& at) {
    auto data = std::make_shared<Data>();
    data->at = data->origin = at;
    return Node(std::move(data));
}

NodeKind Node::kind() const { return data_->kind; }
const std::string& Node::text() const { return data_->text; }
bool Node::quoted() const { return data_->quoted; }
bool Node::appends() const { return data_->appends; }
const std::vector<Node::Entry>& Node::entries() const { return data_->entries; }
std::size_t Node::size() const { return data_->entries.size(); }
const Position& Node::position() const { return data_->at; }
const Position& Node::origin() const { return data_->origin; }
const std::string& Node::via() const { return data_->via; }
std::size_t Node::weight() const { return data_->weight; }
std::size_t Node::depth() const { return data_->depth; }

const Node::Entry* Node::find_entry(std::string_view key) const {
    if (!is_map()) return nullptr;
    for (const Entry& entry : data_->entries) {
        if (entry.key == key) return &entry;
    }
    return nullptr;
}

const Node* Node::find(std::string_view key) const {
    const Entry* entry = find_entry(key);
    return entry ? &entry->value : nullptr;
}

Node Node::referred_from(const Position& at, std::string reference) const {
    auto data = std::make_shared<Data>(*data_);
    data->at = at;
    data->via = std::move(reference);
    return Node(std::move(data));
}

std::string Node::describe() const {
    switch (kind()) {
        case NodeKind::null:
            return "nothing";
        case NodeKind::sequence:
            return "a list";
        case NodeKind::map:
            return "a map";
        case NodeKind::scalar:
            break;
    }
    return via().empty() ? quote(text()) : quote(text()) + " (" + via() + ")";
}

namespace {

struct EarlierPlace {
    bool operator()(const Position& a, const Position& b) const {
        return std::pair(a.line, a.column) < std::pair(b.line, b.column);
    }
};
/// Places in one file.
using Places = std::set<Position, EarlierPlace>;

constexpr std::string_view collection_as_key = "a key must be a word, not a map or a list";

/// Stops yaml-cpp in the middle of a document.
struct Refused {
    Position at;
    std::string message;
};

/// Offset of a position in the bytes of its file.
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

/// Looks at the bytes before yaml-cpp sees them: it takes UTF-16 and 0x04 (its own end mark) in
/// ways that show nowhere, and counts no lines at a lone carriage return.
bool bytes_are_sound(std::uint32_t index, Complaints& complaints) {
    constexpr std::size_t most_told = 3;  // of one file: it is no text, and three places show it
    const Sources::File& file = complaints.sources().file(index);
    const std::string_view bytes = file.bytes;
    if (bytes.substr(0, 2) == "\xFF\xFE" || bytes.substr(0, 2) == "\xFE\xFF") {
        complaints.error({index, 1, 1, 0}, "the file is UTF-16; save it as UTF-8");
        return false;
    }
    if (bytes.size() > largest_file) {
        complaints.error({index, 1, 1, 0},
                         "the file is larger than 16 MiB; describe many equal "
                         "things as a population with 'count'");
        return false;
    }
    const std::size_t before = complaints.errors();
    bool in_indentation = true;
    for (std::size_t i = 0; i < bytes.size() && complaints.errors() < before + most_told;) {
        const char c = bytes[i];
        const std::size_t length = utf8_sequence(bytes.substr(i));
        if (length == 0) {
            complaints.error(position_at(file, index, i), "this byte is not valid UTF-8");
        } else if (is_control(c)) {
            complaints.error(position_at(file, index, i), "control characters are not allowed");
        } else if (c == '\r' && bytes.substr(i, 2) != "\r\n") {
            complaints.error(position_at(file, index, i),
                             "a carriage return does not end a line here");
        } else if (c == '\t' && in_indentation) {
            const std::size_t rest = bytes.find_first_not_of(" \t", i);
            const bool blank =
                rest == std::string_view::npos || bytes[rest] == '\n' || bytes[rest] == '\r';
            if (!blank)
                complaints.error(position_at(file, index, i), "a tab cannot indent; use spaces");
            in_indentation = false;
        }
        if (c == '\n') {
            in_indentation = true;
        } else if (c != ' ') {
            in_indentation = false;
        }
        i += std::max<std::size_t>(length, 1);
    }
    return complaints.errors() == before;
}

/// The text as yaml-cpp gets it: no byte order mark, lines ended by a line feed alone, so that its
/// marks are the places in our lines.
std::string plain_lines(const std::string& bytes) {
    std::string text;
    text.reserve(bytes.size());
    for (std::size_t i = bytes.compare(0, 3, "\xEF\xBB\xBF") == 0 ? 3 : 0; i < bytes.size(); ++i) {
        if (bytes[i] != '\r') text += bytes[i];
    }
    return text;
}

/// Offset of the quote that closes the one `text` begins with, npos when there is none.
std::size_t closing_quote(std::string_view text) {
    const char mark = text.front();
    std::size_t i = 1;
    while (i < text.size() && (text[i] != mark || text.substr(i, 2) == "''")) {
        const bool pair = (mark == '"' && text[i] == '\\') || (mark == '\'' && text[i] == mark);
        i += pair ? 2 : 1;
    }
    return i < text.size() ? i : std::string_view::npos;
}

/// Collects the events of one document into Nodes.
class Builder : public YAML::EventHandler {
  public:
    /// @param told  aliases that were told of and read as null
    Builder(std::uint32_t index, Places told, Complaints& complaints)
        : index_(index),
          file_(complaints.sources().file(index)),
          complaints_(complaints),
          told_(std::move(told)) {}

    const std::optional<Node>& root() const { return root_; }
    /// Where nulls stand for what was told of: aliases, and collections with a tag.
    const Places& told() const { return told_; }

    void OnDocumentStart(const YAML::Mark& mark) override {
        if (documents_++ > 0) {
            throw Refused{position(mark),
                          "a second document begins here; a scenario is one document "
                          "(is a line above indented wrongly?)"};
        }
    }
    void OnDocumentEnd() override {}

    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        Position at = position(mark);
        const std::string_view rest = std::string_view(file_.bytes).substr(offset_of(file_, at));
        std::size_t written = 0;
        for (const std::string_view word : {"~", "null", "Null", "NULL"}) {
            if (rest.substr(0, word.size()) == word) written = word.size();
        }
        at.length = static_cast<std::uint32_t>(written);
        // The mark of a value that is not there is that of the token after it.
        const bool has_key = !open_.empty() && open_.back().key.has_value();
        if (written == 0 && has_key && told_.count(at) == 0) at = open_.back().key_position;
        finish(Node::null(at), anchor);
    }

    void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        if (expects_key()) throw Refused{position(mark), "a key must be written out, not an alias"};
        const auto found = anchors_.find(anchor);
        if (found == anchors_.end())
            throw Refused{position(mark), "an alias cannot contain itself"};
        finish(found->second, 0);
    }

    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  const std::string& value) override {
        const bool quoted = tag == "!";
        Position at = position(mark);
        check_tag(tag, at, quoted);
        at.length = quoted ? quoted_length(at) : plain_length(at, value);
        if (quoted) check_escapes(value, at);
        if (expects_key()) {
            begin_entry(value, quoted, at);
        } else {
            finish(Node::scalar(value, quoted, at), anchor);
        }
    }

    void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value) override {
        open(NodeKind::sequence, mark, tag, anchor);
    }
    void OnSequenceEnd() override { close(); }
    void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                    YAML::EmitterStyle::value) override {
        open(NodeKind::map, mark, tag, anchor);
    }
    void OnMapEnd() override { close(); }

    Position position(const YAML::Mark& mark) const {
        if (mark.line < 0 || mark.column < 0) return {index_, 1, 1, 0};
        const auto lines = static_cast<int>(file_.line_starts.size());
        return {index_, static_cast<std::uint32_t>(std::min(mark.line + 1, lines)),
                static_cast<std::uint32_t>(mark.column + 1), 1};
    }

  private:
    struct Open {
        NodeKind kind;
        Position at;
        YAML::anchor_t anchor;
        std::optional<std::string> key;
        Position key_position;
        std::vector<Node::Entry> entries;
        std::map<std::string, Position> keys;
    };

    bool expects_key() const {
        return !open_.empty() && open_.back().kind == NodeKind::map &&
               !open_.back().key.has_value();
    }

    /// What follows a tag is read on without it.
    bool check_tag(const std::string& tag, const Position& at, bool quoted) {
        if (tag.empty() || tag == "?" || quoted) return true;
        complaints_.error(at, "YAML tags (" + quote(tag) + ") are not part of the language");
        return false;
    }

    void open(NodeKind kind, const YAML::Mark& mark, const std::string& tag,
              YAML::anchor_t anchor) {
        const Position at = position(mark);
        if (!check_tag(tag, at, false)) told_.insert(at);
        if (expects_key()) throw Refused{at, std::string(collection_as_key)};
        if (open_.size() >= deepest_nesting) throw Refused{at, "nested deeper than 64 levels"};
        open_.push_back({kind, at, anchor, std::nullopt, {}, {}, {}});
    }

    void close() {
        Open done = std::move(open_.back());
        open_.pop_back();
        if (told_.count(done.at) > 0) {  // a set or the like: no map or list of ours
            finish(Node::null(done.at), done.anchor);
        } else if (done.kind == NodeKind::map) {
            finish(Node::map(std::move(done.entries), done.at), done.anchor);
        } else {
            finish(Node::sequence(std::move(done.entries), done.at), done.anchor);
        }
    }

    void begin_entry(const std::string& key, bool quoted, const Position& at) {
        if (key.empty()) throw Refused{at, "a key cannot be empty"};
        if (!quoted && (key.compare(0, 2, "-{") == 0 || key.compare(0, 2, "-[") == 0))
            throw Refused{{at.file, at.line, at.column, 1}, "a space is missing after this '-'"};
        Open& map = open_.back();
        if (key == "<<" && !quoted) {
            complaints_.error(
                at, "merge keys ('<<') are not part of the language; use 'extends: NAME'");
        }
        const auto [earlier, is_new] = map.keys.emplace(key, at);
        if (!is_new) {
            complaints_.error(at, "duplicate key " + quote(key))
                .notes.push_back({earlier->second, "first given here"});
        }
        map.key = key;
        map.key_position = at;
    }

    void finish(const Node& node, YAML::anchor_t anchor) {
        nodes_ += node.weight();
        if (nodes_ > 2 * most_nodes || node.weight() > most_nodes) {
            throw Refused{node.position(),
                          "more than 2,000,000 values; describe many equal things as "
                          "a population with 'count'"};
        }
        if (node.depth() > deepest_nesting)
            throw Refused{node.position(), "nested deeper than 64 levels"};
        if (anchor != 0) anchors_[anchor] = node;
        if (open_.empty()) {
            root_ = node;
        } else if (expects_key()) {  // a null as key: yaml-cpp reads ": value" so
            throw Refused{node.position(), "a key is missing here"};
        } else {
            Open& parent = open_.back();
            const bool ignored =
                parent.key && (parent.key->compare(0, 2, "x-") == 0 || *parent.key == "<<");
            if (!ignored) {
                parent.entries.push_back({parent.key.value_or(""), parent.key_position, node});
            }
            parent.key.reset();
        }
    }

    /// Bytes of a plain scalar on the line where it begins.
    std::uint32_t plain_length(const Position& at, const std::string& value) const {
        const std::string_view line = complaints_.sources().line(index_, at.line);
        const std::string_view rest =
            line.substr(std::min<std::size_t>(at.column - 1, line.size()));
        if (rest.substr(0, value.size()) == value) return static_cast<std::uint32_t>(value.size());
        return static_cast<std::uint32_t>(rest.substr(0, rest.find(" #")).size());
    }

    /// Bytes of a quoted scalar on its first line; refuses one that the file's end cuts off, which
    /// yaml-cpp 0.7 takes as closed.
    std::uint32_t quoted_length(const Position& at) const {
        const std::string_view rest = std::string_view(file_.bytes).substr(offset_of(file_, at));
        const std::size_t line_end = std::min(rest.find('\n'), rest.size());
        const char mark = rest.empty() ? ' ' : rest.front();
        if (mark != '"' && mark != '\'') return 1;  // a block scalar
        const std::size_t close = closing_quote(rest);
        if (close == std::string_view::npos) throw Refused{at, "this quote is never closed"};
        return static_cast<std::uint32_t>(std::min(close + 1, line_end));
    }

    void check_escapes(const std::string& value, const Position& at) const {
        for (std::size_t i = 0; i < value.size();) {
            const std::size_t length = utf8_sequence(std::string_view(value).substr(i));
            if (length == 0 || is_control(value[i]) || value[i] == '\r') {
                throw Refused{at, "control characters are not allowed, also not as escapes"};
            }
            i += length;
        }
    }

    std::uint32_t index_;
    const Sources::File& file_;
    Complaints& complaints_;
    std::optional<Node> root_;
    std::vector<Open> open_;
    std::map<YAML::anchor_t, Node> anchors_;
    std::size_t nodes_ = 0;
    int documents_ = 0;
    Places told_;
};

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

std::string as_lower(std::string_view text) {
    std::string out(text);
    for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    return out;
}

bool all_of(std::string_view text, std::string_view allowed) {
    return !text.empty() && text.find_first_not_of(allowed) == std::string_view::npos;
}

/// Why a plain scalar means different things to different readers of YAML; "" when it does not.
std::string ambiguity(std::string_view text) {
    static constexpr std::string_view digits = "0123456789";
    const std::string word = as_lower(text);
    for (const std::string_view truth : {"yes", "on", "y"}) {
        if (word == truth)
            return "is 'true' to some readers of YAML; write true, or in quotes if it is a text";
    }
    for (const std::string_view lie : {"no", "off", "n"}) {
        if (word == lie)
            return "is 'false' to some readers of YAML; write false, or in quotes if it is a text";
    }
    if ((word == "true" || word == "false") && word != text) return "is written '" + word + "'";
    std::string_view number = text;
    if (!number.empty() && (number[0] == '+' || number[0] == '-')) number.remove_prefix(1);
    if (number.size() > 1 && number[0] == '0' && all_of(number, digits)) {
        return "looks octal; write it without leading zeros, or in quotes if it is a text";
    }
    const std::string_view prefix = number.substr(0, 2);
    if (number.size() > 2 && (prefix == "0x" || prefix == "0o" || prefix == "0b") &&
        all_of(as_lower(number.substr(2)), "0123456789abcdef")) {
        return "is a number in another base; write it in decimal, or in quotes if it is a text";
    }
    if (number.find_first_of("_:") != std::string_view::npos &&
        all_of(number.substr(0, 1), digits) && all_of(number, "0123456789_:.")) {
        return "is read as one number by some readers of YAML; write it plainly, or in quotes if "
               "it is a text";
    }
    const std::string bare = as_lower(number);
    if (bare == ".inf" || bare == ".nan") return "is not a finite number";
    return "";
}

/// The tree with every value that is wrong in itself told of and replaced by null, over which
/// readers pass in silence: one fault, one complaint.
Node checked(const Node& node, const std::string& path, const Places& told,
             Complaints& complaints) {
    if (node.entries().empty()) return node;
    std::vector<Node::Entry> entries = node.entries();
    bool changed = false;
    for (std::size_t i = 0; i < entries.size(); ++i) {
        Node::Entry& entry = entries[i];
        const std::string below = node.is_map() ? child_path(path, entry.key) : item_path(path, i);
        Node value = checked(entry.value, below, told, complaints);
        if (value.is_null() && told.count(value.position()) > 0) {
            // A tag or an alias stands here that was told of.
        } else if (value.is_null()) {
            const bool glued = entry.key.find(':') != std::string::npos;
            complaints.error(
                value.position(),
                (node.is_map() ? quote(entry.key) : "this item") + " has no value; " +
                    (glued ? "a space is missing after ':'" : "leave it out, or write a value"),
                below);
        } else if (value.is_scalar() && !value.quoted()) {
            const bool mark = entry.key == "unused" && as_lower(value.text()) != "ok";
            const std::string why = mark ? "" : ambiguity(value.text());
            if (!why.empty()) {
                complaints.error(value.position(), quote(value.text()) + " " + why, below);
                value = Node::null(value.position());
            }
        }
        changed = changed || !value.same_as(entry.value);
        entry.value = std::move(value);
    }
    if (!changed) return node;
    return node.is_map() ? Node::map(std::move(entries), node.position())
                         : Node::sequence(std::move(entries), node.position());
}

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

/// An alias without an anchor stops yaml-cpp; so often the text is read again without it.
constexpr std::size_t most_aliases_told = 20;
constexpr std::size_t largest_reread = std::size_t{1} << 20;

/// Puts a null in the place of the alias at `mark`, moving nothing.
bool null_the_alias(const YAML::Mark& mark, std::string& text) {
    std::size_t at = 0;
    for (int line = 0; line < mark.line; ++line) {
        const std::size_t end = text.find('\n', at);
        if (end == std::string::npos) return false;
        at = end + 1;
    }
    at += static_cast<std::size_t>(std::max(mark.column, 0));
    if (at >= text.size() || text[at] != '*') return false;
    const std::size_t end = std::min(text.find_first_of(" ,]}\n\t", at), text.size());
    text.replace(at, end - at, end - at, ' ');
    text[at] = '~';
    return true;
}

/// Runs yaml-cpp over the text. A second document is asked for, since yaml-cpp silently drops all
/// that follows the first (one wrong indent is enough); never a third, which for "," never ends.
std::optional<Node> build(std::uint32_t index, Complaints& complaints) {
    std::string text = plain_lines(complaints.sources().file(index).bytes);
    Places told;  // aliases without an anchor
    while (true) {
        Builder builder(index, told, complaints);
        std::istringstream stream(text);
        try {
            YAML::Parser parser(stream);
            parser.HandleNextDocument(builder);
            parser.HandleNextDocument(builder);
            const Node root = builder.root().value_or(Node::null({index, 1, 1, 0}));
            return checked(root, "", builder.told(), complaints);
        } catch (const Refused& refused) {
            complain_of_syntax(index, refused.at, refused.message, complaints);
            return std::nullopt;
        } catch (const YAML::Exception& e) {
            const Position at = builder.position(e.mark);
            complain_of_syntax(index, at, in_plain_words(e.msg), complaints);
            const bool no_anchor = e.msg.rfind("the referenced anchor", 0) == 0;
            if (!no_anchor || told.size() >= most_aliases_told || text.size() > largest_reread ||
                !null_the_alias(e.mark, text))
                return std::nullopt;
            told.insert(at);
        }
    }
}

}  // namespace

std::optional<Node> parse_yaml(std::uint32_t file, Complaints& complaints) {
    if (!bytes_are_sound(file, complaints)) return std::nullopt;
    return build(file, complaints);
}

}  // namespace driftstorm
