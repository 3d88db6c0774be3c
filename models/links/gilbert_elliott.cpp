#include "models/links/gilbert_elliott.hpp"

#include "sim/core/exact_math.hpp"
#include "sim/core/random.hpp"

#include <algorithm>

namespace driftstorm {

GilbertElliott::GilbertElliott(const Params& params) : params_(params) {
    const double end_rate = 1.0 / params.burst_length.seconds();
    const double begin_rate = 1.0 / params.burst_gap.seconds();
    constexpr double grid_per_memory = 0.125;  // instants are an eighth of the chain's memory apart
    const double grid_s = grid_per_memory / (end_rate + begin_rate);
    grid_ = Duration{std::max<std::int64_t>(1, static_cast<std::int64_t>(grid_s * 1e9))};
    forget_ = -exact::expm1(-grid_.seconds() * (end_rate + begin_rate));
    share_bad_ = begin_rate / (end_rate + begin_rate);
}

bool GilbertElliott::bad(std::uint64_t seed, std::uint64_t identity, Time at) const {
    for (std::int64_t k = std::max<std::int64_t>(0, at.ns / grid_.ns);; --k) {
        const Block block = draw(seed, "link.burst", identity, static_cast<std::uint64_t>(k));
        const double forgets = (static_cast<double>(block[0]) + 0.5) * 0x1p-32;
        if (k > 0 && forgets >= forget_) continue;
        return (static_cast<double>(block[1]) + 0.5) * 0x1p-32 < share_bad_;
    }
}

double GilbertElliott::loss(std::uint64_t seed, std::uint64_t identity, Time at) const {
    return bad(seed, identity, at) ? params_.burst_loss : params_.quiet_loss;
}

}  // namespace driftstorm
