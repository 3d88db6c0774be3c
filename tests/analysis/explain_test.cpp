#include "analysis/explain.hpp"

#include "sim/output/results_file.hpp"
#include "tests/analysis/hand_made_run.hpp"
#include "tests/analysis/temporary_file.hpp"

#include <doctest/doctest.h>

#include <stdexcept>

using namespace driftstorm;
using namespace driftstorm::hand_made;

namespace {

constexpr const char* scenario =
    "schema: scenario/1\n"
    "timeline:\n"
    "  # - { name: relay 1 down, at: 1 min }\n"
    "  - { name: relay 1 down twice, at: 9 min }\n"
    "  - { name: relay 1 down, at: 4 min, fault: node_down }\n"
    "  - name: \"link cut\"\n";

/// One message late because of a fault, one at once, one that is lost.
Script story() {
    Script script;
    script.add(at_s(240), FaultRow{fault(0), FaultKind::node_down, Edge::begins, relay(1)});
    script.add(at_s(300), FaultRow{fault(0), FaultKind::node_down, Edge::ends, relay(1)});
    const auto message = [&](std::uint32_t sender, double composed, std::uint32_t copies) {
        MessageRow row;
        row.sender = device(sender);
        row.conversation = conversation();
        row.copies = copies;
        row.size = 912;
        row.composed = at_s(composed);
        row.local_composed = {row.composed.ns + 350'000'000};
        script.add(row.composed, row);
        return row;
    };
    const MessageRow quick = message(1, 100, 1);
    Blame little;
    little[Cause::service_and_propagation] = {80'000'000};
    const CopyRow at_once = shown_copy(quick, 2, little);
    script.add(at_once.end, at_once);

    const MessageRow slow = message(3, 250, 2);
    Blame much;
    much[Cause::network_outage] = {38'000'000'000};
    much[Cause::retry_backoff] = {10'000'000'000};
    much[Cause::ordering_hold] = {2'000'000'000};
    CopyRow late = shown_copy(slow, 4, much);
    late.sent = at_s(250.1);
    late.server = at_s(297);
    late.attempts = 3;
    late.root_fault = fault(0);
    late.late_insert_depth = 2;
    script.add(late.end, late);
    CopyRow lost = shown_copy(slow, 5, little);
    lost.visible = lost.delivered = no_time;
    lost.outcome = Outcome::lost_attempts;
    script.add(lost.end, lost);

    script.add(at_s(255),
               HandoverRow{device(4, true), cell(0), cell(1), AttachKind::handover, {48'000'000}});
    script.add(at_s(256), ConnectionRow{device(3), Connection::waiting, relay(1), 2});
    script.add(at_s(257), DropRow{DropReason::buffer_full, Direction::up, device(3, true)});
    script.add(at_s(258), RetryRow{device(3), 0, 1, true, fault(0)});
    script.add(at_s(258),
               DropRow{DropReason::loss, Direction::up, device(9, true)});  // somebody else's
    script.add(
        at_s(10),
        HandoverRow{device(4, true), cell(1), cell(2), AttachKind::handover, {}});  // long before
    return script;
}

std::string write(const TemporaryFile& path, const Script& script,
                  std::vector<std::string> keep = {"*"}) {
    ResultsOptions options{.epoch = "2026-03-09T07:30:00Z"};
    options.keep = std::move(keep);
    ResultsFile file(path.name(), options, directory());
    script.play(file);
    file.add(
        {.path = "/provenance",
         .dimensions = {{"file_name", "", "included file", std::vector<std::string>{"story.yaml"}}},
         .columns = {{"scenario_source", "", "exact bytes", std::vector<std::string>{scenario}}}});
    return file.finish(ResultStatus::complete, 0, "{}");
}

bool holds(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a late message is told with its causes, instants, fault and what happened meanwhile") {
    const TemporaryFile path("story.h5");
    write(path, story());
    const Explanation told = explain_message(ResultsReader(path.name()), 1);
    INFO(told.text);
    CHECK(holds(
        told.text,
        "message 1: from riders[3] in riders.conversations[0], 912 B, composed at 4 min 10 s (its "
        "clock was off by 350 ms), 2 copies"));
    CHECK(holds(told.text,
                "to riders[4]: visible after 50 s, 3 attempts, inserted above 2 shown before"));
    CHECK(holds(told.text, "network_outage"));
    CHECK(holds(told.text, "76.0 %"));
    CHECK(holds(told.text, "reached a relay"));
    CHECK(
        holds(told.text, "set off by 'relay 1 down', node_down from 4 min to 5 min, story.yaml:5"));
    CHECK(holds(told.text, "riders[4]: handover: A -> B, no data for 48 ms"));
    CHECK(holds(told.text, "riders[3]: connection: waiting (relays[1]), 2 failed in a row"));
    CHECK(holds(told.text, "riders[3]: packet lost on the way up: buffer_full"));
    CHECK(holds(told.text, "riders[3]: author presses 'send' again"));
    CHECK(holds(told.text, "relay 1 down: fault ends: node_down"));
    CHECK_FALSE(holds(told.text, "riders[9]"));
    CHECK_FALSE(holds(told.text, "B -> C"));
    CHECK(holds(told.text, "to riders[5]: lost_attempts after 80 ms"));
    CHECK(told.text.find("riders[4]: visible") <
          told.text.find("riders[5]: lost"));  // the latest first
    CHECK(holds(told.json, "\"network_outage\": 38000000000"));
    CHECK(holds(told.json, "\"scenario_line\": \"story.yaml:5\""));
    CHECK(holds(told.json, "\"delay_ns\": 50000000000"));
}

TEST_CASE("the latest copies come first") {
    const TemporaryFile path("late.h5");
    write(path, story());
    const ResultsReader result(path.name());
    const Explanation told = explain_late(result, 2);
    INFO(told.text);
    CHECK(holds(told.text, "the 2 latest of 3 copies"));
    CHECK(holds(told.text, "network_outage 76 %, retry_backoff 20 %, ordering_hold 4 %"));
    CHECK(told.text.find("riders[4]") < told.text.find("riders[2]"));
    CHECK_FALSE(holds(told.text, "riders[5]"));
    CHECK(holds(explain_late(result, 100).text, "the 3 latest of 3 copies"));
}

TEST_CASE("what cannot be explained is said") {
    const TemporaryFile path("story.h5");
    write(path, story());
    const ResultsReader result(path.name());
    CHECK_THROWS_WITH_AS(explain_message(result, 2), doctest::Contains("no message 2; it has 2"),
                         std::invalid_argument);
    const TemporaryFile bare("bare.h5");
    write(bare, story(), {"events/*"});
    const ResultsReader without(bare.name());
    CHECK_THROWS_WITH_AS(explain_late(without, 5), doctest::Contains("no table messages"),
                         std::invalid_argument);
}

TEST_CASE("every copy of a random run can be explained") {
    const TemporaryFile path("random.h5");
    write(path, random_run(9));
    const ResultsReader result(path.name());
    for (std::uint64_t message = 0; message < 2000; message += 97) {
        const Explanation told = explain_message(result, message);
        CHECK(holds(told.text, "where the time went"));
    }
}
