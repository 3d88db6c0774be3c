#pragma once

#include "models/clocks/device_clocks.hpp"
#include "models/links/packet.hpp"
#include "models/timesync/client_program.hpp"
#include "models/timesync/kernel_clock.hpp"
#include "models/timesync/ntp.hpp"
#include "sim/core/event.hpp"
#include "sim/core/fields.hpp"
#include "sim/core/kernel.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <tuple>
#include <vector>

namespace driftstorm {

/// A time program's exchange with a server, as chronyd's measurements log and ntpd's peerstats have
/// it.
struct ClockMeasured {
    static constexpr std::string_view table = "clocks/measurement";
    static constexpr std::string_view component = "clocks";
    EntityId device = no_entity;
    EntityId server = no_entity;
    double offset_ns = 0;
    Duration delay;
    std::uint8_t stratum = 0;

    static constexpr auto fields() {
        return FieldList{
            Field<ClockMeasured, EntityId>{"device", &ClockMeasured::device, "", "whose clock"},
            Field<ClockMeasured, EntityId>{"server", &ClockMeasured::server, "", "who answered"},
            Field<ClockMeasured, double>{"offset", &ClockMeasured::offset_ns, "ns",
                                         "server's clock minus the wall clock, as measured"},
            Field<ClockMeasured, Duration>{"delay", &ClockMeasured::delay, "ns",
                                           "round trip without the server's time"},
            Field<ClockMeasured, std::uint8_t>{"stratum", &ClockMeasured::stratum, "",
                                               "of the server; 0: a kiss code"}};
    }
};

/// The time programs of a partition's devices (chronyd, ntpd ...), each on its device's clock as a
/// kernel presents it: adjtimex and adjtime steer the oscillator's wall, boot and monotonic clocks
/// together, timers run on the monotonic or the boot clock, requests travel as packets and bring
/// back four stamps. Between the events of a program the clock is a function of time; only while
/// the kernel's loop or adjtime() amortises is there an event each second.
class ProgramClients {
  public:
    static constexpr std::string_view name = "time_programs";
    static constexpr int version = 2;

    struct NetworkChanged {
        static constexpr std::string_view name = "time_program.network_changed";
        static constexpr Phase phase = Phase::protocol;
    };
    /// A timer's clock has about reached its target.
    struct TimerDue {
        static constexpr std::string_view name = "time_program.timer_due";
        static constexpr Phase phase = Phase::protocol;
        std::uint32_t timer = 0;
        Generation generation;
        static constexpr auto fields() {
            return FieldList{
                Field<TimerDue, std::uint32_t>{"timer", &TimerDue::timer, "", "the host's number"},
                Field<TimerDue, Generation>{"generation", &TimerDue::generation, "",
                                            "tells a moved one"}};
        }
    };
    using Messages = std::tuple<PacketArrives, NetworkChanged, TimerDue>;

    /// A class of clients.
    struct Plan {
        std::function<std::unique_ptr<ClientProgram>()> make;
        std::vector<EntityId> nodes;  ///< of the group that is asked
        std::uint32_t sources = 1;    ///< at most as many as nodes are used
        NetworkOrder on_network_change = NetworkOrder::nothing;
        ClockKind timers = ClockKind::monotonic;
        KernelClockRules rules = KernelClockRules::linux_kernel();
    };

    /// @param clocks  of the same partition; must outlive this
    explicit ProgramClients(DeviceClocks& clocks);
    ProgramClients(const ProgramClients&) = delete;
    ProgramClients& operator=(const ProgramClients&) = delete;

    // ---- building the world ----

    /// @return the plan's number
    /// @throws std::invalid_argument when there are no nodes
    std::uint32_t add_plan(Plan plan);
    /// Adds the next client; in the order of Kernel::add_entity<ProgramClients>.
    /// @param clock   the device's index in DeviceClocks
    /// @param device  the device in packets and result rows: its entity in Radios
    Index add(std::uint32_t plan, std::uint64_t identity, Index clock, EntityId device);
    void set_door_up(PacketDoor door) { door_up_ = std::move(door); }
    /// Whether a device, by its index in DeviceClocks, has a network now.
    void set_connected(std::function<bool(Index device)> connected) {
        connected_ = std::move(connected);
    }
    /// Starts the program. Call once per client, before the run.
    void start(Context& context, Index client);

    // ---- what the radio tells ----

    /// The device has a network again, another one, or none.
    void on_network(Context& context, Index client);

    const ClientProgram& program(Index client) const { return *programs_.of[client]; }
    std::size_t size() const { return clients_.size(); }

    // ---- kernel ----

    void on(const PacketArrives& message, const Packet& packet, Index client, Context& context);
    void on(const NetworkChanged& message, Index client, Context& context);
    void on(const TimerDue& message, Index client, Context& context);
    bool stale(const TimerDue& message, Index client) const {
        return timers_[clients_[client].first_timer + message.timer].generation !=
               message.generation;
    }
    auto state() { return std::tie(clients_, timers_, programs_); }

  private:
    class Host;
    static constexpr Index no_client = ~Index{0};
    struct Client {
        std::uint64_t identity = 0;
        EntityId device = no_entity;
        std::uint32_t plan = 0;
        Index clock = 0;
        KernelClock kernel;
        Rate rate;                      ///< of the correction in force
        std::int64_t seconds_done = 0;  ///< by the kernel, of the monotonic clock
        std::uint64_t draws = 0;
        std::uint32_t requests = 0;       ///< sent so far
        std::uint32_t first_request = 0;  ///< of this life of the program
        std::uint32_t rotation = 0;       ///< where the pool's name pointed when it was resolved
        std::uint32_t lives = 0;
        std::uint32_t first_timer = 0;  ///< in timers_; the first is the kernel's
        std::uint32_t timers = 0;
        Generation generation;  ///< last one given to a timer
        Time measured_at;       ///< when the rate of the boot clock was last measured
        Reading measured;       ///< what it showed then
        double gain = 0;        ///< of the boot clock, as measured and retuned since [s/s]
        bool online = true;     ///< as the program was last told
    };
    /// An event near the target: timers of an operating system are late by some slack anyway, and
    /// to find the very nanosecond under noise costs more than all the rest of a poll.
    struct Timer {
        Reading target;
        Generation generation;
        bool armed = false;
        bool held = false;  ///< due, but its clock stands still
    };
    struct Programs {
        std::vector<std::unique_ptr<ClientProgram>> of;
        void archive(Archive& archive) {
            for (auto& program : of) program->archive(archive);
        }
    };

    void resumed(Context& context, Index device);
    void booted(Context& context, Index device);
    void restart(Context& context, Index client);
    void resolve(Context& context, Client& client);
    EntityId node(const Client& client, unsigned source) const {
        const Plan& plan = plans_[client.plan];
        return plan.nodes[(client.rotation + source) % plan.nodes.size()];
    }

    DeviceClocks& clocks_;
    PacketDoor door_up_;
    std::function<bool(Index)> connected_;
    std::vector<Plan> plans_;
    std::vector<Index> client_of_;  ///< by device
    std::vector<Client> clients_;
    std::vector<Timer> timers_;  ///< by client
    Programs programs_;
};

}  // namespace driftstorm
