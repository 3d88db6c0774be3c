#pragma once

#include "sim/core/distribution.hpp"
#include "sim/core/fields.hpp"
#include "sim/core/time.hpp"

#include <array>
#include <cstdint>
#include <string_view>

namespace driftstorm {

/// Nodes that serve a wrong time with a good face.
struct FalsetickerParams {
    double share = 0;
    Distribution offset = Distribution::constant(1.0);

    static constexpr auto fields() {
        using P = FalsetickerParams;
        return FieldList{
            Field<P, double>{"share", &P::share, "%", "share of the nodes", 0, 1},
            Field<P, Distribution>{"offset", &P::offset, "s", "of such a node, beside its own",
                                   -1e6, 1e6, "1 s: a missed leap second"}};
    }
};

/// A client may ask once every `interval`, and `burst` requests ahead of that. Source: chrony.conf,
/// `ratelimit`; RFC 5905, section 7.4, and RFC 8633, section 5.4 (kiss code RATE).
struct RateLimitParams {
    Duration interval{0};
    std::uint32_t burst = 8;
    double kiss = 0.25;
    bool deny = false;

    static constexpr auto fields() {
        using P = RateLimitParams;
        return FieldList{
            Field<P, Duration>{"interval", &P::interval, "s",
                               "between two requests of a client; 0: no limit", 0, 1e6,
                               "chrony: ratelimit interval 3 is 8 s"},
            Field<P, std::uint32_t>{"burst", &P::burst, "", "requests that may come at once", 1,
                                    1e6, "chrony: ratelimit burst 8"},
            Field<P, double>{"kiss", &P::kiss, "%",
                             "share of the requests beyond it that get a kiss code; the others "
                             "get nothing",
                             0, 1, "chrony: ratelimit leak 2 answers one of four"},
            Field<P, bool>{"deny", &P::deny, "", "the kiss code is DENY instead of RATE"}};
    }
};

enum class ServedLeapKind : std::uint8_t { none, insertion, deletion };
template <>
inline constexpr std::array<std::string_view, 3> enum_words<ServedLeapKind>{"none", "insertion",
                                                                            "deletion"};

/// A leap second. A server announces it for a day and steps at its end, or smears it: its clock is
/// late (early) by a share that grows linearly over a window about the leap, and says nothing.
/// Source: RFC 5905, figure 9 (leap indicator); Google Public NTP, "Leap Smear": linear over 24 h,
/// noon to noon.
struct ServedLeapParams {
    ServedLeapKind kind = ServedLeapKind::none;
    Duration at{0};
    Duration smear{0};

    static constexpr auto fields() {
        using P = ServedLeapParams;
        return FieldList{
            Field<P, ServedLeapKind>{"kind", &P::kind, "",
                                     "insertion: the day has a second more, deletion: less"},
            Field<P, Duration>{"at", &P::at, "s", "when, since the start", 0, 3.1e9},
            Field<P, Duration>{"smear", &P::smear, "s", "window of the smear; 0: a step", 0, 1e7,
                               "Google: 24 h"}};
    }
};

/// A group of NTP servers; each node draws its own clock error.
struct TimeServerParams {
    std::uint32_t nodes = 1;
    Distribution offset;
    Distribution frequency_error;
    double random_walk_ppb = 0;
    double capacity = 10'000;
    std::uint32_t queue_limit = 277;
    Distribution processing;
    std::uint32_t stratum = 1;
    double root_delay = 0;
    double root_dispersion = 0;
    FalsetickerParams falsetickers;
    RateLimitParams rate_limit;
    ServedLeapParams leap_second;

    static constexpr auto fields() {
        return FieldList{
            Field<TimeServerParams, std::uint32_t>{"nodes", &TimeServerParams::nodes, "",
                                                   "number of servers", 1, 1000},
            Field<TimeServerParams, Distribution>{
                "offset", &TimeServerParams::offset, "s",
                "a node's clock minus true time at the start", -1e6, 1e6,
                "0: a stratum 1 server is right within microseconds"},
            Field<TimeServerParams, Distribution>{"frequency_error",
                                                  &TimeServerParams::frequency_error, "ppb",
                                                  "constant frequency error of a node's clock",
                                                  -1e8, 1e8, "0: the server is disciplined itself"},
            Field<TimeServerParams, double>{"random_walk", &TimeServerParams::random_walk_ppb,
                                            "ppb/sqrt(s)",
                                            "random-walk frequency noise of a node's clock", 0, 100,
                                            "0: the server is disciplined itself"},
            Field<TimeServerParams, double>{
                "capacity", &TimeServerParams::capacity, "req/s",
                "requests a node answers in a second; each takes 1 / capacity", 1e-3, 1e9,
                "engineering value for a virtual server of a public pool"},
            Field<TimeServerParams, std::uint32_t>{
                "queue_limit", &TimeServerParams::queue_limit, "",
                "requests that wait at most; further ones are lost", 0, 1e9,
                "Linux net.core.rmem_default 212,992 B over 768 B that a small datagram occupies"},
            Field<TimeServerParams, Distribution>{
                "processing", &TimeServerParams::processing, "s",
                "further time between a request's stamp and its reply's", 0, 100,
                "0: what the capacity says"},
            Field<TimeServerParams, std::uint32_t>{"stratum", &TimeServerParams::stratum, "",
                                                   "1: has a reference clock of its own", 1, 15},
            Field<TimeServerParams, double>{"root_delay", &TimeServerParams::root_delay, "s",
                                            "to its reference clock and back, as it says", 0,
                                            65535},
            Field<TimeServerParams, double>{"root_dispersion", &TimeServerParams::root_dispersion,
                                            "s", "its clock's uncertainty, as it says", 0, 65535},
            Field<TimeServerParams, FalsetickerParams>{
                "falsetickers", &TimeServerParams::falsetickers, "", "nodes whose time is wrong"},
            Field<TimeServerParams, RateLimitParams>{"rate_limit", &TimeServerParams::rate_limit,
                                                     "", "what a client may ask"},
            Field<TimeServerParams, ServedLeapParams>{"leap_second", &TimeServerParams::leap_second,
                                                      "", "a leap second, and how it is served"}};
    }
};

}  // namespace driftstorm
