#include "models/radio/mobility.hpp"

#include <doctest/doctest.h>

#include <stdexcept>

using namespace driftstorm;
using namespace driftstorm::literals;

namespace {

Mobility::Params line() {
    Mobility::Params params;
    params.stops = {Stop{0, 360_s, {}}, Stop{5000, {}, 40_s}, Stop{12000, {}, {}}};
    params.speed = 20;
    return params;
}
Time at(double seconds) { return Time{static_cast<std::int64_t>(seconds * 1e9)}; }

}  // namespace

TEST_CASE("a train leaves, rides, halts and stays by its timetable") {
    const Mobility train(line());
    CHECK(train.position_m(at(-10)) == 0);
    CHECK(train.position_m(at(360)) == 0);
    CHECK(train.position_m(at(361)) == doctest::Approx(20));
    CHECK(train.position_m(at(610)) == 5000);
    CHECK(train.position_m(at(650)) == 5000);
    CHECK(train.position_m(at(651)) == doctest::Approx(5020));
    CHECK(train.position_m(at(1000)) == 12000);
    CHECK(train.position_m(at(9999)) == 12000);
    CHECK(train.next_motion(at(0)) == at(360));
    CHECK(train.next_motion(at(400)) == at(400));
    CHECK(train.next_motion(at(610)) == at(650));
    CHECK(train.next_motion(at(1000)) == end_of_time);
    CHECK(train.least_m() == 0);
    CHECK(train.greatest_m() == 12000);
}

TEST_CASE("position has no jumps and no speed but the given one") {
    const Mobility train(line());
    double before = train.position_m(at(0));
    for (int i = 1; i < 12000; ++i) {
        const double now = train.position_m(at(i * 0.1));
        REQUIRE(now >= before);
        REQUIRE(now - before <= 2.0 + 1e-9);
        before = now;
    }
}

TEST_CASE("a ride may go back, and a place may be all there is") {
    Mobility::Params params;
    params.stops = {Stop{100, {}, 0_s}, Stop{300, {}, 10_s}, Stop{-50, {}, {}}};
    params.speed = 10;
    const Mobility there_and_back(params);
    CHECK(there_and_back.position_m(at(20)) == 300);
    CHECK(there_and_back.position_m(at(31)) == doctest::Approx(290));
    CHECK(there_and_back.least_m() == -50);
    CHECK(Mobility::at(7).position_m(at(1e6)) == 7);
    CHECK(Mobility::at(7).next_motion(Time{}) == end_of_time);
}

TEST_CASE("impossible timetables are refused") {
    Mobility::Params params;
    CHECK_THROWS_AS(Mobility{params}, std::invalid_argument);
    params = line();
    params.stops[1].dwell.reset();
    CHECK_THROWS_AS(Mobility{params}, std::invalid_argument);
    params = line();
    params.stops[1].depart = 100_s;  // it comes at 610 s
    CHECK_THROWS_AS(Mobility{params}, std::invalid_argument);
    params = line();
    params.speed = 0;
    CHECK_THROWS_AS(Mobility{params}, std::invalid_argument);
}
