#include "bench/cpu_time.hpp"
#include "models/servers/open_arrivals.hpp"
#include "models/servers/station.hpp"
#include "sim/core/kernel.hpp"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

using namespace driftstorm;

namespace {

/// Sums the waits of those served.
class Waits : public TableSink {
  public:
    bool wants(const RowType& type) const override { return type.table == ServiceEnd::table; }
    void row(const RowType&, const RowStamp&, const std::byte* bytes) override {
        ServiceEnd end;
        std::memcpy(static_cast<void*>(&end), bytes, sizeof end);
        ++served;
        waited_ns += end.waited.ns;
    }
    std::uint64_t served = 0;
    std::int64_t waited_ns = 0;
};

}  // namespace

/// M/M/1 at a load of 0.9 with the models that scenarios use: customers per CPU second.
int main(int argc, char** argv) {
    if (argc != 2) {
        std::fprintf(stderr, "usage: mm1_bench CUSTOMERS\n");
        return 2;
    }
    const double customers = std::strtod(argv[1], nullptr);
    constexpr double service_s = 1e-3;
    constexpr double load = 0.9;

    Kernel kernel(Kernel::Options{.digest = false});
    Stations stations;
    OpenArrivals arrivals;
    kernel.add_model(0, stations);
    kernel.add_model(0, arrivals);
    Stations::Params desk;
    desk.service_time = Distribution(law::Exponential{service_s});
    stations.add(desk, stable_hash("desk"));
    const Address<Stations> station = kernel.add_entity<Stations>(0, identity_of("servers.desk"));
    OpenArrivals::Params coming;
    coming.rate = load / service_s;
    arrivals.add(coming, ask_door(station));
    const Address<OpenArrivals> door =
        kernel.add_entity<OpenArrivals>(0, identity_of("populations.customers"));
    stations.open(0, kernel.as(station.id));
    arrivals.open(0, kernel.as(door.id));
    Waits waits;
    kernel.add_sink(waits);

    const double start = cpu_time();
    kernel.run_until(Time{static_cast<std::int64_t>(customers * service_s / load * 1e9)});
    const double seconds = cpu_time() - start;
    const double mean_wait =
        static_cast<double>(waits.waited_ns) * 1e-9 / service_s / static_cast<double>(waits.served);
    std::printf("%llu %.6f %.2f\n", static_cast<unsigned long long>(waits.served), seconds,
                mean_wait);
}
