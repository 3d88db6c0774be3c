#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace driftstorm::field_data {

/// One exchange of a time client with a server, by the client's clock.
struct Exchange {
    double at = 0;                 ///< s since 1970
    double offset = 0;             ///< server's clock minus client's [s]
    double delay = 0;              ///< round trip without the server's own time [s]; 0: not known
    double offset_resolution = 0;  ///< in which the log was written [s]
    double delay_resolution = 0;   ///< [s]
    std::size_t source = 0;        ///< index in FieldLog::sources
};

/// What a time program did to the client's clock: `phase` was taken off it, and from then on it
/// gains `frequency` less than the oscillator alone.
struct Correction {
    double at = 0;                    ///< s since 1970
    double phase = 0;                 ///< [s]
    double frequency = 0;             ///< [s/s]
    double phase_resolution = 0;      ///< in which the log was written [s]
    double frequency_resolution = 0;  ///< [s/s]
    double time_resolution = 0;       ///< of `at` [s]
};

using Entry = std::variant<Exchange, Correction>;

/// What is known of how the client's clock was steered.
enum class Steering : std::uint8_t {
    logged,   ///< every change is among the entries
    unknown,  ///< nothing is: noise and frequency are those of the clock as it was steered
};

/// The logs of one client, in the order in which things happened.
struct FieldLog {
    std::vector<std::string> sources;  ///< servers' addresses
    std::vector<Entry> entries;
    Steering steering = Steering::unknown;
    /// ntpd's peerstats and loopstats tell of the samples its filter chose, not of all.
    bool filtered = false;
    std::uint64_t requests = 0;        ///< seen in a capture, answered or not; 0: not known
    std::uint64_t replies = 0;         ///< of them answered
    std::vector<std::string> remarks;  ///< what was left out, and why
};

/// A log, or a part of one.
struct TextFile {
    std::string name;  ///< for complaints
    std::string text;
};

}  // namespace driftstorm::field_data
