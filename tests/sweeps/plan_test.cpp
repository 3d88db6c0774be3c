#include "sweeps/plan.hpp"

#include "sweep_sample.hpp"
#include "sweeps/constraint.hpp"

#include <doctest/doctest.h>

#include <set>

using namespace driftstorm;

namespace {

Sweep grid_sweep(const std::vector<double>& loads) {
    Sweep sweep = sweep_of({"load", "outage"});
    DesignPart part;
    part.axes = {axis_of(0, sweep.parameters[0], loads), axis_of(1, sweep.parameters[1], {1, 2})};
    sweep.design = {part};
    return sweep;
}

}  // namespace

TEST_CASE("adding a row renumbers nothing") {
    const Sweep before = grid_sweep({10, 30});
    const Sweep after = grid_sweep({10, 20, 30});
    const Plan small(before);
    const Plan large(after);
    CHECK(small.points().size() == 4);
    CHECK(large.points().size() == 6);
    for (const PlanPoint& point : small.points()) CHECK(large.find(point.id).has_value());
}

TEST_CASE("a point's id is of its values, not of how they were written or in what order") {
    const std::vector<SweptParameter> one{{"a", "s", false, false, {}, {}},
                                          {"b", "", false, false, {}, {}}};
    const std::vector<SweptParameter> other{one[1], one[0]};
    ParameterValue minutes{"2.5 min", "150 s", 150};
    ParameterValue seconds{"150 s", "150 s", 150};
    const ParameterValue b = value_of(one[1], 3);
    CHECK(point_id(one, {minutes, b}) == point_id(other, {b, seconds}));
    CHECK(point_id(one, {seconds, value_of(one[1], 4)}) != point_id(one, {seconds, b}));
}

TEST_CASE("parts are combined, each point of one with each of the others") {
    Sweep sweep = sweep_of({"load", "outage", "drift"});
    DesignPart grid;
    grid.axes = {axis_of(0, sweep.parameters[0], {1, 2, 3})};
    DesignPart random;
    random.kind = DesignPart::Kind::latin_hypercube;
    random.samples = 7;
    random.axes = {range_of(1, 0, 10), range_of(2, 0, 1)};
    sweep.design = {grid, random};
    const Plan plan(sweep);
    CHECK(plan.points().size() == 21);
    REQUIRE(plan.dimensions().size() == 2);
    CHECK(plan.dimensions()[0].name == "load");
    CHECK(plan.dimensions()[1].name == "sample");
    CHECK(plan.dimensions()[1].parameters.size() == 2);
    std::set<std::pair<std::uint32_t, std::uint32_t>> places;
    for (const PlanRow& row : plan.rows()) {
        places.insert({row.place[0], row.place[1]});
        const PlanPoint& point = plan.points()[row.point];
        CHECK(point.values[0].number == row.place[0] + 1);
        CHECK(point.values[1].number == plan.dimensions()[1].values[row.place[1]][0].number);
    }
    CHECK(places.size() == 21);
}

TEST_CASE("a constraint takes points out and says how many") {
    Sweep sweep = grid_sweep({1, 2, 3});
    sweep.where = {*parse_constraint("load + outage <= 4", sweep.parameters).constraint};
    const Plan plan(sweep);
    CHECK(plan.points().size() == 5);
    CHECK(plan.excluded() == 1);
}

TEST_CASE("common seeds are the same at every point, independent ones are not") {
    Sweep sweep = grid_sweep({1});
    sweep.seed = 100;
    CHECK(seed_of(sweep, 1, 3) == 103);
    CHECK(seed_of(sweep, 2, 3) == 103);
    sweep.seeds = Seeds::independent;
    CHECK(seed_of(sweep, 1, 3) != seed_of(sweep, 2, 3));
    CHECK(seed_of(sweep, 1, 3) != seed_of(sweep, 1, 4));
    CHECK(seed_of(sweep, 1, 3) == seed_of(sweep, 1, 3));
}
