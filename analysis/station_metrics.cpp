#include "analysis/station_metrics.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

namespace driftstorm {

namespace {

constexpr std::size_t look_ahead = 10;  // [s]
constexpr std::size_t look_until = 30;  // [s] before the end
constexpr double recovered_share = 0.99;

void count_in(std::vector<std::uint32_t>& bins, Time at) {
    const auto second = static_cast<std::size_t>(std::max<std::int64_t>(at.ns, 0) / second_ns);
    if (bins.size() <= second) bins.resize(second + 1);
    ++bins[second];
}

std::optional<double> ratio(std::uint64_t part, std::uint64_t whole) {
    if (whole == 0) return std::nullopt;
    return static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

void StationMetrics::ended(ServiceOutcome outcome, Duration waited, Duration stayed) {
    ++outcomes_[static_cast<std::size_t>(outcome)];
    if (outcome != ServiceOutcome::served && outcome != ServiceOutcome::failed) return;
    wait_.add(waited.ns);
    sojourn_.add(stayed.ns);
    without_wait_ += waited.ns == 0 ? 1 : 0;
}

std::optional<double> StationMetrics::value(std::string_view name) const {
    using enum ServiceOutcome;
    const auto of = [this](ServiceOutcome outcome) {
        return outcomes_[static_cast<std::size_t>(outcome)];
    };
    std::uint64_t all = 0;
    for (const std::uint64_t count : outcomes_) all += count;
    if (name == "served") return static_cast<double>(of(served));
    if (name == "blocked_share") return ratio(of(refused) + of(lost), all);
    if (name == "abandoned_share") return ratio(of(abandoned), all);
    if (name == "wait.share_zero") return ratio(without_wait_, wait_.count());
    constexpr std::string_view wait = "wait.";
    constexpr std::string_view sojourn = "sojourn.";
    if (name.starts_with(wait)) return wait_.value(name.substr(wait.size()));
    if (name.starts_with(sojourn)) return sojourn_.value(name.substr(sojourn.size()));
    return std::nullopt;
}

void ClientMetrics::attempt(Time at, bool first) {
    if (first) count_in(made_, at);
    for (std::size_t w = 0; w < windows_.size(); ++w) {
        if (!windows_[w].holds(at)) continue;
        ++sums_[w].attempts;
        sums_[w].intents += first ? 1 : 0;
    }
}

void ClientMetrics::ended(Time created, Time end, bool success) {
    if (success) count_in(succeeded_, created);
    for (std::size_t w = 0; w < windows_.size(); ++w) {
        if (!windows_[w].holds(created)) continue;
        ++sums_[w].ended;
        if (!success) continue;
        ++sums_[w].succeeded;
        sums_[w].delay.add((end - created).ns);
    }
}

std::optional<double> ClientMetrics::value(std::string_view name, std::size_t window) const {
    const Sum& sum = sums_[window];
    if (name == "intents") return static_cast<double>(sum.intents);
    if (name == "attempts") return static_cast<double>(sum.attempts);
    if (name == "amplification") return ratio(sum.attempts, sum.intents);
    if (name == "success_share") return ratio(sum.succeeded, sum.ended);
    constexpr std::string_view delay = "delay.";
    if (name.starts_with(delay)) return sum.delay.value(name.substr(delay.size()));
    return std::nullopt;
}

std::optional<double> ClientMetrics::recovery(Time fault_end, Time end) const {
    if (fault_end == no_time) return std::nullopt;
    const auto first = static_cast<std::size_t>((fault_end.ns + second_ns - 1) / second_ns);
    const auto seconds = static_cast<std::size_t>(end.ns / second_ns);
    if (seconds < first + look_until) return std::nullopt;
    for (std::size_t u = first; u + look_until <= seconds; ++u) {
        std::uint64_t made = 0;
        std::uint64_t succeeded = 0;
        for (std::size_t s = u; s < u + look_ahead; ++s) {
            made += s < made_.size() ? made_[s] : 0;
            succeeded += s < succeeded_.size() ? succeeded_[s] : 0;
        }
        if (made > 0 &&
            static_cast<double>(succeeded) >= recovered_share * static_cast<double>(made))
            return in_seconds(Time{static_cast<std::int64_t>(u) * second_ns} - fault_end);
    }
    return std::numeric_limits<double>::infinity();
}

std::optional<double> ClientMetrics::no_recovery_until(Time fault_end, Time end) const {
    const std::optional<double> found = recovery(fault_end, end);
    if (!found || !std::isinf(*found)) return std::nullopt;
    const std::int64_t first_unseen =
        end.ns / second_ns - static_cast<std::int64_t>(look_until) + 1;
    return in_seconds(Time{first_unseen * second_ns} - fault_end);
}

}  // namespace driftstorm
