#include "analysis/metrics.hpp"

#include "tests/analysis/hand_made_run.hpp"

#include <doctest/doctest.h>

#include <cmath>

using namespace driftstorm;
using namespace driftstorm::hand_made;

namespace {

const EntityDirectory metrics_entities = directory();
const MetricWindow middle{at_s(100), at_s(200)};

MetricsOptions options() {
    MetricsOptions made;
    made.warmup = at_s(60);
    made.end = at_s(600);
    made.windows = {middle};
    return made;
}

MessageRow message(double composed_s, std::uint32_t count, std::uint32_t copies = 1) {
    MessageRow row;
    row.sender = device(0);
    row.count = count;
    row.copies = copies;
    row.composed = at_s(composed_s);
    return row;
}

Blame blame(std::initializer_list<std::pair<Cause, double>> seconds) {
    Blame made;
    for (const auto& [cause, s] : seconds) made[cause] = at_s(s) - Time{};
    return made;
}

/// A table that is known by name and lacks a column.
struct StrangeRow {
    static constexpr std::string_view table = "servers/queue";
    static constexpr std::string_view component = "servers";
    EntityId server = no_entity;
    static constexpr auto fields() { return FieldList{column("server", &StrangeRow::server)}; }
};

}  // namespace

TEST_CASE("a copy belongs to the window in which its message was composed") {
    Metrics metrics(options(), metrics_entities);
    Script script;
    std::uint32_t count = 0;
    // Composed in the warm-up, before the window, in it (delivered after it), after it.
    for (const double composed : {50.0, 99.0, 199.0, 201.0}) {
        const MessageRow row = message(composed, count++);
        script.add(row.composed, row);
        const CopyRow copy = shown_copy(
            row, 1, blame({{Cause::network_outage, 3}, {Cause::link_queue, composed / 100}}));
        script.add(copy.end, copy);
    }
    script.play(metrics);
    metrics.finish(at_s(600));
    CHECK(*metrics.value("messages.composed") == 3);
    CHECK(*metrics.value("messages.copies") == 3);
    CHECK(*metrics.value("messages.delivered", middle) == 1);
    CHECK(*metrics.value("messages.delivery_delay.max", middle) == doctest::Approx(3 + 1.99));
    CHECK(*metrics.value("messages.delivery_delay.mean") ==
          doctest::Approx(3 + (0.99 + 1.99 + 2.01) / 3));
    CHECK(*metrics.value("messages.blame.link_queue.total", middle) == doctest::Approx(1.99));
    CHECK(*metrics.value("messages.blame.network_outage.mean") == doctest::Approx(3));
    CHECK(*metrics.value("messages.network_share") == 1);
    CHECK(*metrics.value("messages.application_share") == 0);
    CHECK_FALSE(metrics.value("messages.composed", MetricWindow{at_s(1), at_s(2)}).has_value());
    CHECK_FALSE(metrics.value("messages.no_such").has_value());
}

TEST_CASE("outcomes, lateness and inversions are counted, and the first is known") {
    Metrics metrics(options(), metrics_entities);
    Script script;
    std::uint32_t count = 0;
    const auto add = [&](double composed, double delay, auto&& change) {
        const MessageRow row = message(composed, count++);
        script.add(row.composed, row);
        CopyRow copy = shown_copy(row, 1, blame({{Cause::retry_backoff, delay}}));
        change(copy);
        script.add(copy.end, copy);
    };
    const auto as_it_is = [](CopyRow&) {};
    add(100, 10, as_it_is);
    add(110, 10.001, as_it_is);
    add(120, 50, as_it_is);
    add(130, 5, [](CopyRow& copy) { copy.outcome = Outcome::lost_expired; });
    add(140, 6, [](CopyRow& copy) { copy.outcome = Outcome::lost_refused; });
    add(550, 50, [](CopyRow& copy) { copy.outcome = Outcome::pending; });
    add(160, 1, [](CopyRow& copy) { copy.late_insert_depth = 3; });
    script.play(metrics);
    metrics.finish(at_s(600));
    CHECK(*metrics.value("messages.delivered") == 4);
    CHECK(*metrics.value("messages.late") == 2);
    CHECK(*metrics.value("messages.lost") == 2);
    CHECK(*metrics.value("messages.pending") == 1);
    CHECK(*metrics.value("messages.undelivered_at_end") == 3);
    CHECK(*metrics.value("messages.sequence_inversions") == 1);
    CHECK(*metrics.value("messages.delivered_share") == doctest::Approx(4.0 / 7));
    CHECK(*metrics.first_at("messages.undelivered_at_end", 0, true) == at_s(135));
    CHECK(*metrics.first_at("messages.late", 1, false) == at_s(120));
    CHECK_FALSE(
        metrics.first_at("messages.late", 1, true).has_value());  // when it was 2 is not kept
    CHECK_FALSE(metrics.first_at("messages.retries", 0, true).has_value());
}

TEST_CASE("blame shares of all causes sum to one, and the classes too") {
    Metrics metrics(options(), metrics_entities);
    random_run(5).play(metrics);
    metrics.finish(random_run_end);
    double causes = 0;
    for (const std::string_view cause : cause_words)
        causes += *metrics.value("messages.blame." + std::string(cause) + ".share");
    CHECK(causes == doctest::Approx(1));
    CHECK(
        *metrics.value("messages.network_share") + *metrics.value("messages.infrastructure_share") +
            *metrics.value("messages.application_share") + *metrics.value("messages.user_share") ==
        doctest::Approx(1));
}

TEST_CASE(
    "replies, retries, resyncs, handovers, connections and drops are counted after the warm-up") {
    Metrics metrics(options(), metrics_entities);
    Script script;
    for (const double t : {30.0, 150.0, 400.0}) {
        MessageRow row = message(t, static_cast<std::uint32_t>(t));
        row.reply_to_sender = device(1);
        row.reply_inverted = t > 200;
        script.add(row.composed, row);
        script.add(at_s(t), RetryRow{device(0), 1, 1, t > 200, no_entity});
        script.add(at_s(t), ResyncRow{device(0), Reason::skew_reject, 3, no_entity});
        script.add(at_s(t), ResyncRow{device(0), Reason::skew_reject, 1, no_entity, true});
        script.add(
            at_s(t),
            HandoverRow{device(0, true), cell(0), cell(1), AttachKind::handover, {50'000'000}});
        script.add(at_s(t),
                   HandoverRow{device(0, true), no_entity, cell(1), AttachKind::initial, {}});
        script.add(at_s(t),
                   HandoverRow{device(0, true), cell(0), cell(1), AttachKind::rejected, {}});
        script.add(at_s(t), DropRow{DropReason::buffer_full, Direction::up, device(0)});
        script.add(at_s(t), ConnectionRow{device(0), Connection::connected, relay(0), 0});
        script.add(at_s(t), ConnectionRow{device(0), Connection::waiting, relay(0), 1});
        script.add(at_s(t), ConnectionRow{device(0), Connection::waiting, relay(0), 0});
    }
    script.play(metrics);
    metrics.finish(at_s(600));
    CHECK(*metrics.value("messages.replies") == 2);
    CHECK(*metrics.value("messages.reply_inversion_share") == 0.5);
    CHECK(*metrics.value("messages.retries") == 2);
    CHECK(*metrics.value("messages.presses_again") == 1);
    CHECK(*metrics.value("messages.presses_again", middle) == 0);
    CHECK(*metrics.value("resyncs.count") == 2);
    CHECK(*metrics.value("resyncs.repeats") == 2);
    CHECK(*metrics.value("resyncs.requests") == 8);
    CHECK(*metrics.value("resyncs.skew_reject", middle) == 1);
    CHECK(*metrics.value("resyncs.gap") == 0);
    CHECK(*metrics.value("handovers.count") == 2);
    CHECK(*metrics.value("handovers.initial") == 2);
    CHECK(*metrics.value("handovers.per_device_min") == doctest::Approx(2.0 / 10 / 9));
    CHECK(*metrics.value("handovers.interruption.p50") == doctest::Approx(0.05).epsilon(0.005));
    CHECK(*metrics.value("drops.count") == 2);
    CHECK(*metrics.value("drops.buffer_full", middle) == 1);
    CHECK(*metrics.value("drops.loss") == 0);
    CHECK(*metrics.value("connections.made") == 2);
    CHECK(*metrics.value("connections.failures") == 2);
}

TEST_CASE("queues are found by the name of the group or of the node") {
    Metrics metrics(options(), metrics_entities);
    Script script;
    script.add(at_s(50),
               QueueRow{relay(0), 30, 1});  // in the warm-up, and still deep when it is over
    script.add(at_s(70), QueueRow{relay(0), 2, 1});
    script.add(at_s(120), QueueRow{relay(1), 7, 1});
    script.play(metrics);
    metrics.finish(at_s(600));
    CHECK(*metrics.value("relays.queue_depth.max") == 30);
    CHECK(*metrics.value("servers.relays.queue_depth.max", middle) == 7);
    CHECK(*metrics.value("relays[0].queue_depth.max", middle) == 2);
    CHECK(*metrics.value("relays[1].queue_depth.mean", middle) == doctest::Approx(7 * 0.8));
    CHECK_FALSE(metrics.value("relays[2].queue_depth.max").has_value());
    CHECK_FALSE(metrics.value("nodes.queue_depth.max").has_value());
    CHECK(*metrics.first_at("relays.queue_depth.max", 5, true, middle) == at_s(120));
}

TEST_CASE("a station's customers: waits of the served, shares of all who came") {
    Metrics metrics(options(), metrics_entities);
    Script script;
    const auto end = [&](double t, Service outcome, double waited, double stayed) {
        script.add(at_s(t), ServiceEnd{at_s(t), shop(), outcome, at_s(waited) - Time{},
                                       at_s(stayed) - Time{}});
    };
    end(100, Service::served, 0, 1);
    end(101, Service::served, 4, 5);
    end(102, Service::failed, 2, 3);
    end(103, Service::refused, 0, 0);
    end(104, Service::abandoned, 30, 30);
    end(30, Service::served, 100, 100);  // in the warm-up
    script.add(at_s(100), StationLevel{at_s(100), shop(), 3, 1});
    script.play(metrics);
    metrics.finish(at_s(600));
    CHECK(*metrics.value("shop.wait.mean") == doctest::Approx(2));
    CHECK(*metrics.value("shop.wait.max") == 4);
    CHECK(*metrics.value("shop.wait.share_zero") == doctest::Approx(1.0 / 3));
    CHECK(*metrics.value("shop.sojourn.mean") == doctest::Approx(3));
    CHECK(*metrics.value("shop.served") == 2);
    CHECK(*metrics.value("shop.blocked_share") == doctest::Approx(0.2));
    CHECK(*metrics.value("shop.abandoned_share") == doctest::Approx(0.2));
    CHECK(*metrics.value("shop.customers.mean") == doctest::Approx(4 * 500.0 / 540));
    CHECK_FALSE(metrics.value("shop.wait.mean", MetricWindow{at_s(300), at_s(400)}).has_value());
}

TEST_CASE("clients: amplification by attempts, recovery by success of the requests made then") {
    Metrics metrics(options(), metrics_entities);
    Script script;
    script.add(at_s(200), FaultRow{fault(0), FaultKind::node_down, Edge::begins, relay(1)});
    script.add(at_s(210), FaultRow{fault(0), FaultKind::node_down, Edge::ends, relay(1)});
    for (int t = 0; t < 590; ++t) {
        const Time made = at_s(t + 0.5);
        const bool fails = t >= 200 && t < 227;
        script.add(made, AttemptSent{made, customers(), 0});
        if (fails) script.add(made + Duration{1}, AttemptSent{made + Duration{1}, customers(), 1});
        const Time end = made + Duration{2'000'000'000};
        script.add(end,
                   RequestEnd{end, customers(), made, fails ? Service::failed : Service::served});
    }
    script.play(metrics);
    metrics.finish(at_s(600));
    CHECK(*metrics.value("customers.intents") == 530);
    CHECK(*metrics.value("customers.amplification") == doctest::Approx(1 + 27.0 / 530));
    CHECK(*metrics.value("customers.success_share") == doctest::Approx(503.0 / 530));
    CHECK(*metrics.value("customers.recovery") == 17);
    CHECK(*metrics.value("customers.delay.mean") == doctest::Approx(2));
    CHECK(*metrics.value("storms.retry.peak_to_baseline") == 2);
    CHECK(*metrics.value("storms.retry.duration") == 27);
}

TEST_CASE("clients that never recover have an infinite recovery, those undisturbed none or 0") {
    std::optional<double> looked_for;
    const auto recovery = [&](bool faulty, int until, bool planned = true) {
        MetricsOptions made = options();
        if (!planned) made.facts["faults"] = 0;
        Metrics metrics(made, metrics_entities);
        Script script;
        if (faulty)
            script.add(at_s(210), FaultRow{fault(0), FaultKind::node_down, Edge::ends, relay(1)});
        for (int t = 0; t < until; ++t) {
            script.add(at_s(t), AttemptSent{at_s(t), customers(), 0});
            script.add(at_s(t), RequestEnd{at_s(t), customers(), at_s(t), Service::failed});
        }
        script.play(metrics);
        metrics.finish(at_s(until));
        looked_for = metrics.not_until("populations.customers.recovery");
        return metrics.value("customers.recovery");
    };
    CHECK(std::isinf(*recovery(true, 600)));
    CHECK(*looked_for == 361);  // the first second not looked at is 571
    CHECK_FALSE(recovery(true, 220).has_value());
    CHECK_FALSE(looked_for.has_value());
    CHECK_FALSE(recovery(false, 600).has_value());
    CHECK(*recovery(false, 600, false) == 0);
    CHECK_FALSE(looked_for.has_value());
}

TEST_CASE("backlogs: true until delivered or lost, perceived while held or when inserted late") {
    Metrics metrics(options(), metrics_entities);
    Script script;
    const MessageRow row = message(2.5, 1, 3);
    script.add(row.composed, row);
    CopyRow held =
        shown_copy(row, 1, blame({{Cause::service_and_propagation, 1}, {Cause::ordering_hold, 4}}));
    script.add(held.end, held);
    CopyRow inserted = shown_copy(row, 2, blame({{Cause::network_outage, 6}}));
    inserted.late_insert_depth = 1;
    script.add(inserted.end, inserted);
    CopyRow lost = shown_copy(row, 3, blame({{Cause::retry_backoff, 2}}));
    lost.visible = lost.delivered = no_time;
    lost.outcome = Outcome::lost_attempts;
    script.add(lost.end, lost);
    script.play(metrics);
    metrics.finish(at_s(12));
    const std::vector<BinnedSeries> series = metrics.series().per_second();
    const auto values = [&](const std::string& name) {
        for (const BinnedSeries& one : series)
            if (one.name == name) return one.values;
        return std::vector<double>();
    };
    CHECK(values("intents") == std::vector<double>{0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0});
    CHECK(values("true_backlog") == std::vector<double>{0, 0, 3, 2, 1, 1, 1, 1, 0, 0, 0, 0});
    CHECK(values("perceived_backlog") == std::vector<double>{0, 0, 0, 1, 1, 1, 1, 0, 1, 0, 0, 0});
    CHECK(values("deliveries") == std::vector<double>{0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0});
    const std::vector<BinnedSeries> causes = metrics.series().causes();
    REQUIRE(causes.size() == 12);
    CHECK(causes[3].name == "delay_ordering_hold");
    CHECK(causes[3].values == std::vector<double>{4e9 / 3, 0});
}

TEST_CASE("theory is computed from the scenario's facts") {
    MetricsOptions given = options();
    given.facts = {{"arrival_rate", 8}, {"service_mean", 0.1}};
    Metrics metrics(given, metrics_entities);
    metrics.finish(at_s(600));
    CHECK(*metrics.value("theory.sojourn_mean") == doctest::Approx(0.5));
    CHECK(*metrics.value("theory.sojourn_mean", middle) == doctest::Approx(0.5));
    CHECK_FALSE(metrics.value("theory.recovery").has_value());
}

TEST_CASE("what a table lacks is named") {
    Metrics metrics(options(), metrics_entities);
    CHECK_THROWS_WITH_AS(give(metrics, at_s(1), StrangeRow{}),
                         "table servers/queue has no column 'depth'", std::invalid_argument);
}
