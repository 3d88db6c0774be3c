#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace driftstorm::cli {

/// "mm1" of "scenarios/library/mm1.yaml".
std::string stem(const std::string& path);
bool file_exists(const std::string& path);

/// @throws OutputError with path and the system's reason
std::string text_of_file(const std::string& path);
/// Writes a file whole or not at all; makes its folder if need be. @throws OutputError
void write_text(const std::string& path, std::string_view text);

/// The baselines among files and in folders (their *.yaml that say `schema: baseline/1`), by name.
/// @throws OutputError for what cannot be read, and when there are none
std::vector<std::string> baselines_in(const std::vector<std::string>& places);

}  // namespace driftstorm::cli
