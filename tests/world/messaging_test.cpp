// What apps make of refusals, losses and steps of their clocks, in worlds of a few phones.
#include "tests/world/recorded_rows.hpp"

#include "models/messaging/outbox.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

using namespace driftstorm;
using namespace driftstorm::tests;

namespace {

/// Phones on one access point whose clocks are `offset` ahead write to each other by way of one
/// relay that refuses stamps more than 90 s off; `timeline` is what happens to them.
std::string skewed_phones(const std::string& offset, const std::string& timeline) {
    return R"(schema: scenario/1
duration: 20 min
network:
  access_points: { home: { at: 0 km, associate_limit: 1000 } }
  paths: [{ from: wifi, to: relay, delay: { propagation: 10 ms } }]
clocks: { ahead: { initial_offset: )" +
           offset + R"( } }
servers: { relay: { kind: message_relay, service_time: 1 ms, sequencing: { reject_skew_above: 90 s } } }
apps: { chat: {} }
populations:
  phones:
    count: 20
    clock: ahead
    app: chat
    interfaces: [wifi]
    traffic: { conversations: { count: 20, members: 2 }, send: { rate: 4 msg/min, until: 10 min } }
timeline:
)" + timeline;
}

std::uint64_t lost(const RecordedRows& rows) {
    return static_cast<std::uint64_t>(
        std::count_if(rows.copies.begin(), rows.copies.end(),
                      [](const CopyRow& copy) { return copy.outcome != Outcome::visible; }));
}

}  // namespace

TEST_CASE("refusals of messages that waited together correct the stamp once") {
    const TextScenario text = read_text(skewed_phones(
        "10 min",
        "  - { name: down, at: 0 s, fault: node_down, target: servers.relay, for: 5 min }\n"));
    run(*text.scenario, {}, Time{1'200'000'000'000}, [](World&, const RecordedRows& rows) {
        CHECK(rows.copies.size() > 500);
        CHECK(lost(rows) == 0);
        // Each clock is wrong by one amount: what waited is refused once and then taken.
        const auto most = std::max_element(
            rows.copies.begin(), rows.copies.end(), [](const CopyRow& a, const CopyRow& b) {
                return a.blame[Cause::clock_rejection] < b.blame[Cause::clock_rejection];
            });
        CHECK(most->blame[Cause::clock_rejection] < Duration{200'000'000});
    });
}

TEST_CASE("a clock put back while messages wait loses none of them") {
    const TextScenario text = read_text(skewed_phones(
        "0 s",
        "  - { name: down, at: 4 min, fault: node_down, target: servers.relay, for: 2 min }\n"
        "  - { name: set, at: 5 min, fault: user_sets_clock, target: phones, by: -10 min }\n"
        "  - { name: back, at: 8 min, fault: user_sets_clock, target: phones, by: 10 min }\n"));
    run(*text.scenario, {}, Time{1'200'000'000'000}, [](World&, const RecordedRows& rows) {
        CHECK(rows.copies.size() > 500);
        CHECK(lost(rows) == 0);
    });
}

TEST_CASE("what a message shows of a clock keeps the correction known for that clock") {
    OutboxMessage message;
    message.body.local_composed = Reading{600};
    message.attempts = 3;
    clock_stepped(message, Duration{-600});
    CHECK(message.body.local_composed == Reading{0});
    CHECK(message.corrected_since == 4);
    clock_stepped(message, Duration{50});  // learnt for the clock after the step
    CHECK(message.body.local_composed == Reading{0});
}

// ---- what a wait is blamed on -------------------------------------------------------------------

namespace {

struct Late {
    std::size_t copies = 0;
    double outage_share = 0;   ///< of the time in all causes
    std::set<EntityId> roots;  ///< of the late ones
    std::size_t without_root = 0;
};

/// Copies that took more than 8 s, of messages composed after the first minute, in which phones
/// connect.
Late late_ones(const RecordedRows& rows) {
    Late made;
    double all = 0;
    double outage = 0;
    for (const CopyRow& copy : rows.copies) {
        double age = 0;
        for (const Duration part : copy.blame.values) age += part.seconds();
        if (age < 8 || copy.end.seconds() - age < 60) continue;
        ++made.copies;
        all += age;
        outage += copy.blame[Cause::network_outage].seconds();
        if (copy.root_fault == no_entity) {
            ++made.without_root;
        } else {
            made.roots.insert(copy.root_fault);
        }
    }
    made.outage_share = all > 0 ? outage / all : 0;
    return made;
}

/// Phones that write to each other over `path` to three relays, while `timeline` goes on.
std::string office(const std::string& path, const std::string& timeline,
                   const std::string& network = "") {
    return R"(schema: scenario/1
duration: 20 min
network:
  access_points: { office: { at: 0 km, associate_limit: 1000 } }
)" + network +
           R"(  paths:
    - { from: wifi, to: relays, delay: { propagation: 10 ms }, )" +
           path + R"( }
    - { from: relays, to: relays, delay: { propagation: 1 ms } }
servers: { relays: { kind: message_relay, nodes: 3, service_time: 1 ms } }
apps: { chat: {} }
populations:
  phones:
    count: 60
    app: chat
    interfaces: [wifi]
    traffic: { conversations: { count: 60, members: 3 }, send: { rate: 2 msg/min, until: 15 min } }
)" + timeline;
}

Late late_of(const std::string& yaml) {
    const TextScenario text = read_text(yaml);
    Late made;
    run(*text.scenario, {}, Time{1'200'000'000'000},
        [&](World&, const RecordedRows& rows) { made = late_ones(rows); });
    return made;
}

}  // namespace

TEST_CASE("waits for a path that loses everything are the network's, and name the fault") {
    const Late late = late_of(office("loss: 0 %", R"(timeline:
  - { name: lossy, at: 5 min, fault: packet_loss, target: "network.paths[0]", set: { loss: 100 % }, for: 3 min }
)"));
    CHECK(late.copies > 300);
    CHECK(late.outage_share > 0.9);
    CHECK(late.roots.size() == 1);
    CHECK(late.without_root < late.copies / 20);
}

TEST_CASE("waits behind a router that is down are the network's, and name the fault") {
    const std::string routers = R"(  routers: { edge: {}, core: {} }
  links: { wire: { between: [edge, core], propagation: 1 ms } }
)";
    for (const char* target : {"network.routers.core", "network.links.wire"}) {
        CAPTURE(target);
        const Late late = late_of(office("over: [edge, core]",
                                         "timeline:\n  - { name: cut, at: 5 min, fault: "
                                         "link_down, target: " +
                                             std::string(target) + ", for: 3 min }\n",
                                         routers));
        CHECK(late.copies > 300);
        CHECK(late.outage_share > 0.9);
        CHECK(late.roots.size() == 1);
        CHECK(late.without_root < late.copies / 20);
    }
}

TEST_CASE("bursts of loss are the network's and no fault's") {
    const Late late = late_of(office(
        "loss: 0 %, bursts: { burst_loss: 100 %, burst_length: 15 s, burst_gap: 60 s }", ""));
    CHECK(late.copies > 100);
    CHECK(late.outage_share > 0.8);
    CHECK(late.roots.empty());
}

TEST_CASE("waits for relays that are down name their fault") {
    const Late late = late_of(office("loss: 0 %", R"(timeline:
  - { name: down, at: 5 min, fault: node_down, target: "servers.relays[0]", for: 3 min }
)"));
    CHECK(late.copies > 100);
    CHECK(late.outage_share > 0.75);
    CHECK(late.roots.size() == 1);
    CHECK(late.without_root < late.copies / 20);
}

TEST_CASE("where there is no cell at all the wait is an outage, not a handover") {
    const TextScenario text = read_text(R"(schema: scenario/1
duration: 20 min
network:
  cells:
    west: { at: 0 km, range: 400 m, shadowing: 0 dB }
    east: { at: 3 km, range: 400 m, shadowing: 0 dB }
  paths: [{ from: lte, to: relay, delay: { propagation: 10 ms } }]
mobility: { line: { kind: rail, speed: 40 km/h, stops: [{ at: 0 km, depart: 4 min }, { at: 3 km }] } }
servers: { relay: { kind: message_relay, service_time: 1 ms } }
apps: { chat: {} }
populations:
  riders:
    count: 30
    mobility: line
    app: chat
    interfaces: [lte]
    traffic: { conversations: { count: 30, members: 2 }, send: { rate: 3 msg/min, until: 15 min } }
)");
    run(*text.scenario, {}, Time{1'200'000'000'000}, [](World&, const RecordedRows& rows) {
        const Late late = late_ones(rows);
        CHECK(late.copies > 100);
        CHECK(late.outage_share > 0.8);
    });
}

// ---- order and resyncs --------------------------------------------------------------------------

TEST_CASE("in a chat of two a stamp of the future stands below one's own messages") {
    // One of the two is set 60 s ahead.
    const TextScenario skewed = read_text(
        replaced(replaced(replaced(skewed_phones("0 s",
                                                 "  - { name: set, at: 1 min, fault: "
                                                 "user_sets_clock, target: \"phones[0]\", "
                                                 "by: 60 s }\n"),
                                   "count: 20", "count: 2"),
                          "conversations: { count: 20", "conversations: { count: 1"),
                 "chat: {}", "chat: { order_by: sender_timestamp }"));
    run(*skewed.scenario, {}, Time{1'200'000'000'000}, [](World& world, const RecordedRows& rows) {
        std::size_t above = 0;
        for (const CopyRow& copy : rows.copies) {
            if (copy.late_insert_depth == 0 || copy.end < Time{90'000'000'000}) continue;
            ++above;
            // Only what comes from the slow clock sorts above what is there.
            CHECK(world.entity_name(copy.message_sender) == "phones[1]");
        }
        CHECK(above > 5);
    });
}

TEST_CASE("a resync that is asked for again has begun once") {
    const TextScenario text = read_text(replaced(
        skewed_phones(
            "0 s",
            "  - { name: lossy, at: 3 min, fault: packet_loss, target: "
            "\"network.paths[0]\", set: { loss: 60 % }, for: 5 min }\n"
            "  - { name: set, at: 4 min, fault: user_sets_clock, target: phones, by: 5 s }\n"),
        "chat: {}", "chat: { resync_on: [clock_step], heartbeat: { patience: 20 min } }"));
    run(*text.scenario, {}, Time{1'200'000'000'000}, [](World&, const RecordedRows& rows) {
        std::set<EntityId> devices;
        std::size_t begun = 0;
        std::size_t again = 0;
        for (const ResyncRow& row : rows.resyncs) {
            if (row.reason != ResyncReason::clock_step) continue;
            devices.insert(row.device);
            ++(row.again ? again : begun);
        }
        CHECK(begun == devices.size());
        CHECK(again > 10);
    });
}

// ---- people -------------------------------------------------------------------------------------

TEST_CASE("people write by the hours of their profile, and not at all where it is zero") {
    const auto written = [](const std::string& profile) {
        const TextScenario text = read_text(replaced(
            replaced(replaced(skewed_phones("0 s", ""), "timeline:\n", ""), "duration: 20 min",
                     "duration: 52 h"),
            "count: 20, members: 2 }, send: { rate: 4 msg/min, until: 10 min",
            "count: 200, members: 2 }, send: { rate: 10 msg/h, profile: [" + profile + "]"));
        std::vector<std::size_t> hours(24);
        run(*text.scenario, {}, Time{} + Duration{3'600'000'000'000} * 52,
            [&](World&, const RecordedRows& rows) {
                for (const MessageRow& message : rows.messages)
                    ++hours[static_cast<std::size_t>(message.composed.ns / 3'600'000'000'000 % 24)];
            });
        return hours;
    };
    const std::string night = "0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0";
    for (const std::size_t hour : written(night + ", " + night)) CHECK(hour == 0);
    const std::vector<std::size_t> hours = written("1, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, " + night);
    // 20 people on three days: 600 and 1800 messages, within four standard deviations.
    CHECK(hours[0] > 500);
    CHECK(hours[0] < 700);
    CHECK(hours[1] > 1630);
    CHECK(hours[1] < 1970);
    for (std::size_t hour = 2; hour < 24; ++hour) CHECK(hours[hour] == 0);
}
