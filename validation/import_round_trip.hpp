#pragma once

#include "analysis/field_data/field_fit.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace driftstorm::validation {

/// What is simulated, exported and imported again.
enum class ImportKind : std::uint8_t { chrony, loopstats, pcap };
inline constexpr std::array<std::string_view, 3> import_kind_names{"chrony", "loopstats", "pcap"};

/// A parameter of the simulation and what import makes of it.
struct ImportedParameter {
    std::string name;
    double truth = 0;
    field_data::Fitted fitted;
    bool covered() const { return fitted.low <= truth && truth <= fitted.high; }
};

/// Simulates a client, writes its logs and imports them. A function of (kind, seed).
/// chrony: a day at 64 s, two exponential queues of 1 ms, random-walk FM of 1e-9/sqrt(s).
/// loopstats: ntpd with the kernel's loop, the same with 3e-9/sqrt(s).
/// pcap: six hours at 16 s, nobody steers; queues of 20 us, white FM of 1e-7 at 1 s, loss of 5 %.
std::vector<ImportedParameter> import_round_trip(ImportKind kind, std::uint64_t seed);

/// By parameter, in how many of the seeds first .. first + tries - 1 it was in its interval.
struct Coverage {
    std::string name;
    int covered = 0;
    int tries = 0;
    double relative_error = 0;  ///< mean of (value - truth) / half the interval
    double half_width = 0;      ///< mean of half the interval, in the parameter's unit
    double square_error = 0;    ///< mean of (value - truth)^2
    /// Mean half-width by 1.96 root mean square errors: 1 of a normal estimate without bias whose
    /// interval is neither too wide nor too narrow.
    double width() const;
};
/// @param each  when given, gets a line of every try: kind, seed, parameter, truth, value, low,
/// high
std::vector<Coverage> import_coverage(ImportKind kind, std::uint64_t first, int tries,
                                      std::string* each = nullptr);
std::string coverage_text(ImportKind kind, const std::vector<Coverage>& coverage);

}  // namespace driftstorm::validation
