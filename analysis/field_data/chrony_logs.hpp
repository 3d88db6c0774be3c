#pragma once

#include "analysis/field_data/field_log.hpp"

#include <string>
#include <vector>

namespace driftstorm::field_data {

/// Reads logs of chronyd 4.x as chrony.conf(5) describes them under `log`: measurements (or
/// rawmeasurements), tracking and statistics, told apart by their columns; banners are passed over.
/// Exchanges are the valid measurements of `source` (tests 1 to 7 passed); with tracking.log the
/// clock is put back together as it would have gone unsteered, from its first row on. A
/// statistics.log repeats what the measurements say and only adds remarks.
/// @param source  address; empty: the one with most measurements
/// @throws std::invalid_argument "file:line: ..." for a line that is broken or of no such log, and
/// when there are no measurements
FieldLog read_chrony(const std::vector<TextFile>& files, const std::string& source);

}  // namespace driftstorm::field_data
