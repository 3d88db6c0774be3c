#include "models/radio/radio_trace.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>

using namespace driftstorm;

namespace {

std::string trouble(const std::string& text, const TraceColumns& columns = TraceColumns::ucc()) {
    std::istringstream in(text);
    try {
        read_radio_trace(in, "x.csv", columns);
    } catch (const std::runtime_error& error) {
        return error.what();
    }
    return "";
}

const std::string ucc_head = "t_s,cell,tech,rsrp_dbm,dl_kbps\n";

}  // namespace

TEST_CASE("the recorded walk has the published 603 seconds and 32 handoffs") {
    std::ifstream file(std::string(DRIFTSTORM_SOURCE_DIR) +
                       "/scenarios/library/data/walking-trace.csv");
    REQUIRE(file);
    const RadioTrace walk = read_radio_trace(file, "walking-trace.csv", TraceColumns::gophers());
    CHECK(walk.seconds.size() == 603);
    CHECK(walk.handovers() == 32);
    CHECK(walk.cells().size() == 10);
    CHECK(walk.seconds[0].technology == Technology::lte);
    CHECK(walk.seconds[0].capacity_bit_s == 92'100'000);
    CHECK(walk.seconds[0].signal_dbm != walk.seconds[0].signal_dbm);  // not recorded
    const CapacityTrace down = walk.capacity();
    REQUIRE(down.rates.size() == 603);
    CHECK(down.rates[602] == 178'000'000);
    CHECK(walk.capacity(0.25).rates[602] == 44'500'000);
}

TEST_CASE(
    "changes of cell or technology are handovers, also without a label; an empty technology is no "
    "coverage") {
    std::istringstream in(ucc_head +
                          "0,5,LTE,-90,1000\r\n1,5,LTE,,2000.5\n2,6,LTE,-91,0\n3,6,5G,-92,0\n"
                          "4,,,,\n5,6,HSPA+,-101,7\n");
    const RadioTrace trace = read_radio_trace(in, "x.csv", TraceColumns::ucc());
    REQUIRE(trace.seconds.size() == 6);
    CHECK(trace.seconds[0].signal_dbm == -90);
    CHECK(trace.seconds[1].capacity_bit_s == 2'000'500);
    CHECK_FALSE(trace.seconds[1].handover);
    CHECK(trace.seconds[2].handover);
    CHECK(trace.seconds[3].handover);
    CHECK(trace.seconds[3].technology == Technology::nr);
    CHECK(trace.seconds[4].technology == Technology::none);
    CHECK(trace.seconds[4].handover);
    CHECK(trace.seconds[5].technology == Technology::umts);
    CHECK(trace.cells() == std::vector<std::uint32_t>{5, 6});
}

TEST_CASE("a broken trace is refused with file and line") {
    CHECK(trouble("") == "x.csv:0: no rows");
    CHECK(trouble(ucc_head) == "x.csv:1: no rows");
    CHECK(trouble("t_s,cell,dl_kbps\n0,1,2\n") == "x.csv:1: no column 'tech'");
    CHECK(trouble(ucc_head + "0,1,LTE,-90,5\n1,1,6G,-90,5\n") ==
          "x.csv:3: unknown technology '6G'");
    CHECK(trouble(ucc_head + "0,one,LTE,-90,5\n") == "x.csv:2: cell is 'one', not a number");
    CHECK(trouble(ucc_head + "0,1,LTE,-90,5x\n") == "x.csv:2: capacity is '5x', not a number");
    CHECK(trouble(ucc_head + "0,1,LTE,-90,-5\n") == "x.csv:2: capacity out of range");
    CHECK(trouble(ucc_head + "0,1,LTE\n") == "x.csv:2: too few columns");
}
