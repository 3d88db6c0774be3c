#include "scenarios/read_params.hpp"

#include "scenarios/parse_yaml.hpp"
#include "scenarios/read_distribution.hpp"
#include "tests/scenarios/example_scenario.hpp"

#include <cmath>

#include <doctest/doctest.h>

using namespace driftstorm;

namespace {

struct Read {
    Complaints complaints{
        [](const std::string& name, std::string& reason) -> std::optional<std::string> {
            if (name == "d/gaps.csv") return "# measured\ntime, gap ,note\n1,48,a\n2,52.5,b\n";
            reason = "No such file or directory";
            return {};
        }};
    Node node;
};

Read parse(const std::string& text) {
    Read out;
    const std::uint32_t file = out.complaints.sources().add("d/x.yaml", text);
    out.node = parse_yaml(file, out.complaints).value_or(Node());
    return out;
}

template <class T>
std::optional<T> read_one(const std::string& text, const ValueShape& shape = {}) {
    Read read = parse("value: " + text + "\n");
    T value{};
    const ValuePlace place{"value", "value", shape, read.complaints};
    const bool sound =
        read.node.find("value") && ValueForm<T>::read(*read.node.find("value"), place, value);
    CHECK(sound == !read.complaints.any_errors());
    return sound ? std::optional<T>(std::move(value)) : std::nullopt;
}

/// Writes a value, reads it again, and writes that: both texts must be the same.
template <class T>
std::string round_trip(const std::string& text, const ValueShape& shape = {}) {
    const std::optional<T> value = read_one<T>(text, shape);
    REQUIRE(value.has_value());
    const std::string written = json_text(*ValueForm<T>::write(*value, shape));
    const std::string yaml =
        yaml_text(Node::map({{"value", {}, *ValueForm<T>::write(*value, shape)}}, {}));
    Read again = parse(yaml);
    T second{};
    CHECK(ValueForm<T>::read(*again.node.find("value"), {"value", "value", shape, again.complaints},
                             second));
    CHECK(json_text(*ValueForm<T>::write(second, shape)) == written);
    return written.substr(0, written.size() - 1);
}

}  // namespace

TEST_CASE("every kind of value is read and written") {
    CHECK(round_trip<bool>("true") == "true");
    CHECK(round_trip<std::uint32_t>("1e3") == "1000");
    CHECK(round_trip<std::int64_t>("-9223372036854775807") == "-9223372036854775807");
    CHECK(round_trip<std::uint64_t>("18446744073709551615") == "18446744073709551615");
    CHECK(round_trip<std::uint64_t>("12 Mbit/s", {"bit/s"}) == "\"12000000 bit/s\"");
    CHECK(round_trip<double>("0.6 %", {"%"}) == "\"0.6 %\"");
    CHECK(round_trip<double>("2.5") == "2.5");
    CHECK(round_trip<Duration>("1.5 min") == "\"90 s\"");
    CHECK(round_trip<Time>("250 us") == "\"250 us\"");
    CHECK(round_trip<Rate>("12 ppm") == "\"12000 ppb\"");
    CHECK(round_trip<std::string>("some words") == "\"some words\"");
    CHECK(round_trip<example::Technology>("wifi") == "\"wifi\"");
    CHECK(round_trip<std::optional<Duration>>("3 ms") == "\"3 ms\"");
    CHECK(round_trip<std::vector<Duration>>("[3 ms, 4 s]") == "[\"3 ms\", \"4 s\"]");
    CHECK(round_trip<Window>("[12 min, 20 min]") == "[\"720 s\", \"1200 s\"]");
    CHECK(round_trip<Timestamp>("2026-03-09T07:30:00Z") == "\"2026-03-09T07:30:00Z\"");
    CHECK(round_trip<Limit>("'>= 6'") == "\">= 6\"");
    CHECK(round_trip<Selector>("servers.relays[1]") == "\"servers.relays[1]\"");
    CHECK(round_trip<Reference>("phone_xo") == "\"phone_xo\"");
    CHECK(round_trip<WeightedChoice>("v1") == "\"v1\"");
    CHECK(round_trip<WeightedChoice>("{ weighted: { v7.2.9: rest, v7.3.1: 12 % } }") ==
          "{\"weighted\": {\"v7.2.9\": \"88 %\", \"v7.3.1\": \"12 %\"}}");
    CHECK(
        round_trip<std::variant<example::NoJitter, example::FullJitter, example::JitterBeforeCap>>(
            "full") == "\"full\"");
    CHECK(
        round_trip<std::variant<example::NoJitter, example::FullJitter, example::JitterBeforeCap>>(
            "{ before_cap: 50 % }") == "{\"before_cap\": \"50 %\"}");
}

TEST_CASE("a rate is the fraction rounded to its grid once") {
    CHECK(read_one<Rate>("12 ppm", {"ppb"})->raw == Rate::fraction(12e-6).raw);
    CHECK(read_one<Rate>("-0.25 ppb", {"ppb"})->raw == Rate::fraction(-0.25e-9).raw);
    CHECK(read_one<Rate>("1 %", {"ppb"})->raw == Rate::fraction(0.01).raw);
    CHECK_FALSE(read_one<Rate>("60 %", {"ppb"}).has_value());
}

TEST_CASE("what is appended comes after the model's default, what is not replaces it") {
    Read read = parse("value: [lte, nr]\n");
    const Node plain = *read.node.find("value");
    const Node appending = Node::appending(plain.entries(), plain.position());
    const ValuePlace place{"value", "value", {}, read.complaints};
    std::vector<std::string> member{"wifi"};
    CHECK(ValueForm<std::vector<std::string>>::read(appending, place, member));
    CHECK(member == std::vector<std::string>{"wifi", "lte", "nr"});
    CHECK(ValueForm<std::vector<std::string>>::read(plain, place, member));
    CHECK(member == std::vector<std::string>{"lte", "nr"});
}

TEST_CASE("ranges are inclusive at both ends, as written") {
    for (const char* text : {"0.1 s", "100 ms", "0.3 s", "300 ms"})
        CHECK(read_one<Duration>(text, {"s", 0.1, 0.3}).has_value());
    for (const char* text : {"99.999999 ms", "0.300000001 s"})
        CHECK_FALSE(read_one<Duration>(text, {"s", 0.1, 0.3}).has_value());
    CHECK(read_one<double>("100 %", {"%", 0, 1}).has_value());
    CHECK_FALSE(read_one<double>("100.0000001 %", {"%", 0, 1}).has_value());
    CHECK(read_one<std::uint8_t>("255").has_value());
    CHECK_FALSE(read_one<std::uint8_t>("256").has_value());
    CHECK_FALSE(read_one<std::int8_t>("-129").has_value());
}

TEST_CASE("shares of a choice are exact: what others leave is the rest") {
    const auto choice =
        read_one<WeightedChoice>("{ weighted: { a: 33.3 %, b: 33.3 %, c: 33.4 % } }");
    REQUIRE(choice);
    CHECK(choice->options[2].share == 0.334);
    const auto rest = read_one<WeightedChoice>("{ weighted: { a: 0.1 %, b: rest } }");
    CHECK(rest->options[1].share == 0.999);
    CHECK(read_one<WeightedChoice>("{ weighted: { a: 100 %, b: rest } }")->options[1].share == 0.0);
    CHECK_FALSE(
        read_one<WeightedChoice>("{ weighted: { a: 33.3 %, b: 33.3 %, c: 33.3 % } }").has_value());
    CHECK_FALSE(read_one<WeightedChoice>("{ weighted: {} }").has_value());
    CHECK_FALSE(read_one<WeightedChoice>("{ weighted: { a: 1e-11 %, b: rest } }").has_value());
}

TEST_CASE("every distribution is read in the unit of its field and written in full") {
    const ValueShape seconds{"s"};
    const std::pair<const char*, const char*> rows[] = {
        {"48 ms", "\"0.048 s\""},
        {"{ constant: 48 ms }", "\"0.048 s\""},
        {"{ constant: { value: 48 ms } }", "\"0.048 s\""},
        {"{ uniform: { min: 0 s, max: 90 s } }",
         "{\"uniform\": {\"min\": \"0 s\", \"max\": \"90 s\"}}"},
        {"{ normal: { mean: 0 ms, sd: 4 ms, clip: [-10 ms, 10 ms] } }",
         "{\"normal\": {\"mean\": \"0 s\", \"sd\": \"0.004 s\", \"clip\": [\"-0.01 s\", \"0.01 "
         "s\"]}}"},
        {"{ lognormal: { median: 48 ms, p99: 900 ms } }",
         "{\"lognormal\": {\"median\": \"0.048 s\", \"p99\": \"0.9 s\"}}"},
        {"{ lognormal: { median: 48 ms, sigma: 1.2 } }",
         "{\"lognormal\": {\"median\": \"0.048 s\", \"sigma\": 1.2}}"},
        {"{ exponential: { mean: 2 s } }", "{\"exponential\": {\"mean\": \"2 s\"}}"},
        {"{ hyperexponential: { mean: 2 s, scv: 4 } }",
         "{\"hyperexponential\": {\"mean\": \"2 s\", \"scv\": 4}}"},
        {"{ hyperexponential: { weights: [90 %, 10 %], means: [1 s, 9 s] } }",
         "{\"hyperexponential\": {\"weights\": [\"90 %\", \"10 %\"], \"means\": [\"1 s\", \"9 "
         "s\"]}}"},
        {"{ gamma: { mean: 0.9 ms, shape: 2.5 } }",
         "{\"gamma\": {\"mean\": \"0.0009 s\", \"shape\": 2.5}}"},
        {"{ weibull: { scale: 3 s, shape: 0.7 } }",
         "{\"weibull\": {\"scale\": \"3 s\", \"shape\": 0.7}}"},
        {"{ pareto: { min: 3 s, shape: 1.5 } }",
         "{\"pareto\": {\"min\": \"3 s\", \"shape\": 1.5}}"},
        {"{ laplace: { median: 0 ms, scale: 350 ms } }",
         "{\"laplace\": {\"median\": \"0 s\", \"scale\": \"0.35 s\"}}"},
        {"{ weighted: { values: [1 s, 2 s], weights: [30 %, 70 %] } }",
         "{\"weighted\": {\"values\": [\"1 s\", \"2 s\"], \"weights\": [\"30 %\", \"70 %\"]}}"},
        {"{ empirical: { values: [1 s, 2 s, 4 s] } }",
         "{\"empirical\": {\"values\": [\"1 s\", \"2 s\", \"4 s\"]}}"},
        {"{ empirical: { file: gaps.csv, column: gap, unit: ms } }",
         "{\"empirical\": {\"values\": [\"0.048 s\", \"0.0525 s\"]}}"},
        {"{ mixture: { weights: [80 %, 20 %], parts: [3 s, { exponential: { mean: 2 s } }] } }",
         "{\"mixture\": {\"weights\": [\"80 %\", \"20 %\"], \"parts\": [\"3 s\", {\"exponential\": "
         "{\"mean\": \"2 s\"}}]}}"}};
    for (const auto& [text, written] : rows) {
        CAPTURE(text);
        CHECK(round_trip<Distribution>(text, seconds) == written);
    }
    CHECK(round_trip<Distribution>("{ zipf: { exponent: 1.3, min: 2, max: 60 } }") ==
          "{\"zipf\": {\"exponent\": 1.3, \"min\": 2, \"max\": 60}}");
    CHECK(round_trip<Distribution>("{ poisson: { mean: 3 } }") == "{\"poisson\": {\"mean\": 3}}");
    CHECK(round_trip<Distribution>("{ geometric: { mean: 3 } }") ==
          "{\"geometric\": {\"mean\": 3}}");
    CHECK(round_trip<Distribution>("{ uniform: { min: 0.5 %, max: 1 % } }", {"%"}) ==
          "{\"uniform\": {\"min\": \"0.5 %\", \"max\": \"1 %\"}}");
    CHECK(read_one<Distribution>("{ normal: { mean: 1 ppm, sd: 9 ppm } }", {"ppb"})->mean() ==
          doctest::Approx(1000));
    CHECK_FALSE(read_one<Distribution>("{ normal: { mean: 1 s } }", seconds).has_value());
    CHECK_FALSE(read_one<Distribution>("{ normal: { mean: 1 s, sd: 1 s } }", {"s", 0}).has_value());
    CHECK(read_one<Distribution>("{ normal: { mean: 1 s, sd: 1 s, clip: [0 s, 9 s] } }", {"s", 0})
              .has_value());
    CHECK_FALSE(
        read_one<Distribution>("{ empirical: { file: none.csv, column: gap, unit: ms } }", seconds)
            .has_value());
}

TEST_CASE(
    "parameters written with every default read back as the same, through the whole scenario") {
    Complaints complaints([](const std::string& name, std::string& reason) {
        return read_file_from_disk(
            std::string(DRIFTSTORM_SOURCE_DIR) + "/tests/scenarios/sound/" + name, reason);
    });
    const auto scenario = example::read_scenario("commuter_train.yaml", {}, complaints);
    REQUIRE(scenario);
    CHECK(complaints.text() == "");
    CHECK(scenario->apps[1].value.reconnect.cap.ns == 8'000'000'000);
    CHECK(scenario->apps[1].value.resync_on.size() == 4);
    CHECK(scenario->clocks[0].value.sync.size() == 2);
    CHECK(scenario->populations[0].value.app.options[1].share == 0.12);
    CHECK(scenario->network.paths[0].loss == 0.006);
    CHECK(scenario->timeline[1].for_.ns == 150'000'000'000);

    const std::string text = "schema: scenario/1\n" + yaml_text(params_node(*scenario));
    CHECK(text.find("read_receipts: true") != std::string::npos);  // a default that no file states
    Complaints again(
        [&](const std::string&, std::string&) { return std::optional<std::string>(text); });
    const auto second = example::read_scenario("resolved.yaml", {}, again);
    CHECK(again.text() == "");
    CHECK(yaml_text(params_node(*second)) == yaml_text(params_node(*scenario)));
}

TEST_CASE("a population of 200,000 devices is ten lines and a few hundred values") {
    const std::string text =
        "schema: scenario/1\nseed: 1\nduration: 1 h\nclocks: { xo: { initial_offset: { laplace: { "
        "median: 0 ms, scale: 350 ms } } } }\n"
        "apps: { v1: { heartbeat: { interval: 30 s } } }\npopulations:\n  riders:\n    count: "
        "200000\n    clock: xo\n    app: v1\n";
    Complaints complaints(
        [&](const std::string&, std::string&) { return std::optional<std::string>(text); });
    const auto scenario = example::read_scenario("x.yaml", {}, complaints);
    CHECK(complaints.text() == "");
    CHECK(scenario->populations[0].value.count == 200'000);
    Complaints plain(
        [&](const std::string&, std::string&) { return std::optional<std::string>(text); });
    CHECK(load_document("x.yaml", {}, plain)->root.weight() < 100);
}
