#pragma once

#include "models/links/packet.hpp"
#include "scenarios/scenario.hpp"
#include "sim/core/kernel.hpp"
#include "sim/output/entity_directory.hpp"
#include "sim/output/series_definition.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace driftstorm {

/// What a scenario allows to be simulated apart: regions, and why they are as large as they are.
struct Regions {
    std::vector<std::string> names;    ///< "metro", "servers.relays[0]" ...
    std::vector<std::string> reasons;  ///< what is fused into each region and why
};

/// A scenario as a running world: every model built, wired and given its entities.
class World {
  public:
    struct Options {
        std::uint64_t seed = 1;
        std::uint32_t partitions = 1;  ///< at most as many as there are regions; more are not used
        bool digest = true;
        std::size_t pool_offset = 0;  ///< for tests: see Kernel::offset_pools
    };

    /// The scenario must outlive the world.
    World(const Scenario& scenario, const Options& options);
    ~World();
    World(const World&) = delete;
    World& operator=(const World&) = delete;

    Kernel& kernel();
    const Kernel& kernel() const;
    const EntityDirectory& directory() const;
    /// The same with what each entity drew or was configured with: for a result file. Takes time
    /// and memory by the entity.
    EntityDirectory described_directory() const;
    const std::vector<SeriesDefinition>& series() const;
    const std::vector<HistogramDefinition>& histograms() const;
    std::uint32_t partitions() const;
    std::size_t devices() const;

    /// Sends everybody's first messages. Call once, after sinks are added, before run_until(); not
    /// before restore().
    void start();
    void run_until(Time end) { kernel().run_until(end); }
    /// Records a row for every copy of a message that is not visible yet: lost with a reason, or
    /// pending. Call once, when the run is over.
    void finish();

    /// Hands on every NTP packet that reaches or leaves a time server from now on, in order.
    void capture_time_packets(std::function<void(Time at, const Packet& packet)> capture);

    /// "riders[17]", "servers.relays[1]"; of an entity that has no place in the directory, its
    /// number.
    std::string entity_name(EntityId entity) const;

    /// The state of everything, after the versions of the models it belongs to.
    std::vector<std::byte> save();
    /// Goes on from a saved state, in a world of the same scenario, seed and partitions.
    /// @throws std::invalid_argument when it was saved by other versions of the models, naming the
    /// first that differs, or from another world
    void restore(const std::vector<std::byte>& saved);

    static Regions regions(const Scenario& scenario);

  private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

}  // namespace driftstorm
