#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace driftstorm {

/// A logistic regression: the odds of an event over what it depends on.
struct LogisticFit {
    std::vector<double> coefficients;  ///< constant, then one a covariate
    std::vector<double> covariance;    ///< of the coefficients, row by row
    bool converged = false;

    double probability(std::span<const double> x) const;
};

/// Fits the probability of an event, with Firth's correction: its estimates stay finite where a
/// boundary separates the events from the others completely, as it does in a deterministic system.
///
/// @param x       covariates, row by row; shape (n, k)
/// @param events  runs with the event at each row; shape (n)
/// @param trials  runs at each row; shape (n)
/// Source: Firth, Biometrika 80 (1993), 27-38; Heinze and Schemper, Stat. Med. 21 (2002).
LogisticFit fit_logistic(std::span<const double> x, std::span<const double> events,
                         std::span<const double> trials, std::size_t k);

/// Where the event is as likely as not, along one covariate.
struct BoundaryPoint {
    double at = 0;
    double low = 0, high = 0;  ///< interval; infinite where the data does not bound it
};

/// @param covariate   along which it is looked for
/// @param x           values of the covariates; that of `covariate` does not matter; shape (k)
/// @param confidence  of the interval
/// Source of the interval: Fieller (1954), for the ratio of two normal estimates.
BoundaryPoint boundary_along(const LogisticFit& fit, std::size_t covariate,
                             std::span<const double> x, double confidence = 0.95);

}  // namespace driftstorm
