#pragma once

#include "analysis/metric_window.hpp"
#include "analysis/run_series.hpp"
#include "analysis/storms.hpp"
#include "sim/core/table.hpp"
#include "sim/core/time.hpp"
#include "sim/output/entity_directory.hpp"
#include "sim/output/memory_group.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace driftstorm {

struct MetricsOptions {
    Time warmup{};  ///< rows before it count in no metric (a copy: composed before it)
    Time end{};     ///< planned end of the run
    std::vector<MetricWindow> windows =
        {};  ///< of all expectations; others cannot be asked for later
    /// Parameters of scenarios with a closed form, for theory.*; see theory.hpp for the names.
    std::map<std::string, double> facts = {};
};

/// The numbers of a run, gathered from its rows while it goes on. Delays and losses of a message
/// belong to the window in which it was composed (a request: created), all else to the window in
/// which it happens. Levels (queue depths) are weighted by time. Sums are integers; quantiles come
/// from log-linear histograms; besides, memory grows by a few numbers per simulated second. Rows of
/// one instant may come in any order of tables.
class Metrics : public TableSink {
  public:
    /// The directory must outlive the metrics.
    Metrics(MetricsOptions options, const EntityDirectory& directory);
    ~Metrics() override;
    Metrics(const Metrics&) = delete;
    Metrics& operator=(const Metrics&) = delete;

    bool wants(const RowType& type) const override;
    void row(const RowType& type, const RowStamp& stamp, const std::byte* bytes) override;
    /// To be called once after the last row. `end`: simulated instant reached, when the run was cut
    /// short.
    void finish(Time end);

    /// Value of a metric in its unit (unit_of: s, or a number; shares as fractions) over a window,
    /// by default from the warm-up to the end. nullopt: undefined in this run (no message was
    /// delivered, no such object, window not in the options). Valid after finish().
    std::optional<double> value(std::string_view path,
                                std::optional<MetricWindow> window = {}) const;

    /// Of a duration that is infinite because the run ended before it was over: how long it is at
    /// least [s]. nullopt: the value is known.
    std::optional<double> not_until(std::string_view path) const;

    /// First instant within the window at which a count or level metric reached `limit` (for "<
    /// limit"; with `beyond`: exceeded it, for "<= limit" and "== limit"), where that is known:
    /// counts of message copies against 0, deepest queues, storms' peaks.
    std::optional<Time> first_at(std::string_view path, double limit, bool beyond,
                                 std::optional<MetricWindow> window = {}) const;

    /// Every defined metric of the whole run after the warm-up, by path.
    std::vector<std::pair<std::string, double>> all() const;
    /// What a result file keeps of them, in the order of writing: /metrics (value and unit of
    /// all()), /metrics/1s and /metrics/10s (series), /storms.
    std::vector<MemoryGroup> groups() const;

    const StormDetector& storms() const;
    const RunSeries& series() const;
    Time end() const;  ///< reached
    Time warmup() const;
    MetricWindow whole() const;  ///< from the warm-up to the planned end

  private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

}  // namespace driftstorm
