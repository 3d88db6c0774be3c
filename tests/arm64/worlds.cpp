#include "models/timesync/chrony_client.hpp"
#include "sim/core/distribution.hpp"
#include "sim/core/exact_math.hpp"
#include "tests/models/links/link_world.hpp"
#include "tests/models/servers/server_world.hpp"
#include "tests/models/timesync/client_bench.hpp"
#include "tests/models/timesync/time_world.hpp"

#include <bit>
#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <string>

/// Worlds built in C++, from the engine and the models alone: prints one digest each, which must be
/// the same on every processor.

using namespace driftstorm;
using namespace driftstorm::literals;

namespace {

void print(const char* name, std::uint64_t digest) {
    std::printf("%-24s %016" PRIx64 "\n", name, digest);
}

std::uint64_t mixed(std::uint64_t hash, double value) {
    return (hash ^ std::bit_cast<std::uint64_t>(value)) * 0x100000001b3u;
}

/// Every function over many magnitudes, and their compositions.
std::uint64_t of_functions() {
    std::uint64_t hash = 0;
    for (std::uint64_t i = 0; i < 200'000; ++i) {
        const double u = uniform_of(draw(5, "test.arm64", 1, i));
        const double wide = exact::exp(1400.0 * (u - 0.5));
        for (const double value :
             {exact::log(u), exact::log(wide), exact::log1p(u), exact::exp(40 * u - 20),
              exact::expm1(u - 0.5), exact::sin(1e4 * u), exact::cos(1e6 * u), exact::pow(wide, u),
              exact::atan2(u - 0.3, wide), exact::log10(wide)})
            hash = mixed(hash, value);
    }
    return hash;
}

std::uint64_t of_distributions() {
    const Distribution laws[] = {
        Distribution(law::Normal{0.3, 2.0}),  Distribution(law::Lognormal{1.1, 9.0, {}}),
        Distribution(law::Exponential{3.0}),  Distribution(law::Gamma{0.7, 2.0}),
        Distribution(law::Weibull{0.8, 1.5}), Distribution(law::Pareto{1.0, 2.5}),
        Distribution(law::Laplace{0.0, 1.0}), Distribution(law::Poisson{7.5}),
        Distribution(law::Geometric{3.0})};
    std::uint64_t hash = 0;
    for (std::uint64_t i = 0; i < 20'000; ++i)
        for (std::uint64_t k = 0; const Distribution& law : laws)
            hash = mixed(hash, law.sample(draw(6, "test.arm64", k++, i)));
    return hash;
}

/// Phones with drifting clocks that ask busy servers in another partition.
std::uint64_t of_clocks(std::uint32_t partitions) {
    test::TimeWorld::Setup setup;
    setup.phones = 80;
    setup.partitions = partitions;
    setup.clock.frequency_error = Distribution(law::Normal{1000, 9000});
    setup.clock.wander.random_walk_ppb = 1.3;
    setup.clock.initial_offset = Distribution(law::Laplace{0, 1.5});
    SntpParams sntp = test::hourly();
    sntp.first = Distribution(law::Uniform{0, 120});
    sntp.every = Distribution(law::Uniform{50, 70});
    sntp.slew_ppb = 500'000;
    setup.sync = {sntp, NitzParams{}};
    setup.server.nodes = 2;
    setup.server.offset = Distribution(law::Normal{0, 0.004});
    setup.server.random_walk_ppb = 0.1;
    setup.server.capacity = 1;
    setup.server.queue_limit = 1;
    test::TimeWorld world(setup);
    for (std::int64_t second = 0; second < 1800; ++second) {
        world.run(Duration{second * 1'000'000'000});
        const auto device = static_cast<Index>(1 + second % 80);
        world.clients.on_cell_attach(world.context(device), device, world.cell);
        world.clients.on_network(world.context(device), device);
    }
    return world.kernel.digest();
}

/// A station with breakdowns and customers who give up, or ask again.
std::uint64_t of_servers() {
    ServerWorld world(3, 2);
    Stations::Params params;
    params.workers = 2;
    params.service_time = Distribution(law::Gamma{0.9, 2.0});
    params.discipline = Discipline::priority;
    params.queue_limit = 12;
    params.patience = Distribution(law::Exponential{6.0});
    params.up_time = Distribution(law::Exponential{40.0});
    params.down_time = Distribution(law::Exponential{3.0});
    params.error_share = 0.05;
    const auto station =
        world.add_station(params, "servers.desk", answer_door<RetryingClients>(10_ms), 1);
    RetryingClients::Params retry;
    retry.timeout = 5_s;
    retry.retries = 3;
    retry.backoff = RetryWait::full_jitter;
    const auto clients = world.add_clients(retry, "populations.clients", ask_door(station, 10_ms));
    OpenArrivals::Params arrivals;
    arrivals.rate = 1.8;
    arrivals.urgent_share = 0.3;
    arrivals.batch = Distribution(law::Geometric{1.2});
    world.add_arrivals(arrivals, "populations.customers", ask_door(clients));
    world.kernel.set_lookahead(10_ms);
    world.kernel.run_until(Time{} + 7200_s);
    return world.kernel.digest();
}

/// A slow link with a finite buffer that loses packets at random.
std::uint64_t of_links() {
    Links::Params params = testing::link_params(1'234'567, 3_ms);
    params.loss = 0.03;
    testing::LinkWorld world({params});
    for (std::uint64_t i = 0; i < 5000; ++i)
        world.feed(0, Time{static_cast<std::int64_t>(6'000'000 * i)}, i,
                   40 + static_cast<std::uint32_t>(1460 * draw_uniform(3, "test.bytes", 1, i)));
    world.kernel.run_until(Time{} + 100_s);
    std::uint64_t hash = world.kernel.digest();
    for (const auto& out : world.out) hash = mixed(hash, static_cast<double>(out.at.ns));
    return hash;
}

/// chrony's regression, selection and slews: long chains of floating-point operations.
std::uint64_t of_chrony() {
    test::ClientBench::Setup setup;
    setup.offset = 0.5;
    setup.gain = 50e-6;
    setup.trip = [](double, unsigned, std::uint64_t n) {
        const auto queue = [&](std::uint64_t way) {
            return -1e-3 * exact::log(draw_uniform(11, "test.queue", way, n));
        };
        return test::ClientBench::Trip{0.01 + queue(1), 0.012 + queue(2)};
    };
    test::ClientBench bench(setup);
    ChronyParams params;
    params.servers.assign(2, ChronyServer{});
    ChronyClient client(params);
    std::uint64_t hash = 0;
    for (int hour = 1; hour <= 36; ++hour) {
        bench.run(client, 3600.0 * hour);
        hash = mixed(mixed(hash, bench.error()), bench.rate());
    }
    return hash;
}

}  // namespace

int main() {
    print("functions", of_functions());
    print("distributions", of_distributions());
    print("clocks", of_clocks(1));
    print("clocks, two partitions", of_clocks(2));
    print("servers", of_servers());
    print("links", of_links());
    print("chrony", of_chrony());
    return 0;
}
