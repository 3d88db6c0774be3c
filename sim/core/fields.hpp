#pragma once

#include <array>
#include <limits>
#include <string_view>
#include <tuple>

namespace driftstorm {

/// One named member of a parameter, message or result struct. Written once beside the struct; read
/// by the scenario reader, JSON Schema, HDF5 writer, manual and digest alike.
///
/// `unit` names the dimension: the unit of the stored value ("s" for Duration, which is read
/// exactly; "ppb", "dB", "dBm", "m", "m/s", "bit/s", "B", "req/s", "msg/min"; "%" for shares,
/// stored as a fraction; "" for counts and factors). `min` and `max` are inclusive and in that unit
/// (s for Duration).
template <class Owner, class Value>
struct Field {
    std::string_view name;
    Value Owner::*member;
    std::string_view unit;
    std::string_view help;
    double min = -std::numeric_limits<double>::infinity();
    double max = std::numeric_limits<double>::infinity();
    std::string_view source = "";  ///< where the default comes from (document and clause)
};

template <class T>
concept HasFields = requires {
    T::fields();
};

/// Calls f(field) for each field of Struct, in order.
template <HasFields Struct, class F>
constexpr void for_each_field(F&& f) {
    std::apply([&](const auto&... field) { (f(field), ...); }, Struct::fields());
}

/// The words of an enum, in order of its values 0, 1, 2 ...; specialise beside the enum:
/// `template <> inline constexpr std::array<std::string_view, 2>
/// driftstorm::enum_words<Jitter>{"none", "full"};`
template <class Enum>
inline constexpr std::array<std::string_view, 0> enum_words{};

}  // namespace driftstorm
