#include "analysis/survival.hpp"

#include "sim/core/exact_math.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>
#include <string>

namespace driftstorm {

SurvivalCurve survival_curve(std::span<const double> times, const std::vector<bool>& ended) {
    if (times.size() != ended.size())
        throw std::invalid_argument("times and ended must be as long, got " +
                                    std::to_string(times.size()) + " and " +
                                    std::to_string(ended.size()));
    std::vector<std::size_t> order(times.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return times[a] < times[b]; });
    SurvivalCurve curve{{0.0}, {1.0}, {1.0}, {1.0}, 0, 0};
    double survival = 1;
    double greenwood = 0;
    for (std::size_t i = 0; i < order.size();) {
        const double now = times[order[i]];
        const double at_risk = static_cast<double>(order.size() - i);
        double ends = 0;
        for (; i < order.size() && times[order[i]] == now; ++i) {
            if (ended[order[i]])
                ++ends;
            else
                ++curve.censored;
        }
        if (ends == 0) continue;
        curve.ended += static_cast<std::size_t>(ends);
        survival *= 1 - ends / at_risk;
        curve.time.push_back(now);
        curve.survival.push_back(survival);
        double low = 0;
        double high = survival;
        if (survival > 0) {
            greenwood += ends / (at_risk * (at_risk - ends));
            const double logarithm = exact::log(survival);
            const double width = 1.959963984540054 * std::sqrt(greenwood) / -logarithm;
            low = exact::exp(logarithm * exact::exp(width));
            high = exact::exp(logarithm * exact::exp(-width));
        }
        curve.low.push_back(low);
        curve.high.push_back(high);
    }
    return curve;
}

}  // namespace driftstorm
