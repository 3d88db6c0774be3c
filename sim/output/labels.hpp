#pragma once

#include "sim/output/entity_directory.hpp"
#include "sim/output/hdf5_file.hpp"
#include "sim/output/memory_group.hpp"

#include <span>
#include <string>
#include <string_view>

namespace driftstorm {

/// CF units of instants: "2026-03-02T06:30:00Z" -> "nanoseconds since 2026-03-02 06:30:00".
/// @throws std::invalid_argument if the epoch is not an ISO 8601 date and time of day in UTC
std::string units_since(const std::string& epoch);

/// The unit as CF knows it: "" and "%" (a share, stored as a fraction) are "1".
std::string cf_unit(std::string_view unit);

/// units and long_name of a dataset. An empty unit leaves units out, as for text.
void label(Hdf5File& file, const std::string& dataset, const std::string& units,
           std::string_view help);
/// flag_values 0, 1, 2 ... and flag_meanings.
void label_words(Hdf5File& file, const std::string& dataset, const std::vector<std::string>& words);

/// Writes a group that is known as a whole.
void write_group(Hdf5File& file, const MemoryGroup& group, const std::string& time_units);

/// Above this many members a kind's scale is the row number, and text would only cost.
inline constexpr std::size_t most_named_members = 10'000;
/// The scale of a kind's rows, a dimension called like the kind, for a group that uses it.
MemoryColumn entity_scale(const EntityKind& kind);
void write_entities(Hdf5File& file, const EntityKind& kind, const std::string& time_units);

}  // namespace driftstorm
