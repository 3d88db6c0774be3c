#include "tests/output/sample_result.hpp"

#include "sim/core/digest.hpp"
#include "sim/core/random.hpp"
#include "sim/core/series.hpp"

#include <limits>
#include <vector>

namespace driftstorm::sample {

namespace {
constexpr EntityId device(int i) { return EntityId{static_cast<std::uint32_t>(i)}; }
constexpr EntityId cell(int i) { return EntityId{static_cast<std::uint32_t>(3 + i)}; }
constexpr EntityId server{5};
constexpr EntityId conversation{6};
constexpr EntityId sampler{7};  // has no place in the directory

std::uint64_t noise(int step, int use) {
    return fingerprint("sample " + std::to_string(step) + " " + std::to_string(use));
}
}  // namespace

void feed(TableSink& sink, int steps) {
    for (int step = 0; step < steps; ++step) {
        const Time at{std::int64_t{step} * 1'000'000'000};
        const auto number = static_cast<std::uint32_t>(step);
        for (const int sender : {2, 0, 1}) {
            MessageRow message;
            message.sender = device(sender);
            message.conversation = sender == 1 ? no_entity : conversation;
            message.count = 2 * number;
            message.size = static_cast<std::uint32_t>(noise(step, sender) % 400);
            message.t_composed = at;
            message.local_composed = {at.ns + static_cast<std::int64_t>(noise(step, 9) % 1000) -
                                      500};
            // A copy may end before its message was numbered: in the same instant.
            CopyRow copy;
            copy.message_sender = device(sender);
            copy.message_count = sender == 0 ? 2 * number + 1 : 2 * number;
            copy.device = device((sender + 1) % 3);
            copy.attempts = static_cast<std::uint16_t>(1 + step % 3);
            copy.outcome = step % 5 == 0 ? Outcome::lost : Outcome::visible;
            if (copy.outcome == Outcome::visible) copy.t_visible = {at.ns + 7};
            copy.blame[Cause::link_queue] = {step};
            give(sink, at, server, copy);
            if (sender == 0) {  // of one sender, the later count first
                MessageRow second = message;
                second.count = 2 * number + 1;
                give(sink, at, message.sender, second);
            }
            give(sink, at, message.sender, message);
        }
        HandoverRow handover;
        handover.from = step % 4 == 0 ? no_entity : cell(step % 2);
        handover.peer = step < 3 ? device(step % 3) : server;
        handover.signal = step % 7 == 0 ? std::numeric_limits<double>::quiet_NaN()
                                        : -80.0 - static_cast<double>(noise(step, 1) % 1000) / 64;
        handover.interruption = {static_cast<std::int64_t>(noise(step, 2) % 100'000'000)};
        handover.big = step % 2 == 0 ? INT64_MAX - step : -step;
        handover.identity = noise(step, 3);
        handover.step = -step;
        handover.flag = static_cast<std::uint8_t>(step);
        handover.cause = static_cast<Cause>(step % 3);
        give(sink, at, device(step % 3), handover);

        for (int i = 0; i < 2; ++i)
            give(sink, at, sampler,
                 SeriesValue{0, cell(i), static_cast<double>(noise(step, 4 + i) % 100)});
        if (step % 2 == 0) give(sink, at, sampler, SeriesValue{1, no_entity, 0.5 * step});
        give(sink, at, sampler, HistogramCount{0, static_cast<std::uint16_t>(step % 3), 5});
        if (step % 10 == 0)
            give(sink, at, sampler, SeriesValue{2, server, static_cast<double>(step)});
    }
}

EntityDirectory directory() {
    EntityDirectory made;
    made.kinds.push_back({.name = "device",
                          .names = {"riders/0", "riders/1", "Zoë's phone"},
                          .population = {"riders", "riders", ""},
                          .member = {0, 1, 0},
                          .columns = {{.name = "clock_offset",
                                       .unit = "ns",
                                       .help = "initial offset",
                                       .values = std::vector<double>{1.5, -2.5, 0.0}},
                                      {.name = "app",
                                       .unit = "",
                                       .help = "app version",
                                       .values = std::vector<std::string>{"v1", "v2", "v1"}}}});
    made.kinds.push_back({.name = "cell",
                          .names = {"north", "south"},
                          .columns = {{.name = "position",
                                       .unit = "m",
                                       .help = "along the line",
                                       .values = std::vector<std::int64_t>{0, 1800}}}});
    made.kinds.push_back({.name = "server", .names = {"relay"}});
    made.kinds.push_back({.name = "conversation",
                          .names = {"family"},
                          .columns = {{.name = "member_device",
                                       .unit = "",
                                       .help = "devices that take part",
                                       .values = std::vector<std::uint32_t>{0, 2},
                                       .dimensions = {"membership"},
                                       .entities = "/entities/device"}},
                          .dimensions = {{.name = "membership",
                                          .unit = "",
                                          .help = "number of the membership",
                                          .values = std::vector<std::int64_t>{0, 1}}}});
    made.places = {{0, 0}, {0, 1}, {0, 2}, {1, 0}, {1, 1}, {2, 0}, {3, 0}, {-1, -1}};
    return made;
}

ResultsOptions options() {
    ResultsOptions made;
    made.epoch = "2026-03-02T06:30:00Z";
    made.series = {
        {.name = "cell_attached", .unit = "", .help = "devices attached", .entity_kind = "cell"},
        {.name = "backlog", .unit = "B", .help = "bytes waiting", .counts = false},
        {.name = "relay_queue",
         .unit = "",
         .help = "queue depth",
         .entity_kind = "server",
         .period = {10'000'000'000}}};
    made.histograms = {{.name = "clock_offset_hist",
                        .unit = "ns",
                        .help = "devices by clock offset",
                        .edges = {-1e6, 0.0, 1e3, 1e6}}};
    made.attributes = {{"title", std::string("Sample")},
                       {"run_id", std::string("00c0ffee00c0ffee")}};
    return made;
}

void add_groups(ResultsFile& file) {
    file.add({.path = "/provenance",
              .attributes = {{"version", std::string("0.1.0")},
                             {"seed", std::uint64_t{18446744073709551615u}},
                             {"replication", std::int64_t{0}},
                             {"model_versions", std::vector<std::string>{"links 1", "servers 2"}}},
              .dimensions = {{.name = "file_name",
                              .unit = "",
                              .help = "included file",
                              .values = std::vector<std::string>{"sample.yaml", "common.yaml"}}},
              .columns = {{.name = "scenario_source",
                           .unit = "",
                           .help = "exact bytes",
                           .values = std::vector<std::string>{"driftstorm: 1\n# Zoë\n", ""}}},
              .scalars = {{.name = "scenario_resolved",
                           .unit = "",
                           .help = "canonical form",
                           .values = std::vector<std::string>{"driftstorm: 1\n"}}}});
    file.add(
        {.path = "/checks",
         .dimensions = {{.name = "expectation",
                         .unit = "",
                         .help = "name",
                         .values = std::vector<std::string>{"backlog drains", "order is kept"}}},
         .columns = {
             {.name = "status",
              .unit = "",
              .help = "outcome",
              .values = std::vector<std::uint8_t>{0, 1},
              .words = {"passed", "failed"}},
             {.name = "observed",
              .unit = "s",
              .help = "value found",
              .values = std::vector<double>{12.5, std::numeric_limits<double>::quiet_NaN()}},
             {.name = "first_violation",
              .unit = "",
              .help = "when it first failed",
              .values = std::vector<std::int64_t>{INT64_MIN, 7'000'000'000},
              .instant = true}}});
    file.add(
        {.path = "/storms",
         .dimensions = {{.name = "start",
                         .unit = "",
                         .help = "start",
                         .values = std::vector<std::int64_t>{},
                         .instant = true}},
         .columns = {
             {.name = "peak", .unit = "req/s", .help = "peak", .values = std::vector<double>{}}}});
    DigestLadder ladder;
    for (const char* name : {"events", "network", "samples"})
        for (std::int64_t second = 0; second < 3; ++second)
            ladder.add(ladder.component(name), {second * 1'000'000'000},
                       fingerprint(name) + static_cast<std::uint64_t>(second));
    file.add(ladder);
}

std::string write(const std::string& path, int steps, ResultStatus status) {
    ResultsFile file(path, options(), directory());
    feed(file, steps);
    add_groups(file);
    return file.finish(status, status == ResultStatus::complete ? 0 : 130, "{}\n");
}

}  // namespace driftstorm::sample
