#pragma once

#include "recordings/difference.hpp"
#include "recordings/trace.hpp"

#include <memory>

namespace driftstorm {

/// Runs both sides of a report again to the first window in which their ladders differ, and traces
/// that window alone, until they part. Fills in `divergence`, ranks `values`, and notes when a side
/// does not run here as it was recorded.
/// @param left  the left side's trace by another build; nullptr: by this one
void pursue(DifferenceReport& report, std::unique_ptr<TraceSource> left = nullptr);

/// Whether a run gives the recorded rungs in a window.
bool reproduces(const Ladder& recorded, const Ladder& rerun, const LadderDifference& window);

}  // namespace driftstorm
