#include "analysis/stability/noise.hpp"

#include "analysis/stability/total_deviations.hpp"

#include <boost/math/distributions/chi_squared.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <stdexcept>
#include <vector>

namespace driftstorm::stability {

std::string_view name_of_noise(Alpha alpha) {
    constexpr std::array<std::string_view, 7> names{
        "random-run FM", "flicker-walk FM", "random-walk FM", "flicker FM",
        "white FM",      "flicker PM",      "white PM"};
    return alpha < -4 || alpha > 2 ? "unknown" : names[static_cast<std::size_t>(alpha) + 4];
}

namespace {

/// Removes the least-squares parabola, on orthogonal polynomials of the centred index.
void remove_parabola(std::vector<double>& x) {
    const auto n = static_cast<double>(x.size());
    const double centre = (n - 1) / 2;
    const double spread = (n * n - 1) / 12;  // mean square of the centred index
    Sum constant;
    Sum linear;
    Sum square;
    double square_norm = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
        const double u = static_cast<double>(i) - centre;
        constant.add(x[i]);
        linear.add(u * x[i]);
        square.add((u * u - spread) * x[i]);
        square_norm += (u * u - spread) * (u * u - spread);
    }
    const double a = constant.value() / n;
    const double b = linear.value() / (n * spread);
    const double c = square.value() / square_norm;
    for (std::size_t i = 0; i < x.size(); ++i) {
        const double u = static_cast<double>(i) - centre;
        x[i] -= a + b * u + c * (u * u - spread);
    }
}

/// Lag-1 autocorrelation.
double autocorrelation(const std::vector<double>& x) {
    Sum sum;
    for (const double value : x) sum.add(value);
    const double mean = sum.value() / static_cast<double>(x.size());
    Sum neighbours;
    Sum squares;
    for (std::size_t i = 0; i < x.size(); ++i) {
        const double here = x[i] - mean;
        squares.add(here * here);
        if (i + 1 < x.size()) neighbours.add(here * (x[i + 1] - mean));
    }
    return squares.value() == 0 ? 0 : neighbours.value() / squares.value();
}

}  // namespace

std::optional<Alpha> identify_noise(std::span<const double> phase, std::uint64_t m,
                                    int most_differences) {
    constexpr std::size_t fewest = 30;
    std::vector<double> x;
    for (std::size_t i = 0; i < phase.size(); i += static_cast<std::size_t>(m))
        x.push_back(phase[i]);
    if (x.size() < fewest) return std::nullopt;
    remove_parabola(x);
    for (int differences = 0;; ++differences) {
        const double r = autocorrelation(x);
        const double rho = r / (1 + r);
        if (rho < 0.25 || differences >= most_differences) {
            const Alpha alpha = static_cast<Alpha>(-std::round(2 * rho)) - 2 * differences + 2;
            return std::max(alpha, 2 - 2 * most_differences);  // steeper would not converge
        }
        for (std::size_t i = 0; i + 1 < x.size(); ++i) x[i] = x[i + 1] - x[i];
        x.pop_back();
    }
}

double variance_bias(Statistic statistic, Alpha alpha, std::uint64_t m, std::size_t points) {
    switch (statistic) {
        case Statistic::totdev: {
            const double a = alpha == -1 ? 0.481 : alpha == -2 ? 0.750 : 0.0;
            return 1 - a * static_cast<double>(m) / static_cast<double>(points - 1);
        }
        case Statistic::mtotdev: {
            constexpr std::array<double, 5> of{0.69, 0.70, 0.73, 0.83, 0.94};  // alpha -2 ... 2
            return alpha < -2 || alpha > 2 ? 1 : of[static_cast<std::size_t>(alpha) + 2];
        }
        case Statistic::theo1: {
            struct Law {
                double a, b, c;
            };
            constexpr std::array<Law, 5> of{{{2.70, -1.53, 0.85},
                                             {1.87, -1.05, 0.79},
                                             {1.00, 0.00, 1.00},
                                             {0.14, 0.82, 0.30},
                                             {0.09, 0.74, 0.40}}};
            if (alpha < -2 || alpha > 2) return 1;
            const Law& law = of[static_cast<std::size_t>(alpha) + 2];
            const double ratio =
                law.a + law.b / std::pow(0.75 * static_cast<double>(m), law.c);  // Avar / Theo1
            return 1 / ratio;
        }
        default:
            return 1;
    }
}

Bounds confidence_bounds(double deviation, double degrees_of_freedom, double level) {
    if (!(level > 0 && level < 1) || !(degrees_of_freedom > 0))
        throw std::invalid_argument(
            "stability: a confidence level lies in (0, 1), degrees of "
            "freedom are > 0");
    const boost::math::chi_squared_distribution<double> chi_squared(degrees_of_freedom);
    const double tail = (1 - level) / 2;
    const double sum = deviation * deviation * degrees_of_freedom;
    return {std::sqrt(sum / boost::math::quantile(boost::math::complement(chi_squared, tail))),
            std::sqrt(sum / boost::math::quantile(chi_squared, tail))};
}

}  // namespace driftstorm::stability
