#pragma once

#include "models/links/packet.hpp"
#include "sim/core/distribution.hpp"
#include "sim/core/fields.hpp"
#include "sim/core/time.hpp"

#include <array>
#include <cstdint>
#include <string_view>

namespace driftstorm {

enum class HandoverEvent : std::uint8_t { a3 };
template <>
inline constexpr std::array<std::string_view, 1> enum_words<HandoverEvent>{"A3"};

/// How phones move among the cells of one cellular technology.
///
/// Event A3: a neighbour is better than the serving cell by `offset` for `time_to_trigger`, with
/// `hysteresis`: it begins when neighbour - hysteresis > serving + offset and must hold at every
/// measurement.
struct CellularParams {
    HandoverEvent event = HandoverEvent::a3;
    double hysteresis = 3;
    double offset = 0;
    Duration time_to_trigger{256'000'000};
    Distribution interruption = Distribution(law::Lognormal{0.04, 0.2, {}});
    double attach_above = -118;
    double lost_below = -128;
    Duration lost_after{1'000'000'000};
    Duration inactivity{11'576'000'000};
    Distribution promotion = Distribution::constant(0.2601);

    static constexpr auto fields() {
        using P = CellularParams;
        return FieldList{
            Field<P, HandoverEvent>{"event", &P::event, "", "what triggers a handover"},
            Field<P, double>{"hysteresis", &P::hysteresis, "dB", "hysteresis of event A3", 0, 15,
                             "ns-3 A3RsrpHandoverAlgorithm; range: TS 36.331, 5.5.4.4 and 6.3.5"},
            Field<P, double>{"offset", &P::offset, "dB", "offset of event A3", -15, 15,
                             "TS 36.331, 6.3.5"},
            Field<P, Duration>{"time_to_trigger", &P::time_to_trigger, "s",
                               "how long event A3 must hold", 0, 5.12,
                               "ns-3 A3RsrpHandoverAlgorithm; range: TS 36.331, 6.3.5"},
            Field<P, Distribution>{"interruption", &P::interruption, "s",
                                   "no data passes during a handover for so long", 0, 60,
                                   "40 ms execution: TR 36.839, 5.2"},
            Field<P, double>{
                "attach_above", &P::attach_above, "dBm",
                "least signal to attach; a cell's range is where its mean signal has it", -160, 0,
                "TS 36.304 5.2.3.2 (Qrxlevmin), a usual setting"},
            Field<P, double>{"lost_below", &P::lost_below, "dBm",
                             "signal below which the link fails", -160, 0,
                             "TS 36.101, 7.3: sensitivity -97 dBm in 10 MHz, an RSRP of -125 dBm; "
                             "control holds 3 dB longer"},
            Field<P, Duration>{"lost_after", &P::lost_after, "s",
                               "time below until it has failed (T310)", 0, 60,
                               "TS 36.331, 7.3: T310 1 s"},
            Field<P, Duration>{
                "inactivity", &P::inactivity, "s",
                "silence after which the radio connection is released", 0, 3600,
                "Huang et al., 'A close examination of performance and power characteristics "
                "of 4G LTE networks', MobiSys 2012"},
            Field<P, Distribution>{"promotion", &P::promotion, "s",
                                   "idle to connected, for the first packet", 0, 60, "the same"}};
    }
};

/// How phones join and leave access points.
struct WifiParams {
    double join_above = -70;
    double leave_below = -82;
    Distribution reassociate = Distribution(law::Lognormal{1.4, 9.0, {}});

    static constexpr auto fields() {
        using P = WifiParams;
        return FieldList{
            Field<P, double>{"join_above", &P::join_above, "dBm",
                             "signal above which an access point is joined", -120, 0,
                             "Android WifiManager: -70 dBm is a sufficient 2.4/5 GHz signal"},
            Field<P, double>{
                "leave_below", &P::leave_below, "dBm",
                "signal below which it is left; its range is where the mean signal has it", -120, 0,
                "Android: entry level -77 to -80 dBm"},
            Field<P, Distribution>{"reassociate", &P::reassociate, "s",
                                   "scan, association, authentication and address", 0, 600,
                                   "roaming pauses of 0.1 to 3 s, tails of several seconds"}};
    }
};

/// The rules of every technology.
struct RadioRules {
    std::array<CellularParams, enum_words<Technology>.size()>
        cellular{};  ///< by Technology; wifi unused
    WifiParams wifi{};
    const CellularParams& of(Technology technology) const {
        return cellular[static_cast<std::size_t>(technology)];
    }
};

/// One base station on the line.
struct CellParams {
    Technology technology = Technology::lte;
    double at = 0;
    double range = 2000;
    double offset = 50;
    std::uint32_t attach_limit = 1200;
    double path_loss_exponent = 3.76;
    double shadowing = 7.5;
    double shadowing_distance = 500;
    std::int64_t downlink = 75'000'000;
    std::int64_t uplink = 25'000'000;
    Duration propagation{1'000'000};
    std::uint64_t buffer = 32'000'000;

    static constexpr auto fields() {
        using P = CellParams;
        return FieldList{
            Field<P, Technology>{"technology", &P::technology, "", "radio access technology"},
            Field<P, double>{"at", &P::at, "m", "position along the line", -1e7, 1e7},
            Field<P, double>{"range", &P::range, "m",
                             "distance at which its mean signal just lets phones attach", 1, 1e5},
            Field<P, double>{"offset", &P::offset, "m", "distance of the site from the line", 1,
                             1e4},
            Field<P, std::uint32_t>{"attach_limit", &P::attach_limit, "",
                                    "devices it serves at most", 0, 1e9},
            Field<P, double>{"path_loss_exponent", &P::path_loss_exponent, "", "of distance", 1.5,
                             8, "TR 36.942, 4.5.2: 37.6 dB a decade"},
            Field<P, double>{"shadowing", &P::shadowing, "dB",
                             "standard deviation of the shadowing", 0, 20,
                             "Gudmundson, Electronics Letters 27 (1991): suburban, 7.5 dB"},
            Field<P, double>{"shadowing_distance", &P::shadowing_distance, "m",
                             "over which its correlation falls to 1/e", 0.1, 1e4,
                             "the same: correlation 0.82 at 100 m; urban: 50 m (TR 36.942)"},
            Field<P, std::int64_t>{"downlink", &P::downlink, "bit/s", "shared rate to the devices",
                                   0, 1e12},
            Field<P, std::int64_t>{"uplink", &P::uplink, "bit/s", "shared rate from the devices", 0,
                                   1e12},
            Field<P, Duration>{"propagation", &P::propagation, "s",
                               "one way over the air, one subframe", 0, 1},
            Field<P, std::uint64_t>{"buffer", &P::buffer, "B",
                                    "bytes that may wait each way; 0: any number"}};
    }
};

/// One Wi-Fi access point (or several under one name) on the line.
struct AccessPointParams {
    Technology technology = Technology::wifi;
    double at = 0;
    double range = 90;
    double offset = 5;
    std::uint32_t associate_limit = 250;
    double path_loss_exponent = 3.0;
    double shadowing = 4;
    double shadowing_distance = 5;
    std::int64_t downlink = 200'000'000;
    std::int64_t uplink = 100'000'000;
    Duration propagation{1'000'000};
    std::uint64_t buffer = 8'000'000;

    static constexpr auto fields() {
        using P = AccessPointParams;
        return FieldList{
            Field<P, Technology>{"technology", &P::technology, "", "radio access technology"},
            Field<P, double>{"at", &P::at, "m", "position along the line", -1e7, 1e7},
            Field<P, double>{"range", &P::range, "m",
                             "distance at which its mean signal makes phones leave", 1, 1e4},
            Field<P, double>{"offset", &P::offset, "m", "distance from the line", 0.5, 1e4},
            Field<P, std::uint32_t>{"associate_limit", &P::associate_limit, "",
                                    "devices it serves at most", 0, 1e9},
            Field<P, double>{"path_loss_exponent", &P::path_loss_exponent, "", "of distance", 1.5,
                             8, "ITU-R P.1238-11, table 2: N = 30, office"},
            Field<P, double>{"shadowing", &P::shadowing, "dB",
                             "standard deviation of the shadowing", 0, 20},
            Field<P, double>{"shadowing_distance", &P::shadowing_distance, "m",
                             "over which its correlation falls to 1/e", 0.1, 1e4},
            Field<P, std::int64_t>{"downlink", &P::downlink, "bit/s", "shared rate to the devices",
                                   0, 1e12},
            Field<P, std::int64_t>{"uplink", &P::uplink, "bit/s", "shared rate from the devices", 0,
                                   1e12},
            Field<P, Duration>{"propagation", &P::propagation, "s", "one way over the air", 0, 1},
            Field<P, std::uint64_t>{"buffer", &P::buffer, "B",
                                    "bytes that may wait each way; 0: any number"}};
    }
};

}  // namespace driftstorm
