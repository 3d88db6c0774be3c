#pragma once

#include "scenarios/complaints.hpp"
#include "scenarios/node.hpp"
#include "scenarios/quantity.hpp"

#include <initializer_list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace driftstorm {

/// One `--set NAME=VALUE`.
struct Assignment {
    std::string name;
    std::string value;
};

/// Splits "NAME=VALUE" at the first '='.
/// @throws std::invalid_argument showing the text when it has no '=' or no name
Assignment parse_assignment(std::string_view text);

/// An entry of `parameters:`; the only values that --set and sweeps may change.
struct Parameter {
    std::string name;
    Position at;         ///< of its name
    Node default_value;  ///< a scalar
    Node value;          ///< the default, or what --set put in its place
    std::optional<Quantity> least, most;
    bool changed = false;  ///< whether the value differs from the default
    bool used = false;     ///< whether a `$name` refers to it
};

/// A scenario after `include`, `extends`, `parameters` and --set: what the readers of sections get.
struct Document {
    /// The sections, in the order of the file. Without `schema`, `include`, `parameters`, `x-*`,
    /// `extends`, and the `unused: ok` of entries that are only referred to.
    Node root;
    std::vector<Parameter> parameters;
    std::set<std::string> allowed_unused;  ///< paths of entries marked `unused: ok`

    /// Whether any parameter differs from its declared default.
    bool parameters_changed() const;
};

/// Maps whose one key is one of these words are values: an overriding map replaces them whole.
const std::set<std::string, std::less<>>& kind_words();

/// Reads a scenario and all it includes. Files are named relative to the including file.
/// Every fault is a complaint; gives nothing only when there is no map to look at.
std::optional<Document> load_document(const std::string& name, const std::vector<Assignment>& set,
                                      Complaints& complaints);

/// Where every scalar of a resolved tree comes from: path and "file:line", "--set" or "default" (a
/// value that stands in no file). In the order of the tree.
std::vector<std::pair<std::string, std::string>> origins(const Node& root, const Sources& sources);

/// The node at a path like "apps[v7.3.1].reconnect.cap" or "timeline[0].for"; nullptr when there is
/// none.
const Node* find_path(const Node& root, std::string_view path);

/// For `check --explain-value PATH`: the value, where it stands, and where it comes from, a line
/// each.
/// @throws std::invalid_argument saying how far the path leads and what is there instead
std::string explain_value(const Document& document, const Sources& sources, std::string_view path);

/// A reference to a named entry, resolved after all sections are read.
struct Reference {
    std::string name;
    Position at;
    std::string path;
};

/// Whether a section ("servers", "network.cells") is there and no map, or not there but a key that
/// was complained of and may be meant for it: what misses its entries follows from that.
bool is_lost(const Node& root, std::string_view section, const Complaints& complaints);
/// Whether one is lost of the sections whose entries are targets, or are sampled and measured.
bool is_any_lost(const Node& root, const Complaints& complaints);

/// The entries of a document by section, and who refers to them.
class Names {
  public:
    explicit Names(const Document& document);

    /// Names of the entries of a section ("clocks", "network.cells"); empty when it is not there.
    std::vector<std::string> in(std::string_view section) const;
    bool has(std::string_view section, std::string_view name) const;

    /// Marks the entry that a reference means as used, in the first of the sections that has it.
    /// Complains where the reference stands when none has it. `what` is the thing in words
    /// ("clock").
    bool use(const Reference& reference, std::initializer_list<std::string_view> sections,
             std::string_view what, Complaints& complaints);
    /// Marks an entry as used without a reference to complain about.
    void mark_used(std::string_view section, std::string_view name);

    /// An error at each entry of the sections that exist only to be referred to (clocks, apps,
    /// mobility) to which nobody refers, unless it says `unused: ok`.
    void complain_about_unused(Complaints& complaints) const;

  private:
    struct Entry {
        std::string name;
        Position at;
    };
    const Document& document_;
    std::map<std::string, std::vector<Entry>, std::less<>> sections_;
    std::set<std::pair<std::string, std::string>> used_;
};

/// A tree as YAML text that reads back as the same tree: block style, keys in the tree's order,
/// texts quoted only where they must be.
std::string yaml_text(const Node& node);
/// A tree as JSON; plain scalars that are numbers, true or false become such.
std::string json_text(const Node& node);
/// The same without the end of the line.
std::string json_value(const Node& node);

}  // namespace driftstorm
