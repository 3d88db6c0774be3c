#include "sweeps/plan.hpp"

#include "sim/core/digest.hpp"
#include "sim/core/random.hpp"
#include "sweeps/constraint.hpp"
#include "sweeps/design.hpp"

#include <algorithm>
#include <stdexcept>

namespace driftstorm {

std::uint64_t point_id(const std::vector<SweptParameter>& parameters,
                       const std::vector<ParameterValue>& values) {
    std::map<std::string, std::string> sorted;
    for (std::size_t i = 0; i < parameters.size(); ++i)
        sorted[parameters[i].name] = values[i].canonical;
    std::string text;
    for (const auto& [name, value] : sorted)
        text.append(name).append("=").append(value).append("\n");
    return fingerprint(text);
}

std::uint64_t seed_of(const Sweep& sweep, std::uint64_t point, std::uint32_t replication) {
    if (sweep.seeds == Seeds::common) return sweep.seed + replication;
    const Block block = draw(sweep.seed, "sweep.seed", point, replication);
    return (std::uint64_t{block[1]} << 32) | block[0];
}

Plan::Plan(const Sweep& sweep) : sweep_(sweep) {
    outer_.push_back({{}, std::vector<ParameterValue>(sweep.parameters.size())});
    for (const DesignPart& part : sweep.design) {
        if (part.kind == DesignPart::Kind::refine) {
            refined_ = &part;
            continue;
        }
        const std::size_t first = dimensions_.size();
        add_dimensions(part);
        const std::vector<std::vector<ParameterValue>> rows =
            rows_of(part, sweep.parameters, sweep.seed);
        std::vector<Outer> longer;
        for (const Outer& outer : outer_)
            for (std::size_t row = 0; row < rows.size(); ++row) {
                Outer made = outer;
                std::vector<std::uint32_t> place(dimensions_.size() - first);
                std::size_t rest = row;
                for (std::size_t i = place.size(); i > 0; --i) {
                    const std::size_t size = dimensions_[first + i - 1].values.size();
                    place[i - 1] = static_cast<std::uint32_t>(rest % size);
                    rest /= size;
                }
                made.place.insert(made.place.end(), place.begin(), place.end());
                for (std::size_t i = 0; i < part.axes.size(); ++i)
                    made.values[part.axes[i].parameter] = rows[row][i];
                longer.push_back(std::move(made));
            }
        outer_ = std::move(longer);
    }
    if (refined_ != nullptr) {
        add_dimensions(*refined_);
        return;
    }
    for (const Outer& outer : outer_) add_row(outer.place, outer.values);
}

void Plan::add_dimensions(const DesignPart& part) {
    using Kind = DesignPart::Kind;
    if (part.kind == Kind::grid || part.kind == Kind::refine) {
        for (const Axis& axis : part.axes) {
            const SweptParameter& parameter = sweep_.parameters[axis.parameter];
            PlanDimension dimension{parameter.name, {axis.parameter}, {}};
            if (part.kind == Kind::grid) {
                for (const ParameterValue& value : axis.values) dimension.values.push_back({value});
            } else {
                const std::size_t cells = part.start << part.levels;
                for (std::size_t i = 0; i <= cells; ++i)
                    dimension.values.push_back({value_of(
                        parameter, at_share(axis.range,
                                            static_cast<double>(i) / static_cast<double>(cells)))});
            }
            dimensions_.push_back(std::move(dimension));
        }
        return;
    }
    std::size_t earlier = 0;
    for (const PlanDimension& dimension : dimensions_)
        if (dimension.name.rfind("sample", 0) == 0) ++earlier;
    PlanDimension dimension{
        earlier == 0 ? "sample" : "sample_" + std::to_string(earlier + 1), {}, {}};
    for (const Axis& axis : part.axes) dimension.parameters.push_back(axis.parameter);
    dimension.values = rows_of(part, sweep_.parameters, sweep_.seed);
    dimensions_.push_back(std::move(dimension));
}

std::optional<std::size_t> Plan::add_row(std::vector<std::uint32_t> place,
                                         std::vector<ParameterValue> values) {
    for (const Constraint& constraint : sweep_.where)
        if (!holds(constraint, values)) {
            ++excluded_;
            return {};
        }
    const std::uint64_t id = point_id(sweep_.parameters, values);
    const auto [found, is_new] = by_id_.emplace(id, points_.size());
    if (is_new) {
        points_.push_back({id, std::move(values)});
    } else if (point_id(sweep_.parameters, points_[found->second].values) != id) {
        throw std::logic_error("two points share the id " + hex(id));
    }
    rows_.push_back({std::move(place), found->second});
    return found->second;
}

std::optional<std::size_t> Plan::add(std::size_t outer, const std::vector<std::uint32_t>& lattice) {
    Outer row = outer_.at(outer);
    const std::size_t first = dimensions_.size() - lattice.size();
    for (std::size_t i = 0; i < lattice.size(); ++i)
        row.values[refined_->axes[i].parameter] = dimensions_[first + i].values[lattice[i]].front();
    row.place.insert(row.place.end(), lattice.begin(), lattice.end());
    return add_row(std::move(row.place), std::move(row.values));
}

std::optional<std::size_t> Plan::find(std::uint64_t id) const {
    const auto found = by_id_.find(id);
    return found == by_id_.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace driftstorm
