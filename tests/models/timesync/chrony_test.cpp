#include "models/timesync/chrony_client.hpp"
#include "sim/core/exact_math.hpp"
#include "sim/core/random.hpp"
#include "tests/models/timesync/client_bench.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

using namespace driftstorm;
using namespace driftstorm::test;

namespace {

/// Exponential with the given mean, the n-th of a direction.
double queue(double mean, std::uint64_t direction, std::uint64_t n) {
    return -mean * exact::log(draw_uniform(11, "test.queue", direction, n));
}

/// A path with delays up and down and exponential queues of 1 ms on top.
ClientBench::Setup path(double up, double down) {
    ClientBench::Setup setup;
    setup.trip = [=](double, unsigned, std::uint64_t n) {
        return ClientBench::Trip{up + queue(1e-3, 1, n), down + queue(1e-3, 2, n)};
    };
    return setup;
}

ChronyParams polling(int minpoll, int maxpoll, std::size_t servers = 1) {
    ChronyParams params;
    ChronyServer server;
    server.minpoll = minpoll;
    server.maxpoll = maxpoll;
    params.servers.assign(servers, server);
    return params;
}

}  // namespace

TEST_CASE("chrony learns offset and frequency, and steps nothing unless told to") {
    ClientBench::Setup setup = path(0.01, 0.01);
    setup.offset = 0.5;
    setup.gain = 50e-6;
    ClientBench bench(setup);
    ChronyClient client(polling(6, 6));
    bench.run(client, 20'000);
    CHECK(client.steps() == 0);
    CHECK(std::abs(bench.error()) < 5e-4);
    CHECK(std::abs(bench.rate()) < 1e-6);
    // 64 s and 0 to 2 % more from each reply to the next request.
    CHECK(static_cast<double>(bench.requests().size()) ==
          doctest::Approx(20'000 / (64 * 1.01 + 0.022)).epsilon(0.005));
}

TEST_CASE("a settled chrony is wrong by half of the paths' difference") {
    ClientBench bench(path(0.01, 0.03));
    ChronyClient client(polling(6, 6));
    bench.run(client, 20'000);
    CHECK(bench.error() == doctest::Approx(-0.01).epsilon(0.03));
}

TEST_CASE("a lasting increase of the delay is refused, a decrease taken up at once") {
    const auto switching = [](double before_up, double before_down, double up, double down) {
        ClientBench::Setup setup;
        setup.gain = 10e-6;
        setup.trip = [=](double t, unsigned, std::uint64_t n) {
            const bool after = t >= 50'000;
            return ClientBench::Trip{(after ? up : before_up) + queue(1e-3, 1, n),
                                     (after ? down : before_down) + queue(1e-3, 2, n)};
        };
        return setup;
    };
    ClientBench longer(switching(0.02, 0.02, 0.08, 0.04));
    ChronyClient refusing(polling(6, 6));
    longer.run(refusing, 50'000);
    const std::uint64_t refused_before = refusing.refused();
    longer.run(refusing, 50'000 + 10 * 3600);
    // 10 h on the last frequency: a follower would be wrong by 20 ms.
    CHECK(refusing.refused() - refused_before > 10 * 3600 / 65 * 9 / 10);
    CHECK(std::abs(longer.error()) < 0.01);

    ClientBench shorter(switching(0.08, 0.04, 0.02, 0.02));
    ChronyClient following(polling(6, 6));
    shorter.run(following, 50'000);
    CHECK(shorter.error() == doctest::Approx(0.02).epsilon(0.05));
    shorter.run(following, 50'000 + 600);
    CHECK(std::abs(shorter.error()) < 2e-3);
}

TEST_CASE("an offset beyond what the longer delay could explain is believed") {
    ClientBench::Setup setup;
    setup.trip = [](double t, unsigned, std::uint64_t n) {
        return ClientBench::Trip{(t < 20'000 ? 0.01 : 0.05) + queue(1e-3, 1, n),
                                 0.01 + queue(1e-3, 2, n)};
    };
    ClientBench bench(setup);
    ChronyClient client(polling(6, 6));
    bench.run(client, 20'000);
    bench.disturb(0.3);
    bench.run(client, 20'500);
    CHECK(std::abs(bench.error()) < 0.05);
}

TEST_CASE(
    "the poll interval grows while samples are of use, and shrinks when the clock is disturbed") {
    ClientBench::Setup setup = path(0.01, 0.01);
    ClientBench bench(setup);
    ChronyClient client(polling(4, 10));
    bench.run(client, 30'000);
    CHECK(client.poll(0) == 10);
    bench.disturb(0.2);
    bench.run(client, 33'000);
    CHECK(client.poll(0) < 10);
}

TEST_CASE("iburst: four good samples two seconds apart, then the ordinary interval") {
    ChronyParams params = polling(6, 10);
    params.servers[0].iburst = true;
    ClientBench bench(path(0.01, 0.01));
    ChronyClient client(params);
    bench.run(client, 60);
    REQUIRE(bench.requests().size() == 4);
    CHECK(bench.requests()[0].t < 0.21);
    for (std::size_t i = 1; i < 4; ++i) {
        const double gap = bench.requests()[i].t - bench.requests()[i - 1].t;
        CHECK(gap > 2.0);
        CHECK(gap < 2.1);
    }
    bench.run(client, 90);
    CHECK(bench.requests().size() == 5);
}

TEST_CASE("makestep steps in the first updates only, and only above its threshold") {
    ChronyParams params = polling(6, 6);
    params.servers[0].iburst = true;
    params.reference.makestep_threshold = 1;
    params.reference.makestep_updates = 3;
    ClientBench::Setup setup = path(0.01, 0.01);
    setup.offset = 10;
    ClientBench far(setup);
    ChronyClient client(params);
    far.run(client, 10);
    CHECK(client.steps() == 1);
    CHECK(std::abs(far.error()) < 0.01);
    far.run(client, 2000);
    far.disturb(5);
    far.run(client, 4000);
    CHECK(client.steps() == 1);  // slewed: the first three updates are over

    setup.offset = 0.9;
    ClientBench near(setup);
    ChronyClient slewing(params);
    near.run(slewing, 10);
    CHECK(slewing.steps() == 0);
    CHECK(near.error() > 0.1);
}

TEST_CASE("a large offset is slewed at no more than a twelfth of a second per second") {
    ClientBench::Setup setup = path(0.01, 0.01);
    setup.offset = 100;
    ClientBench bench(setup);
    ChronyClient client(polling(6, 6));
    double before = 100;
    for (int t = 1; t <= 1600; ++t) {
        bench.run(client, t);
        CHECK(before - bench.error() < 0.0834);
        before = bench.error();
    }
    CHECK(std::abs(bench.error()) < 0.01);
}

TEST_CASE("a falseticker is outvoted; without a majority nothing is believed") {
    ClientBench::Setup setup = path(0.01, 0.01);
    setup.server_offsets = {0, 0.05, 0, 0};
    ClientBench bench(setup);
    ChronyClient client(polling(6, 6, 4));
    bench.run(client, 10'000);
    CHECK(client.sources().at(1).status == ChronyStatus::falseticker);
    CHECK(std::abs(bench.error()) < 1e-3);

    setup.server_offsets = {0, 5};
    setup.offset = 0.2;
    ClientBench split(setup);
    ChronyClient undecided(polling(6, 6, 2));
    split.run(undecided, 2000);
    CHECK(undecided.sources().at(0).status == ChronyStatus::falseticker);
    CHECK(undecided.sources().at(1).status == ChronyStatus::falseticker);
    CHECK(split.error() == 0.2);
}

TEST_CASE("requests to several servers are kept apart") {
    ClientBench::Setup setup = path(0.01, 0.01);
    setup.server_offsets.assign(5, 0.0);
    ClientBench bench(setup);
    ChronyClient client(polling(6, 6, 5));
    bench.run(client, 5'000);
    const auto& requests = bench.requests();
    for (std::size_t i = 1; i < requests.size(); ++i) {
        CHECK(requests[i].t - requests[i - 1].t > 0.19);
    }
}

TEST_CASE("offline sends nothing; online again resumes; a burst ends by itself") {
    ClientBench bench(path(0.01, 0.01));
    ChronyClient client(polling(6, 6));
    bench.run(client, 1000);
    client.set_online(bench, false);
    const std::size_t sent = bench.requests().size();
    bench.run(client, 5000);
    CHECK(bench.requests().size() == sent);
    CHECK(client.sources().at(0).reach == 0);
    client.burst(bench, 2, 4);
    bench.run(client, 6000);
    CHECK(bench.requests().size() == sent + 2);
    client.set_online(bench, true);
    bench.run(client, 6300);
    CHECK(bench.requests().size() > sent + 4);
    client.reset_sources();
    CHECK(client.sources().at(0).statistics.samples() == 0);
}

TEST_CASE("only the reply to the last request counts, once, and not too late") {
    ClientBench::Setup setup;
    setup.trip = [](double, unsigned, std::uint64_t n) {
        return n == 3 ? ClientBench::Trip{4, 4} : ClientBench::Trip{0.01, 0.01};
    };
    ClientBench bench(setup);
    ChronyClient client(polling(6, 6));
    bench.run(client, 250);
    REQUIRE(bench.requests().size() == 4);
    CHECK(client.sources().at(0).statistics.samples() == 3);  // the third came after 8 s

    NtpSample forged;
    forged.t1 = bench.read();
    forged.t2 = forged.t3 = forged.t4 = forged.t1;
    client.on_sample(bench, 0, forged);
    CHECK(client.sources().at(0).statistics.samples() == 3);
}

TEST_CASE("an unsynchronised server is not followed, a kiss of RATE slows us down") {
    ClientBench::Setup lost;
    lost.trip = [](double, unsigned, std::uint64_t) { return ClientBench::Trip{-1, -1}; };
    ClientBench silent(lost);
    ChronyClient kissed(polling(6, 6));
    silent.run(kissed, 0.3);
    NtpSample kiss;
    kiss.leap = 3;
    kiss.stratum = 0;
    kiss.reference_id = 0x52415445;
    kiss.t1 = kiss.t2 = kiss.t3 = kiss.t4 = silent.read();
    kissed.on_sample(silent, 0, kiss);
    CHECK(kissed.sources().at(0).statistics.samples() == 0);
    silent.run(kissed, 300);
    CHECK(silent.requests().size() == 1);  // five intervals to wait instead of one
    silent.run(kissed, 330);
    CHECK(silent.requests().size() == 2);
}
