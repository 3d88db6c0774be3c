#pragma once

#include "analysis/log_linear_histogram.hpp"
#include "analysis/metric_window.hpp"
#include "sim/core/time.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace driftstorm {

/// Levels of the nodes of a relay group, of a station, or of clients' open requests, known from
/// their changes. A level counts when it has held for a time, however short: those passed through
/// within one instant do not.
class QueueMetrics {
  public:
    QueueMetrics(std::size_t nodes, const std::vector<MetricWindow>& windows);

    /// From `at` on, so many wait and so many workers are busy. Not before the node's last change.
    void level(std::size_t node, Time at, std::uint32_t waiting, std::uint32_t busy);
    /// From here on the time to drain is measured.
    void fault_ended(Time at);
    void finish(Time end);

    /// queue_depth.max|mean|at_end, customers.max|mean, busy.mean, arrivals, drain.
    /// @param node  nullopt: all of them, as the help of the metric says
    std::optional<double> value(std::string_view name, std::size_t window,
                                std::optional<std::size_t> node) const;
    /// First second of the window in which a node's queue reached `limit` (beyond: exceeded it).
    std::optional<Time> first_at(double limit, bool beyond, MetricWindow window) const;
    bool used() const { return used_; }  ///< some level was ever told

  private:
    struct Node {
        std::uint32_t waiting = 0;
        std::uint32_t busy = 0;
        Time since{};
    };
    struct Sum {
        WideSum waiting = 0;  ///< [ns]
        WideSum busy = 0;     ///< [ns]
        std::uint32_t most_waiting = 0;
        std::uint32_t most_present = 0;
        std::uint32_t at_end = 0;
        std::uint64_t arrivals = 0;
    };
    void close(std::size_t node, Time until);
    void close_all(Time until);
    const Sum& sum(std::size_t window, std::size_t node) const {
        return sums_[window * nodes_.size() + node];
    }

    std::vector<MetricWindow> windows_;
    std::vector<Node> nodes_;
    std::vector<Sum> sums_;               ///< shape (windows, nodes)
    std::vector<std::uint32_t> deepest_;  ///< queue of any node, by second
    std::uint64_t all_waiting_ = 0;
    Time all_since_{};  ///< of all_waiting_
    Time fault_end_ = no_time;
    std::optional<Duration> drain_;
    Time end_{};
    bool used_ = false;
};

}  // namespace driftstorm
