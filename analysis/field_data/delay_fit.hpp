#pragma once

#include "analysis/field_data/clock_fit.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace driftstorm::field_data {

/// Laws of the time a packet spends in queues, in the scenario language's words.
enum class DelayLaw : std::uint8_t { exponential, gamma, weibull, lognormal };
std::string_view name_of(DelayLaw law);

struct LawFit {
    DelayLaw law{};
    double akaike = 0;  ///< -2 ln L + 2 parameters; the least is best
    double least = 0;   ///< round trip without queues [s]
    double mean = 0;    ///< time in queues one way [s]
    double shape = 1;   ///< gamma, weibull: shape; lognormal: sigma
};

struct DelayFit {
    std::vector<LawFit> laws;  ///< by akaike, the chosen one first
    Fitted least;              ///< round trip without queues [s]
    Fitted mean;               ///< time in queues one way [s]
    Fitted shape;
    double independent = 0;  ///< exchanges, as many as intervals count
};

/// Fits round trips as a constant plus two independent times of one law, one for each way (no law
/// of the two ways apart can be had from round trips). Laws by maximum likelihood; a law with more
/// parameters than the exponential must be better by Akaike's criterion (H. Akaike, IEEE Trans.
/// Automatic Control 19 (1974)). Intervals by parametric bootstrap on pivots of location and scale
/// (B. Efron, R. Tibshirani, An Introduction to the Bootstrap (1993)), with as many draws as there
/// are independent exchanges: n (1 - r) / (1 + r), r the autocorrelation of neighbours' ranks.
/// @param round_trips  in order of time [s]; of more than 4,000 every n-th
/// @param resolution  they were logged in [s]
/// @throws std::invalid_argument for fewer than 30
DelayFit fit_round_trips(std::span<const double> round_trips, double resolution);

/// A law of the errors of offsets, symmetric about 0.
struct JitterFit {
    Fitted sd;           ///< [s]
    std::string law;     ///< normal or laplace, by Akaike's criterion
    Fitted queue_slope;  ///< error by excess delay: 0 both ways alike, 0.5 all on the way there
};

/// The errors of offsets, from a clock's residuals: standard deviation with the interval of a
/// moving-block bootstrap (H. R. Künsch, Annals of Statistics 17 (1989)).
/// @param excess  delay beyond the least, of each residual [s]; empty: not known
JitterFit fit_jitter(std::span<const Residual> residuals, std::span<const double> excess);

/// Loss one way from requests and replies, both ways alike: C. J. Clopper, E. S. Pearson,
/// Biometrika 26 (1934).
Fitted fit_loss(std::uint64_t requests, std::uint64_t replies);

}  // namespace driftstorm::field_data
