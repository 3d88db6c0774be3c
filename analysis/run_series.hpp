#pragma once

#include "sim/core/time.hpp"
#include "sim/output/memory_group.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace driftstorm {

/// Causes of delay, in the order of the ledger; the columns blame_<cause> of /copies.
inline constexpr std::array<std::string_view, 12> cause_words{
    "user",           "client_store", "clock_rejection", "ordering_hold",
    "gap_resync",     "handshake",    "retry_backoff",   "radio_handover",
    "network_outage", "link_queue",   "server_backlog",  "service_and_propagation"};

/// A value per bin.
struct BinnedSeries {
    std::string name;
    std::string unit;
    std::string help;
    std::vector<double> values;  ///< shape (bins)
};

/// What a report plots, in bins of 1 s (bin i holds i <= t < i + 1 s): intents, attempts (intents
/// and retries), retries, resyncs, deliveries, handovers; at the end of each second true_backlog
/// (copies composed and not delivered, requests not served or given up) and perceived_backlog
/// (delivered but held back, or inserted above something already seen in this second). In bins of
/// 10 s of the instant of composing: mean delay by cause. The warm-up is in it.
class RunSeries {
  public:
    static constexpr std::int64_t cause_bin_s = 10;

    void intent(Time at, std::int64_t copies);  ///< a message for so many devices, or a request (1)
    void retry(Time at);
    void resync(Time at, std::uint32_t requests);
    void handover(Time at);
    void delivered(Time at);           ///< leaves the true backlog as a success
    void gone(Time at);                ///< leaves it as lost
    void held(Time from, Time until);  ///< delivered, not shown yet
    void inserted_late(Time at);
    void blamed(Time composed, const std::array<std::int64_t, 12>& blame);  ///< one copy [ns]
    void finish(Time end);

    std::size_t seconds() const { return seconds_; }
    std::vector<BinnedSeries> per_second() const;
    std::vector<BinnedSeries> causes() const;  ///< "ns", mean per copy composed in each 10 s
    /// /metrics/1s and /metrics/10s, each with its own `time`.
    std::vector<MemoryGroup> groups() const;

  private:
    std::vector<std::int64_t> intents_, retries_, resyncs_, deliveries_, handovers_, composed_,
        settled_, held_, shown_, late_;
    std::vector<std::array<std::int64_t, 12>> blame_;
    std::vector<std::int64_t> copies_;
    std::size_t seconds_ = 0;
};

}  // namespace driftstorm
