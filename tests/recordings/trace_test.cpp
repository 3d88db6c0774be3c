#include "recordings/trace.hpp"

#include "recordings/difference.hpp"
#include "recordings/recorded_run.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <sstream>
#include <string>
#include <vector>

using namespace driftstorm;
using namespace driftstorm::literals;

namespace {

LoadedScenario traced_queue(const std::string& mean = "10 ms", const std::string& more = "") {
    return load({"queue.yaml",
                 "schema: scenario/1\ntitle: A short queue\nseed: 3\nduration: 20 s\n"
                 "servers:\n  desk: { kind: station, workers: 1, patience: { exponential: { mean: "
                 "5 s } }, service_time: { exponential: { mean: " +
                     mean +
                     " } } }\n"
                     "populations:\n  customers: { kind: customers, station: desk, arrivals: { "
                     "process: poisson, rate: 50 req/s } }\n" +
                     more,
                 {}});
}

std::vector<TraceEvent> trace(const LoadedScenario& loaded, Time from, Time to) {
    TracedRun run(*loaded.scenario, {loaded.scenario->seed, loaded.scenario->duration, from, to});
    std::vector<TraceEvent> events;
    while (std::optional<TraceEvent> event = run.next()) events.push_back(std::move(*event));
    return events;
}

constexpr Time whole{INT64_MAX};

}  // namespace

TEST_CASE("a traced run is the run: the same ladder, every event once, in order") {
    const LoadedScenario loaded = traced_queue();
    const RecordedRun plain = run_recorded(*loaded.scenario, 20_s, 3);
    TracedRun run(*loaded.scenario, {3, 20_s, Time{}, whole});
    std::uint64_t events = 0;
    Time last{};
    while (const std::optional<TraceEvent> event = run.next()) {
        CHECK(event->at >= last);
        last = event->at;
        events += event->message.find("of the run") == std::string::npos ? 1u : 0u;
    }
    CHECK(events == plain.events);
    CHECK(run.finish_window() == plain.ladder);
}

TEST_CASE("a window is that part of the whole trace, with chains that reach back before it") {
    const LoadedScenario loaded = traced_queue();
    const std::vector<TraceEvent> all = trace(loaded, Time{}, whole);
    const std::vector<TraceEvent> window = trace(loaded, Time{} + 7_s, Time{} + 8_s);
    REQUIRE(window.size() > 50);
    const auto first = std::find_if(all.begin(), all.end(),
                                    [](const TraceEvent& e) { return e.at >= Time{} + 7_s; });
    bool reaches_back = false;
    for (std::size_t i = 0; i < window.size(); ++i) {
        const TraceEvent& same = *(first + static_cast<std::ptrdiff_t>(i));
        REQUIRE(window[i].same_event(same));
        CHECK(window[i].rows == same.rows);
        CHECK(window[i].draws == same.draws);
        REQUIRE_FALSE(window[i].chain.empty());
        CHECK(window[i].chain.front() == same.chain.front());
        reaches_back = reaches_back || window[i].chain.front().at < Time{} + 7_s;
    }
    CHECK(reaches_back);
}

TEST_CASE("what led to an event is an event before it, whose handler ran at the event's source") {
    const std::vector<TraceEvent> all = trace(traced_queue(), Time{}, whole);
    std::size_t found = 0;
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (all[i].message != "station.service_done") continue;
        const TraceCause& cause = all[i].chain.front();
        const auto parent = std::find_if(
            all.begin(), all.begin() + static_cast<std::ptrdiff_t>(i), [&](const TraceEvent& e) {
                return e.at == cause.at && e.message == cause.message &&
                       e.target_identity == all[i].source_identity;
            });
        REQUIRE(parent != all.begin() + static_cast<std::ptrdiff_t>(i));
        CHECK(parent->draws == cause.draws);
        const bool drawn = std::any_of(cause.draws.begin(), cause.draws.end(), [](const auto& d) {
            return d.purpose == "station.service";
        });
        CHECK(drawn);
        ++found;
    }
    CHECK(found > 500);
}

TEST_CASE("a trace reads back as it was written, and text that is none is refused") {
    const std::vector<TraceEvent> all = trace(traced_queue(), Time{} + 1_s, Time{} + 2_s);
    std::stringstream text;
    for (const TraceEvent& event : all) write_trace(text, event);
    for (const TraceEvent& event : all) {
        const std::optional<TraceEvent> back = read_trace(text);
        REQUIRE(back.has_value());
        CHECK(back->same_event(event));
        CHECK(back->rows == event.rows);
        CHECK(back->draws == event.draws);
        CHECK(back->chain == event.chain);
        CHECK(back->model == event.model);
    }
    CHECK_FALSE(read_trace(text).has_value());
    for (const char* broken : {"E\t1\n\n", "X\t1\n\n", "E\tx\ta\tb\tc\td\te\t1\t2\t3\n\n",
                               "C\ta\tb\n\n", "F\tname\tvalue\n"}) {
        std::istringstream stream(broken);
        CHECK_THROWS_AS(read_trace(stream), std::invalid_argument);
    }
}

TEST_CASE("two runs part at the first service that takes longer, with the same draw") {
    const LoadedScenario a = traced_queue();
    const LoadedScenario b = traced_queue("10.1 ms");
    TracedRun left(*a.scenario, {3, 20_s, Time{}, Time{} + 1_s});
    TracedRun right(*b.scenario, {3, 20_s, Time{}, Time{} + 1_s});
    const std::optional<Divergence> divergence = first_divergence(left, right);
    REQUIRE(divergence.has_value());
    CHECK(divergence->kind == DivergenceKind::time);
    CHECK(divergence->component == "events");
    CHECK(divergence->left->message == "station.service_done");
    CHECK(divergence->left->same_sending(*divergence->right));
    REQUIRE(divergence->left_cause.has_value());
    CHECK(divergence->left_cause->model == "station");
    CHECK_FALSE(divergence->draw.has_value());
    CHECK(divergence->draws_alike > 0);
    CHECK(divergence->left_chain.size() == 1);  // the last common parent at once
}

TEST_CASE("runs of other seeds part in their first draw") {
    const LoadedScenario a = traced_queue();
    TracedRun left(*a.scenario, {3, 20_s, Time{}, Time{} + 1_s});
    TracedRun right(*a.scenario, {4, 20_s, Time{}, Time{} + 1_s});
    const std::optional<Divergence> divergence = first_divergence(left, right);
    REQUIRE(divergence.has_value());
    CHECK(divergence->kind == DivergenceKind::time);
    CHECK(divergence->left_cause->message == "start of the run");
}

TEST_CASE("equal runs do not part") {
    const LoadedScenario a = traced_queue();
    TracedRun left(*a.scenario, {3, 20_s, Time{}, whole});
    TracedRun right(*a.scenario, {3, 20_s, Time{}, whole});
    CHECK_FALSE(first_divergence(left, right).has_value());
}

TEST_CASE("times are exact to the nanosecond") {
    CHECK(exact_time(Time{12'304'000'000}) == "12.304 s");
    CHECK(exact_time(Time{1}) == "0.000000001 s");
    CHECK(exact_time(Time{-2'000'000'000}) == "-2 s");
}
