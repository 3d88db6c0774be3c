#pragma once

#include "scenarios/read_params.hpp"

#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

namespace driftstorm {

/// A parameter of the scenario language, as fields() has it.
struct ParameterLine {
    std::string model;  ///< "network", "station", "chrony": what has it
    std::string path;   ///< "servers.NAME.workers", "clocks.NAME.sync[].server"
    std::string_view unit;
    double min = 0;  ///< inclusive, in that unit (s for a duration); infinite: any
    double max = 0;
    std::string fallback;  ///< as a scenario writes it; empty: none
    bool required = false;
    std::string_view help;
    std::string_view source;  ///< of the default
};

namespace detail {

template <class T>
struct ListItem {
    using Type = void;
};
template <class T>
struct ListItem<std::vector<T>> {
    using Type = T;
};
template <class T>
struct ListItem<std::vector<Named<T>>> {
    using Type = T;
    static constexpr bool named = true;
};
template <class T>
struct Alternatives {
    static constexpr bool any = false;
};
template <class... Kind>
requires(HasWord<Kind>&&...) struct Alternatives<std::variant<Kind...>> {
    static constexpr bool any = true;
    template <class Each>
    static void for_each(Each&& each) {
        (each(std::type_identity<Kind>{}), ...);
    }
};

}  // namespace detail

/// Appends the parameters of a struct and of the maps and lists inside it.
/// @param path  of the struct, "" or with a dot at its end
template <HasFields Params>
void list_fields(const std::string& model, const std::string& path,
                 std::vector<ParameterLine>& lines, const Params& defaults = Params{}) {
    for_each_field<Params>([&](const auto& field) {
        using Value = std::remove_cvref_t<decltype(defaults.*field.member)>;
        using Item = typename detail::ListItem<Value>::Type;
        const Value& value = defaults.*field.member;
        const std::string here = path + std::string(field.name);
        if constexpr (std::is_same_v<Value, Node>) {
            return;  // a section of kinds, which whoever knows them lists
        } else if constexpr (HasFields<Value>) {
            list_fields(model, here + ".", lines, value);
        } else if constexpr (requires { detail::ListItem<Value>::named; }) {
            if constexpr (HasFields<Item>) list_fields<Item>(model, here + ".NAME.", lines);
        } else {
            const bool required = is_required<Params>(field.name);
            std::optional<Node> written;
            if (!required)
                written =
                    ValueForm<Value>::write(value, ValueShape{field.unit, field.min, field.max});
            std::string text;
            if (written) text = written->is_scalar() ? written->text() : json_value(*written);
            lines.push_back({model, here, field.unit, field.min, field.max, std::move(text),
                             required, field.help, field.source});
            if constexpr (HasFields<Item>) {
                list_fields<Item>(model, here + "[].", lines);
            } else if constexpr (is_optional<Value>) {
                if constexpr (HasFields<typename Value::value_type>)
                    list_fields<typename Value::value_type>(model, here + ".", lines);
            } else if constexpr (detail::Alternatives<Value>::any) {
                detail::Alternatives<Value>::for_each([&]<class Kind>(std::type_identity<Kind>) {
                    std::string below = here + "." + std::string(Kind::word);
                    if constexpr (decltype(Kind::fields())::count > 0)
                        if (!Kind::fields().first().name.empty()) below += ".";
                    list_fields<Kind>(model, below, lines);
                });
            }
        }
    });
}

/// Every parameter of scenario/1, in the order of the language.
std::vector<ParameterLine> list_parameters();

}  // namespace driftstorm
