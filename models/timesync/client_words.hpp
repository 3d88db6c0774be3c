#pragma once

#include "models/timesync/client_program.hpp"
#include "models/timesync/kernel_clock.hpp"
#include "sim/core/fields.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace driftstorm {

/// What every hosted program is told, whatever it is called there.
struct HostedWords {
    std::string server;
    std::uint32_t sources = 1;
    NetworkOrder on_network_change = NetworkOrder::nothing;
    bool pll_clamp = true;
};

/// The fields of HostedWords for a program's table.
template <class P>
constexpr auto hosted_fields() {
    return FieldList{
        Field<P, std::string>{"server", &P::server, "",
                              "group of time servers; none: the only one there is"},
        Field<P, std::uint32_t>{"sources", &P::sources, "",
                                "servers of the group that are used at once, each another one as "
                                "the pool's name resolves",
                                1, 16},
        Field<P, NetworkOrder>{"on_network_change", &P::on_network_change, "",
                               "what the operating system does when the network comes or goes"},
        Field<P, bool>{"pll_clamp", &P::pll_clamp, "",
                       "the kernel's loop takes no update interval above 2^(3 + constant) s", 0, 1,
                       "Linux, kernel/time/ntp.c since 2.6.31"}};
}

/// `makestep THRESHOLD LIMIT` of chrony.conf.
struct MakestepWords {
    double threshold = 0;
    int limit = 0;
    static constexpr auto fields() {
        using P = MakestepWords;
        return FieldList{
            Field<P, double>{"threshold", &P::threshold, "s", "offset from which on it steps", 0,
                             1e9},
            Field<P, int>{"limit", &P::limit, "", "updates in which it may; -1: ever", -1, 1e9,
                          "0: never, chronyd's own default; distributions ship 1 s and 3"}};
    }
};

/// Limits of chronyd's hold on the clock.
template <class P>
constexpr auto chrony_clock_fields() {
    return FieldList{
        Field<P, double>{"maxupdateskew", &P::maxupdateskew_ppb, "ppb",
                         "a frequency less certain than this is not followed", 0, 1e9},
        Field<P, double>{"maxclockerror", &P::maxclockerror_ppb, "ppb",
                         "error of the clock's frequency when left alone", 0, 1e9},
        Field<P, double>{"maxdrift", &P::maxdrift_ppb, "ppb", "largest correction of the frequency",
                         0, 5e8},
        Field<P, double>{"maxslewrate", &P::maxslewrate_ppb, "ppb", "fastest slew", 0, 1e8}};
}

/// chronyd 4.3; words, units and defaults of chrony.conf(5).
struct ChronyWords : HostedWords {
    static constexpr std::string_view client = "chrony";
    int minpoll = 6;
    int maxpoll = 10;
    bool iburst = false;
    int polltarget = 8;
    double maxdelay = 3;
    double maxdelayratio = 0;
    double maxdelaydevratio = 10;
    double offset = 0;
    int minsamples = 6;
    int maxsamples = 64;
    double mindelay = 0;
    MakestepWords makestep;
    double corrtimeratio = 3;
    double maxdistance = 3;
    double maxjitter = 1;
    double reselectdist = 1e-4;
    double stratumweight = 1e-3;
    double combinelimit = 3;
    int minsources = 1;
    double maxupdateskew_ppb = 1e6;
    double maxclockerror_ppb = 1e3;
    double maxdrift_ppb = 5e8;
    double maxslewrate_ppb = 83'333'333;

    static constexpr auto fields() {
        using P = ChronyWords;
        return fields_joined(
            hosted_fields<P>(),
            FieldList{
                Field<P, int>{"minpoll", &P::minpoll, "", "least poll interval, log2 of s", -6, 24},
                Field<P, int>{"maxpoll", &P::maxpoll, "", "longest poll interval, log2 of s", -6,
                              24},
                Field<P, bool>{"iburst", &P::iburst, "", "four quick samples at the start"},
                Field<P, int>{"polltarget", &P::polltarget, "",
                              "samples in the regression at which the poll interval stays", 6, 60},
                Field<P, double>{"maxdelay", &P::maxdelay, "s", "test A: longest round trip", 0,
                                 1e3},
                Field<P, double>{"maxdelayratio", &P::maxdelayratio, "",
                                 "test B: round trip to the least one; below 1: off", 0, 1e6},
                Field<P, double>{"maxdelaydevratio", &P::maxdelaydevratio, "",
                                 "test C: increase of the delay to the samples' deviation", 0, 1e6},
                Field<P, double>{"offset", &P::offset, "s", "correction of what is measured", -1e6,
                                 1e6},
                Field<P, int>{"minsamples", &P::minsamples, "",
                              "the runs test does not leave fewer samples", 4, 64},
                Field<P, int>{"maxsamples", &P::maxsamples, "", "samples that are kept", 4, 64},
                Field<P, double>{"mindelay", &P::mindelay, "s",
                                 "known least round trip; 0: the least seen", 0, 1e3},
                Field<P, MakestepWords>{"makestep", &P::makestep, "", "when it may step"},
                Field<P, double>{"corrtimeratio", &P::corrtimeratio, "",
                                 "how slowly offsets are slewed", 1e-3, 1e6},
                Field<P, double>{"maxdistance", &P::maxdistance, "s",
                                 "sources farther than this are not selected", 0, 1e3},
                Field<P, double>{"maxjitter", &P::maxjitter, "s",
                                 "sources noisier than this are not selected", 0, 1e3},
                Field<P, double>{"reselectdist", &P::reselectdist, "s",
                                 "handicap of sources that are not selected", 0, 1e3},
                Field<P, double>{"stratumweight", &P::stratumweight, "s",
                                 "distance that a stratum counts for", 0, 1e3},
                Field<P, double>{"combinelimit", &P::combinelimit, "",
                                 "sources this many times as far as the best are not combined", 0,
                                 1e6},
                Field<P, int>{"minsources", &P::minsources, "",
                              "selectable sources without which the clock is not updated", 1, 16}},
            chrony_clock_fields<P>());
    }
};

/// `disable kernel` of ntp.conf: the daemon's own loop instead of the kernel's.
enum class NtpdDisable : std::uint8_t { nothing, kernel };
template <>
inline constexpr std::array<std::string_view, 2> enum_words<NtpdDisable>{"nothing", "kernel"};

/// `tinker` of ntp.conf.
struct TinkerWords {
    double step = 0.128;
    double stepout = 300;
    double panic = 1000;
    int allan = 11;
    double dispersion_ppb = 15'000;
    static constexpr auto fields() {
        using P = TinkerWords;
        return FieldList{Field<P, double>{"step", &P::step, "s",
                                          "offset from which on it steps; 0: never", 0, 1e6},
                         Field<P, double>{"stepout", &P::stepout, "s",
                                          "how long the offset must stay beyond", 300, 1e6},
                         Field<P, double>{"panic", &P::panic, "s",
                                          "offset at which it gives up; 0: none", 0, 1e9},
                         Field<P, int>{"allan", &P::allan, "", "Allan intercept, log2 of s", 3, 17},
                         Field<P, double>{"dispersion", &P::dispersion_ppb, "ppb",
                                          "how fast what was measured becomes uncertain", 0, 1e9}};
    }
};

/// `tos` of ntp.conf.
struct TosWords {
    int minclock = 3;
    int minsane = 1;
    double maxdist = 1.5;
    double mindist = 0.001;
    int ceiling = 15;
    int floor = 0;
    static constexpr auto fields() {
        using P = TosWords;
        return FieldList{
            Field<P, int>{"minclock", &P::minclock, "", "servers that clustering leaves", 1, 16},
            Field<P, int>{"minsane", &P::minsane, "", "servers without which the clock is left", 1,
                          16},
            Field<P, double>{"maxdist", &P::maxdist, "s", "largest root distance of a server", 0,
                             1e3},
            Field<P, double>{"mindist", &P::mindist, "s", "least dispersion of a server", 0, 1e3},
            Field<P, int>{"ceiling", &P::ceiling, "", "largest stratum of a server", 1, 15},
            Field<P, int>{"floor", &P::floor, "", "least stratum of a server", 0, 15}};
    }
};

template <class P>
constexpr auto ntpd_fields() {
    return fields_joined(
        hosted_fields<P>(),
        FieldList{
            Field<P, int>{"minpoll", &P::minpoll, "", "least poll interval, log2 of s", 3, 17},
            Field<P, int>{"maxpoll", &P::maxpoll, "", "longest poll interval, log2 of s", 3, 17},
            Field<P, bool>{"iburst", &P::iburst, "", "eight quick requests at the start"},
            Field<P, bool>{"burst", &P::burst, "", "eight requests instead of one"},
            Field<P, NtpdDisable>{"disable", &P::disable, "",
                                  "kernel: the daemon's own loop steers the clock"},
            Field<P, TinkerWords>{"tinker", &P::tinker, "", "of the discipline"},
            Field<P, TosWords>{"tos", &P::tos, "", "of the selection of servers"}});
}

/// ntpd 4.2.8p15; words and defaults of ntp.conf(5).
struct NtpdWords : HostedWords {
    static constexpr std::string_view client = "ntpd";
    int minpoll = 6;
    int maxpoll = 10;
    bool iburst = false;
    bool burst = false;
    NtpdDisable disable = NtpdDisable::nothing;
    TinkerWords tinker;
    TosWords tos;

    static constexpr auto fields() { return ntpd_fields<NtpdWords>(); }
};

/// ntpsec 1.2.2, where it differs from ntpd.
struct NtpsecWords : NtpdWords {
    static constexpr std::string_view client = "ntpsec";
    static constexpr auto fields() { return ntpd_fields<NtpsecWords>(); }
};

/// ntpd of busybox 1.37, which has no configuration but its servers.
struct BusyboxWords : HostedWords {
    static constexpr std::string_view client = "busybox";
    static constexpr auto fields() { return hosted_fields<BusyboxWords>(); }
};

/// systemd-timesyncd; words of timesyncd.conf(5).
struct TimesyncdWords : HostedWords {
    static constexpr std::string_view client = "timesyncd";
    double poll_min = 32;
    double poll_max = 2048;
    double root_distance_max = 5;
    double connection_retry = 30;

    static constexpr auto fields() {
        using P = TimesyncdWords;
        return fields_joined(
            hosted_fields<P>(),
            FieldList{Field<P, double>{"PollIntervalMinSec", &P::poll_min, "s",
                                       "least poll interval", 16, 1e6},
                      Field<P, double>{"PollIntervalMaxSec", &P::poll_max, "s",
                                       "longest poll interval", 16, 1e6},
                      Field<P, double>{"RootDistanceMaxSec", &P::root_distance_max, "s",
                                       "largest root distance of a server", 0, 1e3},
                      Field<P, double>{"ConnectionRetrySec", &P::connection_retry, "s",
                                       "wait after ten connections in ten seconds", 1, 1e6}});
    }
};

/// A program as words configure it, with `words.sources` servers.
/// @throws std::invalid_argument naming the word, when minpoll exceeds maxpoll
std::unique_ptr<ClientProgram> make_program(const ChronyWords& words);
std::unique_ptr<ClientProgram> make_program(const NtpdWords& words);
std::unique_ptr<ClientProgram> make_program(const NtpsecWords& words);
std::unique_ptr<ClientProgram> make_program(const BusyboxWords& words);
std::unique_ptr<ClientProgram> make_program(const TimesyncdWords& words);

}  // namespace driftstorm
