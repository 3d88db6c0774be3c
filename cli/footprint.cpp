#include "cli/footprint.hpp"

#include "cli/run_recipe.hpp"
#include "scenarios/world.hpp"

#include <algorithm>
#include <cmath>

namespace driftstorm::cli {

namespace {

constexpr double most_built = 100'000;  // members; a world of these is built in about a second

struct Counted {
    double entities = 0;
    double devices = 0;
    double memory = 0;
};

Counted build(const Scenario& scenario, std::uint32_t partitions) {
    World::Options options;
    options.seed = scenario.seed;
    options.partitions = partitions;
    const std::uint64_t before = resident_bytes();
    World world(scenario, options);
    world.start();
    const std::uint64_t after = resident_bytes();
    return {static_cast<double>(world.kernel().entity_count()),
            static_cast<double>(world.devices()),
            static_cast<double>(after - std::min(before, after))};
}

double members_of(const Scenario& scenario) {
    double members = 0;
    for (const Named<PopulationEntry>& population : scenario.populations) {
        if (const auto* devices = std::get_if<DevicePopulation>(&population.value))
            members += devices->count + devices->traffic.conversations.count;
        if (const auto* finite = std::get_if<FinitePopulation>(&population.value))
            members += finite->count;
    }
    return members;
}

/// The scenario with `share` of everything that is counted.
Scenario scaled(Scenario scenario, double share) {
    const auto scale = [share](std::uint32_t& count) {
        count = static_cast<std::uint32_t>(std::ceil(count * share));
    };
    for (Named<PopulationEntry>& population : scenario.populations) {
        if (auto* devices = std::get_if<DevicePopulation>(&population.value)) {
            scale(devices->count);
            scale(devices->traffic.conversations.count);
        }
        if (auto* finite = std::get_if<FinitePopulation>(&population.value)) scale(finite->count);
    }
    // A fault that names one device by number need not find it in the smaller world.
    scenario.timeline.clear();
    scenario.expectations.clear();
    return scenario;
}

}  // namespace

bool is_estimated(const Scenario& scenario) { return members_of(scenario) > most_built; }

Footprint footprint_of(const Scenario& scenario, std::uint32_t partitions) {
    const double members = members_of(scenario);
    if (!is_estimated(scenario)) {
        const Counted whole = build(scenario, partitions);
        return {whole.entities, whole.devices, whole.memory, true};
    }
    const double share = most_built / members;
    const Scenario part = scaled(scenario, share);
    const Counted some = build(part, partitions);
    const Counted none = build(scaled(scenario, 0), partitions);
    const double times = members / members_of(part);
    Footprint found;
    found.entities = none.entities + (some.entities - none.entities) * times;
    found.devices = 0;
    for (const Named<PopulationEntry>& population : scenario.populations)
        if (const auto* devices = std::get_if<DevicePopulation>(&population.value))
            found.devices += devices->count;
    found.memory = some.memory * times;
    found.exact = false;
    return found;
}

}  // namespace driftstorm::cli
