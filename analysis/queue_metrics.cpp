#include "analysis/queue_metrics.hpp"

#include <algorithm>

namespace driftstorm {

namespace {}

QueueMetrics::QueueMetrics(std::size_t nodes, const std::vector<MetricWindow>& windows)
    : windows_(windows), nodes_(nodes), sums_(windows.size() * nodes) {}

/// The node's level has held from its last change up to `until`.
void QueueMetrics::close(std::size_t node, Time until) {
    Node& now = nodes_[node];
    if (until <= now.since) return;
    for (std::size_t w = 0; w < windows_.size(); ++w) {
        const MetricWindow& window = windows_[w];
        if (now.since > window.to || until <= window.from) continue;
        Sum& into = sums_[w * nodes_.size() + node];
        const std::int64_t ns = (std::min(until, window.to) - std::max(now.since, window.from)).ns;
        into.waiting += WideSum{ns} * now.waiting;
        into.busy += WideSum{ns} * now.busy;
        into.most_waiting = std::max(into.most_waiting, now.waiting);
        into.most_present = std::max(into.most_present, now.waiting + now.busy);
        if (until > window.to) into.at_end = now.waiting;
    }
    if (now.waiting > 0) {
        const auto first = static_cast<std::size_t>(now.since.ns / second_ns);
        const auto last = static_cast<std::size_t>((until.ns - 1) / second_ns);
        if (deepest_.size() <= last) deepest_.resize(last + 1);
        for (std::size_t s = first; s <= last; ++s)
            deepest_[s] = std::max(deepest_[s], now.waiting);
    }
    now.since = until;
}

void QueueMetrics::close_all(Time until) {
    if (until <= all_since_) return;
    if (all_waiting_ == 0 && fault_end_ != no_time && until > fault_end_ && !drain_)
        drain_ = std::max(all_since_, fault_end_) - fault_end_;
    all_since_ = until;
}

void QueueMetrics::level(std::size_t node, Time at, std::uint32_t waiting, std::uint32_t busy) {
    used_ = true;
    close(node, at);
    close_all(at);
    Node& now = nodes_[node];
    const std::uint32_t present = now.waiting + now.busy;
    if (waiting + busy > present)
        for (std::size_t w = 0; w < windows_.size(); ++w)
            if (windows_[w].holds(at))
                sums_[w * nodes_.size() + node].arrivals += waiting + busy - present;
    all_waiting_ += waiting;
    all_waiting_ -= now.waiting;
    now.waiting = waiting;
    now.busy = busy;
}

void QueueMetrics::fault_ended(Time at) {
    close_all(at);
    fault_end_ = at;
    drain_.reset();
}

void QueueMetrics::finish(Time end) {
    end_ = end;
    const Time beyond = end + Duration{1};  // what holds at the end has held
    for (std::size_t node = 0; node < nodes_.size(); ++node) close(node, beyond);
    close_all(beyond);
    for (std::size_t w = 0; w < windows_.size(); ++w)
        if (windows_[w].to >= beyond)
            for (std::size_t node = 0; node < nodes_.size(); ++node)
                sums_[w * nodes_.size() + node].at_end = nodes_[node].waiting;
}

std::optional<double> QueueMetrics::value(std::string_view name, std::size_t window,
                                          std::optional<std::size_t> node) const {
    if (name == "drain") {
        if (!drain_) return std::nullopt;
        return in_seconds(*drain_);
    }
    const MetricWindow& span = windows_[window];
    const double length = static_cast<double>((std::min(span.to, end_) - span.from).ns);
    const std::size_t first = node.value_or(0);
    const std::size_t last = node ? *node + 1 : nodes_.size();
    double total = 0;
    double most = 0;
    for (std::size_t n = first; n < last; ++n) {
        const Sum& of = sum(window, n);
        double one = 0;
        if (name == "queue_depth.max")
            one = of.most_waiting;
        else if (name == "customers.max")
            one = of.most_present;
        else if (name == "queue_depth.at_end")
            one = of.at_end;
        else if (name == "arrivals")
            one = static_cast<double>(of.arrivals);
        else if (name == "queue_depth.mean")
            one = static_cast<double>(of.waiting);
        else if (name == "customers.mean")
            one = static_cast<double>(of.waiting + of.busy);
        else if (name == "busy.mean")
            one = static_cast<double>(of.busy);
        else
            return std::nullopt;
        total += one;
        most = std::max(most, one);
    }
    if (name.ends_with(".max")) return most;
    if (!name.ends_with(".mean")) return total;
    if (length <= 0) return std::nullopt;
    return total / length / static_cast<double>(last - first);
}

std::optional<Time> QueueMetrics::first_at(double limit, bool beyond, MetricWindow window) const {
    for (std::size_t s = 0; s < deepest_.size(); ++s) {
        const Time at{static_cast<std::int64_t>(s) * second_ns};
        if (at + Duration{second_ns} <= window.from || at > window.to) continue;
        const double depth = deepest_[s];
        if (beyond ? depth > limit : depth >= limit) return std::max(at, window.from);
    }
    return std::nullopt;
}

}  // namespace driftstorm
