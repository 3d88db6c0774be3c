#pragma once

#include "models/timesync/client_words.hpp"
#include "models/timesync/program_clients.hpp"
#include "models/timesync/sync_params.hpp"
#include "scenarios/complaints.hpp"
#include "scenarios/json_schema.hpp"
#include "scenarios/node.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace driftstorm {

/// Time clients that are no hosted program, by `client`: each stands for sources as in a clock's
/// `sync` list, with the defaults of that client.
struct NoneWords {
    static constexpr std::string_view client = "none";
    static constexpr auto fields() { return FieldList<>{}; }
};
/// SNTP in the words of SntpParams, but `server` may be left out.
struct SntpWords : SntpParams {
    static constexpr std::string_view client = "sntp";
    static constexpr std::array<std::string_view, 0> required() { return {}; }
};
/// One request at the start, one step, as ntpdate -b or sntp -S from a boot script.
struct OneShotWords : SntpWords {
    static constexpr std::string_view client = "one_shot";
    OneShotWords() {
        every = Distribution::constant(3.15576e9);
        step_above = {};
        retries = 4;
    }
};
/// Android since 12: SNTP every 18 h with an alarm that does not wake the phone, then the mobile
/// network's NITZ, which yields to it for 24 h; steps of 2 s and more alone. Source: AOSP
/// NetworkTimeUpdateService, NtpTrustedTime, TimeDetectorStrategyImpl; source.android.com, "Network
/// time detection".
struct AndroidWords : SntpWords {
    static constexpr std::string_view client = "android";
    bool nitz = true;
    AndroidWords() { wakes = false; }
    static constexpr auto fields() {
        return fields_joined(SntpParams::fields(), FieldList{Field<AndroidWords, bool>{
                                                       "nitz", &AndroidWords::nitz, "",
                                                       "takes the mobile network's time, too"}});
    }
};
/// timed of iOS, as far as it can be told from outside, the rest assumed: a job every hour and on a
/// new network (known: launchd's StartInterval), the scale factor kept (known), half of the
/// frequency error corrected each time and all offsets from 1 ms on stepped (assumed).
struct IosWords : SntpWords {
    static constexpr std::string_view client = "ios";
    bool nitz = true;
    IosWords() {
        every = Distribution::constant(3600);
        step_above = Duration{1'000'000};
        wakes = false;
        on_network_change = true;
        tracking = 0.5;
    }
    static constexpr auto fields() {
        return fields_joined(SntpParams::fields(), FieldList{Field<IosWords, bool>{
                                                       "nitz", &IosWords::nitz, "",
                                                       "takes the mobile network's time, too"}});
    }
};
struct NitzWords : NitzParams {
    static constexpr std::string_view client = "nitz";
};
struct GnssWords : GnssParams {
    static constexpr std::string_view client = "gnss";
};

/// A clock's `time_sync`: one client, by name, and its configuration in its own words.
using TimeSync =
    std::variant<NoneWords, ChronyWords, NtpdWords, NtpsecWords, BusyboxWords, TimesyncdWords,
                 SntpWords, OneShotWords, AndroidWords, IosWords, NitzWords, GnssWords>;

/// Reads `chrony`, or `{ client: chrony, minpoll: 4 ... }`. @return nothing, with complaints, when
/// it is wrong
std::optional<TimeSync> read_time_sync(const Node& node, const std::string& path,
                                       Complaints& complaints);
Node time_sync_node(const TimeSync& sync);
std::string time_sync_schema(SchemaWriter& writer);

/// The sources that a client which is no program stands for; none for a program.
std::vector<SyncSource> sources_of(const TimeSync& sync);
/// What a hosted program is built from, or nullptr.
const HostedWords* program_words(const TimeSync& sync);
/// The group of servers a client asks, to be filled in where none was named; nullptr: it asks none.
std::string* server_of(TimeSync& sync);
inline const std::string* server_of(const TimeSync& sync) {
    return server_of(const_cast<TimeSync&>(sync));
}
/// How the world hosts it. @pre program_words(sync) is not nullptr
ProgramClients::Plan program_plan(const TimeSync& sync);

}  // namespace driftstorm
