#pragma once

#include "sim/core/distribution.hpp"
#include "sim/core/event.hpp"
#include "sim/core/fields.hpp"
#include "sim/core/time.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace driftstorm {

/// One-packet SNTP as phones do it: no filter, no frequency correction; one offset is applied, by a
/// step when it is large, else by a slew or not at all. Asks on a schedule by the boot clock; a
/// request that falls due without a network is made up for when there is one again; after a request
/// without a reply some retries, then the ordinary interval. Defaults are Android's. Source: AOSP
/// SntpClient, NtpTrustedTime and NetworkTimeUpdateService; source.android.com, "Network time
/// detection".
struct SntpParams {
    static constexpr std::string_view word = "sntp";
    std::string server;
    Distribution first;
    Distribution every = Distribution::constant(64'800);
    Duration step_above{2'000'000'000};
    double slew_ppb = 0;
    Duration timeout{5'000'000'000};
    std::uint32_t retries = 3;
    Duration retry_after{60'000'000'000};
    bool on_network_change = false;
    bool wakes = true;
    double tracking = 0;

    static constexpr std::array<std::string_view, 1> required() { return {"server"}; }
    static constexpr auto fields() {
        return FieldList{
            Field<SntpParams, std::string>{"server", &SntpParams::server, "",
                                           "group of time servers to ask"},
            Field<SntpParams, Distribution>{
                "first", &SntpParams::first, "s", "from the start to the first request", 0,
                3.15576e9, "0: phones ask on boot (AOSP NetworkTimeUpdateService)"},
            Field<SntpParams, Distribution>{"every", &SntpParams::every, "s",
                                            "between two requests, by the boot clock", 1e-3,
                                            3.15576e9, "AOSP config_ntpPollingInterval, 18 h"},
            Field<SntpParams, Duration>{"step_above", &SntpParams::step_above, "s",
                                        "offset from which on the clock is stepped", 0, 3.15576e9,
                                        "AOSP config_timeDetectorAutoUpdateDiffMillis, 2 s"},
            Field<SntpParams, double>{"slew", &SntpParams::slew_ppb, "ppb",
                                      "rate at which smaller offsets are amortised; 0 leaves them",
                                      0, 1e8,
                                      "0: Android leaves them; adjtime(3) of Linux uses 500 ppm"},
            Field<SntpParams, Duration>{"timeout", &SntpParams::timeout, "s", "wait for a reply",
                                        1e-3, 3600, "AOSP config_ntpTimeout, 5 s"},
            Field<SntpParams, std::uint32_t>{
                "retries", &SntpParams::retries, "",
                "requests after one without a reply, before waiting the interval", 0, 1e6,
                "AOSP config_ntpRetry, 3"},
            Field<SntpParams, Duration>{
                "retry_after", &SntpParams::retry_after, "s",
                "from a timeout to the retry, and least time between two requests", 0, 86400,
                "AOSP config_ntpPollingIntervalShorter, 60 s"},
            Field<SntpParams, bool>{
                "on_network_change", &SntpParams::on_network_change, "",
                "asks also on a new network, not only when a request is overdue", 0, 1,
                "false: Android keeps a good result for the whole interval"},
            Field<SntpParams, bool>{"wakes", &SntpParams::wakes, "",
                                    "a request that falls due while the device sleeps wakes it; "
                                    "else it is made up for",
                                    0, 1, "Android's alarm is ELAPSED_REALTIME, which does not"},
            Field<SntpParams, double>{
                "tracking", &SntpParams::tracking, "%",
                "share of the frequency error seen between two good results that is corrected", 0,
                1, "0: Android corrects no frequency"}};
    }
};

enum class NitzOccasion : std::uint8_t { cell_attach };
template <>
inline constexpr std::array<std::string_view, 1> enum_words<NitzOccasion>{"cell_attach"};

/// Network identity and time zone (NITZ): on registration the mobile network may send its own
/// clock's time, cut to whole seconds. The device steps to it when it differs enough. Source: 3GPP
/// TS 22.042, clause 4 (accuracy "in the order of minutes"); AOSP TimeDetectorStrategyImpl and the
/// NITZ state machine of telephony.
struct NitzParams {
    static constexpr std::string_view word = "nitz";
    NitzOccasion on = NitzOccasion::cell_attach;
    double probability = 1;
    Duration resolution{1'000'000'000};
    Distribution bias{law::Normal{0, 1}};
    Distribution delivery{law::Uniform{0.1, 2}};
    Duration step_above{2'000'000'000};
    Duration repeat_spacing{600'000'000'000};
    Duration repeat_difference{2'000'000'000};
    Duration yields_to_sntp{86'400'000'000'000};

    static constexpr auto fields() {
        return FieldList{
            Field<NitzParams, NitzOccasion>{"on", &NitzParams::on, "",
                                            "when the network may send it"},
            Field<NitzParams, double>{"probability", &NitzParams::probability, "%",
                                      "that it is sent", 0, 1,
                                      "optional for the network (3GPP TS 22.042)"},
            Field<NitzParams, Duration>{"resolution", &NitzParams::resolution, "s",
                                        "its time is cut to a multiple of this", 1e-9, 3600,
                                        "3GPP TS 24.008, 10.5.3.9: whole seconds"},
            Field<NitzParams, Distribution>{
                "bias", &NitzParams::bias, "s", "error of the network's clock, drawn for each cell",
                -1e6, 1e6, "engineering value: most operators within seconds"},
            Field<NitzParams, Distribution>{"delivery", &NitzParams::delivery, "s",
                                            "from the stamp to the device", 0, 3600,
                                            "engineering value"},
            Field<NitzParams, Duration>{
                "step_above", &NitzParams::step_above, "s",
                "difference from which on the clock is stepped; a smaller one is left", 0,
                3.15576e9, "AOSP config_timeDetectorAutoUpdateDiffMillis, 2 s"},
            Field<NitzParams, Duration>{
                "repeat_spacing", &NitzParams::repeat_spacing, "s",
                "a further signal within this time is ignored unless it differs", 0, 3.15576e9,
                "AOSP NITZ_UPDATE_SPACING, 10 min"},
            Field<NitzParams, Duration>{"repeat_difference", &NitzParams::repeat_difference, "s",
                                        "difference between signals that counts", 0, 3.15576e9,
                                        "AOSP NITZ_UPDATE_DIFF, 2 s"},
            Field<NitzParams, Duration>{
                "yields_to_sntp", &NitzParams::yields_to_sntp, "s",
                "ignored for this long after a good SNTP result; 0: never", 0, 3.15576e9,
                "Android 12 and later: network before telephony; a suggestion is valid 24 h"}};
    }
};

/// A satellite receiver: a fix now and then, to which the clock is set; between fixes it runs free.
struct GnssParams {
    static constexpr std::string_view word = "gnss";
    Distribution first;
    Distribution every = Distribution::constant(1);
    double probability = 1;
    Distribution error{law::Normal{0, 5e-8}};
    Duration step_above{0};
    double slew_ppb = 500'000;

    static constexpr auto fields() {
        using P = GnssParams;
        return FieldList{
            Field<P, Distribution>{"first", &P::first, "s", "from the start to the first fix", 0,
                                   3.15576e9},
            Field<P, Distribution>{"every", &P::every, "s", "between two fixes, by the boot clock",
                                   1e-3, 3.15576e9, "1 s: a receiver that is always on"},
            Field<P, double>{"probability", &P::probability, "%", "that there is a fix", 0, 1,
                             "100 %: the sky is free; none indoors"},
            Field<P, Distribution>{"error", &P::error, "s", "of the receiver's time", -1e3, 1e3,
                                   "50 ns: a timing receiver's pulse; a phone's operating system "
                                   "is told within milliseconds"},
            Field<P, Duration>{"step_above", &P::step_above, "s",
                               "difference from which on the clock is stepped", 0, 3.15576e9},
            Field<P, double>{"slew", &P::slew_ppb, "ppb",
                             "rate at which smaller ones are amortised; 0 leaves them", 0, 1e8}};
    }
};

/// A source of time in a clock's `sync` list, by its `protocol`.
using SyncSource = std::variant<SntpParams, NitzParams, GnssParams>;

}  // namespace driftstorm
