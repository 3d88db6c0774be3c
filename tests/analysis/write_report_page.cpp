// Writes the page that the browser test opens: usage: write_report_page FOLDER

#include "analysis/report.hpp"
#include "tests/analysis/report_sample.hpp"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fputs("usage: write_report_page FOLDER\n", stderr);
        return 2;
    }
    const std::string folder = argv[1];
    std::filesystem::create_directories(folder);
    driftstorm::hand_made::write_report_sample(folder + "/first.h5",
                                               driftstorm::hand_made::hostile_title);
    driftstorm::hand_made::write_report_sample(folder + "/second.h5", "Second run");
    driftstorm::hand_made::write_bare_sample(folder + "/bare.h5");
    std::vector<driftstorm::ResultsReader> results;
    for (const char* name : {"/first.h5", "/second.h5", "/bare.partial.h5"})
        results.emplace_back(folder + name);
    std::ofstream(folder + "/report.html", std::ios::binary) << driftstorm::report_page(results);
}
