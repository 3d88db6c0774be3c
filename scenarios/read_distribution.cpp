#include "scenarios/read_distribution.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <stdexcept>
#include <tuple>
#include <variant>

namespace driftstorm {
namespace {

template <std::size_t... I>
constexpr std::array<std::string_view, sizeof...(I)> law_names(std::index_sequence<I...>) {
    return {std::variant_alternative_t<I, law::Any>::name...};
}
constexpr std::size_t law_count = std::variant_size_v<law::Any>;
constexpr auto laws = law_names(std::make_index_sequence<law_count>{});

/// The shape of a law's member: its own, or that of what is distributed.
template <class F>
ValueShape shape_of(const F& field, const ValueShape& variate) {
    return {field.unit == variate_unit ? variate.unit : field.unit, field.min, field.max};
}

template <class Law>
KeyTable keys_of_law() {
    KeyTable table;
    for_each_field<Law>([&](const auto& field) { table.own.push_back(field.name); });
    return table;
}

/// A member that must be given: one number each, and the lists of things to choose from.
template <class Value>
constexpr bool is_needed(std::string_view law) {
    if (std::is_same_v<Value, double>) return true;
    return !is_optional<Value> && (law == "weighted" || law == "mixture");
}

std::optional<law::Clip> read_clip(const Node& node, const ValuePlace& place) {
    const ValuePlace below{"clip", place.path, {place.shape.unit}, place.complaints, place.scope};
    if (node.is_null()) return {};
    if (!node.is_sequence() || node.size() != 2) {
        complain_must_be(node, below, "[LEAST, GREATEST]");
        return {};
    }
    const auto low = read_double(node.entries()[0].value, below);
    const auto high = read_double(node.entries()[1].value, below);
    if (!low || !high) return {};
    if (*low < *high) return law::Clip{*low, *high};
    complain(node, below, "'clip' leaves nothing: its least value is not below its greatest");
    return {};
}

std::vector<std::string_view> split_row(std::string_view line) {
    std::vector<std::string_view> cells;
    while (true) {
        const std::size_t comma = line.find(',');
        std::string_view cell = line.substr(0, comma);
        while (!cell.empty() && cell.front() == ' ') cell.remove_prefix(1);
        while (!cell.empty() && cell.back() == ' ') cell.remove_suffix(1);
        cells.push_back(cell);
        if (comma == std::string_view::npos) return cells;
        line.remove_prefix(comma + 1);
    }
}

/// Reads one column of a CSV file: names in its first row, lines that begin with '#' left out.
class ColumnReader {
  public:
    ColumnReader(const Node& body, const ValuePlace& place) : body_(body), place_(place) {}

    std::optional<std::vector<double>> read() {
        const Node* file = body_.find("file");
        const Node* column = body_.find("column");
        const Node* unit = body_.find("unit");
        if (!column) complain(body_, place_, "'empirical' needs 'column' beside 'file'");
        if (!unit && !place_.shape.unit.empty())
            complain(body_, place_, "'empirical' needs 'unit' beside 'file'");
        if (!column || (!unit && !place_.shape.unit.empty())) return {};
        const auto file_name = read_text(*file, inside("file"));
        const auto column_name = read_text(*column, inside("column"));
        const auto unit_name = unit ? read_text(*unit, inside("unit")) : std::string();
        if (!file_name || !column_name || !unit_name || !unit_fits(*unit_name, unit)) return {};

        std::string reason;
        Sources& sources = place_.complaints.sources();
        if (!file->origin().known()) return {};
        const std::string name = sources.beside(file->origin().file, *file_name);
        const std::optional<std::uint32_t> source = sources.read(name, file->position(), reason);
        if (!source) {
            complain(*file, place_, "cannot read " + quote(name) + ": " + reason);
            return {};
        }
        return values(*source, *column, *column_name, *unit_name);
    }

  private:
    ValuePlace inside(std::string_view key) const {
        return {std::string(key), place_.path, {}, place_.complaints, place_.scope};
    }

    bool unit_fits(const std::string& name, const Node* node) {
        const Unit* unit = find_unit(name);
        const Dimension wanted = dimension_of(place_.shape.unit);
        if (unit && accepts(wanted, unit->dimension)) return true;
        if (node)
            complain_must_be(*node, inside("unit"),
                             "the unit of " + std::string(dimension_name(wanted)) + " (" +
                                 std::string(dimension_examples(wanted)) + ")");
        return false;
    }

    std::optional<std::vector<double>> values(std::uint32_t source, const Node& column,
                                              const std::string& column_name,
                                              const std::string& unit) {
        const Sources& sources = place_.complaints.sources();
        const auto lines = static_cast<std::uint32_t>(sources.file(source).line_starts.size());
        std::optional<std::size_t> index;
        std::vector<double> values;
        for (std::uint32_t number = 1; number <= lines; ++number) {
            const std::string_view line = sources.line(source, number);
            if (line.empty() || line[0] == '#') continue;
            const std::vector<std::string_view> cells = split_row(line);
            if (!index) {
                const auto found = std::find(cells.begin(), cells.end(), column_name);
                if (found == cells.end()) {
                    complain(column, place_,
                             "there is no column " + quote(column_name) +
                                 did_you_mean(column_name, cells))
                        .notes.push_back({{source, number, 1, 0}, "the columns are named here"});
                    return {};
                }
                index = static_cast<std::size_t>(found - cells.begin());
                continue;
            }
            const std::string_view cell =
                *index < cells.size() ? cells[*index] : std::string_view();
            const ParsedQuantity parsed =
                parse_quantity(std::string(cell) + (unit.empty() ? "" : " " + unit));
            if (!parsed.quantity) {
                complain(column, place_,
                         "column " + quote(column_name) + " holds " + quote(cell) +
                             ", which is no number")
                    .notes.push_back({{source, number, 1, 0}, "here"});
                return {};
            }
            values.push_back(parsed.quantity->in(place_.shape.unit));
        }
        if (values.empty()) complain(column, place_, "the file has no rows");
        return values.empty() ? std::nullopt : std::optional(values);
    }

    const Node& body_;
    const ValuePlace& place_;
};

template <class Law>
bool read_members(const Node& body, const ValuePlace& place, Law& law) {
    const std::size_t before = place.complaints.errors();
    const KeyScope scope{nullptr, &keys_of_law<Law>, place.path, std::string(Law::name)};
    bool sound = true;
    for (const Node::Entry& entry : body.entries()) {
        bool known = false;
        for_each_field<Law>([&](const auto& field) {
            if (field.name != entry.key) return;
            known = true;
            using Value = std::remove_cvref_t<decltype(law.*field.member)>;
            const ValuePlace below{entry.key, place.path, shape_of(field, place.shape),
                                   place.complaints, place.scope};
            sound = ValueForm<Value>::read(entry.value, below, law.*field.member) && sound;
        });
        if (known) continue;
        static constexpr std::array<std::string_view, 1> any_law{"clip"};
        static constexpr std::array<std::string_view, 4> of_file{"clip", "file", "column", "unit"};
        const bool from_file = std::is_same_v<Law, law::Empirical>;
        const auto also = from_file ? std::span<const std::string_view>(of_file) : any_law;
        complain_unknown_key(entry, scope, also, place.complaints);
    }
    for_each_field<Law>([&](const auto& field) {
        using Value = std::remove_cvref_t<decltype(law.*field.member)>;
        if (is_needed<Value>(Law::name) && !body.find(field.name)) {
            complain(body, place, quote(Law::name) + " needs " + quote(field.name));
        }
    });
    return sound && place.complaints.errors() == before;
}

/// Weights are written as shares of the whole: what is left over is a mistake.
bool check_weights(const std::vector<double>& weights, const Node& body, const ValuePlace& place,
                   std::string_view law) {
    const Node* written = body.find("weights");
    if (written == nullptr || weights.empty()) return true;
    const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
    if (std::abs(sum - 1.0) < 1e-9) return true;
    complain(*written, place,
             "the weights of " + quote(law) + " sum to " +
                 format_quantity(std::round(sum * 1e12) * 1e-12, "%") + ", not to 100 %");
    return false;
}

template <class Law>
std::optional<law::Any> read_law(const Node& body, const ValuePlace& place) {
    if (std::is_same_v<Law, law::Constant> && body.is_scalar()) {
        const auto value = read_double(
            body, {std::string(Law::name), place.path, {place.shape.unit}, place.complaints});
        return value ? std::optional<law::Any>(law::Constant{*value}) : std::nullopt;
    }
    const ValuePlace named{std::string(Law::name), place.path, place.shape, place.complaints,
                           place.scope};
    if (!check_is_map(body, named)) return {};
    Law law{};
    if (!read_members(body, place, law)) return {};
    if constexpr (requires { law.weights; }) {
        if (!check_weights(law.weights, body, place, Law::name)) return {};
    }
    if constexpr (std::is_same_v<Law, law::Empirical>) {
        if (body.find("file")) {
            if (!law.values.empty())
                complain(body, place, "'empirical' has both 'file' and 'values'");
            auto column = ColumnReader(body, place).read();
            if (!column) return {};
            law.values = *std::move(column);
        } else if (!body.find("values")) {
            complain(body, place, "'empirical' needs 'values', or 'file', 'column' and 'unit'");
            return {};
        }
    }
    return law::Any(std::move(law));
}

template <std::size_t... I>
std::optional<law::Any> read_law_at(std::size_t index, const Node& body, const ValuePlace& place,
                                    std::index_sequence<I...>) {
    using Read = std::optional<law::Any> (*)(const Node&, const ValuePlace&);
    static constexpr std::array<Read, sizeof...(I)> readers{
        &read_law<std::variant_alternative_t<I, law::Any>>...};
    return readers.at(index)(body, place);
}

template <class Law>
bool is_variate(std::string_view member) {
    bool found = false;
    for_each_field<Law>([&](const auto& field) {
        found = found || (field.name == member && field.unit == variate_unit);
    });
    return found;
}

template <std::size_t... I>
bool is_variate_of(std::size_t index, std::string_view member, std::index_sequence<I...>) {
    static constexpr std::array<bool (*)(std::string_view), sizeof...(I)> tests{
        &is_variate<std::variant_alternative_t<I, law::Any>>...};
    return tests.at(index)(member);
}

/// A value of a law as it was written: '5 ms', '[1 h, 2 h]'.
std::string as_written(const Node& node) {
    if (!node.is_sequence()) return node.describe();
    std::string text;
    for (const Node::Entry& item : node.entries())
        text += (text.empty() ? "[" : ", ") + item.value.text();
    return quote(text + "]");
}

/// Tells what a law says of its own parameters ("lognormal: 'p99' must be at least 'median' = 0.05,
/// got 0.005") where the parameter stands and in the units in which it was written.
void complain_of_law(std::size_t index, const Node& body, std::string message,
                     const ValuePlace& place) {
    const std::size_t open = message.find('\'');
    const std::size_t close = open == std::string::npos ? open : message.find('\'', open + 1);
    if (message.rfind("clip: ", 0) == 0 && body.find("clip") != nullptr) {
        const Node& clip = *body.find("clip");
        complain(
            clip, place,
            "'clip' leaves nothing of the distribution: it never is within " + as_written(clip));
        return;
    }
    if (close == std::string::npos) {
        complain(body, place, message);
        return;
    }
    const std::string member = message.substr(open + 1, close - open - 1);
    const Node* written = body.find(member);
    const std::size_t got = message.rfind(", got ");
    if (written == nullptr || got == std::string::npos) {
        complain(body, place, message);
        return;
    }
    // The number of another parameter, too: "'median' = 0.05".
    const std::size_t other_open = message.find('\'', close + 1);
    const std::size_t equals = message.find("' = ", close + 1);
    if (equals != std::string::npos && other_open < equals) {
        const Node* other = body.find(message.substr(other_open + 1, equals - other_open - 1));
        const std::size_t end = message.find(", got ", equals);
        if (other != nullptr)
            message.replace(equals + 1, end - equals - 1, " (" + other->text() + ")");
    }
    const std::string_view unit = place.shape.unit;
    if (written->is_scalar()) {
        message = message.substr(0, message.rfind(", got ")) + ", got " + written->describe();
    } else if (!unit.empty() &&
               is_variate_of(index, member, std::make_index_sequence<law_count>{})) {
        message.append(" (in ").append(unit == "%" ? "shares of 1" : unit).append(")");
    }
    complain(*written, place, message);
}

/// A draw beyond a field's range that a run may well meet: of 1e9 draws, one.
constexpr double negligible = 1e-9;

/// A law that can give what its field cannot be is wrong even if it rarely does. Tails are the
/// nature of laws: those on (0, infinity) may come near 0, and all may go to infinity, but not
/// where only positive values make sense. Where a field has two signs, a draw beyond either end
/// must not be to be expected.
bool check_support(const Distribution& distribution, const Node& node, const ValuePlace& place) {
    if (distribution.is_constant()) return check_range(distribution.min(), node, place);
    const bool positive = distribution.min() == 0 && std::isinf(distribution.max());
    const bool endless = std::isinf(distribution.min()) && place.shape.min < 0;
    const bool low = distribution.min() < place.shape.min && !positive &&
                     (!endless || distribution.less_than(place.shape.min).below > negligible);
    const bool high =
        distribution.max() > place.shape.max &&
        (std::isfinite(distribution.max()) ||
         (place.shape.min < 0 && distribution.survival(place.shape.max) > negligible));
    if (!low && !high) return true;
    const double bound = low ? place.shape.min : place.shape.max;
    complain(node, place,
             quote(place.name) + " can be " + (low ? "below " : "above ") +
                 format_quantity(bound, place.shape.unit) +
                 "; cut it with 'clip: [LEAST, GREATEST]'");
    return false;
}

}  // namespace

std::optional<Distribution> read_distribution(const Node& node, const ValuePlace& place) {
    if (node.is_null()) return {};
    if (node.is_scalar()) {
        const auto value = read_double(node, place);
        return value ? std::optional(Distribution::constant(*value)) : std::nullopt;
    }
    if (!node.is_map() || node.size() != 1) {
        const std::string unit =
            place.shape.unit.empty()
                ? "bare number"
                : std::string(dimension_examples(dimension_of(place.shape.unit)));
        complain_must_be(
            node, place,
            "a value (" + unit +
                ") or a distribution with one key, like { uniform: { min: ..., max: ... } }");
        return {};
    }
    const Node::Entry& entry = node.entries().front();
    const Node word = Node::scalar(entry.key, false, entry.key_position);
    const auto index = std::find(laws.begin(), laws.end(), entry.key);
    if (index == laws.end()) {
        const std::vector<std::string_view> known(laws.begin(), laws.end());
        complain(word, place,
                 quote(entry.key) + " is no distribution" + did_you_mean(entry.key, known))
            .notes.push_back({{}, "distributions are " + list_words(known)});
        return {};
    }
    const auto which = static_cast<std::size_t>(index - laws.begin());
    std::optional<law::Any> law =
        read_law_at(which, entry.value, place, std::make_index_sequence<law_count>{});
    law::Clip clip;
    if (const Node* written = entry.value.find("clip")) {
        const auto read = read_clip(*written, place);
        if (!read) return {};
        clip = *read;
    }
    if (!law) return {};
    try {
        Distribution distribution(*std::move(law), clip);
        if (!check_support(distribution, entry.value, place)) return {};
        return distribution;
    } catch (const std::invalid_argument& e) {
        complain_of_law(which, entry.value, e.what(), place);
        return {};
    }
}

Node distribution_node(const Distribution& distribution, std::string_view unit) {
    return std::visit(
        [&](const auto& law) {
            using Law = std::remove_cvref_t<decltype(law)>;
            const law::Clip clip = distribution.clip();
            const bool cut = std::isfinite(clip.low) || std::isfinite(clip.high);
            if constexpr (std::is_same_v<Law, law::Constant>) {
                if (!cut) return quantity_node(law.value, unit);
            }
            std::vector<Node::Entry> members;
            for_each_field<Law>([&](const auto& field) {
                using Value = std::remove_cvref_t<decltype(law.*field.member)>;
                const auto value =
                    ValueForm<Value>::write(law.*field.member, shape_of(field, {unit}));
                if (value && !(value->is_sequence() && value->size() == 0)) {
                    members.push_back({std::string(field.name), {}, *value});
                }
            });
            if (cut) {
                const Node ends = Node::sequence({{"", {}, quantity_node(clip.low, unit)},
                                                  {"", {}, quantity_node(clip.high, unit)}},
                                                 {});
                members.push_back({"clip", {}, ends});
            }
            return Node::map({{std::string(Law::name), {}, Node::map(std::move(members), {})}}, {});
        },
        distribution.law());
}

namespace {

template <class Law>
std::pair<std::string_view, std::string> law_schema(SchemaWriter& writer,
                                                    const ValueShape& variate) {
    std::vector<SchemaWriter::Property> members;
    for_each_field<Law>([&](const auto& field) {
        using Value = std::remove_cvref_t<decltype(std::declval<Law&>().*field.member)>;
        members.push_back(
            {field.name, field.help, ValueForm<Value>::schema(writer, shape_of(field, variate))});
    });
    members.push_back({"clip", "cut to this interval, what lies outside left out",
                       writer.list(writer.quantity(variate.unit), 2, 2)});
    if (std::is_same_v<Law, law::Empirical>) {
        members.push_back({"file", "CSV file, relative to this one", writer.text()});
        members.push_back({"column", "name of its column", writer.text()});
        members.push_back({"unit", "unit of the column", writer.text()});
    }
    std::string schema = writer.map(members);
    if (std::is_same_v<Law, law::Constant>) {
        schema = writer.any_of(std::array{writer.quantity(variate.unit), schema});
    }
    return {Law::name, schema};
}

template <std::size_t... I>
std::string laws_schema(SchemaWriter& writer, const ValueShape& variate,
                        std::index_sequence<I...>) {
    const std::vector<std::pair<std::string_view, std::string>> kinds{
        law_schema<std::variant_alternative_t<I, law::Any>>(writer, variate)...};
    return writer.any_of(std::array{writer.quantity(variate.unit), writer.one_of_words(kinds)});
}

}  // namespace

std::string distribution_schema(SchemaWriter& writer, std::string_view unit) {
    const std::string name = "distribution_of_" + SchemaWriter::definition_name(dimension_of(unit));
    if (writer.is_defined(name)) return SchemaWriter::reference(name);
    writer.define(name, "true");  // what a mixture's parts refer to, until it is written
    writer.redefine(name, laws_schema(writer, {unit}, std::make_index_sequence<law_count>{}));
    return SchemaWriter::reference(name);
}

}  // namespace driftstorm
