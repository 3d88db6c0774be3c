#include "scenarios/clock_words.hpp"

#include "models/clocks/oscillator.hpp"
#include "scenarios/read_distribution.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <sstream>
#include <stdexcept>

namespace driftstorm {

namespace {

/// The word alone; a wrong one is told of by whoever reads all fields.
OscillatorPreset preset_of(const Node& node) {
    const Node* word = node.find("oscillator");
    if (word == nullptr || !word->is_scalar()) return OscillatorPreset::none;
    const auto& words = enum_words<OscillatorPreset>;
    const auto found = std::find(words.begin(), words.end(), word->text());
    return found == words.end() ? OscillatorPreset::none
                                : static_cast<OscillatorPreset>(found - words.begin());
}

void read_trace_file(const Node& node, const std::string& path, Complaints& complaints,
                     FrequencyTraceParams& trace) {
    const Node* trace_node = node.find("trace");
    const Node* file_node = trace_node != nullptr ? trace_node->find("file") : nullptr;
    if (file_node == nullptr || trace.file.empty()) return;
    const std::string where = child_path(child_path(path, "trace"), "file");
    const Position origin = file_node->origin();
    const std::string name =
        origin.known() ? complaints.sources().beside(origin.file, trace.file) : trace.file;
    std::string reason;
    const auto file = complaints.sources().read(name, file_node->position(), reason);
    if (!file) {
        complaints.error(file_node->position(), "cannot read " + quote(name) + ": " + reason,
                         where);
        return;
    }
    std::istringstream text(complaints.sources().file(*file).bytes);
    try {
        trace.recorded = std::make_shared<const FrequencyTrace>(read_frequency_trace(
            text, name, trace.time_column, trace.frequency_column, trace.unit_ppb, trace.repeats));
    } catch (const std::runtime_error& error) {
        complaints.error(file_node->position(), error.what(), where);
    }
}

/// Tries what a device would be made from, so that its faults are told here and not at the start of
/// the run.
void try_out(const Node& node, const std::string& path, Complaints& complaints,
             const ClockParams& params) {
    const auto attempt = [&](const char* key, const auto& make) {
        const Node* below = node.find(key);
        if (below == nullptr) return;
        try {
            make();
        } catch (const std::invalid_argument& error) {
            const std::string what = error.what();
            complaints.error(below->position(), what.substr(what.find(": ") + 2),
                             child_path(path, key));
        }
    };
    attempt("temperature", [&] {
        const TemperatureParams& temperature = params.temperature;
        const auto day =
            std::make_shared<const TemperatureDay>(temperature, temperature.reference_c);
        const double steepest =
            std::max(std::abs(temperature.linear.min()), std::abs(temperature.linear.max()));
        if (std::isfinite(steepest))
            TemperaturePhase(day, {steepest, temperature.quadratic_ppb, temperature.cubic_ppb}, 0);
    });
    attempt("steps", [&] {
        Oscillator::Parts parts;
        for (const FrequencyStepParams& step : params.steps)
            parts.steps.push_back({step.at, Rate::ppb(step.by_ppb)});
        const Oscillator made(std::move(parts));
    });
}

}  // namespace

bool read_clock_params(const Node& node, const std::string& path, Complaints& complaints,
                       ClockParams& params, const ReadOptions& options) {
    if (node.is_map()) apply_preset(preset_of(node), params);
    if (!read_fields(node, path, complaints, params, options)) return false;
    const std::size_t before = complaints.errors();
    read_trace_file(node, path, complaints, params.trace);
    try_out(node, path, complaints, params);
    return complaints.errors() == before;
}

}  // namespace driftstorm
