#pragma once

#include "scenarios/node.hpp"
#include "sweeps/design.hpp"
#include "sweeps/sweep.hpp"
#include "sweeps/sweep_keys.hpp"

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace driftstorm {

/// Reads `design`: the parameters that a sweep varies, and the points at which.
class DesignReader {
  public:
    /// @param sweep  with its scenario; gets parameters and design
    DesignReader(Sweep& sweep, Complaints& complaints) : sweep_(sweep), complaints_(complaints) {}

    void read(const Node& node);
    /// Metrics that a design follows a boundary of, and where they are named.
    const std::vector<std::pair<std::string, Position>>& boundary_metrics() const {
        return boundary_metrics_;
    }

  private:
    /// The number of a scenario's parameter in the sweep; a complaint when it has none of that
    /// name.
    std::optional<std::size_t> parameter(const std::string& name, const Position& at,
                                         const std::string& path);
    std::optional<ParameterValue> value(const Node& node, const SweptParameter& parameter,
                                        const std::string& path);
    /// Claims a parameter for one axis; twice is a fault.
    std::optional<std::size_t> claim(const Node::Entry& entry, const std::string& path);
    std::optional<ValueRange> range(const Node& from, const Node& to, RangeScale scale,
                                    const Node& step, const SweptParameter& parameter,
                                    const Position& at, const std::string& path);
    /// { NAME: [least, most] } or { NAME: { from, to, scale, step } }
    void read_ranges(const Node& of, const std::string& path, DesignPart& part);
    void read_grid(const Node& node, const std::string& path, DesignPart& part);
    void check_distinct(const Axis& axis, const Node::Entry& entry, const std::string& path);
    void read_list(const Node& node, const std::string& path, DesignPart& part);
    template <class Keys>
    void read_samples(const Node& node, const std::string& path, DesignPart& part, Keys& keys);
    void read_part(const Node& node, const std::string& path);
    void read_refine(const Node::Entry& entry, const std::string& path, DesignPart& part);
    /// A design that no machine could hold is a slip of the pen.
    void check_size(const Node& node);

    Sweep& sweep_;
    Complaints& complaints_;
    std::set<std::size_t> claimed_;
    std::vector<std::pair<std::string, Position>> boundary_metrics_;
};

}  // namespace driftstorm
