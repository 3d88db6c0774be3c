#include "cli/recorded_files.hpp"

#include "recordings/baseline.hpp"
#include "scenarios/complaints.hpp"
#include "sim/output/output_error.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>

namespace driftstorm::cli {

namespace fs = std::filesystem;

std::string stem(const std::string& path) {
    const std::string name = path.substr(path.find_last_of('/') + 1);
    return name.substr(0, name.rfind('.'));
}

bool file_exists(const std::string& path) { return fs::exists(path); }

std::string text_of_file(const std::string& path) {
    std::string reason;
    std::optional<std::string> text = read_file_from_disk(path, reason);
    if (!text) throw OutputError(path, reason);
    return *std::move(text);
}

void write_text(const std::string& path, std::string_view text) {
    const fs::path folder = fs::path(path).parent_path();
    std::error_code error;
    if (!folder.empty()) fs::create_directories(folder, error);
    if (error) throw OutputError(folder.string(), error.message());
    const std::string part = path + ".part";
    const auto fail = [&part] {
        const std::string reason = std::generic_category().message(errno);
        std::remove(part.c_str());
        throw OutputError(part, reason);
    };
    std::FILE* file = std::fopen(part.c_str(), "wb");
    if (file == nullptr) throw OutputError(part, std::generic_category().message(errno));
    const bool written = std::fwrite(text.data(), 1, text.size(), file) == text.size();
    if (std::fclose(file) != 0 || !written) fail();
    if (std::rename(part.c_str(), path.c_str()) != 0) fail();
}

std::vector<std::string> baselines_in(const std::vector<std::string>& places) {
    std::vector<std::string> files;
    for (const std::string& place : places) {
        if (!fs::is_directory(place)) {
            files.push_back(place);
            continue;
        }
        std::vector<std::string> found;
        for (const auto& entry : fs::directory_iterator(place)) {
            if (entry.path().extension() != ".yaml") continue;
            const std::string text = text_of_file(entry.path().string());
            // One that a crash has emptied is to be told; scenarios and the like are passed over.
            if (is_baseline(text) || text.find_first_not_of(" \r\n") == std::string::npos)
                found.push_back(entry.path().string());
        }
        if (found.empty()) throw OutputError(place, "holds no baseline (*.yaml)");
        std::sort(found.begin(), found.end());
        files.insert(files.end(), found.begin(), found.end());
    }
    return files;
}

}  // namespace driftstorm::cli
