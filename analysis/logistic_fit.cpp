#include "analysis/logistic_fit.hpp"

#include "sim/core/exact_math.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>

namespace driftstorm {

namespace {

double logistic(double z) {
    return z >= 0 ? 1 / (1 + exact::exp(-z)) : exact::exp(z) / (1 + exact::exp(z));
}

/// Inverse of a positive matrix of few rows, by elimination with pivots on the diagonal. A
/// direction that the data says nothing about is left without change.
std::vector<double> inverse(std::vector<double> a, std::size_t n) {
    std::vector<double> b(n * n, 0.0);
    for (std::size_t i = 0; i < n; ++i) b[i * n + i] = 1;
    for (std::size_t column = 0; column < n; ++column) {
        const double pivot = a[column * n + column];
        const bool nothing = !(pivot > 1e-12);
        for (std::size_t j = 0; j < n; ++j) {
            a[column * n + j] = nothing ? 0 : a[column * n + j] / pivot;
            b[column * n + j] = nothing ? 0 : b[column * n + j] / pivot;
        }
        for (std::size_t row = 0; row < n; ++row) {
            if (row == column || nothing) continue;
            const double factor = a[row * n + column];
            for (std::size_t j = 0; j < n; ++j) {
                a[row * n + j] -= factor * a[column * n + j];
                b[row * n + j] -= factor * b[column * n + j];
            }
        }
    }
    return b;
}

}  // namespace

double LogisticFit::probability(std::span<const double> x) const {
    double z = coefficients.front();
    for (std::size_t i = 0; i < x.size(); ++i) z += coefficients[i + 1] * x[i];
    return logistic(z);
}

LogisticFit fit_logistic(std::span<const double> x, std::span<const double> events,
                         std::span<const double> trials, std::size_t k) {
    const std::size_t n = events.size();
    if (n == 0 || trials.size() != n || x.size() != n * k)
        throw std::invalid_argument("x, events and trials must have one row a point, got " +
                                    std::to_string(x.size()) + ", " + std::to_string(n) + ", " +
                                    std::to_string(trials.size()));
    const std::size_t width = k + 1;
    // Covariates are scaled to a standard deviation of one, or steps would be of odd sizes.
    std::vector<double> centre(width, 0.0);
    std::vector<double> scale(width, 1.0);
    std::vector<double> design(n * width, 1.0);
    for (std::size_t j = 1; j < width; ++j) {
        for (std::size_t i = 0; i < n; ++i) centre[j] += x[i * k + j - 1] / static_cast<double>(n);
        double squares = 0;
        for (std::size_t i = 0; i < n; ++i)
            squares += (x[i * k + j - 1] - centre[j]) * (x[i * k + j - 1] - centre[j]);
        if (squares > 0) scale[j] = std::sqrt(squares / static_cast<double>(n));
        for (std::size_t i = 0; i < n; ++i)
            design[i * width + j] = (x[i * k + j - 1] - centre[j]) / scale[j];
    }
    std::vector<double> beta(width, 0.0);
    std::vector<double> covariance;
    LogisticFit fit;
    for (int step = 0; step < 200 && !fit.converged; ++step) {
        std::vector<double> p(n);
        std::vector<double> information(width * width, 0.0);
        for (std::size_t i = 0; i < n; ++i) {
            const double* row = &design[i * width];
            double z = 0;
            for (std::size_t j = 0; j < width; ++j) z += row[j] * beta[j];
            p[i] = logistic(z);
            const double weight = trials[i] * p[i] * (1 - p[i]);
            for (std::size_t j = 0; j < width; ++j)
                for (std::size_t l = 0; l < width; ++l)
                    information[j * width + l] += weight * row[j] * row[l];
        }
        covariance = inverse(std::move(information), width);
        std::vector<double> score(width, 0.0);
        for (std::size_t i = 0; i < n; ++i) {
            const double* row = &design[i * width];
            double leverage = 0;
            for (std::size_t j = 0; j < width; ++j)
                for (std::size_t l = 0; l < width; ++l)
                    leverage += row[j] * covariance[j * width + l] * row[l];
            leverage *= trials[i] * p[i] * (1 - p[i]);
            const double residual = events[i] - trials[i] * p[i] + leverage * (0.5 - p[i]);
            for (std::size_t j = 0; j < width; ++j) score[j] += row[j] * residual;
        }
        std::vector<double> move(width, 0.0);
        double longest = 0;
        for (std::size_t j = 0; j < width; ++j) {
            for (std::size_t l = 0; l < width; ++l) move[j] += covariance[j * width + l] * score[l];
            longest = std::max(longest, std::abs(move[j]));
        }
        for (std::size_t j = 0; j < width; ++j)
            beta[j] += longest > 2 ? move[j] * 2 / longest : move[j];
        fit.converged = longest < 1e-9;
    }
    // Back to the covariates' own units: b_j = beta_j / scale_j, b_0 = beta_0 - sum b_j centre_j.
    std::vector<double> back(width * width, 0.0);
    back[0] = 1;
    for (std::size_t j = 1; j < width; ++j) {
        back[j * width + j] = 1 / scale[j];
        back[j] = -centre[j] / scale[j];
    }
    fit.coefficients.assign(width, 0.0);
    fit.covariance.assign(width * width, 0.0);
    for (std::size_t i = 0; i < width; ++i)
        for (std::size_t j = 0; j < width; ++j) {
            fit.coefficients[i] += back[i * width + j] * beta[j];
            for (std::size_t l = 0; l < width; ++l)
                for (std::size_t m = 0; m < width; ++m)
                    fit.covariance[i * width + j] +=
                        back[i * width + l] * covariance[l * width + m] * back[j * width + m];
        }
    return fit;
}

BoundaryPoint boundary_along(const LogisticFit& fit, std::size_t covariate,
                             std::span<const double> x, double confidence) {
    const std::size_t size = fit.coefficients.size();
    const auto covariance = [&](std::size_t i, std::size_t j) {
        return fit.covariance[i * size + j];
    };
    // z(at) = a + b at, a the sum of all other terms.
    std::vector<double> others(size, 0.0);
    others[0] = 1;
    for (std::size_t i = 0; i + 1 < size; ++i)
        if (i != covariate) others[i + 1] = x[i];
    double a = 0;
    double variance_a = 0;
    double mixed = 0;
    for (std::size_t i = 0; i < size; ++i) {
        a += others[i] * fit.coefficients[i];
        mixed += others[i] * covariance(i, covariate + 1);
        for (std::size_t j = 0; j < size; ++j)
            variance_a += others[i] * others[j] * covariance(i, j);
    }
    const double b = fit.coefficients[covariate + 1];
    const double variance_b = covariance(covariate + 1, covariate + 1);
    const double infinity = std::numeric_limits<double>::infinity();
    BoundaryPoint point{-a / b, -infinity, infinity};
    // All `at` with (a + b at)^2 <= z^2 var(a + b at): a quadratic; bounded when b is not near
    // zero.
    const double z = exact::inverse_normal(0.5 + confidence / 2);
    const double square = b * b - z * z * variance_b;
    if (square <= 0) return point;
    const double half = a * b - z * z * mixed;
    const double constant = a * a - z * z * variance_a;
    const double root = std::sqrt(std::max(0.0, half * half - square * constant));
    point.low = (-half - root) / square;
    point.high = (-half + root) / square;
    return point;
}

}  // namespace driftstorm
