#include "analysis/replay.hpp"

#include "analysis/metrics.hpp"
#include "sim/output/results_file.hpp"
#include "tests/analysis/hand_made_run.hpp"
#include "tests/analysis/temporary_file.hpp"

#include <doctest/doctest.h>

#include <variant>

using namespace driftstorm;
using namespace driftstorm::hand_made;

namespace {

const EntityDirectory replay_entities = directory();

MetricsOptions replay_options() {
    MetricsOptions made;
    made.warmup = at_s(60);
    made.end = random_run_end;
    made.windows = {{at_s(230), at_s(320)}, {at_s(400), at_s(600)}};
    return made;
}

/// A file of the run that kept every table, with what metrics found.
void write(const std::string& path, const Script& script, const Metrics& metrics) {
    ResultsFile file(path, {.epoch = "2026-03-09T07:30:00Z"}, replay_entities);
    script.play(file);
    for (const MemoryGroup& group : metrics.groups()) file.add(group);
    file.finish(ResultStatus::complete, 0, "{}");
}

}  // namespace

TEST_CASE("metrics recomputed from a finished file are those of the run, to the last bit") {
    for (const std::uint64_t seed : {1u, 2u, 3u}) {
        const TemporaryFile path("replay.h5");
        const Script script = random_run(seed);
        Metrics during(replay_options(), replay_entities);
        script.play(during);
        during.finish(random_run_end);
        write(path.name(), script, during);

        const ResultsReader result(path.name());
        const EntityDirectory read = directory_of(result);
        Metrics after(replay_options(), read);
        replay(result, after);
        after.finish(random_run_end);

        CHECK(during.all().size() > 150);
        CHECK(after.all() == during.all());
        for (const MetricWindow& window : replay_options().windows) {
            for (const auto& [path_of, value] : during.all()) {
                INFO(path_of);
                CHECK(after.value(path_of, window) == during.value(path_of, window));
            }
            CHECK(after.first_at("messages.undelivered_at_end", 0, true, window) ==
                  during.first_at("messages.undelivered_at_end", 0, true, window));
        }
        const std::vector<BinnedSeries> series = during.series().per_second();
        const std::vector<BinnedSeries> again = after.series().per_second();
        for (std::size_t i = 0; i < series.size(); ++i) CHECK(again[i].values == series[i].values);
        REQUIRE(after.storms().storms().size() == during.storms().storms().size());
        REQUIRE_FALSE(during.storms().storms().empty());
        CHECK(after.storms().storms().front().start == during.storms().storms().front().start);
        CHECK(after.storms().storms().front().trigger == during.storms().storms().front().trigger);
        REQUIRE(during.storms().strongest() != nullptr);
        CHECK(during.storms().strongest()->trigger == 0);
    }
}

TEST_CASE("a result file holds the metrics, their series and the storms") {
    const TemporaryFile path("metrics.h5");
    const Script script = random_run(4);
    Metrics metrics(replay_options(), replay_entities);
    script.play(metrics);
    metrics.finish(random_run_end);
    write(path.name(), script, metrics);

    const ResultsReader result(path.name());
    const std::vector<std::string> names = result.texts("/metrics/metric");
    const std::vector<double> values = result.reals("/metrics/value");
    const std::vector<std::string> units = result.texts("/metrics/unit");
    const auto all = metrics.all();
    REQUIRE(names.size() == all.size());
    for (std::size_t i = 0; i < all.size(); ++i) {
        CHECK(names[i] == all[i].first);
        CHECK(values[i] == all[i].second);
    }
    CHECK(result.rows("/metrics/1s/time") == 600);
    CHECK(result.integers("/metrics/1s/time", 1, 1).front() == 1'000'000'000);
    CHECK(result.dimensions("/metrics/1s/true_backlog") == std::vector<std::string>{"time"});
    CHECK(result.rows("/metrics/10s/delay_link_queue") == 60);
    REQUIRE(result.rows("/storms/start") == metrics.storms().storms().size());
    const Storm* strongest = metrics.storms().strongest();
    REQUIRE(strongest != nullptr);
    const auto number = static_cast<std::size_t>(strongest - metrics.storms().storms().data());
    CHECK(result.texts("/storms/trigger").at(number) == "relay 1 down");
    CHECK(result.words("/storms/kind") == std::vector<std::string>{"retry", "resync"});
}

TEST_CASE("a run without storms, messages or anything leaves a file that can be read") {
    const TemporaryFile path("empty.h5");
    Metrics metrics(replay_options(), replay_entities);
    metrics.finish(random_run_end);
    write(path.name(), Script(), metrics);
    const ResultsReader result(path.name());
    CHECK(result.rows("/storms/start") == 0);
    Metrics after(replay_options(), replay_entities);
    replay(result, after);
    after.finish(random_run_end);
    CHECK(after.all() == metrics.all());
}

TEST_CASE("entities of a file keep their names and rows") {
    const TemporaryFile path("entities.h5");
    Metrics metrics(replay_options(), replay_entities);
    metrics.finish(random_run_end);
    write(path.name(), Script(), metrics);
    const EntityDirectory read = directory_of(ResultsReader(path.name()));
    REQUIRE(read.kinds.size() == replay_entities.kinds.size());
    std::size_t id = 0;
    for (std::size_t kind = 0; kind < read.kinds.size(); ++kind) {
        CHECK(read.kinds[kind].name == replay_entities.kinds[kind].name);
        CHECK(read.kinds[kind].names == replay_entities.kinds[kind].names);
        for (std::size_t row = 0; row < read.kinds[kind].names.size(); ++row, ++id) {
            CHECK(read.places[id].kind == static_cast<std::int16_t>(kind));
            CHECK(read.places[id].row == static_cast<std::int32_t>(row));
        }
    }
}
