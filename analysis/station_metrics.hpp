#pragma once

#include "analysis/log_linear_histogram.hpp"
#include "analysis/metric_window.hpp"
#include "sim/core/time.hpp"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace driftstorm {

/// How an attempt at a station, or a request, ended.
enum class ServiceOutcome : std::uint8_t { served, failed, refused, abandoned, expired, lost };

/// Customers of one station who ended in one window.
class StationMetrics {
  public:
    void ended(ServiceOutcome outcome, Duration waited, Duration stayed);
    /// wait.*, sojourn.*, served, blocked_share, abandoned_share.
    std::optional<double> value(std::string_view name) const;

  private:
    std::uint64_t outcomes_[6]{};
    std::uint64_t without_wait_ = 0;
    DelayStatistics wait_;     ///< of those who got to a worker
    DelayStatistics sojourn_;  ///< the same
};

/// One group of clients over a run, and in windows: attempts by the instant they were sent, the
/// rest by the instant the request was made.
class ClientMetrics {
  public:
    explicit ClientMetrics(const std::vector<MetricWindow>& windows)
        : windows_(windows), sums_(windows.size()) {}

    void attempt(Time at, bool first);
    void ended(Time created, Time end, bool success);

    /// intents, attempts, amplification, success_share, delay.*.
    std::optional<double> value(std::string_view name, std::size_t window) const;
    /// From the end of a fault to the first second u with 99 % success among requests made in [u, u
    /// + 10 s) [s]; infinite: none up to 30 s before the end; nullopt: no fault has ended 30 s
    /// before.
    std::optional<double> recovery(Time fault_end, Time end) const;
    /// How long recovery() looked for it, when it is infinite [s]; else nullopt.
    std::optional<double> no_recovery_until(Time fault_end, Time end) const;

  private:
    struct Sum {
        std::uint64_t intents = 0;
        std::uint64_t attempts = 0;
        std::uint64_t ended = 0;
        std::uint64_t succeeded = 0;
        DelayStatistics delay;
    };
    std::vector<MetricWindow> windows_;
    std::vector<Sum> sums_;
    std::vector<std::uint32_t> made_;       ///< requests by the second they were made in
    std::vector<std::uint32_t> succeeded_;  ///< of these
};

}  // namespace driftstorm
