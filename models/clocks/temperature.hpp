#pragma once

#include "sim/core/distribution.hpp"
#include "sim/core/fields.hpp"
#include "sim/core/rate.hpp"
#include "sim/core/time.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

namespace driftstorm {

/// A point of a day's course of temperature.
struct TemperaturePoint {
    Duration at;
    double is_c = 25;
    static constexpr auto fields() {
        using P = TemperaturePoint;
        return FieldList{Field<P, Duration>{"at", &P::at, "s", "time of day, UTC", 0, 86399},
                         Field<P, double>{"is", &P::is_c, "degC", "around the device", -100, 150}};
    }
    friend bool operator==(const TemperaturePoint&, const TemperaturePoint&) = default;
};

/// A part of each day in which the device warms itself.
struct LoadPeriod {
    Duration from;
    Duration until;
    double rise_k = 0;
    static constexpr auto fields() {
        using P = LoadPeriod;
        return FieldList{
            Field<P, Duration>{"from", &P::from, "s", "time of day, UTC", 0, 86400},
            Field<P, Duration>{"until", &P::until, "s", "time of day, UTC", 0, 86400},
            Field<P, double>{"rise", &P::rise_k, "K", "how much warmer it becomes if that lasts",
                             -50, 100, "0; a phone's processor warms it by 10 to 20 K"}};
    }
    friend bool operator==(const LoadPeriod&, const LoadPeriod&) = default;
};

/// Temperature of an oscillator: the same course every day.
struct DayOfTemperature {
    double mean_c = 25;
    double swing_k = 0;
    Duration warmest{15LL * 3600 * 1'000'000'000};
    std::vector<TemperaturePoint> points;
    Duration lag{0};
    std::vector<LoadPeriod> load;
    Duration load_lag{300LL * 1'000'000'000};

    static constexpr auto fields() {
        using P = DayOfTemperature;
        return FieldList{
            Field<P, double>{"mean", &P::mean_c, "degC", "around the device, on average", -100,
                             150},
            Field<P, double>{"swing", &P::swing_k, "K", "amplitude of a sine a day", 0, 60,
                             "0; indoors 2 to 5 K, in a pocket and out of doors 10 to 20 K"},
            Field<P, Duration>{"warmest", &P::warmest, "s", "time of day, UTC, of its maximum", 0,
                               86400},
            Field<P, std::vector<TemperaturePoint>>{
                "points", &P::points, "",
                "course of a day, straight between points, instead of mean and swing"},
            Field<P, Duration>{"lag", &P::lag, "s",
                               "time constant with which the oscillator follows", 0, 1e6,
                               "0: at once; minutes in a phone, an hour in a server"},
            Field<P, std::vector<LoadPeriod>>{"load", &P::load, "", "when the device warms itself"},
            Field<P, Duration>{"load_lag", &P::load_lag, "s", "time constant of that warming", 1,
                               1e6, "5 min: a phone's is 3 to 10 min"}};
    }
    friend bool operator==(const DayOfTemperature&, const DayOfTemperature&) = default;
};

/// How an oscillator's frequency depends on its temperature: a d + b d^2 + c d^3 at d degrees from
/// the turning point.
struct TemperatureParams : DayOfTemperature {
    double reference_c = 25;
    Distribution linear;
    double quadratic_ppb = 0;
    double cubic_ppb = 0;
    Distribution late;

    static constexpr auto fields() {
        using P = TemperatureParams;
        return fields_joined(
            FieldList{
                Field<P, double>{"reference", &P::reference_c, "degC",
                                 "where frequency_error is meant; turning point of a parabola",
                                 -100, 150},
                Field<P, Distribution>{"linear", &P::linear, "ppb/K", "first coefficient", -1e5,
                                       1e5, "0; uncompensated quartz 100 to 1000"},
                Field<P, double>{"quadratic", &P::quadratic_ppb, "ppb/K^2", "second coefficient",
                                 -1e3, 1e3, "0; a tuning fork of 32 kHz -34"},
                Field<P, double>{"cubic", &P::cubic_ppb, "ppb/K^3", "third coefficient", -10, 10,
                                 "0; an AT cut about 0.1"},
                Field<P, Distribution>{"late", &P::late, "s",
                                       "how much later than the others a device has its day",
                                       -86400, 86400}},
            DayOfTemperature::fields());
    }
};

/// Integrals of (T - reference), its square and its cube over a day, second by second: with them
/// the phase that any polynomial of temperature has made is known at any second, years ahead, at
/// once.
class TemperatureDay {
  public:
    static constexpr std::int64_t seconds = 86400;

    /// The lagged temperature is exact: the steady answer of a first-order lag to a sine, straight
    /// lines and steps. Its integrals are Simpson's over half seconds.
    /// @throws std::invalid_argument naming a course that leaves -150 .. 250 degC, or points or
    /// periods out of order
    TemperatureDay(const DayOfTemperature& day, double reference_c);

    /// Temperature at a second of the day, less the reference [K].
    double at(std::int64_t second) const;
    /// Integral of its power 1, 2 or 3 from midnight to a second in 0 .. 86400 [K^power s].
    double integral(int power, std::int64_t second) const {
        return integrals_[static_cast<std::size_t>(power - 1)][static_cast<std::size_t>(second)];
    }
    double least() const { return least_; }        ///< [K]
    double greatest() const { return greatest_; }  ///< [K]
    /// How fast it changes at most [K/s].
    double steepest() const { return steepest_; }

  private:
    std::array<std::vector<double>, 3> integrals_;
    double least_ = 0;
    double greatest_ = 0;
    double steepest_ = 0;
};

/// Phase that temperature makes of one oscillator, 0 at the epoch.
class TemperaturePhase {
  public:
    TemperaturePhase() = default;
    /// @param ppb    coefficients of d, d^2 and d^3 [ppb/K^n]
    /// @param begin  second of the day at the epoch
    /// @throws std::invalid_argument when the frequency would be off by more than 5 %
    TemperaturePhase(std::shared_ptr<const TemperatureDay> day, const std::array<double, 3>& ppb,
                     std::int64_t begin);

    bool silent() const { return day_ == nullptr; }
    /// Phase at a second since the epoch [2^-64 ns].
    Q64 phase(std::int64_t second) const;
    /// How far, at most, the phase within `length` seconds is from the line between its ends.
    double furthest_from_line(std::int64_t length) const;

  private:
    double within_day(std::int64_t second) const;

    std::shared_ptr<const TemperatureDay> day_;
    std::array<double, 3> scale_{};  ///< coefficients in [2^-64 ns per s per K^n]
    std::int64_t begin_ = 0;
    Q64 a_day_ = 0;  ///< gained each day [2^-64 ns]
    double at_begin_ = 0;
    double range_ = 0;     ///< greatest less least frequency, at most [2^-64 ns per s]
    double steepest_ = 0;  ///< change of frequency, at most [2^-64 ns per s^2]
};

}  // namespace driftstorm
