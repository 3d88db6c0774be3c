#include "sim/core/exact_math.hpp"

#include <array>
#include <cmath>
#include <cstddef>
#include <limits>

namespace driftstorm::exact {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

using Coefficients = std::array<double, 8>;

constexpr Coefficients a{3.3871328727963666080e0,  1.3314166789178437745e+2,
                         1.9715909503065514427e+3, 1.3731693765509461125e+4,
                         4.5921953931549871457e+4, 6.7265770927008700853e+4,
                         3.3430575583588128105e+4, 2.5090809287301226727e+3};
constexpr Coefficients b{1.0,
                         4.2313330701600911252e+1,
                         6.8718700749205790830e+2,
                         5.3941960214247511077e+3,
                         2.1213794301586595867e+4,
                         3.9307895800092710610e+4,
                         2.8729085735721942674e+4,
                         5.2264952788528545610e+3};
constexpr Coefficients c{1.42343711074968357734e0,  4.63033784615654529590e0,
                         5.76949722146069140550e0,  3.64784832476320460504e0,
                         1.27045825245236838258e0,  2.41780725177450611770e-1,
                         2.27238449892691845833e-2, 7.74545014278341407640e-4};
constexpr Coefficients d{1.0,
                         2.05319162663775882187e0,
                         1.67638483018380384940e0,
                         6.89767334985100004550e-1,
                         1.48103976427480074590e-1,
                         1.51986665636164571966e-2,
                         5.47593808499534494600e-4,
                         1.05075007164441684324e-9};
constexpr Coefficients e{6.65790464350110377720e0,  5.46378491116411436990e0,
                         1.78482653991729133580e0,  2.96560571828504891230e-1,
                         2.65321895265761230930e-2, 1.24266094738807843860e-3,
                         2.71155556874348757815e-5, 2.01033439929228813265e-7};
constexpr Coefficients f{1.0,
                         5.99832206555887937690e-1,
                         1.36929880922735805310e-1,
                         1.48753612908506148525e-2,
                         7.86869131145613259100e-4,
                         1.84631831751005468180e-5,
                         1.42151175831644588870e-7,
                         2.04426310338993978564e-15};

constexpr double central = 0.425;  // |u - 1/2| below which a and b serve

double polynomial(const Coefficients& of, double x) {
    double sum = of[7];
    for (std::size_t i = 7; i > 0; --i) sum = sum * x + of[i - 1];
    return sum;
}

}  // namespace

double inverse_normal(double u) {
    const double q = u - 0.5;
    if (std::abs(q) <= central) {
        const double r = 0.180625 - q * q;
        return q * polynomial(a, r) / polynomial(b, r);
    }
    if (!(u > 0 && u < 1)) return u == 0 ? -infinity : (u == 1 ? infinity : not_a_number);
    const double r = std::sqrt(-exact::log(q < 0 ? u : 1.0 - u));
    const double size = r <= 5 ? polynomial(c, r - 1.6) / polynomial(d, r - 1.6)
                               : polynomial(e, r - 5) / polynomial(f, r - 5);
    return q < 0 ? -size : size;
}

std::array<double, 2> inverse_normal(const std::array<double, 2>& u) {
    // Side by side the processor works on both at once, each rounded as if it were alone.
    using Pair = double __attribute__((vector_size(16)));
    const Pair q = Pair{u[0], u[1]} - Pair{0.5, 0.5};
    if (!(std::abs(q[0]) <= central && std::abs(q[1]) <= central))
        return {inverse_normal(u[0]), inverse_normal(u[1])};
    const Pair r = Pair{0.180625, 0.180625} - q * q;
    Pair above{a[7], a[7]};
    Pair below{b[7], b[7]};
    for (std::size_t i = 7; i > 0; --i) {
        above = above * r + Pair{a[i - 1], a[i - 1]};
        below = below * r + Pair{b[i - 1], b[i - 1]};
    }
    const Pair z = q * above / below;
    return {z[0], z[1]};
}

}  // namespace driftstorm::exact
