#pragma once

#include "models/clocks/device_clocks.hpp"
#include "sim/core/event.hpp"
#include "sim/core/time.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace driftstorm {

/// Quantiles of how far the wall clocks of neighbouring devices are from true time, again and
/// again. Exact, but only the few clocks near a quantile are read; of the others a line that they
/// keep near to is enough. Between two looks it remembers lines and the devices' order, which
/// changes no value.
class OffsetQuantiles {
  public:
    /// @param clocks  must outlive this
    OffsetQuantiles(const DeviceClocks& clocks, Index first, std::uint32_t size);

    /// Writes to `values` the offsets [ns] of the nearest ranks to `levels` (0 .. 1): rank
    /// level (size - 1) + 1/2, rounded down, from 0. Of no devices: nothing.
    void read(Time now, std::span<const double> levels, std::span<double> values);

  private:
    struct Known {
        OffsetLine line;
        std::uint32_t adjustments = 0;  ///< when the line was drawn
    };
    struct Exact {
        Time at = no_time;
        double offset = 0;
    };
    struct Place {
        double low;
        std::uint32_t device;
    };

    void update_lines(Time now);
    void sort_places();
    double exact_offset(std::uint32_t device, Time now);
    double value_of_rank(std::size_t rank, Time now);

    const DeviceClocks* clocks_;
    Index first_;
    std::vector<Known> known_;  ///< by device, as the next two
    std::vector<Exact> exact_;
    std::vector<double> low_;    ///< least offset the device can have [ns]
    std::vector<Place> places_;  ///< by low
    double spread_ = 0;          ///< greatest less least offset a device can have, at most [ns]
    std::vector<double> near_;
};

}  // namespace driftstorm
