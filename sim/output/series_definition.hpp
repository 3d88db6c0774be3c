#pragma once

#include "sim/core/time.hpp"

#include <string>
#include <vector>

namespace driftstorm {

/// A sampled quantity, written as /series/<period>/<name> with dimensions [time] or [time, <entity
/// kind>].
struct SeriesDefinition {
    std::string name;  ///< "relays_queue_depth"
    std::string unit;  ///< "" = dimensionless
    std::string help;
    std::string cell_methods = "time: point";  ///< CF: "time: point", "time: sum", "time: mean" ...
    std::string entity_kind = {};  ///< kind in the directory; empty: one value for the whole world
    bool counts = true;            ///< uint32 (whole numbers >= 0); otherwise double
    Duration period{1'000'000'000};
};

/// A sampled histogram, written as /series/<period>/<name> [time, <name>_bucket], uint32, with
/// coordinates <name>_bucket_lower and <name>_bucket_upper. Two of equal edges are merged by adding
/// their counts.
struct HistogramDefinition {
    std::string name;  ///< "clock_offset_hist"
    std::string unit;  ///< of the edges
    std::string help;
    std::vector<double> edges;  ///< ascending; bucket i holds edges[i] <= value < edges[i + 1]
    Duration period{1'000'000'000};
    /// A double column of a table whose rows are recorded at each multiple of the period: the file
    /// counts its values itself, those beyond the edges in the outermost buckets. Empty: counts
    /// come as HistogramCount.
    std::string of_table = {};
    std::string of_column = {};
};

/// Edges of a log-linear histogram of either sign: each power of two from `least` to `least *
/// 2^octaves` in `steps` equal steps, the same below zero, and one bucket between. Exact, and so
/// the same wherever they are made, if `least` and `steps` are powers of two.
std::vector<double> log_linear_edges(double least, unsigned octaves, unsigned steps);

}  // namespace driftstorm
