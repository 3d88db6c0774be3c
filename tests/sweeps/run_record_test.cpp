#include "sweeps/run_record.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

using namespace driftstorm;

namespace {

RunRecord sample() {
    RunRecord record;
    record.key = {0xfeedbeef12345678u, 17};
    record.study = 42;
    record.seed = UINT64_MAX;
    record.repeat = "driftstorm run x.yaml --seed 3 --set \"a=1 s\"";
    record.build = "0011223344556677";
    record.digest = "8d278e23edd3e432";
    record.events = 123456;
    record.exit = 1;
    record.metrics = {{"a.mean", 0.1},
                      {"b.max", std::numeric_limits<double>::infinity()},
                      {"c", -1e-300},
                      {"d", std::nan("")}};
    record.checks = {{"a line\nand another", "failed", 3.5}};
    return record;
}

}  // namespace

TEST_CASE("a record reads back as it was written, to the bit") {
    const RunRecord record = sample();
    const auto back = parse_run_record(text_of(record));
    REQUIRE(back);
    CHECK(text_of(*back) == text_of(record));
    CHECK(back->key == record.key);
    CHECK(back->seed == record.seed);
    CHECK(back->metrics[0].second == 0.1);
    CHECK(std::isinf(back->metrics[1].second));
    CHECK(back->metrics[2].second == -1e-300);
    CHECK(std::isnan(back->metrics[3].second));
    CHECK(back->checks[0].name == record.checks[0].name);
    CHECK(std::isnan(metric_of(*back, "no.such")));
}

TEST_CASE("a failed run keeps its error, line by line") {
    RunRecord record = sample();
    record.failed = true;
    record.error = "first\nsecond \\ third";
    const auto back = parse_run_record(text_of(record));
    REQUIRE(back);
    CHECK(back->failed);
    CHECK(back->error == record.error);
}

TEST_CASE("a record that is cut short or changed anywhere is none") {
    const std::string text = text_of(sample());
    for (std::size_t length = 0; length < text.size(); ++length)
        CHECK_FALSE(parse_run_record(std::string_view(text).substr(0, length)));
    for (std::size_t i = 0; i < text.size(); ++i) {
        std::string changed = text;
        changed[i] = static_cast<char>(changed[i] ^ 1);
        CAPTURE(i);
        CHECK_FALSE(parse_run_record(changed));
    }
}
