// What apps make of refusals, losses and steps of their clocks, in worlds of a few phones.
#include "tests/world/recorded_rows.hpp"

#include "models/messaging/outbox.hpp"

#include <doctest/doctest.h>

#include <algorithm>

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
