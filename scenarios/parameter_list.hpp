#pragma once

#include "scenarios/read_params.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace driftstorm {

/// A parameter of the scenario language, as fields() has it.
struct ParameterLine {
    std::string model;  ///< "network", "station", "chrony": what has it
    std::string path;   ///< "servers.NAME.workers", "clocks.NAME.sync[].server"
    std::string_view unit;
    double min = 0;  ///< inclusive, in that unit (s for a duration); infinite: any
    double max = 0;
    std::string fallback;  ///< as a scenario writes it; empty: none
    bool required = false;
    std::string_view help;
    std::string_view source;  ///< of the default
};

/// Appends the parameters of a struct and of the maps and lists inside it.
/// @param path  of the struct, "" or with a dot at its end
void list_fields(const std::string& model, const std::string& path, const FieldTable& table,
                 const void* defaults, std::vector<ParameterLine>& lines);

template <HasFields Params>
void list_fields(const std::string& model, const std::string& path,
                 std::vector<ParameterLine>& lines) {
    const Params defaults{};
    list_fields(model, path, field_table<Params>(), &defaults, lines);
}

/// Every parameter of scenario/1, in the order of the language.
std::vector<ParameterLine> list_parameters();

}  // namespace driftstorm
