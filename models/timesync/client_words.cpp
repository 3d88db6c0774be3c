#include "models/timesync/client_words.hpp"

#include "models/timesync/busybox_client.hpp"
#include "models/timesync/chrony_client.hpp"
#include "models/timesync/ntpd_client.hpp"
#include "models/timesync/timesyncd_client.hpp"

#include <stdexcept>

namespace driftstorm {

namespace {

template <class Words>
void check_polls(const Words& words) {
    if (words.minpoll > words.maxpoll)
        throw std::invalid_argument(std::string(Words::client) +
                                    ": minpoll = " + std::to_string(words.minpoll) +
                                    " must not exceed maxpoll = " + std::to_string(words.maxpoll));
}

NtpdClient::Options ntpd_options(const NtpdWords& words) {
    NtpdServer server;
    server.minpoll = words.minpoll;
    server.maxpoll = words.maxpoll;
    server.iburst = words.iburst;
    server.burst = words.burst;
    NtpdClient::Options options;
    options.servers.assign(words.sources, server);
    options.discipline.kernel = words.disable != NtpdDisable::kernel;
    options.discipline.step_s = words.tinker.step;
    if (words.tinker.step == 0 || words.tinker.step > 0.5)
        options.discipline.kernel = false;  // the kernel takes no more than 0.5 s
    options.discipline.stepout_s = words.tinker.stepout;
    options.discipline.panic_s = words.tinker.panic;
    options.discipline.allan = words.tinker.allan;
    options.dispersion_rate = words.tinker.dispersion_ppb * 1e-9;
    options.min_clock = words.tos.minclock;
    options.min_sane = words.tos.minsane;
    options.max_distance_s = words.tos.maxdist;
    options.min_dispersion_s = words.tos.mindist;
    options.ceiling = words.tos.ceiling;
    options.floor = words.tos.floor;
    return options;
}

}  // namespace

std::unique_ptr<ClientProgram> make_program(const ChronyWords& words) {
    check_polls(words);
    ChronyServer server;
    server.minpoll = words.minpoll;
    server.maxpoll = words.maxpoll;
    server.iburst = words.iburst;
    server.polltarget = words.polltarget;
    server.maxdelay = words.maxdelay;
    server.maxdelayratio = words.maxdelayratio;
    server.maxdelaydevratio = words.maxdelaydevratio;
    server.offset = words.offset;
    server.minsamples = words.minsamples;
    server.maxsamples = words.maxsamples;
    server.mindelay = words.mindelay;
    ChronyParams params;
    params.servers.assign(words.sources, server);
    params.clock.maxdrift = words.maxdrift_ppb * 1e-9;
    params.clock.maxslewrate = words.maxslewrate_ppb * 1e-9;
    params.reference.corrtimeratio = words.corrtimeratio;
    params.reference.maxupdateskew = words.maxupdateskew_ppb * 1e-9;
    params.reference.makestep_threshold = words.makestep.threshold;
    params.reference.makestep_updates = words.makestep.limit;
    params.sources.maxdistance = words.maxdistance;
    params.sources.maxjitter = words.maxjitter;
    params.sources.reselectdist = words.reselectdist;
    params.sources.stratumweight = words.stratumweight;
    params.sources.combinelimit = words.combinelimit;
    params.sources.minsources = words.minsources;
    params.sources.maxclockerror = words.maxclockerror_ppb * 1e-9;
    return std::make_unique<ChronyClient>(params);
}

std::unique_ptr<ClientProgram> make_program(const NtpdWords& words) {
    check_polls(words);
    return std::make_unique<NtpdClient>(ntpd_options(words));
}

std::unique_ptr<ClientProgram> make_program(const NtpsecWords& words) {
    check_polls(words);
    NtpdClient::Options options = ntpd_options(words);
    options.discipline.poll_gates = false;
    return std::make_unique<NtpdClient>(options);
}

std::unique_ptr<ClientProgram> make_program(const BusyboxWords& words) {
    BusyboxClient::Options options;
    options.servers = words.sources;
    return std::make_unique<BusyboxClient>(options);
}

std::unique_ptr<ClientProgram> make_program(const TimesyncdWords& words) {
    TimesyncdClient::Options options;
    options.poll_min_s = words.poll_min;
    options.poll_max_s = words.poll_max;
    options.root_distance_max_s = words.root_distance_max;
    options.connection_retry_s = words.connection_retry;
    options.servers = words.sources;
    return std::make_unique<TimesyncdClient>(options);
}

}  // namespace driftstorm
