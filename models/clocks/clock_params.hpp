#pragma once

#include "models/clocks/frequency_trace.hpp"
#include "models/clocks/oscillator_presets.hpp"
#include "models/clocks/temperature.hpp"
#include "sim/core/distribution.hpp"
#include "sim/core/fields.hpp"
#include "sim/core/time.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace driftstorm {

/// Frequency noise of an oscillator.
struct WanderParams {
    double random_walk_ppb = 0;
    double white_h0 = 0;
    double flicker_h_1 = 0;

    static constexpr auto fields() {
        using P = WanderParams;
        return FieldList{
            Field<P, double>{
                "random_walk", &P::random_walk_ppb, "ppb/sqrt(s)",
                "random-walk FM: standard deviation of the frequency's change in 1 s", 0, 100,
                "0 is a quiet oscillator; a phone's TCXO has about 1e-10/sqrt(s) (its ADEV at "
                "1000 s is 1e-9)"},
            Field<P, double>{"white", &P::white_h0, "",
                             "white FM: h0 of S_y(f) in 1/Hz; its ADEV is sqrt(h0 / (2 tau))", 0,
                             1e-6, "0; a phone's TCXO 2e-20"},
            Field<P, double>{"flicker", &P::flicker_h_1, "",
                             "flicker FM: h-1 of S_y(f); its ADEV is sqrt(1.386 h-1)", 0, 1e-6,
                             "0; a phone's TCXO 7e-19"}};
    }
};

/// A lasting change of the frequency.
struct FrequencyStepParams {
    Time at;
    double by_ppb = 0;

    static constexpr std::array<std::string_view, 2> required() { return {"at", "by"}; }
    static constexpr auto fields() {
        using P = FrequencyStepParams;
        return FieldList{
            Field<P, Time>{"at", &P::at, "s", "when, since the start", 0, 3.15e9},
            Field<P, double>{"by", &P::by_ppb, "ppb", "how much faster it runs", -5e7, 5e7}};
    }
};

/// A recorded frequency error, replayed on top of all else.
struct FrequencyTraceParams {
    std::string file;
    std::string time_column = "time_s";
    std::string frequency_column = "frequency_ppb";
    double unit_ppb = 1;
    bool repeats = false;
    std::shared_ptr<const FrequencyTrace> recorded;  ///< what the file holds

    static constexpr auto fields() {
        using P = FrequencyTraceParams;
        return FieldList{
            Field<P, std::string>{"file", &P::file, "",
                                  "CSV file, relative to the scenario that names it"},
            Field<P, std::string>{"time_column", &P::time_column, "",
                                  "heading of the seconds, counted from the first row"},
            Field<P, std::string>{"frequency_column", &P::frequency_column, "",
                                  "heading of the frequency error"},
            Field<P, double>{"unit", &P::unit_ppb, "ppb", "one unit of that column", -1e9, 1e9},
            Field<P, bool>{"repeats", &P::repeats, "",
                           "whether it begins anew at its end; else its last value holds"}};
    }
};

/// Somebody sets the wall clock by hand.
struct UserSetParams {
    double share = 0;
    Distribution at;
    Distribution error;

    static constexpr auto fields() {
        return FieldList{
            Field<UserSetParams, double>{"share", &UserSetParams::share, "%",
                                         "share of the devices whose user does it", 0, 1},
            Field<UserSetParams, Distribution>{"at", &UserSetParams::at, "s",
                                               "when, since the start", 0, 3.15576e9},
            Field<UserSetParams, Distribution>{"error", &UserSetParams::error, "s",
                                               "how far ahead of true time the clock is afterwards",
                                               -1.5e9, 1.5e9}};
    }
};

/// The clock that runs while the device is off: an oscillator of its own, read in whole seconds.
struct RtcParams {
    bool present = false;
    Distribution frequency_error;
    double parabola_ppb = 0;
    bool backup = true;
    bool counts_sleep = false;
    Duration reset_to{-31'557'600'000'000'000};

    static constexpr auto fields() {
        using P = RtcParams;
        return FieldList{
            Field<P, bool>{
                "present", &P::present, "",
                "whether there is one; without, the wall clock goes on through a reboot"},
            Field<P, Distribution>{"frequency_error", &P::frequency_error, "ppb",
                                   "of its own oscillator", -1e6, 1e6,
                                   "0; a 32 kHz crystal within 20 ppm"},
            Field<P, double>{"parabola", &P::parabola_ppb, "ppb/K^2",
                             "effect of the device's temperature on it", -1e3, 1e3,
                             "0; a 32 kHz crystal -34"},
            Field<P, bool>{"backup", &P::backup, "", "whether it outlives a pulled battery"},
            Field<P, bool>{"counts_sleep", &P::counts_sleep, "",
                           "whether the time asleep is what it says; else a counter that never "
                           "stops, the device's own oscillator"},
            Field<P, Duration>{"reset_to", &P::reset_to, "s",
                               "what the wall clock shows after a pulled battery when nothing has "
                               "kept the time, since the start of the run",
                               -1.5e9, 0, "-1 year: about the date of the firmware"}};
    }
};

enum class LeapKind : std::uint8_t { none, insertion, deletion };
template <>
inline constexpr std::array<std::string_view, 3> enum_words<LeapKind>{"none", "insertion",
                                                                      "deletion"};

/// A leap second that the device's kernel carries out, by its own wall clock.
struct LeapParams {
    LeapKind kind = LeapKind::none;
    Time at{};

    static constexpr auto fields() {
        using P = LeapParams;
        return FieldList{
            Field<P, LeapKind>{"kind", &P::kind, "",
                               "insertion repeats the last second of the day, deletion leaves it "
                               "out"},
            Field<P, Time>{"at", &P::at, "s",
                           "the midnight after it, since the start, as a right clock counts", 0,
                           3.15e9}};
    }
};

/// A class of clocks; each device draws its own.
struct ClockParams {
    OscillatorPreset oscillator = OscillatorPreset::none;
    Distribution frequency_error;
    double ageing_ppb = 0;
    WanderParams wander;
    TemperatureParams temperature;
    std::vector<FrequencyStepParams> steps;
    FrequencyTraceParams trace;
    Distribution initial_offset;
    Distribution zone_error;
    double zone_corrected_by_hand = 0;
    UserSetParams user_set;
    RtcParams rtc;
    LeapParams leap_second;

    static constexpr auto fields() {
        using P = ClockParams;
        return FieldList{
            Field<P, OscillatorPreset>{
                "oscillator", &P::oscillator, "",
                "kind of oscillator: sets what frequency_error, ageing, wander and the "
                "coefficients of temperature are where they are not written"},
            Field<P, Distribution>{"frequency_error", &P::frequency_error, "ppb",
                                   "constant part of the frequency error", -1e8, 1e8,
                                   "0 is a perfect oscillator; phone TCXO 0.5 to 2 ppm, "
                                   "uncompensated quartz 5 to 50 ppm"},
            Field<P, double>{"ageing", &P::ageing_ppb, "ppb/s", "linear change of the frequency",
                             -0.01, 0.01,
                             "0: none; a TCXO ages about 500 ppb in a year, 1.6e-5 ppb/s"},
            Field<P, WanderParams>{"wander", &P::wander, "", "frequency noise"},
            Field<P, TemperatureParams>{"temperature", &P::temperature, "",
                                        "its course, and what it does to the frequency"},
            Field<P, std::vector<FrequencyStepParams>>{"steps", &P::steps, "",
                                                       "lasting changes of the frequency"},
            Field<P, FrequencyTraceParams>{"trace", &P::trace, "",
                                           "a recorded frequency error, replayed"},
            Field<P, Distribution>{"initial_offset", &P::initial_offset, "s",
                                   "wall clock minus true time at the start", -1.5e9, 1.5e9,
                                   "0: starts right"},
            Field<P, Distribution>{
                "zone_error", &P::zone_error, "s",
                "zone that the device believes minus the zone it is in", -93600, 93600,
                "0: right zone; zones span UTC-12 to UTC+14 (IANA time zone database)"},
            Field<P, double>{"zone_corrected_by_hand", &P::zone_corrected_by_hand, "%",
                             "share of users who mend a wrong zone by setting the clock instead", 0,
                             1, "0: none"},
            Field<P, UserSetParams>{"user_set", &P::user_set, "", "setting the clock by hand"},
            Field<P, RtcParams>{"rtc", &P::rtc, "", "real-time clock"},
            Field<P, LeapParams>{"leap_second", &P::leap_second, "",
                                 "a leap second that the kernel knows of"}};
    }
};

}  // namespace driftstorm
