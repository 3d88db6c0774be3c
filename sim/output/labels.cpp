#include "sim/output/labels.hpp"

#include "sim/output/growing_dataset.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <numeric>
#include <stdexcept>
#include <type_traits>
#include <variant>

namespace driftstorm {

std::string units_since(const std::string& epoch) {
    constexpr std::string_view pattern = "dddd-dd-ddTdd:dd:dd";
    const auto digit = [](char c) { return c >= '0' && c <= '9'; };
    bool sound = epoch.size() >= pattern.size();
    for (std::size_t i = 0; sound && i < pattern.size(); ++i)
        sound = pattern[i] == 'd'   ? digit(epoch[i])
                : pattern[i] == 'T' ? epoch[i] == 'T' || epoch[i] == ' '
                                    : epoch[i] == pattern[i];
    std::string time = epoch;
    for (const std::string_view zone : {"Z", "+00:00"})
        if (sound && time.ends_with(zone)) time.resize(time.size() - zone.size());
    if (sound && time.size() > pattern.size())  // a fraction of a second
        sound = time.size() > pattern.size() + 1 && time[pattern.size()] == '.' &&
                std::all_of(time.begin() + pattern.size() + 1, time.end(), digit);
    if (!sound)
        throw std::invalid_argument("epoch '" + epoch + "' is not like 2026-03-02T06:30:00Z (UTC)");
    time[10] = ' ';
    return "nanoseconds since " + time;
}

std::string cf_unit(std::string_view unit) {
    return unit.empty() || unit == "%" ? "1" : std::string(unit);
}

void label(Hdf5File& file, const std::string& dataset, const std::string& units,
           std::string_view help) {
    if (!units.empty()) file.write_attribute(dataset, "units", units);
    const std::string name = dataset.substr(dataset.rfind('/') + 1);
    file.write_attribute(dataset, "long_name", help.empty() ? name : std::string(help));
}

void label_words(Hdf5File& file, const std::string& dataset,
                 const std::vector<std::string>& words) {
    std::vector<std::uint8_t> values(words.size());
    std::iota(values.begin(), values.end(), std::uint8_t{0});
    std::string meanings;
    for (std::string word : words) {
        std::replace(word.begin(), word.end(), ' ', '_');  // CF separates meanings by blanks
        meanings += (meanings.empty() ? "" : " ") + word;
    }
    if (values.empty()) return;
    file.write_attribute(dataset, "flag_values", Hdf5Type::uint8, values.data(), values.size());
    file.write_attribute(dataset, "flag_meanings", meanings);
}

namespace {

/// Chunks of whole rows; what fits into a page is left contiguous, as a filter would only add to
/// it.
std::vector<std::uint64_t> chunk_of(const std::vector<std::uint64_t>& extent,
                                    std::size_t value_bytes) {
    constexpr std::size_t page = 4096;
    if (extent.empty() || value_bytes == 0) return {};
    std::uint64_t row = value_bytes;
    for (std::size_t i = 1; i < extent.size(); ++i) row *= extent[i];
    if (row == 0 || extent.front() * row <= page) return {};
    std::vector<std::uint64_t> chunk = extent;
    chunk.front() = std::clamp<std::uint64_t>(chunk_bytes / row, 1, extent.front());
    return chunk;
}

std::size_t size_of_values(const MemoryColumn& column) {
    return std::visit([](const auto& values) { return values.size(); }, column.values);
}

void write_column(Hdf5File& file, const std::string& path, const MemoryColumn& column,
                  const std::vector<std::uint64_t>& extent, const std::string& time_units,
                  bool is_scale = false) {
    std::uint64_t size = 1;
    for (const std::uint64_t n : extent) size *= n;
    if (size_of_values(column) != size)
        throw std::invalid_argument("column " + path + " has " +
                                    std::to_string(size_of_values(column)) +
                                    " values where its dimensions ask for " + std::to_string(size));
    const auto write = [&](const auto& values) {
        using T = typename std::decay_t<decltype(values)>::value_type;
        constexpr Hdf5Type type = hdf5_type<T>();
        Hdf5Shape shape{.type = type, .extent = extent, .chunk = chunk_of(extent, size_of(type))};
        if constexpr (type == Hdf5Type::float64)
            shape.fill = fill_of(std::numeric_limits<double>::quiet_NaN());
        if (column.instant) shape.fill = static_cast<FillValue>(INT64_MIN);
        if constexpr (type == Hdf5Type::uint8)
            if (!column.words.empty() &&
                std::find(values.begin(), values.end(), no_word) != values.end())
                shape.fill = no_word;
        if (is_scale) shape.fill.reset();  // CF: a coordinate is never missing
        const Hdf5Handle dataset = file.create_dataset(path, shape);
        if constexpr (type == Hdf5Type::text) {
            file.write_texts(dataset, values);
            label(file, path, "", column.help);
        } else {
            if (!values.empty()) file.write(dataset, type, values.data());
            label(file, path, column.instant ? time_units : cf_unit(column.unit), column.help);
            if (shape.fill) file.write_attribute(path, "_FillValue", type, &*shape.fill);
        }
    };
    if (column.instant && !std::holds_alternative<std::vector<std::int64_t>>(column.values))
        throw std::invalid_argument("column " + path + " holds instants and so int64");
    std::visit(write, column.values);
    label_words(file, path, column.words);
    if (!column.entities.empty()) file.write_attribute(path, "entities", column.entities);
}

}  // namespace

void write_group(Hdf5File& file, const MemoryGroup& group, const std::string& time_units) {
    if (group.path.size() < 2 || group.path.front() != '/')
        throw std::invalid_argument("group '" + group.path + "' has no path like /checks");
    file.create_group(group.path);
    for (const Attribute& attribute : group.attributes)
        file.write_attribute(group.path, attribute.name, attribute.value);
    for (const MemoryColumn& dimension : group.dimensions) {
        const std::string path = group.path + "/" + dimension.name;
        write_column(file, path, dimension, {size_of_values(dimension)}, time_units, true);
        file.make_scale(path);
    }
    for (const MemoryColumn& column : group.columns) {
        std::vector<std::string> names = column.dimensions;
        if (names.empty() && !group.dimensions.empty())
            names.push_back(group.dimensions.front().name);
        std::vector<std::uint64_t> extent;
        for (const std::string& name : names) {
            const auto found =
                std::find_if(group.dimensions.begin(), group.dimensions.end(),
                             [&](const MemoryColumn& known) { return known.name == name; });
            if (found == group.dimensions.end())
                throw std::invalid_argument(group.path + "/" + column.name + ": no dimension '" +
                                            name + "'");
            extent.push_back(size_of_values(*found));
        }
        const std::string path = group.path + "/" + column.name;
        write_column(file, path, column, extent, time_units);
        for (unsigned i = 0; i < names.size(); ++i)
            file.attach_scale(path, i, group.path + "/" + names[i]);
    }
    for (const MemoryColumn& scalar : group.scalars)
        write_column(file, group.path + "/" + scalar.name, scalar, {}, time_units);
}

MemoryColumn entity_scale(const EntityKind& kind) {
    MemoryColumn scale{.name = kind.name, .unit = "", .help = kind.name, .values = kind.names};
    if (kind.names.size() > most_named_members) {
        std::vector<std::int64_t> rows(kind.names.size());
        std::iota(rows.begin(), rows.end(), std::int64_t{0});
        scale.values = std::move(rows);
        scale.help = "row in /entities/" + kind.name;
    }
    return scale;
}

namespace {

/// Few words, many members: a text each would be most of the file. They become numbers of words.
void number_words(MemoryColumn& column) {
    const auto* texts = std::get_if<std::vector<std::string>>(&column.values);
    if (texts == nullptr || texts->size() <= most_named_members) return;
    std::vector<std::string> words;
    for (const std::string& text : *texts) {  // neighbours are often alike
        if (text.empty() || (!words.empty() && words.back() == text)) continue;
        const auto at = std::lower_bound(words.begin(), words.end(), text);
        if (at == words.end() || *at != text) words.insert(at, text);
        if (words.size() >= no_word) return;
    }
    std::vector<std::uint8_t> numbers;
    numbers.reserve(texts->size());
    for (const std::string& text : *texts)
        numbers.push_back(
            text.empty() ? no_word
                         : static_cast<std::uint8_t>(
                               std::lower_bound(words.begin(), words.end(), text) - words.begin()));
    if (words.empty()) return;
    column.values = std::move(numbers);
    column.words = std::move(words);
}

}  // namespace

void write_entities(Hdf5File& file, const EntityKind& kind, const std::string& time_units) {
    MemoryGroup group{.path = "/entities/" + kind.name, .dimensions = {entity_scale(kind)}};
    if (!kind.member.empty())
        group.columns.push_back({.name = "member",
                                 .unit = "",
                                 .help = "number within its population",
                                 .values = kind.member});
    if (!kind.population.empty())
        group.columns.push_back({.name = "population",
                                 .unit = "",
                                 .help = "population it belongs to",
                                 .values = kind.population});
    group.dimensions.insert(group.dimensions.end(), kind.dimensions.begin(), kind.dimensions.end());
    group.columns.insert(group.columns.end(), kind.columns.begin(), kind.columns.end());
    for (MemoryColumn& column : group.columns) number_words(column);
    write_group(file, group, time_units);
}

}  // namespace driftstorm
