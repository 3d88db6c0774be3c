#include "models/links/links.hpp"

#include "tests/models/links/link_world.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

using namespace driftstorm;
using namespace driftstorm::literals;
using namespace driftstorm::testing;

namespace {

Time at(double seconds) { return Time{static_cast<std::int64_t>(seconds * 1e9)}; }

std::uint32_t random_bytes(std::uint64_t i) {
    return 40 + static_cast<std::uint32_t>(draw_uniform(3, "test.bytes", 1, i) * 1460);
}

struct Arrival {
    Time at;
    std::uint32_t bytes;
};
/// Arrivals in bursts that fill and empty a queue of `rate`.
std::vector<Arrival> arrivals(std::size_t count, std::int64_t rate) {
    std::vector<Arrival> made;
    Time now{};
    for (std::size_t i = 0; i < count; ++i) {
        const std::uint32_t bytes = random_bytes(i);
        const double mean_s = 8.0 * 770 / static_cast<double>(rate);
        const double gap = draw_uniform(3, "test.gap", 1, i) * 2.2 * mean_s;
        now = now + Duration{static_cast<std::int64_t>(gap * 1e9)};
        made.push_back({now, bytes});
    }
    return made;
}

}  // namespace

TEST_CASE(
    "packets leave in order of arrival, each when the one before and its own bits are through") {
    const std::int64_t rate = 1'234'567;
    LinkWorld world({link_params(rate, 3_ms)});
    const std::vector<Arrival> in = arrivals(3000, rate);
    for (std::size_t i = 0; i < in.size(); ++i) world.feed(0, in[i].at, i, in[i].bytes);
    world.kernel.run_until(at(1e5));
    REQUIRE(world.out.size() == in.size());
    Time free{};
    for (std::size_t i = 0; i < in.size(); ++i) {
        const Time begin = std::max(free, in[i].at);
        const std::int64_t nanobits = std::int64_t{in[i].bytes} * 8 * 1'000'000'000;
        free = begin + Duration{(nanobits + rate - 1) / rate};
        REQUIRE(world.out[i].packet.subject == i);
        REQUIRE(world.out[i].at == free);
        REQUIRE(world.out[i].delay == 3_ms);
        const Blame blame = world.out[i].packet.ledger.closed(free + 3_ms);
        REQUIRE(blame[Cause::link_queue] == begin - in[i].at);
        REQUIRE(blame[Cause::service_and_propagation] == free + 3_ms - begin);
    }
}

TEST_CASE("what is left of a packet goes on at a new rate") {
    LinkWorld world({link_params(8'000)});
    world.feed(0, Time{}, 1, 1000);  // a second at 8 kbit/s
    world.feed(0, Time{}, 2, 1000);
    world.act(at(0.25), [&](Context& context) { world.links.set_rate(context, 0, 4'000); });
    world.act(at(2.0), [&](Context& context) { world.links.set_rate(context, 0, 0); });
    world.act(at(5.0), [&](Context& context) { world.links.restore_rate(context, 0); });
    world.act(at(5.125), [&](Context& context) { world.links.set_factor(context, 0, 0.5); });
    world.kernel.run_until(at(100));
    REQUIRE(world.out.size() == 2);
    CHECK(world.out[0].at == at(1.75));  // 2000 bit in 0.25 s, 6000 at 4 kbit/s
    // 1000 bit until 2 s, none until 5 s, 1000 until 5.125 s, 6000 at 4 kbit/s
    CHECK(world.out[1].at == at(6.625));
}

TEST_CASE("under any changes of rate, each packet is sent when its bits are, to the nanosecond") {
    for (std::uint64_t round = 0; round < 40; ++round) {
        LinkWorld world({link_params(1'000'000)});
        struct Change {
            Time at;
            std::int64_t rate;
        };
        std::vector<Change> changes{{Time{}, 1'000'000}};
        for (std::uint64_t i = 0; i < 30; ++i) {
            const double gap = draw_uniform(round, "test.when", 1, i) * 0.004;
            const double rate = draw_uniform(round, "test.rate", 1, i);
            changes.push_back(
                {changes.back().at + Duration{static_cast<std::int64_t>(gap * 1e9) + 1},
                 rate < 0.2 ? 0 : static_cast<std::int64_t>(rate * 3e6)});
        }
        changes.push_back({changes.back().at + 1_ms, 777'777});
        for (std::size_t i = 1; i < changes.size(); ++i) {
            world.act(changes[i].at, [&world, to = changes[i].rate](Context& context) {
                world.links.set_rate(context, 0, to);
            });
        }
        for (std::uint64_t i = 0; i < 60; ++i) world.feed(0, Time{}, i, random_bytes(i));
        world.kernel.run_until(at(1000));
        REQUIRE(world.out.size() == 60);
        Time begin{};
        for (std::uint64_t i = 0; i < 60; ++i) {
            Int128 left = Int128{random_bytes(i)} * 8'000'000'000;
            Time end = begin;
            for (std::size_t c = 0; c < changes.size() && left > 0; ++c) {
                const bool last = c + 1 == changes.size();
                if (!last && changes[c + 1].at <= begin) continue;
                const Time from = std::max(begin, changes[c].at);
                const Int128 rate = changes[c].rate;
                if (!last && left > rate * (changes[c + 1].at - from).ns) {
                    left -= rate * (changes[c + 1].at - from).ns;
                    continue;
                }
                end = from + Duration{static_cast<std::int64_t>((left + rate - 1) / rate)};
                left = 0;
            }
            REQUIRE(world.out[i].at == end);
            begin = end;
        }
    }
}

TEST_CASE("a rate that follows a trace costs no events and loses no bit") {
    CapacityTrace trace{1_s, {8'000, 0, 0, 16'000}, Time{}, false};
    SUBCASE("the last rate stays") {
        LinkWorld world({link_params(1)}, 7, {trace});
        world.feed(0, Time{}, 1, 1500);   // 8000 bit in the first second, then 4000 at 16 kbit/s
        world.feed(0, Time{}, 2, 20000);  // 160000 bit: ten seconds
        world.kernel.run_until(at(60));
        REQUIRE(world.out.size() == 2);
        CHECK(world.out[0].at == at(3.25));
        CHECK(world.out[1].at == at(13.25));
        CHECK(world.kernel.delivered() == 4);  // two fed, two departed
    }
    SUBCASE("or it begins again") {
        trace.repeat = true;
        LinkWorld world({link_params(1)}, 7, {trace});
        world.feed(0, Time{}, 1, 6000);  // 48000 bit: two rounds of 24000
        world.kernel.run_until(at(60));
        REQUIRE(world.out.size() == 1);
        CHECK(world.out[0].at == at(8));
    }
    SUBCASE("nothing ever leaves a trace of zeros until a fault sets a rate") {
        trace.rates = {0, 0};
        trace.repeat = true;
        LinkWorld world({link_params(1)}, 7, {trace});
        world.feed(0, Time{}, 1, 1000);
        world.act(at(5), [&](Context& context) { world.links.set_rate(context, 0, 8000); });
        world.kernel.run_until(at(60));
        REQUIRE(world.out.size() == 1);
        CHECK(world.out[0].at == at(6));
    }
}

TEST_CASE("work done and the time to finish it agree, whatever the trace") {
    for (std::uint64_t round = 0; round < 200; ++round) {
        CapacityTrace trace;
        trace.step = Duration{100'000'000};
        trace.repeat = round % 2 == 0;
        for (std::uint64_t k = 0; k < 20; ++k) {
            const double u = draw_uniform(round, "test.capacity", 2, k);
            trace.rates.push_back(u < 0.4 ? 0 : static_cast<std::int64_t>(u * 1e6));
        }
        trace.rates.push_back(5000);
        const Capacity capacity{trace};
        const Capacity::Setting setting{round % 3 == 0 ? 0.7 : 1.0, -1};
        for (std::uint64_t i = 0; i < 20; ++i) {
            const Time from{
                static_cast<std::int64_t>(draw_uniform(round, "test.from", 3, i) * 3e9)};
            const Work work = work_of_bytes(
                1 + static_cast<std::uint64_t>(draw_uniform(round, "test.work", 3, i) * 50'000));
            const Time end = capacity.finish(setting, from, work);
            REQUIRE(end > from);
            REQUIRE(capacity.done(setting, from, end) >= work);
            REQUIRE(capacity.done(setting, from, end - 1_ns) < work);
        }
    }
    CHECK_THROWS(Capacity(CapacityTrace{}));
    CHECK_THROWS(Capacity(CapacityTrace{Duration{}, {1}, Time{}, false}));
    CHECK_THROWS(Capacity(CapacityTrace{1_s, {-1}, Time{}, false}));
}

TEST_CASE("every packet is delivered, or dropped for one reason, or still there") {
    Links::Params params = link_params(1'000'000, 1_ms);
    params.loss = 0.1;
    params.bursts.burst_loss = 0.8;
    params.bursts.burst_gap = 2_s;
    params.buffer_packets = 20;
    LinkWorld world({params, params});
    const std::vector<Arrival> in = arrivals(4000, 900'000);
    for (std::size_t i = 0; i < in.size(); ++i) {
        world.feed(static_cast<Index>(i % 2), in[i].at, i, in[i].bytes * 3);
    }
    const auto count_all = [&] {
        for (Index link = 0; link < 2; ++link) {
            const Links& links = world.links;
            REQUIRE(links.accepted(link) == links.delivered(link) + links.dropped(link) +
                                                links.waiting(link) +
                                                (links.sending(link) ? 1 : 0));
        }
    };
    for (int step = 1; step < 20; ++step) {
        world.kernel.run_until(at(step));
        count_all();
    }
    world.act(at(19.5), [&](Context& context) { world.links.set_up(context, 0, false); });
    world.kernel.run_until(at(20));
    count_all();
    CHECK(world.links.waiting(0) == 0);
    CHECK_FALSE(world.links.sending(0));
    world.kernel.run_until(at(1000));
    count_all();
    CHECK(world.links.waiting(1) == 0);
    CHECK(world.out.size() + world.lost.size() == in.size());
    for (const DropReason reason : {DropReason::loss, DropReason::burst_loss,
                                    DropReason::buffer_full, DropReason::link_down}) {
        CHECK(std::any_of(world.lost.begin(), world.lost.end(),
                          [&](const auto& entry) { return entry.second == reason; }));
    }
    for (const LinkWorld::Out& out : world.out) REQUIRE(world.lost.count(out.packet.subject) == 0);
}

TEST_CASE("a full buffer drops the last to come, by packets or by bytes") {
    Links::Params by_packets = link_params(8'000);
    by_packets.buffer_packets = 2;
    Links::Params by_bytes = link_params(8'000);
    by_bytes.buffer_bytes = 1500;
    LinkWorld world({by_packets, by_bytes});
    for (Index link = 0; link < 2; ++link) {
        for (std::uint64_t i = 0; i < 5; ++i)
            world.feed(link, Time{} + 1_ms * static_cast<std::int64_t>(i), 10 * link + i, 700);
    }
    world.kernel.run_until(at(100));
    CHECK(world.links.delivered(0) == 3);  // one being sent, two waiting
    CHECK(world.links.delivered(1) == 3);
    CHECK(world.lost.at(3) == DropReason::buffer_full);
    CHECK(world.lost.at(4) == DropReason::buffer_full);
    CHECK(world.lost.at(14) == DropReason::buffer_full);
}

TEST_CASE("independent loss has its share, and another packet changes nobody's luck") {
    Links::Params params = link_params(1'000'000'000);
    params.loss = 0.006;
    params.extra = Distribution(law::Lognormal{0.026, 0.248, {}});
    const std::uint64_t n = 200'000;
    LinkWorld plain({params}), with_more({params});
    for (std::uint64_t i = 0; i < n; ++i) {
        const Time when = Time{} + 100_us * static_cast<std::int64_t>(i);
        plain.feed(0, when, i, 100);
        with_more.feed(0, when, i, 100);
        if (i % 100 == 0) with_more.feed(0, when, n + i, 100);
    }
    plain.kernel.run_until(at(100));
    with_more.kernel.run_until(at(100));
    const double share = static_cast<double>(plain.lost.size()) / static_cast<double>(n);
    CHECK(std::abs(share - 0.006) < 4 * std::sqrt(0.006 * 0.994 / static_cast<double>(n)));
    std::vector<std::pair<std::uint64_t, std::int64_t>> luck, same;
    for (const auto& out : plain.out) luck.push_back({out.packet.subject, out.delay.ns});
    for (const auto& out : with_more.out) {
        if (out.packet.subject < n) same.push_back({out.packet.subject, out.delay.ns});
    }
    CHECK(luck == same);
}

TEST_CASE("a device's packets can be withdrawn, and the others keep their order") {
    LinkWorld world({link_params(8'000)});
    const EntityId one{500}, other{501};
    for (std::uint64_t i = 0; i < 8; ++i) world.feed(0, Time{}, i, 100, i % 2 == 0 ? one : other);
    std::vector<std::uint64_t> withdrawn;
    world.act(at(0.05), [&](Context& context) {
        for (const Packet& packet : world.links.withdraw(context, 0, one)) {
            withdrawn.push_back(packet.subject);
        }
    });
    world.kernel.run_until(at(10));
    CHECK(withdrawn == std::vector<std::uint64_t>{0, 2, 4, 6});  // 0 was being sent
    std::vector<std::uint64_t> sent;
    for (const auto& out : world.out) sent.push_back(out.packet.subject);
    CHECK(sent == std::vector<std::uint64_t>{1, 3, 5, 7});
    CHECK(world.out[0].at == at(0.15));  // it began when the other was withdrawn
    CHECK(world.links.accepted(0) == world.links.delivered(0));
    CHECK(world.links.waiting_bytes(0) == 0);
}

TEST_CASE("a saved world of links ends with the same digest") {
    const auto build = [] {
        Links::Params params = link_params(500'000, 5_ms);
        params.loss = 0.05;
        params.buffer_packets = 50;
        auto world = std::make_unique<LinkWorld>(std::vector{params});
        const std::vector<Arrival> in = arrivals(1000, 450'000);
        for (std::size_t i = 0; i < in.size(); ++i) world->feed(0, in[i].at, i, in[i].bytes);
        world->act(at(3), [&world = *world](Context& c) { world.links.set_rate(c, 0, 200'000); });
        world->act(at(6), [&world = *world](Context& c) { world.links.restore_rate(c, 0); });
        return world;
    };
    const auto whole = build();
    whole->kernel.run_until(at(100));
    const auto first = build();
    first->kernel.run_until(at(4.321));
    const std::vector<std::byte> saved = first->kernel.save();
    const auto second_half = build();
    second_half->kernel.restore(saved);
    second_half->kernel.run_until(at(100));
    CHECK(second_half->kernel.digest() == whole->kernel.digest());
    CHECK(second_half->links.delivered(0) == whole->links.delivered(0));
}
