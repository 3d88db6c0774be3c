#pragma once

#include "scenarios/json_schema.hpp"
#include "scenarios/values.hpp"
#include "sim/core/fields.hpp"
#include "sim/core/rate.hpp"

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace driftstorm {

/// How a C++ type looks in a scenario: read (complains and gives false when the text is none),
/// written out in full, and described for editors. Specialise it for a type of your own.
template <class T>
struct ValueForm;

/// How many of an enum's words come before those that a scenario may choose: states that are no
/// choice.
template <class Enum>
inline constexpr std::size_t first_choice = 0;

template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;

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

template <std::integral T>
struct ValueForm<T> {
    static bool read(const Node& node, const ValuePlace& place, T& member) {
        using Limits = std::numeric_limits<T>;
        if constexpr (std::is_signed_v<T>) {
            const auto value = read_signed(node, place, Limits::min(), Limits::max());
            if (value) member = static_cast<T>(*value);
            return value.has_value();
        } else {
            const auto value = read_unsigned(node, place, Limits::max());
            if (value) member = static_cast<T>(*value);
            return value.has_value();
        }
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

}  // namespace driftstorm
