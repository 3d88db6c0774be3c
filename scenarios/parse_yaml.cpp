#include "scenarios/parse_yaml.hpp"

#include "scenarios/yaml_syntax.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <sstream>
#include <utility>

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

namespace driftstorm {

namespace {

struct EarlierPlace {
    bool operator()(const Position& a, const Position& b) const {
        return std::pair(a.line, a.column) < std::pair(b.line, b.column);
    }
};
/// Places in one file.
using Places = std::set<Position, EarlierPlace>;

/// Stops yaml-cpp in the middle of a document.
struct Refused {
    Position at;
    std::string message;
};

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
