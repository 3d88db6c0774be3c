#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace driftstorm::cli {

inline constexpr std::string_view version_text = DRIFTSTORM_VERSION;

/// Facts of the build and of this call, for NAME.h5.run.json: nothing of it is in the result file.
std::string run_facts(double wall_s, std::uint64_t events, std::uint32_t partitions,
                      const std::string& output);
/// Facts of the build, for people or as JSON.
std::string build_facts(bool json);

}  // namespace driftstorm::cli
