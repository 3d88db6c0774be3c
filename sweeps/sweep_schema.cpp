#include "scenarios/json_schema.hpp"
#include "sweeps/read_sweep.hpp"
#include "sweeps/sweep_keys.hpp"

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace driftstorm {

std::string sweep_schema() {
    SchemaWriter writer;
    const std::string range_map = writer.map(describe<RangeKeys>(writer));
    const std::string any_list = writer.list(writer.text(), 2, 2);
    const std::array range_forms{any_list, range_map};
    const std::string ranges = writer.names_to(writer.any_of(range_forms));
    const std::array axis_forms{writer.list(writer.text(), 1), range_map};
    const auto with_of = [&](std::vector<SchemaWriter::Property> properties) {
        for (SchemaWriter::Property& property : properties)
            if (property.name == "of") property.schema = ranges;
        return writer.map(properties);
    };
    const std::vector<std::pair<std::string_view, std::string>> kinds{
        {"grid", writer.names_to(writer.any_of(axis_forms))},
        {"list", writer.list(writer.names_to(writer.text()), 1)},
        {"random", with_of(describe<SamplesKeys>(writer))},
        {"latin_hypercube", with_of(describe<SamplesKeys>(writer))},
        {"sobol", with_of(describe<SobolKeys>(writer))},
        {"morris", with_of(describe<MorrisKeys>(writer))},
        {"refine", with_of(describe<RefineKeys>(writer))}};
    const std::string part = writer.define("design_part", writer.one_of_words(kinds));
    std::vector<SchemaWriter::Property> top = describe<SweepKeys>(writer);
    for (SchemaWriter::Property& property : top) {
        if (property.name == "design") {
            const std::array forms{part, writer.list(part, 1)};
            property.schema = writer.any_of(forms);
        } else if (property.name == "set") {
            property.schema = writer.names_to(writer.text());
        } else if (property.name == "where") {
            const std::array forms{writer.text(), writer.list(writer.text())};
            property.schema = writer.any_of(forms);
        } else if (property.name == "replications") {
            const std::array forms{writer.integer(), writer.map(describe<ReplicationKeys>(writer))};
            property.schema = writer.any_of(forms);
        } else if (property.name == "keep") {
            const std::array<std::string_view, 1> word{"summaries"};
            const std::array forms{writer.words(word), writer.map(describe<KeepKeys>(writer))};
            property.schema = writer.any_of(forms);
        }
    }
    top.insert(top.begin(), {"schema", "language of this file", "{\"const\": \"sweep/1\"}"});
    return writer.plain_document("driftstorm sweep/1", top);
}

}  // namespace driftstorm
