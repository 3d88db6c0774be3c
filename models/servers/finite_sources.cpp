#include "models/servers/finite_sources.hpp"

#include <utility>

namespace driftstorm {

std::uint32_t FiniteSources::add_kind(const Params& params, AskDoor door) {
    kinds_.push_back({params, std::move(door)});
    return static_cast<std::uint32_t>(kinds_.size() - 1);
}

Index FiniteSources::add_member(std::uint32_t kind) {
    DRIFTSTORM_EXPECT(kind < kinds_.size());
    kind_of_.push_back(kind);
    asked_.push_back(0);
    return static_cast<Index>(kind_of_.size() - 1);
}

void FiniteSources::on(const Asks& message, Index member, Context& context) {
    const Kind& kind = kinds_[kind_of_[member]];
    asked_[member] = message.number + 1;
    Customer customer;
    customer.subject = identity_of(context.identity(), message.number);
    customer.from = context.self();
    customer.sent = context.now();
    if (kind.params.urgent_share < 1.0)
        customer.urgency = context.uniform("finite_sources.urgency", customer.subject, 0) <
                                   kind.params.urgent_share
                               ? 0
                               : 1;
    kind.door(context, customer);
}

void FiniteSources::think(Index member, Context& context) {
    const Distribution& law = kinds_[kind_of_[member]].params.think_time;
    const Block block = context.block("finite_sources.think", context.identity(), asked_[member]);
    const double seconds = law.sample(block);
    context.remind(*this, member,
                   unbiased_duration(seconds, identity_of(context.identity(), asked_[member])),
                   Asks{asked_[member]});
}

}  // namespace driftstorm
