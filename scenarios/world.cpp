#include "scenarios/world.hpp"

#include "scenarios/copies_left.hpp"
#include "scenarios/world_parts.hpp"
#include "sim/core/state.hpp"

#include <algorithm>
#include <stdexcept>

namespace driftstorm {

void World::Parts::start() {
    for (Index i = 0; i < radio_entities.size(); ++i) {
        radios.start(kernel.as(radio_entities[i]), i);
        clocks.start(kernel.as(clock_entities[i]), i);
        time_clients.start(kernel.as(client_entities[i]), i);
        if (program_of[i] != no_index)
            time_programs.start(kernel.as(program_entities[program_of[i]]), program_of[i]);
        if (plan.device(i).app.empty()) continue;
        apps->start(kernel.as(app_entities[i]), i);
        people->start(kernel.as(people_entities[i]), i);
    }
    for (const EntityId relay : relay_entities)
        partitions[kernel.partition_of(relay)].relays->start(kernel.as(relay),
                                                             kernel.index_of(relay));
    for (const auto& [name, id] : station_entities)
        stations.open(kernel.index_of(id), kernel.as(id));
    for (const EntityId id : arrival_entities) arrivals.open(kernel.index_of(id), kernel.as(id));
    for (const EntityId id : source_entities) sources.open(kernel.index_of(id), kernel.as(id));
    for (std::uint32_t region = 0; region < regions(); ++region) {
        Partition& part = home(region);
        part.faults->start(kernel.as(faults_entities[region]), part.local(region));
        part.samplers->start(kernel.as(samplers_entities[region]), part.local(region));
    }
    for (std::size_t i = regions(); i < samplers_entities.size(); ++i)
        metro_partition().samplers->start(kernel.as(samplers_entities[i]),
                                          kernel.index_of(samplers_entities[i]));
}

World::World(const Scenario& scenario, const Options& options)
    : parts_(std::make_unique<Parts>(scenario, options)) {}
World::~World() = default;

Kernel& World::kernel() { return parts_->kernel; }
const Kernel& World::kernel() const { return parts_->kernel; }
const EntityDirectory& World::directory() const { return parts_->directory; }
const std::vector<SeriesDefinition>& World::series() const { return parts_->series; }
EntityDirectory World::described_directory() const { return parts_->described_directory(); }
const std::vector<HistogramDefinition>& World::histograms() const { return parts_->histograms; }
std::uint32_t World::partitions() const { return parts_->kernel.partitions(); }
std::size_t World::devices() const { return parts_->radio_entities.size(); }
void World::start() { parts_->start(); }
void World::capture_time_packets(std::function<void(Time, const Packet&)> capture) {
    parts_->time_servers.set_capture(std::move(capture));
}

void World::finish() {
    std::vector<const Relays*> relays(parts_->relay_entities.size(), nullptr);
    for (std::size_t node = 0; node < relays.size(); ++node)
        relays[node] = parts_->partitions[parts_->kernel.partition_of(parts_->relay_entities[node])]
                           .relays.get();
    record_copies_left(parts_->kernel, *parts_->apps, relays, parts_->app_entities);
    parts_->kernel.run_until(parts_->kernel.now());  // hands the rows out
}

namespace {

/// "name version" of every model, by which a saved state is known.
std::vector<std::string> versions_of(const Kernel& kernel) {
    std::vector<std::string> versions;
    const std::vector<Kernel::ModelVersion> models = kernel.model_versions();
    versions.reserve(models.size());
    for (const Kernel::ModelVersion& model : models)
        versions.push_back(model.name + " " + std::to_string(model.version));
    versions.erase(std::unique(versions.begin(), versions.end()), versions.end());
    return versions;
}

}  // namespace

std::vector<std::byte> World::save() {
    Archive out;
    std::vector<std::string> versions = versions_of(kernel());
    std::vector<std::byte> state = kernel().save();
    out.item(versions);
    out.item(state);
    return out.release();
}

void World::restore(const std::vector<std::byte>& saved) {
    Archive in(saved);
    std::vector<std::string> versions;
    in.item(versions);
    const std::vector<std::string> own = versions_of(kernel());
    const auto [theirs, ours] =
        std::mismatch(versions.begin(), versions.end(), own.begin(), own.end());
    if (theirs != versions.end() || ours != own.end())
        throw std::invalid_argument(
            "World::restore: saved by a world with " +
            (theirs == versions.end() ? "fewer models" : "model " + *theirs) + ", this one has " +
            (ours == own.end() ? "fewer" : "model " + *ours));
    std::vector<std::byte> state;
    in.item(state);
    kernel().restore(state);
}

std::string World::entity_name(EntityId entity) const {
    const EntityDirectory::Place at = parts_->directory.place_of(entity);
    if (at.kind < 0) return "entity " + std::to_string(static_cast<std::uint32_t>(entity));
    return parts_->directory.kinds[static_cast<std::size_t>(at.kind)]
        .names[static_cast<std::size_t>(at.row)];
}

Regions World::regions(const Scenario& scenario) {
    Regions regions;
    regions.names.emplace_back("metro");
    regions.reasons.emplace_back(
        "devices, cells, access points, time servers and stations touch each other's state "
        "directly");
    if (const Named<ServerEntry>* group = relay_group(scenario))
        for (std::uint32_t node = 0; node < std::get<RelayGroup>(group->value).nodes; ++node) {
            regions.names.push_back(node_name(group->name, node));
            regions.reasons.emplace_back("one node; all its paths have a propagation delay");
        }
    return regions;
}

}  // namespace driftstorm
