#include "scenarios/parameter_list.hpp"

#include <optional>
#include <utility>

namespace driftstorm {

void list_fields(const std::string& model, const std::string& path, const FieldTable& table,
                 const void* defaults, std::vector<ParameterLine>& lines) {
    for (const FieldTable::Entry& entry : table.entries) {
        const void* value = entry.member_of(defaults);
        const std::string here = path + std::string(entry.name);
        if (entry.methods->is_parameter) {
            ParameterLine line{model,
                               here,
                               entry.shape.unit,
                               entry.shape.min,
                               entry.shape.max,
                               "",
                               table.is_required(entry.name),
                               entry.help,
                               entry.source};
            std::optional<Node> written;
            if (!line.required) written = entry.methods->write(value, entry.shape);
            if (written)
                line.fallback = written->is_scalar() ? written->text() : json_value(*written);
            lines.push_back(std::move(line));
        }
        if (entry.methods->each_within != nullptr)
            entry.methods->each_within(
                here, value,
                [&](const std::string& inside, const FieldTable& below, const void* its_defaults) {
                    list_fields(model, inside, below, its_defaults, lines);
                });
    }
}

}  // namespace driftstorm
