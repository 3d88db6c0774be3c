#include "sim/core/distribution.hpp"
#include "sim/core/distribution_forms.hpp"

#include <cmath>
#include <numbers>

namespace driftstorm {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// Mean of k in 1 .. n with probability proportional to q^k, and variance (see
/// truncated_geometric).
struct Moments {
    double mean, variance;
};

/// A geometric variate modulo n is independent of how often n goes into it, so the truncated one's
/// moments are differences of whole ones'. These cancel when q^n is near 1: then the sum itself.
Moments truncated_geometric(double log_q, double n) {
    const double p = -exact::expm1(log_q);
    const double q = 1 - p;
    if (n < 1e5) {
        double sum = 0;
        double first = 0;
        double second = 0;
        for (double k = 0; k < n; k += 1) {
            const double w = exact::exp(k * log_q);
            sum += w;
            first += w * k;
            second += w * k * k;
        }
        const double mean = first / sum;
        return {mean, second / sum - mean * mean};
    }
    const double left = exact::exp(n * log_q);
    const double lost = -exact::expm1(n * log_q);
    return {q / p - n * left / lost, q / (p * p) - n * n * left / (lost * lost)};
}

}  // namespace

/// Mean of (x - center)^power under a clipped continuous law: the integral of the quantile function
/// by the double exponential rule, which resolves what happens near either end.
double Distribution::integral(double center, int power) const {
    // A Laplace law has a kink at its median, a Weibull or Pareto spans many decades: pieces.
    std::vector<Split> ends{low_};
    for (const Split at :
         {Split{1e-6, 1 - 1e-6}, Split{0.01, 0.99}, Split{0.5, 0.5}, Split{0.99, 0.01},
          Split{1 - 1e-6, 1e-6}, Split{1, 1e-9}, Split{1, 1e-12}}) {
        if (low_.above > at.above && at.above > high_.above && at.below < high_.below &&
            at.below > low_.below) {
            ends.push_back(at);
        }
    }
    ends.push_back(high_);
    constexpr double step = 1.0 / 32;
    double sum = 0;
    for (std::size_t piece = 0; piece + 1 < ends.size(); ++piece) {
        const Split from = ends[piece];
        const Split to = ends[piece + 1];
        const double mass = between(from, to);
        for (int i = -190; i <= 190; ++i) {
            const double s = i * step;
            const double e = exact::exp(s);
            const double odds = exact::exp(0.5 * std::numbers::pi * (e - 1 / e));
            const double left = odds / (1 + odds);
            const double right = 1 / (1 + odds);
            const double weight = left * right * 0.5 * std::numbers::pi * (e + 1 / e) * step;
            const double x = inverse({from.below + left * mass, to.above + right * mass}) - center;
            sum += mass * weight * (power == 1 ? x : x * x);
        }
    }
    return sum / mass_;
}

double Distribution::mean() const {
    if (clipped_ && form_ != Form::geometric) return integral(0, 1);
    switch (form_) {
        case Form::constant:
        case Form::normal:
        case Form::exponential:
        case Form::laplace:
            return a_;
        case Form::uniform:
            return 0.5 * (a_ + b_);
        case Form::lognormal:
            return a_ * exact::exp(0.5 * b_ * b_);
        case Form::gamma:
            return a_ * b_;
        case Form::weibull:
            return a_ * exact::exp(log_gamma(1 + 1 / b_));
        case Form::pareto:
            return b_ > 1 ? a_ * b_ / (b_ - 1) : infinity;
        case Form::geometric:
            return clipped_ ? lowest_ + truncated_geometric(b_, highest_ - lowest_ + 1).mean : a_;
        default:
            break;
    }
    double sum = 0;
    if (form_ == Form::steps) {
        for (std::size_t i = 0; i < steps_->values.size(); ++i) {
            sum += steps_->shares[i] * steps_->values[i];
        }
    } else if (form_ == Form::curve) {
        const auto& x = curve_->values;
        const auto& p = curve_->probabilities;
        for (std::size_t i = 1; i < x.size(); ++i)
            sum += 0.5 * (p[i] - p[i - 1]) * (x[i] + x[i - 1]);
    } else {
        for (std::size_t i = 0; i < parts_->parts.size(); ++i) {
            sum += parts_->shares[i] * parts_->parts[i].mean();
        }
    }
    return sum;
}

double Distribution::variance() const {
    if (clipped_ && form_ != Form::geometric) return integral(mean(), 2);
    switch (form_) {
        case Form::constant:
            return 0;
        case Form::normal:
            return b_ * b_;
        case Form::exponential:
            return a_ * a_;
        case Form::laplace:
            return 2 * b_ * b_;
        case Form::uniform:
            return (b_ - a_) * (b_ - a_) / 12;
        case Form::lognormal:
            return a_ * a_ * exact::exp(b_ * b_) * exact::expm1(b_ * b_);
        case Form::gamma:
            return a_ * a_ * b_;
        case Form::weibull: {
            if (b_ > 8) return integral(mean(), 2);  // the closed form cancels
            const double m = mean();
            return m * m * exact::expm1(log_gamma(1 + 2 / b_) - 2 * log_gamma(1 + 1 / b_));
        }
        case Form::pareto:
            return b_ > 2 ? a_ * a_ * b_ / ((b_ - 1) * (b_ - 1) * (b_ - 2)) : infinity;
        case Form::geometric:
            return clipped_ ? truncated_geometric(b_, highest_ - lowest_ + 1).variance
                            : a_ * (a_ - 1);
        default:
            break;
    }
    const double m = mean();
    double sum = 0;
    if (form_ == Form::steps) {
        for (std::size_t i = 0; i < steps_->values.size(); ++i) {
            sum += steps_->shares[i] * (steps_->values[i] - m) * (steps_->values[i] - m);
        }
    } else if (form_ == Form::curve) {
        const auto& p = curve_->probabilities;
        for (std::size_t i = 1; i < p.size(); ++i) {
            const double left = curve_->values[i - 1] - m;
            const double right = curve_->values[i] - m;
            sum += (p[i] - p[i - 1]) * (left * left + left * right + right * right) / 3;
        }
    } else {
        for (std::size_t i = 0; i < parts_->parts.size(); ++i) {
            const double away = parts_->parts[i].mean() - m;
            sum += parts_->shares[i] * (parts_->parts[i].variance() + away * away);
        }
    }
    return sum;
}

}  // namespace driftstorm
