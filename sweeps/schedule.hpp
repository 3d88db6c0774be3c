#pragma once

#include "sweeps/plan.hpp"
#include "sweeps/refinement.hpp"
#include "sweeps/run_record.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace driftstorm {

/// Which runs a sweep wants. What it ends with depends on the results alone: not on the order in
/// which runs come in, how many go on at once, or whether the sweep was interrupted.
///
/// A point is run at the planned looks of its stopping rule (planned_looks); at each the interval
/// of the first n replications decides. With a budget the points go on in rounds, widest interval
/// first, until it is spent. `refine` asks for its next points when all points known are done.
class Schedule {
  public:
    /// The plan must outlive the schedule, which adds points to it.
    explicit Schedule(Plan& plan);

    struct Run {
        std::size_t point = 0;  ///< in the plan
        std::uint32_t replication = 0;
    };
    /// Runs that are wanted now and were not handed out yet, point by point: what the runs of a
    /// point share is then made ready once.
    std::vector<Run> take();
    /// What came of a run, handed out or found on disk.
    void absorb(const RunRecord& record);

    /// Whether every point that is known has all its runs. With refine there may be further points:
    /// take() tells.
    bool settled() const { return open_points_ == 0; }

    std::size_t runs_wanted() const { return wanted_; }  ///< in all, as far as is known now
    std::size_t points_done() const { return points_.size() - open_points_; }
    /// Greatest half-width of the stopping rule's metric among the points that have an interval, as
    /// a share of the wanted one; nothing without a rule.
    std::optional<double> widest() const;

    /// Runs that count at a point: replications 0 .. n - 1.
    std::uint32_t replications(std::size_t point) const { return points_.at(point).target; }
    bool done(std::size_t point) const { return points_.at(point).done; }
    /// How many looks the interval of the stopping rule shares its level among; 1 without a rule.
    std::size_t looks() const { return looks_.size(); }
    const std::vector<Refinement>& refinements() const { return refinements_; }

  private:
    struct State {
        std::uint32_t target = 0;  ///< replications that are wanted
        std::uint32_t handed_out = 0;
        std::uint32_t prefix = 0;  ///< replications 0 .. prefix - 1 are there
        std::size_t look = 0;
        bool waits = false;  ///< for the budget's next round
        bool done = false;
        double over = 0;  ///< half-width over the wanted one
        std::vector<std::uint8_t> there;
        std::vector<double> rule;      ///< of the stopping rule's metric, by replication
        std::vector<double> boundary;  ///< of the boundary's metric
    };
    struct LatticePoint {
        std::size_t outer;
        Refinement::Place place;
        std::size_t point;
    };

    void open(std::size_t point);
    void look_at(State& state);
    void next_look(State& state);
    void next_round();
    void refine();
    bool inside(const State& state) const;

    Plan& plan_;
    std::vector<std::size_t> looks_;
    std::vector<State> points_;
    std::vector<Refinement> refinements_;
    std::vector<LatticePoint> asked_;
    std::size_t wanted_ = 0;
    std::size_t open_points_ = 0;
};

}  // namespace driftstorm
