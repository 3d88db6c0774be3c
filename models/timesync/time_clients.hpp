#pragma once

#include "models/clocks/device_clocks.hpp"
#include "models/links/packet.hpp"
#include "models/timesync/ntp.hpp"
#include "models/timesync/sync_params.hpp"
#include "sim/core/event.hpp"
#include "sim/core/fields.hpp"
#include "sim/core/kernel.hpp"
#include "sim/core/time.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <string_view>
#include <tuple>
#include <vector>

namespace driftstorm {

enum class SyncProtocol : std::uint8_t { sntp, nitz, gnss };
template <>
inline constexpr std::array<std::string_view, 3> enum_words<SyncProtocol>{"sntp", "nitz", "gnss"};

/// What came of an attempt to learn the time. `kept`: the clock is near enough; `ignored`: a
/// repeated signal, or a better source has spoken.
enum class SyncOutcome : std::uint8_t { stepped, slewed, kept, ignored, timed_out };
template <>
inline constexpr std::array<std::string_view, 5> enum_words<SyncOutcome>{
    "stepped", "slewed", "kept", "ignored", "timed_out"};

/// A device has asked, or was told, what time it is.
struct ClockSynced {
    static constexpr std::string_view table = "clocks/sync";
    static constexpr std::string_view component = "clocks";
    EntityId device = no_entity;
    EntityId server = no_entity;
    SyncProtocol protocol{};
    SyncOutcome outcome{};
    double offset_ns = 0;
    Duration delay;

    static constexpr auto fields() {
        return FieldList{
            Field<ClockSynced, EntityId>{"device", &ClockSynced::device, "", "whose clock"},
            Field<ClockSynced, EntityId>{"server", &ClockSynced::server, "",
                                         "time server asked; missing: the mobile network"},
            Field<ClockSynced, SyncProtocol>{"protocol", &ClockSynced::protocol, "", "how"},
            Field<ClockSynced, SyncOutcome>{"outcome", &ClockSynced::outcome, "", "what was done"},
            Field<ClockSynced, double>{
                "offset", &ClockSynced::offset_ns, "ns",
                "correction measured: source minus wall clock; 0 when none was"},
            Field<ClockSynced, Duration>{
                "delay", &ClockSynced::delay, "ns",
                "measured round trip without the server's time; 0 when none was"}};
    }
};

/// The time clients of all devices of a partition: SNTP through the simulated network, NITZ from
/// the cell. `device` is the device's index in this partition, the same as in DeviceClocks.
class TimeClients {
  public:
    static constexpr std::string_view name = "time_clients";
    static constexpr int version = 1;

    struct NetworkChanged {
        static constexpr std::string_view name = "time_client.network_changed";
        static constexpr Phase phase = Phase::protocol;
    };
    struct NitzArrives {
        static constexpr std::string_view name = "time_client.nitz_arrives";
        static constexpr Phase phase = Phase::network;
        Reading stamp;
        std::uint32_t source = 0;
        static constexpr auto fields() {
            return FieldList{Field<NitzArrives, Reading>{"stamp", &NitzArrives::stamp, "ns",
                                                         "time that the network sent"},
                             Field<NitzArrives, std::uint32_t>{"source", &NitzArrives::source, "",
                                                               "place in the clock's sync list"}};
        }
    };
    using Messages = std::tuple<PacketArrives, NetworkChanged, NitzArrives>;

    /// How a class of clocks is kept right. `nodes[i]`: the servers that source i asks; empty for
    /// NITZ.
    struct SyncPlan {
        std::vector<SyncSource> sources;
        std::vector<std::vector<EntityId>> nodes;
    };

    /// @param clocks  of the same partition; must outlive this
    explicit TimeClients(DeviceClocks& clocks);
    TimeClients(const TimeClients&) = delete;
    TimeClients& operator=(const TimeClients&) = delete;

    // ---- building the world ----

    /// @return the plan's number
    /// @throws std::invalid_argument when an SNTP source has no nodes
    std::uint32_t add_plan(SyncPlan plan);
    /// Adds the next device; in the order of Kernel::add_entity<TimeClients>.
    /// @param device  the device in packets and result rows: its entity in Radios
    Index add(std::uint32_t plan, std::uint64_t identity, EntityId device);
    /// The way out of a device; fills in the device's address.
    void set_door_up(PacketDoor door) { door_up_ = std::move(door); }
    /// Whether a device has a network now.
    void set_connected(std::function<bool(Index device)> connected) {
        connected_ = std::move(connected);
    }
    /// Arms the first requests. Call once per device, before the run.
    void start(Context& context, Index device);

    // ---- what the radio tells ----

    /// The device has a network again, or another one.
    void on_network(Context& context, Index device);
    /// The device has registered with a cell, which may send NITZ.
    void on_cell_attach(Context& context, Index device, EntityId cell);

    // ---- kernel ----

    void on(const PacketArrives& message, const Packet& packet, Index device, Context& context);
    void on(const NetworkChanged& message, Index device, Context& context);
    void on(const NitzArrives& message, Index device, Context& context);
    auto state() { return std::tie(sntp_, nitz_); }

  private:
    /// One source of one device: an SNTP association or a listener to NITZ.
    struct Sntp {
        Reading sent_wall;             ///< T1 of the request under way
        Reading sent_boot;             ///< the boot clock then
        Reading last_good{INT64_MIN};  ///< the boot clock when a reply last came
        EntityId server = no_entity;   ///< asked
        std::uint32_t requests = 0;    ///< sent so far
        std::uint32_t intervals = 0;   ///< drawn so far
        std::uint32_t unanswered = 0;  ///< in a row
        bool waiting = false;          ///< for a reply
        bool overdue = false;          ///< for want of a network, or because the device sleeps
        double frequency = 0;          ///< correction by tracking so far [s/s]
    };
    struct Nitz {
        Reading last_stamp;
        Reading last_boot{INT64_MIN};  ///< the boot clock when it came; INT64_MIN: none came
        std::uint32_t attaches = 0;    ///< GNSS: fixes that fell due
    };
    /// What a device is, fixed for the run.
    struct Client {
        std::uint64_t identity = 0;
        EntityId device = no_entity;
        std::uint32_t plan = 0;
        std::uint32_t first_source = 0;  ///< in sntp_ and nitz_
    };

    const SyncPlan& plan(Index device) const { return plans_[clients_[device].plan]; }
    const SntpParams* sntp_params(Index device, std::uint32_t source) const {
        return std::get_if<SntpParams>(&plan(device).sources[source]);
    }
    std::uint64_t subject(Index device, std::uint32_t source) const;
    void timer_fires(Context& context, Index device, std::uint32_t timer);
    void fix(Context& context, Index device, std::uint32_t source, const GnssParams& params);
    void track(Context& context, Index device, const SntpParams& params, Sntp& sntp, Q64 correction,
               Duration since);
    void ask(Context& context, Index device, std::uint32_t source);
    void give_up(Context& context, Index device, std::uint32_t source);
    void wait_for_next(Context& context, Index device, std::uint32_t source,
                       const Distribution& interval);
    SyncOutcome apply(Context& context, Index device, Duration step_above, double slew_ppb,
                      Q64 correction, AdjustedBy by);
    bool sntp_is_fresh(Index device, Reading boot, Duration valid) const;

    DeviceClocks& clocks_;
    TimerOwner owner_;
    PacketDoor door_up_;
    std::function<bool(Index)> connected_;
    std::vector<SyncPlan> plans_;
    std::vector<Client> clients_;
    std::vector<Sntp> sntp_;  ///< by source; unused where the source is NITZ
    std::vector<Nitz> nitz_;  ///< by source; unused where the source is SNTP
};

}  // namespace driftstorm
