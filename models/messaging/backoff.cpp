#include "models/messaging/backoff.hpp"

#include "sim/core/expect.hpp"

#include <algorithm>

namespace driftstorm {

Duration Backoff::wait(std::uint32_t failures, double u, Duration previous) const {
    DRIFTSTORM_EXPECT(failures >= 1);
    if (backoff == BackoffKind::none) return {};
    const double limit = static_cast<double>(cap.ns);
    double base = static_cast<double>(first.ns);
    if (backoff == BackoffKind::exponential)
        for (std::uint32_t k = 1; k < failures && base < limit; ++k) base *= factor;
    const double capped = std::min(base, limit);
    double wait = capped;
    if (std::holds_alternative<jitter::Full>(jitter)) {
        wait = u * capped;
    } else if (std::holds_alternative<jitter::Equal>(jitter)) {
        wait = 0.5 * capped * (1.0 + u);
    } else if (std::holds_alternative<jitter::Decorrelated>(jitter)) {
        const double low = static_cast<double>(first.ns);
        const double high = std::max(low, 3.0 * static_cast<double>(std::max(previous, first).ns));
        wait = std::min(limit, low + u * (high - low));
    } else if (const auto* bug = std::get_if<jitter::BeforeCap>(&jitter)) {
        wait = std::min(limit, base * (1.0 + bug->spread * (2.0 * u - 1.0)));
    }
    return {static_cast<std::int64_t>(wait + 0.5)};
}

}  // namespace driftstorm
