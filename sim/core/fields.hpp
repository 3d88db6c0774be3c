#pragma once

#include <array>
#include <cstddef>
#include <limits>
#include <string_view>
#include <utility>

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

namespace detail {

template <std::size_t I, class F>
struct FieldAt {
    F field;
};
template <class Places, class... Fields>
struct FieldsInOrder;
template <std::size_t... I, class... Fields>
struct FieldsInOrder<std::index_sequence<I...>, Fields...> : FieldAt<I, Fields>... {
    constexpr explicit FieldsInOrder(const Fields&... field) : FieldAt<I, Fields>{field}... {}

    template <class F>
    constexpr void for_each([[maybe_unused]] F& f) const {
        (f(FieldAt<I, Fields>::field), ...);
    }
};

}  // namespace detail

/// The fields of a struct, in order: what its `static constexpr auto fields()` returns. Does no
/// more than is needed here: of a std::tuple of twenty, a compiler spends seconds on the
/// constructors.
template <class... Fields>
class FieldList {
  public:
    static constexpr std::size_t count = sizeof...(Fields);
    constexpr explicit FieldList(const Fields&... field) : fields_(field...) {}

    template <class F>
    constexpr void for_each(F&& f) const {
        fields_.for_each(f);
    }
    constexpr const auto& first() const { return field_of<0>(fields_); }

    template <class... More>
    constexpr FieldList<Fields..., More...> operator+(const FieldList<More...>& more) const {
        return joined(more, std::index_sequence_for<Fields...>(),
                      std::index_sequence_for<More...>());
    }

  private:
    template <class...>
    friend class FieldList;
    template <std::size_t I, class F>
    static constexpr const F& field_of(const detail::FieldAt<I, F>& at) {
        return at.field;
    }
    template <class... More, std::size_t... I, std::size_t... J>
    constexpr FieldList<Fields..., More...> joined(const FieldList<More...>& more,
                                                   std::index_sequence<I...>,
                                                   std::index_sequence<J...>) const {
        return FieldList<Fields..., More...>{field_of<I>(fields_)..., field_of<J>(more.fields_)...};
    }

    detail::FieldsInOrder<std::index_sequence_for<Fields...>, Fields...> fields_;
};

/// The fields of several lists, one list after another.
template <class... Lists>
constexpr auto fields_joined(const Lists&... lists) {
    return (FieldList<>{} + ... + lists);
}

template <class T>
concept HasFields = requires {
    T::fields();
};

/// Calls f(field) for each field of Struct, in order.
template <HasFields Struct, class F>
constexpr void for_each_field(F&& f) {
    Struct::fields().for_each(f);
}

/// The words of an enum, in order of its values 0, 1, 2 ...; specialise beside the enum:
/// `template <> inline constexpr std::array<std::string_view, 2>
/// driftstorm::enum_words<Jitter>{"none", "full"};`
template <class Enum>
inline constexpr std::array<std::string_view, 0> enum_words{};

}  // namespace driftstorm
