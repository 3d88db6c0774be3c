#include "sim/core/distribution.hpp"
#include "sim/core/distribution_forms.hpp"

#include <algorithm>
#include <cmath>

namespace driftstorm {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// Minus the logarithm of the upper side.
double depth(Split u) { return u.below < 0.5 ? -exact::log1p(-u.below) : -exact::log(u.above); }

Split beyond_depth(double t) { return {-exact::expm1(-t), exact::exp(-t)}; }

double normal_at(Split u) {
    return u.below <= 0.5 ? exact::inverse_normal(u.below) : -exact::inverse_normal(u.above);
}

}  // namespace

/// The whole law's value at u, before any clip.
double Distribution::inverse(Split u) const {
    switch (form_) {
        case Form::exponential:
            return a_ * depth(u);
        case Form::lognormal:
            return a_ * exact::exp(b_ * normal_at(u));
        case Form::normal:
            return a_ + b_ * normal_at(u);
        case Form::uniform:
            return u.below <= 0.5 ? a_ + (b_ - a_) * u.below : b_ - (b_ - a_) * u.above;
        case Form::gamma:
            return a_ * gamma_->quantile(u);
        case Form::weibull:
            return a_ * exact::pow(depth(u), 1 / b_);
        case Form::pareto:
            return a_ * exact::exp(depth(u) / b_);
        case Form::laplace:
            return u.below <= 0.5 ? a_ + b_ * exact::log(2 * u.below)
                                  : a_ - b_ * exact::log(2 * u.above);
        case Form::geometric:
            return std::fmax(1.0, std::ceil(-depth(u) / b_));
        case Form::steps:
            return steps_->inverse(u);
        case Form::curve:
            return curve_->inverse(u.below);
        case Form::constant:
        case Form::mixture:
            break;
    }
    return a_;
}

double Distribution::quantile(double u) const {
    if (form_ == Form::mixture) return quantile_of_mixture(u);
    if (!clipped_) return inverse({u, 1 - u});
    const double x = inverse({low_.below + u * mass_, high_.above + (1 - u) * mass_});
    return std::clamp(x, lowest_, highest_);  // rounding may lead past the ends
}

double Distribution::quantile_of_mixture(double u) const {
    double low = infinity;
    double high = -infinity;
    for (const Distribution& part : parts_->parts) {
        const double x = part.quantile(u);
        low = std::fmin(low, x);
        high = std::fmax(high, x);
    }
    const auto reached = [&](double x) {
        const Split here = at_most(x);
        return u <= 0.5 ? here.below >= u : here.above <= 1 - u;
    };
    if (reached(low)) return low;
    while (true) {
        const double middle = low + 0.5 * (high - low);
        if (!(low < middle && middle < high)) break;
        (reached(middle) ? high : low) = middle;
    }
    return high;
}

double Distribution::sample_of_part(const Block& block) const {
    const std::uint64_t bits = (std::uint64_t{block[3]} << 32) | block[2];
    const double chosen = static_cast<double>(bits >> 11) * 0x1p-53;
    const auto at =
        std::upper_bound(parts_->cumulated.begin(), parts_->cumulated.end() - 1, chosen);
    return parts_->parts[static_cast<std::size_t>(at - parts_->cumulated.begin())].quantile(
        uniform_of(block));
}

Split Distribution::whole_at_most(double x) const {
    switch (form_) {
        case Form::constant:
            return x >= a_ ? Split{1, 0} : Split{0, 1};
        case Form::uniform:
            return {(x - a_) / (b_ - a_), (b_ - x) / (b_ - a_)};
        case Form::normal:
            return normal_split((x - a_) / b_);
        case Form::lognormal:
            return normal_split(exact::log(x / a_) / b_);
        case Form::exponential:
            return beyond_depth(x / a_);
        case Form::gamma:
            return gamma_->split_at_log(exact::log(x / a_));
        case Form::weibull:
            return beyond_depth(exact::pow(x / a_, b_));
        case Form::pareto:
            return beyond_depth(b_ * exact::log(x / a_));
        case Form::laplace: {
            const double tail = 0.5 * exact::exp(-std::abs(x - a_) / b_);
            return x < a_ ? Split{tail, 1 - tail} : Split{1 - tail, tail};
        }
        case Form::geometric:
            return beyond_depth(-b_ * std::floor(x));
        case Form::steps:
            return steps_->at_most(x);
        case Form::curve:
            return curve_->at_most(x);
        case Form::mixture:
            break;
    }
    Split sum{0, 0};
    for (std::size_t i = 0; i < parts_->parts.size(); ++i) {
        const Split part = parts_->parts[i].at_most(x);
        sum.below += parts_->shares[i] * part.below;
        sum.above += parts_->shares[i] * part.above;
    }
    return sum;
}

Split Distribution::whole_less_than(double x) const {
    switch (form_) {
        case Form::constant:
            return x > a_ ? Split{1, 0} : Split{0, 1};
        case Form::geometric:
            return beyond_depth(-b_ * (std::ceil(x) - 1));
        case Form::steps:
            return steps_->less_than(x);
        case Form::curve:
            return curve_->less_than(x);
        case Form::mixture:
            break;
        default:
            return whole_at_most(x);
    }
    Split sum{0, 0};
    for (std::size_t i = 0; i < parts_->parts.size(); ++i) {
        const Split part = parts_->parts[i].less_than(x);
        sum.below += parts_->shares[i] * part.below;
        sum.above += parts_->shares[i] * part.above;
    }
    return sum;
}

Split Distribution::within_clip(Split whole) const {
    if (!clipped_) return whole;
    return {between(low_, whole) / mass_, between(whole, high_) / mass_};
}

Split Distribution::at_most(double x) const {
    if (x < lowest_) return {0, 1};
    if (x >= highest_) return {1, 0};
    return within_clip(whole_at_most(x));
}

Split Distribution::less_than(double x) const {
    if (x <= lowest_) return {0, 1};
    if (x > highest_) return {1, 0};
    return within_clip(whole_less_than(x));
}

Duration sample_duration(const Distribution& seconds, const Block& block) {
    const double ns = std::floor(seconds.sample(block) * 1e9 + 0.5);
    if (!(ns > 0)) return {};
    if (ns >= static_cast<double>(horizon.ns)) return horizon;
    return {static_cast<std::int64_t>(ns)};
}

}  // namespace driftstorm
