#pragma once

#include "models/links/capacity.hpp"
#include "models/links/packet.hpp"
#include "sim/core/time.hpp"

#include <cstdint>
#include <istream>
#include <limits>
#include <string>
#include <vector>

namespace driftstorm {

/// One second of a recorded trace.
struct TraceSecond {
    Technology technology = Technology::none;                      ///< none: no coverage
    std::uint32_t cell = 0;                                        ///< the trace's own number
    std::int64_t capacity_bit_s = 0;                               ///< down
    double signal_dbm = std::numeric_limits<double>::quiet_NaN();  ///< NaN: not recorded
    bool handover =
        false;  ///< this second began with a handover: labelled so, or cell or technology changed
};

/// What a phone recorded, one row a second: replayed as a device's radio.
struct RadioTrace {
    std::vector<TraceSecond> seconds;

    std::uint32_t handovers() const;
    /// The trace's cell numbers, each once, ascending.
    std::vector<std::uint32_t> cells() const;
    /// Its capacity as that of a link, times `share` (an uplink is a share of the downlink).
    CapacityTrace capacity(double share = 1) const;
};

/// Columns of a trace file, by their headings; an empty heading: not there.
struct TraceColumns {
    std::string cell = "anonymized_mCid";
    std::string technology = "radio_type";
    std::string capacity = "throughput_mbps";
    double capacity_unit = 1e6;                       ///< [bit/s]
    std::string handover = "primitive_handoff_type";  ///< not empty in a row: a handover began here
    std::string signal = "";

    /// The heading used by 5Gophers (Narayanan et al., WWW 2020): the defaults.
    static TraceColumns gophers() { return {}; }
    /// That of the UCC 5G data set as thinned in the reference data (Raca et al., MMSys 2020).
    static TraceColumns ucc() { return {"cell", "tech", "dl_kbps", 1e3, "", "rsrp_dbm"}; }
};

/// Reads a trace from CSV text with a line of headings. A handover is a row with a label, or with
/// another cell or technology than the row before.
/// @param name  of the file, for messages
/// @throws      std::runtime_error "name:line: what is wrong": a column or a value that is missing
/// or malformed,
///              an unknown technology, no rows
RadioTrace read_radio_trace(std::istream& text, const std::string& name,
                            const TraceColumns& columns);

}  // namespace driftstorm
