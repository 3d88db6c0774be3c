#include "recordings/tolerance.hpp"

#include "scenarios/quantity.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <stdexcept>

namespace driftstorm {

namespace {

constexpr std::array<std::string_view, 5> kind_words_of_tolerance{"absolute", "relative", "ulp",
                                                                  "count", "ks"};
constexpr Tolerance usual_tolerance{Tolerance::Kind::relative, 0.005};

/// A double's place among all doubles, so that neighbours differ by 1.
std::int64_t place_of(double value) {
    const auto bits = std::bit_cast<std::int64_t>(value + 0.0);
    return bits >= 0 ? bits : std::numeric_limits<std::int64_t>::min() - bits;
}

}  // namespace

Tolerance parse_tolerance(std::string_view text) {
    const std::size_t space = text.find(' ');
    const std::string_view word = text.substr(0, space);
    const auto found =
        std::find(kind_words_of_tolerance.begin(), kind_words_of_tolerance.end(), word);
    if (found == kind_words_of_tolerance.end() || space == std::string_view::npos)
        throw std::invalid_argument(
            "a tolerance is KIND AMOUNT, KIND one of absolute, relative, "
            "ulp, count, ks; got '" +
            std::string(text) + "'");
    Tolerance tolerance{static_cast<Tolerance::Kind>(found - kind_words_of_tolerance.begin()), 0};
    const std::string amount(text.substr(space + 1));
    const ParsedQuantity parsed = parse_quantity(amount);
    if (!parsed.quantity)
        throw std::invalid_argument("the amount of '" + std::string(text) + "' " + parsed.error);
    const Dimension dimension = parsed.quantity->dimension();
    switch (tolerance.kind) {
        case Tolerance::Kind::relative:
            if (dimension != dimension_of("%"))
                throw std::invalid_argument("a relative tolerance is in %, got '" + amount + "'");
            tolerance.amount = parsed.quantity->in("%");
            break;
        case Tolerance::Kind::absolute:
            tolerance.amount = dimension == Dimension::duration ? parsed.quantity->in("s")
                               : dimension == dimension_of("%") ? parsed.quantity->in("%")
                                                                : parsed.quantity->in("");
            break;
        case Tolerance::Kind::ulp:
        case Tolerance::Kind::count:
        case Tolerance::Kind::ks:
            if (dimension != Dimension::count)
                throw std::invalid_argument("'" + std::string(word) +
                                            "' takes a bare number, got '" + amount + "'");
            tolerance.amount = parsed.quantity->in("");
            break;
    }
    const bool share = tolerance.kind == Tolerance::Kind::ks;
    if (!(tolerance.amount >= 0) || (share && !(tolerance.amount > 0 && tolerance.amount < 1)))
        throw std::invalid_argument("the amount of '" + std::string(text) + "' must be " +
                                    (share ? "between 0 and 1" : "at least 0"));
    return tolerance;
}

std::string text_of(const Tolerance& tolerance) {
    const std::string word(kind_words_of_tolerance[static_cast<std::size_t>(tolerance.kind)]);
    if (tolerance.kind == Tolerance::Kind::relative)
        return word + " " + fmt::format("{:.12g}", tolerance.amount * 100) + " %";
    return word + " " + fmt::format("{:.12g}", tolerance.amount);
}

ToleranceRule parse_tolerance_rule(std::string_view text) {
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos || equals == 0)
        throw std::invalid_argument("a rule is METRICS=TOLERANCE, got '" + std::string(text) + "'");
    return {std::string(text.substr(0, equals)), parse_tolerance(text.substr(equals + 1))};
}

bool matches(std::string_view glob, std::string_view path) {
    const std::size_t star = glob.find('*');
    if (star == std::string_view::npos) return glob == path;
    if (path.substr(0, star) != glob.substr(0, star)) return false;
    const std::string_view rest = glob.substr(star + 1);
    for (std::size_t at = star; at <= path.size(); ++at)
        if (matches(rest, path.substr(at))) return true;
    return false;
}

Tolerance tolerance_of(const std::vector<ToleranceRule>& rules, std::string_view path) {
    for (auto rule = rules.rbegin(); rule != rules.rend(); ++rule)
        if (matches(rule->metrics, path)) return rule->tolerance;
    return usual_tolerance;
}

double allowance(const Tolerance& tolerance, double recorded) {
    switch (tolerance.kind) {
        case Tolerance::Kind::relative:
            return tolerance.amount * std::abs(recorded);
        case Tolerance::Kind::ulp: {
            const double next =
                std::nextafter(std::abs(recorded), std::numeric_limits<double>::infinity());
            return tolerance.amount * (next - std::abs(recorded));
        }
        case Tolerance::Kind::absolute:
        case Tolerance::Kind::count:
        case Tolerance::Kind::ks:
            break;
    }
    return tolerance.amount;
}

std::uint64_t ulps_between(double a, double b) {
    if (std::isnan(a) && std::isnan(b)) return 0;
    if (std::isnan(a) || std::isnan(b)) return UINT64_MAX;
    const std::int64_t x = place_of(a);
    const std::int64_t y = place_of(b);
    return x > y ? static_cast<std::uint64_t>(x) - static_cast<std::uint64_t>(y)
                 : static_cast<std::uint64_t>(y) - static_cast<std::uint64_t>(x);
}

}  // namespace driftstorm
