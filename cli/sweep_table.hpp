#pragma once

#include "sweeps/local_sweep.hpp"

#include <chrono>
#include <cstddef>

namespace driftstorm::cli {

/// The state of a sweep on a terminal, redrawn in place; shows nothing elsewhere.
class SweepTable {
  public:
    explicit SweepTable(bool wanted);
    void show(const SweepProgress& progress, bool last = false);

  private:
    bool shown_;
    std::size_t lines_ = 0;
    std::chrono::steady_clock::time_point drawn_{};
};

}  // namespace driftstorm::cli
