#include "scenarios/parse_yaml.hpp"
#include "tests/scenarios/example_scenario.hpp"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

// For schema_test.py: prints the JSON Schema, or every file of a folder that is a tree, as JSON,
// with what its line "# schema: accepts" or "# schema: rejects" claims.

namespace {

std::string listed(const std::string& file) {
    using namespace driftstorm;
    Complaints complaints;
    std::string reason;
    const auto source = complaints.sources().read(file, {}, reason);
    const auto tree = source ? parse_yaml(*source, complaints) : std::nullopt;
    if (!tree || !tree->is_map()) return "";
    const std::string& bytes = complaints.sources().file(*source).bytes;
    const bool accepts = bytes.find("# schema: accepts\n") != std::string::npos;
    if (!accepts && bytes.find("# schema: rejects\n") == std::string::npos) return "";
    return "{\"file\": " + json_string(file) + ", \"accept\": " + (accepts ? "true" : "false") +
           ", \"tree\": " + json_text(*tree) + "}";
}

}  // namespace

int main(int argc, char** argv) {
    const std::vector<std::string> arguments(argv + 1, argv + argc);
    if (arguments.size() == 1 && arguments[0] == "--schema") {
        std::fputs(driftstorm::example::scenario_schema().c_str(), stdout);
        return 0;
    }
    if (arguments.size() != 2 || arguments[0] != "--files") return 2;
    std::vector<std::string> files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(arguments[1])) {
        if (entry.path().extension() == ".yaml") files.push_back(entry.path().string());
    }
    std::sort(files.begin(), files.end());
    std::string out = "[";
    for (const std::string& file : files) {
        const std::string one = listed(file);
        if (!one.empty()) out += (out.size() > 1 ? ",\n" : "") + one;
    }
    std::fputs((out + "]\n").c_str(), stdout);
    return 0;
}
