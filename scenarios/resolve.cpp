#include "scenarios/resolve.hpp"

#include <algorithm>
#include <array>

namespace driftstorm {
namespace {

constexpr std::size_t longest_chain =
    32;  // of extends; more is a mistake, and each link costs a copy

/// The items of `{ append: [...] }`, or nullptr.
const Node* appended(const Node& node) {
    if (node.size() != 1) return nullptr;
    const Node* items = node.find("append");
    return items && items->is_sequence() ? items : nullptr;
}

bool is_value_map(const Node& node) {
    if (!node.is_map() || node.size() != 1) return false;
    return kind_words().count(node.entries().front().key) > 0;
}

Node joined(const Node& base, const Node& items) {
    std::vector<Node::Entry> all = base.entries();
    all.insert(all.end(), items.entries().begin(), items.entries().end());
    return Node::sequence(std::move(all), items.position());
}

Node merged_maps(const Node& base, const Node& over, const std::string& path,
                 Complaints& complaints) {
    std::map<std::string_view, std::size_t> places;
    std::vector<Node::Entry> entries = base.entries();
    for (std::size_t i = 0; i < base.size(); ++i) places.emplace(base.entries()[i].key, i);
    for (const Node::Entry& entry : over.entries()) {
        const auto place = places.find(entry.key);
        if (place == places.end()) {
            entries.push_back(entry);
            continue;
        }
        Node::Entry& old = entries[place->second];
        old.value = merged(old.value, entry.value, child_path(path, entry.key), complaints);
        old.key_position = entry.key_position;
    }
    return Node::map(std::move(entries), over.position());
}

}  // namespace

Node merged(const Node& base, const Node& over, const std::string& path, Complaints& complaints) {
    if (const Node* items = appended(over)) {
        if (base.is_sequence()) return joined(base, *items);
        if (const Node* earlier = appended(base)) {
            return Node::map({{"append", over.entries()[0].key_position, joined(*earlier, *items)}},
                             over.position());
        }
        complaints
            .error(over.position(),
                   "'append' needs a list to append to, but there is " + base.describe(), path)
            .notes.push_back({base.position(), "which stands here"});
        return base;  // a reader has nothing more to say of it
    }
    const bool by_key =
        base.is_map() && over.is_map() && !is_value_map(base) && !is_value_map(over);
    return by_key ? merged_maps(base, over, path, complaints) : over;
}

Node without(const Node& map, std::string_view key) {
    if (!map.find(key)) return map;
    std::vector<Node::Entry> entries;
    for (const Node::Entry& entry : map.entries()) {
        if (entry.key != key) entries.push_back(entry);
    }
    return Node::map(std::move(entries), map.position());
}

namespace {

/// Resolves `extends` from the root down: an entry is laid on its sibling as written, then what is
/// inside of it is looked at. The work is counted, since entries inside entries that extend one
/// another can double at each level.
class Extender {
  public:
    explicit Extender(Complaints& complaints) : complaints_(complaints) {}

    Node resolve(const Node& node, const std::string& path) {
        if (!count(node)) return node;
        if (node.is_scalar() || node.is_null()) return node;
        const Family family(node);
        std::vector<Node::Entry> entries = node.entries();
        bool changed = false;
        std::vector<std::optional<Flat>> flat(entries.size());
        for (std::size_t i = 0; i < entries.size(); ++i) {
            const std::string below = path_of(node, i, path);
            if (entries[i].value.find("extends")) {
                std::vector<std::size_t> chain;
                entries[i].value = flattened(family, i, below, chain, flat).node;
                changed = true;
            }
            if (entries[i].value.entries().empty()) continue;
            const Node inner = resolve(entries[i].value, below);
            if (!inner.same_as(entries[i].value)) {
                entries[i].value = inner;
                changed = true;
            }
        }
        if (!changed) return node;
        return node.is_map() ? Node::map(std::move(entries), node.position())
                             : Node::sequence(std::move(entries), node.position());
    }

  private:
    /// An entry with what it extends, and over how many links.
    struct Flat {
        Node node;
        std::size_t links = 0;
    };

    /// The entries among which `extends` looks, by name: a map's keys, or the `name` of a list's
    /// items.
    struct Family {
        explicit Family(const Node& node) : parent(node) {}

        const std::map<std::string, std::size_t>& by_name() const {
            if (!names.empty()) return names;
            for (std::size_t i = 0; i < parent.size(); ++i) {
                const Node::Entry& entry = parent.entries()[i];
                const Node* name = parent.is_map() ? nullptr : entry.value.find("name");
                if (parent.is_map()) names.emplace(entry.key, i);
                if (name && name->is_scalar()) names.emplace(name->text(), i);
            }
            return names;
        }

        const Node& parent;
        mutable std::map<std::string, std::size_t> names;
    };

    static std::string path_of(const Node& node, std::size_t index, const std::string& path) {
        return node.is_map() ? child_path(path, node.entries()[index].key) : item_path(path, index);
    }

    bool count(const Node& node) {
        if (++seen_ <= most_nodes) return true;
        if (seen_ == most_nodes + 1) {
            complaints_.error(node.position(),
                              "with all that 'extends' brings in, the scenario has more "
                              "than 2,000,000 values");
        }
        return false;
    }

    /// An entry with all it extends, nothing inside of it resolved.
    Flat flattened(const Family& family, std::size_t index, const std::string& path,
                   std::vector<std::size_t>& chain, std::vector<std::optional<Flat>>& flat) {
        const Node& own = family.parent.entries()[index].value;
        const Node* name = own.find("extends");
        if (!name) return {own, 0};
        if (flat[index]) return *flat[index];
        chain.push_back(index);
        const Node stripped = without(own, "extends");
        const std::optional<std::size_t> base = base_of(family, *name, path, chain);
        Flat result{stripped, 0};
        if (base) {
            const Flat below = flattened(family, *base, path, chain, flat);
            result.links = below.links + 1;
            if (!below.node.is_map()) {
                complaints_.error(
                    name->position(),
                    quote(name->text()) + " cannot be extended: it is " + below.node.describe(),
                    path);
            } else if (result.links > longest_chain) {
                complaints_.error(name->position(), "a chain of more than 32 'extends'", path);
                result.links = 0;
            } else {
                const Node inherited = without(without(below.node, "unused"), "name");
                result.node = merged(inherited, stripped, path, complaints_);
            }
        }
        chain.pop_back();
        flat[index] = result;
        return result;
    }

    std::optional<std::size_t> base_of(const Family& family, const Node& name,
                                       const std::string& path,
                                       const std::vector<std::size_t>& chain) {
        if (!name.is_scalar()) {
            if (!name.is_null()) {
                complaints_.error(name.position(),
                                  "'extends' must be the name of a sibling, got " + name.describe(),
                                  path);
            }
            return {};
        }
        const auto& names = family.by_name();
        const auto found = names.find(name.text());
        if (found == names.end()) {
            complain_unknown(family, name, path);
            return {};
        }
        if (std::find(chain.begin(), chain.end(), found->second) != chain.end()) {
            complaints_.error(
                name.position(),
                "'extends' goes round in a circle: " + circle(family, chain, found->second), path);
            return {};
        }
        if (chain.size() > longest_chain) {
            complaints_.error(name.position(), "a chain of more than 32 'extends'", path);
            return {};
        }
        return found->second;
    }

    void complain_unknown(const Family& family, const Node& name, const std::string& path) {
        std::vector<std::string> known;
        for (const auto& [key, index] : family.by_name()) known.push_back(key);
        const std::string near = nearest_word(name.text(), known);
        Complaint& complaint =
            complaints_.error(name.position(),
                              "'extends': there is no " + quote(name.text()) + " beside this" +
                                  (near.empty() ? "" : "; did you mean " + quote(near) + "?"),
                              path);
        if (near.empty()) return;
        const Node::Entry& entry = family.parent.entries()[family.by_name().at(near)];
        const Position at = family.parent.is_map() ? entry.key_position : entry.value.position();
        complaint.notes.push_back({at, quote(near) + " is defined here"});
    }

    static std::string circle(const Family& family, const std::vector<std::size_t>& chain,
                              std::size_t back_to) {
        std::string out;
        const auto name_of = [&](std::size_t index) {
            for (const auto& [name, at] : family.by_name()) {
                if (at == index) return name;
            }
            return std::string();
        };
        for (auto link = std::find(chain.begin(), chain.end(), back_to); link != chain.end();
             ++link) {
            out += name_of(*link) + " -> ";
        }
        return out + name_of(back_to);
    }

    Complaints& complaints_;
    std::size_t seen_ = 0;
};

/// Rebuilds a tree with each scalar replaced; subtrees in which nothing changes stay shared.
template <class Replace>
Node with_scalars(const Node& node, const std::string& path, const Replace& replace) {
    if (node.is_scalar()) return replace(node, path);
    if (node.entries().empty()) return node;
    std::vector<Node::Entry> entries;
    bool changed = false;
    for (std::size_t i = 0; i < node.size(); ++i) {
        const Node::Entry& entry = node.entries()[i];
        const std::string below = node.is_map() ? child_path(path, entry.key) : item_path(path, i);
        Node value = with_scalars(entry.value, below, replace);
        if (value.same_as(entry.value)) {
            if (changed) entries.push_back(entry);
            continue;
        }
        if (!changed)
            entries.assign(node.entries().begin(),
                           node.entries().begin() + static_cast<std::ptrdiff_t>(i));
        changed = true;
        entries.push_back({entry.key, entry.key_position, std::move(value)});
    }
    if (!changed) return node;
    return node.is_map() ? Node::map(std::move(entries), node.position())
                         : Node::sequence(std::move(entries), node.position());
}

/// The name in a text that begins like a reference: "outage" of "$outage * 2" and of "${outage}".
std::string_view parameter_named_in(std::string_view text) {
    const std::size_t begin = text.substr(0, 2) == "${" ? 2 : 1;
    std::size_t end = begin;
    while (end < text.size() &&
           ((text[end] >= 'a' && text[end] <= 'z') || (text[end] >= 'A' && text[end] <= 'Z') ||
            (text[end] >= '0' && text[end] <= '9') || text[end] == '_'))
        ++end;
    return text.substr(begin, end - begin);
}

}  // namespace

Node with_extends(const Node& root, Complaints& complaints) {
    Node top = root;
    if (const Node* name = root.find("extends")) {
        complaints.error(name->position(),
                         "'extends' works between the named entries of a section, not "
                         "for a whole scenario; see 'include'");
        top = without(root, "extends");
    }
    return Extender(complaints).resolve(top, "");
}

Node with_parameters(const Node& root, std::vector<Parameter>& parameters,
                     const std::set<std::string>& malformed, Complaints& complaints) {
    std::map<std::string_view, Parameter*> by_name;
    for (Parameter& parameter : parameters) by_name.emplace(parameter.name, &parameter);
    return with_scalars(root, "", [&](const Node& node, const std::string& path) {
        const std::string& text = node.text();
        if (node.quoted() || text.size() < 2 || text[0] != '$') return node;
        const auto found = by_name.find(std::string_view(text).substr(1));
        if (found != by_name.end()) {
            found->second->used = true;
            return found->second->value.referred_from(node.position(), text);
        }
        if (malformed.count(text.substr(1)) > 0) return Node::null(node.position());  // told of
        if (const auto meant = by_name.find(parameter_named_in(text)); meant != by_name.end()) {
            meant->second->used = true;
            complaints.error(node.position(),
                             quote(text) + ": a value is '$" + meant->second->name +
                                 "' alone; the language has no expressions",
                             path);
            return Node::null(node.position());
        }
        std::vector<std::string> known;
        known.reserve(parameters.size());
        for (const Parameter& parameter : parameters) known.push_back(parameter.name);
        const std::string near = nearest_word(text.substr(1), known);
        Complaint& complaint =
            complaints.error(node.position(),
                             "there is no parameter " + quote(text.substr(1)) +
                                 (near.empty() ? "" : "; did you mean '$" + near + "'?"),
                             path);
        const auto meant = by_name.find(near);
        if (meant != by_name.end()) {
            meant->second->used = true;  // as was meant
            complaint.notes.push_back({meant->second->at, quote(near) + " is defined here"});
        }
        return Node::null(node.position());  // told of; a reader complains about no null
    });
}

Node with_plain_lists(const Node& root) {
    if (const Node* items = appended(root)) {
        const Node plain = with_plain_lists(*items);
        return Node::appending(plain.entries(), plain.position());
    }
    if (root.entries().empty()) return root;
    std::vector<Node::Entry> entries = root.entries();
    bool changed = false;
    for (Node::Entry& entry : entries) {
        Node value = with_plain_lists(entry.value);
        changed = changed || !value.same_as(entry.value);
        entry.value = std::move(value);
    }
    if (!changed) return root;
    if (root.is_map()) return Node::map(std::move(entries), root.position());
    return root.appends() ? Node::appending(std::move(entries), root.position())
                          : Node::sequence(std::move(entries), root.position());
}

}  // namespace driftstorm
