#include "scenarios/document.hpp"

#include "scenarios/parse_yaml.hpp"
#include "scenarios/resolve.hpp"
#include "scenarios/values.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

namespace driftstorm {
namespace {

constexpr std::size_t most_files = 100;
constexpr std::size_t most_bytes = 64u << 20;
constexpr std::string_view language = "scenario/1";

/// Reads a file and what it includes, each file once.
class Includer {
  public:
    explicit Includer(Complaints& complaints) : complaints_(complaints) {}

    /// A file laid on what it includes; nothing when it cannot be read as a map.
    std::optional<Node> load(const std::string& name, const Position& from) {
        std::string reason;
        const std::optional<std::uint32_t> file = complaints_.sources().read(name, from, reason);
        if (!file) {
            const Position at =
                from.known() ? from : Position{complaints_.sources().add(name, ""), 0, 0, 0};
            complaints_.error(at, "cannot read " + quote(name) + ": " + reason);
            return {};
        }
        const std::size_t bytes = complaints_.sources().file(*file).bytes.size();
        const bool told_of_it = bytes > largest_file;  // when it is parsed
        if (!told_of_it && ((bytes_ += bytes) > most_bytes || ++files_ > most_files)) {
            complaints_.error(from, "more than 100 files or 64 MiB in one scenario");
            return {};
        }
        const std::optional<Node> own = parse_yaml(*file, complaints_);
        if (!own) return {};
        if (!own->is_map()) {
            const Position start{*file, 1, 1, 0};
            complaints_.error(
                start, own->is_null() ? "the file is empty; its first line is 'schema: scenario/1'"
                                      : "a scenario is a map of sections, got " + own->describe());
            return {};
        }
        check_schema(*own, *file, !from.known());
        return with_included(*own, *file, name);
    }

  private:
    void check_schema(const Node& root, std::uint32_t file, bool is_main) {
        const Node* schema = root.find("schema");
        if (!schema) {
            // An included file may leave it to the one that includes it.
            if (is_main)
                complaints_.error({file, 1, 1, 0}, "the first line must be 'schema: scenario/1'");
            return;
        }
        if (root.entries().front().key != "schema") {
            complaints_.error(root.find_entry("schema")->key_position,
                              "'schema' must be the first key");
        }
        if (schema->is_null()) return;
        const std::string text = schema->text();
        if (schema->is_scalar() && text == language) return;
        const bool other_version = text.compare(0, 9, "scenario/") == 0;
        complaints_.error(schema->position(),
                          other_version
                              ? quote(text) + " is not known here; this program reads scenario/1"
                              : "'schema' must be scenario/1, got " + schema->describe());
    }

    std::optional<Node> with_included(const Node& own, std::uint32_t file,
                                      const std::string& name) {
        const Node* includes = own.find("include");
        if (!includes) return own;
        open_.push_back(name);
        std::optional<Node> below;
        for (const Node& item : items_of(*includes)) {
            const std::optional<Node> included = included_at(item, file);
            if (!included) continue;
            below = below ? merged(*below, *included, "", complaints_) : *included;
        }
        open_.pop_back();
        const Node rest = without(own, "include");
        if (!below) return rest;
        return merged(*below, rest, "", complaints_);
    }

    std::vector<Node> items_of(const Node& includes) {
        if (includes.is_scalar()) return {includes};
        std::vector<Node> items;
        if (includes.is_sequence()) {
            for (const Node::Entry& entry : includes.entries()) items.push_back(entry.value);
        } else if (!includes.is_null()) {
            complaints_.error(includes.position(),
                              "'include' must be a list of files, got " + includes.describe());
        }
        return items;
    }

    std::optional<Node> included_at(const Node& item, std::uint32_t file) {
        if (item.is_null()) return {};
        if (!item.is_scalar() || item.text().empty()) {
            complaints_.error(item.position(),
                              "'include' must be a list of files, got " + item.describe());
            return {};
        }
        const std::string name = complaints_.sources().beside(file, item.text());
        if (std::find(open_.begin(), open_.end(), name) != open_.end()) {
            std::string circle;
            for (auto link = std::find(open_.begin(), open_.end(), name); link != open_.end();
                 ++link) {
                circle += *link + " -> ";
            }
            complaints_.error(item.position(),
                              "'include' goes round in a circle: " + circle + name);
            return {};
        }
        const auto known = loaded_.find(name);
        if (known != loaded_.end()) return known->second;
        std::optional<Node> node = load(name, item.position());
        loaded_.emplace(name, node);
        return node;
    }

    Complaints& complaints_;
    std::vector<std::string> open_;
    std::map<std::string, std::optional<Node>> loaded_;
    std::size_t bytes_ = 0;
    std::size_t files_ = 0;
};

bool is_parameter_name(std::string_view name) {
    const auto allowed = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_';
    };
    return !name.empty() && !(name[0] >= '0' && name[0] <= '9') &&
           std::all_of(name.begin(), name.end(), allowed);
}

/// Reads `parameters:` and puts --set in place.
class ParameterReader {
  public:
    ParameterReader(Complaints& complaints, std::set<std::string>& allowed_unused)
        : complaints_(complaints), allowed_unused_(allowed_unused) {}

    std::vector<Parameter> read(const Node& section) {
        std::vector<Parameter> parameters;
        if (section.is_null()) return parameters;
        if (!section.is_map()) {
            complaints_.error(section.position(),
                              "'parameters' must be a map of names, got " + section.describe());
            return parameters;
        }
        for (const Node::Entry& entry : section.entries()) {
            if (auto parameter = read_one(entry)) {
                parameters.push_back(*std::move(parameter));
            } else {
                malformed_.insert(entry.key);
            }
        }
        return parameters;
    }

    /// Names whose entries were complained of.
    const std::set<std::string>& malformed() const { return malformed_; }

    void assign(std::vector<Parameter>& parameters, const std::vector<Assignment>& set) {
        std::string lines;
        for (const Assignment& one : set)
            lines += one_line(one.name) + "=" + one_line(one.value) + "\n";
        if (set.empty()) return;
        const std::uint32_t file =
            complaints_.sources().add(std::string(command_line_source), lines);
        for (std::size_t i = 0; i < set.size(); ++i) {
            const auto line = static_cast<std::uint32_t>(i + 1);
            const auto name_length = static_cast<std::uint32_t>(set[i].name.size());
            assign_one(
                parameters, set[i], {file, line, 1, name_length},
                {file, line, name_length + 2, static_cast<std::uint32_t>(set[i].value.size())});
        }
    }

  private:
    static std::string one_line(std::string text) {
        std::replace(text.begin(), text.end(), '\n', ' ');
        return text;
    }

    std::optional<Parameter> read_one(const Node::Entry& entry) {
        const std::string path = child_path("parameters", entry.key);
        if (!is_parameter_name(entry.key)) {
            complaints_.error(entry.key_position,
                              quote(entry.key) +
                                  " cannot be a parameter's name; letters, "
                                  "digits and '_' can",
                              path);
            return {};
        }
        if (!entry.value.is_map()) {
            if (!entry.value.is_null()) {
                complaints_.error(entry.value.position(),
                                  "a parameter is { default: ..., range: [..., ...] }, got " +
                                      entry.value.describe(),
                                  path);
            }
            return {};
        }
        Parameter parameter{entry.key, entry.key_position, {}, {}, {}, {}, false, false};
        const Node* default_value = nullptr;
        for (const Node::Entry& member : entry.value.entries()) {
            if (member.key == "default") {
                default_value = &member.value;
            } else if (member.key == "unused") {
                read_unused(member.value, path);
            } else if (member.key != "range") {
                complaints_.error(
                    member.key_position,
                    quote(member.key) + " is no key of a parameter" +
                        did_you_mean(member.key,
                                     std::vector<std::string_view>{"default", "range", "unused"}),
                    child_path(path, member.key));
            }
        }
        if (!default_value) {
            complaints_.error(entry.key_position, quote(path) + " needs 'default'", path);
            return {};
        }
        if (!is_plain_value(*default_value, path)) return {};
        parameter.default_value = parameter.value = *default_value;
        if (const Node* range = entry.value.find("range")) read_range(*range, parameter, path);
        return parameter;
    }

    void read_unused(const Node& value, const std::string& path) {
        if (value.is_scalar() && value.text() == "ok") {
            allowed_unused_.insert(path);
        } else if (!value.is_null()) {
            complaints_.error(value.position(), "'unused' can only say ok, got " + value.describe(),
                              path);
        }
    }

    bool is_plain_value(const Node& value, const std::string& path) {
        if (value.is_null()) return false;
        if (!value.is_scalar()) {
            complaints_.error(value.position(),
                              "a parameter must be a single value, got " + value.describe(), path);
            return false;
        }
        if (value.text().empty() || value.text()[0] == '$') {
            complaints_.error(
                value.position(),
                "a parameter cannot be " + value.describe() + "; it must be a value of its own",
                path);
            return false;
        }
        return true;
    }

    void read_range(const Node& range, Parameter& parameter, const std::string& path) {
        if (range.is_null()) return;
        if (!range.is_sequence() || range.size() != 2) {
            complaints_.error(range.position(),
                              "'range' must be [LEAST, MOST], got " + range.describe(), path);
            return;
        }
        const ParsedQuantity value = parse_quantity(parameter.default_value.text());
        if (!value.quantity) {
            complaints_.error(
                range.position(),
                "a range needs a default with a number, got " + parameter.default_value.describe(),
                path);
            return;
        }
        parameter.least = end_of_range(range.entries()[0].value, *value.quantity, path);
        parameter.most = end_of_range(range.entries()[1].value, *value.quantity, path);
        if (!parameter.least || !parameter.most) return;
        if (parameter.least->compare(*parameter.most) > 0) {
            complaints_.error(range.position(),
                              "the range is empty: its least value is above its greatest", path);
        } else {
            check_range(parameter, *value.quantity, parameter.default_value, path);
        }
    }

    std::optional<Quantity> end_of_range(const Node& end, const Quantity& value,
                                         const std::string& path) {
        return read_quantity(end, {"range", path, {value.unit->name}, complaints_});
    }

    bool check_range(const Parameter& parameter, const Quantity& value, const Node& node,
                     const std::string& path) {
        const bool low = parameter.least && value.compare(*parameter.least) < 0;
        const bool high = parameter.most && value.compare(*parameter.most) > 0;
        if (!low && !high) return true;
        complaints_
            .error(node.position(),
                   quote(parameter.name) + " must be between " + text_of(*parameter.least) +
                       " and " + text_of(*parameter.most) + ", got " + node.describe(),
                   path)
            .notes.push_back({parameter.at, "the parameter is defined here"});
        return false;
    }

    static std::string text_of(const Quantity& quantity) {
        Quantity bare = quantity;
        bare.unit = find_unit("");
        const std::string number = format_number(bare.in(""));
        return quantity.unit->name.empty() ? number
                                           : number + " " + std::string(quantity.unit->name);
    }

    void assign_one(std::vector<Parameter>& parameters, const Assignment& one,
                    const Position& name_at, const Position& value_at) {
        const auto found = std::find_if(parameters.begin(), parameters.end(),
                                        [&](const Parameter& p) { return p.name == one.name; });
        if (found == parameters.end()) {
            if (malformed_.count(one.name) > 0) return;  // told of
            std::vector<std::string> known;
            known.reserve(parameters.size());
            for (const Parameter& parameter : parameters) known.push_back(parameter.name);
            Complaint& complaint =
                complaints_.error(name_at, "there is no parameter " + quote(one.name) +
                                               did_you_mean(one.name, known));
            if (!known.empty()) {
                const std::vector<std::string_view> views(known.begin(), known.end());
                complaint.notes.push_back({{}, "parameters are " + list_words(views)});
            }
            return;
        }
        const Node value = Node::scalar(one.value, false, value_at);
        const std::string path = child_path("parameters", one.name);
        if (printable(one.value) != one.value) {
            complaints_.error(value_at,
                              quote(one.name) + " holds control characters or broken UTF-8", path);
            return;
        }
        const ParsedQuantity usual = parse_quantity(found->default_value.text());
        if (usual.quantity) {
            const std::size_t before = complaints_.errors();
            const ValuePlace place{one.name, path, {usual.quantity->unit->name}, complaints_};
            const std::optional<Quantity> quantity = read_quantity(value, place);
            if (complaints_.errors() > before) {
                complaints_.last().notes.push_back({found->at, "the parameter is defined here"});
            }
            if (!quantity || !check_range(*found, *quantity, value, path)) return;
            found->changed = quantity->compare(*usual.quantity) != 0;
        } else {
            if (!is_plain_value(value, path)) return;
            found->changed = one.value != found->default_value.text();
        }
        found->value = value;
    }

    Complaints& complaints_;
    std::set<std::string>& allowed_unused_;
    std::set<std::string> malformed_;
};

/// Sections that exist only to be referred to.
constexpr std::array<std::string_view, 3> referred_only{"clocks", "apps", "mobility"};

/// What another entry extends is referred to by it.
void note_bases(const Node& root, std::set<std::string>& allowed) {
    for (const std::string_view section : referred_only)
        if (const Node* entries = root.find(section))
            for (const Node::Entry& entry : entries->entries())
                if (const Node* base = entry.value.find("extends"); base && base->is_scalar())
                    allowed.insert(child_path(section, base->text()));
}

/// Takes `unused: ok` out of the entries of sections that exist only to be referred to.
Node without_unused_marks(const Node& root, std::set<std::string>& allowed,
                          Complaints& complaints) {
    std::vector<Node::Entry> top = root.entries();
    for (Node::Entry& section : top) {
        if (std::find(referred_only.begin(), referred_only.end(), section.key) ==
            referred_only.end())
            continue;
        if (!section.value.is_map()) continue;
        std::vector<Node::Entry> entries = section.value.entries();
        for (Node::Entry& entry : entries) {
            const Node* mark = entry.value.find("unused");
            if (!mark) continue;
            const std::string path = child_path(section.key, entry.key);
            if (mark->is_scalar() && mark->text() == "ok") {
                allowed.insert(path);
            } else if (!mark->is_null()) {
                complaints.error(mark->position(),
                                 "'unused' can only say ok, got " + mark->describe(), path);
            }
            entry.value = without(entry.value, "unused");
        }
        section.value = Node::map(std::move(entries), section.value.position());
    }
    return Node::map(std::move(top), root.position());
}

void complain_about_unused_parameters(const Document& document, Complaints& complaints) {
    for (const Parameter& parameter : document.parameters) {
        const std::string path = child_path("parameters", parameter.name);
        if (parameter.used || document.allowed_unused.count(path) > 0) continue;
        if (complaints.told_at(parameter.at)) continue;  // a name that is there twice is used once
        complaints.error(parameter.at,
                         "nothing refers to the parameter " + quote(parameter.name) + "; write '$" +
                             parameter.name + "' where it is meant, or 'unused: ok'",
                         path);
    }
}

}  // namespace

Assignment parse_assignment(std::string_view text) {
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos || equals == 0) {
        throw std::invalid_argument("--set must be NAME=VALUE, got '" + std::string(text) + "'");
    }
    return {std::string(text.substr(0, equals)), std::string(text.substr(equals + 1))};
}

bool Document::parameters_changed() const {
    return std::any_of(parameters.begin(), parameters.end(),
                       [](const Parameter& p) { return p.changed; });
}

const std::set<std::string, std::less<>>& kind_words() {
    static const std::set<std::string, std::less<>> words{
        // distributions
        "constant", "uniform", "normal", "lognormal", "exponential", "hyperexponential", "gamma",
        "weibull", "pareto", "laplace", "poisson", "geometric", "zipf", "mixture", "weighted",
        "empirical",
        // jitter
        "none", "full", "equal", "decorrelated", "before_cap",
        // processes
        "random_walk", "gilbert_elliott", "daily_profile", "renewal", "fixed", "trace"};
    return words;
}

std::optional<Document> load_document(const std::string& name, const std::vector<Assignment>& set,
                                      Complaints& complaints) {
    const std::optional<Node> loaded = Includer(complaints).load(name, {});
    if (!loaded) return {};
    Document document;
    note_bases(*loaded, document.allowed_unused);
    const Node whole = without(with_extends(*loaded, complaints), "schema");
    ParameterReader reader(complaints, document.allowed_unused);
    if (const Node* section = whole.find("parameters")) document.parameters = reader.read(*section);
    reader.assign(document.parameters, set);
    const Node sections =
        without_unused_marks(without(whole, "parameters"), document.allowed_unused, complaints);
    document.root = with_plain_lists(
        with_parameters(sections, document.parameters, reader.malformed(), complaints));
    complain_about_unused_parameters(document, complaints);
    return document;
}

}  // namespace driftstorm
