#include "sim/core/distribution.hpp"

#include <doctest/doctest.h>
#include <boost/math/distributions.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using namespace driftstorm;

namespace bm = boost::math;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

template <class Law>
Distribution of(Law law, law::Clip clip = {}) {
    return Distribution(std::move(law), clip);
}

struct Named {
    std::string name;
    Distribution distribution;
};

std::vector<Named> continuous_laws() {
    return {{"uniform", of(law::Uniform{2, 5})},
            {"normal", of(law::Normal{3, 2})},
            {"lognormal", of(law::Lognormal{0.048, 0.9, {}})},
            {"exponential", of(law::Exponential{2})},
            {"hyperexponential", of(law::Hyperexponential{2.0, 5.0, {}, {}})},
            {"gamma 2.5", of(law::Gamma{0.9, 2.5})},
            {"gamma 0.3", of(law::Gamma{0.9, 0.3})},
            {"gamma 400", of(law::Gamma{0.9, 400})},
            {"weibull 0.7", of(law::Weibull{2, 0.7})},
            {"weibull 20", of(law::Weibull{2, 20})},
            {"pareto", of(law::Pareto{1, 4.5})},
            {"laplace", of(law::Laplace{0, 0.35})},
            {"empirical", of(law::Empirical{{3, 1, 2, 10, 4}, {}})},
            {"quantiles", of(law::Empirical{{1, 2, 9}, {0, 0.9, 1}})},
            {"clipped normal", of(law::Normal{0, 1}, {-1, 2})},
            {"clipped upper normal", of(law::Normal{0, 1}, {6, 9})},
            {"clipped lognormal", of(law::Lognormal{1, {}, 1.0}, {0.5, infinity})},
            {"clipped gamma", of(law::Gamma{1, 2.5}, {3, 7})},
            {"clipped laplace", of(law::Laplace{1, 2}, {-1, 7})},
            {"clipped pareto", of(law::Pareto{1, 1.2}, {2, 1e6})},
            {"clipped weibull", of(law::Weibull{1, 0.5}, {0, 3})},
            {"clipped exponential", of(law::Exponential{2}, {1, 3})},
            {"clipped empirical", of(law::Empirical{{3, 1, 2, 10, 4}, {}}, {1.5, 3.25})},
            {"clipped hyperexponential", of(law::Hyperexponential{2.0, 5.0, {}, {}}, {1, 4})},
            {"mixture", of(law::Mixture{{1, 3}, {of(law::Normal{0, 1}), of(law::Uniform{2, 3})}})}};
}

std::vector<Named> discrete_laws() {
    return {{"constant", of(law::Constant{4})},
            {"poisson 0.1", of(law::Poisson{0.1})},
            {"poisson 7.3", of(law::Poisson{7.3})},
            {"poisson 1e5", of(law::Poisson{1e5})},
            {"geometric", of(law::Geometric{4})},
            {"zipf", of(law::Zipf{1.3, 2, 60})},
            {"weighted", of(law::Weighted{{3, 1, 2, 1}, {1, 2, 1, 0.5}})},
            {"clipped poisson", of(law::Poisson{7.3}, {10, 12.5})},
            {"clipped geometric", of(law::Geometric{4}, {1.5, 5.5})},
            {"clipped zipf", of(law::Zipf{1.3, 2, 60}, {7, 9})},
            {"clipped weighted", of(law::Weighted{{3, 1, 2}, {1, 2, 1}}, {1.5, 4})},
            {"mixture", of(law::Mixture{{1, 3}, {of(law::Constant{0}), of(law::Poisson{2})}})}};
}

/// Largest distance of the sample's distribution function from `d`'s, times sqrt(n).
double kolmogorov(const Distribution& d, std::uint64_t seed, std::size_t n) {
    std::vector<double> x(n);
    for (std::size_t i = 0; i < n; ++i) x[i] = d.sample(draw(seed, "test.kolmogorov", 3, i));
    std::sort(x.begin(), x.end());
    double worst = 0;
    for (std::size_t i = 0; i < n; ++i) {
        const double f = d.cdf(x[i]);
        worst = std::max({worst, f - static_cast<double>(i) / static_cast<double>(n),
                          static_cast<double>(i + 1) / static_cast<double>(n) - f});
    }
    return worst * std::sqrt(static_cast<double>(n));
}

/// Chi-square of a discrete law's draws against its own probabilities, in standard deviations.
double chi_square_excess(const Distribution& d, std::uint64_t n) {
    std::vector<double> edges;  // classes (edge[i - 1], edge[i]] of about 5 % or one atom
    for (int i = 1; i < 20; ++i) edges.push_back(d.quantile(i / 20.0));
    edges.erase(std::unique(edges.begin(), edges.end()), edges.end());
    std::vector<double> counts(edges.size() + 1);
    for (std::uint64_t i = 0; i < n; ++i) {
        const double x = d.sample(draw(5, "test.chi", 3, i));
        ++counts[static_cast<std::size_t>(std::lower_bound(edges.begin(), edges.end(), x) -
                                          edges.begin())];
    }
    double chi2 = 0;
    double classes = 0;
    for (std::size_t i = 0; i < counts.size(); ++i) {
        const double upper = i < edges.size() ? d.cdf(edges[i]) : 1;
        const double expected =
            (upper - (i > 0 ? d.cdf(edges[i - 1]) : 0)) * static_cast<double>(n);
        if (expected < 1e-9) {
            REQUIRE(counts[i] == 0);
            continue;
        }
        chi2 += (counts[i] - expected) * (counts[i] - expected) / expected;
        classes += 1;
    }
    return classes < 2 ? 0 : (chi2 - (classes - 1)) / std::sqrt(2 * (classes - 1));
}

double relative(double a, double b) { return std::abs(a - b) / std::fmax(std::abs(b), 1e-300); }

/// Both tails of a law against Boost.Math: quantiles from 1e-3 to 1e-12, and the probabilities
/// there. Near a least value above 0, values hold no more than 53 bits of the distance.
template <class Reference>
void check_tails(const Distribution& d, const Reference& reference, double tolerance) {
    for (double p = 1e-3; p > 0.9e-12; p *= 0.1) {
        CAPTURE(p);
        const double low = bm::quantile(reference, p);
        const double high = bm::quantile(bm::complement(reference, p));
        CHECK(relative(d.quantile(p), low) < tolerance);
        CHECK(relative(d.cdf(low), p) < 1e-8 + (d.min() > 0 ? 1e-15 / p : 0));
        CHECK(relative(d.survival(high), p) < 1e-8);
        // u = 1 - p carries 1e-16 / p of relative error in its tail.
        CHECK(relative(d.quantile(1 - p), high) < tolerance + 1e-15 / p);
        CHECK(relative(d.survival(d.quantile(1 - p)), p) < 0.01);
        CHECK(relative(d.cdf(d.quantile(p)), p) < 0.01);
    }
    for (double u = 0.01; u < 0.995; u += 0.01) {
        CAPTURE(u);
        CHECK(std::abs(bm::cdf(reference, d.quantile(u)) - u) < 1e-8);
        CHECK(std::abs(d.cdf(bm::quantile(reference, u)) - u) < 1e-10);
    }
    CHECK(d.mean() == doctest::Approx(bm::mean(reference)).epsilon(1e-12));
    CHECK(d.variance() == doctest::Approx(bm::variance(reference)).epsilon(1e-10));
}

std::string complaint(const std::function<void()>& f) {
    try {
        f();
    } catch (const std::invalid_argument& e) {
        return e.what();
    }
    return "";
}

}  // namespace

TEST_CASE("the distribution function inverts the quantile function, in both tails") {
    for (const Named& one : continuous_laws()) {
        const std::string& name = one.name;
        const Distribution& d = one.distribution;
        CAPTURE(name);
        for (double p = 0.5; p > 1e-13; p *= 0.37) {
            CAPTURE(p);
            // Near an end other than 0 the value itself holds no more than 53 bits.
            const double end = std::isfinite(d.min()) && d.min() != 0 ? 1e-12 : 0;
            const double upper_end = std::isfinite(d.max()) ? 1e-12 : 0;
            CHECK(std::abs(d.cdf(d.quantile(p)) - p) < p * 1e-8 + end);
            CHECK(std::abs(d.survival(d.quantile(1 - p)) - p) < p * 1e-8 + 2e-16 + upper_end);
        }
    }
}

TEST_CASE("a discrete quantile is the least value that reaches the probability") {
    for (const Named& one : discrete_laws()) {
        const std::string& name = one.name;
        const Distribution& d = one.distribution;
        CAPTURE(name);
        for (double p = 0.5; p > 1e-12; p *= 0.61) {
            for (const double u : {p, 1 - p}) {
                CAPTURE(u);
                const double x = d.quantile(u);
                CHECK(d.cdf(x) >= u * (1 - 1e-12));
                CHECK(d.less_than(x).below < u * (1 + 1e-12));
            }
        }
    }
}

TEST_CASE("tails against Boost.Math") {
    SUBCASE("normal") { check_tails(of(law::Normal{3, 2}), bm::normal(3, 2), 1e-12); }
    SUBCASE("lognormal") {
        check_tails(of(law::Lognormal{2, {}, 1.25}), bm::lognormal(std::log(2), 1.25), 1e-11);
    }
    SUBCASE("exponential") { check_tails(of(law::Exponential{2}), bm::exponential(0.5), 1e-13); }
    SUBCASE("hyperexponential") {
        check_tails(of(law::Hyperexponential{{}, {}, {0.25, 0.75}, {4, 0.5}}),
                    bm::hyperexponential({0.25, 0.75}, {0.25, 2.0}), 1e-8);
    }
    for (const double shape : {0.05, 0.7, 1.0, 2.5, 15.9, 16.1, 1000.0, 1e5}) {
        SUBCASE(("gamma " + std::to_string(shape)).c_str()) {
            check_tails(of(law::Gamma{3, shape}), bm::gamma_distribution<>(shape, 3 / shape), 1e-8);
        }
    }
    for (const double shape : {0.4, 1.0, 3.5}) {
        SUBCASE(("weibull " + std::to_string(shape)).c_str()) {
            check_tails(of(law::Weibull{2, shape}), bm::weibull(shape, 2), 1e-12);
        }
    }
    SUBCASE("pareto") { check_tails(of(law::Pareto{1.5, 2.5}), bm::pareto(1.5, 2.5), 1e-12); }
    SUBCASE("laplace") { check_tails(of(law::Laplace{1, 2}), bm::laplace(1, 2), 1e-12); }
}

TEST_CASE("poisson and geometric probabilities against Boost.Math, far into the tails") {
    for (const double mean : {0.1, 7.3, 250.0, 1e5}) {
        const Distribution d = of(law::Poisson{mean});
        const bm::poisson reference(mean);
        CAPTURE(mean);
        for (double z = -7; z < 7.1; z += 0.5) {
            const double k = std::floor(mean + z * std::sqrt(mean));
            if (k < 0) continue;
            CAPTURE(k);
            CHECK(relative(d.cdf(k), bm::cdf(reference, k)) < 1e-9);
            CHECK(relative(d.survival(k), bm::cdf(bm::complement(reference, k))) < 1e-9);
        }
        CHECK(d.mean() == doctest::Approx(mean).epsilon(1e-12));
        CHECK(d.variance() == doctest::Approx(mean).epsilon(1e-9));
    }
    const Distribution d = of(law::Geometric{4});
    for (double k = 1; k < 120; k += 1) {
        CHECK(relative(d.survival(k), std::pow(0.75, k)) < 1e-12);
        CHECK(d.quantile(1 - 0.9 * std::pow(0.75, k - 1)) ==
              (k < 100 ? k : d.quantile(1 - 0.9 * std::pow(0.75, k - 1))));
    }
    CHECK(d.mean() == 4);
    CHECK(d.variance() == doctest::Approx(12));
}

TEST_CASE("people's parameters mean what they say") {
    const Distribution delay = of(law::Lognormal{0.048, 0.9, {}});
    CHECK(delay.quantile(0.5) == 0.048);
    CHECK(delay.quantile(0.99) == doctest::Approx(0.9).epsilon(1e-13));
    const Distribution service = of(law::Gamma{0.9e-3, 2.5});
    CHECK(service.variance() / (service.mean() * service.mean()) == doctest::Approx(1 / 2.5));
    const Distribution bursts = of(law::Hyperexponential{2.0, 5.0, {}, {}});
    CHECK(bursts.mean() == doctest::Approx(2));
    CHECK(bursts.variance() == doctest::Approx(5 * 4));
    const Distribution members = of(law::Zipf{1.3, 2, 60});
    CHECK(members.min() == 2);
    CHECK(members.max() == 60);
    const auto share = [&](double k) { return members.cdf(k) - members.cdf(k - 1); };
    CHECK(share(2) / share(32) == doctest::Approx(std::pow(16, 1.3)));
    const Distribution choice = of(law::Weighted{{3, 1, 2}, {1, 2, 1}});
    CHECK(choice.cdf(1) == doctest::Approx(0.5));
    CHECK(choice.less_than(1).below == 0);
    const Distribution offset = of(law::Laplace{0, 0.35});
    CHECK(offset.survival(0.35) == doctest::Approx(0.5 * std::exp(-1)));
    const Distribution heavy = of(law::Pareto{1, 1});
    CHECK(heavy.mean() == infinity);
    CHECK(of(law::Pareto{1, 2}).variance() == infinity);
    const Distribution measured = of(law::Empirical{{3, 1, 2, 10, 4}, {}});
    CHECK(measured.quantile(0.5) == 3);
    CHECK(measured.quantile(0.875) == 7);  // type 7: half-way from the 4th to the 5th of five
    CHECK(of(law::Empirical{{5, 5, 5}, {}}).is_constant());
}

TEST_CASE("samples have their law's distribution") {
    for (const Named& one : continuous_laws()) {
        const std::string& name = one.name;
        const Distribution& d = one.distribution;
        CAPTURE(name);
        CHECK(kolmogorov(d, 11, 20'000) < 1.95);  // exceeded with probability 0.001
    }
    for (const Named& one : discrete_laws()) {
        const std::string& name = one.name;
        const Distribution& d = one.distribution;
        CAPTURE(name);
        CHECK(std::abs(chi_square_excess(d, 50'000)) < 4);
    }
}

TEST_CASE("moments are those of the quantile function and of the samples") {
    auto laws = continuous_laws();
    for (Named& one : discrete_laws()) laws.push_back(std::move(one));
    for (const Named& one : laws) {
        const std::string& name = one.name;
        const Distribution& d = one.distribution;
        CAPTURE(name);
        if (name == "clipped pareto") continue;  // its fourth moment is too large for a sample
        constexpr int n = 40'000;
        const double mean = d.mean();
        const double variance = d.variance();
        double sum = 0;
        double square = 0;
        double fourth = 0;
        for (int i = 0; i < n; ++i) {
            const double away =
                d.sample(draw(21, "test.moments", 1, static_cast<std::uint64_t>(i))) - mean;
            sum += away;
            square += away * away;
            fourth += away * away * away * away;
        }
        const double error_of_mean = std::sqrt(variance / n);
        const double error_of_variance =
            std::sqrt(fourth / n - std::pow(square / n, 2)) / std::sqrt(n);
        CHECK(std::abs(sum / n) <= 4 * error_of_mean + 1e-12);
        CHECK(std::abs(square / n - variance) <= 5 * error_of_variance + 1e-12);
    }
}

TEST_CASE("moments of cut laws agree with their closed forms") {
    const Distribution normal = of(law::Normal{0, 1}, {-1, 2});
    const bm::normal unit;
    const double mass = bm::cdf(unit, 2) - bm::cdf(unit, -1);
    const double mean = (bm::pdf(unit, -1) - bm::pdf(unit, 2)) / mass;
    CHECK(normal.mean() == doctest::Approx(mean).epsilon(1e-10));
    CHECK(normal.variance() ==
          doctest::Approx(1 + (-1 * bm::pdf(unit, -1) - 2 * bm::pdf(unit, 2)) / mass - mean * mean)
              .epsilon(1e-10));
    const Distribution exponential = of(law::Exponential{2}, {1, 3});  // 1 + one of mean 2 cut at 2
    CHECK(exponential.mean() == doctest::Approx(3 - 2 / std::expm1(1.0)).epsilon(1e-10));
    CHECK(exponential.variance() ==
          doctest::Approx(4 - 4 * std::exp(-1.0) / std::pow(-std::expm1(-1.0), 2)).epsilon(1e-10));
    const Distribution pareto = of(law::Pareto{1, 0.5}, {1, 1e12});
    CHECK(pareto.mean() == doctest::Approx(1e6).epsilon(1e-9));  // sqrt(high) for shape 1/2
    const Distribution geometric =
        of(law::Geometric{4}, {2, 5.5});  // 2 .. 5, weights 1, 3/4, 9/16, 27/64
    CHECK(geometric.mean() == doctest::Approx((2 * 64 + 3 * 48 + 4 * 36 + 5 * 27) / 175.0));
    const Distribution wide = of(law::Geometric{1e6}, {1, 4e5});
    const Distribution like_wide = of(law::Exponential{1e6}, {0, 4e5});
    CHECK(wide.mean() == doctest::Approx(like_wide.mean() + 0.5).epsilon(1e-6));
    CHECK(wide.variance() == doctest::Approx(like_wide.variance()).epsilon(1e-5));
}

TEST_CASE("a clip cuts: the rest keeps its proportions and nothing gathers at the ends") {
    struct Cut {
        std::string name;
        law::Any law;
        law::Clip clip;
    };
    const std::vector<Cut> cuts{
        {"normal", law::Normal{1, 9}, {-6, 6}},
        {"lognormal", law::Lognormal{1, {}, 1.0}, {0.5, 2}},
        {"gamma", law::Gamma{1, 2.5}, {0.2, 1.5}},
        {"laplace", law::Laplace{0, 1}, {-0.5, 3}},
        {"exponential", law::Exponential{1}, {0.5, infinity}},
        {"pareto", law::Pareto{1, 1.1}, {0, 30}},
        {"weibull", law::Weibull{1, 0.7}, {0.3, 3}},
        {"uniform", law::Uniform{0, 1}, {0.25, 2}},
        {"hyperexponential", law::Hyperexponential{1.0, 9.0, {}, {}}, {0.2, 4}},
        {"empirical", law::Empirical{{1, 2, 3, 5, 8, 13}, {}}, {1.5, 9}},
        {"poisson", law::Poisson{5}, {3, 8}},
        {"geometric", law::Geometric{5}, {3, 8.5}},
        {"zipf", law::Zipf{1, 1, 100}, {2, 50}},
        {"mixture",
         law::Mixture{{1, 2}, {of(law::Poisson{5}), of(law::Exponential{3}, {1, 20})}},
         {2, 10}},
    };
    for (const Cut& c : cuts) {
        CAPTURE(c.name);
        const Distribution whole(c.law);
        const Distribution cut(c.law, c.clip);
        const double low = whole.less_than(c.clip.low).below;
        const double mass = whole.cdf(c.clip.high) - low;
        CHECK(cut.min() >= c.clip.low);
        CHECK(cut.max() <= c.clip.high);
        for (int i = 1; i < 200; ++i) {
            const double x = cut.quantile(i / 200.0);
            REQUIRE(x >= c.clip.low);
            REQUIRE(x <= c.clip.high);
            CHECK(cut.cdf(x) == doctest::Approx((whole.cdf(x) - low) / mass).epsilon(1e-10));
        }
        CHECK(std::abs(cut.less_than(cut.max()).below +
                       (whole.cdf(cut.max()) - whole.less_than(cut.max()).below) / mass - 1) <
              1e-12);
        int at_ends = 0;
        for (std::uint64_t i = 0; i < 2'000; ++i) {
            const double x = cut.sample(draw(3, "test.clip", 0, i));
            REQUIRE(x >= c.clip.low);
            REQUIRE(x <= c.clip.high);
            at_ends += x == c.clip.low || x == c.clip.high ? 1 : 0;
        }
        const bool whole_numbers =
            c.name == "poisson" || c.name == "geometric" || c.name == "zipf" || c.name == "mixture";
        if (!whole_numbers) CHECK(at_ends == 0);
    }
}

TEST_CASE("a clip far in a tail keeps its accuracy") {
    const Distribution far = of(law::Normal{0, 1}, {8, 9});
    const bm::normal unit;
    const double p8 = bm::cdf(bm::complement(unit, 8.0));
    const double p9 = bm::cdf(bm::complement(unit, 9.0));
    for (const double x : {8.01, 8.1, 8.5, 8.9}) {
        const double above = (bm::cdf(bm::complement(unit, x)) - p9) / (p8 - p9);
        CHECK(relative(far.survival(x), above) < 1e-10);
        CHECK(far.quantile(1 - above) == doctest::Approx(x).epsilon(1e-10));
    }
    const Distribution late = of(law::Exponential{1}, {600, 601});
    CHECK(late.quantile(0.5) ==
          doctest::Approx(600 - std::log(0.5 + 0.5 * std::exp(-1.0))).epsilon(1e-12));
}

TEST_CASE("a sample is the quantile of its block's uniform: ranks survive a changed parameter") {
    for (const Named& one : continuous_laws()) {
        const std::string& name = one.name;
        const Distribution& d = one.distribution;
        if (name == "mixture" || name == "hyperexponential" || name == "clipped hyperexponential")
            continue;
        CAPTURE(name);
        for (std::uint64_t i = 0; i < 200; ++i) {
            const Block b = draw(1, "test.rank", 0, i);
            REQUIRE(d.sample(b) == d.quantile(uniform_of(b)));
        }
    }
}

TEST_CASE("a mixture of mixtures chooses independently at each level") {
    const Distribution inner =
        of(law::Mixture{{1, 1}, {of(law::Uniform{0, 1}), of(law::Uniform{1, 2})}});
    const Distribution outer = of(law::Mixture{
        {1, 1},
        {inner, of(law::Mixture{{1, 3}, {of(law::Uniform{2, 3}), of(law::Uniform{3, 4})}})}});
    std::vector<double> counts(4);
    constexpr int n = 40'000;
    for (std::uint64_t i = 0; i < n; ++i) {
        ++counts[static_cast<std::size_t>(outer.sample(draw(1, "test.nested", 0, i)))];
    }
    const std::vector<double> shares{0.25, 0.25, 0.125, 0.375};
    for (std::size_t i = 0; i < 4; ++i) {
        CHECK(std::abs(counts[i] - n * shares[i]) < 4 * std::sqrt(n * shares[i] * (1 - shares[i])));
        CHECK(outer.cdf(static_cast<double>(i + 1)) - outer.cdf(static_cast<double>(i)) ==
              doctest::Approx(shares[i]));
    }
}

TEST_CASE("every compiler and optimisation draws these variates") {
    std::uint64_t digest = 0;
    auto laws = continuous_laws();
    for (Named& one : discrete_laws()) laws.push_back(std::move(one));
    for (const Named& one : laws) {
        const Distribution& d = one.distribution;
        for (std::uint64_t i = 0; i < 500; ++i) {
            const double x = d.sample(draw(1, "test.bits", 0, i));
            digest = identity_of(digest, std::bit_cast<std::uint64_t>(x));
        }
    }
    CHECK(digest == 14938819049006412807ull);
}

TEST_CASE("durations are rounded to the nearest nanosecond and never negative") {
    const Block b = draw(1, "test.duration", 0, 0);
    CHECK(sample_duration(Distribution::constant(1.5e-9), b) == Duration{2});
    CHECK(sample_duration(Distribution::constant(1.4e-9), b) == Duration{1});
    CHECK(sample_duration(Distribution::constant(0.02), b) == Duration{20'000'000});
    CHECK(sample_duration(Distribution::constant(-3), b) == Duration{});
    CHECK(sample_duration(Distribution::constant(1e30), b) == horizon);
    CHECK(sample_duration(Distribution(), b) == Duration{});
}

TEST_CASE("wrong parameters are refused by name and value") {
    CHECK(complaint([] { of(law::Normal{0, -1}); }) == "normal: 'sd' must be at least 0, got -1");
    CHECK(complaint([] { of(law::Exponential{0}); }) ==
          "exponential: 'mean' must be above 0, got 0");
    CHECK(complaint([] {
              of(law::Uniform{3, 2});
          }) == "uniform: 'max' must be at least 'min' = 3, got 2");
    CHECK(complaint([] { of(law::Constant{infinity}); }) ==
          "constant: 'value' must be finite, got inf");
    CHECK(complaint([] {
              of(law::Lognormal{1, 0.5, {}});
          }) == "lognormal: 'p99' must be at least 'median' = 1, got 0.5");
    CHECK(complaint([] {
              of(law::Lognormal{1, {}, {}});
          }) == "lognormal: either 'p99' or 'sigma' must be given, got neither");
    CHECK(complaint([] {
              of(law::Lognormal{1, 2.0, 2.0});
          }) == "lognormal: either 'p99' or 'sigma' must be given, got both");
    CHECK(complaint([] {
              of(law::Hyperexponential{2.0, 0.5, {}, {}});
          }) == "hyperexponential: 'scv' must be at least 1, got 0.5");
    CHECK_FALSE(complaint([] { of(law::Hyperexponential{2.0, 2.0, {1}, {1}}); }).empty());
    CHECK(complaint([] {
              of(law::Gamma{1, 0.001});
          }) == "gamma: 'shape' must be at least 0.01, got 0.001");
    CHECK(complaint([] { of(law::Zipf{1, 2.5, 60}); }) == "zipf: 'min' must be whole, got 2.5");
    CHECK(complaint([] {
              of(law::Zipf{1, 1, 2e6});
          }) == "zipf: 'max' must be less than 'min' + 1e6, got 2e+06");
    CHECK(complaint([] {
              of(law::Weighted{{1, 2}, {0, 0}});
          }) == "weighted: 'weights' must be of a positive sum, got 0");
    CHECK(complaint([] {
              of(law::Weighted{{1, 2}, {1, -1}});
          }) == "weighted: 'weights' must be at least 0, got -1");
    CHECK_FALSE(complaint([] { of(law::Weighted{{1, 2}, {1}}); }).empty());
    CHECK_FALSE(complaint([] { of(law::Mixture{{}, {}}); }).empty());
    CHECK(complaint([] { of(law::Empirical{{}, {}}); }) == "empirical: 'values' must not be empty");
    CHECK(complaint([] {
              of(law::Empirical{{1, 2, 3}, {0, 0.7, 0.6}});
          }) == "empirical: 'probabilities' must be ascending, got 0.6");
    CHECK(complaint([] {
              of(law::Exponential{1}, {-3, -2});
          }) == "clip: [-3, -2] leaves nothing of the distribution");
    CHECK(complaint([] {
              of(law::Constant{1}, {2, 3});
          }) == "clip: [2, 3] leaves nothing of the distribution");
    CHECK(complaint([] {
              of(law::Poisson{5}, {2.2, 2.8});
          }) == "clip: [2.2, 2.8] leaves nothing of the distribution");
    CHECK(complaint([] {
              of(law::Normal{0, 1}, {2, 1});
          }) == "clip: [2, 1] leaves nothing of the distribution");
}
