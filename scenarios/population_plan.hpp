#pragma once

#include "models/messaging/conversations.hpp"
#include "models/people/people.hpp"
#include "scenarios/scenario.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace driftstorm {

/// What each device of a scenario is, drawn from its identity, and who talks to whom. Laid out
/// before any entity.
struct PopulationPlan {
    struct Device {
        std::uint64_t identity = 0;
        std::string_view app;         ///< "": none
        std::string_view mobility;    ///< "": stays at 0 km
        std::string_view clock_name;  ///< "": perfect
        const ClockEntry* clock = nullptr;
        Duration late{};  ///< drawn from the boarding_spread of its ride
    };
    /// The devices of one population, in order of member.
    struct Devices {
        std::string name;
        const Habits* habits = nullptr;
        std::vector<Device> devices;
        std::uint32_t devices_per_account = 1;
        std::uint32_t first_device = 0;        ///< number of member 0
        std::uint32_t first_conversation = 0;  ///< number of its first conversation
        std::uint32_t conversations = 0;
    };
    std::vector<Devices> groups;  ///< in order of name
    Conversations conversations;
    std::vector<std::uint32_t> group_of;  ///< by device

    const Device& device(std::uint32_t number) const {
        const Devices& group = groups[group_of[number]];
        return group.devices[number - group.first_device];
    }
    /// Devices of a population that have all the attributes. @param member  0: any, else one beyond
    /// the member's number
    std::vector<Index> matching(const std::string& population, std::uint32_t member,
                                const std::vector<SelectorStep::Match>& attributes) const;
};

/// Whether a seed draws any device that the targets mean.
bool draws_any(const Scenario& scenario, std::uint64_t seed, const Targets& devices);

/// The scenario must outlive the plan.
PopulationPlan plan_populations(const Scenario& scenario, std::uint64_t seed);

}  // namespace driftstorm
