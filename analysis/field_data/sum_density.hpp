#pragma once

#include <cstdint>
#include <memory>
#include <vector>

namespace driftstorm::field_data {

enum class SummedLaw : std::uint8_t { weibull, lognormal };

/// Density of the sum of two independent times of a law at scale 1 (Weibull's scale, the
/// lognormal's median), for which there is no closed form: tables of its logarithm by the logarithm
/// of the sum, made once for shapes 2 % apart and interpolated.
class SumDensity {
  public:
    SumDensity(SummedLaw law, double shape);
    /// Logarithm of the density, to about 1e-3 where it is of any size. @param sum  > 0
    double log_at(double sum) const;

  private:
    using Table = std::vector<double>;
    static std::shared_ptr<const Table> table(SummedLaw law, int step);

    std::shared_ptr<const Table> lower_;
    std::shared_ptr<const Table> upper_;
    double share_ = 0;  ///< of the upper one
};

}  // namespace driftstorm::field_data
