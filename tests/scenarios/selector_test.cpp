#include "scenarios/selector.hpp"

#include <doctest/doctest.h>

using namespace driftstorm;

namespace {

Selector selector(const std::string& text) {
    const ParsedSelector parsed = parse_selector(text);
    REQUIRE_MESSAGE(parsed.selector.has_value(), text << " " << parsed.error);
    return *parsed.selector;
}

Limit limit(const std::string& text) {
    const ParsedLimit parsed = parse_limit(text);
    REQUIRE_MESSAGE(parsed.limit.has_value(), text << " " << parsed.error);
    return *parsed.limit;
}

}  // namespace

TEST_CASE("selectors take names, indices, conditions and bracketed names apart") {
    using Kind = SelectorStep::Kind;
    const Selector relay = selector("servers.relays[1]");
    REQUIRE(relay.steps.size() == 3);
    CHECK(relay.head() == "servers.relays");
    CHECK(relay.steps[2].kind == Kind::index);
    CHECK(relay.steps[2].index == 1);

    const Selector riders = selector("riders[app=v7.3.1, interface=lte]");
    REQUIRE(riders.steps.size() == 2);
    CHECK(riders.steps[1].matches ==
          std::vector<SelectorStep::Match>{{"app", "v7.3.1"}, {"interface", "lte"}});

    const Selector cap = selector("apps[v7.3.1].reconnect.cap");
    REQUIRE(cap.steps.size() == 4);
    CHECK(cap.steps[1].kind == Kind::name);
    CHECK(cap.steps[1].name == "v7.3.1");
    CHECK(cap.head() == "apps.v7.3.1.reconnect.cap");

    CHECK(selector("relays.queue_depth.max").head() == "relays.queue_depth.max");
    CHECK(selector("timeline[relay 1 down].for").steps[1].name == "relay 1 down");
    CHECK(selector("servers.relays[1][2]").steps.size() == 4);
}

TEST_CASE("a malformed selector is refused at the byte where it goes wrong") {
    struct Row {
        const char* text;
        std::size_t offset;
    };
    const Row rows[] = {{"", 0},       {".a", 0},       {"a.", 1},
                        {"a..b", 2},   {"[1]", 0},      {"a.[1]", 2},
                        {"a[1", 1},    {"a[]", 2},      {"a[b=]", 2},
                        {"a[=b]", 2},  {"a[b=c=d]", 2}, {"a[b=c,]", 2},
                        {"a[b,c]", 2}, {"a b", 1},      {"a[1]b", 4},
                        {"a[[1]]", 2}, {"a]", 1},       {"a[99999999999999999999]", 2},
                        {"a[ b ]", 2}};
    for (const Row& row : rows) {
        CAPTURE(row.text);
        const ParsedSelector parsed = parse_selector(row.text);
        CHECK_FALSE(parsed.selector.has_value());
        CHECK(parsed.offset == row.offset);
        CHECK(!parsed.error.empty());
    }
}

TEST_CASE("limits hold where they say") {
    CHECK(limit(">= 6").holds(6, ""));
    CHECK_FALSE(limit(">= 6").holds(5.9, ""));
    CHECK_FALSE(limit("> 6").holds(6, ""));
    CHECK(limit("< 500").holds(499, ""));
    CHECK_FALSE(limit("< 500").holds(500, ""));
    CHECK(limit("<= 500 ms").holds(0.5, "s"));
    CHECK(limit("== 0").holds(0, ""));
    CHECK(limit("0").holds(0, ""));
    CHECK(limit("!= 0").holds(1, ""));
    CHECK(limit("41 s +- 15 %").holds(41 * 1.149, "s"));
    CHECK_FALSE(limit("41 s +- 15 %").holds(41 * 1.151, "s"));
    CHECK(limit("41 s +- 2 s").holds(39.1, "s"));
    CHECK_FALSE(limit("41 s +- 2 s").holds(38.9, "s"));
    CHECK(limit("41 s \u00b1 2 s").holds(43, "s"));
    CHECK(limit("== -4 ms +- 1 ms").holds(-0.005, "s"));
    CHECK(limit("== theory.recovery +- 10 %").holds(109, "s", 100));
    CHECK_FALSE(limit("== theory.recovery +- 10 %").holds(111, "s", 100));
    CHECK(limit("< 5 ppm").holds(4.9, "ppm"));
    CHECK_FALSE(limit("< 5 ppm").holds(5.1, "ppm"));
    CHECK(limit("12 ppm +- 5 ppb").holds(12.004, "ppm"));
    CHECK_FALSE(limit("12 ppm +- 5 ppb").holds(12.006, "ppm"));
    CHECK(limit("> storms.baseline").holds(2, "", 1));
    CHECK(limit("== theory.recovery +- 10 % or 1 s").holds(0, "s", 0.9));
    CHECK_FALSE(limit("== theory.recovery +- 10 % or 1 s").holds(0, "s", 1.1));
    CHECK(limit("12 % +- 1 % or 0.02").holds(0.139, "%"));
    CHECK_FALSE(limit("12 % +- 1 % or 0.02").holds(0.141, "%"));
    CHECK_THROWS(limit("< 500 ms").holds(1, "m"));
}

TEST_CASE("limits have a relation, a value or a metric, and up to two tolerances") {
    using Relation = Limit::Relation;
    struct Row {
        const char* text;
        Relation relation;
        double value;
        const char* unit;
        double relative = -1;  ///< share; -1: none
        double absolute = -1;  ///< [unit]
    };
    const Row rows[] = {{">= 6", Relation::at_least, 6, ""},
                        {"> 6", Relation::greater, 6, ""},
                        {"< 500", Relation::less, 500, ""},
                        {"<= 500 ms", Relation::at_most, 0.5, "s"},
                        {"== 0", Relation::equal, 0, ""},
                        {"0", Relation::equal, 0, ""},
                        {"!= 0", Relation::not_equal, 0, ""},
                        {"41 s +- 15 %", Relation::equal, 41, "s", 0.15},
                        {"41 s +- 2 s", Relation::equal, 41, "s", -1, 2},
                        {"41 s \u00b1 2 s", Relation::equal, 41, "s", -1, 2},
                        {"41 s +- 2 % or 100 ms", Relation::equal, 41, "s", 0.02, 0.1},
                        {"41 s +/- 1 s  or  2 %", Relation::equal, 41, "s", 0.02, 1},
                        {"== -4 ms +- 1 ms", Relation::equal, -0.004, "s", -1, 0.001},
                        {"12 % +- 2 %", Relation::equal, 0.12, "%", 0.02},
                        {"< 5 ppm", Relation::less, 5, "ppm"},
                        {"12 ppm +- 5 ppb", Relation::equal, 12, "ppm", -1, 0.005}};
    for (const Row& row : rows) {
        CAPTURE(row.text);
        const Limit read = limit(row.text);
        CHECK(read.relation == row.relation);
        REQUIRE(read.value);
        CHECK(read.value->in(row.unit) == doctest::Approx(row.value));
        CHECK(read.relative_tolerance.has_value() == (row.relative >= 0));
        if (read.relative_tolerance)
            CHECK(read.relative_tolerance->in("%") == doctest::Approx(row.relative));
        CHECK(read.absolute_tolerance.has_value() == (row.absolute >= 0));
        if (read.absolute_tolerance)
            CHECK(read.absolute_tolerance->in(row.unit) == doctest::Approx(row.absolute));
    }
    CHECK(limit("== theory.recovery +- 10 %").metric->head() == "theory.recovery");
    CHECK(limit("> storms.baseline").metric->head() == "storms.baseline");
    CHECK_THROWS(limit("< 500 ms").value->in("m"));
}

TEST_CASE("malformed limits are refused with a reason") {
    for (const char* text : {"",
                             ">=",
                             "= 6",
                             "=> 6",
                             ">= 6 +- 1",
                             "6 +-",
                             "6 +- -1",
                             "41 s +- 3 km",
                             "6 7",
                             "41 sec",
                             "== a..b",
                             "+- 3",
                             "6 +- few",
                             "< 1e400",
                             "== 1e309",
                             "1e306 days",
                             "6 +- 1e309",
                             "=< 6",
                             "6 s +- 1 % or",
                             "6 s +- or 1 s",
                             "6 s +- 1 % or 2 %",
                             "6 s +- 1 s or 2 s",
                             "6 s +- 1 % or 2 s or 3 s",
                             "6 s +- 1 % or 2 km",
                             "6 s or 7 s"}) {
        CAPTURE(text);
        CHECK_FALSE(parse_limit(text).limit.has_value());
        CHECK(!parse_limit(text).error.empty());
    }
}
