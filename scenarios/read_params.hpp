#pragma once

#include "scenarios/json_schema.hpp"
#include "scenarios/values.hpp"
#include "sim/core/fields.hpp"
#include "sim/core/rate.hpp"

#include <algorithm>
#include <array>
#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace driftstorm {

/// How a C++ type looks in a scenario: read (complains and gives false when the text is none),
/// written out in full, and described for editors. Specialise it for a type of your own.
template <class T>
struct ValueForm;

/// An entry of a map of names to parameters.
template <class T>
struct Named {
    std::string name;
    Position at;
    T value;
};

/// How many of an enum's words come before those that a scenario may choose: states that are no
/// choice.
template <class Enum>
inline constexpr std::size_t first_choice = 0;

/// What read_params is told beyond fields().
struct ReadOptions {
    /// Keys that the caller reads itself ("kind", "name").
    std::vector<std::string_view> also_known = {};
    const KeyScope* scope = nullptr;
};

template <class Params>
concept HasRequired = requires {
    Params::required();
};

template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;

template <HasFields Params>
KeyTable keys_of() {
    KeyTable table;
    for_each_field<Params>([&](const auto& field) {
        using Value = std::remove_cvref_t<decltype(std::declval<Params&>().*field.member)>;
        table.own.push_back(field.name);
        if constexpr (HasFields<Value>) {
            table.nested.emplace_back(field.name, keys_of<Value>().own);
        }
    });
    return table;
}

/// Reads a map into the fields of `params`; absent keys keep what they hold. Complains about every
/// unknown key, wrong value and missing required key (those named by a static `required()`).
/// @return whether nothing was wrong
template <HasFields Params>
bool read_fields(const Node& node, const std::string& path, Complaints& complaints, Params& params,
                 const ReadOptions& options = {}) {
    if (!check_is_map(node, {path, path, {}, complaints})) return false;
    const std::size_t before = complaints.errors();
    bool sound = true;
    const KeyScope scope{options.scope, &keys_of<Params>, path};
    std::vector<std::string> meant;  // by misspelt keys, of which more must not be said
    for (const Node::Entry& entry : node.entries()) {
        bool known = false;
        for_each_field<Params>([&](const auto& field) {
            if (field.name != entry.key) return;
            known = true;
            using Value = std::remove_cvref_t<decltype(params.*field.member)>;
            const ValuePlace place{entry.key,
                                   child_path(path, entry.key),
                                   {field.unit, field.min, field.max},
                                   complaints,
                                   &scope};
            sound = ValueForm<Value>::read(entry.value, place, params.*field.member) && sound;
        });
        if (!known)
            meant.push_back(complain_unknown_key(entry, scope, options.also_known, complaints));
    }
    if constexpr (HasRequired<Params>) {
        for (const std::string_view key : Params::required()) {
            if (node.find(key) == nullptr &&
                std::find(meant.begin(), meant.end(), key) == meant.end())
                complain_missing_key(key, node, path, complaints);
        }
    }
    return sound && complaints.errors() == before;
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
    std::vector<Node::Entry> entries;
    for_each_field<Params>([&](const auto& field) {
        using Value = std::remove_cvref_t<decltype(params.*field.member)>;
        std::optional<Node> value = ValueForm<Value>::write(
            params.*field.member, ValueShape{field.unit, field.min, field.max});
        if (value) entries.push_back({std::string(field.name), {}, *value});
    });
    return Node::map(std::move(entries), {});
}

/// Whether a field must be written, by the static `required()`.
template <HasFields Params>
bool is_required(std::string_view field) {
    if constexpr (HasRequired<Params>) {
        const auto keys = Params::required();
        return std::find(keys.begin(), keys.end(), field) != keys.end();
    }
    return false;
}

/// The properties of a model's parameters for SchemaWriter::map, with help texts, and what holds
/// where nothing is written: the members of `defaults`.
template <HasFields Params>
std::vector<SchemaWriter::Property> describe(SchemaWriter& writer,
                                             const Params& defaults = Params{}) {
    std::vector<SchemaWriter::Property> properties;
    for_each_field<Params>([&](const auto& field) {
        using Value = std::remove_cvref_t<decltype(defaults.*field.member)>;
        const ValueShape shape{field.unit, field.min, field.max};
        const Value& value = defaults.*field.member;
        if constexpr (requires { ValueForm<Value>::schema(writer, shape, value); }) {
            properties.push_back(
                {field.name, field.help, ValueForm<Value>::schema(writer, shape, value)});
        } else {
            std::optional<Node> written;
            if (!is_required<Params>(field.name)) written = ValueForm<Value>::write(value, shape);
            properties.push_back({field.name, field.help, ValueForm<Value>::schema(writer, shape),
                                  written ? json_value(*written) : std::string(), field.source});
        }
    });
    return properties;
}

template <class T>
bool keep(std::optional<T> value, T& member) {
    if (!value) return false;
    member = *std::move(value);
    return true;
}

template <>
struct ValueForm<bool> {
    static bool read(const Node& node, const ValuePlace& place, bool& member) {
        return keep(read_bool(node, place), member);
    }
    static std::optional<Node> write(bool value, const ValueShape&) {
        return text_node(value ? "true" : "false");
    }
    static std::string schema(SchemaWriter& writer, const ValueShape&) { return writer.boolean(); }
};

template <std::signed_integral T>
struct ValueForm<T> {
    static bool read(const Node& node, const ValuePlace& place, T& member) {
        const auto value =
            read_signed(node, place, std::numeric_limits<T>::min(), std::numeric_limits<T>::max());
        if (value) member = static_cast<T>(*value);
        return value.has_value();
    }
    static std::optional<Node> write(T value, const ValueShape& shape) {
        const std::string unit = shape.unit.empty() ? "" : " " + std::string(shape.unit);
        return text_node(std::to_string(value) + unit);
    }
    static std::string schema(SchemaWriter& writer, const ValueShape& shape) {
        return shape.unit.empty() ? writer.integer() : writer.quantity(shape.unit);
    }
};

template <std::unsigned_integral T>
struct ValueForm<T> {
    static bool read(const Node& node, const ValuePlace& place, T& member) {
        const auto value = read_unsigned(node, place, std::numeric_limits<T>::max());
        if (value) member = static_cast<T>(*value);
        return value.has_value();
    }
    static std::optional<Node> write(T value, const ValueShape& shape) {
        const std::string unit = shape.unit.empty() ? "" : " " + std::string(shape.unit);
        return text_node(std::to_string(value) + unit);
    }
    static std::string schema(SchemaWriter& writer, const ValueShape& shape) {
        return shape.unit.empty() ? writer.integer() : writer.quantity(shape.unit);
    }
};

template <>
struct ValueForm<double> {
    static bool read(const Node& node, const ValuePlace& place, double& member) {
        return keep(read_double(node, place), member);
    }
    static std::optional<Node> write(double value, const ValueShape& shape) {
        return quantity_node(value, shape.unit);
    }
    static std::string schema(SchemaWriter& writer, const ValueShape& shape) {
        return writer.quantity(shape.unit);
    }
};

template <>
struct ValueForm<Duration> {
    static bool read(const Node& node, const ValuePlace& place, Duration& member) {
        return keep(read_duration(node, place), member);
    }
    static std::optional<Node> write(Duration value, const ValueShape&) {
        return duration_node(value);
    }
    static std::string schema(SchemaWriter& writer, const ValueShape&) {
        return writer.quantity("s");
    }
};

/// An instant of the run, written as the time since its start.
template <>
struct ValueForm<Time> {
    static bool read(const Node& node, const ValuePlace& place, Time& member) {
        const auto value = read_duration(node, place);
        if (value) member = Time{value->ns};
        return value.has_value();
    }
    static std::optional<Node> write(Time value, const ValueShape&) {
        return duration_node(Duration{value.ns});
    }
    static std::string schema(SchemaWriter& writer, const ValueShape&) {
        return writer.quantity("s");
    }
};

template <>
struct ValueForm<Rate> {
    static bool read(const Node& node, const ValuePlace& place, Rate& member);
    static std::optional<Node> write(Rate value, const ValueShape&);
    static std::string schema(SchemaWriter& writer, const ValueShape&) {
        return writer.quantity("ppb");
    }
};

template <>
struct ValueForm<std::string> {
    static bool read(const Node& node, const ValuePlace& place, std::string& member) {
        return keep(read_text(node, place), member);
    }
    static std::optional<Node> write(const std::string& value, const ValueShape&) {
        return text_node(value);
    }
    static std::string schema(SchemaWriter& writer, const ValueShape&) { return writer.text(); }
};

template <class Enum>
requires std::is_enum_v<Enum>
struct ValueForm<Enum> {
    static_assert(!enum_words<Enum>.empty(), "specialise enum_words beside the enum");

    static bool read(const Node& node, const ValuePlace& place, Enum& member) {
        const auto index = read_word(node, place, choices());
        if (index) member = static_cast<Enum>(*index + first_choice<Enum>);
        return index.has_value();
    }
    static std::optional<Node> write(Enum value, const ValueShape&) {
        return text_node(std::string(enum_words<Enum>.at(static_cast<std::size_t>(value))));
    }
    static std::string schema(SchemaWriter& writer, const ValueShape&) {
        return writer.words(choices());
    }

  private:
    static constexpr std::span<const std::string_view> choices() {
        return std::span<const std::string_view>(enum_words<Enum>).subspan(first_choice<Enum>);
    }
};

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

/// A value kept as it is written, for a reader that needs more context.
template <>
struct ValueForm<Node> {
    static bool read(const Node& node, const ValuePlace&, Node& member) {
        member = node;
        return true;
    }
    static std::optional<Node> write(const Node& value, const ValueShape&) {
        return value.is_null() ? std::nullopt : std::optional(value);
    }
    static std::string schema(SchemaWriter& writer, const ValueShape&) { return writer.anything(); }
};

template <>
struct ValueForm<Reference> {
    static bool read(const Node& node, const ValuePlace& place, Reference& member) {
        return keep(read_reference(node, place), member);
    }
    static std::optional<Node> write(const Reference& value, const ValueShape&) {
        return value.name.empty() ? std::nullopt : std::optional(text_node(value.name));
    }
    static std::string schema(SchemaWriter& writer, const ValueShape&) { return writer.name(); }
};

template <>
struct ValueForm<Selector> {
    static bool read(const Node& node, const ValuePlace& place, Selector& member) {
        return keep(read_selector(node, place), member);
    }
    static std::optional<Node> write(const Selector& value, const ValueShape&) {
        return value.text.empty() ? std::nullopt : std::optional(text_node(value.text));
    }
    static std::string schema(SchemaWriter& writer, const ValueShape&) { return writer.name(); }
};

template <>
struct ValueForm<Limit> {
    static bool read(const Node& node, const ValuePlace& place, Limit& member) {
        return keep(read_limit(node, place), member);
    }
    static std::optional<Node> write(const Limit& value, const ValueShape&) {
        return text_node(value.text);
    }
    static std::string schema(SchemaWriter& writer, const ValueShape&);
};

template <>
struct ValueForm<Window> {
    static bool read(const Node& node, const ValuePlace& place, Window& member) {
        return keep(read_window(node, place), member);
    }
    static std::optional<Node> write(const Window& value, const ValueShape&) {
        return Node::sequence(
            {{"", {}, duration_node(value.from)}, {"", {}, duration_node(value.to)}}, {});
    }
    static std::string schema(SchemaWriter& writer, const ValueShape&) {
        return writer.list(writer.quantity("s"), 2, 2);
    }
};

template <>
struct ValueForm<Timestamp> {
    static bool read(const Node& node, const ValuePlace& place, Timestamp& member) {
        return keep(read_timestamp(node, place), member);
    }
    static std::optional<Node> write(const Timestamp& value, const ValueShape&) {
        return text_node(format_timestamp(value.unix_ns));
    }
    static std::string schema(SchemaWriter& writer, const ValueShape&);
};

template <>
struct ValueForm<WeightedChoice> {
    static bool read(const Node& node, const ValuePlace& place, WeightedChoice& member) {
        return read_weighted_choice(node, place, member);
    }
    static std::optional<Node> write(const WeightedChoice& value, const ValueShape&) {
        if (value.options.empty()) return std::nullopt;  // nothing was chosen, nothing is written
        return weighted_choice_node(value);
    }
    static std::string schema(SchemaWriter& writer, const ValueShape&);
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

/// Reads the word under `key` that says which kind of thing a map describes ("kind: rail"); the
/// caller then reads the fields of that kind with `key` in also_known.
/// @return index among `words`; nothing (with a complaint) when it is missing or unknown
std::optional<std::size_t> read_kind(const Node& map, const std::string& path,
                                     Complaints& complaints,
                                     std::span<const std::string_view> words,
                                     std::string_view key = "kind");

}  // namespace driftstorm
