#include "scenarios/document.hpp"

#include "scenarios/selector.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

namespace driftstorm {
namespace {

std::string path_below(const Node& node, std::size_t index, const std::string& path) {
    return node.is_map() ? child_path(path, node.entries()[index].key) : item_path(path, index);
}

void collect_origins(const Node& node, const std::string& path, const Sources& sources,
                     std::vector<std::pair<std::string, std::string>>& list) {
    if (node.is_scalar() || node.entries().empty()) {
        list.emplace_back(path, sources.origin(node.origin()));
    }
    for (std::size_t i = 0; i < node.size(); ++i) {
        collect_origins(node.entries()[i].value, path_below(node, i, path), sources, list);
    }
}

/// How far a path leads into a tree.
struct Walk {
    const Node* node;
    std::string reached;  ///< path so far
    std::string missing;  ///< name of the step that is not there; "" when all are
};

Walk walk(const Node& root, const Selector& selector) {
    Walk out{&root, "", ""};
    for (const SelectorStep& step : selector.steps) {
        const Node* next = nullptr;
        if (step.kind == SelectorStep::Kind::name) {
            next = out.node->find(step.name);
            out.missing = step.name;
        } else if (step.kind == SelectorStep::Kind::index) {
            out.missing = std::to_string(step.index);
            const bool there = out.node->is_sequence() && step.index < out.node->size();
            if (there) next = &out.node->entries()[step.index].value;
            if (out.node->is_map()) next = out.node->find(out.missing);
        } else {
            out.missing = step.matches.front().attribute + "=" + step.matches.front().value;
        }
        if (!next) return out;
        out.reached = out.node->is_map() ? child_path(out.reached, out.missing)
                                         : item_path(out.reached, step.index);
        out.node = next;
    }
    out.missing.clear();
    return out;
}

}  // namespace

std::vector<std::pair<std::string, std::string>> origins(const Node& root, const Sources& sources) {
    std::vector<std::pair<std::string, std::string>> list;
    collect_origins(root, "", sources, list);
    return list;
}

const Node* find_path(const Node& root, std::string_view path) {
    const ParsedSelector parsed = parse_selector(path);
    if (!parsed.selector) return nullptr;
    const Walk found = walk(root, *parsed.selector);
    return found.missing.empty() ? found.node : nullptr;
}

std::string explain_value(const Document& document, const Sources& sources, std::string_view path) {
    const ParsedSelector parsed = parse_selector(path);
    if (!parsed.selector) throw std::invalid_argument(quote(path) + " " + parsed.error);
    const Walk found = walk(document.root, *parsed.selector);
    if (!found.missing.empty()) {
        std::vector<std::string> known;
        for (const Node::Entry& entry : found.node->entries()) known.push_back(entry.key);
        const std::string where = found.reached.empty() ? "the scenario" : quote(found.reached);
        throw std::invalid_argument(where + " has no " + quote(found.missing) +
                                    did_you_mean(found.missing, known));
    }
    const Node& node = *found.node;
    std::string out = found.reached + ":";
    if (!node.is_scalar()) {
        out += "\n" + yaml_text(node);
    } else {
        out += " " + node.text() + "\n";
    }
    out += "  stands at " + sources.place(node.position()) + "\n";
    if (!node.via().empty()) {
        const bool set = sources.origin(node.origin()) == command_line_source;
        out += "  through " + node.via() + ", " +
               (set ? "set on the command line"
                    : "whose default stands at " + sources.place(node.origin())) +
               "\n";
    }
    const Position& from =
        node.position().known() ? sources.file(node.position().file).included_from : Position{};
    if (from.known()) out += "  included from " + sources.origin(from) + "\n";
    return out;
}

bool is_lost(const Node& root, std::string_view section, const Complaints& complaints) {
    if (const Node* written = find_path(root, section)) return !written->is_map();
    const std::size_t dot = section.rfind('.');
    const bool nested = dot != std::string_view::npos;
    const Node* home = nested ? find_path(root, section.substr(0, dot)) : &root;
    if (home == nullptr) return is_lost(root, section.substr(0, dot), complaints);
    const std::vector<std::string_view> name{nested ? section.substr(dot + 1) : section};
    return std::any_of(
        home->entries().begin(), home->entries().end(), [&](const Node::Entry& entry) {
            return complaints.told_at(entry.key_position) && !nearest_word(entry.key, name).empty();
        });
}

bool is_any_lost(const Node& root, const Complaints& complaints) {
    static constexpr std::array<std::string_view, 7> sections{
        "network", "network.cells", "network.access_points", "network.routers", "network.links",
        "servers", "populations"};
    return std::any_of(sections.begin(), sections.end(), [&](std::string_view section) {
        return is_lost(root, section, complaints);
    });
}

Names::Names(const Document& document) : document_(document) {
    const auto add = [&](const std::string& section, const Node& map) {
        for (const Node::Entry& entry : map.entries()) {
            if (map.is_map()) sections_[section].push_back({entry.key, entry.key_position});
        }
    };
    for (const Node::Entry& section : document.root.entries()) {
        add(section.key, section.value);
        for (const Node::Entry& inner : section.value.entries()) {
            if (section.value.is_map()) add(child_path(section.key, inner.key), inner.value);
        }
    }
}

std::vector<std::string> Names::in(std::string_view section) const {
    std::vector<std::string> names;
    const auto found = sections_.find(section);
    if (found == sections_.end()) return names;
    for (const Entry& entry : found->second) names.push_back(entry.name);
    return names;
}

bool Names::has(std::string_view section, std::string_view name) const {
    const auto found = sections_.find(section);
    if (found == sections_.end()) return false;
    return std::any_of(found->second.begin(), found->second.end(),
                       [&](const Entry& e) { return e.name == name; });
}

void Names::mark_used(std::string_view section, std::string_view name) {
    used_.emplace(std::string(section), std::string(name));
}

bool Names::use(const Reference& reference, std::initializer_list<std::string_view> sections,
                std::string_view what, Complaints& complaints) {
    if (reference.name.empty()) return false;
    std::vector<std::string> known;
    for (const std::string_view section : sections) {
        if (is_lost(document_.root, section, complaints)) return false;
        if (has(section, reference.name)) {
            mark_used(section, reference.name);
            return true;
        }
        const std::vector<std::string> names = in(section);
        known.insert(known.end(), names.begin(), names.end());
    }
    const std::string near = nearest_word(reference.name, known);
    Complaint& complaint =
        complaints.error(reference.at,
                         "there is no " + std::string(what) + " " + quote(reference.name) +
                             (near.empty() ? "" : "; did you mean " + quote(near) + "?"),
                         reference.path);
    for (const std::string_view section : sections) {
        const auto found = sections_.find(section);
        if (found == sections_.end()) continue;
        for (const Entry& entry : found->second) {
            // One of them was meant; which, is known only by a name near to it.
            if (near.empty() || entry.name == near) mark_used(section, entry.name);
            if (entry.name == near)
                complaint.notes.push_back({entry.at, quote(near) + " is defined here"});
        }
    }
    if (near.empty() && !known.empty() && known.size() <= 12) {
        const std::vector<std::string_view> views(known.begin(), known.end());
        complaint.notes.push_back({{}, "there is " + list_words(views)});
    }
    return false;
}

void Names::complain_about_unused(Complaints& complaints) const {
    static constexpr std::array<std::string_view, 3> referred_only{"clocks", "apps", "mobility"};
    if (is_lost(document_.root, "populations", complaints)) return;  // with all that refers
    for (const std::string_view section : referred_only) {
        const auto found = sections_.find(section);
        if (found == sections_.end()) continue;
        for (const Entry& entry : found->second) {
            const std::string path = child_path(section, entry.name);
            const bool used = used_.count({std::string(section), entry.name}) > 0;
            if (used || document_.allowed_unused.count(path) > 0) continue;
            complaints.error(entry.at,
                             "nothing refers to " + quote(path) +
                                 "; refer to it, take it out, or "
                                 "write 'unused: ok' in it",
                             path);
        }
    }
}

}  // namespace driftstorm
