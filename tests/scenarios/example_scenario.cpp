#include "tests/scenarios/example_scenario.hpp"

namespace driftstorm::example {
namespace {

constexpr std::array<std::string_view, 1> mobility_kinds{"rail"};
constexpr std::array<std::string_view, 2> server_kinds{"ntp", "message_relay"};

void read_mobility(const Node& section, Complaints& complaints) {
    for (const Node::Entry& entry : section.entries()) {
        const std::string path = child_path("mobility", entry.key);
        if (!read_kind(entry.value, path, complaints, mobility_kinds)) continue;
        read_params<Rail>(entry.value, path, complaints, {{"kind"}, nullptr});
    }
}

void read_servers(const Node& section, Complaints& complaints) {
    for (const Node::Entry& entry : section.entries()) {
        const std::string path = child_path("servers", entry.key);
        const auto kind = read_kind(entry.value, path, complaints, server_kinds);
        if (kind == 0u) read_params<TimeServer>(entry.value, path, complaints, {{"kind"}, nullptr});
        if (kind == 1u) read_params<Relay>(entry.value, path, complaints, {{"kind"}, nullptr});
    }
}

void follow_references(const Scenario& scenario, const Document& document, Complaints& complaints) {
    Names names(document);
    for (const Path& path : scenario.network.paths) {
        for (const Reference* end : {&path.from, &path.to}) {
            if (end->name != "lte" && end->name != "wifi")
                names.use(*end, {"servers"}, "server group or technology", complaints);
        }
    }
    for (const auto& clock : scenario.clocks) {
        for (const Sync& sync : clock.value.sync) {
            if (sync.server) names.use(*sync.server, {"servers"}, "server group", complaints);
        }
    }
    for (const auto& population : scenario.populations) {
        if (population.value.mobility)
            names.use(*population.value.mobility, {"mobility"}, "mobility", complaints);
        if (population.value.clock)
            names.use(*population.value.clock, {"clocks"}, "clock", complaints);
        for (const auto& option : population.value.app.options) {
            names.use({option.name, option.at, population.value.app.path}, {"apps"}, "app",
                      complaints);
        }
    }
    names.complain_about_unused(complaints);
}

}  // namespace

std::optional<Scenario> read_scenario(const std::string& file, const std::vector<Assignment>& set,
                                      Complaints& complaints) {
    const std::optional<Document> document = load_document(file, set, complaints);
    if (!document) return {};
    auto scenario = read_params<Scenario>(document->root, "", complaints);
    read_mobility(scenario.mobility, complaints);
    read_servers(scenario.servers, complaints);
    follow_references(scenario, *document, complaints);
    return scenario;
}

std::string scenario_schema() {
    SchemaWriter writer;
    std::vector<SchemaWriter::Property> sections = describe<Scenario>(writer);
    using Kinds = std::vector<std::pair<std::string_view, std::vector<SchemaWriter::Property>>>;
    constexpr auto referred = SchemaWriter::Entry::only_referred_to;
    for (SchemaWriter::Property& section : sections) {
        if (section.name == "mobility") {
            const Kinds kinds{{"rail", describe<Rail>(writer)}};
            section.schema = writer.names_to(writer.kinds("kind", kinds, referred));
        } else if (section.name == "servers") {
            const Kinds kinds{{"ntp", describe<TimeServer>(writer)},
                              {"message_relay", describe<Relay>(writer)}};
            section.schema = writer.names_to(writer.kinds("kind", kinds));
        } else if (section.name == "clocks") {
            section.schema = writer.names_to(writer.map(describe<ClockParams>(writer), referred));
        } else if (section.name == "apps") {
            section.schema = writer.names_to(writer.map(describe<App>(writer), referred));
        }
    }
    return writer.document("driftstorm scenario", sections);
}

}  // namespace driftstorm::example
