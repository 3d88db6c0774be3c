#include "scenarios/document.hpp"

#include "scenarios/resolve.hpp"

#include <algorithm>
#include <map>
#include <stdexcept>

#include <doctest/doctest.h>

using namespace driftstorm;

namespace {

using Files = std::map<std::string, std::string>;

ReadFile from(const Files& files) {
    return [files](const std::string& name, std::string& reason) -> std::optional<std::string> {
        const auto found = files.find(name);
        if (found != files.end()) return found->second;
        reason = "No such file or directory";
        return {};
    };
}

struct Loaded {
    Complaints complaints;
    std::optional<Document> document;
};

Loaded load(const Files& files, const std::vector<Assignment>& set = {}) {
    Loaded out{Complaints(from(files)), {}};
    out.document = load_document("main.yaml", set, out.complaints);
    return out;
}

std::string value(const Loaded& loaded, const std::string& path) {
    const Node* node = find_path(loaded.document->root, path);
    return node ? node->text() : "(none)";
}

std::string json(const Loaded& loaded, const std::string& path) {
    return json_text(*find_path(loaded.document->root, path));
}

const std::string schema = "schema: scenario/1\n";

}  // namespace

TEST_CASE("an including file is laid on what it includes, maps key by key") {
    const Loaded loaded =
        load({{"main.yaml", schema + "include: [common/base.yaml, more.yaml]\n"
                                     "servers: { relays: { nodes: 5 } }\ntags: [mine]\n"},
              {"common/base.yaml",
               schema + "include: parts/deep.yaml\n"
                        "servers: { relays: { nodes: 3, queue: 7 } }\ntags: [base]\n"},
              {"common/parts/deep.yaml", "servers: { pool: { nodes: 1 } }\ntitle: deep\n"},
              {"more.yaml", "servers: { relays: { queue: 9 } }\n"}});
    CHECK(loaded.complaints.text() == "");
    CHECK(json_text(loaded.document->root) ==
          "{\"servers\": {\"pool\": {\"nodes\": 1}, \"relays\": {\"nodes\": 5, \"queue\": 9}}, "
          "\"title\": \"deep\", "
          "\"tags\": [\"mine\"]}\n");
    CHECK(loaded.complaints.sources().files().size() == 4);
    const std::map<std::string, std::string> where = [&] {
        const auto list = origins(loaded.document->root, loaded.complaints.sources());
        return std::map<std::string, std::string>(list.begin(), list.end());
    }();
    CHECK(where.at("servers.relays.nodes") == "main.yaml:3");
    CHECK(where.at("servers.relays.queue") == "more.yaml:1");
    CHECK(where.at("servers.pool.nodes") == "common/parts/deep.yaml:1");
    CHECK(where.at("tags[0]") == "main.yaml:4");
}

TEST_CASE("lists are replaced, or appended to through includes and extends alike") {
    const Loaded loaded = load(
        {{"main.yaml",
          schema +
              "include: [base.yaml]\n"
              "apps: { b: { extends: a, on: { append: [z] } }, c: { extends: b, on: [only] } }\n"
              "tags: { append: [two, three] }\nnew: { append: [x] }\n"},
         {"base.yaml", "apps: { a: { on: [x] }, b: { on: { append: [v] } } }\ntags: [one]\n"}});
    CHECK(loaded.complaints.text() == "");
    CHECK(json(loaded, "tags") == "[\"one\", \"two\", \"three\"]\n");
    CHECK(json(loaded, "apps.b.on") == "[\"x\", \"v\", \"z\"]\n");
    CHECK(json(loaded, "apps.c.on") == "[\"only\"]\n");
    CHECK(json(loaded, "new") == "[\"x\"]\n");
    // What has no list in any file is told from a list that replaces the model's default.
    CHECK(find_path(loaded.document->root, "new")->appends());
    CHECK_FALSE(find_path(loaded.document->root, "tags")->appends());
}

TEST_CASE("a text that begins like a reference is no text") {
    const Loaded loaded = load({{"main.yaml", schema + "parameters: { a: { default: 1 s } }\n"
                                                       "x: $a * 2\ny: ${a}\nz: $b\n"}});
    const std::string told = loaded.complaints.text();
    CHECK(told.find("'$a * 2': a value is '$a' alone") != std::string::npos);
    CHECK(told.find("'${a}': a value is '$a' alone") != std::string::npos);
    CHECK(told.find("there is no parameter 'b'") != std::string::npos);
    CHECK(loaded.complaints.errors() == 3);
}

TEST_CASE("a map whose one key names its kind is a value and replaced whole") {
    const Loaded loaded =
        load({{"main.yaml", schema + "include: [base.yaml]\n"
                                     "delay: { uniform: { min: 1 ms, max: 2 ms } }\n"
                                     "other: { lognormal: { median: 5 ms } }\n"
                                     "reconnect: { jitter: { before_cap: 50 % } }\nwander: 3\n"},
              {"base.yaml",
               "delay: { lognormal: { median: 5 ms, p99: 9 ms } }\n"
               "other: { lognormal: { median: 7 ms, p99: 9 ms } }\n"
               "reconnect: { cap: 8 s, jitter: full }\nwander: { random_walk: 1 }\n"}});
    CHECK(json(loaded, "delay") == "{\"uniform\": {\"min\": \"1 ms\", \"max\": \"2 ms\"}}\n");
    CHECK(json(loaded, "other") == "{\"lognormal\": {\"median\": \"5 ms\"}}\n");
    CHECK(json(loaded, "reconnect") ==
          "{\"cap\": \"8 s\", \"jitter\": {\"before_cap\": \"50 %\"}}\n");
    CHECK(value(loaded, "wander") == "3");
}

TEST_CASE("extends reaches over several links, into nested maps, and over includes") {
    const Loaded loaded =
        load({{"main.yaml", schema + "include: [base.yaml]\n"
                                     "apps:\n  v3: { extends: v2, heartbeat: { jitter: 5 % } }\n"
                                     "timeline:\n  - { name: a, at: 1 s, fault: x }\n  - { name: "
                                     "b, extends: a, at: 2 s }\n"},
              {"base.yaml",
               "apps:\n  v1: { heartbeat: { interval: 30 s, jitter: 20 % }, cap: 1 s }\n"
               "  v2: { extends: v1, cap: 2 s }\n"}});
    CHECK(loaded.complaints.text() == "");
    CHECK(json(loaded, "apps.v3") ==
          "{\"heartbeat\": {\"interval\": \"30 s\", \"jitter\": \"5 %\"}, \"cap\": \"2 s\"}\n");
    CHECK(json(loaded, "timeline[1]") == "{\"at\": \"2 s\", \"fault\": \"x\", \"name\": \"b\"}\n");
    const auto text =
        explain_value(*loaded.document, loaded.complaints.sources(), "apps.v3.heartbeat.interval");
    CHECK(text ==
          "apps.v3.heartbeat.interval: 30 s\n  stands at base.yaml:2:32\n  included from "
          "main.yaml:2\n");
}

TEST_CASE("entries that extend one another in many levels do not take the machine along") {
    std::string text = schema + "a0: { p: 1 }\n";
    for (int i = 1; i < 40; ++i) {
        const std::string below = "a" + std::to_string(i - 1);
        text += "a" + std::to_string(i) + ": { extends: " + below + ", l" + std::to_string(i) +
                ": { p: 1 }, r" + std::to_string(i) + ": { extends: l" + std::to_string(i) +
                " } }\n";
    }
    const Loaded chain = load({{"main.yaml", text}});
    CHECK(chain.complaints.text().find("more than 32 'extends'") != std::string::npos);

    std::string nested = "{ p: 1 }";
    for (int i = 0; i < 30; ++i) nested = "{ l: " + nested + ", r: { extends: l } }";
    const Loaded doubling = load({{"main.yaml", schema + "a: " + nested + "\n"}});
    CHECK(doubling.complaints.text().find("more than 2,000,000 values") != std::string::npos);
}

TEST_CASE("parameters stand wherever a value may, and --set changes them alone") {
    const Files files{
        {"main.yaml", schema + "parameters:\n  outage: { default: 150 s, range: [0 s, 15 min] }\n"
                               "  policy: { default: full }\n"
                               "timeline: [{ for: $outage }]\njitter: { before_cap: $policy "
                               "}\nliteral: \"$outage\"\n"}};
    const Loaded usual = load(files);
    CHECK(usual.complaints.text() == "");
    CHECK(value(usual, "timeline[0].for") == "150 s");
    CHECK(value(usual, "literal") == "$outage");
    CHECK_FALSE(usual.document->parameters_changed());

    const Loaded same = load(files, {{"outage", "2.5 min"}});
    CHECK_FALSE(same.document->parameters_changed());
    const Loaded changed = load(files, {{"outage", "0 s"}, {"policy", "none"}});
    CHECK(changed.complaints.text() == "");
    CHECK(changed.document->parameters_changed());
    CHECK(value(changed, "timeline[0].for") == "0 s");
    CHECK(value(changed, "jitter.before_cap") == "none");
    CHECK(explain_value(*changed.document, changed.complaints.sources(), "timeline[0].for") ==
          "timeline[0].for: 0 s\n  stands at main.yaml:5:19\n  through $outage, set on the command "
          "line\n");
    CHECK(explain_value(*usual.document, usual.complaints.sources(), "timeline[0].for") ==
          "timeline[0].for: 150 s\n  stands at main.yaml:5:19\n  through $outage, whose default "
          "stands at main.yaml:3:22\n");
    const auto list = origins(changed.document->root, changed.complaints.sources());
    CHECK(std::count(list.begin(), list.end(),
                     std::pair<std::string, std::string>("timeline[0].for", "--set")) == 1);
    CHECK_THROWS_AS(explain_value(*usual.document, usual.complaints.sources(), "timelin[0]"),
                    std::invalid_argument);
    CHECK_THROWS_AS(parse_assignment("outage"), std::invalid_argument);
    CHECK(parse_assignment("a=b=c").value == "b=c");
}

TEST_CASE("a file read through many includes is read once, and many includes of it stay cheap") {
    Files files{{"main.yaml", schema + "include: [a0.yaml, a0.yaml]\n"}};
    for (int i = 0; i < 60; ++i) {
        const std::string below = "a" + std::to_string(i + 1) + ".yaml";
        files["a" + std::to_string(i) + ".yaml"] =
            "include: [" + below + ", " + below + "]\nk" + std::to_string(i) + ": 1\n";
    }
    files["a60.yaml"] = "end: 1\n";
    const Loaded loaded = load(files);
    CHECK(loaded.complaints.text() == "");
    CHECK(loaded.document->root.size() == 61);
}

TEST_CASE("resolved text reads back as the same tree") {
    const Files files{
        {"main.yaml", schema + "a: { 'x: y': [1, '1', \"two\\nlines\", '- dash', \"'\", 'tr#ue', "
                               "'#c', 'true', -5 ppm, '', ' s '], e: {}, l: [] }\n"
                               "b: [[1, [2]], { c: [{ d: 1 }] }]\nv7.2.9: \"$x\"\n"}};
    const Loaded first = load(files);
    CHECK(first.complaints.text() == "");
    const std::string text = yaml_text(first.document->root);
    const Loaded second = load({{"main.yaml", schema + text}});
    CHECK(second.complaints.text() == "");
    CHECK(json_text(second.document->root) == json_text(first.document->root));
    CHECK(yaml_text(second.document->root) == text);
}

TEST_CASE("complaints are one JSON list for machines") {
    const Loaded loaded = load({{"main.yaml", "schema: scenario/9\na: \"\\u00fc\"\nb: off\n"}});
    CHECK(
        loaded.complaints.json() ==
        "[{\"severity\": \"error\", \"file\": \"main.yaml\", \"line\": 1, \"column\": 9, "
        "\"length\": 10, \"message\": "
        "\"'scenario/9' is not known here; this program reads scenario/1\", \"path\": \"\", "
        "\"notes\": []},\n"
        " {\"severity\": \"error\", \"file\": \"main.yaml\", \"line\": 3, \"column\": 4, "
        "\"length\": 3, \"message\": "
        "\"'off' is 'false' to some readers of YAML; write false, or in quotes if it is a text\", "
        "\"path\": \"b\", \"notes\": []}]\n");
    CHECK_THROWS_AS(loaded.complaints.throw_if_any(), ScenarioError);
}

TEST_CASE("the nearest word is what was meant, or nothing") {
    const std::vector<std::string_view> known{"downlink", "uplink", "technology", "at",
                                              "cap",      "median", "p99"};
    CHECK(nearest_word("donwlink", known) == "downlink");
    CHECK(nearest_word("tech", known) == "technology");
    CHECK(nearest_word("Uplink", known) == "uplink");
    CHECK(nearest_word("colour", known) == "");
    CHECK(nearest_word("xy", known) == "");
    CHECK(nearest_word("p98", known) == "p99");
    CHECK(nearest_word("", known) == "");
}
