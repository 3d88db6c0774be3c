#include "bench/cpu_time.hpp"
#include "sim/core/exact_math.hpp"
#include "sim/core/random.hpp"

#include <ns3/nstime.h>
#include <ns3/simulator.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>

namespace {

constexpr double service_ns = 1e6;
constexpr double load = 0.9;

/// M/M/1 as one writes it by hand on ns-3's scheduler: two events a customer, the draws of ours.
struct Desk {
    std::deque<std::int64_t> line;  ///< arrival of each customer present [ns]
    std::uint64_t arrived = 0;
    std::uint64_t served = 0;
    std::int64_t waited_ns = 0;

    static ns3::Time exponential(driftstorm::Purpose purpose, double mean_ns,
                                 std::uint64_t number) {
        const double u = driftstorm::uniform_of(driftstorm::draw(1, purpose, 7, number));
        return ns3::TimeStep(static_cast<std::uint64_t>(-mean_ns * driftstorm::exact::log(u)));
    }
    void arrive() {
        line.push_back(ns3::Simulator::Now().GetNanoSeconds());
        ns3::Simulator::Schedule(exponential("bench.arrival", service_ns / load, ++arrived),
                                 &Desk::arrive, this);
        if (line.size() == 1) serve();
    }
    void serve() {
        waited_ns += ns3::Simulator::Now().GetNanoSeconds() - line.front();
        ns3::Simulator::Schedule(exponential("bench.service", service_ns, ++served), &Desk::leave,
                                 this);
    }
    void leave() {
        line.pop_front();
        if (!line.empty()) serve();
    }
};

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fprintf(stderr, "usage: mm1_ns3 CUSTOMERS\n");
        return 2;
    }
    const double customers = std::strtod(argv[1], nullptr);
    Desk desk;
    ns3::Simulator::Schedule(ns3::TimeStep(0), &Desk::arrive, &desk);
    ns3::Simulator::Stop(ns3::TimeStep(static_cast<std::uint64_t>(customers * service_ns / load)));
    const double start = cpu_time();
    ns3::Simulator::Run();
    const double seconds = cpu_time() - start;
    std::printf(
        "%llu %.6f %.2f\n", static_cast<unsigned long long>(desk.served), seconds,
        static_cast<double>(desk.waited_ns) / service_ns / static_cast<double>(desk.served));
    ns3::Simulator::Destroy();
}
