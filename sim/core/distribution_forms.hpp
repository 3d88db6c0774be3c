#pragma once

#include "sim/core/distribution.hpp"

#include <algorithm>
#include <cstddef>
#include <vector>

namespace driftstorm {

/// What lies between two points, without cancellation in either tail.
inline double between(Split from, Split to) {
    return from.below < 0.5 ? to.below - from.below : from.above - to.above;
}

struct Distribution::Steps {
    std::vector<double> values;    ///< ascending
    std::vector<double> shares;    ///< of each value; sum to 1
    std::vector<Split> cumulated;  ///< P(X <= value), P(X > value)

    double inverse(Split u) const {
        const auto reached = [&](const Split& here) {
            return u.below <= 0.5 ? here.below >= u.below : here.above <= u.above;
        };
        const auto at = std::partition_point(cumulated.begin(), cumulated.end() - 1,
                                             [&](const Split& here) { return !reached(here); });
        return values[static_cast<std::size_t>(at - cumulated.begin())];
    }

    /// Of the first n values together.
    Split of_first(std::size_t n) const { return n == 0 ? Split{0, 1} : cumulated[n - 1]; }
    Split at_most(double x) const {
        return of_first(place(std::upper_bound(values.begin(), values.end(), x)));
    }
    Split less_than(double x) const {
        return of_first(place(std::lower_bound(values.begin(), values.end(), x)));
    }

  private:
    std::size_t place(std::vector<double>::const_iterator at) const {
        return static_cast<std::size_t>(at - values.begin());
    }
};

struct Distribution::Curve {
    std::vector<double> values;         ///< ascending, at least two
    std::vector<double> probabilities;  ///< strictly ascending from 0 to 1

    double inverse(double u) const {
        const auto after = std::upper_bound(probabilities.begin() + 1, probabilities.end() - 1, u);
        const auto i = static_cast<std::size_t>(after - probabilities.begin());
        const double share = (u - probabilities[i - 1]) / (probabilities[i] - probabilities[i - 1]);
        return values[i - 1] + share * (values[i] - values[i - 1]);
    }

    Split at_most(double x) const {
        return before(std::upper_bound(values.begin(), values.end(), x), x);
    }
    Split less_than(double x) const {
        return before(std::lower_bound(values.begin(), values.end(), x), x);
    }

  private:
    /// x on the piece that ends at `end`.
    Split before(std::vector<double>::const_iterator end, double x) const {
        if (end == values.begin()) return {0, 1};
        if (end == values.end()) return {1, 0};
        const auto i = static_cast<std::size_t>(end - values.begin());
        const double share = (x - values[i - 1]) / (values[i] - values[i - 1]);
        const double below =
            probabilities[i - 1] + share * (probabilities[i] - probabilities[i - 1]);
        return {below, 1 - below};
    }
};

struct Distribution::Parts {
    std::vector<Distribution> parts;
    std::vector<double> shares;     ///< sum to 1
    std::vector<double> cumulated;  ///< shares of the parts before and this one
};

}  // namespace driftstorm
