// What `outputs.series.of` may name.
#include "scenarios/scenario.hpp"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

namespace driftstorm {

namespace {

/// Who owns something to sample, and the group of series_words() that it has.
std::vector<std::pair<std::string, std::string_view>> owners(const Scenario& scenario) {
    std::vector<std::pair<std::string, std::string_view>> all;
    for (const Named<ServerEntry>& server : scenario.servers) {
        if (std::holds_alternative<RelayGroup>(server.value))
            all.emplace_back(server.name, "relay");
        if (std::holds_alternative<TimeServerGroup>(server.value))
            all.emplace_back(server.name, "time_server");
        if (std::holds_alternative<StationGroup>(server.value))
            all.emplace_back(server.name, "station");
    }
    for (const Named<PopulationEntry>& population : scenario.populations)
        if (std::holds_alternative<DevicePopulation>(population.value))
            all.emplace_back(population.name, "population");
    if (!scenario.network.cells.empty()) all.emplace_back("cells", "cell");
    if (!scenario.network.access_points.empty()) all.emplace_back("access_points", "cell");
    return all;
}

/// A word without its section, and without brackets that only keep a name together.
std::string plain_word(std::string_view word) {
    for (const std::string_view section : {"servers", "populations", "network"}) {
        if (word.substr(0, section.size()) != section) continue;
        const std::string_view rest = word.substr(section.size());
        if (rest.substr(0, 1) == ".") return std::string(rest.substr(1));
        const std::size_t close = rest.find(']');
        if (rest.substr(0, 1) == "[" && close != std::string_view::npos)
            return std::string(rest.substr(1, close - 1)) + std::string(rest.substr(close + 1));
    }
    return std::string(word);
}

}  // namespace

const std::vector<std::pair<std::string_view, std::string_view>>& series_words() {
    static const std::vector<std::pair<std::string_view, std::string_view>> words{
        {"relay.queue_depth", "jobs that wait, by node"},
        {"relay.arrivals", "packets that reached each node since the last sample"},
        {"time_server.queue_depth", "requests waiting or being answered, by node"},
        {"station.queue_depth", "customers who wait"},
        {"station.in_service", "customers at workers"},
        {"cell.attached", "devices served"},
        {"population.connected", "devices with a connection to a relay"},
        {"population.outbox", "messages not yet acknowledged"},
        {"population.clock_offset.quantiles",
         "wall clock minus true time: 1, 5, 25, 50, 75, 95, 99 %"},
        {"population.on_wifi", "devices served by Wi-Fi"},
        {"population.on_cellular", "devices served by a cell"},
        {"population.without_network", "devices without a network"}};
    return words;
}

std::optional<SeriesWord> parse_series_word(const Scenario& scenario, std::string_view word) {
    // A name may have dots, and be the beginning of another: the whole word decides.
    const std::string plain = plain_word(word);
    for (const auto& [owner, group] : owners(scenario))
        for (const auto& [known, help] : series_words()) {
            const std::size_t dot = known.find('.');
            if (known.substr(0, dot) != group || plain != owner + std::string(known.substr(dot)))
                continue;
            return SeriesWord{owner, std::string(known.substr(dot + 1))};
        }
    return std::nullopt;
}

std::vector<std::string> sampled_words(const Scenario& scenario) {
    std::vector<std::string> all;
    for (const auto& [owner, group] : owners(scenario))
        for (const auto& [known, help] : series_words())
            if (known.substr(0, known.find('.')) == group)
                all.push_back(owner + std::string(known.substr(known.find('.'))));
    return all;
}

std::string series_name(const SeriesWord& word) {
    std::string name = word.owner + "_" + word.quantity;
    std::replace(name.begin(), name.end(), '.', '_');
    return name;
}

}  // namespace driftstorm
