#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace driftstorm {

/// One run of a sweep.
struct RunKey {
    std::uint64_t point = 0;  ///< its id
    std::uint32_t replication = 0;
    friend auto operator<=>(const RunKey&, const RunKey&) = default;
};

/// What came of a run, without path, host or time: the same run gives the same record.
struct RunRecord {
    struct Check {
        std::string name;
        std::string status;
        double observed = 0;  ///< NaN: undefined
    };
    RunKey key;
    std::uint64_t study = 0;  ///< hash of all that the run depends on but point and seed
    std::uint64_t seed = 0;
    bool failed = false;
    std::string error;  ///< of a failed run; several lines
    std::string repeat;
    std::string build;  ///< fingerprint of the program
    std::string digest;
    std::uint64_t events = 0;
    int exit = 0;  ///< by the run's expectations
    std::vector<std::pair<std::string, double>> metrics;
    std::vector<Check> checks;
};

/// A record as text, a fact a line, with a checksum in the last one.
std::string text_of(const RunRecord& record);
/// The inverse; nothing when the text is damaged or cut short.
std::optional<RunRecord> parse_run_record(std::string_view text);

/// The value of a metric; NaN when the record has none of that name.
double metric_of(const RunRecord& record, std::string_view metric);

}  // namespace driftstorm
