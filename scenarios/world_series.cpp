#include "scenarios/world_series.hpp"

#include "models/clocks/offset_quantiles.hpp"
#include "models/probes/clock_offset.hpp"
#include "sim/core/expect.hpp"
#include "sim/core/series.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace driftstorm {

namespace {

constexpr std::array<double, 7> quantile_levels{0.01, 0.05, 0.25, 0.50, 0.75, 0.95, 0.99};
constexpr std::array<std::string_view, 7> quantile_names{"q01", "q05", "q25", "q50",
                                                         "q75", "q95", "q99"};

/// A word that the scenario's checks have passed.
SeriesWord parsed(const Scenario& scenario, const std::string& word) {
    const std::optional<SeriesWord> known = parse_series_word(scenario, word);
    DRIFTSTORM_EXPECT(known.has_value());
    return *known;
}

constexpr std::string_view quantiles_word = "clock_offset.quantiles";

void record(Context& context, std::size_t series, EntityId entity, double value) {
    context.record(SeriesValue{static_cast<std::uint16_t>(series), entity, value});
}

const PopulationPlan::Devices* population(const PopulationPlan& plan, const std::string& name) {
    for (const PopulationPlan::Devices& group : plan.groups)
        if (group.name == name) return &group;
    return nullptr;
}

/// The looks of one world at its own series, numbered as declare_series numbers them.
class Looks {
  public:
    Looks(const WorldView& world, std::uint32_t region) : world_(world), region_(region) {}

    void add(const std::string& word, std::size_t number) {
        const auto [owner, quantity] = parsed(world_.scenario, word);
        const Named<ServerEntry>* relays = relay_group(world_.scenario);
        if (relays != nullptr && owner == relays->name) {
            if (region_ > 0) relay(quantity, number);
            return;
        }
        if (region_ != 0) return;
        if (owner == "cells" || owner == "access_points") {
            attached(owner == "access_points", number);
        } else if (const PopulationPlan::Devices* group = population(world_.plan, owner)) {
            devices(*group, quantity, number);
        } else if (const auto found = world_.station_entities.find(owner);
                   found != world_.station_entities.end()) {
            station(found->second, quantity, number);
        } else {
            time_servers(owner, number);
        }
    }
    std::vector<Samplers::Look> release() { return std::move(looks_); }

  private:
    void relay(const std::string& quantity, std::size_t number) {
        const EntityId entity = world_.relay_entities[region_ - 1];
        const Relays* model = world_.relays[world_.kernel.partition_of(entity)];
        const Index node = world_.kernel.index_of(entity);
        const bool depth = quantity == "queue_depth";
        looks_.emplace_back([=](Context& context) {
            record(context, number, entity,
                   depth ? model->queue_depth(node) : model->arrivals(node));
        });
    }
    void attached(bool access_points, std::size_t number) {
        const Cells* cells = &world_.cells;
        const std::vector<EntityId>* entities = &world_.cell_entities;
        looks_.emplace_back([=](Context& context) {
            for (Index cell = 0; cell < cells->count(); ++cell)
                if ((cells->technology(cell) == Technology::wifi) == access_points)
                    record(context, number, (*entities)[cell], cells->attached(cell));
        });
    }
    void station(EntityId entity, const std::string& quantity, std::size_t number) {
        const Stations* stations = &world_.stations;
        const Index index = world_.kernel.index_of(entity);
        const bool depth = quantity == "queue_depth";
        looks_.emplace_back([=](Context& context) {
            record(context, number, entity,
                   depth ? stations->waiting(index) : stations->in_service(index));
        });
    }
    void time_servers(const std::string& owner, std::size_t number) {
        for (std::size_t i = 0; i < world_.time_server_entities.size(); ++i) {
            if (world_.time_server_groups[i] != owner) continue;
            const EntityId entity = world_.time_server_entities[i];
            const TimeServers* servers = &world_.time_servers;
            const Index index = world_.kernel.index_of(entity);
            looks_.emplace_back([=](Context& context) {
                record(context, number, entity, servers->queue_depth(index));
            });
        }
    }
    template <class Count>
    void count(const PopulationPlan::Devices& group, std::size_t number, Count counts) {
        const auto first = group.first_device;
        const auto beyond = static_cast<std::uint32_t>(first + group.devices.size());
        looks_.emplace_back([=](Context& context) {
            std::uint64_t sum = 0;
            for (Index device = first; device < beyond; ++device) sum += counts(device);
            record(context, number, no_entity, static_cast<double>(sum));
        });
    }
    void devices(const PopulationPlan::Devices& group, const std::string& quantity,
                 std::size_t number) {
        const Apps* apps = &world_.apps;
        const Radios* radios = &world_.radios;
        const auto on = [radios](Index device, bool wifi) {
            const Technology technology = radios->address(device).technology;
            return technology != Technology::none && (technology == Technology::wifi) == wifi;
        };
        if (quantity == "connected") {
            count(group, number, [apps](Index d) { return std::uint64_t{apps->connected(d)}; });
        } else if (quantity == "outbox") {
            count(group, number,
                  [apps](Index d) { return std::uint64_t{apps->outbox().of(d).size()}; });
        } else if (quantity == "on_wifi") {
            count(group, number, [on](Index d) { return std::uint64_t{on(d, true)}; });
        } else if (quantity == "on_cellular") {
            count(group, number, [on](Index d) { return std::uint64_t{on(d, false)}; });
        } else if (quantity == "without_network") {
            count(group, number, [radios](Index d) {
                return std::uint64_t{radios->address(d).technology == Technology::none};
            });
        } else {
            quantiles(group, number);
        }
    }
    void quantiles(const PopulationPlan::Devices& group, std::size_t number) {
        const auto size = static_cast<std::uint32_t>(group.devices.size());
        looks_.emplace_back([number,
                             offsets = OffsetQuantiles(world_.clocks, group.first_device, size),
                             values = std::array<double, quantile_levels.size()>{},
                             size](Context& context) mutable {
            offsets.read(context.now(), quantile_levels, values);
            for (std::size_t q = 0; q < values.size() && size > 0; ++q)
                record(context, number + q, no_entity, values[q]);
        });
    }

    const WorldView& world_;
    std::uint32_t region_;
    std::vector<Samplers::Look> looks_;
};

}  // namespace

std::vector<SeriesDefinition> declare_series(const Scenario& scenario) {
    std::vector<SeriesDefinition> series;
    if (scenario.outputs_none) return series;
    for (const std::string& word : scenario.outputs.series.of) {
        const auto [owner, quantity] = parsed(scenario, word);
        SeriesDefinition made;
        made.name = series_name({owner, quantity});
        made.period = scenario.outputs.series.every;
        for (const auto& [known, help] : series_words())
            if (known.substr(known.find('.') + 1) == quantity) made.help = help;
        if (quantity == quantiles_word) {
            for (const std::string_view name : quantile_names) {
                SeriesDefinition one = made;
                one.name = series_name({owner, "clock_offset_" + std::string(name)});
                one.unit = "ns";
                one.counts = false;
                series.push_back(std::move(one));
            }
            continue;
        }
        if (owner == "cells") made.entity_kind = "cell";
        if (owner == "access_points") made.entity_kind = "access_point";
        for (const Named<ServerEntry>& server : scenario.servers)
            if (server.name == owner) made.entity_kind = "server";
        if (quantity == "arrivals") made.cell_methods = "time: sum";
        series.push_back(std::move(made));
    }
    return series;
}

std::vector<HistogramDefinition> declare_histograms(const Scenario& scenario) {
    if (scenario.outputs_none || !scenario.outputs.clocks) return {};
    // Wall clocks stay within 50 years of true time, which is less than 2^61 ns.
    return {{.name = "clock_offset_hist",
             .unit = "ns",
             .help = "sampled devices by wall clock minus true time",
             .edges = log_linear_edges(1.0, 61, 8),
             .period = scenario.outputs.clocks->every,
             .of_table = std::string(ClockOffset::table),
             .of_column = "steered"}};
}

std::vector<Samplers::Look> looks_of(const WorldView& world, std::uint32_t region) {
    Looks looks(world, region);
    if (world.scenario.outputs_none) return {};
    std::size_t number = 0;
    for (const std::string& word : world.scenario.outputs.series.of) {
        looks.add(word, number);
        number +=
            parsed(world.scenario, word).quantity == quantiles_word ? quantile_names.size() : 1;
    }
    return looks.release();
}

}  // namespace driftstorm
