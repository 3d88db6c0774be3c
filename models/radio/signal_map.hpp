#pragma once

#include <cstdint>
#include <vector>

namespace driftstorm {

/// A Gaussian process of unit variance along a line, of exponential autocorrelation (Gudmundson,
/// Electronics Letters 27, 1991), per metre. Exact on that grid: an AR(1) walk from its origin both
/// ways, drawn at (seed, identity, metre), so that values do not depend on the stretch that is
/// kept.
class Shadowing {
  public:
    Shadowing() = default;
    /// @param origin       metre where the walk begins
    /// @param distance_m   over which the correlation falls to 1/e; > 0
    /// @param first, last  the metres that are kept
    Shadowing(std::uint64_t seed, std::uint64_t identity, std::int64_t origin, double distance_m,
              std::int64_t first, std::int64_t last);
    double at(std::int64_t metre) const {
        return values_[static_cast<std::size_t>(metre - first_)];
    }

  private:
    std::int64_t first_ = 0;
    std::vector<double> values_;
};

/// Mean received signal of one transmitter along the line, with its shadowing, per metre [dBm].
///
/// Log-distance path loss with the given exponent, such that the mean at `range_m` along the line
/// is `edge_dbm`; the site stands `offset_m` beside the line. Shadowing has a part that all sites
/// share (what stands around the phone) and a part of its own; their correlation is 0.5
/// (TR 36.942, 4.5.2). Fast fading is left out: the averaging of measurements (TS 36.133, 200 ms)
/// removes most of it.
class SignalMap {
  public:
    struct Site {
        std::uint64_t identity = 0;
        double at_m = 0;
        double range_m = 1000;
        double offset_m = 50;
        double edge_dbm = -118;
        double exponent = 3.76;
        double shadowing_db = 8;
        double shadowing_distance_m = 50;
    };
    /// Metres of the line, first and last.
    struct Stretch {
        std::int64_t first = 0;
        std::int64_t last = -1;
        bool empty() const { return last < first; }
    };

    SignalMap() = default;
    /// @param covered  see covered(); values do not depend on it
    /// @param shared   what the sites' shadowing has in common, over at least `covered`
    SignalMap(std::uint64_t seed, const Site& site, Stretch covered, const Shadowing& shared);

    /// Where the mean signal is above `floor_dbm` less three standard deviations, within from_m ..
    /// to_m.
    static Stretch covered(const Site& site, double floor_dbm, double from_m, double to_m);
    /// The mean alone.
    static double mean_dbm(const Site& site, double position_m);

    /// Signal at a position along the line [dBm], straight between metres; -infinity beyond the
    /// map.
    double at(double position_m) const;
    Stretch stretch() const {
        return {first_, first_ + static_cast<std::int64_t>(dbm_.size()) - 1};
    }

  private:
    std::int64_t first_ = 0;
    std::vector<double> dbm_;
};

}  // namespace driftstorm
