#pragma once

#include "analysis/field_data/field_log.hpp"

#include <string>
#include <vector>

namespace driftstorm::field_data {

/// Whose loop slews the offset: the kernel's (ntpd's ordinary way) or the daemon's (`disable
/// kernel`).
enum class NtpdLoop : std::uint8_t { kernel, daemon };

/// Reads loopstats and peerstats of ntpd 4.2.8 or ntpsec, told apart by their columns. Exchanges
/// are the updates of loopstats; their delays come from the peerstats row of `source` at the same
/// time. Between two updates the loop slews: in each second 2^-(2 + time constant) of what is left
/// (kernel), or 2^-(4 + time constant) (daemon). Without loopstats the exchanges are the rows of
/// peerstats and nothing is known of the steering. Source: ntp-4.2.8p15, ntpd/ntp_util.c,
/// ntp_loopfilter.c; Linux, kernel/time/ntp.c.
/// @param source  address in peerstats; empty: the one with most rows
/// @throws std::invalid_argument "file:line: ..." for a line that is broken or of no such log
FieldLog read_ntpd(const std::vector<TextFile>& files, const std::string& source, NtpdLoop loop);

}  // namespace driftstorm::field_data
