#include "tests/models/servers/server_world.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace driftstorm;
using namespace driftstorm::literals;

namespace {

OpenArrivals::Params once() {
    OpenArrivals::Params params;
    params.process = ArrivalProcess::constant;
    params.count = 1;
    return params;
}

/// A station that answers at once, with an error.
Stations::Params broken() {
    Stations::Params params;
    params.service_time = Distribution::constant(0.0);
    params.error_share = 1.0;
    return params;
}

std::vector<double> attempt_times(const ServerRows& rows) {
    std::vector<double> times;
    for (const AttemptSent& attempt : rows.attempts)
        times.push_back(static_cast<double>(attempt.at.ns) / 1e9);
    return times;
}

}  // namespace

TEST_CASE("a silent server is asked again at every timeout, as often as allowed") {
    ServerWorld world;
    Stations::Params down;
    down.when_down = WhenDown::lose;
    const auto desk = world.add_station(down, "servers.desk", answer_door<RetryingClients>());
    world.kernel.as(desk.id).send(0_s, desk, Stations::SetDown{true});
    RetryingClients::Params retry;
    retry.timeout = 2_s;
    retry.retries = 3;
    const auto clients = world.add_clients(retry, "populations.clients", ask_door(desk));
    world.add_arrivals(once(), "populations.customers", ask_door(clients));
    world.kernel.run_until(second(100));
    CHECK(attempt_times(world.rows) == std::vector<double>{0, 2, 4, 6});
    REQUIRE(world.rows.requests.size() == 1);
    CHECK(world.rows.requests[0].attempts == 4);
    CHECK(world.rows.requests[0].outcome == Service::lost);
    CHECK(world.rows.requests[0].at == second(8));
}

TEST_CASE("waits follow the backoff") {
    for (const RetryWait backoff :
         {RetryWait::fixed, RetryWait::exponential, RetryWait::full_jitter}) {
        ServerWorld world;
        const auto desk =
            world.add_station(broken(), "servers.desk", answer_door<RetryingClients>());
        RetryingClients::Params retry;
        retry.retries = 6;
        retry.backoff = backoff;
        retry.wait = 1_s;
        retry.wait_cap = 10_s;
        const auto clients = world.add_clients(retry, "populations.clients", ask_door(desk));
        world.add_arrivals(once(), "populations.customers", ask_door(clients));
        world.kernel.run_until(second(1000));
        const std::vector<double> times = attempt_times(world.rows);
        if (backoff == RetryWait::fixed) CHECK(times == std::vector<double>{0, 1, 2, 3, 4, 5, 6});
        if (backoff == RetryWait::exponential)
            CHECK(times == std::vector<double>{0, 1, 3, 7, 15, 25, 35});
        if (backoff != RetryWait::full_jitter) continue;
        REQUIRE(times.size() == 7);
        double bound = 2.0;
        for (std::size_t k = 1; k < 7; ++k) {
            CHECK(times[k] - times[k - 1] < std::min(bound, 10.0));
            bound *= 2;
        }
    }
}

TEST_CASE("an answer that comes after the timeout is ignored, the retry's counts") {
    ServerWorld world;
    Stations::Params slow;
    slow.workers = 2;
    slow.service_time = Distribution::constant(3.0);
    const auto desk = world.add_station(slow, "servers.desk", answer_door<RetryingClients>());
    RetryingClients::Params retry;
    retry.timeout = Duration{3'500'000'000};
    world.kernel.as(desk.id).send(0_s, desk, Stations::SetDown{true});
    world.kernel.as(desk.id).send(2_s, desk, Stations::SetDown{false});
    const auto clients = world.add_clients(retry, "populations.clients", ask_door(desk));
    world.add_arrivals(once(), "populations.customers", ask_door(clients));
    world.kernel.run_until(second(100));
    REQUIRE(world.rows.requests.size() == 1);
    CHECK(world.rows.requests[0].attempts == 2);
    CHECK(world.rows.requests[0].outcome == Service::served);
    CHECK(world.rows.requests[0].at ==
          Time{6'500'000'000});  // the first attempt's answer was there at 5 s
    CHECK(world.rows.count(Service::served) == 2);
}

TEST_CASE("a budget limits retries to its share of requests") {
    ServerWorld world;
    const auto desk = world.add_station(broken(), "servers.desk", answer_door<RetryingClients>());
    RetryingClients::Params retry;
    retry.retries = 3;
    retry.budget = 0.25;
    retry.budget_size = 10;
    const auto clients = world.add_clients(retry, "populations.clients", ask_door(desk));
    OpenArrivals::Params arrivals;
    arrivals.process = ArrivalProcess::constant;
    arrivals.count = 1000;
    world.add_arrivals(arrivals, "populations.customers", ask_door(clients));
    world.kernel.run_until(second(2000));
    REQUIRE(world.rows.requests.size() == 1000);
    // 10 saved, and 0.25 for each request but the first, which finds the bucket full.
    CHECK(world.rows.attempts.size() == 1000 + 10 + 999 / 4);
}

TEST_CASE("layers of retries multiply") {
    ServerWorld world;
    const auto desk = world.add_station(broken(), "servers.desk", answer_door<RetryingClients>());
    RetryingClients::Params retry;
    retry.retries = 3;
    auto layer = world.add_clients(retry, "populations.layer0", ask_door(desk),
                                   answer_door<RetryingClients>());
    layer = world.add_clients(retry, "populations.layer1", ask_door(layer),
                              answer_door<RetryingClients>());
    layer = world.add_clients(retry, "populations.layer2", ask_door(layer));
    world.add_arrivals(once(), "populations.customers", ask_door(layer));
    world.kernel.run_until(second(1));
    CHECK(world.rows.ends.size() == 64);
    CHECK(world.rows.requests.size() == 1 + 4 + 16);
}
