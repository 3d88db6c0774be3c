#include "cli/output_names.hpp"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <system_error>

namespace driftstorm::cli {

namespace fs = std::filesystem;

bool same_file(const std::string& a, const std::string& b) {
    std::error_code error;
    if (fs::equivalent(a, b, error)) return true;
    const fs::path one = fs::weakly_canonical(fs::absolute(a, error), error);
    const fs::path other = fs::weakly_canonical(fs::absolute(b, error), error);
    return !error && one == other;
}

bool holds_something_else(const std::string& name, std::string_view beginning) {
    std::error_code error;
    if (!fs::is_regular_file(name, error) || fs::file_size(name, error) == 0) return false;
    std::ifstream file(name, std::ios::binary);
    std::string found(beginning.size(), '\0');
    file.read(found.data(), static_cast<std::streamsize>(found.size()));
    const auto lower = [](char c) { return std::tolower(static_cast<unsigned char>(c)); };
    return !file || !std::equal(found.begin(), found.end(), beginning.begin(),
                                [&](char a, char b) { return lower(a) == lower(b); });
}

}  // namespace driftstorm::cli
