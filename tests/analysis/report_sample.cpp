#include "tests/analysis/report_sample.hpp"

#include "analysis/expectations.hpp"
#include "analysis/metrics.hpp"
#include "sim/core/series.hpp"
#include "sim/output/results_file.hpp"
#include "tests/analysis/hand_made_run.hpp"

#include <cmath>
#include <cstdint>
#include <vector>

namespace driftstorm::hand_made {

namespace {

constexpr int run_seconds = 600;

std::vector<SeriesDefinition> series() {
    std::vector<SeriesDefinition> all;
    all.push_back(
        {.name = "relays_queue_depth", .unit = "", .help = "jobs", .entity_kind = "server"});
    for (const char* name :
         {"riders_on_wifi", "riders_on_cellular", "riders_without_network", "riders_connected"})
        all.push_back({.name = name, .unit = "", .help = "devices"});
    for (const char* level : {"q01", "q05", "q25", "q50", "q75", "q95", "q99"})
        all.push_back({.name = std::string("riders_clock_offset_") + level,
                       .unit = "ns",
                       .help = "offset",
                       .counts = false});
    all.push_back({.name = "cells_attached", .unit = "", .help = "devices", .entity_kind = "cell"});
    return all;
}

/// Only the relays have a queue: the shop's is missing.
void sample(Script& script) {
    for (int second = 0; second < run_seconds; ++second) {
        const Time at = at_s(second);
        const bool outage = second >= 240 && second < 300;
        const auto give_one = [&](std::uint16_t number, EntityId entity, double value) {
            script.add(at, SeriesValue{number, entity, value});
        };
        give_one(0, relay(0), outage ? second - 240 : 0);
        give_one(0, relay(1), second % 7);
        const double on_wifi = second < 120 ? 10 : 2;
        give_one(1, no_entity, on_wifi);
        give_one(2, no_entity, outage ? 0 : 10 - on_wifi);
        give_one(3, no_entity, outage ? 10 - on_wifi : 0);
        give_one(4, no_entity, outage ? 3 : 10);
        for (std::uint16_t level = 0; level < 7; ++level)
            give_one(static_cast<std::uint16_t>(5 + level), no_entity,
                     (level - 3) * 1e8 * (1 + second / 600.0));
        for (std::uint32_t number = 0; number < 3; ++number)
            give_one(12, cell(number), second / 200 == static_cast<int>(number) ? 8 : 1);
    }
}

}  // namespace

void write_report_sample(const std::string& path, const std::string& title) {
    Script script = random_run(7);
    sample(script);
    for (std::uint32_t i = 0; i < 400;
         ++i)  // a storm: 40 requests a second for 10 s after the fault
        script.add(at_s(300 + i / 40.0),
                   ResyncRow{device(i % device_count), Reason::gap, 1, fault(0)});

    std::vector<ExpectationSpec> expectations(2);
    expectations[0].name = "nothing is <lost>";
    expectations[0].metric = "messages.lost";
    expectations[0].limit_text = "== 0";
    expectations[0].line = 41;
    expectations[1].name = "something is written";
    expectations[1].metric = "messages.composed";
    expectations[1].relation = ExpectationSpec::Relation::greater;
    expectations[1].limit_text = "> 0";
    const EntityDirectory entities = directory();  // outlives the metrics
    Metrics metrics({.warmup = {}, .end = random_run_end}, entities);
    ResultsOptions options{.epoch = "2026-03-09T07:30:00Z"};
    options.series = series();
    options.attributes = {{"title", title},
                          {"run_id", std::string("00c0ffee00c0ffee")},
                          {"digest", std::string("0123456789abcdef")}};
    ResultsFile file(path, options, entities);
    script.play(metrics);
    script.play(file);
    metrics.finish(random_run_end);
    file.add({.path = "/provenance",
              .attributes = {{"version", std::string("0.1.0")},
                             {"seed", std::uint64_t{18446744073709551615u}},
                             {"epoch", std::string("2026-03-09T07:30:00Z")},
                             {"command",
                              std::string("driftstorm run story.yaml --seed 7 --set \"a=<1>\"")}},
              .scalars = {{"scenario_resolved", "", "canonical YAML",
                           std::vector<std::string>{"title: \"<i>\"\n"}}}});
    for (const MemoryGroup& group : metrics.groups()) file.add(group);
    file.add(checks_group(judge(expectations, metrics, false)));
    file.finish(ResultStatus::complete, 0, "{}");
}

void write_bare_sample(const std::string& path) {
    ResultsOptions options{.epoch = "2026-03-09T07:30:00Z"};
    options.keep = {};
    ResultsFile(path, options, directory()).finish(ResultStatus::partial, 130, "{}");
}

}  // namespace driftstorm::hand_made
