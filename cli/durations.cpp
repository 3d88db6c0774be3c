#include "cli/durations.hpp"

#include "scenarios/complaints.hpp"
#include "scenarios/quantity.hpp"
#include "scenarios/scenario.hpp"

#include <CLI/CLI.hpp>

namespace driftstorm::cli {

std::optional<Duration> duration_option(const std::string& text, const std::string& option) {
    if (text.empty()) return std::nullopt;
    const ParsedQuantity parsed = parse_quantity(text);
    if (!parsed.quantity) throw CLI::ValidationError(option, quote(text) + " " + parsed.error);
    if (parsed.quantity->dimension() != Dimension::duration)
        throw CLI::ValidationError(option,
                                   "must be a length of time, such as 20 min; got " + quote(text));
    const auto ns = parsed.quantity->whole("ns");
    if (!ns || *ns <= 0 || Duration{*ns} >= horizon)
        throw CLI::ValidationError(option,
                                   "must be whole nanoseconds above 0 s and below 100 "
                                   "years; got " +
                                       quote(text));
    return Duration{*ns};
}

}  // namespace driftstorm::cli
