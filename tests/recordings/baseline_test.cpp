#include "recordings/baseline.hpp"

#include "recordings/verdict.hpp"

#include <doctest/doctest.h>

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
