#include "scenarios/selector.hpp"

#include "scenarios/characters.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <stdexcept>

namespace driftstorm {
namespace {

constexpr std::size_t longest_selector = 1000;

bool is_name_character(char c) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return letter || is_digit(c) || c == '_' || c == '-' || c == '/' ||
           static_cast<unsigned char>(c) >= 0x80;
}

/// Reads what stands between brackets: an index, attribute=value pairs, or a name. Gives the error.
std::string read_brackets(std::string_view content, SelectorStep& step) {
    if (content.empty()) return "has empty brackets";
    if (content.find('[') != std::string_view::npos) return "has brackets within brackets";
    if (std::all_of(content.begin(), content.end(), is_digit)) {
        step.kind = SelectorStep::Kind::index;
        const auto [end, error] =
            std::from_chars(content.data(), content.data() + content.size(), step.index);
        return error == std::errc{} ? "" : "has a number that is too large";
    }
    if (content.find('=') == std::string_view::npos) {
        if (content.find(',') != std::string_view::npos) return "has a ',' in a name";
        step.kind = SelectorStep::Kind::name;
        step.name = content;
        return trimmed(content) == content ? "" : "has spaces around a name";
    }
    step.kind = SelectorStep::Kind::match;
    while (true) {
        const std::size_t comma = content.find(',');
        const std::string_view pair = content.substr(0, comma);
        const std::size_t equals = pair.find('=');
        if (equals == std::string_view::npos) return "needs attribute=value between brackets";
        const std::string_view attribute = trimmed(pair.substr(0, equals));
        const std::string_view value = trimmed(pair.substr(equals + 1));
        if (attribute.empty() || value.empty()) return "needs attribute=value between brackets";
        if (value.find('=') != std::string_view::npos) return "has two '=' in one condition";
        step.matches.push_back({std::string(attribute), std::string(value)});
        if (comma == std::string_view::npos) return "";
        content.remove_prefix(comma + 1);
    }
}

struct Relation {
    std::string_view sign;
    Limit::Relation relation;
};

// The longer signs first: "<" begins "<=".
constexpr std::array<Relation, 6> relations{{{"==", Limit::Relation::equal},
                                             {"!=", Limit::Relation::not_equal},
                                             {"<=", Limit::Relation::at_most},
                                             {">=", Limit::Relation::at_least},
                                             {"<", Limit::Relation::less},
                                             {">", Limit::Relation::greater}}};

}  // namespace

std::string Selector::head() const {
    std::string out;
    for (const SelectorStep& step : steps) {
        if (step.kind != SelectorStep::Kind::name) break;
        out += (out.empty() ? "" : ".") + step.name;
    }
    return out;
}

Position Selector::place_of(const SelectorStep& step) const {
    Position place = at;
    const std::size_t shift = step.offset + opening;
    if (shift + opening >= at.length) return place;  // it came by a reference, or over lines
    place.column += static_cast<std::uint32_t>(shift);
    place.length -= static_cast<std::uint32_t>(shift + opening);
    return place;
}

ParsedSelector parse_selector(std::string_view text) {
    if (text.empty()) return {{}, "is empty", 0};
    if (text.size() > longest_selector) return {{}, "is too long", 0};
    Selector selector;
    selector.text = text;
    std::size_t i = 0;
    bool wants_name = true;
    while (i < text.size()) {
        SelectorStep step;
        step.offset = i;
        if (text[i] == '[') {
            const std::size_t close = text.find(']', i);
            if (close == std::string_view::npos) return {{}, "has a '[' without ']'", i};
            if (selector.steps.empty()) return {{}, "needs a name before '['", i};
            if (wants_name) return {{}, "has a '.' before '['", i};
            const std::string error = read_brackets(text.substr(i + 1, close - i - 1), step);
            if (!error.empty()) return {{}, error, i + 1};
            i = close + 1;
        } else if (text[i] == '.' && !wants_name) {
            wants_name = true;
            ++i;
            continue;
        } else {
            if (!wants_name) return {{}, "needs a '.' before the next name", i};
            std::size_t end = i;
            while (end < text.size() && is_name_character(text[end])) ++end;
            if (end == i) {
                const std::string what =
                    text[i] == ' ' ? "a space" : "'" + std::string(1, text[i]) + "'";
                return {
                    {},
                    "cannot have " + what + " here; a name with dots or spaces stands in brackets",
                    i};
            }
            step.name = text.substr(i, end - i);
            wants_name = false;
            i = end;
        }
        selector.steps.push_back(std::move(step));
    }
    if (wants_name) return {{}, "ends with a '.'", text.size() - 1};
    return {std::move(selector), "", 0};
}

double Limit::absolute_width(std::string_view unit) const {
    return absolute_tolerance->in(dimension_of(unit) == Dimension::share ? "" : unit);
}

bool Limit::holds(double observed, std::string_view unit, double metric_value) const {
    const double wanted = value ? value->in(unit) : metric_value;
    switch (relation) {
        case Relation::not_equal:
            return observed != wanted;
        case Relation::less:
            return observed < wanted;
        case Relation::at_most:
            return observed <= wanted;
        case Relation::greater:
            return observed > wanted;
        case Relation::at_least:
            return observed >= wanted;
        case Relation::equal:
            break;
    }
    double width = 0;
    if (relative_tolerance) width = relative_tolerance->in("%") * std::abs(wanted);
    if (absolute_tolerance) width = std::max(width, absolute_width(unit));
    return observed == wanted || std::abs(observed - wanted) <= width;
}

namespace {

struct Tolerance {
    std::string_view before;
    std::string_view text;
    std::size_t offset;
    bool given;
};

Tolerance split_tolerance(std::string_view text) {
    for (const std::string_view sign : {"+-", "+/-", "\u00b1"}) {
        const std::size_t at = text.find(sign);
        if (at != std::string_view::npos) {
            return {text.substr(0, at), trimmed(text.substr(at + sign.size())), at, true};
        }
    }
    return {text, "", 0, false};
}

/// Whether a number is finite in its own unit and in every other of its dimension. Units that are
/// listed with them but are of another dimension (% beside ppm) cannot show it.
bool fits_in_a_double(const Quantity& quantity) {
    const std::vector<std::string_view> names = units_of(quantity.dimension());
    return std::all_of(names.begin(), names.end(), [&](std::string_view unit) {
        return dimension_of(unit) != quantity.dimension() || std::isfinite(quantity.in(unit));
    });
}

/// Adds one of up to two tolerances to a limit whose value is known; returns what is wrong with it.
std::string add_tolerance(std::string_view text, Limit& limit) {
    const ParsedQuantity parsed = parse_quantity(text);
    if (!parsed.quantity) return "has a tolerance that " + parsed.error;
    if (parsed.quantity->number.negative) return "has a negative tolerance";
    if (!fits_in_a_double(*parsed.quantity)) return "has a tolerance that is too large";
    const Dimension dimension = parsed.quantity->dimension();
    const bool relative = dimension == Dimension::share;
    if (!relative && limit.value && !accepts(Limit::width_of(limit.value->dimension()), dimension))
        return "has a tolerance in " + std::string(dimension_name(dimension)) + " around " +
               std::string(dimension_name(limit.value->dimension()));
    std::optional<Quantity>& kept = relative ? limit.relative_tolerance : limit.absolute_tolerance;
    if (kept)
        return relative ? "has two tolerances in %; of two joined by 'or', one is absolute"
                        : "has two absolute tolerances; of two joined by 'or', one is in %";
    kept = parsed.quantity;
    return "";
}

}  // namespace

ParsedLimit parse_limit(std::string_view text) {
    if (text.size() > longest_selector) return {{}, "is too long", 0};
    Limit limit;
    limit.text = text;
    std::string_view rest = trimmed(text);
    const auto offset_of = [&](std::string_view part) {
        return part.empty() ? std::size_t{0} : static_cast<std::size_t>(part.data() - text.data());
    };
    for (const Relation& candidate : relations) {
        if (rest.substr(0, candidate.sign.size()) != candidate.sign) continue;
        limit.relation = candidate.relation;
        rest = trimmed(rest.substr(candidate.sign.size()));
        break;
    }
    if (rest.substr(0, 2) == "=<" || rest.substr(0, 2) == "=>")
        return {{}, "is written with '" + std::string{rest[1], '='} + "'", offset_of(rest)};
    if (!rest.empty() && rest[0] == '=')
        return {{}, "has a single '='; write '=='", offset_of(rest)};
    const Tolerance tolerance = split_tolerance(rest);
    const std::string_view target = trimmed(tolerance.before);
    if (target.empty()) return {{}, "has nothing to compare with", 0};

    const bool numeric =
        is_digit(target[0]) || target[0] == '-' || target[0] == '+' || target[0] == '.';
    if (numeric) {
        const ParsedQuantity parsed = parse_quantity(target);
        if (!parsed.quantity) return {{}, parsed.error, offset_of(target)};
        if (!fits_in_a_double(*parsed.quantity))
            return {{}, "has a number that is too large", offset_of(target)};
        limit.value = parsed.quantity;
    } else {
        ParsedSelector parsed = parse_selector(target);
        if (!parsed.selector) return {{}, parsed.error, offset_of(target) + parsed.offset};
        limit.metric = std::move(parsed.selector);
    }
    if (!tolerance.given) return {std::move(limit), "", 0};

    if (limit.relation != Limit::Relation::equal) {
        return {
            {}, "has a tolerance, which goes with '==' only", offset_of(rest) + tolerance.offset};
    }
    std::string_view widths = tolerance.text;
    for (bool more = true; more;) {
        const std::size_t divided = widths.find(" or ");
        more = divided != std::string_view::npos;
        const std::string_view width = trimmed(widths.substr(0, divided));
        const std::string error = add_tolerance(width, limit);
        if (!error.empty())
            return {
                {}, error, width.empty() ? offset_of(rest) + tolerance.offset : offset_of(width)};
        widths = more ? widths.substr(divided + 4) : "";
    }
    return {std::move(limit), "", 0};
}

}  // namespace driftstorm
