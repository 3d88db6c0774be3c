#pragma once

#include "models/links/paths.hpp"
#include "sim/core/event.hpp"
#include "sim/core/kernel.hpp"
#include "sim/network/routing.hpp"

#include <cstdint>
#include <string_view>
#include <tuple>
#include <vector>

namespace driftstorm {

/// What each region knows of the network between regions: routes in force and conditions of paths.
/// Every region has its own copy, changed by its own messages at the same instants.
class RegionNetworks {
  public:
    static constexpr std::string_view name = "region_networks";
    static constexpr int version = 1;

    /// The routers have noticed a failure or repair.
    struct Reconverged {
        static constexpr std::string_view name = "network.reconverged";
        static constexpr Phase phase = Phase::network;
        ElementKind kind = ElementKind::node;
        std::uint32_t element = 0;
        Generation generation;
        static constexpr auto fields() {
            return FieldList{
                Field<Reconverged, ElementKind>{"kind", &Reconverged::kind, "", "node or link"},
                Field<Reconverged, std::uint32_t>{"element", &Reconverged::element, "",
                                                  "which, in order of name"},
                Field<Reconverged, Generation>{"generation", &Reconverged::generation, "",
                                               "of the change"}};
        }
    };
    using Messages = std::tuple<Reconverged>;

    /// @param regions  of this partition; add_region() is called that often
    explicit RegionNetworks(std::size_t regions) { regions_.reserve(regions); }

    /// Adds a region and returns its index; its paths may then be completed, with routes over its
    /// routing().
    Index add_region(const Routing& routing);
    Paths& paths(Index region) { return regions_[region].paths; }
    const Paths& paths(Index region) const { return regions_[region].paths; }
    const Routing& routing(Index region) const { return regions_[region].routing; }

    void fail(Context& context, Index region, NetworkElement element);
    void repair(Context& context, Index region, NetworkElement element);
    void on(const Reconverged& message, Index region, Context& context);

    auto state() { return std::tie(regions_); }

  private:
    struct Region {
        Routing routing;
        Paths paths;
        auto state() { return std::tie(routing, paths); }
    };
    void plan(Context& context, Index region, const Routing::Change& change);

    std::vector<Region>
        regions_;  // never grows beyond what was reserved: paths point to their routing
};

}  // namespace driftstorm
