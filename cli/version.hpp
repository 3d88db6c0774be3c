#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace driftstorm::cli {

inline constexpr std::string_view version_text = DRIFTSTORM_VERSION;

/// What a run was asked and what it took.
struct RunFacts {
    std::string output;  ///< path as asked
    std::uint32_t partitions = 1;
    std::uint32_t threads_asked = 1;
    std::uint32_t threads = 1;  ///< of this process, while the result was written
    double wall_s = 0;
    std::uint64_t events = 0;
};

/// Facts of the build and of this call, for NAME.h5.run.json: nothing of it is in the result file.
std::string run_facts(const RunFacts& run);
/// The words of the command, which run_facts tells.
void set_arguments(int argc, const char* const* argv);
/// Threads of this process; 0: unknown.
std::uint32_t running_threads();
/// Facts of the build, for people or as JSON.
std::string build_facts(bool json);

}  // namespace driftstorm::cli
