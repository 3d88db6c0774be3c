#include "models/links/region_networks.hpp"

#include "sim/core/expect.hpp"

namespace driftstorm {

Index RegionNetworks::add_region(const Routing& routing) {
    DRIFTSTORM_EXPECT(regions_.size() < regions_.capacity());
    regions_.push_back({routing, {}});
    return static_cast<Index>(regions_.size() - 1);
}

void RegionNetworks::plan(Context& context, Index region, const Routing::Change& change) {
    context.remind(*this, region, regions_[region].routing.reconvergence(),
                   Reconverged{change.element.kind, change.element.index, {change.generation}});
}

void RegionNetworks::fail(Context& context, Index region, NetworkElement element) {
    plan(context, region, regions_[region].routing.fail(element));
}

void RegionNetworks::repair(Context& context, Index region, NetworkElement element) {
    plan(context, region, regions_[region].routing.repair(element));
}

void RegionNetworks::on(const Reconverged& message, Index region, Context&) {
    regions_[region].routing.reconverged(
        {{message.kind, message.element}, message.generation.value});
}

}  // namespace driftstorm
