#include "sim/core/event_queue.hpp"

#include "sim/core/random.hpp"
#include "sim/core/time.hpp"
#include "tests/support/map_queue.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <functional>
#include <vector>

using namespace driftstorm;
using namespace driftstorm::literals;

namespace {

/// Both queues side by side: whatever is done to one is done to the other, and each answer is
/// compared. The map always gives the least key, so equal answers prove the order.
class Pair {
  public:
    void push(Time at, std::uint64_t tie, EntityId target = {}) {
        // As the kernel does: the quick way, and where it declines, the other.
        Event* place = wheel.push_quickly({at, tie});
        if (place == nullptr) place = &wheel.push({at, tie});
        place->target = target;
        plain.push({at, tie}).target = target;
    }
    bool pop_before(Time limit, Event& out) {
        const Event* expected = plain.pop_before(limit);
        const Time next = plain.next_time();
        const Event* popped = wheel.pop_before(limit);
        REQUIRE((popped != nullptr) == (expected != nullptr));
        REQUIRE(wheel.size() == plain.size());
        REQUIRE(wheel.next_time() == next);
        if (popped == nullptr) return false;
        REQUIRE(popped->key == expected->key);
        REQUIRE(popped->target == expected->target);
        out = *popped;
        return true;
    }
    void drain() {
        Event event;
        while (pop_before(end_of_time, event)) {
        }
        REQUIRE(wheel.size() == 0);
    }

    EventQueue wheel;
    MapQueue plain;
};

/// Draws of one test, in order.
class Luck {
  public:
    explicit Luck(std::uint64_t subject) : subject_(subject) {}
    std::uint64_t bits() {
        const Block block = draw(1, "test.queue", subject_, number_++);
        return (std::uint64_t{block[0]} << 32) | block[1];
    }
    std::int64_t below(std::int64_t bound) {
        return static_cast<std::int64_t>(bits() % static_cast<std::uint64_t>(bound));
    }

  private:
    std::uint64_t subject_;
    std::uint64_t number_ = 0;
};

/// Hold model: pops and sends again `delay()` later, `steps` times, from `pending` events.
void hold(std::size_t pending, std::size_t steps, Luck& luck,
          const std::function<std::int64_t()>& delay) {
    Pair both;
    for (std::size_t i = 0; i < pending; ++i) both.push({delay()}, luck.bits());
    Event event;
    for (std::size_t i = 0; i < steps; ++i) {
        REQUIRE(both.pop_before(end_of_time, event));
        both.push(event.key.at + Duration{delay()}, luck.bits());
    }
    both.drain();
}

/// Counts the work of a wheel.
struct CountedWork {
    void moved(std::size_t events) { count += events; }
    void compared(std::size_t keys) { count += keys; }
    std::size_t count = 0;
};

}  // namespace

TEST_CASE("events come in order of key, for any mixture of delays") {
    Luck luck(1);
    SUBCASE("uniform over one second") {
        hold(3000, 20'000, luck, [&] { return luck.below(1'000'000'000); });
    }
    SUBCASE("from nanoseconds to months") {
        hold(2000, 20'000, luck,
             [&] { return luck.below(std::int64_t{1} << (1 + luck.below(53))); });
    }
    SUBCASE("few instants, many ties") {
        hold(5000, 30'000, luck, [&] { return luck.below(5) * 250'000'000; });
    }
    SUBCASE("two clusters, far apart") {
        hold(2000, 20'000, luck, [&] {
            return luck.below(4) != 0 ? luck.below(1000)
                                      : 3'600'000'000'000 + luck.below(1'000'000);
        });
    }
    SUBCASE("a slot with one crowded corner") {
        hold(4000, 20'000, luck,
             [&] { return luck.below(8) != 0 ? 4096 + luck.below(3) : luck.below(100'000); });
    }
    SUBCASE("hardly any events") {
        hold(1, 2000, luck, [&] { return luck.below(10'000'000'000); });
    }
}

TEST_CASE("a hundred thousand events at one nanosecond come in order, with work of n log n") {
    constexpr std::size_t n = 100'000;
    RadixWheel<CountedWork> wheel;
    Luck luck(2);
    Event event;
    for (std::size_t i = 0; i < n; ++i) {
        event.key = {Time{123'456'789'012}, luck.bits()};
        wheel.push(event.key) = event;
    }
    EventKey last{};
    for (std::size_t i = 0; i < n; ++i) {
        const Event* popped = wheel.pop_before(end_of_time);
        REQUIRE(popped != nullptr);
        REQUIRE(popped->key > last);
        last = popped->key;
    }
    CHECK(wheel.size() == 0);
    // A comparison sort needs n log2 n = 17 n; n^2 would be 100,000 n.
    CHECK(wheel.work().count < 60 * n);

    Pair both;
    for (std::size_t i = 0; i < n; ++i) both.push(Time{1'000'000'007}, luck.bits());
    both.drain();
}

TEST_CASE("zero-delay events to any key run next by key while a crowded instant is under way") {
    Pair both;
    Luck luck(3);
    for (int i = 0; i < 2000; ++i) both.push(Time{5'000'000'000}, luck.bits());
    Event event;
    std::size_t chained = 0;
    while (both.pop_before(end_of_time, event)) {
        REQUIRE(event.key.at == Time{5'000'000'000});
        if (chained >= 5000) continue;
        ++chained;
        // Alternately a key below the one just taken, which must be the very next, and any key.
        const std::uint64_t tie = chained % 2 == 0 ? event.key.tie / 2 : luck.bits();
        both.push(event.key.at, tie);
        if (chained % 2 == 0) {
            Event next;
            REQUIRE(both.pop_before(end_of_time, next));
            REQUIRE(next.key == EventKey{event.key.at, tie});
        }
    }
}

TEST_CASE("timers that are set anew far more often than they fire are dropped as they come") {
    Pair both;
    Luck luck(4);
    constexpr std::uint32_t timers = 64;
    std::vector<std::uint64_t> live(timers, 0);
    std::uint64_t number = 0;
    std::size_t fired = 0;
    Time now{};
    const auto set_anew = [&](std::uint32_t timer) {
        live[timer] = ++number;
        both.push(now + 1_s + Duration{luck.below(1'000'000)}, number, EntityId{timer});
    };
    for (std::uint32_t t = 0; t < timers; ++t) set_anew(t);
    for (int step = 0; step < 50'000; ++step) {
        now = now + Duration{luck.below(10'000'000)};
        Event event;
        while (both.pop_before(now, event)) {
            const auto timer = static_cast<std::uint32_t>(event.target);
            if (event.key.tie != live[timer]) continue;
            ++fired;
            set_anew(timer);
        }
        set_anew(static_cast<std::uint32_t>(luck.below(timers)));
    }
    CHECK(fired > 0);
    both.drain();
}

TEST_CASE("windows of any length take the same events in the same order") {
    Pair both;
    Luck luck(5);
    Time limit{};
    for (int i = 0; i < 3000; ++i) both.push(Time{luck.below(2'000'000'000)}, luck.bits());
    for (int window = 0; window < 20'000 && both.wheel.size() != 0; ++window) {
        limit = limit + Duration{luck.below(std::int64_t{1} << (1 + luck.below(25)))};
        Event event;
        while (both.pop_before(limit, event)) {
            REQUIRE(event.key.at < limit);
            if (luck.below(2) == 0)
                both.push(event.key.at + Duration{luck.below(500'000'000)}, luck.bits());
        }
        // From other partitions, at or after the end of the window.
        if (window < 5000) both.push(limit + Duration{luck.below(30'000'000)}, luck.bits());
    }
    both.drain();
}

TEST_CASE("the order holds while the density of events changes a millionfold, again and again") {
    // The queue aligns its digits to how dense events lie; each stage is long enough for that.
    Pair both;
    Luck luck(6);
    for (int i = 0; i < 3000; ++i) both.push(Time{luck.below(1'000'000)}, luck.bits());
    Event event;
    for (const std::int64_t spread :
         {1'000'000, 1'000, 50, 1'000'000'000, 3'000'000, 20, 1'000'000'000}) {
        for (int n = 0; n < 40'000 && both.pop_before(end_of_time, event); ++n)
            both.push(event.key.at + Duration{luck.below(2 * spread)}, luck.bits());
        CHECK(both.wheel.size() == 3000);
    }
    both.drain();
}

TEST_CASE("runs soon have a good length, however dense events lie and however the run begins") {
    // Near the first instant runs are of single events; that must not be taken for the density.
    Luck luck(9);
    for (const std::int64_t apart : {20, 100, 500, 900, 4'000, 60'000, 1'000'000}) {
        CAPTURE(apart);
        constexpr std::int64_t pending = 20'000;
        RadixWheel<CountedWork> wheel;
        const auto send = [&](Time now) {
            const EventKey key{now + Duration{luck.below(2 * pending * apart)}, luck.bits()};
            wheel.push(key).key = key;
        };
        for (std::int64_t i = 0; i < pending; ++i) send(Time{});
        const auto some = [&](std::int64_t events) {
            for (std::int64_t i = 0; i < events; ++i) send(wheel.pop_before(end_of_time)->key.at);
        };
        some(2 * pending);
        const std::uint64_t before = wheel.runs();
        some(2 * pending);
        const std::uint64_t length = 2 * pending / (wheel.runs() - before);
        CHECK(length > 48);
        CHECK(length < 400);
    }
}

TEST_CASE(
    "looking at the next time and then inserting earlier events costs less than twice the plain "
    "load") {
    // The plain load: 20,000 events in order of a random permutation of instants, ten minutes apart
    // from a far one. The other load grants a window and peeks before each insertion, as an idle
    // partition does.
    constexpr std::size_t n = 20'000;
    const auto work_of = [&](bool peeking) {
        RadixWheel<CountedWork> wheel;
        Luck luck(6);
        Event event;
        event.key = {Time{} + 10_min, 0};
        wheel.push(event.key) = event;
        Time granted{};
        for (std::size_t i = 0; i < n; ++i) {
            if (peeking) {
                REQUIRE(wheel.next_time() > granted);
                REQUIRE(wheel.pop_before(granted) == nullptr);
            }
            granted = granted + 10_us;
            event.key = {granted + 1_s + Duration{luck.below(1'000'000'000)}, i};
            wheel.push(event.key) = event;
        }
        while (wheel.pop_before(end_of_time) != nullptr) {
        }
        return wheel.work().count;
    };
    const std::size_t plain = work_of(false);
    CHECK(work_of(true) < 2 * plain);
    CHECK(plain < 30 * n);
}

TEST_CASE("an idle partition with one far event does not make late ones of all that arrive") {
    // Peeks up to the limit of each window, then an event arrives in the next window and is taken.
    // The work per event must not grow with the number of windows gone by.
    const auto work_of = [&](int windows) {
        RadixWheel<CountedWork> wheel;
        Event event;
        event.key = {Time{} + 1_h, 0};
        wheel.push(event.key) = event;
        Time limit{};
        for (int window = 0; window < windows; ++window) {
            for (int i = 0; i < 10; ++i) {
                event.key = {limit + Duration{1000 * i}, static_cast<std::uint64_t>(i)};
                wheel.push(event.key) = event;
            }
            limit = limit + 100_us;
            REQUIRE(wheel.next_time() < limit);
            while (wheel.pop_before(limit) != nullptr) {
            }
            REQUIRE(wheel.next_time() == Time{} + 1_h);
        }
        return wheel.work().count;
    };
    CHECK(work_of(8000) < 9 * work_of(1000));
    CHECK(work_of(8000) < std::size_t{8000} * 10 * 20);
}

TEST_CASE("next_time changes nothing: events inserted before it still come first") {
    Pair both;
    both.push(Time{} + 10_min, 1);
    CHECK(both.wheel.next_time() == Time{} + 10_min);
    Event event;
    CHECK_FALSE(both.pop_before(Time{} + 5_min, event));
    for (int i = 100; i > 0; --i) both.push(Time{} + 1_s * i, 7);
    CHECK(both.wheel.next_time() == Time{} + 1_s);
    both.drain();
}

TEST_CASE("the times at both ends of the range are in order too") {
    Pair both;
    for (const std::int64_t at :
         {INT64_MAX - 1, INT64_MAX - 2, INT64_MAX / 2, std::int64_t{0}, std::int64_t{1},
          std::int64_t{1} << 60, std::int64_t{63}, std::int64_t{64}})
        both.push(Time{at}, 3);
    both.drain();
    both.push(Time{7}, 1);  // long before the cursor: still taken, from the late ones
    both.drain();
}

TEST_CASE("visiting, hints, clearing and memory agree with what is pending") {
    Pair both;
    Luck luck(8);
    for (int i = 0; i < 5000; ++i) both.push(Time{luck.below(1'000'000)}, luck.bits());
    Event event;
    for (int i = 0; i < 1000; ++i) both.pop_before(end_of_time, event);
    for (int i = 0; i < 50; ++i) both.push(event.key.at, luck.bits());

    std::uint64_t wheel_sum = 0;
    std::uint64_t plain_sum = 0;
    std::size_t visited = 0;
    both.wheel.for_each([&](const Event& e) {
        wheel_sum += e.key.tie;
        ++visited;
    });
    both.plain.for_each([&](const Event& e) { plain_sum += e.key.tie; });
    CHECK(visited == both.plain.size());
    CHECK(wheel_sum == plain_sum);
    CHECK(both.wheel.bytes() >= both.wheel.size() * sizeof(Event));
    CHECK(both.wheel.bytes() < both.wheel.size() * sizeof(Event) * 3 + 200'000);

    // The hint names events that are taken later, in this order.
    while (both.wheel.upcoming(3)->key.at == end_of_time) both.pop_before(end_of_time, event);
    const EventKey ahead = both.wheel.upcoming(3)->key;
    do {
        REQUIRE(both.pop_before(end_of_time, event));
        REQUIRE(event.key <= ahead);
    } while (event.key != ahead);

    both.wheel.clear();
    both.plain.clear();
    CHECK(both.wheel.next_time() == end_of_time);
    CHECK_FALSE(both.pop_before(end_of_time, event));
    both.push(Time{3}, 1);
    both.push(Time{2}, 1);
    both.drain();
}
