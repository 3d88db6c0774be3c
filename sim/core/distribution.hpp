#pragma once

#include "sim/core/exact_math.hpp"
#include "sim/core/fields.hpp"
#include "sim/core/random.hpp"
#include "sim/core/tail_probability.hpp"
#include "sim/core/time.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

namespace driftstorm {

class Distribution;

/// Field::unit of a law's members that have the unit of what is distributed: seconds for a delay.
inline constexpr std::string_view variate_unit = "variate";

/// The closed family of distributions, each by the parameters people state. `name` is the word in a
/// scenario. Ranges that no field can state are checked by Distribution.
namespace law {

inline constexpr double least_positive = std::numeric_limits<double>::min();

struct Constant {
    static constexpr std::string_view name = "constant";
    double value = 0;
    static constexpr auto fields() {
        return FieldList{
            Field<Constant, double>{"value", &Constant::value, variate_unit, "always"}};
    }
};

struct Uniform {
    static constexpr std::string_view name = "uniform";
    double min = 0;
    double max = 1;
    static constexpr auto fields() {
        return FieldList{
            Field<Uniform, double>{"min", &Uniform::min, variate_unit, "least value"},
            Field<Uniform, double>{"max", &Uniform::max, variate_unit, "greatest value, >= min"}};
    }
};

struct Normal {
    static constexpr std::string_view name = "normal";
    double mean = 0;
    double sd = 1;
    static constexpr auto fields() {
        return FieldList{
            Field<Normal, double>{"mean", &Normal::mean, variate_unit, "mean"},
            Field<Normal, double>{"sd", &Normal::sd, variate_unit, "standard deviation", 0}};
    }
};

/// exp of a normal; its width by the 99 % quantile or by `sigma`, the standard deviation of the
/// logarithm.
struct Lognormal {
    static constexpr std::string_view name = "lognormal";
    double median = 1;
    std::optional<double> p99;
    std::optional<double> sigma;
    static constexpr auto fields() {
        return FieldList{
            Field<Lognormal, double>{"median", &Lognormal::median, variate_unit, "median",
                                     least_positive},
            Field<Lognormal, std::optional<double>>{"p99", &Lognormal::p99, variate_unit,
                                                    "99 % quantile, >= median; or sigma",
                                                    least_positive},
            Field<Lognormal, std::optional<double>>{
                "sigma", &Lognormal::sigma, "", "standard deviation of the logarithm; or p99", 0}};
    }
};

struct Exponential {
    static constexpr std::string_view name = "exponential";
    double mean = 1;
    static constexpr auto fields() {
        return FieldList{Field<Exponential, double>{"mean", &Exponential::mean, variate_unit,
                                                    "mean", least_positive}};
    }
};

/// Mixture of exponentials: two phases with balanced means from `mean` and the squared coefficient
/// of variation, or explicit `weights` and `means`.
struct Hyperexponential {
    static constexpr std::string_view name = "hyperexponential";
    std::optional<double> mean;
    std::optional<double> scv;
    std::vector<double> weights;
    std::vector<double> means;
    static constexpr auto fields() {
        return FieldList{
            Field<Hyperexponential, std::optional<double>>{"mean", &Hyperexponential::mean,
                                                           variate_unit, "mean", least_positive},
            Field<Hyperexponential, std::optional<double>>{"scv", &Hyperexponential::scv, "",
                                                           "squared coefficient of variation", 1},
            Field<Hyperexponential, std::vector<double>>{"weights", &Hyperexponential::weights, "%",
                                                         "shares of the phases; with means", 0},
            Field<Hyperexponential, std::vector<double>>{
                "means", &Hyperexponential::means, variate_unit,
                "means of the phases; with weights", least_positive}};
    }
};

struct Gamma {
    static constexpr std::string_view name = "gamma";
    double mean = 1;
    double shape = 1;
    static constexpr auto fields() {
        return FieldList{
            Field<Gamma, double>{"mean", &Gamma::mean, variate_unit, "mean", least_positive},
            Field<Gamma, double>{"shape", &Gamma::shape, "",
                                 "shape k: squared coefficient of variation 1 / k", 0.01, 1e6}};
    }
};

struct Weibull {
    static constexpr std::string_view name = "weibull";
    double scale = 1;
    double shape = 1;
    static constexpr auto fields() {
        return FieldList{
            Field<Weibull, double>{"scale", &Weibull::scale, variate_unit, "63.2 % quantile",
                                   least_positive},
            Field<Weibull, double>{"shape", &Weibull::shape, "", "below 1: heavy tail", 0.01, 1e6}};
    }
};

struct Pareto {
    static constexpr std::string_view name = "pareto";
    double min = 1;
    double shape = 2;
    static constexpr auto fields() {
        return FieldList{
            Field<Pareto, double>{"min", &Pareto::min, variate_unit, "least value", least_positive},
            Field<Pareto, double>{"shape", &Pareto::shape, "",
                                  "tail exponent; no mean up to 1, no variance up to 2", 0.01,
                                  1e6}};
    }
};

struct Laplace {
    static constexpr std::string_view name = "laplace";
    double median = 0;
    double scale = 1;
    static constexpr auto fields() {
        return FieldList{
            Field<Laplace, double>{"median", &Laplace::median, variate_unit, "median and mean"},
            Field<Laplace, double>{"scale", &Laplace::scale, variate_unit,
                                   "mean distance from the median", 0}};
    }
};

/// 0, 1, 2 ...
struct Poisson {
    static constexpr std::string_view name = "poisson";
    double mean = 1;
    static constexpr auto fields() {
        return FieldList{
            Field<Poisson, double>{"mean", &Poisson::mean, variate_unit, "mean", 0, 1e8}};
    }
};

/// Trials up to and with the first success: 1, 2, 3 ...
struct Geometric {
    static constexpr std::string_view name = "geometric";
    double mean = 2;
    static constexpr auto fields() {
        return FieldList{
            Field<Geometric, double>{"mean", &Geometric::mean, variate_unit, "mean", 1, 1e12}};
    }
};

/// k in min .. max with probability proportional to k^-exponent.
struct Zipf {
    static constexpr std::string_view name = "zipf";
    double exponent = 1;
    double min = 1;
    double max = 100;
    static constexpr auto fields() {
        return FieldList{
            Field<Zipf, double>{"exponent", &Zipf::exponent, "", "exponent", 0, 100},
            Field<Zipf, double>{"min", &Zipf::min, variate_unit, "least value, whole", 1, 1e9},
            Field<Zipf, double>{"max", &Zipf::max, variate_unit,
                                "greatest value, whole, at most a million from min", 1, 1e9}};
    }
};

/// One of `values`, with shares in proportion to `weights`.
struct Weighted {
    static constexpr std::string_view name = "weighted";
    std::vector<double> values;
    std::vector<double> weights;
    static constexpr auto fields() {
        return FieldList{Field<Weighted, std::vector<double>>{"values", &Weighted::values,
                                                              variate_unit, "what to choose from"},
                         Field<Weighted, std::vector<double>>{"weights", &Weighted::weights, "%",
                                                              "share of each value", 0}};
    }
};

/// The quantile function drawn through measured values, straight between them: value i of n
/// (sorted) at `probabilities[i]`, or at i / (n - 1) when none are given (the usual sample
/// quantile, type 7).
struct Empirical {
    static constexpr std::string_view name = "empirical";
    std::vector<double> values;
    std::vector<double> probabilities;
    static constexpr auto fields() {
        return FieldList{
            Field<Empirical, std::vector<double>>{"values", &Empirical::values, variate_unit,
                                                  "sample, in any order, or quantiles"},
            Field<Empirical, std::vector<double>>{"probabilities", &Empirical::probabilities, "%",
                                                  "of the quantiles: ascending from 0 % to 100 %",
                                                  0, 1}};
    }
};

/// `parts[i]` with a share in proportion to `weights[i]`.
struct Mixture {
    static constexpr std::string_view name = "mixture";
    std::vector<double> weights;
    std::vector<Distribution> parts;
    static constexpr auto fields() {
        return FieldList{Field<Mixture, std::vector<double>>{"weights", &Mixture::weights, "%",
                                                             "share of each part", 0},
                         Field<Mixture, std::vector<Distribution>>{
                             "parts", &Mixture::parts, variate_unit, "distributions to mix"}};
    }
};

using Any =
    std::variant<Constant, Uniform, Normal, Lognormal, Exponential, Hyperexponential, Gamma,
                 Weibull, Pareto, Laplace, Poisson, Geometric, Zipf, Weighted, Empirical, Mixture>;

/// The interval, ends included, to which a law is cut: what lies outside is left out, not moved to
/// the ends.
struct Clip {
    double low = -std::numeric_limits<double>::infinity();
    double high = std::numeric_limits<double>::infinity();
};

}  // namespace law

/// A distribution ready to draw from. A variate is one Philox block, by inversion: equal blocks
/// give variates of equal rank under changed parameters. Immutable; tables are shared between
/// copies.
class Distribution {
  public:
    /// The constant 0.
    Distribution() = default;

    /// @throws std::invalid_argument naming the parameter and its value
    explicit Distribution(law::Any law, law::Clip clip = {});

    static Distribution constant(double value) { return Distribution(law::Constant{value}); }

    /// Value at probability u in (0, 1): the least x with cdf(x) >= u. Of mixtures by bisection,
    /// slowly.
    double quantile(double u) const;

    /// The variate of one block; quantile(uniform_of(block)) but for mixtures, which choose their
    /// part by the block's other half.
    double sample(const Block& block) const {
        if (form_ == Form::constant) return a_;
        if (form_ == Form::exponential && !clipped_) {
            return -a_ * exact::log1p(-uniform_of(block));
        }
        if (form_ == Form::mixture) return sample_of_part(block);
        return quantile(uniform_of(block));
    }

    double cdf(double x) const { return at_most(x).below; }
    double survival(double x) const { return at_most(x).above; }

    /// P(X <= x) and P(X > x), each accurate where it is small.
    Split at_most(double x) const;
    /// P(X < x) and P(X >= x).
    Split less_than(double x) const;

    /// Infinite where the integral diverges (Pareto). Of clipped laws by integration, within 1e-9.
    double mean() const;
    double variance() const;

    /// Least and greatest value possible.
    double min() const { return lowest_; }
    double max() const { return highest_; }

    bool is_constant() const { return form_ == Form::constant; }
    const law::Any& law() const { return law_; }
    law::Clip clip() const { return clip_; }

  private:
    friend struct DistributionBuilder;

    enum class Form : std::uint8_t {
        constant,
        uniform,
        normal,
        lognormal,
        exponential,
        gamma,
        weibull,
        pareto,
        laplace,
        geometric,
        steps,
        curve,
        mixture
    };
    struct Steps;  ///< a discrete law: values and cumulated probabilities
    struct Curve;  ///< a quantile function of straight pieces
    struct Parts;  ///< of a mixture, none of them a mixture itself

    double sample_of_part(const Block& block) const;
    double quantile_of_mixture(double u) const;
    double inverse(Split u) const;
    Split whole_at_most(double x) const;
    Split whole_less_than(double x) const;
    Split within_clip(Split whole) const;
    double integral(double center, int power) const;

    Form form_ = Form::constant;
    bool clipped_ = false;  ///< below: steps, curves and mixtures are cut themselves
    double a_ = 0;          ///< location, or scale where there is no location
    double b_ = 0;          ///< scale, or exponent
    double lowest_ = 0;
    double highest_ = 0;
    Split low_{0, 1};   ///< of the whole law at the lower end of the clip
    Split high_{1, 0};  ///< and at the upper
    double mass_ = 1;   ///< between them
    std::shared_ptr<const UnitGamma> gamma_;
    std::shared_ptr<const Steps> steps_;
    std::shared_ptr<const Curve> curve_;
    std::shared_ptr<const Parts> parts_;
    law::Clip clip_;
    law::Any law_;
};

/// A delay: the variate in seconds, to the nearest nanosecond (halves up), not below 0 and not
/// above the horizon of 100 years.
Duration sample_duration(const Distribution& seconds, const Block& block);

}  // namespace driftstorm
