#include "sim/core/distribution.hpp"
#include "sim/core/distribution_forms.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <numeric>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

namespace driftstorm {

namespace {

std::string text_of(double value) {
    std::array<char, 40> text{};
    const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
    return {text.data(), end};
}

[[noreturn]] void refuse(std::string_view law, std::string_view parameter, double value,
                         const std::string& need) {
    throw std::invalid_argument(std::string(law) + ": '" + std::string(parameter) + "' must be " +
                                need + ", got " + text_of(value));
}

void check_range(std::string_view law, std::string_view name, double value, double min,
                 double max) {
    if (!std::isfinite(value)) refuse(law, name, value, "finite");
    if (value < min) {
        refuse(law, name, value,
               min == law::least_positive ? "above 0" : "at least " + text_of(min));
    }
    if (value > max) refuse(law, name, value, "at most " + text_of(max));
}

/// Every number within the range that its field states.
template <class Law>
void check_fields(const Law& law) {
    for_each_field<Law>([&](const auto& field) {
        const auto& value = law.*field.member;
        using Value = std::remove_cvref_t<decltype(value)>;
        if constexpr (std::is_same_v<Value, double>) {
            check_range(Law::name, field.name, value, field.min, field.max);
        } else if constexpr (std::is_same_v<Value, std::optional<double>>) {
            if (value) check_range(Law::name, field.name, *value, field.min, field.max);
        } else if constexpr (std::is_same_v<Value, std::vector<double>>) {
            for (const double one : value) {
                check_range(Law::name, field.name, one, field.min, field.max);
            }
        }
    });
}

double checked_sum(std::string_view law, const std::vector<double>& weights, std::size_t needed) {
    if (weights.size() != needed || needed == 0) {
        refuse(law, "weights", static_cast<double>(weights.size()),
               "as many as there are things to weigh, at least one");
    }
    const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
    if (!(sum > 0) || !std::isfinite(sum)) refuse(law, "weights", sum, "of a positive sum");
    return sum;
}

constexpr double negligible = 1e-42;  // less than any uniform of a block

}  // namespace

/// Turns what people state into what is drawn from.
struct DistributionBuilder {
    using Form = Distribution::Form;
    static constexpr double infinity = std::numeric_limits<double>::infinity();

    Distribution& d;

    void set(Form form, double a, double b, double lowest, double highest) const {
        d.form_ = form;
        d.a_ = a;
        d.b_ = b;
        d.lowest_ = lowest;
        d.highest_ = highest;
    }

    void constant(double value) const { set(Form::constant, value, 0, value, value); }

    /// `values` ascending; weights relative.
    void steps(std::vector<double> values, std::vector<double> weights) const {
        auto s = std::make_shared<Distribution::Steps>();
        double sum = 0;
        for (const double w : weights) sum += w;
        for (double& w : weights) w /= sum;
        s->cumulated.resize(values.size());
        double below = 0;
        for (std::size_t i = 0; i < values.size(); ++i) s->cumulated[i].below = below += weights[i];
        double above = 0;
        for (std::size_t i = values.size(); i-- > 0;) {
            s->cumulated[i].above = above;
            above += weights[i];
        }
        set(Form::steps, 0, 0, values.front(), values.back());
        s->values = std::move(values);
        s->shares = std::move(weights);
        d.steps_ = std::move(s);
    }

    void curve(std::vector<double> values, std::vector<double> probabilities) const {
        set(Form::curve, 0, 0, values.front(), values.back());
        d.curve_ = std::make_shared<Distribution::Curve>(
            Distribution::Curve{std::move(values), std::move(probabilities)});
    }

    /// A mixture of mixtures is one mixture: else both would choose by the same bits.
    void mixture(const std::vector<Distribution>& parts, const std::vector<double>& weights) const {
        Distribution::Parts flat;
        double sum = 0;
        for (std::size_t i = 0; i < parts.size(); ++i) {
            if (weights[i] == 0) continue;
            sum += weights[i];
            if (!parts[i].parts_) {
                flat.parts.push_back(parts[i]);
                flat.shares.push_back(weights[i]);
                continue;
            }
            const Distribution::Parts& inner = *parts[i].parts_;
            for (std::size_t j = 0; j < inner.parts.size(); ++j) {
                flat.parts.push_back(inner.parts[j]);
                flat.shares.push_back(weights[i] * inner.shares[j]);
            }
        }
        double lowest = infinity;
        double highest = -infinity;
        double so_far = 0;
        for (std::size_t i = 0; i < flat.parts.size(); ++i) {
            flat.shares[i] /= sum;
            flat.cumulated.push_back(so_far += flat.shares[i]);
            lowest = std::min(lowest, flat.parts[i].min());
            highest = std::max(highest, flat.parts[i].max());
        }
        set(Form::mixture, 0, 0, lowest, highest);
        d.parts_ = std::make_shared<Distribution::Parts>(std::move(flat));
    }

    void operator()(const law::Constant& law) const { constant(law.value); }

    void operator()(const law::Uniform& law) const {
        if (law.max < law.min)
            refuse(law.name, "max", law.max, "at least 'min' = " + text_of(law.min));
        if (law.min == law.max) return constant(law.min);
        set(Form::uniform, law.min, law.max, law.min, law.max);
    }

    void operator()(const law::Normal& law) const {
        if (law.sd == 0) return constant(law.mean);
        set(Form::normal, law.mean, law.sd, -infinity, infinity);
    }

    void operator()(const law::Lognormal& law) const {
        if (law.p99.has_value() == law.sigma.has_value()) {
            throw std::invalid_argument("lognormal: either 'p99' or 'sigma' must be given, got " +
                                        std::string(law.p99 ? "both" : "neither"));
        }
        if (law.p99 && *law.p99 < law.median) {
            refuse(law.name, "p99", *law.p99, "at least 'median' = " + text_of(law.median));
        }
        const double sigma = law.sigma ? *law.sigma
                                       : (exact::log(*law.p99) - exact::log(law.median)) /
                                             exact::inverse_normal(0.99);
        if (sigma == 0) return constant(law.median);
        set(Form::lognormal, law.median, sigma, 0, infinity);
    }

    void operator()(const law::Exponential& law) const {
        set(Form::exponential, law.mean, 0, 0, infinity);
    }

    void operator()(const law::Hyperexponential& law) const {
        std::vector<double> weights = law.weights;
        std::vector<double> means = law.means;
        const bool explicit_phases = !weights.empty() || !means.empty();
        if (law.mean.has_value() != law.scv.has_value() ||
            law.mean.has_value() == explicit_phases) {
            throw std::invalid_argument(
                "hyperexponential: either 'mean' and 'scv' or 'weights' and 'means' must be given");
        }
        if (explicit_phases) {
            checked_sum(law.name, weights, means.size());
        } else {
            const double first = 0.5 * (1 + std::sqrt((*law.scv - 1) / (*law.scv + 1)));
            weights = {first, 1 - first};
            means = {*law.mean / (2 * first), *law.mean / (2 * (1 - first))};
        }
        std::vector<Distribution> phases;
        phases.reserve(means.size());
        for (const double mean : means) phases.emplace_back(law::Exponential{mean});
        mixture(phases, weights);
    }

    void operator()(const law::Gamma& law) const {
        set(Form::gamma, law.mean / law.shape, law.shape, 0, infinity);
        d.gamma_ = std::make_shared<UnitGamma>(law.shape);
    }

    void operator()(const law::Weibull& law) const {
        set(Form::weibull, law.scale, law.shape, 0, infinity);
    }

    void operator()(const law::Pareto& law) const {
        set(Form::pareto, law.min, law.shape, law.min, infinity);
    }

    void operator()(const law::Laplace& law) const {
        if (law.scale == 0) return constant(law.median);
        set(Form::laplace, law.median, law.scale, -infinity, infinity);
    }

    void operator()(const law::Poisson& law) const {
        if (law.mean == 0) return constant(0);
        const double mode = std::floor(law.mean);
        std::vector<double> down;  // weights relative to the mode's, below it
        double w = 1;
        for (double k = mode; k > 0 && w > negligible; k -= 1) down.push_back(w *= k / law.mean);
        std::vector<double> weights(down.rbegin(), down.rend());
        w = 1;
        for (double k = mode; w > negligible; w *= law.mean / k) {
            weights.push_back(w);
            k += 1;
        }
        std::vector<double> values(weights.size());
        const double first = mode - static_cast<double>(down.size());
        for (std::size_t i = 0; i < values.size(); ++i) values[i] = first + static_cast<double>(i);
        steps(std::move(values), std::move(weights));
        d.highest_ = infinity;
        d.lowest_ = 0;
    }

    void operator()(const law::Geometric& law) const {
        if (law.mean == 1) return constant(1);
        set(Form::geometric, law.mean, exact::log1p(-1 / law.mean), 1, infinity);
    }

    void operator()(const law::Zipf& law) const {
        if (law.min != std::floor(law.min)) refuse(law.name, "min", law.min, "whole");
        if (law.max != std::floor(law.max)) refuse(law.name, "max", law.max, "whole");
        if (law.max < law.min)
            refuse(law.name, "max", law.max, "at least 'min' = " + text_of(law.min));
        if (law.max - law.min >= 1e6) refuse(law.name, "max", law.max, "less than 'min' + 1e6");
        std::vector<double> values;
        std::vector<double> weights;
        for (double k = law.min; k <= law.max; k += 1) {
            values.push_back(k);
            weights.push_back(exact::pow(k / law.min, -law.exponent));
        }
        steps(std::move(values), std::move(weights));
    }

    void operator()(const law::Weighted& law) const {
        checked_sum(law.name, law.weights, law.values.size());
        std::vector<std::pair<double, double>> pairs;
        for (std::size_t i = 0; i < law.values.size(); ++i) {
            if (law.weights[i] > 0) pairs.emplace_back(law.values[i], law.weights[i]);
        }
        std::sort(pairs.begin(), pairs.end());
        std::vector<double> values;
        std::vector<double> weights;
        for (const auto& [value, weight] : pairs) {
            if (!values.empty() && values.back() == value) {
                weights.back() += weight;
            } else {
                values.push_back(value);
                weights.push_back(weight);
            }
        }
        steps(std::move(values), std::move(weights));
    }

    void operator()(const law::Empirical& law) const {
        const std::size_t n = law.values.size();
        if (n == 0) throw std::invalid_argument("empirical: 'values' must not be empty");
        std::vector<double> values = law.values;
        std::vector<double> probabilities = law.probabilities;
        if (probabilities.empty()) {
            std::sort(values.begin(), values.end());
            for (std::size_t i = 0; i < n && n > 1; ++i) {
                probabilities.push_back(static_cast<double>(i) / static_cast<double>(n - 1));
            }
        } else {
            check_quantiles(values, probabilities);
        }
        if (values.front() == values.back()) return constant(values.front());
        curve(std::move(values), std::move(probabilities));
    }

    static void check_quantiles(const std::vector<double>& x, const std::vector<double>& p) {
        constexpr std::string_view law = law::Empirical::name;
        if (p.size() != x.size() || p.size() < 2) {
            refuse(law, "probabilities", static_cast<double>(p.size()),
                   "as many as 'values', at least 2");
        }
        for (std::size_t i = 1; i < p.size(); ++i) {
            if (!(p[i] > p[i - 1])) refuse(law, "probabilities", p[i], "ascending");
            if (x[i] < x[i - 1]) refuse(law, "values", x[i], "ascending with 'probabilities'");
        }
        if (p.front() != 0) refuse(law, "probabilities", p.front(), "0 at first");
        if (p.back() != 1) refuse(law, "probabilities", p.back(), "1 at last");
    }

    void operator()(const law::Mixture& law) const {
        checked_sum(law.name, law.weights, law.parts.size());
        mixture(law.parts, law.weights);
    }

    // ---- clip

    [[noreturn]] void nothing_left() const {
        throw std::invalid_argument("clip: [" + text_of(d.clip_.low) + ", " +
                                    text_of(d.clip_.high) + "] leaves nothing of the distribution");
    }

    void cut() const {
        const law::Clip clip = d.clip_;
        if (!(clip.low <= clip.high)) nothing_left();
        if (clip.low <= d.lowest_ && d.highest_ <= clip.high) return;
        const Split low = d.less_than(clip.low);
        const Split high = d.at_most(clip.high);
        const double mass = between(low, high);
        if (!(mass > 0)) nothing_left();
        switch (d.form_) {
            case Form::constant:
                return;
            case Form::steps:
                return cut_steps();
            case Form::curve:
                return cut_curve(low.below, high.below);
            case Form::mixture:
                return cut_mixture();
            default:
                d.clipped_ = true;
                d.low_ = low;
                d.high_ = high;
                d.mass_ = mass;
                d.lowest_ = std::max(d.lowest_, clip.low);
                d.highest_ = std::min(d.highest_, clip.high);
                if (d.form_ == Form::geometric) {
                    d.lowest_ = std::ceil(d.lowest_);
                    d.highest_ = std::floor(d.highest_);
                }
        }
    }

    void cut_steps() const {
        const auto whole = d.steps_;
        std::vector<double> values;
        std::vector<double> weights;
        for (std::size_t i = 0; i < whole->values.size(); ++i) {
            if (whole->values[i] < d.clip_.low || whole->values[i] > d.clip_.high) continue;
            values.push_back(whole->values[i]);
            weights.push_back(whole->shares[i]);
        }
        steps(std::move(values), std::move(weights));
    }

    void cut_curve(double from, double to) const {
        const auto whole = d.curve_;
        std::vector<double> values{std::max(d.clip_.low, whole->values.front())};
        std::vector<double> probabilities{0};
        for (std::size_t i = 0; i < whole->values.size(); ++i) {
            if (whole->probabilities[i] <= from || whole->probabilities[i] >= to) continue;
            values.push_back(whole->values[i]);
            probabilities.push_back((whole->probabilities[i] - from) / (to - from));
        }
        values.push_back(std::min(d.clip_.high, whole->values.back()));
        probabilities.push_back(1);
        curve(std::move(values), std::move(probabilities));
    }

    void cut_mixture() const {
        const auto whole = d.parts_;
        std::vector<Distribution> parts;
        std::vector<double> weights;
        for (std::size_t i = 0; i < whole->parts.size(); ++i) {
            const Distribution& part = whole->parts[i];
            const double mass = between(part.less_than(d.clip_.low), part.at_most(d.clip_.high));
            if (!(mass > 0)) continue;
            const law::Clip both{std::max(d.clip_.low, part.clip_.low),
                                 std::min(d.clip_.high, part.clip_.high)};
            parts.emplace_back(part.law_, both);
            weights.push_back(whole->shares[i] * mass);
        }
        mixture(parts, weights);
    }
};

Distribution::Distribution(law::Any law, law::Clip clip) : clip_(clip), law_(std::move(law)) {
    const DistributionBuilder builder{*this};
    std::visit([](const auto& stated) { check_fields(stated); }, law_);
    std::visit(builder, law_);
    builder.cut();
}

}  // namespace driftstorm
