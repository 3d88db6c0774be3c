#include "tests/world/recorded_rows.hpp"

#include "models/probes/clock_offset.hpp"
#include "sim/core/digest.hpp"

#include <doctest/doctest.h>

#include <bit>
#include <cstring>

namespace driftstorm::tests {

TextScenario read_text(const std::string& yaml, const std::vector<Assignment>& set) {
    TextScenario made;
    made.complaints = std::make_unique<Complaints>(
        [yaml](const std::string& name, std::string& reason) -> std::optional<std::string> {
            if (name == "test.yaml") return yaml;
            return read_file_from_disk(name, reason);
        });
    made.scenario = read_scenario("test.yaml", set, *made.complaints);
    INFO(made.complaints->text());
    REQUIRE_FALSE(made.complaints->any_errors());
    REQUIRE(made.scenario != nullptr);
    return made;
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
    const std::size_t at = text.find(from);
    INFO("looked for ", from);
    REQUIRE(at != std::string::npos);
    return text.replace(at, from.size(), to);
}

std::string small_train(std::uint32_t count) {
    return R"(schema: scenario/1
title: a small train
seed: 11
epoch: 2026-03-09T07:30:00Z
duration: 14 min
parameters:
  outage: { default: 100 s, range: [0 s, 10 min] }
network:
  cells:
    A: { at: 1.2 km, range: 2.6 km, downlink: 9 Mbit/s, uplink: 3 Mbit/s }
    B: { at: 5.4 km, range: 2.8 km, downlink: 9 Mbit/s, uplink: 3 Mbit/s }
  access_points:
    central: { at: 0 km, range: 90 m, downlink: 20 Mbit/s, uplink: 10 Mbit/s }
  paths:
    - { from: lte,  to: relays, delay: { propagation: 12 ms, extra: { lognormal: { median: 26 ms, p99: 248 ms } } }, loss: 2 % }
    - { from: wifi, to: relays, delay: { propagation: 8 ms, extra: { lognormal: { median: 6 ms, p99: 72 ms } } }, loss: 0.5 % }
    - { from: lte,  to: times, delay: { propagation: 12 ms } }
    - { from: wifi, to: times, delay: { propagation: 8 ms } }
    - { from: relays, to: relays, delay: { propagation: 2 ms } }
mobility:
  train:
    kind: rail
    stops: [{ at: 0 km, depart: 3 min }, { at: 6 km }]
    speed: 85 km/h
    boarding_spread: { uniform: { min: 0 s, max: 60 s } }
clocks:
  phone:
    frequency_error: { normal: { mean: 1 ppm, sd: 9 ppm } }
    wander: { random_walk: 0.08 ppm/sqrt(h) }
    initial_offset: { laplace: { median: 0 ms, scale: 20 s } }
    sync:
      - { protocol: sntp, server: times, first: { uniform: { min: 0 min, max: 14 min } }, every: 10 min, step_above: 1 s, slew: 500 ppm }
      - { protocol: nitz, step_above: 5 s, probability: 35 % }
servers:
  times: { kind: ntp, nodes: 2, offset: { normal: { mean: 0 ms, sd: 4 ms } } }
  relays:
    kind: message_relay
    nodes: 3
    service_time: { gamma: { mean: 2 ms, shape: 2.5 } }
    handshake: 4 ms
    sequencing: { reject_skew_above: 40 s }
    resync: { page: 20, spread: 2 s, history: 40 }
apps:
  v1:
    heartbeat: { interval: 20 s, patience: 30 s }
    send: { timeout: 5 s, attempts: 4 }
    handshake: { device: 40 ms }
    resync_on: [gap, skew_reject]
    read_receipts: { send: true, delay: 3 s }
  v2:
    extends: v1
    periodic_sync: { align_to: local_minute, every: 2 min }
    resync_on: { append: [clock_step, network_change, reconnect] }
    resync_scope: full
    on_network_change: ignore
  v3:
    extends: v1
    order_by: sender_timestamp
populations:
  riders:
    count: )" +
           std::to_string(count) +
           R"(
    devices_per_account: 2
    mobility: train
    clock: phone
    app: { weighted: { v1: rest, v2: 30 %, v3: 20 % } }
    traffic:
      conversations: { count: 60, members: { zipf: { exponent: 1.5, min: 2, max: 12 } } }
      send: { rate: 2 msg/min, until: 12 min }
      size: { lognormal: { median: 900 B, p99: 20 KiB } }
      reply: { probability: 10 %, gap: { exponential: { mean: 10 s } } }
      press_again: { probability: 60 %, after: 5 s, presses: 3 }
timeline:
  - { name: relay down, at: 5 min, fault: node_down, target: "servers.relays[1]", for: $outage, restart: { cold_cache: 20 s } }
  - { name: slow cell, at: 6 min, fault: cell_degrade, target: cells.B, set: { downlink: 2 Mbit/s }, for: 2 min }
  - { name: lossy, at: 7 min, fault: packet_loss, target: "network.paths[0]", set: { loss: 20 % }, for: 1 min }
  - { name: server steps, at: 4 min, fault: clock_step, target: "servers.times[0]", by: 3 s, for: 5 min }
  - { name: relay steps, at: 8 min, fault: clock_step, target: "servers.relays[0]", by: 60 s, for: 1 min }
  - { name: restart, at: 9 min, fault: app_restart, target: "riders[app=v1]", for: 4 s }
)";
}

void RecordedRows::row(const RowType& type, const RowStamp& stamp, const std::byte* bytes) {
    if (type.table == MessageRow::table) {
        MessageRow row;
        std::memcpy(static_cast<void*>(&row), bytes, sizeof row);
        messages.push_back(row);
        expected_copies += row.copies;
        intents.push_back(world_.entity_name(row.sender) + " " + std::to_string(row.count) +
                          " at " + std::to_string(stamp.at().ns) + " in " +
                          world_.entity_name(row.conversation) + " of " + std::to_string(row.size) +
                          " B" + (row.reply_to_sender == no_entity ? "" : " reply"));
    } else if (type.table == CopyRow::table) {
        CopyRow row;
        std::memcpy(static_cast<void*>(&row), bytes, sizeof row);
        copies.push_back(row);
    } else if (type.table == ResyncRow::table) {
        ResyncRow row;
        std::memcpy(static_cast<void*>(&row), bytes, sizeof row);
        resyncs.push_back(row);
    } else if (type.table == HandoverRow::table) {
        HandoverRow row;
        std::memcpy(static_cast<void*>(&row), bytes, sizeof row);
        handovers.push_back(world_.entity_name(row.device) + " at " +
                            std::to_string(stamp.at().ns) + " from " +
                            world_.entity_name(row.from) + " to " + world_.entity_name(row.to));
    } else if (type.table == ClockOffset::table) {
        ClockOffset row;
        std::memcpy(static_cast<void*>(&row), bytes, sizeof row);
        oscillators.push_back(world_.entity_name(row.device) + " at " +
                              std::to_string(stamp.at().ns) + " off " +
                              hex(std::bit_cast<std::uint64_t>(row.raw_ns)));
    }
}

RunResult run(const Scenario& scenario, const World::Options& options, Time until,
              const std::function<void(World&, const RecordedRows&)>& look) {
    World world(scenario, options);
    RecordedRows rows(world);
    world.kernel().add_sink(rows);
    world.start();
    world.run_until(until);
    world.finish();
    if (look) look(world, rows);
    return {hex(world.kernel().digest()), world.kernel().delivered()};
}

}  // namespace driftstorm::tests
