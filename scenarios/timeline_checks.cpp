#include "scenarios/population_plan.hpp"
#include "scenarios/scenario_checks.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

namespace driftstorm {

namespace {

/// Keys that mean something to a kind of fault, beside name, at, fault and target.
struct FaultKeys {
    FaultKind fault;
    std::vector<std::string_view> own;
    std::vector<std::string_view> set;  ///< inside of `set`
};

const std::vector<FaultKeys>& fault_keys() {
    static const std::vector<FaultKeys> all{
        {FaultKind::node_down, {"for", "restart"}, {}},
        {FaultKind::link_down, {"for"}, {}},
        {FaultKind::cell_degrade, {"for", "set"}, {"downlink", "uplink"}},
        {FaultKind::cell_down, {"for"}, {}},
        {FaultKind::packet_loss, {"for", "set"}, {"loss"}},
        {FaultKind::capacity_factor, {"for", "set"}, {"factor"}},
        {FaultKind::clock_step, {"for", "by"}, {}},
        {FaultKind::app_restart, {"for", "clear_cache"}, {}},
        {FaultKind::suspend, {"for"}, {}},
        {FaultKind::reboot, {"for"}, {}},
        {FaultKind::battery_pull, {"for"}, {}},
        {FaultKind::user_sets_clock, {"by"}, {}}};
    return all;
}

bool contains(const std::vector<std::string_view>& words, std::string_view word) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

/// Keys that mean something to some faults only, in an entry and in its `set`.
const std::vector<std::string_view> of_some_faults{"for", "set", "by", "restart", "clear_cache"};
const std::vector<std::string_view> set_of_some_faults{"downlink", "uplink", "loss", "factor"};

const FaultKeys& keys_of(FaultKind kind) {
    return *std::find_if(fault_keys().begin(), fault_keys().end(),
                         [kind](const FaultKeys& one) { return one.fault == kind; });
}

void complain_of_idle_keys(const Node& map, const std::vector<std::string_view>& written_for_others,
                           const std::vector<std::string_view>& own, std::string_view fault,
                           const std::string& path, Complaints& complaints) {
    for (const Node::Entry& entry : map.entries()) {
        if (!contains(written_for_others, entry.key) || contains(own, entry.key)) continue;
        complaints.error(entry.key_position,
                         quote(entry.key) + " means nothing to a " + std::string(fault) +
                             (own.empty() ? "" : "; it takes " + list_words(own)),
                         child_path(path, entry.key));
    }
}

/// What a fault cannot do without, and what is written for another kind.
void check_keys(const FaultEntry& fault, const Node& entry, const std::string& where,
                Complaints& complaints) {
    const FaultKeys& keys = keys_of(fault.fault);
    const std::string_view word = enum_words<FaultKind>[static_cast<std::size_t>(fault.fault)];
    complain_of_idle_keys(entry, of_some_faults, keys.own, word, where, complaints);

    const Position& at = fault.target.at;
    const auto lacks = [&entry](std::string_view key) {  // what is written wrongly is no gap
        return entry.find(key) == nullptr;
    };
    if (fault.fault == FaultKind::clock_step && lacks("by"))
        complaints.error(at, "a clock_step needs 'by': how far the clock is put forward", where);
    if (fault.fault == FaultKind::user_sets_clock && lacks("by"))
        complaints.error(at, "a user_sets_clock needs 'by': how far the clock is put forward",
                         where);
    const bool takes_time = contains(keys.own, "for") && fault.fault != FaultKind::app_restart;
    if (takes_time && lacks("for"))
        complaints.error(at, "'for' is missing: how long it lasts", where);
    if (keys.set.empty()) return;
    const Node* set = entry.find("set");
    const std::string set_path = child_path(where, "set");
    std::string example;
    for (const std::string_view key : keys.set)
        example += (example.empty() ? "" : ", ") + std::string(key) + ": ...";
    if (set == nullptr) {
        complaints.error(at, "a " + std::string(word) + " needs 'set': { " + example + " }", where);
    } else if (set->is_map()) {
        const std::size_t before = complaints.errors();
        complain_of_idle_keys(*set, set_of_some_faults, keys.set, word, set_path, complaints);
        if (set->entries().empty() && complaints.errors() == before)
            complaints.error(set->position(), "'set' is empty; it takes " + list_words(keys.set),
                             set_path);
    }
}

void check_begin(const Scenario& scenario, const FaultEntry& fault, const Node& entry,
                 const std::string& where, Complaints& complaints) {
    const Node* at = entry.find("at");
    if (at == nullptr || at->is_null() || scenario.duration.ns == 0) return;
    const bool happens = !fault.length || fault.length->ns > 0;
    if (!happens || fault.at.ns < scenario.duration.ns) return;
    complaints.warning(at->position(),
                       "it begins when the run is over (" + format_duration(scenario.duration) +
                           ") and never happens",
                       child_path(where, "at"));
}

/// The entries of a map but those written for others only.
Node without_idle(const Node& map, const std::vector<std::string_view>& of_some,
                  const std::vector<std::string_view>& own) {
    std::vector<Node::Entry> kept;
    for (const Node::Entry& entry : map.entries())
        if (!contains(of_some, entry.key) || contains(own, entry.key)) kept.push_back(entry);
    return Node::map(std::move(kept), map.position());
}

}  // namespace

Node meaningful_keys(FaultKind kind, const Node& entry) {
    const FaultKeys& keys = keys_of(kind);
    std::vector<Node::Entry> kept = without_idle(entry, of_some_faults, keys.own).entries();
    for (Node::Entry& one : kept)
        if (one.key == "set" && one.value.is_map())
            one.value = without_idle(one.value, set_of_some_faults, keys.set);
    return Node::map(std::move(kept), entry.position());
}

void check_timeline(const Scenario& scenario, Complaints& complaints) {
    const bool lost = is_any_lost(scenario.document.root, complaints);
    for (std::size_t i = 0; i < scenario.timeline.size(); ++i) {
        const FaultEntry& fault = scenario.timeline[i];
        const std::string where = item_path("timeline", i);
        const Node* entry = find_path(scenario.document.root, where);
        if (entry == nullptr || !entry->is_map() || fault.target.steps.empty()) continue;
        check_begin(scenario, fault, *entry, where, complaints);
        // Without its kind nothing can be said of what it needs.
        const Node* kind = entry->find("fault");
        if (kind == nullptr || !kind->is_scalar() ||
            kind->text() != enum_words<FaultKind>[static_cast<std::size_t>(fault.fault)])
            continue;
        check_keys(fault, *entry, where, complaints);
        if (lost) continue;  // the target may stand there
        const std::optional<Targets> targets = resolve_target(scenario, fault, complaints);
        const bool happens = !fault.length || fault.length->ns > 0;
        if (targets && happens) check_any_device(scenario, fault.target, *targets, complaints);
    }
}

void check_any_device(const Scenario& scenario, const Selector& selector, const Targets& targets,
                      Complaints& complaints) {
    if (targets.kind != TargetKind::device || draws_any(scenario, scenario.seed, targets)) return;
    const std::string& name = targets.names.front();
    const auto* population =
        std::get_if<DevicePopulation>(&find_named(scenario.populations, name)->value);
    std::string wanted;
    for (const SelectorStep::Match& match : targets.attributes)
        wanted += (wanted.empty() ? "" : " and ") + match.attribute + " " + quote(match.value);
    const std::uint32_t member = targets.members.front();
    std::string why = quote(name) + " has no devices";
    if (population != nullptr && population->count > 0)
        why = "seed " + std::to_string(scenario.seed) + " draws " +
              (member > 0
                   ? "device " + std::to_string(member - 1) + " of " + quote(name) + " without "
                   : "none of the " + std::to_string(population->count) + " devices of " +
                         quote(name) + " with ") +
              wanted;
    complaints.error(selector.at, quote(selector.text) + " matches nothing: " + why, selector.path);
}

}  // namespace driftstorm
