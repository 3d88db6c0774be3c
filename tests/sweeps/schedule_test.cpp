#include "sweeps/schedule.hpp"

#include "analysis/intervals.hpp"
#include "sim/core/exact_math.hpp"
#include "sim/core/random.hpp"
#include "sweep_sample.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <map>
#include <vector>

using namespace driftstorm;

namespace {

/// Normal with mean 10 and a deviation that grows with the point's first value.
double noisy(const PlanPoint& point, std::uint64_t seed) {
    return 10 + point.values[0].number *
                    exact::inverse_normal(draw_uniform(seed, "test.noise", point.id, 0));
}

Sweep noisy_sweep(std::size_t points) {
    Sweep sweep = sweep_of({"spread"});
    std::vector<double> values;
    for (std::size_t i = 0; i < points; ++i) values.push_back(0.5 * static_cast<double>(i));
    DesignPart part;
    part.axes = {axis_of(0, sweep.parameters[0], values)};
    sweep.design = {part};
    sweep.replications = {8, 64, "messages.late", 0.1, true, 0.95};
    return sweep;
}

/// Goes through a sweep; which of the runs at work ends next is drawn from `luck`.
struct Finished {
    std::size_t runs = 0;
    std::map<std::uint64_t, std::uint32_t> replications;
};
Finished go_through(const Sweep& sweep, std::uint64_t luck, const MadeUp& system) {
    Plan plan(sweep);
    Schedule schedule(plan);
    std::vector<Schedule::Run> pending;
    Finished finished;
    while (true) {
        const auto more = schedule.take();
        pending.insert(pending.end(), more.begin(), more.end());
        if (pending.empty()) break;
        const std::size_t next =
            draw_below(draw(luck, "test.order", 0, finished.runs), pending.size());
        const Schedule::Run run = pending[next];
        pending.erase(pending.begin() + static_cast<std::ptrdiff_t>(next));
        schedule.absorb(made_up_run(plan, run.point, run.replication, system));
        ++finished.runs;
    }
    CHECK(schedule.settled());
    CHECK(schedule.runs_wanted() == finished.runs);
    for (std::size_t i = 0; i < plan.points().size(); ++i)
        finished.replications[plan.points()[i].id] = schedule.replications(i);
    return finished;
}

}  // namespace

TEST_CASE("a point is run until its interval is narrow enough, at planned numbers of runs") {
    CHECK(planned_looks(8, 64) == std::vector<std::size_t>{8, 12, 18, 27, 41, 64});
    const Sweep sweep = noisy_sweep(12);
    Plan plan(sweep);
    Schedule schedule(plan);
    std::map<std::size_t, std::vector<double>> values;
    for (auto runs = schedule.take(); !runs.empty(); runs = schedule.take())
        for (const auto& run : runs) {
            const RunRecord record = made_up_run(plan, run.point, run.replication, noisy);
            values[run.point].push_back(metric_of(record, "messages.late"));
            schedule.absorb(record);
        }
    CHECK(values[0].size() == 8);  // no noise
    CHECK(values[11].size() > 30);
    for (const auto& [point, seen] : values) {
        const MeanInterval interval = mean_interval(seen, 0.95, schedule.looks());
        CAPTURE(point);
        CHECK((seen.size() == 64 || interval.half_width <= 0.1 * std::abs(interval.mean)));
    }
}

TEST_CASE("what a sweep wants does not depend on the order in which runs end") {
    for (const bool with_budget : {false, true}) {
        Sweep sweep = noisy_sweep(10);
        if (with_budget) sweep.budget = 180;
        const Finished first = go_through(sweep, 1, noisy);
        for (std::uint64_t luck = 2; luck < 8; ++luck) {
            const Finished other = go_through(sweep, luck, noisy);
            CHECK(other.runs == first.runs);
            CHECK(other.replications == first.replications);
        }
        if (with_budget) CHECK(first.runs <= 180);
    }
}

TEST_CASE(
    "a boundary is followed over several points at once, and undefined means never stop early") {
    Sweep sweep = sweep_of({"x", "y"});
    DesignPart part;
    part.kind = DesignPart::Kind::refine;
    part.axes = {range_of(0, 0, 1), range_of(1, 0, 1)};
    part.start = 4;
    part.levels = 4;
    part.boundary.metric = "messages.late";
    part.boundary.is.relation = Limit::Relation::at_least;
    part.boundary.is.value = parse_quantity("0.5").quantity;
    sweep.design = {part};
    sweep.replications = {3, 3, "", 0, true, 0.95};
    const MadeUp system = [](const PlanPoint& point, std::uint64_t) {
        return point.values[0].number * point.values[1].number;
    };
    const Finished first = go_through(sweep, 1, system);
    const Finished other = go_through(sweep, 5, system);
    CHECK(first.replications == other.replications);
    CHECK(first.runs * 5 <= 3 * 65 * 65);
    CHECK(first.runs > 3 * 65);

    Sweep undefined = noisy_sweep(1);
    const Finished all =
        go_through(undefined, 1, [](const PlanPoint&, std::uint64_t) { return std::nan(""); });
    CHECK(all.runs == 64);
}
