#include "recordings/tolerance.hpp"

#include "scenarios/quantity.hpp"
#include "sim/core/random.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>
#include <stdexcept>

namespace driftstorm {

namespace {

constexpr std::array<std::string_view, 5> kind_words_of_tolerance{"absolute", "relative", "ulp",
                                                                  "count", "ks"};
constexpr Tolerance usual_tolerance{Tolerance::Kind::relative, 0.005};
constexpr std::size_t least_pairs = 12;  ///< below, 2^-K is no evidence beside twenty metrics
constexpr std::size_t exact_pairs = 20;  ///< up to here all 2^K choices of signs are tried
constexpr std::uint64_t drawn_signs = std::uint64_t{1} << 20;

/// A double's place among all doubles, so that neighbours differ by 1.
std::int64_t place_of(double value) {
    const auto bits = std::bit_cast<std::int64_t>(value + 0.0);
    return bits >= 0 ? bits : std::numeric_limits<std::int64_t>::min() - bits;
}

double sum_of(std::span<const double> values) {
    double sum = 0;
    for (const double value : values) sum += value;
    return sum;
}

/// Share of all choices of signs under which the sum is at least the one observed.
double sign_flip_tail(const std::vector<double>& excess) {
    double scale = 0;
    for (const double e : excess) scale += std::abs(e);
    const double observed = sum_of(excess) - 1e-9 * scale;  // equal sums must count as equal
    const std::size_t pairs = excess.size();
    if (pairs <= exact_pairs) {
        // Gray code: each choice differs from the one before in a single sign.
        std::uint64_t hits = 0;
        double sum = sum_of(excess);
        std::uint64_t negative = 0;
        const std::uint64_t choices = std::uint64_t{1} << pairs;
        for (std::uint64_t i = 0; i < choices; ++i) {
            if (sum >= observed) ++hits;
            const auto flip = static_cast<std::size_t>(std::countr_zero(i + 1));
            if (flip >= pairs) break;
            negative ^= std::uint64_t{1} << flip;
            sum += (negative >> flip & 1) != 0 ? -2 * excess[flip] : 2 * excess[flip];
        }
        return static_cast<double>(hits) / static_cast<double>(choices);
    }
    std::uint64_t hits = 1;  // the observed one
    for (std::uint64_t i = 0; i < drawn_signs; ++i) {
        double sum = 0;
        Block block{};
        for (std::size_t pair = 0; pair < pairs; ++pair) {
            if (pair % 128 == 0) block = draw(1, "recordings.signs", pair / 128, i);
            sum += (block[pair % 128 / 32] >> (pair % 32) & 1) != 0 ? excess[pair] : -excess[pair];
        }
        if (sum >= observed) ++hits;
    }
    return static_cast<double>(hits) / static_cast<double>(drawn_signs + 1);
}

std::string moved(double was, double is) {
    std::string text = fmt::format("mean {:.6g} -> {:.6g}", was, is);
    if (was != 0) text += fmt::format(" ({:+.3g} %)", 100 * (is - was) / std::abs(was));
    return text;
}

/// The same test for whether a value is there at all.
SampleComparison compare_presence(std::span<const double> recorded, std::span<const double> now,
                                  double alpha) {
    std::vector<double> shift;
    std::size_t had = 0;
    std::size_t has = 0;
    for (std::size_t i = 0; i < recorded.size(); ++i) {
        had += std::isnan(recorded[i]) ? 0 : 1;
        has += std::isnan(now[i]) ? 0 : 1;
        shift.push_back((std::isnan(now[i]) ? 0.0 : 1.0) - (std::isnan(recorded[i]) ? 0.0 : 1.0));
    }
    SampleComparison comparison;
    if (std::all_of(shift.begin(), shift.end(), [](double s) { return s == 0; })) return comparison;
    if (has < had)
        for (double& s : shift) s = -s;
    comparison.p = std::min(1.0, 2 * sign_flip_tail(shift));
    comparison.changed =
        has == 0 || had == 0 || recorded.size() < least_pairs || comparison.p <= alpha;
    if (comparison.changed)
        comparison.reason =
            fmt::format("defined with {} of {} seeds, was with {}", has, recorded.size(), had);
    return comparison;
}

SampleComparison compare_distributions(std::vector<double> a, std::vector<double> b,
                                       double significance) {
    std::sort(a.begin(), a.end());
    std::sort(b.begin(), b.end());
    std::int64_t furthest = 0;
    for (std::size_t i = 0, j = 0; i < a.size() || j < b.size();) {
        const double at = j == b.size() || (i < a.size() && a[i] <= b[j]) ? a[i] : b[j];
        while (i < a.size() && a[i] <= at) ++i;
        while (j < b.size() && b[j] <= at) ++j;
        furthest = std::max(furthest,
                            std::abs(static_cast<std::int64_t>(i) - static_cast<std::int64_t>(j)));
    }
    SampleComparison comparison;
    comparison.p =
        smirnov_tail(static_cast<std::uint32_t>(a.size()), static_cast<std::uint32_t>(furthest));
    comparison.changed = comparison.p <= significance;
    if (comparison.changed)
        comparison.reason =
            fmt::format("another distribution over the seeds: distance {:.2g}",
                        static_cast<double>(furthest) / static_cast<double>(a.size()));
    return comparison;
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

SampleComparison compare_samples(std::span<const double> recorded, std::span<const double> now,
                                 const Tolerance& tolerance, double alpha) {
    if (recorded.empty() || recorded.size() != now.size())
        throw std::invalid_argument(fmt::format("compare_samples: {} recorded values and {} new",
                                                recorded.size(), now.size()));
    SampleComparison presence = compare_presence(recorded, now, alpha);
    if (presence.changed) return presence;
    std::vector<double> a;
    std::vector<double> b;
    for (std::size_t i = 0; i < recorded.size(); ++i) {
        if (std::isnan(recorded[i]) || std::isnan(now[i])) continue;
        a.push_back(recorded[i]);
        b.push_back(now[i]);
    }
    if (a == b) return presence;
    if (tolerance.kind == Tolerance::Kind::ks) return compare_distributions(a, b, tolerance.amount);

    // Infinite values (a queue that never drains) have no differences: each is as far as can be.
    std::vector<double> difference;
    for (std::size_t i = 0; i < a.size(); ++i) {
        double d = a[i] == b[i] ? 0.0 : b[i] - a[i];
        if (std::isinf(d)) d = d > 0 ? 1e300 : -1e300;
        difference.push_back(d);
    }
    const double side = sum_of(difference) >= 0 ? 1 : -1;
    std::vector<double> excess;
    for (std::size_t i = 0; i < a.size(); ++i)
        excess.push_back(side * difference[i] -
                         (std::isinf(a[i]) ? 0.0 : allowance(tolerance, a[i])));
    SampleComparison comparison;
    const double count = static_cast<double>(a.size());
    comparison.p = std::min(1.0, 2 * sign_flip_tail(excess));
    if (a.size() < least_pairs) {
        comparison.changed =
            std::all_of(excess.begin(), excess.end(), [](double e) { return e > 0; });
    } else {
        comparison.changed = sum_of(excess) > 0 && comparison.p <= alpha;
    }
    if (comparison.changed) comparison.reason = moved(sum_of(a) / count, sum_of(b) / count);
    return comparison;
}

double smirnov_tail(std::uint32_t n, std::uint32_t k) {
    if (k == 0) return 1;
    // P(D >= k / n) = 2 sum over j >= 1 of (-1)^(j + 1) C(2n, n - j k) / C(2n, n)
    double tail = 0;
    double sign = 1;
    for (std::uint32_t jump = k; jump <= n; jump += k, sign = -sign) {
        double ratio = 1;  // C(2n, n - jump) / C(2n, n)
        for (std::uint32_t i = 1; i <= jump; ++i)
            ratio *= static_cast<double>(n - jump + i) / static_cast<double>(n + i);
        tail += sign * 2 * ratio;
    }
    return std::min(1.0, tail);
}

}  // namespace driftstorm
