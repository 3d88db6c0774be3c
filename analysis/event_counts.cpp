#include "analysis/event_counts.hpp"

namespace driftstorm {

std::optional<double> EventCounts::value(std::string_view metric) const {
    constexpr std::string_view interruption = "handovers.interruption.";
    if (metric.starts_with(interruption))
        return interruption_.value(metric.substr(interruption.size()));
    const auto found = counts_.find(metric);
    return found != counts_.end() ? static_cast<double>(found->second) : 0.0;
}

}  // namespace driftstorm
