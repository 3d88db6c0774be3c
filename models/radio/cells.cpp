#include "models/radio/cells.hpp"

#include "sim/core/expect.hpp"

#include <algorithm>
#include <cmath>
#include <map>

namespace driftstorm {

namespace {

constexpr double stretch_m = 100;  // of the line, with one list of cells in reach

template <class Transmitter>
SignalMap::Site signal_of(const Transmitter& params, std::uint64_t identity, double edge_dbm) {
    return {identity,         params.at,
            params.range,     params.offset,
            edge_dbm,         params.path_loss_exponent,
            params.shadowing, params.shadowing_distance};
}

}  // namespace

Index Cells::add_site(const Site& site) {
    sites_.push_back(site);
    load_.push_back(Load{});
    maps_.emplace_back();
    return static_cast<Index>(sites_.size() - 1);
}

Index Cells::add(const CellParams& params, std::uint64_t identity, Index uplink, Index downlink) {
    return add_site({identity, params.technology, params.attach_limit, uplink, downlink, true,
                     signal_of(params, identity, rules_.of(params.technology).attach_above)});
}

Index Cells::add(const AccessPointParams& params, std::uint64_t identity, Index uplink,
                 Index downlink) {
    return add_site({identity, params.technology, params.associate_limit, uplink, downlink, true,
                     signal_of(params, identity, rules_.wifi.leave_below)});
}

Index Cells::add_traced(Technology technology, std::uint64_t identity) {
    return add_site({identity, technology, 0xffffffff, no_index, no_index, false, {}});
}

void Cells::prepare(std::uint64_t seed, double from_m, double to_m) {
    std::vector<SignalMap::Stretch> covered(sites_.size());
    for (std::size_t i = 0; i < sites_.size(); ++i) {
        const Site& site = sites_[i];
        if (!site.placed) continue;
        const bool wifi = site.technology == Technology::wifi;
        const double floor = wifi ? rules_.wifi.leave_below : rules_.of(site.technology).lost_below;
        covered[i] = SignalMap::covered(site.signal, floor, from_m, to_m);
    }
    draw_maps(seed, covered);
    reach_from_m_ = from_m;
    const auto stretches = static_cast<std::size_t>(std::floor((to_m - from_m) / stretch_m)) + 1;
    reach_.clear();
    reach_first_.assign(1, 0);
    for (std::size_t s = 0; s < stretches; ++s) {
        const double begin = from_m + static_cast<double>(s) * stretch_m;
        for (Index cell = 0; cell < count(); ++cell) {
            const SignalMap::Stretch map = covered[cell];
            if (!map.empty() && static_cast<double>(map.last) >= begin &&
                static_cast<double>(map.first) <= begin + stretch_m) {
                reach_.push_back(cell);
            }
        }
        reach_first_.push_back(static_cast<std::uint32_t>(reach_.size()));
    }
}

/// Sites of one correlation distance share one process of what stands around the phone.
void Cells::draw_maps(std::uint64_t seed, const std::vector<SignalMap::Stretch>& covered) {
    std::map<double, SignalMap::Stretch> stretches;
    for (std::size_t i = 0; i < sites_.size(); ++i) {
        if (covered[i].empty()) continue;
        const auto [at, fresh] =
            stretches.try_emplace(sites_[i].signal.shadowing_distance_m, covered[i]);
        at->second.first = std::min(at->second.first, covered[i].first);
        at->second.last = std::max(at->second.last, covered[i].last);
    }
    for (const auto& [distance_m, stretch] : stretches) {
        const Shadowing shared(seed, identity_of("radio.surroundings"), 0, distance_m,
                               stretch.first, stretch.last);
        for (std::size_t i = 0; i < sites_.size(); ++i) {
            if (covered[i].empty() || sites_[i].signal.shadowing_distance_m != distance_m) continue;
            maps_[i] = SignalMap(seed, sites_[i].signal, covered[i], shared);
        }
    }
}

std::span<const Index> Cells::in_reach(double position_m) const {
    const double along = (position_m - reach_from_m_) / stretch_m;
    if (along < 0 || along >= static_cast<double>(reach_first_.size() - 1)) return {};
    const auto stretch = static_cast<std::size_t>(along);
    return std::span(reach_).subspan(reach_first_[stretch],
                                     reach_first_[stretch + 1] - reach_first_[stretch]);
}

void Cells::attach(Context& context, Index cell) {
    ++load_[cell].attached;
    context.record(CellAttached{context.address_of(*this, cell).id, load_[cell].attached});
}

void Cells::detach(Context& context, Index cell) {
    DRIFTSTORM_EXPECT(load_[cell].attached > 0);
    --load_[cell].attached;
    context.record(CellAttached{context.address_of(*this, cell).id, load_[cell].attached});
}

}  // namespace driftstorm
