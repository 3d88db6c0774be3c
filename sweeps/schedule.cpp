#include "sweeps/schedule.hpp"

#include "analysis/intervals.hpp"
#include "analysis/metric_paths.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace driftstorm {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

}  // namespace

Schedule::Schedule(Plan& plan) : plan_(plan) {
    const Replications& rule = plan.sweep().replications;
    looks_ = rule.metric.empty() ? std::vector<std::size_t>{rule.most}
                                 : planned_looks(rule.least, rule.most);
    for (std::size_t i = 0; i < plan.points().size(); ++i) open(i);
    if (const DesignPart* part = plan.refined())
        for (std::size_t outer = 0; outer < plan.outer_rows(); ++outer)
            refinements_.emplace_back(part->axes.size(), part->start, part->levels);
    if (plan.sweep().budget) next_round();
    refine();
}

void Schedule::open(std::size_t point) {
    if (point < points_.size()) return;
    points_.resize(point + 1);
    State& state = points_[point];
    ++open_points_;
    if (plan_.sweep().budget) {
        state.waits = true;
        return;
    }
    state.target = static_cast<std::uint32_t>(looks_.front());
    wanted_ += state.target;
}

std::vector<Schedule::Run> Schedule::take() {
    std::vector<Run> runs;
    for (std::size_t point = 0; point < points_.size(); ++point) {
        State& state = points_[point];
        state.there.resize(std::max<std::size_t>(state.there.size(), state.target));
        for (; state.handed_out < state.target; ++state.handed_out)
            if (state.there[state.handed_out] == 0) runs.push_back({point, state.handed_out});
    }
    return runs;
}

void Schedule::absorb(const RunRecord& record) {
    const std::optional<std::size_t> found = plan_.find(record.key.point);
    if (!found) return;
    State& state = points_[*found];
    const std::uint32_t r = record.key.replication;
    const std::size_t size = std::max<std::size_t>(state.there.size(), std::size_t{r} + 1);
    state.there.resize(size);
    state.rule.resize(size);
    state.boundary.resize(size);
    if (state.there[r] != 0) return;
    state.there[r] = 1;
    const Sweep& sweep = plan_.sweep();
    if (!sweep.replications.metric.empty())
        state.rule[r] = metric_of(record, sweep.replications.metric);
    if (const DesignPart* part = plan_.refined())
        state.boundary[r] = metric_of(record, part->boundary.metric);
    while (state.prefix < state.there.size() && state.there[state.prefix] != 0) ++state.prefix;
    while (!state.done && !state.waits && state.prefix >= state.target) look_at(state);
    const auto busy = [](const State& one) { return !one.done && !one.waits; };
    if (sweep.budget && std::none_of(points_.begin(), points_.end(), busy)) next_round();
    if (open_points_ == 0) refine();
}

/// All runs up to the target are there: does the interval of the first ones suffice?
void Schedule::look_at(State& state) {
    const Replications& rule = plan_.sweep().replications;
    bool enough = state.look + 1 >= looks_.size();
    if (!rule.metric.empty()) {
        std::vector<double> values(state.rule.begin(), state.rule.begin() + state.target);
        std::erase_if(values, [](double value) { return std::isnan(value); });
        const MeanInterval interval = mean_interval(values, rule.confidence, looks_.size());
        const double wanted =
            rule.relative ? rule.half_width * std::abs(interval.mean) : rule.half_width;
        state.over =
            wanted > 0 ? interval.half_width / wanted : (interval.half_width == 0 ? 0 : infinity);
        if (std::isnan(state.over)) state.over = infinity;
        enough = enough || state.over <= 1;
    }
    if (enough) {
        state.done = true;
        --open_points_;
    } else {
        next_look(state);
    }
}

void Schedule::next_look(State& state) {
    if (plan_.sweep().budget) {
        state.waits = true;
        return;
    }
    ++state.look;
    wanted_ += looks_[state.look] - state.target;
    state.target = static_cast<std::uint32_t>(looks_[state.look]);
}

/// Lets every open point go on to its next look as far as the budget reaches, widest first.
void Schedule::next_round() {
    std::vector<std::size_t> order(points_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return points_[a].over > points_[b].over;
    });
    for (const std::size_t point : order) {
        State& state = points_[point];
        if (state.done || !state.waits) continue;
        const std::size_t next = state.target == 0 ? 0 : state.look + 1;
        const std::size_t more = looks_[next] - state.target;
        state.waits = false;
        if (wanted_ + more > *plan_.sweep().budget) {
            state.done = true;
            --open_points_;
            continue;
        }
        state.look = next;
        wanted_ += more;
        state.target = static_cast<std::uint32_t>(looks_[next]);
        while (!state.done && !state.waits && state.prefix >= state.target) look_at(state);
    }
}

bool Schedule::inside(const State& state) const {
    const BoundaryRule& rule = plan_.refined()->boundary;
    double sum = 0;
    double n = 0;
    for (std::uint32_t r = 0; r < state.target; ++r) {
        if (std::isnan(state.boundary[r])) continue;
        sum += state.boundary[r];
        ++n;
    }
    return n > 0 && rule.is.holds(sum / n, unit_of(rule.metric).value_or(""));
}

/// Answers what the refinements asked for, and opens the points that they ask for next.
void Schedule::refine() {
    while (open_points_ == 0 && !refinements_.empty()) {
        for (const LatticePoint& asked : asked_) {
            const State& state = points_[asked.point];
            if (state.target > 0)
                refinements_[asked.outer].answer(asked.place, inside(state));
            else
                refinements_[asked.outer].leave_out(asked.place);  // the budget was spent
        }
        asked_.clear();
        bool any = false;
        for (std::size_t outer = 0; outer < refinements_.size(); ++outer)
            for (const Refinement::Place& place : refinements_[outer].wanted()) {
                any = true;
                if (const auto point = plan_.add(outer, place)) {
                    open(*point);
                    asked_.push_back({outer, place, *point});
                } else {
                    refinements_[outer].leave_out(place);
                }
            }
        if (!any) return;
        if (plan_.sweep().budget) next_round();
    }
}

std::optional<double> Schedule::widest() const {
    if (plan_.sweep().replications.metric.empty()) return {};
    double widest = 0;
    for (const State& state : points_) widest = std::max(widest, state.over);
    return widest;
}

}  // namespace driftstorm
