#pragma once

#include "models/clocks/device_clocks.hpp"
#include "models/timesync/time_clients.hpp"
#include "models/timesync/time_servers.hpp"
#include "sim/core/kernel.hpp"

#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

namespace driftstorm::test {

/// Keeps the rows of one type.
template <class R>
class Rows : public TableSink {
  public:
    bool wants(const RowType& type) const override { return type.table == R::table; }
    void row(const RowType&, const RowStamp& stamp, const std::byte* bytes) override {
        R made;
        std::memcpy(static_cast<void*>(&made), bytes, sizeof made);
        rows.push_back(made);
        times.push_back(stamp.at());
    }
    std::vector<R> rows;
    std::vector<Time> times;
};

/// Phones and time servers with nothing between them but a delay each way; the servers may live in
/// another partition.
struct TimeWorld {
    struct Setup {
        ClockParams clock;
        std::vector<SyncSource> sync;
        TimeServerParams server;
        std::uint64_t phones = 1;
        Duration up{30'000'000};
        Duration down{10'000'000};
        std::uint32_t partitions = 1;
        std::uint64_t seed = 11;
    };

    explicit TimeWorld(const Setup& setup)
        : kernel({.seed = setup.seed, .partitions = setup.partitions, .digest = true}),
          clocks(setup.seed),
          clients(clocks),
          servers(setup.seed),
          up(setup.up),
          down(setup.down),
          connected(setup.phones, true) {
        const std::uint32_t far = setup.partitions - 1;
        kernel.add_model(0, clocks);
        kernel.add_model(0, clients);
        kernel.add_model(far, servers);
        cell = kernel.add_entity<DeviceClocks>(0, identity_of("network.cells.A"))
                   .id;  // stands for a cell
        clocks.add(ClockParams{}, identity_of("network.cells.A"), cell);
        clients.add(clients.add_plan({}), identity_of("network.cells.A"), cell);
        kernel.add_entity<TimeClients>(0, identity_of("network.cells.A"));
        std::vector<EntityId> nodes;
        for (std::uint32_t n = 0; n < setup.server.nodes; ++n) {
            const std::uint64_t identity = identity_of(identity_of("servers.time_pool"), n);
            nodes.push_back(kernel.add_entity<TimeServers>(far, identity).id);
            servers.add(setup.server, identity, nodes.back());
        }
        const std::uint32_t plan = clients.add_plan(
            {setup.sync, std::vector<std::vector<EntityId>>(setup.sync.size(), nodes)});
        for (std::uint64_t i = 0; i < setup.phones; ++i) {
            const std::uint64_t identity = identity_of(identity_of("populations.riders"), i);
            const auto clock = kernel.add_entity<DeviceClocks>(0, identity);
            const auto client = kernel.add_entity<TimeClients>(0, identity);
            clocks.add(setup.clock, identity, clock.id);
            clients.add(plan, identity, client.id);
        }
        clients.set_door_up([this](Context& context, Duration delay, const Packet& packet) {
            ++packets;
            context.send(delay + up, Address<TimeServers>{packet.server}, PacketArrives{}, packet);
        });
        clients.set_connected([this](Index device) { return connected[device - 1u]; });
        servers.set_door_down([this](Context& context, Duration delay, const Packet& packet) {
            context.send(delay + down, Address<TimeClients>{packet.device}, PacketArrives{},
                         packet);
        });
        if (setup.partitions > 1) kernel.set_lookahead(std::min(up, down));
        kernel.add_sink(synced);
        kernel.add_sink(lost);
        for (Index d = 1; d <= setup.phones; ++d) {
            clocks.start(context(d), d);
            clients.start(context(d), d);
        }
    }

    /// Phones are devices 1, 2 ...: device 0 stands for the cell.
    Context& context(Index device = 1) { return kernel.as(kernel_entity(device)); }
    EntityId kernel_entity(Index device) { return kernel.as(cell).address_of(clocks, device).id; }
    void run(Duration until) { kernel.run_until(Time{} + until); }
    double offset_ns(Index device = 1) const { return clocks.offset_ns(device, kernel.now()); }

    Kernel kernel;
    DeviceClocks clocks;
    TimeClients clients;
    TimeServers servers;
    Duration up;
    Duration down;
    std::vector<bool> connected;
    std::uint64_t packets = 0;
    EntityId cell = no_entity;
    Rows<ClockSynced> synced;
    Rows<TimeRequestLost> lost;
};

/// Starts `offset_s` off, with a perfect oscillator.
inline ClockParams off_by(double offset_s) {
    ClockParams params;
    params.initial_offset = Distribution::constant(offset_s);
    return params;
}

/// Asks 10 s after the start and then every hour.
inline SntpParams hourly() {
    SntpParams params;
    params.server = "time_pool";
    params.first = Distribution::constant(10);
    params.every = Distribution::constant(3600);
    return params;
}

}  // namespace driftstorm::test
