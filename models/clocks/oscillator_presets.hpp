#pragma once

#include "models/clocks/oscillator_noise.hpp"
#include "sim/core/fields.hpp"

#include <array>
#include <cstdint>
#include <string_view>

namespace driftstorm {

struct ClockParams;

/// Kinds of oscillators by one word. Where the figures come from:
/// docs/models/clocks_and_timesync.md.
enum class OscillatorPreset : std::uint8_t {
    none,        ///< all figures as written, by default perfect
    phone_tcxo,  ///< temperature-compensated crystal of a phone
    rtc_32khz,   ///< tuning-fork crystal of a watch or a real-time clock
    iot_xo,      ///< plain crystal of a Wi-Fi module or access point
    pc_quartz,   ///< crystal of a computer's board
    ocxo,        ///< oven-controlled crystal
    mcu_rc       ///< resistor and capacitor inside a microcontroller
};
template <>
inline constexpr std::array<std::string_view, 7> enum_words<OscillatorPreset>{
    "none", "phone_tcxo", "rtc_32khz", "iot_xo", "pc_quartz", "ocxo", "mcu_rc"};

/// Its frequency noise.
PowerLaw noise_of(OscillatorPreset preset);

/// Writes the preset's frequency error, ageing, noise and temperature coefficients over those of
/// `params`.
void apply_preset(OscillatorPreset preset, ClockParams& params);

}  // namespace driftstorm
