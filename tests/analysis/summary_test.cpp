#include "analysis/summary.hpp"

#include "analysis/human_text.hpp"
#include "tests/analysis/hand_made_run.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <sstream>

using namespace driftstorm;
using namespace driftstorm::hand_made;

namespace {

const EntityDirectory summary_entities = directory();

MetricsOptions summary_options() {
    MetricsOptions made;
    made.warmup = at_s(60);
    made.end = random_run_end;
    return made;
}

bool holds(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("numbers are written for people") {
    CHECK(human_time(0.0412) == "41.2 ms");
    CHECK(human_time(41.23) == "41.2 s");
    CHECK(human_time(150) == "2 min 30 s");
    CHECK(human_time(240) == "4 min");
    CHECK(human_time(3900) == "1 h 5 min");
    CHECK(human_time(0) == "0 s");
    CHECK(human_time(2.5e-6) == "2.5 us");
    CHECK(human(0.1234, "%") == "12.3 %");
    CHECK(human(1234567, "") == "1,234,567");
    CHECK(human(6.9871, "") == "6.99");
    CHECK(human(std::numeric_limits<double>::infinity(), "s") == "infinite");
    CHECK(json_text("a \"b\"\n\\") == "\"a \\\"b\\\"\\n\\\\\"");
    CHECK(json_number(0.1) == "0.1");
    CHECK(json_number(std::numeric_limits<double>::infinity()) == "null");
}

TEST_CASE(
    "the summary says delivered, storm, causes, level and expectations, and ends with the way to "
    "repeat") {
    Metrics metrics(summary_options(), summary_entities);
    random_run(11).play(metrics);
    metrics.finish(random_run_end);
    ExpectationSpec kept;
    kept.name = "all delivered";
    kept.metric = "messages.undelivered_at_end";
    kept.limit_text = "== 0";
    kept.line = 44;
    const std::string repeat = "driftstorm run x.yaml --seed 11 # version 0.1.0, digest 00";
    const RunSummary summary =
        summarize(metrics, summary_entities, judge({kept}, metrics, false), "Hand-made", repeat);
    const std::string text = render(summary);
    INFO(text);
    CHECK(text.starts_with("Hand-made: 10 min simulated\n"));
    CHECK(holds(text, "delivered  "));
    CHECK(holds(text, "storm      resync storm from 5 min to 5 min "));
    CHECK(holds(text, "after 'relay 1 down'"));
    CHECK(holds(text, "causes     network_outage "));
    CHECK(holds(text, "level      "));
    CHECK(holds(text, "0 of 1 expectations met"));
    CHECK(holds(text, "failed: all delivered: messages.undelivered_at_end is "));
    CHECK(holds(text, ", line 44"));
    CHECK(text.ends_with(repeat + "\n"));
    std::istringstream lines(text);
    std::size_t count = 0;
    for (std::string line; std::getline(lines, line); ++count) CHECK(line.size() <= 120);
    CHECK(count <= 15);
    CHECK(holds(render_json(summary), "\"trigger\": \"relay 1 down\""));
}

TEST_CASE("without messages and storms the summary says so and invents nothing") {
    Metrics metrics(summary_options(), summary_entities);
    metrics.finish(random_run_end);
    const std::string text = render(summarize(metrics, summary_entities, {}, "Quiet", "again"));
    CHECK(text == "Quiet: 10 min simulated\nstorm      none\nagain\n");
}

TEST_CASE(
    "the level is that of the class with more than half of the delay beyond service, or the two "
    "largest") {
    const auto level = [](std::initializer_list<std::pair<Cause, int>> seconds,
                          FaultKind kind = FaultKind::link_down) {
        Metrics metrics(summary_options(), summary_entities);
        give(metrics, at_s(90), FaultRow{fault(0), kind, Edge::begins, relay(0)});
        MessageRow message;
        message.sender = device(0);
        message.composed = at_s(100);
        give(metrics, message.composed, message);
        Blame blame;
        for (const auto& [cause, s] : seconds) blame[cause] = {s * 1'000'000'000ll};
        CopyRow copy = shown_copy(message, 1, blame);
        copy.root_fault = fault(0);
        give(metrics, copy.end, copy);
        metrics.finish(random_run_end);
        return summarize(metrics, summary_entities, {}, "", "").verdict;
    };
    CHECK(level({{Cause::link_queue, 3}, {Cause::service_and_propagation, 50}, {Cause::user, 1}}) ==
          "mostly network-level");
    CHECK(level({{Cause::ordering_hold, 3}, {Cause::gap_resync, 3}, {Cause::network_outage, 5}}) ==
          "mostly application-level");
    CHECK(level({{Cause::server_backlog, 4}, {Cause::network_outage, 3}, {Cause::user, 2}}) ==
          "infrastructure and network-level");
    CHECK(level({{Cause::link_queue, 2}, {Cause::service_and_propagation, 98}}) ==
          "hardly any delay beyond service and propagation (2 %)");
    CHECK(level({{Cause::network_outage, 3}}) == "mostly network-level");
    CHECK(level({{Cause::network_outage, 3}}, FaultKind::node_down) == "mostly infrastructure");
    CHECK(level({{Cause::service_and_propagation, 1}}) ==
          "no delay beyond service and propagation");
}

TEST_CASE("the summary counts what stands in the wrong order, and is silent when nothing does") {
    const auto order = [](bool inverted, std::uint32_t depth) {
        Metrics metrics(summary_options(), summary_entities);
        MessageRow message;
        message.sender = device(0);
        message.composed = at_s(100);
        message.reply_to_sender = device(1);
        message.reply_inverted = inverted;
        give(metrics, message.composed, message);
        Blame blame;
        blame[Cause::service_and_propagation] = {1'000'000'000};
        CopyRow copy = shown_copy(message, 1, blame);
        copy.late_insert_depth = depth;
        give(metrics, copy.end, copy);
        metrics.finish(random_run_end);
        return render(summarize(metrics, summary_entities, {}, "", ""));
    };
    CHECK(holds(order(true, 2),
                "order      1 replies stamped before what they answer, 1 copies inserted late\n"));
    CHECK_FALSE(holds(order(false, 0), "order"));
}
