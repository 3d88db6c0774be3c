#pragma once

#include "sim/core/table.hpp"
#include "sim/core/time.hpp"
#include "sim/output/entity_directory.hpp"
#include "sim/output/results_reader.hpp"

namespace driftstorm {

/// The entities of a result file, one id for each row of /entities/<kind>, numbered through.
EntityDirectory directory_of(const ResultsReader& result);

/// Feeds the rows of a finished file to a sink, by time; rows of one instant table by table. With a
/// file that kept all tables, Metrics finds what it found during the run. Entities are those of
/// directory_of().
/// @throws OutputError for a damaged file
void replay(const ResultsReader& result, TableSink& sink);

}  // namespace driftstorm
