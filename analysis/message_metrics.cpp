#include "analysis/message_metrics.hpp"

#include "analysis/run_series.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>

namespace driftstorm {

namespace {

constexpr std::uint32_t bit_of(std::string_view cause) {
    for (std::size_t i = 0; i < cause_words.size(); ++i)
        if (cause_words[i] == cause) return 1u << i;
    return 0;
}
constexpr std::size_t outage =
    std::find(cause_words.begin(), cause_words.end(), "network_outage") - cause_words.begin();
constexpr std::uint32_t network =
    bit_of("radio_handover") | bit_of("network_outage") | bit_of("link_queue");
constexpr std::uint32_t infrastructure = bit_of("server_backlog");
constexpr std::uint32_t user = bit_of("user");
constexpr std::uint32_t everything = (1u << cause_words.size()) - 1;

std::optional<double> ratio(double part, double whole) {
    if (whole <= 0) return std::nullopt;
    return part / whole;
}

}  // namespace

void MessageMetrics::composed(bool reply, bool inverted) {
    ++composed_;
    replies_ += reply ? 1 : 0;
    inverted_replies_ += reply && inverted ? 1 : 0;
}

void MessageMetrics::retried(bool pressed) {
    ++retries_;
    presses_ += pressed ? 1 : 0;
}

void MessageMetrics::ended(const CopyFacts& copy) {
    copies_.add(copy.end);
    for (std::size_t i = 0; i < blame_.size(); ++i) blame_[i] += copy.blame[i];
    if (copy.server_down) server_outage_ += copy.blame[outage];
    if (copy.inserted_late) inversions_.add(copy.end);
    if (copy.outcome != CopyEnd::visible) {
        undelivered_.add(copy.end);
        (copy.outcome == CopyEnd::lost ? lost_ : pending_).add(copy.end);
        return;
    }
    const Duration delay = copy.end - copy.composed;
    delivered_.add(copy.end);
    delay_.add(delay.ns);
    if (delay > late_after) late_.add(copy.composed + late_after);
}

const MessageMetrics::Count* MessageMetrics::count_of(std::string_view name) const {
    if (name == "copies") return &copies_;
    if (name == "delivered") return &delivered_;
    if (name == "undelivered_at_end") return &undelivered_;
    if (name == "lost") return &lost_;
    if (name == "pending") return &pending_;
    if (name == "late") return &late_;
    if (name == "sequence_inversions") return &inversions_;
    return nullptr;
}

std::optional<Time> MessageMetrics::first(std::string_view name) const {
    const Count* count = count_of(name);
    if (count == nullptr || count->number == 0) return std::nullopt;
    return count->first;
}

double MessageMetrics::share(std::uint32_t causes) const {
    WideSum part = 0;
    for (std::size_t i = 0; i < blame_.size(); ++i)
        if ((causes >> i & 1u) != 0) part += blame_[i];
    return share_of(part);
}

double MessageMetrics::share_of(WideSum part) const {
    WideSum all = 0;
    for (const WideSum cause : blame_) all += cause;
    return all > 0 ? static_cast<double>(part) / static_cast<double>(all) : std::nan("");
}

std::optional<double> MessageMetrics::blame(std::string_view cause_and_what) const {
    const std::size_t dot = cause_and_what.rfind('.');
    if (dot == std::string_view::npos) return std::nullopt;
    const std::string_view what = cause_and_what.substr(dot + 1);
    for (std::size_t i = 0; i < cause_words.size(); ++i) {
        if (cause_words[i] != cause_and_what.substr(0, dot)) continue;
        const double total = static_cast<double>(blame_[i]) / 1e9;
        if (what == "total") return total;
        if (what == "mean") return ratio(total, static_cast<double>(copies_.number));
        if (what == "share") return share(1u << i);
    }
    return std::nullopt;
}

std::optional<double> MessageMetrics::value(std::string_view name) const {
    if (const Count* count = count_of(name)) return static_cast<double>(count->number);
    if (name == "composed") return static_cast<double>(composed_);
    if (name == "retries") return static_cast<double>(retries_);
    if (name == "presses_again") return static_cast<double>(presses_);
    if (name == "replies") return static_cast<double>(replies_);
    if (name == "delivered_share")
        return ratio(static_cast<double>(delivered_.number), static_cast<double>(copies_.number));
    if (name == "reply_inversion_share")
        return ratio(static_cast<double>(inverted_replies_), static_cast<double>(replies_));
    if (name == "server_outage_share") return share_of(server_outage_);
    if (name == "network_share") return share(network);
    if (name == "infrastructure_share") return share(infrastructure);
    if (name == "user_share") return share(user);
    if (name == "application_share") return share(everything & ~(network | infrastructure | user));
    constexpr std::string_view delay = "delivery_delay.";
    if (name.starts_with(delay)) return delay_.value(name.substr(delay.size()));
    constexpr std::string_view of_blame = "blame.";
    if (name.starts_with(of_blame)) return blame(name.substr(of_blame.size()));
    return std::nullopt;
}

}  // namespace driftstorm
