#include "sim/output/results_file.hpp"

#include "sim/core/digest.hpp"
#include "sim/core/series.hpp"
#include "sim/output/labels.hpp"
#include "sim/output/results_reader.hpp"
#include "tests/output/folder.hpp"
#include "tests/output/sample_result.hpp"

#include <doctest/doctest.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>
#include <functional>
#include <limits>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

using namespace driftstorm;

namespace {

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("what is written is read back, over many chunks") {
    const Folder folder;
    constexpr int steps = 20'000;
    sample::write(folder / "run.h5", steps);
    const ResultsReader result(folder / "run.h5");

    CHECK(result.groups("/") == Names{"entities", "series", "copies", "events", "messages",
                                      "provenance", "checks", "storms", "digests"});
    CHECK(result.text_attribute("/", "Conventions") == "CF-1.10 driftstorm-result-1.0");
    CHECK(result.text_attribute("/", "format_name") == "driftstorm-result");
    CHECK(result.integer_attribute("/", "format_version") == std::vector<std::int64_t>{1, 0});
    CHECK(result.text_attribute("/", "status") == "complete");
    CHECK(result.integer_attribute("/", "exit_code") == std::vector<std::int64_t>{0});
    CHECK(result.text_attribute("/", "no such") == std::nullopt);

    SUBCASE("event columns") {
        const std::string group = "/events/handover/";
        CHECK(result.datasets("/events/handover").size() == 12 + 3);
        const std::vector<std::int64_t> time = result.integers(group + "time");
        const std::vector<std::int64_t> entity = result.integers(group + "entity");
        const std::vector<std::int64_t> from = result.integers(group + "from");
        const std::vector<std::int64_t> peer = result.integers(group + "peer");
        const std::vector<std::int64_t> kind = result.integers(group + "peer_kind");
        const std::vector<double> signal = result.reals(group + "signal");
        const std::vector<std::int64_t> big = result.integers(group + "big");
        const std::vector<std::int64_t> step = result.integers(group + "step");
        const std::vector<std::int64_t> flag = result.integers(group + "flag");
        const std::vector<std::int64_t> cause = result.integers(group + "cause");
        REQUIRE(time.size() == steps);
        for (int i = 0; i < steps; ++i) {
            const auto at = static_cast<std::size_t>(i);
            REQUIRE(time[at] == i * 1'000'000'000LL);
            REQUIRE(entity[at] == i % 3);
            REQUIRE(from[at] == (i % 4 == 0 ? -1 : i % 2));
            REQUIRE(peer[at] == (i < 3 ? i % 3 : 0));
            REQUIRE(kind[at] == (i < 3 ? 0 : 2));
            REQUIRE(std::isnan(signal[at]) == (i % 7 == 0));
            REQUIRE(big[at] == (i % 2 == 0 ? INT64_MAX - i : -i));
            REQUIRE(step[at] == -i);
            REQUIRE(flag[at] == i % 256);
            REQUIRE(cause[at] == i % 3);
        }
        CHECK(result.integers(group + "step", 17, 2) == std::vector<std::int64_t>{-17, -18});
        CHECK(result.integers(group + "step", steps - 1) == std::vector<std::int64_t>{1 - steps});
        CHECK(result.integers(group + "step", steps + 5).empty());
        CHECK(result.words(group + "cause") == Names{"user", "link_queue", "server_backlog"});
        CHECK(result.words(group + "step").empty());
        CHECK(result.text_attribute(group + "entity", "entities") == "/entities/device");
        CHECK(result.text_attribute(group + "signal", "units") == "dBm");
        CHECK(result.text_attribute(group + "signal", "long_name") == "received power");
        CHECK(result.text_attribute(group + "interruption", "units") == "ns");
        CHECK(result.text_attribute(group + "flag", "units") == "1");
        CHECK(result.text_attribute(group + "time", "units") ==
              "nanoseconds since 2026-03-02 06:30:00");
        CHECK(result.dimensions(group + "signal") == Names{"time"});
    }
    SUBCASE("the rows of each device are found without a search") {
        const std::string group = "/events/handover/";
        CHECK(result.dimensions(group + "device_order") == Names{"time"});
        CHECK(result.dimensions(group + "device_ptr") == Names{"device_bound"});
        const std::vector<std::int64_t> first = result.integers(group + "device_ptr");
        const std::vector<std::int64_t> order = result.integers(group + "device_order");
        REQUIRE(first.size() == 4);
        REQUIRE(order.size() == steps);
        CHECK(first.back() == steps);
        for (std::size_t device = 0; device < 3; ++device) {
            REQUIRE(first[device + 1] - first[device] ==
                    (steps + 2 - static_cast<std::int64_t>(device)) / 3);
            for (std::int64_t i = first[device]; i < first[device + 1]; ++i)
                REQUIRE(order[static_cast<std::size_t>(i)] ==
                        3 * (i - first[device]) + static_cast<std::int64_t>(device));
        }
    }
    SUBCASE("64 bits of a digest, and a table's root") {
        const std::vector<std::int64_t> identity = result.integers("/events/handover/identity");
        CHECK(static_cast<std::uint64_t>(identity[11]) == fingerprint("sample 11 3"));
        CHECK(result.shape("/digests/digest") == std::vector<std::uint64_t>{3, 3});
        CHECK(result.dimensions("/digests/digest") == Names{"window", "component"});
        CHECK(result.texts("/digests/component") == Names{"events", "network", "samples"});
        const std::vector<std::int64_t> rungs = result.integers("/digests/digest");
        CHECK(static_cast<std::uint64_t>(rungs[3 + 1]) == fingerprint("network") + 1);
        CHECK(result.text_attribute("/", "digest") == result.text_attribute("/digests", "digest"));
    }
    SUBCASE("series are pivoted, and what was not sampled is missing") {
        CHECK(result.groups("/series") == Names{"1s", "10s"});
        CHECK(result.shape("/series/1s/cell_attached") == std::vector<std::uint64_t>{steps, 2});
        CHECK(result.dimensions("/series/1s/cell_attached") == Names{"time", "cell"});
        CHECK(result.texts("/series/1s/cell") == Names{"north", "south"});
        const std::vector<std::int64_t> attached =
            result.integers("/series/1s/cell_attached", 12'345, 1);
        CHECK(attached == std::vector<std::int64_t>{
                              static_cast<std::int64_t>(fingerprint("sample 12345 4") % 100),
                              static_cast<std::int64_t>(fingerprint("sample 12345 5") % 100)});
        const std::vector<double> backlog = result.reals("/series/1s/backlog", 1000, 2);
        CHECK(backlog[0] == 500.0);
        CHECK(std::isnan(backlog[1]));
        CHECK(result.rows("/series/10s/relay_queue") == steps / 10);
        CHECK(result.integers("/series/1s/clock_offset_hist", 4, 1) ==
              std::vector<std::int64_t>{0, 5, 0});
        CHECK(result.reals("/series/1s/clock_offset_hist_bucket_lower") ==
              std::vector<double>{-1e6, 0, 1e3});
        CHECK(result.reals("/series/1s/clock_offset_hist_bucket_upper") ==
              std::vector<double>{0, 1e3, 1e6});
    }
    SUBCASE("entities and groups") {
        CHECK(result.texts("/entities/device/device") ==
              Names{"riders/0", "riders/1", "Zoë's phone"});
        CHECK(result.texts("/entities/device/population") == Names{"riders", "riders", ""});
        CHECK(result.reals("/entities/device/clock_offset") == std::vector<double>{1.5, -2.5, 0.0});
        CHECK(result.integers("/entities/conversation/member_device") ==
              std::vector<std::int64_t>{0, 2});
        CHECK(result.dimensions("/entities/conversation/member_device") == Names{"membership"});
        CHECK(result.text_attribute("/entities/conversation/member_device", "entities") ==
              "/entities/device");
        CHECK(result.texts("/provenance/scenario_source") == Names{"driftstorm: 1\n# Zoë\n", ""});
        CHECK(result.texts("/provenance/scenario_resolved") == Names{"driftstorm: 1\n"});
        CHECK(result.shape("/provenance/scenario_resolved").empty());
        CHECK(result.integers("/checks/first_violation") ==
              std::vector<std::int64_t>{INT64_MIN, 7'000'000'000});
        CHECK(result.words("/checks/status") == Names{"passed", "failed"});
        CHECK(result.rows("/storms/peak") == 0);
    }
    SUBCASE("a wrong question names file and dataset") {
        CHECK_THROWS_WITH_AS(
            result.integers("/events/none/time"),
            doctest::Contains("run.h5: /events/none/time: there is no such dataset"), OutputError);
        CHECK_THROWS_WITH_AS(result.integers("/events/handover/signal"),
                             doctest::Contains("holds no integers"), OutputError);
        CHECK_THROWS_AS(result.texts("/events/handover/signal"), OutputError);
    }
}

TEST_CASE("messages are in order of instant, sender and count, and copies find them") {
    const Folder folder;
    constexpr int steps = 5'000;
    sample::write(folder / "run.h5", steps);
    const ResultsReader result(folder / "run.h5");
    const std::vector<std::int64_t> sender = result.integers("/messages/sender");
    const std::vector<std::int64_t> count = result.integers("/messages/count");
    const std::vector<std::int64_t> composed = result.integers("/messages/t_composed");
    REQUIRE(sender.size() == 4 * steps);
    for (std::size_t i = 1; i < sender.size(); ++i)
        REQUIRE(std::tie(composed[i - 1], sender[i - 1], count[i - 1]) <
                std::tie(composed[i], sender[i], count[i]));

    CHECK_FALSE(result.has("/copies/message_sender"));
    CHECK_FALSE(result.has("/copies/message_count"));
    CHECK_FALSE(result.has("/copies/time"));
    const std::vector<std::int64_t> message = result.integers("/copies/message");
    const std::vector<std::int64_t> device = result.integers("/copies/device");
    const std::vector<std::int64_t> blame = result.integers("/copies/blame_link_queue");
    REQUIRE(message.size() == 3 * steps);
    for (std::size_t i = 0; i < message.size(); ++i) {
        const int of = std::array{2, 0, 1}[i % 3];
        const auto step = static_cast<std::int64_t>(i / 3);
        const auto row = static_cast<std::size_t>(message[i]);
        REQUIRE(sender[row] == of);
        REQUIRE(count[row] == 2 * step + (of == 0 ? 1 : 0));
        REQUIRE(device[i] == (of + 1) % 3);
        REQUIRE(blame[i] == step);
    }
}

TEST_CASE("a row that refers to no message says so") {
    const Folder folder;
    ResultsFile file(folder / "run.h5", sample::options(), sample::directory());
    sample::CopyRow copy;
    copy.message_sender = EntityId{1};
    copy.message_count = 77;
    sample::give(file, Time{5}, EntityId{5}, copy);
    copy.message_sender = no_entity;
    sample::give(file, Time{6}, EntityId{5}, copy);
    file.finish(ResultStatus::complete, 0, "{}");
    const ResultsReader result(folder / "run.h5");
    CHECK(result.integers("/copies/message") == std::vector<std::int64_t>{-1, -1});
    CHECK(result.integer_attribute("/copies/message", "_FillValue") ==
          std::vector<std::int64_t>{-1});
}

TEST_CASE("outputs decide what is kept, and do not change the numbers of messages") {
    const Folder folder;
    ResultsOptions options = sample::options();
    options.keep = {"copies", "events/*"};
    ResultsFile file(folder / "some.h5", options, sample::directory());
    CHECK(file.wants(row_type<sample::HandoverRow>()));
    CHECK(file.wants(row_type<sample::MessageRow>()));  // for their numbers
    CHECK_FALSE(file.wants(row_type<SeriesValue>()));
    sample::feed(file, 50);
    file.finish(ResultStatus::complete, 0, "{}");
    sample::write(folder / "all.h5", 50);

    const ResultsReader some(folder / "some.h5");
    const ResultsReader all(folder / "all.h5");
    CHECK(some.groups("/") == Names{"entities", "copies", "events"});
    CHECK(some.integers("/copies/message") == all.integers("/copies/message"));
}

TEST_CASE("equal runs are equal bytes") {
    const Folder folder;
    for (const int steps : {0, 1, 40, 20'000}) {
        sample::write(folder / "first.h5", steps);
        const std::string first = bytes_of(folder / "first.h5");
        for (int i = 0; i < 3; ++i) {
            sample::write(folder / "again.h5", steps);
            REQUIRE((bytes_of(folder / "again.h5") == first));
        }
    }
}

TEST_CASE("more than 10,000 members are numbered, not named") {
    const Folder folder;
    constexpr std::size_t members = 50'000;
    EntityDirectory directory;
    EntityKind kind{.name = "device"};
    for (std::size_t i = 0; i < members; ++i) {
        kind.names.push_back("crowd/" + std::to_string(i));
        kind.population.push_back(i < 20'000 ? "crowd" : "far");
        kind.member.push_back(static_cast<std::int64_t>(i % 20'000));
        directory.places.push_back({0, static_cast<std::int32_t>(i)});
    }
    std::vector<std::string> apps(members);
    for (std::size_t i = 0; i < members; ++i) apps[i] = i % 3 == 0 ? "" : i % 3 == 1 ? "v1" : "v2";
    kind.columns = {{.name = "app", .unit = "", .help = "app", .values = std::move(apps)}};
    directory.kinds.push_back(std::move(kind));
    ResultsOptions options = sample::options();
    options.series = {{.name = "offset",
                       .unit = "ns",
                       .help = "clock offset",
                       .entity_kind = "device",
                       .counts = false}};
    options.histograms = {};
    ResultsFile file(folder / "run.h5", options, std::move(directory));
    for (int step = 0; step < 3; ++step)
        for (std::size_t i = 0; i < members; ++i)
            sample::give(file, Time{step * 1'000'000'000LL}, EntityId{0},
                         SeriesValue{0, EntityId{static_cast<std::uint32_t>(members - 1 - i)},
                                     static_cast<double>(members - 1 - i) + 0.25 * step});
    file.finish(ResultStatus::complete, 0, "{}");

    const ResultsReader result(folder / "run.h5");
    const std::vector<std::int64_t> device = result.integers("/entities/device/device");
    CHECK(device.size() == members);
    CHECK(device.back() == members - 1);
    CHECK(result.integers("/entities/device/member", 20'000, 1) == std::vector<std::int64_t>{0});
    CHECK(result.words("/entities/device/population") == Names{"crowd", "far"});
    CHECK(result.integers("/entities/device/population", 19'999, 2) ==
          std::vector<std::int64_t>{0, 1});
    CHECK(result.words("/entities/device/app") == Names{"v1", "v2"});  // "" is none of them
    CHECK(result.integers("/entities/device/app", 3, 3) == std::vector<std::int64_t>{255, 0, 1});
    CHECK(result.integer_attribute("/entities/device/app", "_FillValue") ==
          std::vector<std::int64_t>{255});
    CHECK(result.shape("/series/1s/offset") == std::vector<std::uint64_t>{3, members});
    CHECK(result.integers("/series/1s/device") == device);
    const std::vector<double> offset = result.reals("/series/1s/offset");
    for (std::size_t i = 0; i < offset.size(); ++i)
        REQUIRE(offset[i] ==
                static_cast<double>(i % members) + 0.25 * static_cast<double>(i / members));
}

TEST_CASE("rows of events that no device has come last among the slices") {
    const Folder folder;
    ResultsFile file(folder / "run.h5", sample::options(), sample::directory());
    const EntityId server{5};
    const EntityId nobody{7};
    sample::HandoverRow row;
    const std::vector<EntityId> whose{server, EntityId{2}, nobody, EntityId{0}, EntityId{2}};
    for (std::size_t i = 0; i < whose.size(); ++i)
        sample::give(file, Time{static_cast<std::int64_t>(i)}, whose[i], row);
    file.finish(ResultStatus::complete, 0, "{}");
    const ResultsReader result(folder / "run.h5");
    CHECK(result.integers("/events/handover/device_ptr") == std::vector<std::int64_t>{0, 1, 1, 3});
    CHECK(result.integers("/events/handover/device_order") ==
          std::vector<std::int64_t>{3, 1, 4, 0, 2});
}

TEST_CASE("a histogram counts the rows of a table, kept or not, the far ones at its ends") {
    const Folder folder;
    for (const bool keep : {false, true}) {
        ResultsOptions options = sample::options();
        options.keep = keep ? std::vector<std::string>{"histograms", "events/handover"}
                            : std::vector<std::string>{"histograms"};
        options.series = {};
        options.histograms = {{.name = "signal_hist",
                               .unit = "dBm",
                               .help = "handovers by signal",
                               .edges = {-100, -80, -60},
                               .period = {2'000'000'000},
                               .of_table = "events/handover",
                               .of_column = "signal"}};
        ResultsFile file(folder / "run.h5", options, sample::directory());
        CHECK(file.wants(row_type<sample::HandoverRow>()));
        CHECK_FALSE(file.wants(row_type<sample::CopyRow>()));
        const double missing = std::numeric_limits<double>::quiet_NaN();
        for (const auto& [second, signal] : std::vector<std::pair<int, double>>{
                 {0, -80.0}, {0, -300.0}, {0, missing}, {2, 0.0}, {2, -60.0}, {2, -80.1}}) {
            sample::HandoverRow row;
            row.signal = signal;
            sample::give(file, Time{second * 1'000'000'000LL}, EntityId{0}, row);
        }
        file.finish(ResultStatus::complete, 0, "{}");
        const ResultsReader result(folder / "run.h5");
        CHECK(result.integers("/series/2s/signal_hist") == std::vector<std::int64_t>{1, 1, 1, 2});
        CHECK(result.integers("/series/2s/time") == std::vector<std::int64_t>{0, 2'000'000'000});
        CHECK(result.has("/events/handover") == keep);
        CHECK(result.dimensions("/series/2s/signal_hist") == Names{"time", "signal_hist_bucket"});
    }
}

TEST_CASE("edges of log-linear histograms are exact, ascend, and are their own mirror") {
    CHECK(log_linear_edges(1.0, 2, 2) ==
          std::vector<double>{-4, -3, -2, -1.5, -1, 1, 1.5, 2, 3, 4});
    const std::vector<double> edges = log_linear_edges(1.0, 61, 8);
    CHECK(std::is_sorted(edges.begin(), edges.end(), std::less_equal<>{}));
    CHECK(edges.size() == 2 * (61 * 8 + 1));
    CHECK(edges.back() == 0x1p61);
    for (std::size_t i = 0; i < edges.size(); ++i)
        REQUIRE(edges[i] == -edges[edges.size() - 1 - i]);
}

TEST_CASE("an unfinished file leaves nothing, a partial one its own name") {
    const Folder folder;
    {
        ResultsFile file(folder / "run.h5", sample::options(), sample::directory());
        sample::feed(file, 10);
        CHECK(folder.names() == Names{"run.h5.part"});
    }
    CHECK(folder.names().empty());
    CHECK(sample::write(folder / "run.h5", 10, ResultStatus::partial) == folder / "run.partial.h5");
    CHECK(folder.names() == Names{"run.partial.h5", "run.partial.h5.run.json"});
    CHECK(bytes_of(folder / "run.partial.h5.run.json") == "{}\n");
    const ResultsReader result(folder / "run.partial.h5");
    CHECK(result.text_attribute("/", "status") == "partial");
    CHECK(result.integer_attribute("/", "exit_code") == std::vector<std::int64_t>{130});
    CHECK(result.rows("/events/handover/time") == 10);
    CHECK(partial_name("folder.h5/x") == "folder.h5/x.partial.h5");
}

TEST_CASE("what lies under the name already can be told") {
    const Folder folder;
    CHECK(inspect_result(folder / "run.h5") == std::nullopt);
    sample::write(folder / "run.h5", 3);
    CHECK(inspect_result(folder / "run.h5")->is_result);
    CHECK(inspect_result(folder / "run.h5")->run_id == "00c0ffee00c0ffee");
    CHECK(inspect_result(folder / "run.h5")->status == "complete");
    std::ofstream(folder / "text.h5") << "not a result\n";
    CHECK_FALSE(inspect_result(folder / "text.h5")->is_result);
    CHECK_FALSE(inspect_result(folder.path.string())->is_result);
    sample::write(folder / "run.h5", 4);  // the same name once more
    CHECK(ResultsReader(folder / "run.h5").rows("/events/handover/time") == 4);
}

TEST_CASE("arguments that make no file are refused and leave none") {
    const Folder folder;
    const auto refuse = [&](auto change, const char* what) {
        ResultsOptions options = sample::options();
        EntityDirectory directory = sample::directory();
        change(options, directory);
        CHECK_THROWS_WITH_AS(ResultsFile(folder / "run.h5", options, directory),
                             doctest::Contains(what), std::invalid_argument);
        CHECK(folder.names().empty());
    };
    refuse([](auto& options, auto&) { options.epoch = "yesterday"; }, "yesterday");
    for (const char* epoch :
         {"2026-03-02T06:30:00+02:00", "2026-03-02T06:30", "2026-03-02T06:30:00.Z",
          "2026-03-02T06:30:00ZZ", "2026-03-02T06:30:0xZ", ""})
        refuse([epoch](auto& options, auto&) { options.epoch = epoch; }, "UTC");
    refuse([](auto& options, auto&) { options.series[0].entity_kind = "satellite"; }, "satellite");
    refuse([](auto& options, auto&) { options.series[0].period = {0}; }, "period");
    refuse([](auto& options, auto&) { options.series[1].name = options.series[0].name; },
           "cell_attached");
    refuse([](auto& options, auto&) { options.histograms[0].edges = {1.0, 1.0}; }, "edges");
    refuse([](auto&, auto& directory) { directory.kinds[0].member.pop_back(); },
           "/entities/device/member");
    {
        ResultsOptions options = sample::options();
        options.histograms[0].of_table = "events/handover";
        options.histograms[0].of_column = "cause";
        ResultsFile file(folder / "run.h5", options, sample::directory());
        CHECK_THROWS_WITH_AS(
            sample::give(file, Time{}, EntityId{0}, sample::HandoverRow{}),
            doctest::Contains("clock_offset_hist: events/handover has no real column 'cause'"),
            std::invalid_argument);
    }
    ResultsFile file(folder / "run.h5", sample::options(), sample::directory());
    CHECK_THROWS_AS(file.add(MemoryGroup{.path = "checks"}), std::invalid_argument);
}

TEST_CASE("an epoch becomes CF units") {
    CHECK(units_since("2026-03-02T06:30:00Z") == "nanoseconds since 2026-03-02 06:30:00");
    CHECK(units_since("2026-03-02 06:30:00") == "nanoseconds since 2026-03-02 06:30:00");
    CHECK(units_since("2026-03-02T06:30:00.250+00:00") ==
          "nanoseconds since 2026-03-02 06:30:00.250");
}

TEST_CASE("a result of format 1.0 written long ago can be read") {
    const ResultsReader old(DRIFTSTORM_SOURCE_DIR "/tests/output/golden/result-1.0.h5");
    CHECK(old.text_attribute("/", "format_name") == "driftstorm-result");
    CHECK(old.integer_attribute("/", "format_version") == std::vector<std::int64_t>{1, 0});
    CHECK(old.text_attribute("/", "status") == "complete");
    CHECK(old.integers("/messages/sender") ==
          std::vector<std::int64_t>{0, 0, 1, 2, 0, 0, 1, 2, 0, 0, 1, 2});
    CHECK(old.integers("/copies/message") ==
          std::vector<std::int64_t>{3, 1, 2, 7, 5, 6, 11, 9, 10});
    CHECK(old.integers("/events/handover/from") == std::vector<std::int64_t>{-1, 1, 0});
    CHECK(old.texts("/entities/device/device").back() == "Zoë's phone");
    CHECK(old.rows("/series/1s/cell_attached") == 3);
    CHECK(old.words("/copies/outcome") == Names{"pending", "visible", "lost"});
}
