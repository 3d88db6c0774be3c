#include "tests/models/servers/server_world.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace driftstorm;
using namespace driftstorm::literals;

namespace {

/// `n` customers, one every `gap`, for a station.
OpenArrivals::Params every(double gap_s, std::uint64_t n) {
    OpenArrivals::Params params;
    params.process = ArrivalProcess::constant;
    params.rate = 1.0 / gap_s;
    params.count = n;
    return params;
}

Stations::Params constant_service(double seconds) {
    Stations::Params params;
    params.service_time = Distribution::constant(seconds);
    return params;
}

/// Everything at once: priority, patience, a limit, breakdowns and retries.
void build_busy(ServerWorld& world, std::uint32_t station_partition = 0) {
    Stations::Params params;
    params.workers = 2;
    params.service_time = Distribution(law::Gamma{0.9, 2.0});
    params.discipline = Discipline::priority;
    params.queue_limit = 12;
    params.patience = Distribution(law::Exponential{6.0});
    params.up_time = Distribution(law::Exponential{40.0});
    params.down_time = Distribution(law::Exponential{3.0});
    params.error_share = 0.05;
    const Address<Stations> station = world.add_station(
        params, "servers.desk", answer_door<RetryingClients>(10_ms), station_partition);
    RetryingClients::Params retry;
    retry.timeout = 5_s;
    retry.retries = 3;
    retry.backoff = RetryWait::full_jitter;
    const Address<RetryingClients> clients =
        world.add_clients(retry, "populations.clients", ask_door(station, 10_ms));
    OpenArrivals::Params arrivals;
    arrivals.rate = 1.8;
    arrivals.urgent_share = 0.3;
    arrivals.batch = Distribution(law::Geometric{1.2});
    world.add_arrivals(arrivals, "populations.customers", ask_door(clients));
    if (world.kernel.partitions() > 1) world.kernel.set_lookahead(10_ms);
}

}  // namespace

TEST_CASE("a worker serves one customer after the other") {
    ServerWorld world;
    const auto desk = world.add_station(constant_service(2.0), "servers.desk");
    world.add_arrivals(every(1.0, 4), "populations.customers", ask_door(desk));
    world.kernel.run_until(second(100));
    REQUIRE(world.rows.ends.size() == 4);
    for (std::size_t i = 0; i < 4; ++i) {
        CHECK(world.rows.ends[i].waited == Duration{static_cast<std::int64_t>(i) * 1'000'000'000});
        CHECK(world.rows.ends[i].stayed - world.rows.ends[i].waited == 2_s);
        CHECK(world.rows.ends[i].at == second(2.0 * static_cast<double>(i + 1)));
    }
    CHECK(world.rows.levels.back().waiting == 0);
    CHECK(world.rows.levels.back().in_service == 0);
}

TEST_CASE("an interrupted service resumes where it stopped") {
    ServerWorld world;
    const auto desk = world.add_station(constant_service(10.0), "servers.desk");
    world.add_arrivals(every(1.0, 2), "populations.customers", ask_door(desk));
    Context& context = world.kernel.as(desk.id);
    context.send(4_s, desk, Stations::SetDown{true});
    context.send(9_s, desk, Stations::SetDown{false});
    context.send(12_s, desk, Stations::SetDown{true});
    context.send(13_s, desk, Stations::SetDown{false});
    world.kernel.run_until(second(100));
    REQUIRE(world.rows.ends.size() == 2);
    CHECK(world.rows.ends[0].at == second(16));  // 10 s of work and 6 s down
    CHECK(world.rows.ends[1].at == second(26));
    CHECK(world.rows.ends[1].waited == 15_s);
}

TEST_CASE("a station that loses what it has when it is down loses exactly that") {
    ServerWorld world;
    Stations::Params params = constant_service(10.0);
    params.when_down = WhenDown::lose;
    const auto desk = world.add_station(params, "servers.desk");
    world.add_arrivals(every(1.0, 10), "populations.customers", ask_door(desk));
    Context& context = world.kernel.as(desk.id);
    context.send(Duration{4'500'000'000}, desk, Stations::SetDown{true});
    context.send(Duration{6'500'000'000}, desk, Stations::SetDown{false});
    world.kernel.run_until(second(100));
    CHECK(world.rows.count(Service::lost) ==
          7);  // those of 0 .. 4 s at once, those of 5 s and 6 s as they come
    CHECK(world.rows.count(Service::served) == 3);
}

TEST_CASE("a rate factor holds for services that start under it") {
    ServerWorld world;
    const auto desk = world.add_station(constant_service(2.0), "servers.desk");
    world.add_arrivals(every(1.0, 2), "populations.customers", ask_door(desk));
    world.kernel.as(desk.id).send(1_s, desk, Stations::SetRate{0.5});
    world.kernel.run_until(second(100));
    REQUIRE(world.rows.ends.size() == 2);
    CHECK(world.rows.ends[0].at == second(2));
    CHECK(world.rows.ends[1].at == second(6));
}

TEST_CASE("a customer leaves the line when patience ends, never during service") {
    ServerWorld world;
    Stations::Params params = constant_service(10.0);
    params.patience = Distribution::constant(3.0);
    const auto desk = world.add_station(params, "servers.desk");
    world.add_arrivals(every(4.0, 4), "populations.customers", ask_door(desk));  // at 0, 4, 8, 12 s
    world.kernel.run_until(second(100));
    REQUIRE(world.rows.ends.size() == 4);
    CHECK(world.rows.ends[0].outcome == Service::abandoned);
    CHECK(world.rows.ends[0].at == second(7));
    CHECK(world.rows.ends[1].outcome == Service::served);
    CHECK(world.rows.ends[1].at == second(10));
    CHECK(world.rows.count(Service::served) ==
          2);  // the one of 8 s waits 2 s; the one of 12 s leaves
    CHECK(world.rows.count(Service::abandoned) == 2);
}

TEST_CASE("a full station refuses, and says so to whoever asked") {
    ServerWorld world;
    Stations::Params params = constant_service(10.0);
    params.queue_limit = 1;
    const auto desk = world.add_station(params, "servers.desk", answer_door<RetryingClients>());
    RetryingClients::Params retry;
    retry.retries = 0;
    const auto clients = world.add_clients(retry, "populations.clients", ask_door(desk));
    world.add_arrivals(every(1.0, 3), "populations.customers", ask_door(clients));
    world.kernel.run_until(second(100));
    CHECK(world.rows.count(Service::served) == 2);
    CHECK(world.rows.count(Service::refused) == 1);
    REQUIRE(world.rows.requests.size() == 3);
    CHECK(world.rows.requests[0].outcome == Service::refused);
    CHECK(world.rows.requests[0].at == second(2));
}

TEST_CASE("expired customers cost nothing when the station cancels") {
    ServerWorld world;
    Stations::Params params = constant_service(10.0);
    params.cancel = true;
    const auto desk = world.add_station(params, "servers.desk", answer_door<RetryingClients>());
    RetryingClients::Params retry;
    retry.retries = 0;
    retry.timeout = 15_s;
    const auto clients = world.add_clients(retry, "populations.clients", ask_door(desk));
    world.add_arrivals(every(1.0, 4), "populations.customers", ask_door(clients));
    world.kernel.run_until(second(100));
    CHECK(world.rows.count(Service::served) ==
          2);  // until 10 s, and from 10 s to 20 s (too late for its client)
    CHECK(world.rows.count(Service::expired) == 2);
    CHECK(world.rows.ends.back().at == second(20));
}

TEST_CASE(
    "every customer who comes is at each instant waiting, served, or ended; the levels say so") {
    ServerWorld world(5);
    build_busy(world);
    world.kernel.run_until(second(2000));
    const ServerRows& rows = world.rows;
    CHECK(rows.ends.size() + world.stations[0].waiting(0) + world.stations[0].in_service(0) + 2 >=
          rows.attempts.size());
    CHECK(rows.ends.size() + world.stations[0].waiting(0) + world.stations[0].in_service(0) <=
          rows.attempts.size());
    for (const Service outcome :
         {Service::served, Service::failed, Service::refused, Service::abandoned})
        CHECK(rows.count(outcome) > 10);
    std::uint32_t most = 0;
    for (const StationLevel& level : rows.levels) {
        CHECK(level.in_service <= 2);
        CHECK((level.waiting == 0 || level.in_service == 2 || !level.up));
        most = std::max(most, level.waiting);
    }
    CHECK(most == 12);
    for (const ServiceEnd& end : rows.ends) CHECK(end.waited <= end.stayed);
}

TEST_CASE("one or two partitions, other pool slots, or a restored world give the same digest") {
    ServerWorld whole(5);
    build_busy(whole);
    whole.kernel.run_until(second(300));

    ServerWorld split(5, 2);
    build_busy(split, 1);
    split.kernel.run_until(second(300));
    CHECK(split.kernel.digest() == whole.kernel.digest());
    CHECK(split.rows.ends.size() == whole.rows.ends.size());

    ServerWorld shifted(5);
    shifted.kernel.offset_pools(17);
    build_busy(shifted);
    shifted.kernel.run_until(Time{123'456'789'012});
    const std::vector<std::byte> saved = shifted.kernel.save();
    shifted.kernel.run_until(second(300));
    CHECK(shifted.kernel.digest() == whole.kernel.digest());

    ServerWorld restored(5);
    build_busy(restored);
    restored.kernel.restore(saved);
    restored.kernel.run_until(second(300));
    CHECK(restored.kernel.digest() == whole.kernel.digest());
}

TEST_CASE("a customer's luck does not depend on who else comes") {
    // Service times by customer, alone and beside a second population at a station with room for
    // all.
    std::map<std::uint64_t, std::int64_t> alone;
    for (const bool others : {false, true}) {
        ServerWorld world(9);
        Stations::Params params;
        params.workers = 10'000;
        const auto desk = world.add_station(params, "servers.desk");
        world.add_arrivals({}, "populations.customers", ask_door(desk));
        if (others) world.add_arrivals({}, "populations.others", ask_door(desk));
        world.kernel.run_until(second(500));
        std::size_t common = 0;
        for (const ServiceEnd& end : world.rows.ends) {
            if (!others) alone[end.customer] = end.stayed.ns;
            const auto found = alone.find(end.customer);
            if (found == alone.end()) continue;
            CHECK(found->second == end.stayed.ns);
            ++common;
        }
        CHECK(common == alone.size());
        CHECK(common > 400);
    }
}

TEST_CASE("a finite population has every member thinking, waiting or served") {
    ServerWorld world(3);
    const auto desk = world.add_station({}, "servers.desk", answer_door<FiniteSources>());
    FiniteSources::Params params;
    params.think_time = Distribution(law::Exponential{5.0});
    const std::uint32_t kind = world.sources[0].add_kind(params, ask_door(desk));
    for (std::uint64_t i = 0; i < 20; ++i) {
        const Index member = world.sources[0].add_member(kind);
        const auto address = world.kernel.add_entity<FiniteSources>(
            0, identity_of(identity_of("populations.members"), i));
        world.sources[0].open(member, world.kernel.as(address.id));
    }
    world.kernel.run_until(second(1000));
    std::map<std::uint64_t, int> served;
    for (const ServiceEnd& end : world.rows.ends) CHECK(++served[end.customer] == 1);
    CHECK(served.size() > 500);
    // One pending event for each: its thought, or the service it waits for.
    CHECK(world.kernel.pending() + world.stations[0].waiting(0) == 20);
}
