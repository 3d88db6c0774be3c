#pragma once

#include "scenarios/field_table.hpp"
#include "scenarios/value_form.hpp"
#include "sim/core/fields.hpp"

#include <array>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace driftstorm {

/// An entry of a map of names to parameters.
template <class T>
struct Named {
    std::string name;
    Position at;
    T value;
};

template <class Params>
concept HasRequired = requires {
    Params::required();
};

/// ValueForm<T> for those who have lost the type.
template <class T>
const ValueMethods& value_methods();

/// The fields of a struct, made at the first call.
template <HasFields Params>
const FieldTable& field_table() {
    static const FieldTable table = [] {
        FieldTable made;
        const Params sample{};
        for_each_field<Params>([&](const auto& field) {
            using Value = std::remove_cvref_t<decltype(sample.*field.member)>;
            const auto* begin = reinterpret_cast<const std::byte*>(&sample);
            const auto* member = reinterpret_cast<const std::byte*>(&(sample.*field.member));
            made.add(field.name, {field.unit, field.min, field.max}, field.help, field.source,
                     static_cast<std::size_t>(member - begin), value_methods<Value>());
        });
        if constexpr (HasRequired<Params>) {
            const auto keys = Params::required();
            made.required.assign(keys.begin(), keys.end());
        }
        return made;
    }();
    return table;
}

template <HasFields Params>
KeyTable keys_of() {
    return field_table<Params>().keys();
}

/// Reads a map into the fields of `params`; absent keys keep what they hold. Complains about every
/// unknown key, wrong value and missing required key (those named by a static `required()`).
/// @return whether nothing was wrong
template <HasFields Params>
bool read_fields(const Node& node, const std::string& path, Complaints& complaints, Params& params,
                 const ReadOptions& options = {}) {
    return read_fields(node, path, complaints, field_table<Params>(), &keys_of<Params>, &params,
                       options);
}

/// Reads the parameters of one model; absent keys keep their defaults.
template <HasFields Params>
Params read_params(const Node& node, const std::string& path, Complaints& complaints,
                   const ReadOptions& options = {}) {
    Params params{};
    read_fields(node, path, complaints, params, options);
    return params;
}

/// All parameters of a model as a map, every default written out. Optional members without a value
/// are left out.
template <HasFields Params>
Node params_node(const Params& params) {
    return write_fields(field_table<Params>(), &params);
}

/// The properties of a model's parameters for SchemaWriter::map, with help texts, and what holds
/// where nothing is written: the members of `defaults`.
template <HasFields Params>
std::vector<SchemaWriter::Property> describe(SchemaWriter& writer,
                                             const Params& defaults = Params{}) {
    return describe_fields(writer, field_table<Params>(), &defaults);
}

template <class T>
struct ValueForm<std::optional<T>> {
    static bool read(const Node& node, const ValuePlace& place, std::optional<T>& member) {
        T value{};
        if (!ValueForm<T>::read(node, place, value)) return false;
        member = std::move(value);
        return true;
    }
    static std::optional<Node> write(const std::optional<T>& value, const ValueShape& shape) {
        return value ? ValueForm<T>::write(*value, shape) : std::nullopt;
    }
    static std::string schema(SchemaWriter& writer, const ValueShape& shape) {
        return ValueForm<T>::schema(writer, shape);
    }
};

/// A list. Items that have a `name` must have different ones.
template <class T>
struct ValueForm<std::vector<T>> {
    static bool read(const Node& node, const ValuePlace& place, std::vector<T>& member) {
        if (!check_is_sequence(node, place)) {
            if (node.is_map())
                place.complaints.last().notes.push_back(
                    {{}, "what is to come after the list there was is written { append: [...] }"});
            return false;
        }
        const std::size_t before = place.complaints.errors();
        if (!node.appends()) member.clear();
        std::map<std::string, Position> names;
        for (const Node::Entry& entry : node.entries()) {
            T item{};
            ValueForm<T>::read(entry.value, place.item(member.size()), item);
            member.push_back(std::move(item));
            const Node* name = entry.value.find("name");
            if (!name || !name->is_scalar()) continue;
            const auto [earlier, is_new] = names.emplace(name->text(), name->position());
            if (!is_new) {
                place.complaints
                    .error(name->position(), "the name " + quote(name->text()) + " is taken",
                           place.path)
                    .notes.push_back({earlier->second, "first given here"});
            }
        }
        return place.complaints.errors() == before;
    }
    static std::optional<Node> write(const std::vector<T>& value, const ValueShape& shape) {
        std::vector<Node::Entry> items;
        items.reserve(value.size());
        for (const T& item : value) {
            items.push_back({"", {}, ValueForm<T>::write(item, shape).value_or(Node())});
        }
        return Node::sequence(std::move(items), {});
    }
    static std::string schema(SchemaWriter& writer, const ValueShape& shape) {
        return writer.list(ValueForm<T>::schema(writer, shape));
    }
};

/// A map of names to parameters.
template <class T>
struct ValueForm<std::vector<Named<T>>> {
    static bool read(const Node& node, const ValuePlace& place, std::vector<Named<T>>& member) {
        if (!check_is_map(node, place)) return false;
        const std::size_t before = place.complaints.errors();
        member.clear();
        for (const Node::Entry& entry : node.entries()) {
            const ValuePlace below = place.member(entry.key);
            check_name(entry.key, entry.key_position, below.path, place.complaints);
            Named<T> named{entry.key, entry.key_position, T{}};
            ValueForm<T>::read(entry.value, below, named.value);
            member.push_back(std::move(named));
        }
        return place.complaints.errors() == before;
    }
    static std::optional<Node> write(const std::vector<Named<T>>& value, const ValueShape& shape) {
        std::vector<Node::Entry> entries;
        entries.reserve(value.size());
        for (const Named<T>& named : value) {
            entries.push_back(
                {named.name, {}, ValueForm<T>::write(named.value, shape).value_or(Node())});
        }
        return Node::map(std::move(entries), {});
    }
    static std::string schema(SchemaWriter& writer, const ValueShape& shape) {
        return writer.names_to(ValueForm<T>::schema(writer, shape));
    }
};

template <HasFields Params>
struct ValueForm<Params> {
    static bool read(const Node& node, const ValuePlace& place, Params& member) {
        if (!node.is_map()) {
            if (!check_is_map(node, place) && !node.is_null())
                add_note_of_keys(keys_of<Params>().own, place.complaints);
            return false;
        }
        return read_fields(node, place.path, place.complaints, member, {{}, place.scope});
    }
    static std::optional<Node> write(const Params& value, const ValueShape&) {
        return params_node(value);
    }
    static std::string schema(SchemaWriter& writer, const ValueShape&,
                              const Params& defaults = Params{}) {
        return writer.map(describe<Params>(writer, defaults));
    }
};

/// A word by itself in a variant: `jitter: full`.
template <class T>
concept HasWord = requires {
    std::string_view{T::word};
};

/// A closed family of values, each alternative a struct with `word` and fields(): `full` by itself
/// where all its fields have defaults, `{ before_cap: 50 % }` where its one field has no name, else
/// `{ word: { fields } }`.
template <class... Kinds>
struct ValueForm<std::variant<Kinds...>> {
    using Value = std::variant<Kinds...>;
    static constexpr std::array<std::string_view, sizeof...(Kinds)> words{Kinds::word...};

    template <class Kind>
    static constexpr std::size_t field_count = decltype(Kind::fields())::count;

    template <class Kind>
    static constexpr bool is_one_value() {
        if constexpr (field_count<Kind> == 1) return Kind::fields().first().name.empty();
        return false;
    }

    static bool read(const Node& node, const ValuePlace& place, Value& member) {
        if (node.is_map() && node.size() == 1) {
            const Node::Entry& entry = node.entries().front();
            const Node word = Node::scalar(entry.key, false, entry.key_position);
            const auto index = read_word(word, place, words);
            return index && read_kind<Kinds...>(*index, &entry.value, node, place, member);
        }
        if (!node.is_scalar()) {
            complain_must_be(node, place, list_words({words.begin(), words.end()}));
            return false;
        }
        const auto index = read_word(node, place, words);
        return index && read_kind<Kinds...>(*index, nullptr, node, place, member);
    }

    static std::optional<Node> write(const Value& value, const ValueShape&) {
        return std::visit([](const auto& kind) { return std::optional(kind_node(kind)); }, value);
    }

    static std::string schema(SchemaWriter& writer, const ValueShape&) {
        std::vector<std::pair<std::string_view, std::string>> kinds;
        (kinds.emplace_back(Kinds::word, kind_schema<Kinds>(writer)), ...);
        return writer.any_of(std::array{writer.words(words), writer.one_of_words(kinds)});
    }

  private:
    template <class Kind, class... Others>
    static bool read_kind(std::size_t index, const Node* below, const Node& node,
                          const ValuePlace& place, Value& member) {
        if (index > 0) {
            if constexpr (sizeof...(Others) > 0) {
                return read_kind<Others...>(index - 1, below, node, place, member);
            }
            return false;
        }
        Kind kind{};
        bool sound = true;
        if constexpr (is_one_value<Kind>()) {
            const auto& field = Kind::fields().first();
            using Inner = std::remove_cvref_t<decltype(kind.*field.member)>;
            if (!below) {
                const std::string word(Kind::word);
                complain(node, place, quote(word) + " needs a value: { " + word + ": ... }");
                return false;
            }
            ValuePlace inside = place.member(Kind::word);
            inside.shape = {field.unit, field.min, field.max};
            sound = ValueForm<Inner>::read(*below, inside, kind.*field.member);
        } else {
            const Node none = Node::map({}, node.position());
            const ValuePlace inside = place.member(Kind::word);
            sound = read_fields(below ? *below : none, inside.path, place.complaints, kind,
                                {{}, place.scope});
        }
        if (sound) member = std::move(kind);
        return sound;
    }

    template <class Kind>
    static Node kind_node(const Kind& kind) {
        if constexpr (field_count<Kind> == 0) {
            return text_node(std::string(Kind::word));
        } else if constexpr (is_one_value<Kind>()) {
            const auto& field = Kind::fields().first();
            using Inner = std::remove_cvref_t<decltype(kind.*field.member)>;
            const auto value =
                ValueForm<Inner>::write(kind.*field.member, {field.unit, field.min, field.max});
            return Node::map({{std::string(Kind::word), {}, value.value_or(Node())}}, {});
        } else {
            return Node::map({{std::string(Kind::word), {}, params_node(kind)}}, {});
        }
    }

    template <class Kind>
    static std::string kind_schema(SchemaWriter& writer) {
        if constexpr (is_one_value<Kind>()) {
            const auto& field = Kind::fields().first();
            using Inner = std::remove_cvref_t<decltype(std::declval<Kind&>().*field.member)>;
            return ValueForm<Inner>::schema(writer, {field.unit, field.min, field.max});
        } else {
            return writer.map(describe<Kind>(writer));
        }
    }
};

namespace detail {

/// What ValueMethods::each_within visits of a type, beside nothing.
template <class T>
struct Within {
    static constexpr bool any = HasFields<T>;
    static void each(const std::string& path, const void* value, const VisitFields& visit) {
        if constexpr (HasFields<T>) visit(path + ".", field_table<T>(), value);
    }
};
template <HasFields T>
struct Within<std::vector<T>> {
    static constexpr bool any = true;
    static void each(const std::string& path, const void*, const VisitFields& visit) {
        const T item{};
        visit(path + "[].", field_table<T>(), &item);
    }
};
template <HasFields T>
struct Within<std::vector<Named<T>>> {
    static constexpr bool any = true;
    static void each(const std::string& path, const void*, const VisitFields& visit) {
        const T item{};
        visit(path + ".NAME.", field_table<T>(), &item);
    }
};
template <HasFields T>
struct Within<std::optional<T>> {
    static constexpr bool any = true;
    static void each(const std::string& path, const void*, const VisitFields& visit) {
        const T item{};
        visit(path + ".", field_table<T>(), &item);
    }
};
template <HasWord... Kinds>
struct Within<std::variant<Kinds...>> {
    static constexpr bool any = true;
    static void each(const std::string& path, const void*, const VisitFields& visit) {
        (each_kind<Kinds>(path + "." + std::string(Kinds::word), visit), ...);
    }
    template <class Kind>
    static void each_kind(std::string path, const VisitFields& visit) {
        const FieldTable& table = field_table<Kind>();
        // A single field without a name is the value of the word itself.
        if (!table.entries.empty() && !table.entries.front().name.empty()) path += ".";
        const Kind kind{};
        visit(path, table, &kind);
    }
};

template <class T>
inline constexpr bool is_names_to = false;
template <class T>
inline constexpr bool is_names_to<std::vector<Named<T>>> = true;

}  // namespace detail

template <class T>
const ValueMethods& value_methods() {
    static constexpr ValueMethods methods = [] {
        ValueMethods made;
        made.read = [](const Node& node, const ValuePlace& place, void* value) {
            return ValueForm<T>::read(node, place, *static_cast<T*>(value));
        };
        made.write = [](const void* value, const ValueShape& shape) -> std::optional<Node> {
            return ValueForm<T>::write(*static_cast<const T*>(value), shape);
        };
        made.schema = [](SchemaWriter& writer, const ValueShape& shape,
                         [[maybe_unused]] const void* fallback) {
            if constexpr (HasFields<T>)
                return ValueForm<T>::schema(writer, shape, *static_cast<const T*>(fallback));
            else
                return ValueForm<T>::schema(writer, shape);
        };
        if constexpr (HasFields<T>) made.members = &field_table<T>;
        if constexpr (detail::Within<T>::any) made.each_within = &detail::Within<T>::each;
        made.is_parameter = !HasFields<T> && !detail::is_names_to<T> && !std::is_same_v<T, Node>;
        return made;
    }();
    return methods;
}

/// Reads the word under `key` that says which kind of thing a map describes ("kind: rail"); the
/// caller then reads the fields of that kind with `key` in also_known.
/// @return index among `words`; nothing (with a complaint) when it is missing or unknown
std::optional<std::size_t> read_kind(const Node& map, const std::string& path,
                                     Complaints& complaints,
                                     std::span<const std::string_view> words,
                                     std::string_view key = "kind");

}  // namespace driftstorm
