#pragma once

#include <cstdint>
#include <vector>

namespace driftstorm {

/// Mean received signal of one transmitter along the line, with its shadowing, per metre [dBm].
///
/// Log-distance path loss with the given exponent, such that the mean at `range_m` along the line
/// is `edge_dbm`; the site stands `offset_m` beside the line. Shadowing is a Gaussian process of
/// exponential autocorrelation (Gudmundson, Electronics Letters 27, 1991), exact on the metre grid:
/// an AR(1) walk from the site outwards, drawn at (seed, transmitter, metre), so another
/// transmitter or a longer line moves nothing. Fast fading is left out: the averaging of
/// measurements (TS 36.133, 200 ms) removes most of it.
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

    SignalMap() = default;
    /// @param floor_dbm     the map ends where the mean signal is three standard deviations below
    /// this
    /// @param from_m, to_m  and at the ends of this stretch of the line; values do not depend on it
    SignalMap(std::uint64_t seed, const Site& site, double floor_dbm, double from_m, double to_m);

    /// Signal at a position along the line [dBm], straight between metres; -infinity beyond the
    /// map.
    double at(double position_m) const;
    double first_m() const { return first_m_; }
    double last_m() const {
        return first_m_ + static_cast<double>(dbm_.size()) - 1;
    }  ///< < first_m() when empty
    bool empty() const { return dbm_.empty(); }

    /// The mean alone.
    static double mean_dbm(const Site& site, double position_m);

  private:
    double first_m_ = 0;
    std::vector<double> dbm_;
};

}  // namespace driftstorm
