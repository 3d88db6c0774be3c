#include "models/servers/open_arrivals.hpp"

#include "sim/core/rate.hpp"

#include <cmath>
#include <stdexcept>
#include <utility>

namespace driftstorm {

Index OpenArrivals::add(const Params& params, AskDoor door) {
    if (params.process == ArrivalProcess::renewal && !params.gap)
        throw std::invalid_argument("OpenArrivals::add: process renewal needs a gap");
    if (params.process == ArrivalProcess::spread &&
        (params.count < 2 || params.count > 1'000'000'000'000))
        throw std::invalid_argument(
            "OpenArrivals::add: process spread needs a count in 2 .. 1e12, got " +
            std::to_string(params.count));
    if (!(params.rate > 0.0))
        throw std::invalid_argument("OpenArrivals::add: rate = " + std::to_string(params.rate) +
                                    ", must be > 0");
    setups_.push_back({params, std::move(door)});
    created_.push_back(0);
    last_.push_back(Time{params.start.ns});
    return static_cast<Index>(setups_.size() - 1);
}

void OpenArrivals::open(Index population, Context& context) { expect(0, population, context); }

void OpenArrivals::on(const Next& message, Index population, Context& context) {
    const Setup& setup = setups_[population];
    const Params& params = setup.params;
    std::uint64_t together = 1;
    if (params.batch) {
        const double drawn = params.batch->sample(
            context.block("arrivals.batch", context.identity(), message.number));
        together = drawn < 0.5 ? 0 : static_cast<std::uint64_t>(std::floor(drawn + 0.5));
    }
    last_[population] = context.now();
    for (std::uint64_t i = 0; i < together; ++i) {
        Customer customer;
        customer.subject = identity_of(context.identity(), created_[population]++);
        customer.from = context.self();
        customer.sent = context.now();
        if (params.urgent_share < 1.0)
            customer.urgency =
                context.uniform("arrivals.urgency", customer.subject, 0) < params.urgent_share ? 0
                                                                                               : 1;
        setup.door(context, customer);
    }
    expect(message.number + 1, population, context);
}

Time OpenArrivals::planned(const Params& params, std::uint64_t number) const {
    if (params.process == ArrivalProcess::spread) {
        const auto gaps = static_cast<std::int64_t>(params.count - 1);
        const Int128 elapsed = Int128{params.over.ns} * static_cast<std::int64_t>(number) / gaps;
        return Time{params.start.ns + static_cast<std::int64_t>(elapsed)};
    }
    // From the number each time: adding up rounded gaps would drift.
    return Time{params.start.ns +
                static_cast<std::int64_t>(static_cast<double>(number) / params.rate * 1e9 + 0.5)};
}

void OpenArrivals::expect(std::uint64_t number, Index population, Context& context) {
    const Params& params = setups_[population].params;
    if (number >= params.count) return;
    Time at;
    if (params.process == ArrivalProcess::constant || params.process == ArrivalProcess::spread) {
        at = planned(params, number);
    } else {
        const Block block = context.block("arrivals.gap", context.identity(), number);
        const double gap = params.process == ArrivalProcess::renewal
                               ? params.gap->sample(block)
                               : -exact::log1p(-uniform_of(block)) / params.rate;
        at = last_[population] + unbiased_duration(gap, identity_of(context.identity(), number));
    }
    if (at.ns > params.until.ns) return;
    context.remind(*this, population, at - context.now(), Next{number});
}

}  // namespace driftstorm
