#include "tests/scenarios/example_scenario.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <doctest/doctest.h>

using namespace driftstorm;
namespace fs = std::filesystem;

namespace {

std::vector<std::string> files_in(const std::string& folder, const std::string& extension) {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder)) {
        if (entry.path().extension() == extension)
            names.push_back(entry.path().filename().string());
    }
    std::sort(names.begin(), names.end());
    return names;
}

std::string text_of(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
}

/// Reads files by name from one folder, so that diagnostics do not depend on where the tests run.
ReadFile reader_in(const std::string& folder) {
    return [folder](const std::string& name, std::string& reason) {
        return read_file_from_disk(folder + "/" + name, reason);
    };
}

/// What `# set: NAME=VALUE` lines at the head of a corpus file ask for on the command line.
std::vector<Assignment> assignments_of(const std::string& text) {
    std::vector<Assignment> set;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        if (line.rfind("# set: ", 0) == 0) set.push_back(parse_assignment(line.substr(7)));
    }
    return set;
}

const std::string corpus = std::string(DRIFTSTORM_SOURCE_DIR) + "/tests/scenarios/";

}  // namespace

TEST_CASE("every broken scenario is answered with exactly its diagnostics") {
    const std::string folder = corpus + "broken";
    const char* regenerate = std::getenv("DRIFTSTORM_REGENERATE_EXPECTED");
    const std::vector<std::string> names = files_in(folder, ".yaml");
    CHECK(names.size() >= 60);
    for (const std::string& name : names) {
        CAPTURE(name);
        Complaints complaints(reader_in(folder));
        example::read_scenario(name, assignments_of(text_of(fs::path(folder) / name)), complaints);
        CHECK(complaints.any_errors());
        const fs::path expected = fs::path(folder) / fs::path(name).replace_extension(".expected");
        if (regenerate) std::ofstream(expected, std::ios::binary) << complaints.text();
        CHECK(complaints.text() == text_of(expected));
    }
}

TEST_CASE("every sound scenario is read without a complaint") {
    const std::string folder = corpus + "sound";
    for (const std::string& name : files_in(folder, ".yaml")) {
        CAPTURE(name);
        Complaints complaints(reader_in(folder));
        const auto assignments = assignments_of(text_of(fs::path(folder) / name));
        CHECK(example::read_scenario(name, assignments, complaints).has_value());
        CHECK(complaints.text() == "");
    }
}
