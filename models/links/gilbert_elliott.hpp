#pragma once

#include "sim/core/fields.hpp"
#include "sim/core/time.hpp"

#include <cstdint>

namespace driftstorm {

/// A channel that is good or bad for exponentially distributed spells, and loses packets in each
/// with another probability. Source: Gilbert, BSTJ 39 (1960); Elliott, BSTJ 42 (1963); in
/// continuous time.
class GilbertElliott {
  public:
    struct Params {
        double burst_loss = 0;               ///< loss in the bad state; 0: there is none
        double quiet_loss = 0;               ///< loss in the good state
        Duration burst_length{500'000'000};  ///< mean stay in the bad state
        Duration burst_gap{30'000'000'000};  ///< mean stay in the good state

        static constexpr auto fields() {
            return FieldList{
                Field<Params, double>{"burst_loss", &Params::burst_loss, "%",
                                      "loss within a burst; 0 %: no bursts", 0, 1},
                Field<Params, double>{"quiet_loss", &Params::quiet_loss, "%", "loss between bursts",
                                      0, 1},
                Field<Params, Duration>{
                    "burst_length", &Params::burst_length, "s", "mean length of a burst", 1e-3, 1e5,
                    "driving outages of mobile links: runs of zero seconds, median 1 s "
                    "(UCC 5G traces, Raca et al., MMSys 2020)"},
                Field<Params, Duration>{"burst_gap", &Params::burst_gap, "s",
                                        "mean time between bursts", 1e-3, 1e6,
                                        "the same: about 60 runs an hour"}};
        }
    };

    GilbertElliott() = default;
    explicit GilbertElliott(const Params& params);

    /// Whether the channel of `identity` is bad at `at`. A function of (seed, identity, time)
    /// alone, so nobody's packet changes another's luck. A two-state Markov chain forgets its past
    /// at the points of a Poisson process of rate 1/burst_length + 1/burst_gap, where it takes a
    /// fresh state from its stationary law; the state at a grid instant is that of the last such
    /// point, found by looking back (eight steps on average).
    bool bad(std::uint64_t seed, std::uint64_t identity, Time at) const;

    bool active() const { return params_.burst_loss > 0 || params_.quiet_loss > 0; }
    /// Probability that a packet is lost at `at`.
    double loss(std::uint64_t seed, std::uint64_t identity, Time at) const;

  private:
    Params params_;
    Duration grid_{1};      ///< spacing of the instants at which the state is defined
    double forget_ = 1;     ///< probability that the chain forgets between two of them
    double share_bad_ = 0;  ///< stationary probability of the bad state
};

}  // namespace driftstorm
