#include "scenarios/node.hpp"

#include "scenarios/document.hpp"
#include "scenarios/parse_yaml.hpp"

#include <string>

#include <doctest/doctest.h>

using namespace driftstorm;

namespace {

struct Parsed {
    Complaints complaints;
    std::optional<Node> root;
};

Parsed parse_nodes(const std::string& text) {
    Parsed out;
    const std::uint32_t file = out.complaints.sources().add("x.yaml", text);
    out.root = parse_yaml(file, out.complaints);
    return out;
}

}  // namespace

TEST_CASE("every key and scalar knows its line, column and length") {
    const Parsed parsed = parse_nodes(
        "a: 1\n# note\nmap:\n  key: 'it''s'\n  list: [x, \"y z\"] # end\n  folded: >\n    one\n    "
        "two\n");
    REQUIRE(parsed.root);
    CHECK(parsed.complaints.text() == "");
    const Node& map = *parsed.root->find("map");
    CHECK(parsed.root->find_entry("map")->key_position == Position{0, 3, 1, 3});
    const Node& key = *map.find("key");
    CHECK(key.text() == "it's");
    CHECK(key.quoted());
    CHECK(key.position() == Position{0, 4, 8, 7});
    const Node& list = *map.find("list");
    CHECK(list.position() == Position{0, 5, 9, 1});
    CHECK(list.entries()[1].value.position() == Position{0, 5, 13, 5});
    CHECK_FALSE(list.entries()[0].value.quoted());
    CHECK(map.find("folded")->text() == "one two\n");
}

TEST_CASE("line ends of Windows and a byte order mark move no position") {
    const Parsed parsed = parse_nodes(
        "\xEF\xBB\xBF"
        "first: 1\r\nsecond: { key: 'v' }\r\n");
    REQUIRE(parsed.root);
    CHECK(parsed.complaints.text() == "");
    CHECK(parsed.root->find_entry("first")->key_position == Position{0, 1, 1, 5});
    CHECK(parsed.root->find("first")->position() == Position{0, 1, 8, 1});
    CHECK(parsed.root->find("second")->find("key")->position() == Position{0, 2, 16, 3});
    CHECK(parsed.root->find("second")->find("key")->text() == "v");
}

TEST_CASE("keys that begin with x- are left out with all below them") {
    const Parsed parsed = parse_nodes("x-a: { off: no, <<: 010 }\nb: { x-c: , d: 1 }\n");
    REQUIRE(parsed.root);
    CHECK(json_text(*parsed.root) == "{\"b\": {\"d\": 1}}\n");
}

TEST_CASE("an alias is the value that it names") {
    const Parsed parsed = parse_nodes("x-common: &c { a: 1 }\nb: *c\nc: [*c, *c]\n");
    REQUIRE(parsed.root);
    CHECK(parsed.complaints.text() == "");
    CHECK(json_text(*parsed.root) == "{\"b\": {\"a\": 1}, \"c\": [{\"a\": 1}, {\"a\": 1}]}\n");
}

TEST_CASE("texts that make yaml-cpp hang, crash or guess are answered") {
    const std::string deep(200'000, '[');
    const std::string deep_maps = [] {
        std::string text;
        for (int i = 0; i < 100'000; ++i) text += "{a: ";
        return text;
    }();
    const std::string questions = [] {
        std::string text;
        for (int i = 0; i < 20'000; ++i) text += "? ";
        return text;
    }();
    const std::string dashes = [] {
        std::string text;
        for (int i = 0; i < 20'000; ++i) text += "- ";
        return text;
    }();
    const std::string cases[] = {",",
                                 "]",
                                 "}",
                                 "[,]",
                                 "{,}",
                                 "'",
                                 "\"",
                                 "\"\\",
                                 "'a",
                                 "a: 'b",
                                 "*a",
                                 "&a",
                                 "&a *a",
                                 "&a [*a]",
                                 "!",
                                 "!<",
                                 "!!",
                                 "%",
                                 "%YAML 9.9\n---\na: 1",
                                 "%TAG\n",
                                 "--- --- ---",
                                 "...",
                                 "a: b: c",
                                 "- - -\n -",
                                 "? ?",
                                 ": :",
                                 "|",
                                 ">",
                                 "|9999999999",
                                 "a: |\n\t\n",
                                 "@",
                                 "`",
                                 "\xFF\xFE"
                                 "a",
                                 "a\0b",
                                 deep,
                                 deep_maps,
                                 questions,
                                 dashes,
                                 std::string(100'000, '{'),
                                 std::string(100'000, ','),
                                 "[" + std::string(100'000, ','),
                                 "a: \"\\x\"",
                                 "a: \"\\U00110000\"",
                                 "a: \"\\ud800\"",
                                 "\x04",
                                 "a: \x04 b"};
    for (const std::string& text : cases) {
        CAPTURE(text.substr(0, 40));
        const Parsed parsed = parse_nodes(text);
        const bool refused = parsed.complaints.any_errors();
        const bool empty_or_scalar = parsed.root && !parsed.root->is_map();
        CHECK((refused || empty_or_scalar));
    }
}

TEST_CASE("what readers of YAML disagree about is refused, and plain words are not") {
    for (const char* text : {"yes",   "No",      "ON",   "off",   "y",    "N",   "True",
                             "FALSE", "010",     "-07",  "0x1F",  "0o17", "0b1", "1_000",
                             "12:30", "1:30:00", ".inf", "-.INF", ".nan", "~",   "null"}) {
        CAPTURE(text);
        CHECK(parse_nodes("a: " + std::string(text)).complaints.errors() == 1);
        CHECK(parse_nodes("a: '" + std::string(text) + "'").complaints.errors() == 0);
    }
    for (const char* text :
         {"true", "false", "0", "-1", "10", "0.5", "1e3", "nobody", "online", "07:30 train",
          "v7.2.9", "rest", "2026-03-09T07:30:00Z", "20 ms", "0 %", "A3", "00:1b:44"}) {
        CAPTURE(text);
        CHECK(parse_nodes("a: " + std::string(text)).complaints.text() == "");
    }
}

TEST_CASE("a file of five megabytes is read in a few seconds, its time in proportion to its size") {
    const auto text_of = [](int entries) {
        std::string text = "apps:\n";
        for (int i = 0; i < entries; ++i) {
            text +=
                "  v" + std::to_string(i) + ": { heartbeat: { interval: 30 s, jitter: 20 % } }\n";
        }
        return text;
    };
    const std::string text = text_of(90'000);
    CHECK(text.size() > 4'800'000);
    const Parsed parsed = parse_nodes(text);
    REQUIRE(parsed.root);
    CHECK(parsed.root->find("apps")->size() == 90'000);
}
