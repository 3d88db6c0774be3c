// What the selectors of the timeline hit.
#include "scenarios/scenario.hpp"

#include <algorithm>
#include <array>
#include <span>

namespace driftstorm {

namespace {

bool fits(FaultKind fault, TargetKind target) {
    switch (fault) {
        case FaultKind::node_down:
        case FaultKind::clock_step:
            return target == TargetKind::server_node;
        case FaultKind::link_down:
            return target == TargetKind::router || target == TargetKind::wire;
        case FaultKind::cell_degrade:
        case FaultKind::cell_down:
            return target == TargetKind::cell || target == TargetKind::access_point;
        case FaultKind::capacity_factor:
            return target == TargetKind::cell || target == TargetKind::access_point ||
                   target == TargetKind::server_node;
        case FaultKind::packet_loss:
            return target == TargetKind::cell || target == TargetKind::access_point ||
                   target == TargetKind::path;
        case FaultKind::app_restart:
        case FaultKind::suspend:
        case FaultKind::reboot:
        case FaultKind::battery_pull:
        case FaultKind::user_sets_clock:
            return target == TargetKind::device;
    }
    return false;
}

template <class Entry>
void add_names(const std::vector<Named<Entry>>& entries, std::vector<std::string>& names) {
    for (const Named<Entry>& entry : entries) names.push_back(entry.name);
}

/// Sections a target may stand in, with the words that may come before the entry's name.
struct TargetSection {
    std::string_view full;
    std::string_view brief;
    TargetKind kind;
};
constexpr std::array<TargetSection, 6> target_sections{
    {{"network.cells", "cells", TargetKind::cell},
     {"network.access_points", "access_points", TargetKind::access_point},
     {"servers", "servers", TargetKind::server_node},
     {"network.routers", "routers", TargetKind::router},
     {"network.links", "links", TargetKind::wire},
     {"populations", "populations", TargetKind::device}}};

std::vector<std::string> names_of(const Scenario& scenario, TargetKind kind) {
    std::vector<std::string> names;
    switch (kind) {
        case TargetKind::cell:
            add_names(scenario.network.cells, names);
            break;
        case TargetKind::access_point:
            add_names(scenario.network.access_points, names);
            break;
        case TargetKind::server_node:
            add_names(scenario.servers, names);
            break;
        case TargetKind::router:
            add_names(scenario.network.routers, names);
            break;
        case TargetKind::wire:
            add_names(scenario.network.links, names);
            break;
        case TargetKind::device:
            add_names(scenario.populations, names);
            break;
        case TargetKind::path:
            break;
    }
    return names;
}

std::uint32_t nodes_of(const ServerEntry& server) {
    if (const auto* group = std::get_if<TimeServerGroup>(&server)) return group->nodes;
    if (const auto* group = std::get_if<RelayGroup>(&server)) return group->nodes;
    return 1;
}

std::optional<Targets> nothing(Complaints& complaints, const Selector& selector,
                               const std::string& message) {
    complaints.error(selector.at, message, selector.path);
    return std::nullopt;
}

/// A part of a selector that means nothing: passing over it would hit more than is meant.
std::optional<Targets> meaningless(Complaints& complaints, const Selector& selector,
                                   const SelectorStep& step, const std::string& what) {
    const std::string part = selector.text.substr(step.offset);
    complaints.error(selector.place_of(step),
                     quote(part) + " means nothing in " + quote(selector.text) + ": " + what,
                     selector.path);
    return std::nullopt;
}

std::string numbered(std::uint64_t count, const char* one, const char* many) {
    return std::to_string(count) + " " + (count == 1 ? one : many) + ", numbered from 0";
}

/// Complains of the first step that does not choose devices.
bool chooses_devices(const Selector& selector, std::span<const SelectorStep> rest,
                     Complaints& complaints) {
    bool numbered_already = false;
    for (const SelectorStep& step : rest) {
        const bool number = step.kind == SelectorStep::Kind::index;
        if ((number && !numbered_already) || step.kind == SelectorStep::Kind::match) {
            numbered_already = numbered_already || number;
            continue;
        }
        meaningless(complaints, selector, step,
                    number ? "a device has one number"
                           : "devices are chosen by number, as [3], or by app, clock or mobility, "
                             "as [app=NAME]");
        return false;
    }
    return true;
}

}  // namespace

std::optional<Targets> resolve_target(const Scenario& scenario, const FaultEntry& fault,
                                      Complaints& complaints) {
    const Selector& selector = fault.target;
    std::vector<SelectorStep> steps = selector.steps;
    const std::string word(enum_words<FaultKind>[static_cast<std::size_t>(fault.fault)]);

    // network.paths[K]
    const std::string head = selector.head();
    if (head == "network.paths" || head == "paths") {
        if (!fits(fault.fault, TargetKind::path))
            return nothing(complaints, selector, word + " cannot hit a path");
        const std::size_t names = head == "paths" ? 1 : 2;
        const std::uint64_t entries = scenario.network.paths.size();
        if (steps.size() == names || steps[names].kind != SelectorStep::Kind::index ||
            steps[names].index >= entries)
            return nothing(complaints, selector,
                           quote(selector.text) + " matches nothing: network.paths has " +
                               numbered(entries, "entry", "entries"));
        if (steps.size() > names + 1)
            return meaningless(complaints, selector, steps[names + 1], "a path is hit as a whole");
        return Targets{
            TargetKind::path, {"paths"}, {static_cast<std::uint32_t>(steps[names].index)}, {}};
    }

    std::optional<TargetKind> kind;
    std::size_t at = 0;
    for (const TargetSection& section : target_sections) {
        if (head == section.full || head.rfind(std::string(section.full) + ".", 0) == 0) {
            kind = section.kind;
            at = section.full.find('.') == std::string_view::npos ? 1 : 2;
        } else if (head == section.brief || head.rfind(std::string(section.brief) + ".", 0) == 0) {
            kind = section.kind;
            at = 1;
        }
    }
    std::string name;
    if (at < steps.size() && steps[at].kind == SelectorStep::Kind::name) name = steps[at].name;
    if (!kind) {
        // The section may be left out when the name is unique.
        std::vector<std::string> all;
        for (const TargetSection& section : target_sections)
            for (const std::string& known : names_of(scenario, section.kind)) {
                all.push_back(known);
                if (known != name) continue;
                if (kind && *kind != section.kind)
                    return nothing(
                        complaints, selector,
                        quote(name) + " is the name of several things; say which section");
                kind = section.kind;
            }
        if (!kind)
            return nothing(complaints, selector,
                           quote(selector.text) + " matches nothing" + did_you_mean(name, all));
    }
    if (!fits(fault.fault, *kind)) {
        std::string may;
        for (const auto& [known, help] : list_faults())
            if (known == word) may = help;
        may.erase(0, std::min(may.find("target "), may.size()));
        return nothing(complaints, selector,
                       word + " cannot hit " + quote(selector.text) + "; " + may);
    }
    const std::vector<std::string> names = names_of(scenario, *kind);
    if (std::find(names.begin(), names.end(), name) == names.end()) {
        std::string hint = did_you_mean(name, names);
        if (hint.empty() && !names.empty() && names.size() <= 12)
            hint = "; there is " + list_words({names.begin(), names.end()});
        return nothing(complaints, selector, quote(selector.text) + " matches nothing" + hint);
    }
    // What an entry with faults of its own holds is not known.
    if (scenario.unsound.count(child_path("servers", name)) > 0 && *kind == TargetKind::server_node)
        return std::nullopt;
    if (scenario.unsound.count(child_path("populations", name)) > 0 && *kind == TargetKind::device)
        return std::nullopt;

    Targets targets;
    targets.kind = *kind;
    const std::span<const SelectorStep> rest = std::span(steps).subspan(at + 1);
    if (*kind == TargetKind::server_node) {
        const ServerEntry& server = find_named(scenario.servers, name)->value;
        if (fault.fault == FaultKind::clock_step && std::holds_alternative<StationGroup>(server))
            return nothing(complaints, selector,
                           "clock_step cannot hit " + quote(name) + ": a station has no clock");
        if (fault.fault == FaultKind::capacity_factor &&
            !std::holds_alternative<StationGroup>(server))
            return nothing(complaints, selector,
                           "capacity_factor cannot hit " + quote(name) +
                               ": of servers, only stations have a pace to change");
        if (fault.fault == FaultKind::capacity_factor && fault.set.factor == 0.0)
            return nothing(complaints, selector,
                           "a station's pace cannot be 0; a node_down stops it");
        const std::uint32_t nodes = nodes_of(server);
        if (!rest.empty() && rest.front().kind != SelectorStep::Kind::index)
            return meaningless(
                complaints, selector, rest.front(),
                quote(name) + " has " + numbered(nodes, "node", "nodes") + ", as " + name + "[0]");
        if (rest.size() > 1)
            return meaningless(complaints, selector, rest[1], "a node is hit as a whole");
        for (std::uint32_t node = 0; node < nodes; ++node) {
            if (!rest.empty() && rest.front().kind == SelectorStep::Kind::index &&
                rest.front().index != node)
                continue;
            targets.names.push_back(name);
            targets.members.push_back(node);
        }
        if (targets.names.empty())
            return nothing(complaints, selector,
                           quote(selector.text) + " matches nothing: " + quote(name) + " has " +
                               numbered(nodes, "node", "nodes"));
        return targets;
    }
    targets.names.push_back(name);
    targets.members.push_back(0);
    if (*kind != TargetKind::device && !rest.empty())
        return meaningless(complaints, selector, rest.front(), quote(name) + " is hit as a whole");
    if (*kind == TargetKind::device && !chooses_devices(selector, rest, complaints))
        return std::nullopt;
    if (*kind == TargetKind::device)
        for (const SelectorStep& step : rest) {
            if (step.kind == SelectorStep::Kind::index) {
                const auto* devices =
                    std::get_if<DevicePopulation>(&find_named(scenario.populations, name)->value);
                const std::uint64_t count = devices == nullptr ? 0 : devices->count;
                if (step.index >= count)
                    return nothing(complaints, selector,
                                   quote(selector.text) + " matches nothing: " + quote(name) +
                                       " has " + numbered(count, "device", "devices"));
                targets.members.front() = static_cast<std::uint32_t>(step.index) + 1;
            }
            for (const SelectorStep::Match& match : step.matches) {
                constexpr std::array<std::string_view, 3> attributes{"app", "clock", "mobility"};
                if (std::find(attributes.begin(), attributes.end(), match.attribute) ==
                    attributes.end())
                    return nothing(complaints, selector,
                                   "devices have no attribute " + quote(match.attribute) +
                                       "; they have app, clock, mobility");
                const auto* population =
                    std::get_if<DevicePopulation>(&find_named(scenario.populations, name)->value);
                if (population == nullptr)
                    return nothing(complaints, selector, quote(name) + " holds no devices");
                const WeightedChoice& choice = match.attribute == "app"     ? population->app
                                               : match.attribute == "clock" ? population->clock
                                                                            : population->mobility;
                std::vector<std::string> options;
                for (const WeightedChoice::Option& option : choice.options)
                    options.push_back(option.name);
                if (std::find(options.begin(), options.end(), match.value) == options.end())
                    return nothing(complaints, selector,
                                   "no device of " + quote(name) + " has " + match.attribute + " " +
                                       quote(match.value) + did_you_mean(match.value, options));
                const auto other = std::find_if(
                    targets.attributes.begin(), targets.attributes.end(),
                    [&](const auto& known) { return known.attribute == match.attribute; });
                if (other != targets.attributes.end())
                    return nothing(complaints, selector,
                                   quote(selector.text) + " matches nothing: a device has one " +
                                       match.attribute + ", not " + quote(other->value) + " and " +
                                       quote(match.value));
                targets.attributes.push_back(match);
            }
        }
    return targets;
}

std::optional<Targets> resolve_devices(const Scenario& scenario, const Selector& selector,
                                       Complaints& complaints) {
    std::vector<std::string> known;
    for (const Named<PopulationEntry>& entry : scenario.populations)
        if (std::holds_alternative<DevicePopulation>(entry.value)) known.push_back(entry.name);
    const bool first_is_section = selector.steps.front().name == "populations";
    const bool section = selector.steps.size() > 1 && first_is_section;
    const std::string& name = selector.steps[section ? 1 : 0].name;
    if (first_is_section && !section && !known.empty()) {  // the devices of all populations
        Targets all;
        all.kind = TargetKind::device;
        all.names = known;
        all.members.assign(known.size(), 0);
        return all;
    }
    if (std::find(known.begin(), known.end(), name) == known.end())
        return nothing(complaints, selector,
                       quote(selector.text) +
                           " matches nothing: there is no population of devices " + quote(name) +
                           did_you_mean(name, known));
    // What an app_restart hits are devices, too.
    FaultEntry of_devices;
    of_devices.fault = FaultKind::app_restart;
    of_devices.target = selector;
    return resolve_target(scenario, of_devices, complaints);
}

}  // namespace driftstorm
