#include "scenarios/population_plan.hpp"

#include "sim/core/random.hpp"

#include <algorithm>
#include <utility>

namespace driftstorm {

namespace {

const ClockEntry perfect_clock{};

std::string_view choose(const WeightedChoice& choice, std::uint64_t seed, Purpose purpose,
                        std::uint64_t identity) {
    if (choice.options.empty()) return {};
    const double u = draw_uniform(seed, purpose, identity, 0);
    double sum = 0;
    for (const WeightedChoice::Option& option : choice.options) {
        sum += option.share;
        if (u < sum) return option.name;
    }
    for (auto option = choice.options.rbegin(); option != choice.options.rend(); ++option)
        if (option->share > 0) return option->name;  // rounding left a sliver above the last share
    return choice.options.back().name;
}

template <class Entry>
const Entry* find(const std::vector<Named<Entry>>& entries, std::string_view name) {
    for (const Named<Entry>& entry : entries)
        if (entry.name == name) return &entry.value;
    return nullptr;
}

/// Accounts of a conversation: each account of the neighbourhood draws its rank, the least ones are
/// members. A further account adds itself and can displace only the last.
std::vector<std::uint32_t> choose_members(std::uint64_t seed, std::uint64_t conversation,
                                          std::uint32_t first, std::uint32_t accounts,
                                          std::uint32_t wanted) {
    std::vector<std::pair<std::uint32_t, std::uint32_t>> ranks;
    ranks.reserve(accounts);
    Block block{};
    for (std::uint32_t a = first; a < first + accounts; ++a) {
        if (a == first || a % 4 == 0)
            block = draw(seed, "conversation.member", conversation, a / 4);
        ranks.emplace_back(block[a % 4], a);
    }
    const std::size_t n = std::min<std::size_t>(wanted, ranks.size());
    std::nth_element(ranks.begin(), ranks.begin() + static_cast<std::ptrdiff_t>(n), ranks.end());
    std::vector<std::uint32_t> members;
    for (std::size_t i = 0; i < n; ++i) members.push_back(ranks[i].second);
    std::sort(members.begin(), members.end());
    return members;
}

std::uint32_t home_of(std::uint64_t seed, std::uint64_t conversation, const std::string& group,
                      std::uint32_t nodes) {
    std::uint32_t best = 0;
    double least = 2;
    for (std::uint32_t node = 0; node < nodes; ++node) {
        const double u =
            draw_uniform(seed, "conversation.home", conversation,
                         identity_of("servers." + group + "[" + std::to_string(node) + "]"));
        if (u < least) {
            least = u;
            best = node;
        }
    }
    return best;
}

void add_conversations(const Scenario& scenario, std::uint64_t seed,
                       const DevicePopulation& population, PopulationPlan& plan,
                       PopulationPlan::Devices& group) {
    const Named<ServerEntry>* relays = relay_group(scenario);
    const ConversationParams& params = population.traffic.conversations;
    group.first_conversation = plan.conversations.size();
    if (relays == nullptr || params.count == 0) return;
    const auto& relay = std::get<RelayGroup>(relays->value);
    const std::uint32_t per_account = population.devices_per_account;
    const auto accounts =
        static_cast<std::uint32_t>((group.devices.size() + per_account - 1) / per_account);
    if (accounts == 0) return;
    const std::uint32_t neighbourhoods =
        (accounts + params.neighbourhood - 1) / params.neighbourhood;
    const std::uint64_t parent = identity_of("populations." + group.name + ".conversations");
    for (std::uint32_t c = 0; c < params.count; ++c) {
        const std::uint64_t identity = identity_of(parent, c);
        const double size = params.members.sample(draw(seed, "conversation.size", identity, 0));
        const auto wanted = static_cast<std::uint32_t>(std::max(2.0, size + 0.5));
        const std::uint32_t block = static_cast<std::uint32_t>(
            draw_below(draw(seed, "conversation.neighbourhood", identity, 0), neighbourhoods));
        const std::uint32_t first = block * params.neighbourhood;
        const std::uint32_t count = std::min(params.neighbourhood, accounts - first);
        std::vector<Conversations::Member> members;
        for (const std::uint32_t account : choose_members(seed, identity, first, count, wanted))
            for (std::uint32_t d = account * per_account;
                 d < std::min<std::size_t>((account + 1) * per_account, group.devices.size()); ++d)
                if (!group.devices[d].app.empty())
                    members.push_back({group.first_device + d, group.first_device + account});
        plan.conversations.add(identity, home_of(seed, identity, relays->name, relay.nodes),
                               relay.resync.history, members);
        ++group.conversations;
    }
}

}  // namespace

PopulationPlan plan_populations(const Scenario& scenario, std::uint64_t seed) {
    PopulationPlan plan;
    std::vector<const Named<PopulationEntry>*> sorted;
    for (const Named<PopulationEntry>& entry : scenario.populations)
        if (std::holds_alternative<DevicePopulation>(entry.value)) sorted.push_back(&entry);
    std::sort(sorted.begin(), sorted.end(),
              [](const auto* a, const auto* b) { return a->name < b->name; });
    std::uint32_t number = 0;
    for (const Named<PopulationEntry>* entry : sorted) {
        const auto& population = std::get<DevicePopulation>(entry->value);
        PopulationPlan::Devices group;
        group.name = entry->name;
        group.habits = &population.traffic;
        group.first_device = number;
        const std::uint64_t parent = identity_of("populations." + entry->name);
        group.devices.reserve(population.count);
        for (std::uint32_t member = 0; member < population.count; ++member) {
            PopulationPlan::Device device;
            device.identity = identity_of(parent, member);
            device.app = choose(population.app, seed, "population.app", device.identity);
            device.mobility =
                choose(population.mobility, seed, "population.mobility", device.identity);
            device.clock_name = choose(population.clock, seed, "population.clock", device.identity);
            const ClockEntry* clock = find(scenario.clocks, device.clock_name);
            device.clock = clock != nullptr ? clock : &perfect_clock;
            const MobilityEntry* mobility = find(scenario.mobility, device.mobility);
            if (const auto* ride = mobility != nullptr ? std::get_if<RailRide>(mobility) : nullptr)
                device.late = sample_duration(
                    ride->boarding_spread, draw(seed, "population.boarding", device.identity, 0));
            group.devices.push_back(device);
        }
        plan.group_of.insert(plan.group_of.end(), population.count,
                             static_cast<std::uint32_t>(plan.groups.size()));
        add_conversations(scenario, seed, population, plan, group);
        number += population.count;
        plan.groups.push_back(std::move(group));
    }
    plan.conversations.index(number);
    return plan;
}

std::vector<Index> PopulationPlan::matching(
    const std::string& population, std::uint32_t member,
    const std::vector<SelectorStep::Match>& attributes) const {
    std::vector<Index> found;
    for (const Devices& group : groups) {
        if (group.name != population) continue;
        for (std::uint32_t d = 0; d < group.devices.size(); ++d) {
            if (member != 0 && d + 1 != member) continue;
            bool all = true;
            for (const SelectorStep::Match& match : attributes) {
                const Device& one = group.devices[d];
                const std::string_view value = match.attribute == "app"     ? one.app
                                               : match.attribute == "clock" ? one.clock_name
                                                                            : one.mobility;
                all = all && value == match.value;
            }
            if (all) found.push_back(group.first_device + d);
        }
    }
    return found;
}

}  // namespace driftstorm
