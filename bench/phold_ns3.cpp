#include "bench/cpu_time.hpp"
#include "bench/phold_work.hpp"
#include "sim/core/hot_column.hpp"

#include <ns3/nstime.h>
#include <ns3/object-factory.h>
#include <ns3/simulator.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace {

std::uint32_t entities = 0;
struct Entity;
driftstorm::HotColumn<Entity> all;  // its entities lie as well in memory as ours

/// The cheapest event that ns-3 offers: a member function of a plain object, without arguments.
struct Entity {
    phold::Line line;

    void receive() {
        phold::touch(line, ns3::Simulator::Now().GetNanoSeconds());
        send();
    }
    void send();
};

void Entity::send() {
    const auto self = static_cast<std::uint32_t>(this - all.data());
    const phold::Step step = phold::step(line, self, entities);
    ns3::Simulator::Schedule(ns3::TimeStep(static_cast<std::uint64_t>(step.delay_ns)),
                             &Entity::receive, &all[step.target]);
}

static_assert(sizeof(Entity) == sizeof(phold::Line));

}  // namespace

int main(int argc, char** argv) {
    if (argc != 4) {
        std::fprintf(stderr, "usage: phold_ns3 ENTITIES EVENTS default|ns3::SCHEDULER\n");
        return 2;
    }
    entities = static_cast<std::uint32_t>(std::strtoul(argv[1], nullptr, 10));
    const double events = std::strtod(argv[2], nullptr);
    const std::string scheduler = argv[3];
    if (scheduler != "default") ns3::Simulator::SetScheduler(ns3::ObjectFactory(scheduler));

    all.resize(entities);
    for (std::uint32_t i = 0; i < entities; ++i) {
        phold::prepare(all[i].line, i);
        all[i].send();
    }
    const auto lines = [&] { return &all[0].line; };
    // ns-3 stops before the events of that very nanosecond and after those scheduled earlier; ours
    // stops after.
    ns3::Simulator::Stop(ns3::TimeStep(phold::warm_up_ns));
    ns3::Simulator::Run();
    const std::uint64_t before = phold::events(lines(), entities);
    const double start = cpu_time();
    ns3::Simulator::Stop(
        ns3::TimeStep(static_cast<std::uint64_t>(phold::measured_ns(entities, events))));
    ns3::Simulator::Run();
    const double seconds = cpu_time() - start;
    phold::report(phold::events(lines(), entities) - before, seconds,
                  phold::checksum(lines(), entities), 0);
    ns3::Simulator::Destroy();
}
