#include "sweeps/constraint.hpp"

#include "scenarios/characters.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace driftstorm {

namespace {

constexpr std::array<std::pair<std::string_view, Limit::Relation>, 6> relations{
    {{"<=", Limit::Relation::at_most},
     {">=", Limit::Relation::at_least},
     {"==", Limit::Relation::equal},
     {"!=", Limit::Relation::not_equal},
     {"<", Limit::Relation::less},
     {">", Limit::Relation::greater}}};

class Parser {
  public:
    explicit Parser(const std::vector<SweptParameter>& parameters) : parameters_(parameters) {}

    std::optional<Comparison> comparison(std::string_view text) {
        const std::pair<std::string_view, Limit::Relation>* found = nullptr;
        std::size_t at = std::string_view::npos;
        for (const auto& relation : relations) {
            at = text.find(relation.first);
            if (at == std::string_view::npos) continue;
            found = &relation;
            break;
        }
        if (found == nullptr) {
            error = "compares nothing; a constraint has one of < <= > >= == !=";
            return {};
        }
        const std::string_view left = trimmed(text.substr(0, at));
        const std::string_view right = trimmed(text.substr(at + found->first.size()));
        Comparison comparison;
        comparison.relation = found->second;
        if (const auto word = find(left); word && parameters_[*word].word)
            return of_words(*word, right, comparison);
        unit_.reset();
        if (!side(left, 1, comparison) || !side(right, -1, comparison)) return {};
        const bool names_one =
            std::any_of(comparison.difference.begin(), comparison.difference.end(),
                        [](const LinearTerm& term) { return term.parameter; });
        if (!names_one) {
            error = "names no parameter of the design";
            return {};
        }
        return comparison;
    }

    std::string error;

  private:
    std::optional<std::size_t> find(std::string_view name) const {
        for (std::size_t i = 0; i < parameters_.size(); ++i)
            if (parameters_[i].name == name) return i;
        return {};
    }

    std::optional<Comparison> of_words(std::size_t parameter, std::string_view word,
                                       Comparison comparison) {
        if (comparison.relation != Limit::Relation::equal &&
            comparison.relation != Limit::Relation::not_equal) {
            error = "orders words; they can only be == or !=";
            return {};
        }
        comparison.word_of = parameter;
        comparison.word = word;
        return comparison;
    }

    bool side(std::string_view text, double side_sign, Comparison& comparison) {
        double sign = side_sign;
        while (true) {
            const std::size_t plus = text.find(" + ");
            const std::size_t minus = text.find(" - ");
            const std::size_t end = std::min(plus, minus);
            if (!term(trimmed(text.substr(0, end)), sign, comparison)) return false;
            if (end == std::string_view::npos) return true;
            sign = text[end + 1] == '-' ? -side_sign : side_sign;
            text = text.substr(end + 3);
        }
    }

    /// How many of the comparison's unit one of `unit` is; nothing when the dimensions differ.
    std::optional<double> in_unit(const std::string& unit) {
        if (!unit_) unit_ = unit;
        if (dimension_of(unit) != dimension_of(*unit_)) {
            error = "compares " + std::string(dimension_name(dimension_of(*unit_))) + " with " +
                    std::string(dimension_name(dimension_of(unit)));
            return {};
        }
        if (unit == *unit_ || unit == "%") return 1.0;
        return parse_quantity("1 " + unit).quantity->in(*unit_);
    }

    bool term(std::string_view text, double sign, Comparison& comparison) {
        LinearTerm made;
        std::string_view name = text;
        if (const std::size_t star = text.find('*'); star != std::string_view::npos) {
            const ParsedQuantity factor = parse_quantity(trimmed(text.substr(0, star)));
            name = trimmed(text.substr(star + 1));
            if (!factor.quantity || factor.quantity->dimension() != Dimension::count) {
                error = "has no number before '*'";
                return false;
            }
            made.factor = factor.quantity->in("");
        }
        if (const auto parameter = find(name)) {
            if (parameters_[*parameter].word) {
                error = "computes with " + quote(name) + ", which is a word";
                return false;
            }
            const auto scale = in_unit(parameters_[*parameter].unit);
            if (!scale) return false;
            made.parameter = parameter;
            made.factor *= sign * *scale;
            comparison.difference.push_back(made);
            return true;
        }
        const ParsedQuantity quantity = parse_quantity(text);
        if (!quantity.quantity) {
            std::vector<std::string> names;
            for (const SweptParameter& one : parameters_) names.push_back(one.name);
            error = "has " + quote(name) +
                    ", which is neither a quantity nor a parameter of the design" +
                    did_you_mean(name, names);
            return false;
        }
        const std::string unit(quantity.quantity->unit->name);
        if (!in_unit(unit)) return false;
        made.number = sign * quantity.quantity->in(*unit_);
        comparison.difference.push_back(made);
        return true;
    }

    const std::vector<SweptParameter>& parameters_;
    std::optional<std::string> unit_;
};

bool compare(double difference, Limit::Relation relation) {
    switch (relation) {
        case Limit::Relation::equal:
            return difference == 0;
        case Limit::Relation::not_equal:
            return difference != 0;
        case Limit::Relation::less:
            return difference < 0;
        case Limit::Relation::at_most:
            return difference <= 0;
        case Limit::Relation::greater:
            return difference > 0;
        case Limit::Relation::at_least:
            return difference >= 0;
    }
    return false;
}

}  // namespace

ParsedConstraint parse_constraint(std::string_view text,
                                  const std::vector<SweptParameter>& parameters) {
    Parser parser(parameters);
    Constraint constraint{std::string(text), {}};
    std::string_view rest = text;
    while (true) {
        const std::size_t end = rest.find(" or ");
        auto comparison = parser.comparison(trimmed(rest.substr(0, end)));
        if (!comparison) return {{}, parser.error};
        constraint.any_of.push_back(*std::move(comparison));
        if (end == std::string_view::npos) break;
        rest = rest.substr(end + 4);
    }
    return {std::move(constraint), ""};
}

bool holds(const Constraint& constraint, std::span<const ParameterValue> values) {
    for (const Comparison& comparison : constraint.any_of) {
        if (comparison.word_of) {
            const bool same = values[*comparison.word_of].text == comparison.word;
            if (same == (comparison.relation == Limit::Relation::equal)) return true;
            continue;
        }
        double difference = 0;
        for (const LinearTerm& term : comparison.difference)
            difference +=
                term.parameter ? term.factor * values[*term.parameter].number : term.number;
        if (compare(difference, comparison.relation)) return true;
    }
    return false;
}

}  // namespace driftstorm
