#include "tests/world/recorded_rows.hpp"

#include <doctest/doctest.h>

#include <map>
#include <string>

using namespace driftstorm;
using namespace driftstorm::tests;

namespace {

/// How many rows of each table a run makes.
class RowCounts : public TableSink {
  public:
    void row(const RowType& type, const RowStamp&, const std::byte*) override {
        ++counts[std::string(type.table)];
    }
    std::map<std::string, int> counts;
};

std::map<std::string, int> counts_of(const std::string& yaml, Time until) {
    const TextScenario text = read_text(yaml);
    World world(*text.scenario, {});
    RowCounts rows;
    world.kernel().add_sink(rows);
    world.start();
    world.run_until(until);
    return rows.counts;
}

/// Customers who think for 4 s and are served within 1 s, by one worker.
std::string office(std::uint32_t count) {
    return R"(schema: scenario/1
duration: 200 s
servers:
  desk: { kind: station, workers: 1, service_time: 1 s }
populations:
  staff: { kind: finite_customers, station: desk, count: )" +
           std::to_string(count) + R"(, think_time: 4 s }
)";
}

}  // namespace

TEST_CASE("a customer of a finite population asks again when it has its answer and has thought") {
    // Asks at 4, 9, 14 ... s and is served 1 s later.
    CHECK(counts_of(office(1), Time{101'500'000'000})["events/request"] == 20);
    // Three who all ask at 4 s are served one after the other, then never meet again.
    CHECK(counts_of(office(3), Time{101'500'000'000})["events/request"] == 20 + 20 + 19);
    CHECK(counts_of(office(0), Time{101'500'000'000})["events/request"] == 0);
}

TEST_CASE("a capacity factor on a station makes services longer while it holds") {
    const std::string plain = replaced(office(1), "think_time: 4 s", "think_time: 1 s");
    const std::string slow = plain + R"(timeline:
  - { name: slow, at: 10500 ms, fault: capacity_factor, target: servers.desk, set: { factor: 0.5 }, for: 9 s }
)";
    // Served at 2, 4 ... 20 s; with the fault at 2 ... 10, 13, 16, 19, 21 s.
    CHECK(counts_of(plain, Time{21'500'000'000})["events/request"] == 10);
    CHECK(counts_of(slow, Time{21'500'000'000})["events/request"] == 9);
}

TEST_CASE("customers of a finite population who lose a request ask again when they retry") {
    const std::string down = replaced(office(1), "think_time: 4 s }",
                                      "think_time: 4 s, retry: { timeout: 2 s, retries: 0 } }") +
                             R"(timeline:
  - { name: gone, at: 3 s, fault: node_down, target: servers.desk, for: 4 s }
)";
    // Asks at 4 s and gives up at 6 s; asks at 10 s and is served at 11 s, then at 16 s ...
    CHECK(counts_of(down, Time{21'500'000'000})["events/request"] == 4);
}
