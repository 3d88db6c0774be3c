#pragma once

#include "scenarios/json_schema.hpp"
#include "scenarios/values.hpp"

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace driftstorm {

struct FieldTable;

using VisitFields =
    std::function<void(const std::string& path, const FieldTable&, const void* defaults)>;

/// What the language does with values of one C++ type, whose type its caller has lost.
struct ValueMethods {
    bool (*read)(const Node& node, const ValuePlace& place, void* value) = nullptr;
    std::optional<Node> (*write)(const void* value, const ValueShape& shape) = nullptr;
    /// @param fallback  the value that holds where nothing is written
    std::string (*schema)(SchemaWriter& writer, const ValueShape& shape,
                          const void* fallback) = nullptr;
    const FieldTable& (*members)() = nullptr;  ///< of a map of parameters; null: it is none
    /// Visits each struct inside the value; null: there is none.
    /// @param path  of the value; those visited end with a dot
    void (*each_within)(const std::string& path, const void* value,
                        const VisitFields& visit) = nullptr;
    bool is_parameter = true;  ///< and not only a place for those within
};

/// A struct's fields() without their types: what readers and writers go through is compiled once
/// and not again for each member of each struct.
struct FieldTable {
    struct Entry {
        std::string_view name;
        ValueShape shape;
        std::string_view help;
        std::string_view source;
        std::size_t offset = 0;  ///< of the member within the struct [B]
        const ValueMethods* methods = nullptr;

        void* member_of(void* params) const { return static_cast<std::byte*>(params) + offset; }
        const void* member_of(const void* params) const {
            return static_cast<const std::byte*>(params) + offset;
        }
    };
    std::vector<Entry> entries;
    std::vector<std::string_view> required;

    void add(std::string_view name, const ValueShape& shape, std::string_view help,
             std::string_view source, std::size_t offset, const ValueMethods& methods);
    const Entry* find(std::string_view name) const;
    bool is_required(std::string_view name) const;
    KeyTable keys() const;
};

/// What read_fields is told beyond fields().
struct ReadOptions {
    /// Keys that the caller reads itself ("kind", "name").
    std::vector<std::string_view> also_known = {};
    const KeyScope* scope = nullptr;
};

/// Reads a map into the members of the struct at `params`; absent keys keep what they hold.
/// Complains about every unknown key, wrong value and missing required key.
/// @param keys  of the same struct
/// @return whether nothing was wrong
bool read_fields(const Node& node, const std::string& path, Complaints& complaints,
                 const FieldTable& table, KeyTable (*keys)(), void* params,
                 const ReadOptions& options);

/// All members of the struct at `params` as a map, every default written out; those that are
/// written as nothing are left out.
Node write_fields(const FieldTable& table, const void* params);

/// The properties for SchemaWriter::map, with help texts.
/// @param defaults  a struct with what holds where nothing is written
std::vector<SchemaWriter::Property> describe_fields(SchemaWriter& writer, const FieldTable& table,
                                                    const void* defaults);

}  // namespace driftstorm
