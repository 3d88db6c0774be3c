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
    for (std::size_t i = choice.options.size();
         i-- > 0;)  // rounding left a sliver above the last share
        if (choice.options[i].share > 0) return choice.options[i].name;
    return choice.options.back().name;
}

/// What a device drew for an attribute. @param attribute  app, clock or mobility
std::string_view value_of(const DevicePopulation& population, std::string_view attribute,
                          std::uint64_t seed, std::uint64_t identity) {
    if (attribute == "app") return choose(population.app, seed, "population.app", identity);
    if (attribute == "clock") return choose(population.clock, seed, "population.clock", identity);
    return choose(population.mobility, seed, "population.mobility", identity);
}

template <class Entry>
const Entry* find(const std::vector<Named<Entry>>& entries, std::string_view name) {
    for (const Named<Entry>& entry : entries)
        if (entry.name == name) return &entry.value;
    return nullptr;
}

/// An account that may be a member: its rank in the conversation, its population, its number there.
struct Candidate {
    std::uint32_t rank = 0;
    std::uint32_t group = 0;
    std::uint32_t account = 0;
    friend auto operator<=>(const Candidate&, const Candidate&) = default;
};

/// The candidates of least rank, as many as are wanted: nearly all others are turned away by one
/// comparison, of thousands a conversation.
class LeastCandidates {
  public:
    explicit LeastCandidates(std::uint32_t wanted) : wanted_(wanted) {}

    void offer(const Candidate& candidate) {
        if (kept_.size() == wanted_) {
            if (!(candidate < kept_.front())) return;
            std::pop_heap(kept_.begin(), kept_.end());
            kept_.pop_back();
        }
        kept_.push_back(candidate);
        std::push_heap(kept_.begin(), kept_.end());
    }
    /// In order of population and account.
    std::vector<Candidate> release() {
        std::sort(kept_.begin(), kept_.end(), [](const Candidate& a, const Candidate& b) {
            return std::pair(a.group, a.account) < std::pair(b.group, b.account);
        });
        return std::move(kept_);
    }

  private:
    std::size_t wanted_;           // at least 2
    std::vector<Candidate> kept_;  // a heap, the greatest in front
};

/// Accounts of a conversation: each account of the neighbourhood draws its rank, the least ones are
/// members. A further account adds itself and can displace only the last.
/// @param subject  the conversation as seen by that population
void add_candidates(std::uint64_t seed, std::uint64_t subject, std::uint32_t group,
                    std::uint32_t first, std::uint32_t accounts, LeastCandidates& candidates) {
    Block block{};
    for (std::uint32_t a = first; a < first + accounts; ++a) {
        if (a == first || a % 4 == 0) block = draw(seed, "conversation.member", subject, a / 4);
        candidates.offer({block[a % 4], group, a});
    }
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

std::uint32_t accounts_of(const PopulationPlan::Devices& group) {
    return static_cast<std::uint32_t>((group.devices.size() + group.devices_per_account - 1) /
                                      group.devices_per_account);
}

/// Adds a conversation's members: all devices of its accounts that have an app.
void add_members(const PopulationPlan::Devices& group, std::uint32_t account,
                 std::vector<Conversations::Member>& members) {
    const std::uint32_t per_account = group.devices_per_account;
    for (std::uint32_t d = account * per_account;
         d < std::min<std::size_t>((account + 1) * per_account, group.devices.size()); ++d)
        if (!group.devices[d].app.empty())
            members.push_back({group.first_device + d, group.first_device + account});
}

void add_conversations(const Scenario& scenario, std::uint64_t seed,
                       const ConversationParams& params, std::uint32_t number,
                       PopulationPlan& plan) {
    PopulationPlan::Devices& group = plan.groups[number];
    const Named<ServerEntry>* relays = relay_group(scenario);
    group.first_conversation = plan.conversations.size();
    const std::uint32_t accounts = accounts_of(group);
    if (relays == nullptr || params.count == 0 || accounts == 0) return;
    const auto& relay = std::get<RelayGroup>(relays->value);
    const std::uint32_t neighbourhoods =
        (accounts + params.neighbourhood - 1) / params.neighbourhood;
    const std::uint64_t parent = identity_of("populations." + group.name + ".conversations");
    for (std::uint32_t c = 0; c < params.count; ++c) {
        const std::uint64_t identity = identity_of(parent, c);
        const double size = params.members.sample(draw(seed, "conversation.size", identity, 0));
        const auto wanted = static_cast<std::uint32_t>(std::max(2.0, size + 0.5));
        const auto block = static_cast<std::uint32_t>(
            draw_below(draw(seed, "conversation.neighbourhood", identity, 0), neighbourhoods));
        const std::uint32_t first = block * params.neighbourhood;
        LeastCandidates candidates(wanted);
        add_candidates(seed, identity, number, first,
                       std::min(params.neighbourhood, accounts - first), candidates);
        for (std::uint32_t other = 0; other < plan.groups.size(); ++other) {
            const std::string& name = plan.groups[other].name;
            if (std::find(params.with.begin(), params.with.end(), name) == params.with.end())
                continue;
            add_candidates(seed, identity_of(identity, stable_hash(name)), other, 0,
                           std::min(params.neighbourhood, accounts_of(plan.groups[other])),
                           candidates);
        }
        std::vector<Conversations::Member> members;
        for (const Candidate& chosen : candidates.release())
            add_members(plan.groups[chosen.group], chosen.account, members);
        plan.conversations.add(identity, home_of(seed, identity, relays->name, relay.nodes),
                               relay.resync.history, members);
        ++group.conversations;
    }
}

}  // namespace

bool draws_any(const Scenario& scenario, std::uint64_t seed, const Targets& devices) {
    for (std::size_t match = 0; match < devices.names.size(); ++match) {
        const PopulationEntry* entry = find(scenario.populations, devices.names[match]);
        const auto* population = entry != nullptr ? std::get_if<DevicePopulation>(entry) : nullptr;
        if (population == nullptr) continue;
        const std::uint32_t one = devices.members[match];  // 0: any, else one beyond its number
        const std::uint64_t parent = identity_of("populations." + devices.names[match]);
        for (std::uint32_t member = one == 0 ? 0 : one - 1;
             member < (one == 0 ? population->count : one); ++member) {
            const std::uint64_t identity = identity_of(parent, member);
            const bool all = std::all_of(
                devices.attributes.begin(), devices.attributes.end(), [&](const auto& wanted) {
                    return value_of(*population, wanted.attribute, seed, identity) == wanted.value;
                });
            if (all) return true;
        }
    }
    return false;
}

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
        group.devices_per_account = population.devices_per_account;
        group.first_device = number;
        const std::uint64_t parent = identity_of("populations." + entry->name);
        group.devices.reserve(population.count);
        for (std::uint32_t member = 0; member < population.count; ++member) {
            PopulationPlan::Device device;
            device.identity = identity_of(parent, member);
            device.app = value_of(population, "app", seed, device.identity);
            device.mobility = value_of(population, "mobility", seed, device.identity);
            device.clock_name = value_of(population, "clock", seed, device.identity);
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
        number += population.count;
        plan.groups.push_back(std::move(group));
    }
    for (std::uint32_t g = 0; g < sorted.size(); ++g)
        add_conversations(scenario, seed,
                          std::get<DevicePopulation>(sorted[g]->value).traffic.conversations, g,
                          plan);
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
