#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace driftstorm {

/// Where something stands in a source file. Lines and columns count from 1, columns in bytes of the
/// line; `length` is how many bytes to underline (0: the caret alone).
struct Position {
    static constexpr std::uint32_t nowhere = UINT32_MAX;

    std::uint32_t file = nowhere;  ///< index in Sources
    std::uint32_t line = 1;
    std::uint32_t column = 1;
    std::uint32_t length = 0;

    bool known() const { return file != nowhere; }
    friend bool operator==(const Position&, const Position&) = default;
};

/// How files are read: gives the bytes, or sets the reason why not. Tests read from memory.
using ReadFile =
    std::function<std::optional<std::string>(const std::string& name, std::string& reason)>;
std::optional<std::string> read_file_from_disk(const std::string& name, std::string& reason);

/// The texts that a scenario was read from: its file, what it includes, data files that it names,
/// and the values of --set.
class Sources {
  public:
    explicit Sources(ReadFile read_file = read_file_from_disk) : read_file_(std::move(read_file)) {}

    struct File {
        std::string name;        ///< as named on the command line or, for an include, from there
        std::string bytes;       ///< exactly as read (kept for the result's provenance)
        Position included_from;  ///< the item of `include:` that first named it
        std::vector<std::size_t> line_starts;
    };

    std::uint32_t add(std::string name, std::string bytes, Position included_from = {});
    /// Reads a file and adds it; nothing, with the reason, when it cannot be read.
    std::optional<std::uint32_t> read(const std::string& name, Position included_from,
                                      std::string& reason);
    /// A file's name as seen from the file that names it: "b.yaml" in "a/main.yaml" is "a/b.yaml".
    std::string beside(std::uint32_t file, std::string_view relative) const;

    const std::vector<File>& files() const { return files_; }
    const File& file(std::uint32_t index) const { return files_.at(index); }

    /// Line `line` (from 1) of a file, without its line end; empty beyond the last.
    std::string_view line(std::uint32_t file, std::uint32_t line) const;

    /// "name:line:column", the column counted in characters as editors do.
    std::string place(const Position& at) const;
    /// "name:line"; for a value of the command line "--set".
    std::string origin(const Position& at) const;
    /// Column in characters (UTF-8 code points) of a position, from 1.
    std::uint32_t display_column(const Position& at) const;

  private:
    ReadFile read_file_;
    std::vector<File> files_;
};

/// The name under which values of the command line stand in Sources.
inline constexpr std::string_view command_line_source = "--set";

enum class Severity : std::uint8_t { error, warning };

/// A line below a complaint; with a position it begins with the place.
struct Note {
    Position at;
    std::string text;
};

struct Complaint {
    Severity severity = Severity::error;
    Position at;
    std::string message;
    std::string
        path;  ///< of the value in the scenario ("clocks.phone_xo.frequency_error"); may be empty
    std::vector<Note> notes;
};

/// Thrown once, after the whole scenario was read; what() is every complaint as the user sees it.
class ScenarioError : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// Collects all complaints about a scenario. Owns the sources that they point into.
class Complaints {
  public:
    explicit Complaints(ReadFile read_file = read_file_from_disk)
        : sources_(std::move(read_file)) {}

    Sources& sources() { return sources_; }
    const Sources& sources() const { return sources_; }

    /// Files a complaint; more notes can be hung on what is returned until the next call.
    Complaint& error(const Position& at, std::string message, std::string path = "");
    Complaint& warning(const Position& at, std::string message, std::string path = "");

    /// The complaint filed last, to hang more notes on.
    Complaint& last() { return kept_last_ ? all_.back() : overflow_; }

    std::size_t errors() const { return errors_; }
    /// Errors as a person counts them: those that text() shows, and those that it says were
    /// dropped.
    std::size_t distinct_errors() const;
    std::size_t warnings() const { return warnings_; }
    bool any_errors() const { return errors_ > 0; }

    /// All complaints in order of their places, each once.
    std::vector<Complaint> sorted() const;

    /// As the user sees them: place, message, excerpt, caret, notes.
    std::string text() const;
    /// The same as a JSON list of {severity, file, line, column, length, message, path, notes}.
    std::string json() const;

    /// @throws ScenarioError with text() when there was an error; warnings alone do not throw.
    /// Whether something stands against this very place already.
    bool told_at(const Position& at) const;
    void throw_if_any() const;

  private:
    Complaint& add(Severity severity, const Position& at, std::string message, std::string path);

    Sources sources_;
    std::vector<Complaint> all_;
    std::size_t errors_ = 0;
    std::size_t warnings_ = 0;
    Complaint overflow_;  ///< the last one, when there were too many to keep
    bool kept_last_ = false;
};

/// The known word nearest to a misspelt one, or "" when none is near enough to be meant. Distance
/// is Damerau-Levenshtein (a swap of neighbours counts once), letters' case aside.
std::string nearest_word(std::string_view word, const std::vector<std::string_view>& known);
std::string nearest_word(std::string_view word, const std::vector<std::string>& known);

/// "; did you mean 'x'?", or "" when nothing is near.
std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& known);
std::string did_you_mean(std::string_view word, const std::vector<std::string>& known);

/// 'text', shortened when long, with control characters made visible.
std::string quote(std::string_view text);

/// "a, b or c".
std::string list_words(const std::vector<std::string_view>& words);

/// Bytes of the UTF-8 sequence at the head of `text`, 0 when it is none.
/// Source: The Unicode Standard 15.0, table 3-7 (well-formed UTF-8 byte sequences).
std::size_t utf8_sequence(std::string_view text);
/// Whether a character is a control character other than tab and line ends.
bool is_control(char c);
/// The text with control characters and broken UTF-8 replaced by U+FFFD: fit for a terminal.
std::string printable(std::string_view text);

/// A JSON string literal; broken UTF-8 is replaced by U+FFFD.
std::string json_string(std::string_view text);

/// The path of a member: "apps" + "cap" = "apps.cap", "apps" + "v7.3.1" = "apps[v7.3.1]".
std::string child_path(std::string_view parent, std::string_view key);
/// The path of a list's item: "stops" + 2 = "stops[2]".
std::string item_path(std::string_view parent, std::size_t index);

}  // namespace driftstorm
