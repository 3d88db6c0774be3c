#include "sim/core/digest.hpp"

#include "sim/core/random.hpp"
#include "sim/core/state.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <vector>

using namespace driftstorm;
using namespace driftstorm::literals;

namespace {

struct Record {
    const char* component;
    Time at;
    std::uint64_t hash;
};

std::vector<Record> records(std::size_t count, Duration within) {
    std::vector<Record> made;
    for (std::size_t i = 0; i < count; ++i) {
        const Block luck = draw(1, "test.digest", 1, i);
        const std::uint64_t bits = (std::uint64_t{luck[0]} << 32) | luck[1];
        made.push_back(
            {luck[2] % 3 == 0 ? "clocks" : "events",
             Time{static_cast<std::int64_t>(bits % static_cast<std::uint64_t>(within.ns))},
             bits * luck[3]});
    }
    return made;
}

void add(DigestLadder& ladder, const Record& record) {
    ladder.add(ladder.component(record.component), record.at, record.hash);
}

DigestLadder of(const std::vector<Record>& all) {
    DigestLadder ladder;
    for (const Record& record : all) add(ladder, record);
    return ladder;
}

}  // namespace

TEST_CASE("XXH3 of known texts") {
    // Test vectors of xxHash 0.8: XXH3_64bits with seed 0.
    CHECK(fingerprint("") == 0x2d06800538d394c2u);
    CHECK(hex(fingerprint("")) == "2d06800538d394c2");
    CHECK(hex(0xau) == "000000000000000a");
}

TEST_CASE("the ladder does not depend on the order of records or on who added them") {
    const std::vector<Record> all = records(5000, 9000_s);
    const DigestLadder whole = of(all);

    DigestLadder backwards;
    backwards.component("other");  // an unused component is no difference
    for (auto record = all.rbegin(); record != all.rend(); ++record) add(backwards, *record);
    CHECK(backwards.root() == whole.root());

    std::vector<DigestLadder> parts(7);
    for (std::size_t i = 0; i < all.size(); ++i) add(parts[i % 6], all[i]);
    DigestLadder merged;
    for (const DigestLadder& part : parts) merged.merge(part);
    CHECK(merged.root() == whole.root());
    CHECK(merged.window() == whole.window());
}

TEST_CASE("a window doubles until there are at most 4,096 rungs, and sums are kept") {
    CHECK(of(records(1000, 4096_s)).window() == 1_s);
    DigestLadder ladder = of(records(1000, 4096_s));
    const std::uint64_t before = ladder.root();
    add(ladder, {"events", Time{} + 4096_s - 1_ns, 0});
    CHECK(ladder.window() == 1_s);
    CHECK(ladder.root() == before);  // a record of hash 0 changes no sum
    add(ladder, {"events", Time{} + 4096_s, 0});
    CHECK(ladder.window() == 2_s);
    CHECK(ladder.root() != before);

    std::uint64_t sum = 0;
    for (const auto& component : ladder.rungs()) {
        CHECK(component.size() <= 4096);
        for (const std::uint64_t rung : component) sum += rung;
    }
    std::uint64_t expected = 0;
    for (const Record& record : records(1000, 4096_s)) expected += record.hash;
    CHECK(sum == expected);

    // However the doubling came about, the ladder is the same.
    std::vector<Record> all = records(3000, 100'000_s);
    DigestLadder early;
    add(early, {"events", Time{} + 100'000_s, 5});
    for (const Record& record : all) add(early, record);
    all.push_back({"events", Time{} + 100'000_s, 5});
    CHECK(of(all).root() == early.root());
    CHECK(early.window() == 32_s);
}

TEST_CASE("any one changed, missing or moved record changes the root") {
    const std::vector<Record> all = records(200, 50_s);
    const std::uint64_t root = of(all).root();
    for (std::size_t i = 0; i < all.size(); ++i) {
        std::vector<Record> other = all;
        other[i].hash ^= 1;
        REQUIRE(of(other).root() != root);
        other = all;
        other[i].at = other[i].at + 60_s;
        REQUIRE(of(other).root() != root);
        other = all;
        other[i].component = "network";
        REQUIRE(of(other).root() != root);
        other.erase(other.begin() + static_cast<std::ptrdiff_t>(i));
        REQUIRE(of(other).root() != root);
    }
}

TEST_CASE("samples do not move the root, not even when they go on for longer than the events") {
    const std::vector<Record> all = records(500, 1000_s);
    DigestLadder ladder = of(all);
    const std::uint64_t root = ladder.root();
    const std::uint64_t none = ladder.samples();
    add(ladder, {"samples", Time{} + 7_s, 11});
    CHECK(ladder.root() == root);
    CHECK(ladder.samples() != none);
    add(ladder, {"samples", Time{} + 9000_s, 12});
    CHECK(ladder.root() == root);
    CHECK(ladder.window() == 4_s);

    const std::vector<std::string> expected{"clocks", "events", "samples"};
    CHECK(ladder.components() == expected);
    const auto rungs = ladder.rungs();
    REQUIRE(rungs.size() == 3);
    CHECK(rungs[2][1] == 11);
    CHECK(rungs[2][2250] == 12);
    CHECK(rungs[0].size() == rungs[2].size());
    CHECK(rungs[1].size() == rungs[2].size());
}

TEST_CASE("a ladder that was saved goes on where it was") {
    const std::vector<Record> all = records(400, 5000_s);
    DigestLadder first = of(std::vector<Record>(all.begin(), all.begin() + 150));
    Archive out;
    out.item(first);
    Archive in(out.release());
    DigestLadder second;
    in.item(second);
    CHECK(in.finished());
    for (std::size_t i = 150; i < all.size(); ++i) add(second, all[i]);
    CHECK(second.root() == of(all).root());
}

TEST_CASE("minus zero and zero are one value to the digest") {
    RecordHash minus;
    RecordHash plus;
    minus.add(-0.0);
    plus.add(0.0);
    CHECK(minus.finish() == plus.finish());
    plus.add(std::uint64_t{0});
    CHECK(minus.finish() != plus.finish());
}
