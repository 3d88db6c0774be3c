#include "validation/import_round_trip.hpp"

#include <charconv>
#include <cstdio>
#include <cstring>
#include <exception>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>

namespace {

using namespace driftstorm::validation;

constexpr double wanted_coverage = 0.93;

int usage() {
    std::fputs(
        "usage: validate_import [--tries N] [--first SEED] [--kind chrony|loopstats|pcap] "
        "[--csv FILE]\n"
        "  simulates a client, exports its logs, imports them, and counts how often each "
        "parameter\n"
        "  of the simulation lies in its 95 % interval; exit 0 when each does in at least 93 %\n",
        stderr);
    return 2;
}

bool read_number(std::string_view text, std::uint64_t& number) {
    const char* end = text.data() + text.size();
    return std::from_chars(text.data(), end, number).ptr == end;
}

}  // namespace

int main(int argc, char** argv) {
    std::uint64_t tries = 200;
    std::uint64_t first = 1;
    std::string_view only;
    std::string csv;
    for (int i = 1; i < argc; i += 2) {
        const std::string_view word = argv[i];
        if (i + 1 == argc) return usage();
        if (word == "--tries" && read_number(argv[i + 1], tries) && tries > 0) continue;
        if (word == "--first" && read_number(argv[i + 1], first)) continue;
        if (word == "--csv") {
            csv = argv[i + 1];
            continue;
        }
        if (word != "--kind") return usage();
        only = argv[i + 1];
    }
    try {
        bool passes = true;
        bool any = false;
        std::string each = "kind,seed,parameter,truth,value,low,high\n";
        for (std::size_t k = 0; k < import_kind_names.size(); ++k) {
            if (!only.empty() && only != import_kind_names[k]) continue;
            any = true;
            const auto kind = static_cast<ImportKind>(k);
            const auto coverage = import_coverage(kind, first, static_cast<int>(tries), &each);
            std::fputs(coverage_text(kind, coverage).c_str(), stdout);
            std::fflush(stdout);
            for (const Coverage& line : coverage)
                passes = passes && line.covered >= wanted_coverage * line.tries;
        }
        if (!any) return usage();
        if (!csv.empty() && !(std::ofstream(csv) << each))
            throw std::runtime_error(csv + ": cannot be written");
        return passes ? 0 : 1;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "validate_import: %s\n", error.what());
        return 5;
    }
}
