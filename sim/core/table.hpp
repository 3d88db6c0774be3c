#pragma once

#include "sim/core/event.hpp"
#include "sim/core/fields.hpp"
#include "sim/core/random.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace driftstorm {

/// What a column holds, and so how it is hashed, stored and labelled.
enum class ColumnKind : std::uint8_t {
    time,      ///< int64, ns since the epoch; no_time = missing
    duration,  ///< int64, ns
    reading,   ///< int64, ns shown by a clock
    int64,
    uint64,
    int32,
    uint32,
    uint16,
    uint8,
    float64,
    entity,  ///< EntityId in memory; hashed as its identity, written as its row in
             ///< /entities/<kind>; no_entity = missing
    word     ///< uint8 enum, with words
};

constexpr std::size_t size_of(ColumnKind kind) {
    constexpr std::array<std::size_t, 12> sizes{8, 8, 8, 8, 8, 4, 4, 2, 1, 8, 4, 1};
    return sizes[static_cast<std::size_t>(kind)];
}

struct Column {
    std::string name;
    std::string_view unit;
    std::string_view help;
    ColumnKind kind;
    std::size_t offset;  ///< of the member in the row struct [B]
    std::span<const std::string_view> words = {};
};

/// One value per word of an enum; becomes the columns <field>_<word>.
template <class Enum, class T>
struct PerWord {
    std::array<T, enum_words<Enum>.size()> values{};
    T& operator[](Enum word) { return values[static_cast<std::size_t>(word)]; }
    const T& operator[](Enum word) const { return values[static_cast<std::size_t>(word)]; }
    friend bool operator==(const PerWord&, const PerWord&) = default;
};

/// A result row: a trivially copyable struct with fields(), the table it belongs to
/// ("events/handover") and the digest component its table counts in ("network"). `static constexpr
/// bool sample = true` puts it in "samples".
template <class R>
concept Row = std::is_trivially_copyable_v<R> && HasFields<R> && requires {
    { R::table } -> std::convertible_to<std::string_view>;
    { R::component } -> std::convertible_to<std::string_view>;
};

struct RowType {
    std::string_view table;
    std::string_view component;
    std::uint64_t table_hash;
    std::size_t size;  ///< of the struct [B]
    std::vector<Column> columns;

    /// Column of that name, or nullptr.
    const Column* column(std::string_view name) const {
        for (const Column& c : columns)
            if (c.name == name) return &c;
        return nullptr;
    }
};

/// The event during which a row was recorded: its key and the entity whose handler ran.
struct RowStamp {
    EventKey key;
    EntityId self{};
    Time at() const { return key.at; }
};

/// Whoever wants rows while a run goes on: the results file, metrics, storms, a test. Rows come in
/// merged event order, whatever the number of partitions.
class TableSink {
  public:
    virtual ~TableSink() = default;
    /// Asked once per row type before the run.
    virtual bool wants(const RowType&) const { return true; }
    virtual void row(const RowType& type, const RowStamp& stamp, const std::byte* bytes) = 0;
};

namespace detail {

template <class T>
struct IsAddress : std::false_type {};
template <class Model>
struct IsAddress<Address<Model>> : std::true_type {};

template <class T>
constexpr ColumnKind kind_of() {
    if constexpr (std::is_same_v<T, Time>)
        return ColumnKind::time;
    else if constexpr (std::is_same_v<T, Duration>)
        return ColumnKind::duration;
    else if constexpr (std::is_same_v<T, Reading>)
        return ColumnKind::reading;
    else if constexpr (std::is_same_v<T, EntityId> || IsAddress<T>::value)
        return ColumnKind::entity;
    else if constexpr (std::is_enum_v<T>) {
        static_assert(sizeof(T) == 1 && enum_words<T>.size() > 0,
                      "an enum column is one byte and has enum_words");
        return ColumnKind::word;
    } else if constexpr (std::is_same_v<T, double>)
        return ColumnKind::float64;
    else if constexpr (std::is_same_v<T, std::int64_t>)
        return ColumnKind::int64;
    else if constexpr (std::is_same_v<T, std::uint64_t>)
        return ColumnKind::uint64;
    else if constexpr (std::is_same_v<T, std::int32_t>)
        return ColumnKind::int32;
    else if constexpr (std::is_same_v<T, std::uint32_t>)
        return ColumnKind::uint32;
    else if constexpr (std::is_same_v<T, std::uint16_t>)
        return ColumnKind::uint16;
    else {
        static_assert(std::is_same_v<T, std::uint8_t> || std::is_same_v<T, bool>,
                      "no column kind for this type");
        return ColumnKind::uint8;
    }
}

template <class T>
constexpr std::span<const std::string_view> words_of() {
    if constexpr (std::is_enum_v<T>) return enum_words<T>;
    return {};
}

template <class R, class T>
std::size_t offset_of(T R::*member) {
    static const R probe{};
    return static_cast<std::size_t>(reinterpret_cast<const std::byte*>(&(probe.*member)) -
                                    reinterpret_cast<const std::byte*>(&probe));
}

template <class R, class T>
void add_columns(std::vector<Column>& columns, const Field<R, T>& field) {
    columns.push_back({std::string(field.name), field.unit, field.help, kind_of<T>(),
                       offset_of(field.member), words_of<T>()});
}
template <class R, class Enum, class T>
void add_columns(std::vector<Column>& columns, const Field<R, PerWord<Enum, T>>& field) {
    for (std::size_t i = 0; i < enum_words<Enum>.size(); ++i)
        columns.push_back({std::string(field.name) + "_" + std::string(enum_words<Enum>[i]),
                           field.unit, field.help, kind_of<T>(),
                           offset_of(field.member) + i * sizeof(T), words_of<T>()});
}

}  // namespace detail

template <Row R>
const RowType& row_type() {
    static const RowType type = [] {
        RowType made{R::table, R::component, stable_hash(R::table), sizeof(R), {}};
        if constexpr (requires { R::sample; }) {
            if (R::sample) made.component = "samples";
        }
        for_each_field<R>([&](const auto& field) { detail::add_columns(made.columns, field); });
        return made;
    }();
    return type;
}

/// Value of a numeric column of a row, widened: entities and words as their numbers, times in ns.
std::int64_t integer_of(const Column& column, const std::byte* row);
double real_of(const Column& column, const std::byte* row);

}  // namespace driftstorm
