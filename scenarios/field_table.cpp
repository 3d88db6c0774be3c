#include "scenarios/field_table.hpp"

#include <algorithm>
#include <utility>

namespace driftstorm {

void FieldTable::add(std::string_view name, const ValueShape& shape, std::string_view help,
                     std::string_view source, std::size_t offset, const ValueMethods& methods) {
    entries.push_back({name, shape, help, source, offset, &methods});
}

const FieldTable::Entry* FieldTable::find(std::string_view name) const {
    const auto found = std::find_if(entries.begin(), entries.end(),
                                    [&](const Entry& entry) { return entry.name == name; });
    return found == entries.end() ? nullptr : &*found;
}

bool FieldTable::is_required(std::string_view name) const {
    return std::find(required.begin(), required.end(), name) != required.end();
}

KeyTable FieldTable::keys() const {
    KeyTable keys;
    keys.own.reserve(entries.size());
    for (const Entry& entry : entries) {
        keys.own.push_back(entry.name);
        if (entry.methods->members != nullptr)
            keys.nested.emplace_back(entry.name, entry.methods->members().keys().own);
    }
    return keys;
}

bool read_fields(const Node& node, const std::string& path, Complaints& complaints,
                 const FieldTable& table, KeyTable (*keys)(), void* params,
                 const ReadOptions& options) {
    if (!check_is_map(node, {path, path, {}, complaints})) return false;
    const std::size_t before = complaints.errors();
    bool sound = true;
    const KeyScope scope{options.scope, keys, path};
    std::vector<std::string> meant;  // by misspelt keys, of which more must not be said
    for (const Node::Entry& written : node.entries()) {
        const FieldTable::Entry* entry = table.find(written.key);
        if (entry == nullptr) {
            meant.push_back(complain_unknown_key(written, scope, options.also_known, complaints));
            continue;
        }
        const ValuePlace place{written.key, child_path(path, written.key), entry->shape, complaints,
                               &scope};
        sound = entry->methods->read(written.value, place, entry->member_of(params)) && sound;
    }
    for (const std::string_view key : table.required) {
        if (node.find(key) == nullptr && std::find(meant.begin(), meant.end(), key) == meant.end())
            complain_missing_key(key, node, path, complaints);
    }
    return sound && complaints.errors() == before;
}

Node write_fields(const FieldTable& table, const void* params) {
    std::vector<Node::Entry> written;
    written.reserve(table.entries.size());
    for (const FieldTable::Entry& entry : table.entries) {
        std::optional<Node> value = entry.methods->write(entry.member_of(params), entry.shape);
        if (value) written.push_back({std::string(entry.name), {}, *std::move(value)});
    }
    return Node::map(std::move(written), {});
}

std::vector<SchemaWriter::Property> describe_fields(SchemaWriter& writer, const FieldTable& table,
                                                    const void* defaults) {
    std::vector<SchemaWriter::Property> properties;
    properties.reserve(table.entries.size());
    for (const FieldTable::Entry& entry : table.entries) {
        const void* value = entry.member_of(defaults);
        SchemaWriter::Property property{entry.name, entry.help,
                                        entry.methods->schema(writer, entry.shape, value)};
        // The members of a map tell their own.
        if (entry.methods->members == nullptr) {
            if (!table.is_required(entry.name)) {
                const auto written = entry.methods->write(value, entry.shape);
                if (written) property.fallback = json_value(*written);
            }
            property.source = entry.source;
        }
        properties.push_back(std::move(property));
    }
    return properties;
}

}  // namespace driftstorm
