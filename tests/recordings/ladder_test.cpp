#include "recordings/ladder.hpp"

#include <doctest/doctest.h>

using namespace driftstorm;
using namespace driftstorm::literals;

namespace {

DigestLadder digests(std::initializer_list<std::pair<int, const char*>> records) {
    DigestLadder ladder;
    for (const char* component : {"events", "links", "samples"}) ladder.component(component);
    for (const auto& [second, component] : records)
        ladder.add(ladder.component(component), Time{} + 1_s * second, 7u);
    return ladder;
}

}  // namespace

TEST_CASE("at most 64 windows are sums of ceil(n / 64) adjacent rungs") {
    DigestLadder whole;
    const std::size_t events = whole.component("events");
    for (int second = 0; second < 130; ++second)
        whole.add(events, Time{} + 1_s * second, static_cast<std::uint64_t>(second + 1));
    const Ladder narrow = narrowed(ladder_of(whole));
    CHECK(narrow.window == 3_s);
    REQUIRE(narrow.rungs.size() == 44);
    CHECK(narrow.rungs[0][0] == 1 + 2 + 3);
    CHECK(narrow.rungs[43][0] == 130);
    CHECK(narrowed(narrow) == narrow);
}

TEST_CASE("the first difference is the earliest window, events first, samples last") {
    const Ladder a = ladder_of(digests({{1, "events"}, {5, "links"}, {9, "events"}}));
    CHECK_FALSE(first_difference(a, a).has_value());

    const Ladder b = ladder_of(digests({{1, "events"}, {9, "events"}, {5, "samples"}}));
    const auto difference = first_difference(a, b);
    REQUIRE(difference.has_value());
    CHECK(difference->from == Time{} + 5_s);
    CHECK(difference->to == Time{} + 6_s);
    CHECK(difference->components == std::vector<std::string>{"links", "samples"});
}

TEST_CASE("ladders of other windows are compared on the finest that both have") {
    const Ladder fine = ladder_of(digests({{1, "events"}, {5, "links"}, {9, "events"}}));
    CHECK_FALSE(first_difference(fine, widened(fine, 2)).has_value());
    const Ladder other = ladder_of(digests({{1, "events"}, {5, "links"}, {8, "events"}}));
    CHECK_FALSE(first_difference(widened(fine, 2), other).has_value());  // 8 and 9 share a window
    const auto difference = first_difference(widened(fine, 3), other);
    REQUIRE(difference.has_value());
    CHECK(difference->from == Time{} + 6_s);  // 9 is in the window from 9, 8 in that from 6
}

TEST_CASE("a component that only one run has is a difference from its first record on") {
    const Ladder a = ladder_of(digests({{1, "events"}}));
    DigestLadder more = digests({{1, "events"}});
    more.add(more.component("radio"), Time{} + 3_s, 1u);
    const auto difference = first_difference(a, ladder_of(more));
    REQUIRE(difference.has_value());
    CHECK(difference->from == Time{} + 3_s);
    CHECK(difference->components == std::vector<std::string>{"radio"});
}
