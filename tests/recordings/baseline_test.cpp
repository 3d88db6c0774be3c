#include "recordings/baseline.hpp"

#include "recordings/verdict.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <string>

using namespace driftstorm;
using namespace driftstorm::literals;

namespace {

ScenarioText queue(const std::string& mean = "10 ms") {
    return {"queue.yaml",
            "schema: scenario/1\ntitle: A short queue\nseed: 3\nduration: 20 s\n"
            "servers:\n  desk: { kind: station, workers: 1, service_time: { exponential: { mean: " +
                mean +
                " } } }\n"
                "populations:\n  customers: { kind: customers, station: desk, arrivals: { process: "
                "poisson, rate: 50 req/s } }\n",
            {}};
}

Baseline recorded(const ScenarioText& text, std::uint32_t seeds) {
    const LoadedScenario loaded = load(text);
    RecordRequest request;
    request.seeds = seeds;
    request.version = "1.2.3";
    return record(*loaded.scenario, loaded.complaints->sources(), "queue", request);
}

}  // namespace

TEST_CASE("a baseline reads back as what was written, and its scenario runs from it alone") {
    Baseline baseline = recorded(queue(), 3);
    baseline.tolerances.push_back(parse_tolerance_rule("*.wait.*=count 3"));
    baseline.accepted.push_back({"the \"old\" value: was wrong", "1.2.3", "00", "11"});
    const std::string text = yaml_of(baseline);
    CHECK(is_baseline(text));
    const Baseline back = parse_baseline("folder/queue.yaml", text);
    CHECK(yaml_of(back) == text);
    CHECK(back.ladder == baseline.ladder);
    CHECK(back.ladder.rungs.size() <= baseline_windows);
    CHECK(back.seeds() == 3);
    CHECK(back.metrics.size() <= headline_count);
    CHECK(back.metrics.size() > 5);
    CHECK(back.accepted.front().because == "the \"old\" value: was wrong");
    CHECK_FALSE(back.models.empty());
    CHECK(verify(back).verdict == Verdict::identical);
}

TEST_CASE("places in a baseline's scenario are lines of the baseline's file") {
    const std::string text = yaml_of(recorded(queue(), 1));
    const Baseline back = parse_baseline("queue.yaml", text);
    const LoadedScenario loaded = load(back.scenario);
    const Node* mean =
        find_path(loaded.scenario->document.root, "servers.desk.service_time.exponential.mean");
    REQUIRE(mean != nullptr);
    std::size_t line = 1;
    for (std::size_t i = 0; i < text.find("mean: 0.01 s"); ++i) line += text[i] == '\n' ? 1u : 0u;
    CHECK(mean->position().line == line);
}

TEST_CASE("a changed parameter is changed, and says where and by how much") {
    Baseline baseline = recorded(queue(), 12);
    baseline.scenario = queue("11 ms");
    const Verification verification = verify(baseline);
    CHECK(verification.verdict == Verdict::changed);
    REQUIRE(verification.first.has_value());
    CHECK(verification.first->from == Time{});
    CHECK(verification.first->components.front() == "events");
    const std::string text = render(verification);
    CHECK(text.find("desk.sojourn.mean") != std::string::npos);
    const std::string junit = render_junit({verification}, false);
    CHECK(junit.find("failures=\"1\"") != std::string::npos);
}

TEST_CASE("other luck of the same law is equivalent") {
    Baseline baseline = recorded(queue(), 20);
    // The same seeds in another order of pairs: every value is of the same law, none is its pair's.
    const Baseline other = [] {
        ScenarioText text = queue();
        text.text.replace(text.text.find("seed: 3"), 7, "seed: 503");
        return recorded(text, 20);
    }();
    baseline.scenario = other.scenario;
    baseline.seed = 503;
    const Verification verification = verify(baseline);
    CHECK(verification.verdict == Verdict::equivalent);
    CHECK(render_junit({verification}, false).find("failures=\"0\"") != std::string::npos);
    CHECK(render_junit({verification}, true).find("failures=\"1\"") != std::string::npos);
}

TEST_CASE("a metric that is no more is a change") {
    Baseline baseline = recorded(queue(), 2);
    baseline.digest = "0000000000000000";
    baseline.metrics.push_back({"desk.gone.mean", "s", {1, 2}});
    const Verification verification = verify(baseline);
    CHECK(verification.verdict == Verdict::changed);
    CHECK(verification.metrics.back().comparison.reason == "defined with 0 of 2 seeds, was with 2");
}

TEST_CASE("accepting rewrites the sections that changed and keeps the others to the byte") {
    Baseline baseline = recorded(queue(), 2);
    std::string text = yaml_of(baseline);
    text.replace(text.find("tolerances:"), 11, "# agreed with the operators\ntolerances:");
    CHECK(yaml_over(text, baseline) == text);
    Baseline renewed = baseline;
    renewed.digest = "0123456789abcdef";
    renewed.metrics.front().values.front() += 1;
    const std::string after = yaml_over(text, renewed);
    CHECK(after.find("# agreed with the operators") != std::string::npos);
    CHECK(after.find("digest: \"0123456789abcdef\"") != std::string::npos);
    std::size_t changed = 0;  // lines
    for (std::size_t a = 0, b = 0; a < text.size();) {
        const std::string was = text.substr(a, text.find('\n', a) - a);
        const std::string is = after.substr(b, after.find('\n', b) - b);
        changed += was == is ? 0 : 1;
        a += was.size() + 1;
        b += is.size() + 1;
    }
    CHECK(changed == 3);  // digest, and the metric's mean and values
}

TEST_CASE("identical means the digests of all seeds, or of as many as were asked for") {
    Baseline baseline = recorded(queue(), 4);
    REQUIRE(baseline.other_digests.size() == 3);
    Verification verification = verify(baseline);
    CHECK(verification.verdict == Verdict::identical);
    CHECK(verification.runs == 4);
    CHECK(verify(baseline, 1).runs == 1);
    // A change that only the third seed sees.
    baseline.other_digests[1] = "0000000000000001";
    verification = verify(baseline);
    CHECK(verification.verdict == Verdict::equivalent);
    CHECK(verification.seed == baseline.seed + 2);
    CHECK(verification.recorded_digest == "0000000000000001");
    CHECK_FALSE(verification.first.has_value());
    CHECK(render(verification).find("under seed 5") != std::string::npos);
    CHECK(verify(baseline, 2).verdict == Verdict::identical);
    CHECK(render(verify(baseline, 2)).find("2 of 4 seeds") != std::string::npos);
    // One that does not keep them is compared in what it keeps.
    baseline.other_digests.clear();
    CHECK(verify(parse_baseline("old.yaml", yaml_of(baseline))).runs == 1);
}

TEST_CASE("further seeds are run where the recorded ones leave a doubt") {
    Baseline baseline = recorded(queue(), 12);
    // The same behaviour but for one metric, which leans to one side: not enough for a change.
    for (MetricSamples& samples : baseline.metrics) {
        if (samples.path != "desk.sojourn.mean") continue;
        for (std::size_t k = 0; k < 12; ++k) samples.values[k] *= k < 1 ? 1.2 : 0.9;
    }
    baseline.digest = "0000000000000000";
    const Verification verification = verify(baseline);
    CHECK(verification.runs == 12 * (1 + further_factor));
    CHECK(verification.further == 12 * further_factor);
    CHECK(verification.metrics.front().further.size() == 12 * further_factor);
}

TEST_CASE("a baseline whose scenario was edited by hand says so") {
    Baseline baseline = recorded(queue(), 1);
    CHECK_FALSE(verify(baseline).edited);
    baseline.scenario = queue("11 ms");
    CHECK(render(verify(baseline)).find("edited since") != std::string::npos);
}

TEST_CASE("every scenario of the library reads back from a baseline as the same scenario") {
    std::size_t found = 0;
    const std::filesystem::path library = DRIFTSTORM_SOURCE_DIR "/scenarios/library";
    for (const auto& entry : std::filesystem::directory_iterator(library)) {
        if (entry.path().extension() != ".yaml") continue;
        CAPTURE(entry.path().string());
        Complaints complaints;
        const auto scenario = read_scenario(entry.path().string(), {}, complaints);
        complaints.throw_if_any();
        RecordedRun none;
        none.ladder = {1_s, {"events"}, {{1}}};
        const Baseline baseline = baseline_of(*scenario, text_of(*scenario, complaints.sources()),
                                              "kept", 1_s, "1.2.3", {none}, {});
        const Baseline back = parse_baseline("elsewhere/kept.yaml", yaml_of(baseline));
        CHECK(back.scenario.text == baseline.scenario.text);
        CHECK(back.scenario.files == baseline.scenario.files);
        const LoadedScenario loaded = load(back.scenario);
        CHECK(hex(fingerprint(resolved_yaml(*loaded.scenario))) == baseline.scenario_hash);
        ++found;
    }
    CHECK(found >= 6);
}

TEST_CASE("a broken baseline says all that is wrong with it, and where") {
    std::string text = yaml_of(recorded(queue(), 2));
    text.replace(text.find("seed: 3"), 7, "seed: x");
    text.replace(text.find("allow: relative 0.5 %"), 21, "allow: relative 0.5");
    try {
        parse_baseline("queue.yaml", text);
        FAIL("accepted");
    } catch (const ScenarioError& error) {
        const std::string what = error.what();
        CHECK(what.find("whole number") != std::string::npos);
        CHECK(what.find("relative tolerance is in %") != std::string::npos);
        CHECK(what.find("queue.yaml:") != std::string::npos);
    }
    CHECK_THROWS_AS(parse_baseline("x.yaml", "schema: scenario/1\n"), ScenarioError);
}

namespace {

/// What is said of a baseline in which one text was put in place of another.
std::string said_of(std::string text, const std::string& old, const std::string& put) {
    const std::size_t at = text.find(old);
    REQUIRE(at != std::string::npos);
    text.replace(at, old.size(), put);
    try {
        parse_baseline("queue.yaml", text);
    } catch (const ScenarioError& error) {
        return error.what();
    }
    return "nothing";
}

bool tells(const std::string& said, const std::string& what) {
    INFO(said);
    const bool told =
        said.find(what) != std::string::npos && said.find("queue.yaml:") != std::string::npos;
    CHECK(told);
    return told;
}

}  // namespace

TEST_CASE("what was broken by hand is told with its place and what would be right") {
    const std::string text = yaml_of(recorded(queue(), 3));
    tells(said_of(text, "baseline/1", "baseline/2"), "reads baseline/1");
    CHECK(is_baseline("schema: baseline/2\n"));
    tells(said_of(text, "seeds: 3", "seeds: 4"), "there are 3");
    tells(said_of(text, "seeds: 3", "seeds: 4"), "for each of the 4 seeds");
    const std::size_t values = text.find("values: \"") + 9;
    const std::string first = text.substr(values, text.find(' ', values) + 1 - values);
    tells(said_of(text, "values: \"" + first, "values: \""), "has 2 values");
    tells(said_of(text, "values: \"" + first, "values: \"much "), "must be numbers");
    tells(said_of(text, "digest: \"", "digest: \"x"), "16 digits");
    tells(said_of(text, "tolerances:", "tolerance:"), "no section of a baseline");
    tells(said_of(text, "    - \"", "    - \"12 "), "for each of the");
    tells(said_of(text, "until: 20 s", "until: -1 s"), "length of time");
    tells(said_of(text, "ladder:\n", "ladder: nothing\nx:\n"), "'ladder'");
    CHECK_THROWS_AS(parse_baseline("queue.yaml", text.substr(0, text.size() / 2)), ScenarioError);
    CHECK_THROWS_AS(parse_baseline("queue.yaml", text.substr(0, 300)), ScenarioError);
}
