#include "models/faults/faults.hpp"

#include <utility>

namespace driftstorm {

Faults::Faults(std::vector<Plan> plans, std::vector<std::uint32_t> regions, Act act)
    : plans_(std::move(plans)),
      regions_(std::move(regions)),
      act_(std::move(act)),
      active_(regions_.size(), std::vector<std::uint8_t>(plans_.size(), 0)) {}

void Faults::start(Context& context, Index region) {
    for (std::uint32_t i = 0; i < plans_.size(); ++i) {
        const Plan& plan = plans_[i];
        context.remind(*this, region, plan.begin - context.now(),
                       Begin{plan.entity, plan.target_entity, {i}});
        if (plan.length.ns > 0)
            context.remind(*this, region, plan.begin + plan.length - context.now(),
                           End{plan.entity, plan.target_entity, {i}});
    }
}

bool Faults::shared(Index region, std::uint32_t plan) const {
    for (std::uint32_t i = 0; i < plans_.size(); ++i)
        if (i != plan && active_[region][i] != 0 && plans_[i].kind == plans_[plan].kind &&
            plans_[i].target == plans_[plan].target)
            return true;
    return false;
}

void Faults::record(Context& context, Index region, const Plan& plan, FaultEdge edge) const {
    if (plan.owner != regions_[region]) return;
    context.record(FaultRow{plan.entity, plan.kind, edge, plan.target_entity});
}

void Faults::on(const Begin& begin, Index region, Context& context) {
    const Plan& plan = plans_[begin.plan.value];
    active_[region][begin.plan.value] = plan.length.ns > 0 ? 1 : 0;
    record(context, region, plan, FaultEdge::begins);
    if (overlap_of(plan.kind) != FaultOverlap::one || !shared(region, begin.plan.value))
        act_(context, regions_[region], plan, FaultEdge::begins);
}

void Faults::on(const End& end, Index region, Context& context) {
    const Plan& plan = plans_[end.plan.value];
    active_[region][end.plan.value] = 0;
    record(context, region, plan, FaultEdge::ends);
    const FaultOverlap overlap = overlap_of(plan.kind);
    if (overlap == FaultOverlap::sum || !shared(region, end.plan.value)) {
        act_(context, regions_[region], plan, FaultEdge::ends);
    } else if (overlap == FaultOverlap::newest) {
        act_(context, regions_[region],
             *newest(region, plan.kind, plan.target, [](std::uint32_t) { return true; }),
             FaultEdge::begins);
    }
}

EntityId Faults::active(Index region, FaultKind kind, std::uint32_t target) const {
    if (overlap_of(kind) == FaultOverlap::newest) {
        const Plan* plan = newest(region, kind, target, [](std::uint32_t) { return true; });
        return plan == nullptr ? no_entity : plan->entity;
    }
    for (std::uint32_t i = 0; i < plans_.size(); ++i)
        if (active_[region][i] != 0 && plans_[i].kind == kind && plans_[i].target == target)
            return plans_[i].entity;
    return no_entity;
}

}  // namespace driftstorm
