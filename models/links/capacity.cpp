#include "models/links/capacity.hpp"

#include "sim/core/expect.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>

namespace driftstorm {

Capacity::Capacity(CapacityTrace trace) : trace_(std::move(trace)) {
    if (trace_.rates.empty()) throw std::invalid_argument("capacity trace without a rate");
    if (trace_.step.ns <= 0) {
        throw std::invalid_argument("capacity trace with a step of " +
                                    std::to_string(trace_.step.ns) + " ns");
    }
    for (const std::int64_t rate : trace_.rates) {
        if (rate < 0) throw std::invalid_argument("capacity of " + std::to_string(rate) + " bit/s");
    }
}

std::size_t Capacity::step_at(Time at) const {
    if (at < trace_.start) return 0;
    const auto step = static_cast<std::size_t>((at - trace_.start).ns / trace_.step.ns);
    return trace_.repeat ? step % trace_.rates.size() : std::min(step, trace_.rates.size() - 1);
}

Time Capacity::end_of_step(Time at) const {
    if (trace_.rates.size() == 1) return end_of_time;
    if (at < trace_.start) return trace_.start + trace_.step;
    const std::int64_t step = (at - trace_.start).ns / trace_.step.ns;
    const auto last = static_cast<std::int64_t>(trace_.rates.size()) - 1;
    if (!trace_.repeat && step >= last) return end_of_time;
    return trace_.start + trace_.step * (step + 1);
}

std::int64_t Capacity::rate(const Setting& setting, Time at) const {
    const std::int64_t rate = setting.fixed >= 0 ? setting.fixed : trace_.rates[step_at(at)];
    if (setting.factor == 1) return rate;
    return static_cast<std::int64_t>(static_cast<double>(rate) * setting.factor);
}

Work Capacity::done(const Setting& setting, Time from, Time to) const {
    DRIFTSTORM_EXPECT(from <= to);
    Work sum = 0;
    while (from < to) {
        const Time until = setting.fixed >= 0 ? to : std::min(to, end_of_step(from));
        sum += Work{rate(setting, from)} * (until - from).ns;
        from = until;
    }
    return sum;
}

Time Capacity::finish(const Setting& setting, Time from, Work work) const {
    const std::size_t steps = trace_.rates.size();
    std::size_t idle = 0;  // steps in a row without capacity: a whole round of them never ends
    while (work > 0) {
        const Time until = setting.fixed >= 0 ? end_of_time : end_of_step(from);
        const Work now_rate = rate(setting, from);
        if (until == end_of_time || now_rate * (until - from).ns >= work) {
            if (now_rate == 0) return end_of_time;
            const Work needed = (work + now_rate - 1) / now_rate;
            return needed > horizon.ns ? end_of_time
                                       : from + Duration{static_cast<std::int64_t>(needed)};
        }
        idle = now_rate == 0 ? idle + 1 : 0;
        if (idle > steps) return end_of_time;
        work -= now_rate * (until - from).ns;
        from = until;
        if (from - Time{} > horizon) return end_of_time;
    }
    return from;
}

}  // namespace driftstorm
