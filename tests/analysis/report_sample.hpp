#pragma once

#include <string>

namespace driftstorm::hand_made {

/// Its characters must reach the reader as text, wherever a page puts them.
inline constexpr const char* hostile_title =
    "</script><script>alert(1)</script> & \"Zoë's\" {{body}} <b>";

/// A result of random_run() with everything that a report draws: series of queues, networks and
/// clock offsets each second, faults, storms, expectations, provenance.
void write_report_sample(const std::string& path, const std::string& title);

/// A result of a run that kept nothing: no events, no series, no messages.
void write_bare_sample(const std::string& path);

}  // namespace driftstorm::hand_made
