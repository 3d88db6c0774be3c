#pragma once

#include "sweeps/sweep.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace driftstorm {

/// A point of a sweep: one value for each of its parameters.
struct PlanPoint {
    std::uint64_t id = 0;  ///< hash of names and values, so that adding a row renumbers nothing
    std::vector<ParameterValue> values;
};

/// A dimension of the design, as merged files have it: an axis of a grid, or the rows of a part
/// whose parameters change together.
struct PlanDimension {
    std::string name;                                 ///< of its parameter, or "sample"
    std::vector<std::size_t> parameters;              ///< that change along it
    std::vector<std::vector<ParameterValue>> values;  ///< [place][parameter of it]
};

/// A place in the design and the point that stands there; two places may share a point.
struct PlanRow {
    std::vector<std::uint32_t> place;  ///< along each dimension
    std::size_t point = 0;
};

/// Identity of a point. @param values  one a parameter
std::uint64_t point_id(const std::vector<SweptParameter>& parameters,
                       const std::vector<ParameterValue>& values);

/// Seed of a replication: seed + r at every point, or of the point's own.
std::uint64_t seed_of(const Sweep& sweep, std::uint64_t point, std::uint32_t replication);

/// The points of a sweep. Those of `refine` are added while it goes on.
class Plan {
  public:
    /// The sweep must outlive the plan.
    explicit Plan(const Sweep& sweep);

    const Sweep& sweep() const { return sweep_; }
    const std::vector<PlanPoint>& points() const { return points_; }
    const std::vector<PlanDimension>& dimensions() const { return dimensions_; }
    const std::vector<PlanRow>& rows() const { return rows_; }
    std::size_t excluded() const { return excluded_; }  ///< by `where`

    /// The part that refines, or nullptr; its dimensions are the last.
    const DesignPart* refined() const { return refined_; }
    /// Combinations of the other parts' values; one, of nothing, when there are none.
    std::size_t outer_rows() const { return outer_.size(); }
    /// Adds a place of the lattice for an outer combination; gives its point, or nothing when a
    /// constraint excludes it.
    std::optional<std::size_t> add(std::size_t outer, const std::vector<std::uint32_t>& lattice);

    std::optional<std::size_t> find(std::uint64_t id) const;

  private:
    struct Outer {
        std::vector<std::uint32_t> place;
        std::vector<ParameterValue> values;
    };
    void add_dimensions(const DesignPart& part);
    std::optional<std::size_t> add_row(std::vector<std::uint32_t> place,
                                       std::vector<ParameterValue> values);

    const Sweep& sweep_;
    const DesignPart* refined_ = nullptr;
    std::vector<PlanPoint> points_;
    std::vector<PlanDimension> dimensions_;
    std::vector<PlanRow> rows_;
    std::vector<Outer> outer_;
    std::map<std::uint64_t, std::size_t> by_id_;
    std::size_t excluded_ = 0;
};

}  // namespace driftstorm
