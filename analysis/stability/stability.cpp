#include "analysis/stability/stability.hpp"

#include "analysis/stability/plain_text.hpp"
#include "analysis/stability/total_deviations.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <stdexcept>

namespace driftstorm::stability {

namespace {

constexpr double greatest_phase = 1e100;  // the sum of many squares is a number still [s]

std::vector<std::uint64_t> factors_up_to(const Options& options, std::uint64_t greatest) {
    std::vector<std::uint64_t> factors;
    if (!options.given.empty()) {
        factors = options.given;
        std::sort(factors.begin(), factors.end());
        factors.erase(std::unique(factors.begin(), factors.end()), factors.end());
    } else if (options.factors == Factors::all) {
        for (std::uint64_t m = 1; m <= greatest; ++m) factors.push_back(m);
    } else if (options.factors == Factors::octave) {
        for (std::uint64_t m = 1; m <= greatest; m *= 2) factors.push_back(m);
    } else {
        for (std::uint64_t decade = 1; decade <= greatest; decade *= 10)
            for (const std::uint64_t step : {1u, 2u, 4u}) factors.push_back(step * decade);
    }
    return factors;
}

/// About how many points a statistic looks at.
double steps(Statistic statistic, std::size_t points, std::uint64_t m) {
    const auto n = static_cast<double>(points);
    const auto factor = static_cast<double>(m);
    switch (statistic) {
        case Statistic::mtotdev:
            return (n - 3 * factor + 1) * 9 * factor;
        case Statistic::theo1:
            return (n - factor) * factor / 2;
        case Statistic::theobr:
            return (n - factor) * factor / 2 + n * n * n / 54;
        default:
            return n;
    }
}

int most_differences(Statistic statistic) {
    return statistic == Statistic::hdev || statistic == Statistic::ohdev ? 3 : 2;
}

}  // namespace

std::vector<Line> analyse(std::span<const double> phase, double tau0, const Options& options) {
    if (phase.size() < 3 || !(tau0 > 0))
        throw std::invalid_argument(std::to_string(phase.size()) + " points every " +
                                    std::to_string(tau0) +
                                    " s; wanted are 3 points or more and a spacing > 0");
    for (std::size_t i = 0; i < phase.size(); ++i)
        if (!(std::abs(phase[i]) < greatest_phase))
            throw std::invalid_argument("point " + std::to_string(i + 1) + " is " +
                                        shown(std::to_string(phase[i])) +
                                        " s; wanted are phases below 1e100 s");
    std::vector<Line> table;
    for (const Statistic statistic : options.statistics) {
        std::optional<Alpha> alpha;
        for (const std::uint64_t m :
             factors_up_to(options, greatest_factor(statistic, phase.size()))) {
            if (!allows(statistic, phase.size(), m)) continue;
            if (steps(statistic, phase.size(), m) > options.most_steps) continue;
            const Estimate found = estimate(statistic, phase, tau0, m);
            if (found.terms == 0) continue;
            if (const auto here = identify_noise(phase, m, most_differences(statistic)))
                alpha = here;
            Line line{statistic,    m,           averaging_time(statistic, tau0, m),
                      found.terms,  found.value, alpha,
                      std::nullopt, std::nullopt};
            if (alpha) {
                if (options.correct_bias)
                    line.value /= std::sqrt(variance_bias(statistic, *alpha, m, phase.size()));
                line.edf = degrees_of_freedom(statistic, *alpha, m, phase.size());
                if (line.edf) line.bounds = confidence_bounds(line.value, *line.edf, options.level);
            }
            table.push_back(line);
        }
    }
    return table;
}

std::vector<double> phase_of(std::span<const double> frequency, double tau0) {
    std::vector<double> phase{0.0};
    phase.reserve(frequency.size() + 1);
    Sum sum;
    for (const double y : frequency) {
        sum.add(y);
        phase.push_back(sum.value() * tau0);
    }
    return phase;
}

std::vector<double> read_column(std::string_view text, std::size_t column,
                                const std::string& name) {
    constexpr std::string_view separators = " \t,;\r";
    text = plain_text(text, name);
    std::vector<double> numbers;
    std::size_t line_number = 0;
    while (!text.empty()) {
        ++line_number;
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        const std::size_t first = line.find_first_not_of(" \t\r");
        if (first == std::string_view::npos) continue;
        line.remove_prefix(first);
        if (line.front() == '#' || line.front() == '%' || line.front() == ';') continue;
        std::string_view word;
        for (std::size_t i = 0; i < column; ++i) {
            const std::size_t begin = line.find_first_not_of(separators);
            if (begin == std::string_view::npos) {
                word = {};
                break;
            }
            line.remove_prefix(begin);
            const std::size_t length = std::min(line.find_first_of(separators), line.size());
            word = line.substr(0, length);
            line.remove_prefix(length);
        }
        if (!word.empty() && word.front() == '+') word.remove_prefix(1);
        double value = 0;
        const auto [stopped, failed] =
            std::from_chars(word.data(), word.data() + word.size(), value);
        if (failed != std::errc{} || stopped != word.data() + word.size() || !std::isfinite(value))
            throw std::invalid_argument(
                name + ":" + std::to_string(line_number) +
                (word.empty()
                     ? ": there is no column " + std::to_string(column)
                     : ": column " + std::to_string(column) + " is '" + shown(word) + "'") +
                ", wanted is a finite number");
        numbers.push_back(value);
    }
    return numbers;
}

}  // namespace driftstorm::stability
