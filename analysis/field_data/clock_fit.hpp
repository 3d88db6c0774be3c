#pragma once

#include "analysis/field_data/unsteered_clock.hpp"

#include <cstddef>
#include <vector>

namespace driftstorm::field_data {

/// A fitted value and its interval of 95 %.
struct Fitted {
    double value = 0;
    double low = 0;
    double high = 0;
};

/// An exchange as the fit sees it.
struct Residual {
    double at = 0;        ///< since the first [s]
    double phase = 0;     ///< measured less what all other exchanges say [s]
    double variance = 0;  ///< of what they say [s^2]
};

struct ClockFit {
    Fitted offset;             ///< clock minus server's clock at the first exchange [s]
    Fitted frequency;          ///< frequency error then, without white FM [s/s]
    Fitted white_fm;           ///< h0 of S_y(f) = h0 + h_1 / f + h_2 / f^2, one-sided [1/Hz]
    Fitted flicker_fm;         ///< h_1
    Fitted random_walk_fm;     ///< h_2 [Hz]
    bool has_flicker = false;  ///< flicker FM was wanted (Akaike's criterion); else it is 0
    double stamp_noise = 0;    ///< of an exchange without queueing, one standard deviation [s]
    double queue_share = 0;    ///< variance of the offset by the square of the excess delay
    std::size_t outliers = 0;  ///< exchanges left out: beyond six standard deviations
    double minus_2_log_likelihood = 0;
    std::vector<Residual> residuals;

    double allan_variance(double tau) const;
};

/// Fits an oscillator with white, flicker and random-walk FM, read through noisy exchanges, to a
/// clock. Exchanges need not be equally spaced. Variance of an exchange: stamp_noise^2 +
/// queue_share (delay - least)^2, as the offset is wrong by up to half of the time spent in queues.
///
/// Maximum likelihood by a Kalman filter; flicker FM is a sum of Markov processes with rates a
/// factor 4 apart. Intervals of the coefficients are those of the profile likelihood (chi-squared
/// 3.84), those of offset and frequency the filter's, run from the end to the beginning, over what
/// the coefficients may be. Source: R. H. Jones, P. V. Tryon, "Continuous time series models for
/// unequally spaced data applied to modeling atomic clocks", SIAM J. Sci. Stat. Comput. 8 (1987)
/// 71-81.
/// @param least  round trip without queues [s]. The shortest one seen is longer: had it no error
/// but that of stamps, the fit would lean on it alone
ClockFit fit_clock(const UnsteeredClock& clock, double least);

}  // namespace driftstorm::field_data
