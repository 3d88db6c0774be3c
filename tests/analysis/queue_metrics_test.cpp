#include "analysis/queue_metrics.hpp"

#include <doctest/doctest.h>

using namespace driftstorm;

namespace {

constexpr Time second(double s) { return {static_cast<std::int64_t>(s * 1e9)}; }
const std::vector<MetricWindow> windows{{second(0), second(100)}, {second(20), second(40)}};

double of(const QueueMetrics& queue, const char* name, std::size_t window = 0,
          std::optional<std::size_t> node = {}) {
    return *queue.value(name, window, node);
}

}  // namespace

TEST_CASE("levels are weighted by the time they hold, within the window") {
    QueueMetrics queue(1, windows);
    queue.level(0, second(10), 4, 1);  // before the window begins, still there when it does
    queue.level(0, second(25), 0, 1);
    queue.level(0, second(30), 10, 2);
    queue.level(0, second(50), 0, 0);
    queue.finish(second(100));
    CHECK(of(queue, "queue_depth.mean") == doctest::Approx((4 * 15 + 10 * 20) / 100.0));
    CHECK(of(queue, "queue_depth.mean", 1) == doctest::Approx((4 * 5 + 10 * 10) / 20.0));
    CHECK(of(queue, "customers.mean") == doctest::Approx((5 * 15 + 1 * 5 + 12 * 20) / 100.0));
    CHECK(of(queue, "busy.mean", 1) == doctest::Approx((10 + 2 * 10) / 20.0));
    CHECK(of(queue, "queue_depth.max") == 10);
    CHECK(of(queue, "customers.max", 1) == 12);
    CHECK(of(queue, "queue_depth.at_end") == 0);
    CHECK(of(queue, "queue_depth.at_end", 1) == 10);
    CHECK(of(queue, "arrivals") == 5 + 11);
    CHECK(of(queue, "arrivals", 1) == 11);
}

TEST_CASE("a level of no duration does not count, one held to the end does") {
    QueueMetrics queue(1, windows);
    queue.level(0, second(30), 50, 0);
    queue.level(0, second(30), 2, 0);
    queue.level(0, second(40), 7, 0);  // the window's last instant is part of it
    queue.finish(second(100));
    CHECK(of(queue, "queue_depth.max") == 7);
    CHECK(of(queue, "queue_depth.max", 1) == 7);
    CHECK(of(queue, "queue_depth.at_end") == 7);
}

TEST_CASE(
    "a group's maximum is of its deepest node, its mean is over nodes, its end is all of them") {
    QueueMetrics queue(2, windows);
    queue.level(0, second(0), 6, 0);
    queue.level(1, second(50), 10, 0);
    queue.finish(second(100));
    CHECK(of(queue, "queue_depth.max") == 10);
    CHECK(of(queue, "queue_depth.mean") == doctest::Approx((6 + 5) / 2.0));
    CHECK(of(queue, "queue_depth.at_end") == 16);
    CHECK(of(queue, "queue_depth.max", 0, 0) == 6);
    CHECK(of(queue, "queue_depth.mean", 0, 1) == doctest::Approx(5));
    CHECK(of(queue, "queue_depth.max", 1) == 6);
}

TEST_CASE(
    "draining takes from the end of the fault until nobody waits, whichever row of an instant "
    "comes first") {
    for (const bool fault_first : {true, false}) {
        QueueMetrics queue(2, windows);
        queue.level(0, second(10), 0, 1);
        queue.level(1, second(15), 3, 0);
        if (fault_first) queue.fault_ended(second(20));
        queue.level(0, second(20), 8, 1);
        if (!fault_first) queue.fault_ended(second(20));
        queue.level(1, second(30), 0, 0);
        queue.level(0, second(42), 0, 1);
        queue.level(0, second(60), 1, 1);
        queue.finish(second(100));
        CHECK(of(queue, "drain") == 22);
    }
    QueueMetrics undisturbed(1, windows);
    undisturbed.level(0, second(1), 0, 0);
    undisturbed.finish(second(100));
    CHECK_FALSE(undisturbed.value("drain", 0, {}).has_value());
    QueueMetrics never(1, windows);
    never.fault_ended(second(5));
    never.level(0, second(5), 3, 0);
    never.finish(second(100));
    CHECK_FALSE(never.value("drain", 0, {}).has_value());
}

TEST_CASE("the first second beyond a limit is known") {
    QueueMetrics queue(1, windows);
    queue.level(0, second(12.3), 5, 0);
    queue.level(0, second(33.7), 9, 0);
    queue.level(0, second(33.9), 0, 0);
    queue.finish(second(100));
    CHECK(*queue.first_at(5, false, windows[0]) == second(12));
    CHECK(*queue.first_at(5, true, windows[0]) == second(33));
    CHECK(*queue.first_at(5, false, windows[1]) == second(20));
    CHECK_FALSE(queue.first_at(9, true, windows[0]).has_value());
}
