#include "scenarios/values.hpp"

#include "scenarios/read_params.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace driftstorm {

ValuePlace ValuePlace::member(std::string_view key) const {
    return {std::string(key), child_path(path, key), shape, complaints, scope};
}

ValuePlace ValuePlace::item(std::size_t index) const {
    return {item_path(name, index), item_path(path, index), shape, complaints, scope};
}

Complaint& complain(const Node& node, const ValuePlace& place, std::string message) {
    Complaint& complaint = place.complaints.error(node.position(), std::move(message), place.path);
    if (!node.via().empty()) {
        complaint.notes.push_back({node.origin(), node.via() + " comes from here"});
    }
    return complaint;
}

Complaint& complain_must_be(const Node& node, const ValuePlace& place, std::string_view what) {
    return complain(
        node, place,
        quote(place.name) + " must be " + std::string(what) + ", got " + node.describe());
}

namespace {

std::string dimension_phrase(Dimension dimension) {
    if (dimension == Dimension::count) return "a bare number";
    return std::string(dimension_name(dimension)) + " (" +
           std::string(dimension_examples(dimension)) + ")";
}

/// An end of a range as people write it ("1 ns", not "1e-09 s").
std::string end_of_range(double value, std::string_view unit) {
    const double ns = value * 1e9;
    const bool whole = std::abs(ns) < 9.2e18 && std::abs(ns) >= 1 && ns == std::round(ns);
    if (unit == "s" && whole) return format_duration(Duration{static_cast<std::int64_t>(ns)});
    if (unit.empty() && value == 0x1p64) return "18446744073709551615";  // what an integer holds
    return format_quantity(value, unit);
}

std::string range_phrase(const ValueShape& shape) {
    const bool low = std::isfinite(shape.min), high = std::isfinite(shape.max);
    const bool any_positive = shape.min > 0 && shape.min < 1e-300;  // the least double: "above 0"
    const std::string least = end_of_range(any_positive ? 0.0 : shape.min, shape.unit);
    const std::string most = end_of_range(shape.max, shape.unit);
    if (any_positive) return high ? "above " + least + " and at most " + most : "above " + least;
    if (low && high) return "between " + least + " and " + most;
    return low ? "at least " + least : "at most " + most;
}

bool looks_like_reference(const Node& node) {
    return node.is_scalar() && node.quoted() && node.text().size() > 1 && node.text()[0] == '$';
}

void add_reference_hint(const Node& node, Complaint& complaint) {
    if (looks_like_reference(node)) {
        complaint.notes.push_back({{}, "without the quotes it refers to the parameter"});
    }
}

}  // namespace

bool check_range(double value, const Node& node, const ValuePlace& place) {
    if (value >= place.shape.min && value <= place.shape.max && std::isfinite(value)) return true;
    if (!std::isfinite(value)) {
        complain(node, place, quote(place.name) + " is too large: " + node.describe());
    } else {
        complain_must_be(node, place, range_phrase(place.shape));
    }
    return false;
}

bool check_is_map(const Node& node, const ValuePlace& place) {
    if (node.is_map()) return true;
    if (!node.is_null()) complain_must_be(node, place, "a map");  // the loader told of the null
    return false;
}

bool check_is_sequence(const Node& node, const ValuePlace& place) {
    if (node.is_sequence()) return true;
    if (!node.is_null()) complain_must_be(node, place, "a list ([...])");
    return false;
}

bool check_name(std::string_view name, const Position& at, const std::string& path,
                Complaints& complaints) {
    const bool sound = !name.empty() && name.find_first_of("[]=,/") == std::string_view::npos &&
                       name[0] != '$' && name.front() != ' ' && name.back() != ' ';
    if (!sound) {
        complaints.error(at,
                         quote(name) +
                             " cannot be a name: '[', ']', '=', ',', '/' and a leading '$' mean "
                             "something else where it is referred to",
                         path);
    }
    return sound;
}

std::optional<Quantity> read_quantity(const Node& node, const ValuePlace& place) {
    const Dimension wanted = dimension_of(place.shape.unit);
    if (node.is_null()) return {};
    if (!node.is_scalar()) {
        complain_must_be(node, place, dimension_phrase(wanted));
        return {};
    }
    const ParsedQuantity parsed = parse_quantity(node.text());
    const bool numeric = parsed.quantity.has_value();
    if (numeric && accepts(wanted, parsed.quantity->dimension()) &&
        (wanted != Dimension::count || !node.quoted())) {
        return parsed.quantity;
    }
    const bool begins_as_number = parsed.error.compare(0, 15, "is not a number") != 0;
    std::string message =
        quote(place.name) + " must be " + dimension_phrase(wanted) + ", got " + node.describe();
    const bool unit_missing =
        numeric && wanted != Dimension::count && parsed.quantity->dimension() == Dimension::count;
    if (unit_missing) {
        message +=
            parsed.quantity->is_zero() ? "; zero carries its unit too" : "; the unit is missing";
        if (wanted == Dimension::share) {
            // 0.006 is a fraction; 5 can only be meant in % already.
            const double bare = parsed.quantity->in("");
            message +=
                ": write it in % (" +
                (std::abs(bare) > 1 ? format_number(bare) + " %" : format_quantity(bare, "%")) +
                ")";
        }
    } else if (!numeric && begins_as_number) {
        message += ", which " + parsed.error;
    } else if (numeric && node.quoted() && parsed.quantity->dimension() == Dimension::count) {
        message += " in quotes";
    }
    add_reference_hint(node, complain(node, place, std::move(message)));
    return {};
}

std::optional<double> read_double(const Node& node, const ValuePlace& place) {
    const std::optional<Quantity> quantity = read_quantity(node, place);
    if (!quantity) return {};
    const double value = quantity->in(place.shape.unit);
    return check_range(value, node, place) ? std::optional(value) : std::nullopt;
}

std::optional<Duration> read_duration(const Node& node, const ValuePlace& place) {
    ValuePlace seconds{place.name, place.path, place.shape, place.complaints, place.scope};
    seconds.shape.unit = "s";
    const std::optional<Quantity> quantity = read_quantity(node, seconds);
    if (!quantity || !check_range(quantity->in("s"), node, seconds)) return {};
    const std::optional<std::int64_t> ns = quantity->whole("ns");
    if (ns) return Duration{*ns};
    const bool large = std::abs(quantity->in("s")) > 9.2e9;
    complain(node, place,
             quote(place.name) +
                 (large ? " is longer than 292 years: " : " is no whole number of ns: ") +
                 node.describe());
    return {};
}

namespace {

std::string whole_phrase(std::string_view unit) {
    return unit.empty() ? "a whole number" : "a whole number of " + std::string(unit);
}

bool in_range_or_complain(const Quantity& quantity, const Node& node, const ValuePlace& place) {
    return check_range(quantity.in(place.shape.unit), node, place);
}

}  // namespace

std::optional<std::int64_t> read_signed(const Node& node, const ValuePlace& place,
                                        std::int64_t least, std::int64_t most) {
    const std::optional<Quantity> quantity = read_quantity(node, place);
    if (!quantity || !in_range_or_complain(*quantity, node, place)) return {};
    const std::optional<std::int64_t> value = quantity->whole(place.shape.unit);
    if (value && *value >= least && *value <= most) return value;
    complain_must_be(node, place, whole_phrase(place.shape.unit) + (value ? " that fits" : ""));
    return {};
}

std::optional<std::uint64_t> read_unsigned(const Node& node, const ValuePlace& place,
                                           std::uint64_t most) {
    const std::optional<Quantity> quantity = read_quantity(node, place);
    if (!quantity || !in_range_or_complain(*quantity, node, place)) return {};
    const std::optional<std::uint64_t> value = quantity->unsigned_whole(place.shape.unit);
    if (value && *value <= most) return value;
    // 2^64 itself passes a range of doubles, and has no place in 64 bits.
    const bool large = quantity->in(place.shape.unit) > static_cast<double>(most) / 2;
    complain_must_be(node, place,
                     whole_phrase(place.shape.unit) + (quantity->number.negative ? ", not negative"
                                                       : large ? ", at most " + std::to_string(most)
                                                               : ""));
    return {};
}

std::optional<bool> read_bool(const Node& node, const ValuePlace& place) {
    if (node.is_null()) return {};
    const bool plain = node.is_scalar() && !node.quoted();
    if (plain && (node.text() == "true" || node.text() == "false")) return node.text() == "true";
    complain_must_be(node, place, "true or false");
    return {};
}

std::optional<std::string> read_text(const Node& node, const ValuePlace& place) {
    if (node.is_null()) return {};
    if (node.is_scalar()) return node.text();
    complain_must_be(node, place, "a text");
    return {};
}

std::optional<std::size_t> read_word(const Node& node, const ValuePlace& place,
                                     std::span<const std::string_view> words) {
    if (node.is_null()) return {};
    if (node.is_scalar()) {
        const auto found = std::find(words.begin(), words.end(), node.text());
        if (found != words.end()) return static_cast<std::size_t>(found - words.begin());
    }
    const std::vector<std::string_view> known(words.begin(), words.end());
    const std::string near = node.is_scalar() ? did_you_mean(node.text(), known) : "";
    complain(
        node, place,
        quote(place.name) + " must be " + list_words(known) + ", got " + node.describe() + near);
    return {};
}

std::optional<std::size_t> read_kind(const Node& map, const std::string& path,
                                     Complaints& complaints,
                                     std::span<const std::string_view> words,
                                     std::string_view key) {
    if (!check_is_map(map, {path, path, {}, complaints})) return {};
    const Node* kind = map.find(key);
    if (!kind) {
        complain_missing_key(key, map, path, complaints);
        return {};
    }
    return read_word(*kind, {std::string(key), child_path(path, key), {}, complaints}, words);
}

std::optional<Reference> read_reference(const Node& node, const ValuePlace& place) {
    if (node.is_null()) return {};
    if (node.is_scalar() && !node.text().empty()) {
        return Reference{node.text(), node.position(), place.path};
    }
    complain_must_be(node, place, "a name");
    return {};
}

namespace {

/// The place of byte `offset` of a scalar's text; a quoted text begins behind its quote.
Position inside(const Node& node, std::size_t offset) {
    Position at = node.position();
    if (!node.via().empty() || offset == 0) return at;
    const auto shift = static_cast<std::uint32_t>(offset) + (node.quoted() ? 1u : 0u);
    if (shift >= at.length) return at;
    at.column += shift;
    at.length = 1;
    return at;
}

template <class Parsed>
void complain_inside(const Node& node, const ValuePlace& place, const Parsed& parsed) {
    Complaint& complaint =
        complain(node, place, quote(place.name) + ": " + node.describe() + " " + parsed.error);
    complaint.at = inside(node, parsed.offset);
}

}  // namespace

std::optional<Selector> read_selector(const Node& node, const ValuePlace& place) {
    if (node.is_null()) return {};
    if (!node.is_scalar()) {
        complain_must_be(node, place, "a selector (servers.relays[1], riders[app=v7.3.1])");
        return {};
    }
    ParsedSelector parsed = parse_selector(node.text());
    if (!parsed.selector) {
        complain_inside(node, place, parsed);
        return {};
    }
    parsed.selector->at = node.position();
    parsed.selector->path = place.path;
    parsed.selector->opening = node.quoted() ? 1 : 0;
    return parsed.selector;
}

std::optional<Limit> read_limit(const Node& node, const ValuePlace& place) {
    if (node.is_null()) return {};
    if (!node.is_scalar()) {
        complain_must_be(node, place, "a limit (\">= 6\", \"< 500 ms\", \"41 s +- 15 %\")");
        return {};
    }
    ParsedLimit parsed = parse_limit(node.text());
    if (!parsed.limit) {
        complain_inside(node, place, parsed);
        return {};
    }
    parsed.limit->at = node.position();
    if (parsed.limit->metric) {
        parsed.limit->metric->at = node.position();
        parsed.limit->metric->path = place.path;
    }
    return parsed.limit;
}

std::optional<Window> read_window(const Node& node, const ValuePlace& place) {
    if (node.is_null()) return {};
    if (!node.is_sequence() || node.size() != 2) {
        complain_must_be(node, place, "a window [FROM, TO] of two times");
        return {};
    }
    const auto from = read_duration(node.entries()[0].value, place.item(0));
    const auto to = read_duration(node.entries()[1].value, place.item(1));
    if (!from || !to) return {};
    if (from->ns >= 0 && *from < *to) return Window{*from, *to};
    if (from->ns < 0)
        complain(node.entries()[0].value, place,
                 quote(place.name) + " begins before the run, which begins at 0 s");
    if (*from >= *to)
        complain(node.entries()[1].value, place,
                 quote(place.name) + (*from == *to ? " has no length" : " ends before it begins"));
    return {};
}

std::optional<Timestamp> read_timestamp(const Node& node, const ValuePlace& place) {
    if (node.is_null()) return {};
    if (node.is_scalar()) {
        if (const auto ns = parse_timestamp(node.text())) return Timestamp{*ns};
        if (parse_timestamp(node.text() + "Z")) {
            complain(node, place,
                     quote(place.name) + " has no time zone: write '" + node.text() +
                         "Z' for UTC, or an offset such as +01:00");
            return {};
        }
    }
    complain_must_be(node, place, "a date and time (2026-03-09T07:30:00Z) between 1678 and 2262");
    return {};
}

namespace {

constexpr std::int64_t whole_share =
    1'000'000'000'000;  // shares are summed in units of 1e-12, exactly

struct Shares {
    std::int64_t sum = 0;
    std::optional<std::size_t> rest;  ///< index of the option that says `rest`
    Position rest_at;
};

/// Adds one option of a weighted choice.
bool read_option(const Node::Entry& entry, const ValuePlace& place, WeightedChoice& choice,
                 Shares& shares) {
    const ValuePlace below{entry.key,
                           child_path(place.path, entry.key),
                           {"%", 0.0, 1.0},
                           place.complaints,
                           place.scope};
    WeightedChoice::Option& option = choice.options.emplace_back();
    option.name = entry.key;
    option.at = entry.key_position;
    const Node& share = entry.value;
    if (share.is_scalar() && share.text() == "rest") {
        if (shares.rest) {
            complain(share, below, "only one share can be 'rest'")
                .notes.push_back({shares.rest_at, "the first stands here"});
            return false;
        }
        shares.rest = choice.options.size() - 1;
        shares.rest_at = share.position();
    } else {
        std::optional<Quantity> quantity = read_quantity(share, below);
        if (!quantity || !check_range(quantity->in("%"), share, below)) return false;
        option.share = quantity->in("%");
        quantity->number.exponent += 12;
        const std::optional<std::int64_t> units = quantity->whole("%");
        if (!units) {
            complain(share, below, quote(entry.key) + " has more decimals than a share can");
            return false;
        }
        shares.sum += *units;
    }
    return true;
}

}  // namespace

bool read_weighted_choice(const Node& node, const ValuePlace& place, WeightedChoice& choice) {
    if (node.is_null()) return false;
    if (node.is_scalar() && !node.text().empty()) {
        choice = {{{node.text(), 1.0, node.position()}}, place.path};
        return true;
    }
    const Node* options = node.find("weighted");
    if (!options || node.size() != 1) {
        complain_must_be(node, place, "a name or { weighted: { NAME: 30 %, OTHER: rest } }");
        return false;
    }
    if (!options->is_map() || options->size() == 0) {
        const ValuePlace weighted{"weighted", place.path, {}, place.complaints, place.scope};
        if (!options->is_null()) complain_must_be(*options, weighted, "a map of names to shares");
        return false;
    }
    choice = {{}, place.path};
    Shares shares;
    bool sound = true;
    for (const Node::Entry& entry : options->entries()) {
        sound = read_option(entry, place, choice, shares) && sound;
    }
    if (!sound) return false;
    const double sum_percent =
        100.0 * static_cast<double>(shares.sum) / static_cast<double>(whole_share);
    if (shares.sum > whole_share || (!shares.rest && shares.sum != whole_share)) {
        complain(*options, place,
                 "the shares of " + quote(place.name) + " sum to " + format_number(sum_percent) +
                     " %, not to 100 %" + (shares.rest ? "" : "; one of them can be 'rest'"));
        return false;
    }
    if (shares.rest) {
        const auto left = static_cast<double>(whole_share - shares.sum);
        choice.options[*shares.rest].share = left / static_cast<double>(whole_share);
    }
    return true;
}

Node weighted_choice_node(const WeightedChoice& choice) {
    if (choice.options.size() == 1) return text_node(choice.options.front().name);
    std::vector<Node::Entry> shares;
    shares.reserve(choice.options.size());
    for (const WeightedChoice::Option& option : choice.options) {
        shares.push_back({option.name, {}, quantity_node(option.share, "%")});
    }
    return Node::map({{"weighted", {}, Node::map(std::move(shares), {})}}, {});
}

void complain_missing_key(std::string_view key, const Node& map, const std::string& path,
                          Complaints& complaints) {
    const std::string where = path.empty() ? "the scenario" : quote(path);
    complaints.error(map.position(), where + " needs " + quote(key), path);
}

namespace {

bool contains(std::span<const std::string_view> words, std::string_view word) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

/// The path of the map around or inside which a key is known; "" when it is in none.
std::string home_of(std::string_view key, const KeyScope& scope) {
    for (const auto& [name, keys] : scope.keys().nested) {
        if (contains(keys, key)) return child_path(scope.path, name);
    }
    for (const KeyScope* outer = scope.outer; outer; outer = outer->outer) {
        const KeyTable table = outer->keys();
        for (const auto& [name, keys] : table.nested) {
            if (contains(keys, key)) return child_path(outer->path, name);
        }
        if (contains(table.own, key)) return outer->path;
    }
    return "";
}

}  // namespace

void add_note_of_keys(const std::vector<std::string_view>& keys, Complaints& complaints) {
    if (keys.empty() || keys.size() > 20) return;
    complaints.last().notes.push_back({{}, "keys are " + list_words(keys)});
}

std::string complain_unknown_key(const Node::Entry& entry, const KeyScope& scope,
                                 std::span<const std::string_view> also_known,
                                 Complaints& complaints) {
    if (contains(also_known, entry.key)) return "";
    std::vector<std::string_view> known = scope.keys().own;
    known.insert(known.end(), also_known.begin(), also_known.end());
    const std::string path = scope.path.empty() ? "a scenario" : scope.path;
    const std::string where = scope.title.empty() ? path : scope.title;
    const std::string home = home_of(entry.key, scope);
    std::string near = home.empty() ? nearest_word(entry.key, known) : "";
    std::string hint = near.empty() ? "" : "; did you mean " + quote(near) + "?";
    if (!home.empty()) hint = "; it belongs in " + quote(home);
    if (complaints.told_at(entry.key_position)) return near;  // by another entry that extends it
    complaints.error(entry.key_position, quote(entry.key) + " is no key of " + where + hint,
                     child_path(scope.path, entry.key));
    if (hint.empty()) add_note_of_keys(known, complaints);
    return near;
}

namespace {

/// The rate nearest to a frequency ratio: its fraction rounded once, then to the grid of rates.
Rate rate_of(Quantity ratio) {
    if (!ratio.is_zero()) ratio.number.exponent -= 9;  // 1e-9 of it, in ppb, is the fraction
    return Rate::fraction(ratio.in("ppb"));
}

}  // namespace

std::optional<Node> ValueForm<Rate>::write(Rate value, const ValueShape&) {
    // The shortest digits that are read as this very rate.
    for (int digits = 1; digits < 17; ++digits) {
        std::array<char, 40> text{};
        const auto [end, error] =
            std::to_chars(text.data(), text.data() + text.size(), value.as_ppb(),
                          std::chars_format::scientific, digits);
        double shorter = 0.0;
        std::from_chars(text.data(), end, shorter);
        const ParsedQuantity parsed = parse_quantity(format_quantity(shorter, "ppb"));
        if (parsed.quantity && rate_of(*parsed.quantity) == value)
            return quantity_node(shorter, "ppb");
    }
    return quantity_node(value.as_ppb(), "ppb");
}

bool ValueForm<Rate>::read(const Node& node, const ValuePlace& place, Rate& member) {
    ValuePlace ratio{place.name, place.path, place.shape, place.complaints, place.scope};
    if (ratio.shape.unit.empty()) ratio.shape.unit = "ppb";
    const std::optional<Quantity> quantity = read_quantity(node, ratio);
    if (!quantity || !check_range(quantity->in(ratio.shape.unit), node, ratio)) return false;
    if (!(std::abs(quantity->in("ppb")) < 0.5e9)) {
        complain(node, ratio,
                 quote(place.name) + " must be less than 50 %, got " + node.describe());
        return false;
    }
    member = rate_of(*quantity);
    return true;
}

Node quantity_node(double value, std::string_view unit) {
    return text_node(format_quantity(value, unit));
}
Node duration_node(Duration value) { return text_node(format_duration(value)); }
Node text_node(std::string text) { return Node::scalar(std::move(text), false, {}); }

}  // namespace driftstorm
