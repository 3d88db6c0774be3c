#include "models/clocks/oscillator_presets.hpp"

#include "models/clocks/clock_params.hpp"

#include <cmath>

namespace driftstorm {

namespace {

Distribution within(double ppb) { return Distribution(law::Uniform{-ppb, ppb}); }

constexpr double a_year = 31'557'600;

struct Preset {
    double error_ppb;        ///< uniform within plus and minus this
    double ageing_ppb_year;  ///< [ppb/yr]
    PowerLaw noise;
    double linear_least;     ///< [ppb/K], uniform to ...
    double linear_greatest;  ///< [ppb/K]
    double quadratic;        ///< [ppb/K^2]
};

Preset figures_of(OscillatorPreset preset) {
    switch (preset) {
        case OscillatorPreset::phone_tcxo:
            return {2000, 500, {2e-20, 7e-19, 5e-22}, -15, 15, 0};
        case OscillatorPreset::rtc_32khz:
            return {20'000, 0, {2e-18, 7e-18, 5e-19}, 0, 0, -34};
        case OscillatorPreset::iot_xo:
            return {10'000, 0, {2e-18, 7e-18, 5e-19}, -1000, 1000, 0};
        case OscillatorPreset::pc_quartz:
            return {50'000, 0, {2e-18, 2e-17, 1.3e-20}, -1000, 1000, 0};
        case OscillatorPreset::ocxo:
            return {5, 5, {2e-24, 7e-25, 5e-30}, -0.1, 0.1, 0};
        case OscillatorPreset::mcu_rc:
            return {1.5e7, 0, {0, 7e-12, 0}, 0, 0, 0};
        case OscillatorPreset::none:
            break;
    }
    return {};
}

}  // namespace

PowerLaw noise_of(OscillatorPreset preset) { return figures_of(preset).noise; }

void apply_preset(OscillatorPreset preset, ClockParams& params) {
    params.oscillator = preset;
    if (preset == OscillatorPreset::none) return;
    const Preset figures = figures_of(preset);
    params.frequency_error = within(figures.error_ppb);
    params.ageing_ppb = figures.ageing_ppb_year / a_year;
    params.wander = {figures.noise.wander() * 1e9, figures.noise.h0, figures.noise.h_1};
    params.temperature.linear =
        figures.linear_greatest == 0
            ? Distribution::constant(0)
            : Distribution(law::Uniform{figures.linear_least, figures.linear_greatest});
    params.temperature.quadratic_ppb = figures.quadratic;
    params.temperature.cubic_ppb = 0;
}

}  // namespace driftstorm
