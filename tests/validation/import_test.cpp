#include "validation/import_round_trip.hpp"

#include <doctest/doctest.h>

#include <cstdio>

using namespace driftstorm::validation;

namespace {

/// Prints the coverage, and checks the least of it.
void check_coverage(ImportKind kind, int tries, int least) {
    const std::vector<Coverage> coverage = import_coverage(kind, 1, tries);
    std::fputs(coverage_text(kind, coverage).c_str(), stdout);
    CHECK(coverage.size() >= 5);
    for (const Coverage& line : coverage) {
        INFO(line.name);
        CHECK(line.tries == tries);
        CHECK(line.covered >= least);
    }
}

}  // namespace

// Of ten intervals of 95 % all but three hold the truth with probability 0.999, of six all but two
// with 0.998.
TEST_CASE("what is simulated, exported and imported lies in its intervals: chrony") {
    check_coverage(ImportKind::chrony, 10, 7);
}
TEST_CASE("what is simulated, exported and imported lies in its intervals: ntpd and a capture") {
    check_coverage(ImportKind::loopstats, 4, 2);
    check_coverage(ImportKind::pcap, 6, 4);
}

TEST_SUITE("long") {
    TEST_CASE("in at least 93 % of 200 tries every parameter lies in its interval") {
        for (const ImportKind kind : {ImportKind::chrony, ImportKind::loopstats, ImportKind::pcap})
            check_coverage(kind, 200, 186);
    }
}
