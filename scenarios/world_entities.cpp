// What each entity of a world drew or was configured with: the columns of /entities.
#include "scenarios/read_distribution.hpp"
#include "scenarios/world_parts.hpp"

#include <cstdint>
#include <limits>
#include <numeric>
#include <type_traits>
#include <variant>

namespace driftstorm {

namespace {

constexpr double missing = std::numeric_limits<double>::quiet_NaN();

/// A value as a scenario writes it.
std::string text_of(const std::optional<Node>& node) {
    if (!node) return {};
    return node->is_scalar() ? node->text() : json_value(*node);
}

/// The columns of a kind of entity, from the parameters of its members. A member without them
/// (nullptr) has missing values.
class Columns {
  public:
    explicit Columns(EntityKind& kind) : kind_(kind) {}

    template <class Values>
    MemoryColumn& add(std::string name, std::string unit, std::string help, Values values) {
        return kind_.columns.emplace_back(
            MemoryColumn{std::move(name), std::move(unit), std::move(help), std::move(values)});
    }

    /// One column for each field, and for those of the maps inside.
    template <HasFields Params>
    void add_fields(const std::string& prefix, const std::vector<const Params*>& members) {
        for_each_field<Params>([&](const auto& field) {
            using Value =
                std::remove_cvref_t<decltype(std::declval<const Params&>().*field.member)>;
            if (prefix.empty() && field.name == "name") return;  // the scale
            std::vector<const Value*> values;
            values.reserve(members.size());
            for (const Params* params : members)
                values.push_back(params != nullptr ? &(params->*field.member) : nullptr);
            const bool of_scale = prefix.empty() && field.name == kind_.name;  // what a fault is
            add_values(of_scale ? "kind" : prefix + std::string(field.name), field, values);
        });
    }

    /// The members' kinds; of each kind that occurs its fields, called <kind>_<field>.
    template <class... Kind>
    void add_kinds(const std::vector<const std::variant<Kind...>*>& members) {
        std::vector<std::string> kinds;
        kinds.reserve(members.size());
        for (const auto* member : members)
            kinds.push_back(std::visit(
                [](const auto& one) {
                    return std::string(std::remove_cvref_t<decltype(one)>::kind);
                },
                *member));
        add("kind", "", "what it is", std::move(kinds));
        (add_kind<Kind>(members), ...);
    }

  private:
    template <class K, class Variant>
    void add_kind(const std::vector<const Variant*>& members) {
        std::vector<const K*> of_kind;
        bool occurs = false;
        for (const Variant* member : members) {
            of_kind.push_back(std::get_if<K>(member));
            occurs = occurs || of_kind.back() != nullptr;
        }
        if (occurs) add_fields(std::string(K::kind) + "_", of_kind);
    }

    template <class Value, class OfField>
    void add_values(const std::string& name, const OfField& field,
                    const std::vector<const Value*>& members) {
        if constexpr (is_optional<Value>) {
            std::vector<const typename Value::value_type*> values;
            values.reserve(members.size());
            for (const Value* member : members)
                values.push_back(member != nullptr && *member ? &**member : nullptr);
            add_values(name, field, values);
        } else if constexpr (HasFields<Value>) {
            add_fields(name + "_", members);
        } else if constexpr (std::is_same_v<Value, Time>) {
            std::vector<std::int64_t> values;
            values.reserve(members.size());
            for (const Value* member : members)
                values.push_back(member != nullptr ? member->ns : INT64_MIN);
            add(name, "", std::string(field.help), std::move(values)).instant = true;
        } else if constexpr (std::is_same_v<Value, Duration>) {
            add_numbers(name, "ns", field.help, members,
                        [](Duration value) { return static_cast<double>(value.ns); });
        } else if constexpr (std::is_same_v<Value, Rate>) {
            add_numbers(name, "ppb", field.help, members,
                        [](Rate value) { return value.as_ppb(); });
        } else if constexpr (std::is_arithmetic_v<Value> && !std::is_same_v<Value, bool>) {
            add_numbers(name, field.unit, field.help, members,
                        [](Value value) { return static_cast<double>(value); });
        } else {
            std::vector<std::string> values;
            values.reserve(members.size());
            for (const Value* member : members)
                values.push_back(member == nullptr
                                     ? std::string()
                                     : text_of(ValueForm<Value>::write(
                                           *member, ValueShape{field.unit, field.min, field.max})));
            add(name, "", std::string(field.help), std::move(values));
        }
    }
    template <class Value, class Number>
    void add_numbers(const std::string& name, std::string_view unit, std::string_view help,
                     const std::vector<const Value*>& members, Number number) {
        std::vector<double> values;
        values.reserve(members.size());
        for (const Value* member : members)
            values.push_back(member != nullptr ? number(*member) : missing);
        add(name, std::string(unit), std::string(help), std::move(values));
    }

    EntityKind& kind_;
};

/// The members of a section in the order of their rows.
template <class Entry>
std::vector<const Entry*> values_by_name(const std::vector<Named<Entry>>& entries) {
    std::vector<const Entry*> values;
    for (const Named<Entry>* entry : by_name(entries)) values.push_back(&entry->value);
    return values;
}

std::string interfaces_of(const DevicePopulation& population) {
    std::string text;
    for (const Technology technology : population.interfaces)
        text.append(text.empty() ? "" : "+")
            .append(enum_words<Technology>.at(static_cast<std::size_t>(technology)));
    return text;
}

/// What keeps a clock right, in the words of a scenario.
std::string time_client_of(const ClockEntry& clock) {
    if (clock.time_sync)
        return std::visit(
            [](const auto& words) {
                return std::string(std::remove_cvref_t<decltype(words)>::client);
            },
            *clock.time_sync);
    std::string text;
    for (const SyncSource& source : clock.sync)
        text.append(text.empty() ? "" : "+")
            .append(std::visit(
                [](const auto& params) {
                    return std::string_view(std::remove_cvref_t<decltype(params)>::word);
                },
                source));
    return text.empty() ? "none" : text;
}

void describe_devices(EntityKind& kind, const Scenario& scenario, const PopulationPlan& plan,
                      const DeviceClocks& clocks) {
    std::vector<std::string> apps, mobilities, clock_names, oscillators, time_clients, interfaces;
    std::vector<std::int64_t> accounts;
    std::vector<double> offsets, frequencies, zones, delays;
    for (const PopulationPlan::Devices& group : plan.groups) {
        const auto* entry = find_named(scenario.populations, group.name);
        const std::string of_group = interfaces_of(std::get<DevicePopulation>(entry->value));
        for (std::uint32_t member = 0; member < group.devices.size(); ++member) {
            const PopulationPlan::Device& device = group.devices[member];
            const Index index = group.first_device + member;
            accounts.push_back(group.first_device + member / group.devices_per_account);
            apps.emplace_back(device.app);
            mobilities.emplace_back(device.mobility);
            interfaces.push_back(of_group);
            clock_names.emplace_back(device.clock_name);
            oscillators.emplace_back(enum_words<OscillatorPreset>.at(
                static_cast<std::size_t>(device.clock->oscillator)));
            time_clients.push_back(time_client_of(*device.clock));
            offsets.push_back(clocks.raw_offset_ns(index, Time{}));
            frequencies.push_back(clocks.frequency_error(index).as_ppb());
            zones.push_back(static_cast<double>(clocks.zone_error(index).ns));
            delays.push_back(static_cast<double>(device.late.ns));
        }
    }
    Columns columns(kind);
    columns.add("account", "", "number of its account: the devices of one account share it",
                std::move(accounts));
    columns.add("app", "", "version of its app; empty: no messaging", std::move(apps));
    columns.add("mobility", "", "how it moves; empty: stays at 0 m", std::move(mobilities));
    columns.add("boarding_delay", "ns", "how much later than others of its ride it moves",
                std::move(delays));
    columns.add("interfaces", "", "its radios, in order of preference", std::move(interfaces));
    columns.add("clock", "", "class of its clock; empty: perfect", std::move(clock_names));
    columns.add("oscillator", "", "kind of oscillator", std::move(oscillators));
    columns.add("time_client", "", "what keeps its clock right", std::move(time_clients));
    columns.add("initial_offset", "ns", "wall clock minus true time at the start",
                std::move(offsets));
    columns.add("frequency_error", "ppb", "constant frequency error of its oscillator",
                std::move(frequencies));
    columns.add("zone_error", "ns", "zone that it believes minus the zone it is in",
                std::move(zones));
}

/// Their members are a list each: member_device from first_membership on, `members` long.
void describe_conversations(EntityKind& kind, const PopulationPlan& plan,
                            const std::vector<std::int64_t>& rows_of_nodes) {
    const Conversations& all = plan.conversations;
    std::vector<std::string> populations;
    std::vector<std::int64_t> homes, first;
    std::vector<std::uint32_t> members, history, devices;
    for (const PopulationPlan::Devices& group : plan.groups)
        populations.insert(populations.end(), group.conversations, group.name);
    for (std::uint32_t c = 0; c < all.size(); ++c) {
        homes.push_back(rows_of_nodes.at(all.home(c)));
        history.push_back(all.history(c));
        first.push_back(static_cast<std::int64_t>(devices.size()));
        members.push_back(static_cast<std::uint32_t>(all.members(c).size()));
        for (const Conversations::Member& member : all.members(c)) devices.push_back(member.device);
    }
    std::vector<std::int64_t> numbers(devices.size());
    std::iota(numbers.begin(), numbers.end(), std::int64_t{0});
    Columns columns(kind);
    columns.add("population", "", "population whose accounts it is among", std::move(populations));
    columns.add("home", "", "relay node that orders it: row in /entities/server", std::move(homes))
        .entities = "/entities/server";
    columns.add("history", "", "messages it held before the run", std::move(history));
    columns.add("members", "", "devices that take part", std::move(members));
    columns.add("first_membership", "", "where its devices begin in member_device",
                std::move(first));
    kind.dimensions.push_back({.name = "membership",
                               .unit = "",
                               .help = "number of the membership",
                               .values = std::move(numbers)});
    MemoryColumn& device = columns.add("member_device", "",
                                       "device that takes part: row in /entities/device, members "
                                       "of one conversation together",
                                       std::move(devices));
    device.dimensions = {"membership"};
    device.entities = "/entities/device";
}

void describe_links(EntityKind& kind, const Links& links, std::size_t shared) {
    DRIFTSTORM_EXPECT(kind.names.size() == links.count());
    std::vector<const Links::Params*> params;
    for (Index link = 0; link < links.count(); ++link) params.push_back(&links.params(link));
    Columns(kind).add_fields("", params);
    for (MemoryColumn& column : kind.columns)
        if (column.name == "rate") {
            auto& rates = std::get<std::vector<double>>(column.values);
            std::fill(rates.begin() + static_cast<std::ptrdiff_t>(shared), rates.end(), missing);
            column.help += "; missing: from a recorded trace";
        }
}

}  // namespace

EntityDirectory World::Parts::described_directory() const {
    EntityDirectory described = directory;
    const auto of = [&](std::string_view name) -> EntityKind& {
        return described.kinds[static_cast<std::size_t>(described.kind(name))];
    };
    describe_devices(of("device"), scenario, plan, clocks);

    std::vector<const CellParams*> base_stations = values_by_name(scenario.network.cells);
    base_stations.resize(of("cell").names.size(), nullptr);  // those that a trace names
    Columns(of("cell")).add_fields("", base_stations);
    const std::size_t own_cells = scenario.network.cells.size();
    for (MemoryColumn& column : of("cell").columns)
        for (std::size_t row = own_cells; column.name == "technology" && row < base_stations.size();
             ++row) {
            const Index index = static_cast<Index>(row + scenario.network.access_points.size());
            std::get<std::vector<std::string>>(column.values)[row] =
                enum_words<Technology>.at(static_cast<std::size_t>(cells.technology(index)));
        }
    const auto points = values_by_name(scenario.network.access_points);
    Columns(of("access_point")).add_fields("", points);
    describe_links(of("link"), links, 2 * (own_cells + points.size()));

    std::vector<const ServerEntry*> servers;
    std::vector<std::string> server_groups;
    std::vector<std::int64_t> nodes;
    for (const Named<ServerEntry>* entry : by_name(scenario.servers)) {
        const std::uint32_t count = std::visit(
            [](const auto& group) -> std::uint32_t {
                if constexpr (requires { group.nodes; }) return group.nodes;
                return 1;
            },
            entry->value);
        for (std::uint32_t node = 0; node < count; ++node) {
            servers.push_back(&entry->value);
            server_groups.push_back(entry->name);
            nodes.push_back(node);
        }
    }
    EntityKind& server = of("server");
    DRIFTSTORM_EXPECT(server.names.size() == servers.size());
    std::vector<double> offsets(servers.size(), missing), frequencies(servers.size(), missing);
    std::vector<std::string> false_tickers(servers.size());
    for (const EntityId id : time_server_entities) {
        const auto row = static_cast<std::size_t>(directory.place_of(id).row);
        const Index index = kernel.index_of(id);
        offsets[row] = time_servers.offset_ns(index, Time{});
        frequencies[row] = time_servers.frequency_error(index).as_ppb();
        false_tickers[row] = time_servers.is_falseticker(index) ? "true" : "false";
    }
    Columns columns(server);
    columns.add("server_group", "", "group of servers it belongs to", std::move(server_groups));
    columns.add("node", "", "number within its group", std::move(nodes));
    if (!time_server_entities.empty()) {
        columns.add("initial_offset", "ns", "its clock minus true time at the start",
                    std::move(offsets));
        columns.add("frequency_error", "ppb", "constant frequency error of its clock",
                    std::move(frequencies));
        columns.add("falseticker", "", "whether it serves a wrong time", std::move(false_tickers));
    }
    columns.add_kinds(servers);

    std::vector<std::int64_t> rows_of_nodes;
    for (const EntityId id : relay_entities) rows_of_nodes.push_back(directory.place_of(id).row);
    describe_conversations(of("conversation"), plan, rows_of_nodes);
    Columns(of("population")).add_kinds(values_by_name(scenario.populations));
    Columns(of("app")).add_fields("", values_by_name(scenario.apps));
    std::vector<const FaultEntry*> timeline;
    for (const FaultEntry& fault : scenario.timeline) timeline.push_back(&fault);
    Columns(of("fault")).add_fields("", timeline);
    return described;
}

}  // namespace driftstorm
