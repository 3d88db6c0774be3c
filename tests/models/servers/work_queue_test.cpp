#include "models/servers/work_queue.hpp"
#include "sim/core/random.hpp"
#include "sim/core/state.hpp"

#include <doctest/doctest.h>

#include <vector>

using namespace driftstorm;

namespace {

struct Work {
    int number = 0;
};

/// Numbers in the order in which one worker takes the jobs 1 .. n, of the given urgencies, all
/// there at once.
std::vector<int> order_of_service(Discipline discipline, const std::vector<int>& urgencies) {
    WorkQueues<Work> queues;
    const Index place = queues.add({1, no_limit, discipline});
    for (std::size_t i = 0; i < urgencies.size(); ++i)
        queues.join(place, {static_cast<int>(i) + 1}, static_cast<std::uint8_t>(urgencies[i]));
    std::vector<int> order;
    for (Slot slot = queues.start(place); slot != no_slot; slot = queues.start(place))
        order.push_back(queues.remove(slot).number);
    return order;
}

}  // namespace

TEST_CASE("the discipline decides who is served next") {
    CHECK(order_of_service(Discipline::fifo, {0, 1, 0, 1}) == std::vector<int>{1, 2, 3, 4});
    CHECK(order_of_service(Discipline::lifo, {0, 0, 0, 0}) == std::vector<int>{4, 3, 2, 1});
    CHECK(order_of_service(Discipline::priority, {1, 0, 1, 0}) == std::vector<int>{2, 4, 1, 3});
}

TEST_CASE("no more jobs are seated than there are workers, and none while paused") {
    WorkQueues<Work> queues;
    const Index place = queues.add({2, 1, Discipline::fifo});
    for (int i = 0; i < 3; ++i) {
        CHECK(!queues.full(place));
        queues.join(place, {i});
        queues.start(place);
    }
    CHECK(queues.full(place));
    CHECK(queues.serving(place) == 2);
    CHECK(queues.waiting(place) == 1);

    std::vector<int> interrupted;
    queues.pause(place, [&](Slot slot) { interrupted.push_back(queues[slot].number); });
    CHECK(interrupted == std::vector<int>{0, 1});
    queues.remove(queues.any(place));
    CHECK(queues.start(place) == no_slot);
    queues.resume(place, [](Slot) {});
    CHECK(queues.start(place) != no_slot);
}

TEST_CASE("a timer set before a job started, paused or went is stale") {
    WorkQueues<Work> queues;
    const Index place = queues.add({});
    const Slot slot = queues.join(place, {1});
    std::vector<std::uint32_t> stamps{queues.stamp(slot).value};
    queues.start(place);
    stamps.push_back(queues.stamp(slot).value);
    queues.pause(place, [&](Slot job) { stamps.push_back(queues.stamp(job).value); });
    queues.resume(place, [&](Slot job) { stamps.push_back(queues.stamp(job).value); });
    queues.remove(slot);
    CHECK(queues.join(place, {2}) == slot);  // the slot is used again
    stamps.push_back(queues.stamp(slot).value);
    for (std::size_t i = 0; i < stamps.size(); ++i)
        for (std::size_t j = 0; j < i; ++j) CHECK(stamps[i] != stamps[j]);
}

TEST_CASE("random joins, starts and removals agree with a plain list") {
    for (const Discipline discipline : {Discipline::fifo, Discipline::lifo}) {
        WorkQueues<Work> queues;
        const Index place = queues.add({3, no_limit, discipline});
        std::vector<int> waiting;
        std::vector<Slot> slots(1, no_slot);  // by number
        int serving = 0;
        for (std::uint64_t step = 0; step < 20'000; ++step) {
            const double what =
                draw_uniform(7, "test.what", static_cast<std::uint64_t>(discipline), step);
            const double which =
                draw_uniform(7, "test.which", static_cast<std::uint64_t>(discipline), step);
            if (what < 0.4) {
                const int number = static_cast<int>(slots.size());
                slots.push_back(queues.join(place, {number}));
                waiting.push_back(number);
            } else if (what < 0.6 && !waiting.empty()) {
                const auto at = waiting.begin() + static_cast<std::ptrdiff_t>(
                                                      which * static_cast<double>(waiting.size()));
                REQUIRE(queues.remove(slots[static_cast<std::size_t>(*at)]).number == *at);
                waiting.erase(at);
            } else {
                const Slot slot = queues.start(place);
                REQUIRE((slot == no_slot) == (waiting.empty() || serving == 3));
                if (slot != no_slot) {
                    const int expected =
                        discipline == Discipline::fifo ? waiting.front() : waiting.back();
                    REQUIRE(queues[slot].number == expected);
                    waiting.erase(discipline == Discipline::fifo ? waiting.begin()
                                                                 : waiting.end() - 1);
                    ++serving;
                } else if (serving > 0) {
                    queues.remove(queues.any(place));
                    --serving;
                }
            }
            REQUIRE(queues.waiting(place) == waiting.size());
            REQUIRE(queues.serving(place) == static_cast<std::uint32_t>(serving));
        }
    }
}

TEST_CASE("a queue restored from its saved state goes on as the original") {
    WorkQueues<Work> queues;
    const Index place = queues.add({1, 5, Discipline::lifo});
    for (int i = 1; i <= 4; ++i) queues.join(place, {i});
    queues.start(place);
    Archive out;
    out.item(queues);
    WorkQueues<Work> restored;
    Archive in(out.bytes());
    in.item(restored);
    CHECK(in.finished());
    for (WorkQueues<Work>* which : {&queues, &restored}) {
        CHECK(which->remove(which->any(place)).number == 4);
        CHECK((*which)[which->start(place)].number == 3);
        CHECK(which->waiting(place) == 2);
    }
}
