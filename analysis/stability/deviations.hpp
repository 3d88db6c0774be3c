#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace driftstorm::stability {

/// Statistics of phase data, by the names of IEEE 1139-2008 and NIST SP 1065. Formulas: W. J.
/// Riley, "Handbook of Frequency Stability Analysis", NIST Special Publication 1065 (2008), chapter
/// 5; MTIE and TIE rms: ITU-T G.810, appendix II.
enum class Statistic : std::uint8_t {
    adev,
    oadev,
    mdev,
    tdev,
    hdev,
    ohdev,
    totdev,
    mtotdev,
    theo1,
    theobr,
    tie_rms,
    mtie
};
inline constexpr std::array<std::string_view, 12> statistic_names{
    "adev",   "oadev",   "mdev",  "tdev",   "hdev",    "ohdev",
    "totdev", "mtotdev", "theo1", "theobr", "tie_rms", "mtie"};
inline constexpr std::string_view name_of(Statistic statistic) {
    return statistic_names[static_cast<std::size_t>(statistic)];
}

/// One value of a statistic. Deviations of frequency have no unit; tdev, tie_rms and mtie are in s.
struct Estimate {
    double value = 0;
    std::uint64_t terms = 0;  ///< differences (theo1: pairs) that went into it
};

/// Greatest averaging factor that `points` phase points allow; 0: none.
std::uint64_t greatest_factor(Statistic statistic, std::size_t points);

/// Whether that factor can be estimated: theo1 and theobr are for even factors only.
bool allows(Statistic statistic, std::size_t points, std::uint64_t m);

/// The statistic of `phase` at the averaging factor m, without any correction of bias (but for
/// theobr, whose correction comes from the data).
/// @param phase  clock minus reference, equally spaced [s]
/// @param tau0  the spacing, > 0 [s]
/// Time: O(points), for mtotdev, theo1 and theobr O(points m). Memory: O(points) for mdev, tdev and
/// mtotdev, O(m) for mtie, else none.
/// theo1 at factor m speaks of the averaging time 0.75 m tau0; mtie and tie_rms of the interval m
/// tau0.
/// @throws std::invalid_argument when allows() says no
Estimate estimate(Statistic statistic, std::span<const double> phase, double tau0, std::uint64_t m);

/// Averaging time that an estimate at factor m is about [s].
double averaging_time(Statistic statistic, double tau0, std::uint64_t m);

/// Ratio by which TheoBR multiplies the Theo1 variance of these data: the mean over n of
/// Avar(9 + 3 n) / Theo1(12 + 4 n). Source: SP 1065, 5.2.16. Needs 19 points or more.
double theo1_to_avar(std::span<const double> phase);

}  // namespace driftstorm::stability
