#pragma once

#include "sim/core/time.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <tuple>
#include <vector>

namespace driftstorm {

/// No estimate of a frequency is better [s/s].
inline constexpr double least_skew = 1e-12;

/// Nearest nanosecond. @param seconds  |seconds| < 9e9
Duration nearest_duration(double seconds);

/// One exchange with a source, as chrony keeps it. Clock times here and below are the clock's after
/// what is still to be slewed has been taken off ("cooked" in chrony's words).
struct ChronySample {
    Reading time;                ///< midway between request and reply
    double offset = 0;           ///< our clock less the source's [s]; > 0: ours is fast
    double delay = 0;            ///< round trip [s]
    double dispersion = 0;       ///< of the measurement [s]
    double root_delay = 0;       ///< to the reference clock, through the source [s]
    double root_dispersion = 0;  ///< [s]
};

/// What the last regression says of a source.
struct ChronyEstimate {
    Reading time;                ///< of the newest sample
    double offset = 0;           ///< at `time` [s]
    double offset_sd = 86400;    ///< [s]
    double frequency = 0;        ///< our clock's gain on the source [s/s]
    double frequency_sd = 2e-3;  ///< [s/s]
    double skew = 2e-3;          ///< bound of the frequency's error at 99.95 % [s/s]
    double sd = 4;               ///< of a sample [s]
};

/// The interval in which a source's time lies, by its best single sample.
struct ChronyInterval {
    double low = 0;            ///< our clock less the source's, at least [s]
    double high = 0;           ///< at most [s]
    double root_distance = 0;  ///< half the interval [s]
    double oldest_age = 0;     ///< of the samples in the regression [s]
    double newest_age = 0;     ///< [s]
};

/// The samples of one source and the line through them: chrony's model of a clock is an offset and
/// a frequency, both recomputed with every sample from up to 64 of them. Unreliable samples (long
/// round trips) weigh little, and samples from before the frequency wandered are dropped, so that
/// memory is as long as the clock allows. When queues fill in one direction only, offsets grow with
/// half the round trip: after ten such regressions in succession that part is taken off. Source:
/// chrony 4.3, sourcestats.c.
class ChronySourceStatistics {
  public:
    struct Limits {
        int minsamples = 6;       ///< the runs test does not leave fewer
        int maxsamples = 64;      ///< 1 .. 64
        double mindelay = 0;      ///< known least round trip [s]; 0: the least seen
        double precision = 1e-7;  ///< of our clock's readings [s]
    };

    explicit ChronySourceStatistics(const Limits& limits) : limits_(limits) {}

    /// Takes a sample into the regression. One not newer than the last drops all before it.
    void add(const ChronySample& sample);
    void reset();
    /// Our clock was changed at `when`: it gains `frequency` less from then on and `offset` was
    /// taken off it. Samples are moved to what the clock would have shown.
    void adjust(Reading when, double frequency, double offset);

    int samples() const { return kept_; }
    bool line_found() const { return line_found_; }
    const ChronyEstimate& estimate() const { return estimate_; }
    double asymmetry() const { return asymmetry_; }
    double least_delay() const;  ///< [s]; infinite without a sample
    double predicted_offset(Reading when) const;
    /// Bound of the frequency's error, as new samples are given [s/s].
    double sampling_skew() const;
    /// Nothing before three samples are there.
    std::optional<ChronyInterval> interval(Reading now) const;
    double root_delay() const;       ///< of the best sample [s]
    double root_dispersion() const;  ///< at the time of the estimate [s]

    auto state() {
        return std::tie(times_, offsets_, delays_, distances_, root_delays_, root_dispersions_,
                        kept_, ordered_distances_, least_delay_, line_found_, best_, estimate_,
                        asymmetry_, asymmetry_run_);
    }

  private:
    /// Where the oldest sample in the regression stands.
    std::size_t oldest() const { return times_.size() - static_cast<std::size_t>(kept_); }
    std::size_t best() const { return oldest() + static_cast<std::size_t>(best_); }
    void drop_oldest(int n);
    void regress();
    void weigh(std::span<double> weights) const;
    void correct_asymmetry(std::span<const double> ages, std::span<double> offsets);
    void find_best(std::span<const double> ages);

    Limits limits_;
    // Samples in order of time, a column of each; the last kept_ are in the regression.
    std::vector<Reading> times_;
    std::vector<double> offsets_;           ///< [s]
    std::vector<double> delays_;            ///< [s]
    std::vector<double> distances_;         ///< how wrong they may be, whatever the path [s]
    std::vector<double> root_delays_;       ///< [s]
    std::vector<double> root_dispersions_;  ///< [s]
    int kept_ = 0;
    std::vector<double> ordered_distances_;  ///< of those kept: their median is wanted every time
    double least_delay_ = 0;
    bool line_found_ = false;
    int best_ = 0;  ///< least root distance among those kept
    ChronyEstimate estimate_;
    double asymmetry_ = 0;
    int asymmetry_run_ = 0;  ///< regressions in succession that found it, with its sign
};

}  // namespace driftstorm
