#pragma once

#include "scenarios/complaints.hpp"
#include "scenarios/document.hpp"
#include "scenarios/node.hpp"
#include "scenarios/quantity.hpp"
#include "scenarios/selector.hpp"
#include "sim/core/time.hpp"

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace driftstorm {

/// What a field says about its value: its unit and the inclusive range, in that unit (s for a
/// Duration, the fraction for "%").
struct ValueShape {
    std::string_view unit = "";
    double min = -std::numeric_limits<double>::infinity();
    double max = std::numeric_limits<double>::infinity();
};

/// The keys of a map of parameters and of the maps inside it.
struct KeyTable {
    std::vector<std::string_view> own;
    std::vector<std::pair<std::string_view, std::vector<std::string_view>>> nested;
};

/// The maps that a reader is inside of, so that a key in the wrong one can be told where it
/// belongs.
struct KeyScope {
    const KeyScope* outer = nullptr;
    KeyTable (*keys)() = nullptr;
    std::string path;
    std::string title = "";  ///< what messages call the map, if not by its path
};

/// A value about to be read: its name in messages, its path, and what is expected of it.
struct ValuePlace {
    std::string name;
    std::string path;
    ValueShape shape;
    Complaints& complaints;
    const KeyScope* scope = nullptr;

    /// The place of a member or item of this value, with the same shape.
    ValuePlace member(std::string_view key) const;
    ValuePlace item(std::size_t index) const;
};

/// Files a complaint about a value: its path, and where the parameter is defined when it is a
/// `$name`.
Complaint& complain(const Node& node, const ValuePlace& place, std::string message);
/// "'sd' must be a frequency ratio (ppm, ppb), got '9 km'".
Complaint& complain_must_be(const Node& node, const ValuePlace& place, std::string_view what);

// Each reads one value, or complains and gives nothing.

/// Any quantity of the shape's dimension; range not checked.
std::optional<Quantity> read_quantity(const Node& node, const ValuePlace& place);
std::optional<double> read_double(const Node& node, const ValuePlace& place);
std::optional<Duration> read_duration(const Node& node, const ValuePlace& place);
/// A whole number of the shape's unit within [least, most] and the shape's range.
std::optional<std::int64_t> read_signed(const Node& node, const ValuePlace& place,
                                        std::int64_t least, std::int64_t most);
std::optional<std::uint64_t> read_unsigned(const Node& node, const ValuePlace& place,
                                           std::uint64_t most);
std::optional<bool> read_bool(const Node& node, const ValuePlace& place);
std::optional<std::string> read_text(const Node& node, const ValuePlace& place);
/// Index of a word among `words`.
std::optional<std::size_t> read_word(const Node& node, const ValuePlace& place,
                                     std::span<const std::string_view> words);
std::optional<Reference> read_reference(const Node& node, const ValuePlace& place);
std::optional<Selector> read_selector(const Node& node, const ValuePlace& place);
std::optional<Limit> read_limit(const Node& node, const ValuePlace& place);
std::optional<Window> read_window(const Node& node, const ValuePlace& place);
std::optional<Timestamp> read_timestamp(const Node& node, const ValuePlace& place);
/// Gives the names also when their shares are wrong, so that they count as referred to.
bool read_weighted_choice(const Node& node, const ValuePlace& place, WeightedChoice& choice);

/// Whether a value lies in the shape's range; complains when not.
bool check_range(double value, const Node& node, const ValuePlace& place);
/// Whether the node is a map (a list); complains when not.
bool check_is_map(const Node& node, const ValuePlace& place);
bool check_is_sequence(const Node& node, const ValuePlace& place);
/// Whether a name can be referred to: no brackets, '=', ',' or leading '$'.
bool check_name(std::string_view name, const Position& at, const std::string& path,
                Complaints& complaints);

/// Complains about a key that a map does not have: did-you-mean, or where it belongs instead.
/// @return  the key that was meant, as far as can be told; else ""
std::string complain_unknown_key(const Node::Entry& entry, const KeyScope& scope,
                                 std::span<const std::string_view> also_known,
                                 Complaints& complaints);
/// Adds a note to the last complaint: which keys a map has, when they are few.
void add_note_of_keys(const std::vector<std::string_view>& keys, Complaints& complaints);
void complain_missing_key(std::string_view key, const Node& map, const std::string& path,
                          Complaints& complaints);

// What is written for a value; the inverse of reading.
Node quantity_node(double value, std::string_view unit);
Node duration_node(Duration value);
Node text_node(std::string text);
Node weighted_choice_node(const WeightedChoice& choice);

}  // namespace driftstorm
