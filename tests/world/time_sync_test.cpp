// Time clients chosen by words of a scenario, in a world of radios, paths and servers.
#include "models/probes/clock_offset.hpp"
#include "models/timesync/program_clients.hpp"
#include "sim/core/digest.hpp"
#include "tests/world/recorded_rows.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

using namespace driftstorm;
using namespace driftstorm::tests;

namespace {

/// Two laptops whose Wi-Fi goes after an hour, so that they are on LTE from then on.
std::string handoff(const std::string& time_sync) {
    return R"(schema: scenario/1
title: handoff
seed: 5
duration: 3 h
network:
  cells:
    town: { technology: lte, at: 0 km, range: 3 km }
  access_points:
    office: { technology: wifi, at: 0 km, range: 90 m }
  handover:
    lte: { promotion: 0 s }
  paths:
    - { from: wifi, to: time, delay: { propagation: 20 ms, extra: { exponential: { mean: 1 ms } } } }
    - { from: lte, to: time, delay: { propagation: 40 ms, asymmetry: 40 ms, extra: { exponential: { mean: 1 ms } } } }
clocks:
  laptop:
    frequency_error: { normal: { mean: 0 ppm, sd: 10 ppm } }
    wander: { random_walk: 1 ppb/sqrt(s) }
    initial_offset: { normal: { mean: 0 ms, sd: 10 ms } }
    time_sync: )" +
           time_sync + R"(
servers:
  time: { kind: ntp, nodes: 2 }
populations:
  laptops: { count: 2, clock: laptop, interfaces: [wifi, lte] }
timeline:
  - { name: no Wi-Fi, at: 1 h, fault: cell_down, target: network.access_points.office, for: 100 h }
outputs:
  clocks: { of: laptops, every: 60 s }
)";
}

std::string complaint_about(const std::string& time_sync) {
    const std::string text = handoff(time_sync);
    Complaints complaints([text](const std::string&, std::string&) { return std::optional(text); });
    read_scenario("test.yaml", {}, complaints);
    return complaints.text();
}

bool says(const std::string& text, const char* part) { return text.find(part) != text.npos; }

/// Root mean square of the sampled clocks in a window [s].
class Offsets : public TableSink {
  public:
    bool wants(const RowType& type) const override { return type.table == ClockOffset::table; }
    void row(const RowType&, const RowStamp& stamp, const std::byte* bytes) override {
        ClockOffset made;
        std::memcpy(static_cast<void*>(&made), bytes, sizeof made);
        times_.push_back(stamp.at().seconds());
        steered_.push_back(made.steered_ns * 1e-9);
    }
    double rms(double from, double to) const {
        double squares = 0;
        double count = 0;
        for (std::size_t i = 0; i < times_.size(); ++i)
            if (times_[i] >= from && times_[i] < to) {
                squares += steered_[i] * steered_[i];
                count += 1;
            }
        return std::sqrt(squares / count);
    }

  private:
    std::vector<double> times_, steered_;
};

struct HandoffResult {
    std::string digest;
    double before = 0;  ///< the hour on Wi-Fi, without its first half [s]
    double after = 0;   ///< the last half hour on LTE [s]
};

HandoffResult outcome(const std::string& time_sync, std::uint32_t partitions = 1) {
    const auto loaded = read_text(handoff(time_sync));
    INFO(loaded.complaints->text());
    REQUIRE_FALSE(loaded.complaints->any_errors());
    World::Options options;
    options.seed = 5;
    options.partitions = partitions;
    options.pool_offset = partitions;
    World world(*loaded.scenario, options);
    Offsets offsets;
    world.kernel().add_sink(offsets);
    world.start();
    world.run_until(Time{10'800'000'000'000});
    return {hex(world.kernel().digest()), offsets.rms(1800, 3600), offsets.rms(9000, 10'800)};
}

}  // namespace

TEST_CASE("every client is chosen by one word, and its world keeps its digest when perturbed") {
    for (const char* word : {"chrony", "ntpd", "ntpsec", "busybox", "timesyncd", "sntp", "one_shot",
                             "android", "ios", "nitz", "gnss", "none"}) {
        CAPTURE(word);
        CHECK(outcome(word).digest == outcome(word, 3).digest);
    }
}

TEST_CASE("after a lasting increase of the delay chrony stays where it was, ntpd follows") {
    const HandoffResult chrony = outcome("{ client: chrony, maxpoll: 6, iburst: true }");
    CHECK(chrony.before < 2e-3);
    CHECK(chrony.after < 5e-3);
    const HandoffResult ntpd = outcome("{ client: ntpd, maxpoll: 6, iburst: true }");
    CHECK(ntpd.after == doctest::Approx(0.02).epsilon(0.15));
    const HandoffResult timesyncd = outcome("timesyncd");
    CHECK(timesyncd.after == doctest::Approx(0.02).epsilon(0.25));
}

TEST_CASE(
    "what the operating system does on a network change decides whether chrony keeps its "
    "samples") {
    const std::string chrony = "{ client: chrony, maxpoll: 6, iburst: true, on_network_change: ";
    CHECK(outcome(chrony + "nothing }").after < 5e-3);
    CHECK(outcome(chrony + "onoffline }").after < 5e-3);
    CHECK(outcome(chrony + "restart }").after == doctest::Approx(0.02).epsilon(0.1));
    CHECK(outcome(chrony + "reset_sources }").after == doctest::Approx(0.02).epsilon(0.1));
}

TEST_CASE("wrong words of a client are told with the right ones") {
    CHECK(says(complaint_about("chronyd"), "chrony, ntpd"));
    CHECK(says(complaint_about("{ minpoll: 4 }"), "'client' is missing"));
    CHECK(says(complaint_about("{ client: chrony, maxpol: 4 }"), "did you mean 'maxpoll'"));
    CHECK(says(complaint_about("{ client: ntpd, disable: kernal }"), "did you mean 'kernel'"));
    CHECK(says(complaint_about("{ client: chrony, minpoll: 8, maxpoll: 6 }"), "must not exceed"));
    CHECK(says(complaint_about("{ client: ntpd, on_network_change: burst }"), "chrony's"));
    CHECK(says(complaint_about("{ client: chrony, sources: 3 }"), "has 2 nodes"));
    CHECK(says(complaint_about("{ client: chrony, server: tima }"), "did you mean 'time'"));
    CHECK(says(complaint_about("chrony\n    sync: []"), "both say"));
}

TEST_CASE("a scenario written out in full makes the same world") {
    const auto loaded =
        read_text(handoff("{ client: chrony, makestep: { threshold: 1 s, limit: 3 } }"));
    REQUIRE_FALSE(loaded.complaints->any_errors());
    const auto again = read_text(resolved_yaml(*loaded.scenario));
    INFO(again.complaints->text());
    REQUIRE_FALSE(again.complaints->any_errors());
    CHECK(resolved_yaml(*again.scenario) == resolved_yaml(*loaded.scenario));
}

TEST_CASE("a world of time programs goes on from a saved state") {
    const auto loaded = read_text(handoff("{ client: chrony, on_network_change: restart }"));
    World::Options options;
    options.seed = 5;
    World whole(*loaded.scenario, options);
    whole.start();
    whole.run_until(Time{3'700'000'000'000});
    const auto saved = whole.save();
    whole.run_until(Time{7'200'000'000'000});
    World restored(*loaded.scenario, options);
    restored.restore(saved);
    restored.run_until(Time{7'200'000'000'000});
    CHECK(restored.kernel().digest() == whole.kernel().digest());
}
