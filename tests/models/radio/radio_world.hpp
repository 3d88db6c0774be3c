#pragma once

#include "models/links/links.hpp"
#include "models/radio/cells.hpp"
#include "models/radio/radios.hpp"
#include "sim/core/kernel.hpp"
#include "sim/core/table.hpp"

#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace driftstorm::testing {

/// Sends packets up at given times, and does other things at given times.
class Talker {
  public:
    static constexpr std::string_view name = "talker";
    static constexpr int version = 1;
    struct Act {
        static constexpr std::string_view name = "act";
        static constexpr Phase phase = Phase::protocol;
        std::uint32_t which = 0;
        static constexpr auto fields() {
            return FieldList{Field<Act, std::uint32_t>{"which", &Act::which, "", ""}};
        }
    };
    using Messages = std::tuple<Act>;
    void on(const Act& act, Index, Context& context) { actions[act.which](context); }
    std::vector<std::function<void(Context&)>> actions;
};

/// Keeps the rows of one type.
template <class R>
class Keep : public TableSink {
  public:
    struct Kept {
        Time at;
        R row;
    };
    bool wants(const RowType& type) const override { return type.table == R::table; }
    void row(const RowType& type, const RowStamp& stamp, const std::byte* bytes) override {
        if (!wants(type)) return;
        Kept kept{stamp.at(), {}};
        std::memcpy(static_cast<void*>(&kept.row), bytes, sizeof(R));
        rows.push_back(kept);
    }
    std::vector<Kept> rows;
};

/// A region with cells, links and radios, built step by step.
struct RadioWorld {
    explicit RadioWorld(RadioRules rules = {}, Radios::Params params = {}, std::uint64_t seed = 5)
        : cells(rules), kernel({seed, 1, true}), radios(params, cells, links, seed) {
        kernel.add_model(0, cells);
        kernel.add_model(0, links);
        kernel.add_model(0, radios);
        kernel.add_model(0, talker);
        talkers = kernel.add_entity<Talker>(0, identity_of("test.talker"));
        kernel.add_sink(handovers);
        kernel.add_sink(drops);
        kernel.add_sink(loads);
        links.exit = [this](Context& context, Index link, Duration delay, const Packet& packet) {
            if (packet.direction == Direction::down)
                return radios.from_link(context, link, delay, packet);
            up.push_back({context.now() + delay, packet});
        };
        radios.to_device = [this](Context& context, Duration delay, const Packet& packet) {
            down.push_back({context.now() + delay, packet});
        };
        radios.on_network_change.push_back([this](Context& context, Index device,
                                                  NetworkAddress previous, NetworkAddress current,
                                                  bool online) {
            networks.push_back({context.now(), device, previous, current, online});
        });
        radios.on_cell_attach.push_back([this](Context& context, Index device, Index cell) {
            attaches.push_back({context.now(), device, cell});
        });
    }

    template <class Transmitter>
    Index add_cell(const Transmitter& params, const std::string& name) {
        const std::uint64_t identity = identity_of("network.cells." + name);
        const Index uplink = links.add(uplink_of(params), identity_of(identity, 0));
        kernel.add_entity<Links>(0, identity_of(identity, 0));
        const Index downlink = links.add(downlink_of(params), identity_of(identity, 1));
        kernel.add_entity<Links>(0, identity_of(identity, 1));
        kernel.add_entity<Cells>(0, identity);
        return cells.add(params, identity, uplink, downlink);
    }
    Index add_device(Radios::Device device, const std::string& name) {
        device.identity = identity_of("devices." + name);
        devices.push_back(kernel.add_entity<Radios>(0, device.identity));
        return radios.add(device);
    }
    void start() {
        radios.prepare();
        for (Index device = 0; device < devices.size(); ++device) {
            radios.start(kernel.as(devices[device].id), device);
        }
    }
    void act(Time at, std::function<void(Context&)> action) {
        talker.actions.push_back(std::move(action));
        const auto which = static_cast<std::uint32_t>(talker.actions.size() - 1);
        kernel.as(talkers.id).send(at - kernel.now(), talkers, Talker::Act{which});
    }
    Packet packet(Index device, std::uint64_t subject, Direction direction,
                  std::uint32_t bytes = 500) {
        Packet made;
        made.device = devices[device].id;
        made.subject = subject;
        made.direction = direction;
        made.bytes = bytes;
        made.address = radios.address(device);
        return made;
    }
    /// The device sends a packet under the address it has then.
    void talk(Time at, Index device, std::uint64_t subject, std::uint32_t bytes = 500) {
        act(at, [=, this](Context& context) {
            Packet made = packet(device, subject, Direction::up, bytes);
            made.ledger = Ledger(context.now(), Cause::client_store);
            radios.up(context, device, made);
        });
    }
    /// A packet for the device reaches its network, under the address it has then.
    void call(Time at, Index device, std::uint64_t subject, std::uint32_t bytes = 500) {
        act(at, [=, this](Context& context) {
            Packet made = packet(device, subject, Direction::down, bytes);
            made.ledger = Ledger(context.now(), Cause::service_and_propagation);
            context.send(Duration{}, devices[device], PacketArrives{}, made);
        });
    }
    std::uint32_t rows_of(AttachKind kind) const {
        std::uint32_t count = 0;
        for (const auto& kept : handovers.rows) count += kept.row.kind == kind ? 1 : 0;
        return count;
    }

    struct Landed {
        Time at;
        Packet packet;
    };
    struct NetworkChange {
        Time at;
        Index device;
        NetworkAddress previous;
        NetworkAddress current;
        bool online;
    };
    struct Attach {
        Time at;
        Index device;
        Index cell;
    };

    Cells cells;
    Links links;
    Kernel kernel;
    Radios radios;
    Talker talker;
    Address<Talker> talkers;
    std::vector<Address<Radios>> devices;
    Keep<HandoverRow> handovers;
    Keep<PacketDrop> drops;
    Keep<CellAttached> loads;
    std::vector<Landed> up;
    std::vector<Landed> down;
    std::vector<NetworkChange> networks;
    std::vector<Attach> attaches;
};

inline Time at_s(double seconds) { return Time{static_cast<std::int64_t>(seconds * 1e9)}; }

/// A ride from one place to another that leaves at `depart`.
inline Mobility ride(double from_m, double to_m, double speed, double depart_s = 0) {
    Mobility::Params params;
    params.stops.push_back(Stop{from_m, Duration{static_cast<std::int64_t>(depart_s * 1e9)}, {}});
    params.stops.push_back(Stop{to_m, {}, {}});
    params.speed = speed;
    return Mobility(params);
}

/// Two equal LTE cells 4 km apart without shadowing.
inline CellParams plain_cell(double at_m) {
    CellParams params;
    params.at = at_m;
    params.range = 3000;
    params.shadowing = 0;
    return params;
}

inline RadioRules quiet_rules() {
    RadioRules rules;
    CellularParams& lte = rules.cellular[static_cast<std::size_t>(Technology::lte)];
    lte.interruption = Distribution::constant(0.05);
    lte.promotion = Distribution::constant(0.2);
    rules.wifi.reassociate = Distribution::constant(1.5);
    return rules;
}
inline Radios::Params quiet_params(Duration period = Duration{10'000'000}) {
    Radios::Params params;
    params.measurement_period = period;
    params.device_spread = 0;
    return params;
}

}  // namespace driftstorm::testing
