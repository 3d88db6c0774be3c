// Words of oscillators, and what the timeline does to devices' clocks.
#include "models/clocks/oscillator_presets.hpp"
#include "tests/world/recorded_rows.hpp"

#include <doctest/doctest.h>

#include <optional>
#include <string>

using namespace driftstorm;
using namespace driftstorm::tests;

namespace {

std::string with_clock(const std::string& clock, const std::string& timeline = "[]") {
    return "schema: scenario/1\nduration: 2 h\nclocks:\n  mine: " + clock +
           "\npopulations:\n  phones: { count: 3, clock: mine }\ntimeline: " + timeline + "\n";
}

std::string complaints_of(const std::string& yaml) {
    Complaints complaints(
        [&yaml](const std::string& name, std::string& reason) -> std::optional<std::string> {
            if (name == "test.yaml") return yaml;
            return read_file_from_disk(name, reason);
        });
    read_scenario("test.yaml", {}, complaints);
    return complaints.any_errors() ? complaints.text() : "";
}

}  // namespace

TEST_CASE("a kind of oscillator fills in what is not written, and what is written holds") {
    const TextScenario text = read_text(with_clock(
        "{ oscillator: phone_tcxo, ageing: 0 ppb/s, wander: { flicker: 1e-20 }, temperature: { "
        "swing: 3 K } }"));
    const ClockParams& clock = text.scenario->clocks.front().value;
    CHECK(clock.frequency_error.max() == 2000);
    CHECK(clock.ageing_ppb == 0);
    CHECK(clock.wander.flicker_h_1 == 1e-20);
    CHECK(clock.wander.white_h0 == noise_of(OscillatorPreset::phone_tcxo).h0);
    CHECK(clock.temperature.swing_k == 3);
    CHECK(clock.temperature.linear.max() == 15);
    // Written out in full it reads back as the same.
    const std::string full = resolved_yaml(*text.scenario);
    const TextScenario again = read_text(full);
    CHECK(resolved_yaml(*again.scenario) == full);
}

TEST_CASE("what no clock could be made from is complained of") {
    CHECK(complaints_of(with_clock("{ oscillator: phone_txco }")).find("phone_tcxo") !=
          std::string::npos);
    CHECK(
        complaints_of(with_clock("{ temperature: { mean: 140 degC, swing: 60 K, load: [{ from: 14 "
                                 "h, until: 16 h, rise: 100 K }] } }"))
            .find("must be within -150 .. 250") != std::string::npos);
    CHECK(complaints_of(with_clock("{ temperature: { points: [{ at: 5 h, is: 20 degC }, { at: 4 h, "
                                   "is: 21 degC }] } }"))
              .find("order of time") != std::string::npos);
    CHECK(complaints_of(with_clock("{ steps: [{ at: 1 h, by: 40000 ppm }, { at: 1 h, by: -40000 "
                                   "ppm }] }"))
              .find("5 % in all") != std::string::npos);
    CHECK(complaints_of(with_clock("{ trace: { file: nowhere.csv } }")).find("cannot read") !=
          std::string::npos);
    CHECK(complaints_of(with_clock("{}", "[{ name: a, at: 1 h, fault: suspend, target: phones }]"))
              .find("'for' is missing") != std::string::npos);
    CHECK(complaints_of(
              with_clock("{}", "[{ name: a, at: 1 h, fault: user_sets_clock, target: phones }]"))
              .find("needs 'by'") != std::string::npos);
}

TEST_CASE("the timeline puts devices to sleep, reboots them and sets their clocks, repeatably") {
    const std::string yaml = with_clock(
        "{ oscillator: iot_xo, rtc: { present: true, counts_sleep: true } }",
        "[{ name: nap, at: 10 min, fault: suspend, target: phones, for: 20 min }, { name: update, "
        "at: 1 h, fault: reboot, target: \"phones[1]\", for: 30 s }, { name: pull, at: 70 min, "
        "fault: battery_pull, target: \"phones[2]\", for: 30 s }, { name: hand, at: 90 min, fault: "
        "user_sets_clock, target: phones, by: -1 min }]");
    const TextScenario text = read_text(yaml);
    const RunResult one = run(*text.scenario, {}, Time{} + text.scenario->duration);
    // Each fault begins, and all but the hand end.
    CHECK(one.events >= 7);
    CHECK(one.digest == run(*text.scenario, {}, Time{} + text.scenario->duration).digest);
    const TextScenario unset = read_text(replaced(yaml, "by: -1 min", "by: -2 min"));
    CHECK(one.digest != run(*unset.scenario, {}, Time{} + text.scenario->duration).digest);
}
