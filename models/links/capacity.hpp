#pragma once

#include "sim/core/rate.hpp"
#include "sim/core/time.hpp"

#include <cstdint>
#include <vector>

namespace driftstorm {

/// Work a link has to do: bits times 1e9, so that a rate in bit/s times whole nanoseconds is exact.
using Work = Int128;
constexpr Work work_of_bytes(std::uint64_t bytes) { return Work{8} * bytes * 1'000'000'000; }

/// A link's rate over time [bit/s]: constant in steps; constant altogether when there is one step.
struct CapacityTrace {
    Duration step{1'000'000'000};     ///< length of one step; 1 s and 0.1 s are usual
    std::vector<std::int64_t> rates;  ///< [bit/s], each >= 0; the first holds from `start`
    Time start{};                     ///< before it the first rate holds
    bool repeat = false;              ///< begin again after the last step; else the last rate stays
};

/// How fast a link sends: a trace, times a factor, unless a fault sets a rate. Pure functions of
/// time, so a step of the trace is no event.
class Capacity {
  public:
    Capacity() = default;
    /// @throws std::invalid_argument when there is no rate, one is negative, or the step is not
    /// positive
    explicit Capacity(CapacityTrace trace);
    static Capacity constant(std::int64_t bit_s) {
        return Capacity(CapacityTrace{.rates = {bit_s}});
    }

    struct Setting {
        double factor = 1;        ///< multiplies the trace (a fault's capacity factor); >= 0
        std::int64_t fixed = -1;  ///< set by a fault instead of the trace [bit/s]; -1: none
    };

    /// Rate at `at` [bit/s], rounded down.
    std::int64_t rate(const Setting& setting, Time at) const;
    /// Work done in [from, to).
    Work done(const Setting& setting, Time from, Time to) const;
    /// The first nanosecond at which `work`, begun at `from`, is done; end_of_time when it never
    /// is.
    Time finish(const Setting& setting, Time from, Work work) const;

  private:
    std::size_t step_at(Time at) const;
    Time end_of_step(Time at) const;  ///< when the rate may next change

    CapacityTrace trace_{.rates = {0}};
};

}  // namespace driftstorm
