#include "models/messaging/conversations.hpp"
#include "tests/world/recorded_rows.hpp"

#include "scenarios/population_plan.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <set>

using namespace driftstorm;
using namespace driftstorm::tests;

namespace {

World::Options seeded() {
    World::Options options;
    options.seed = 4;
    return options;
}
const Time end_of_both{600'000'000'000};

struct Run {
    std::vector<std::string> intents;  // presses that answer nothing
    std::vector<std::string> handovers;
    std::vector<std::string> oscillators;
    std::string digest;
};

Run rows_of(const std::string& yaml, const std::vector<Assignment>& set = {}) {
    const TextScenario text = read_text(yaml, set);
    Run made;
    made.digest = run(*text.scenario, seeded(), end_of_both, [&](World&, const RecordedRows& rows) {
                      for (const std::string& intent : rows.intents)
                          if (intent.find(" reply") == std::string::npos) {
                              // The sender's own count includes its replies, which are
                              // consequences.
                              const std::size_t from = intent.find(' ');
                              made.intents.push_back(intent.substr(0, from) +
                                                     intent.substr(intent.find(" at ")));
                          }
                      made.handovers = rows.handovers;
                      made.oscillators = rows.oscillators;
                  }).digest;
    return made;
}

/// Rows that begin with a name of `names`.
std::vector<std::string> only(const std::vector<std::string>& rows,
                              const std::set<std::string>& names) {
    std::vector<std::string> kept;
    for (const std::string& row : rows)
        if (names.count(row.substr(0, row.find(' '))) > 0) kept.push_back(row);
    return kept;
}

std::set<std::string> first_riders(std::uint32_t count) {
    std::set<std::string> names;
    for (std::uint32_t i = 0; i < count; ++i) names.insert("riders[" + std::to_string(i) + "]");
    return names;
}

/// Members of each conversation, by name of device.
std::map<std::uint32_t, std::set<std::uint32_t>> members_of(const std::string& yaml) {
    const TextScenario text = read_text(yaml);
    const PopulationPlan plan = plan_populations(*text.scenario, seeded().seed);
    std::map<std::uint32_t, std::set<std::uint32_t>> members;
    for (std::uint32_t c = 0; c < plan.conversations.size(); ++c)
        for (const auto& member : plan.conversations.members(c)) members[c].insert(member.device);
    return members;
}

/// The small train, whose clocks are looked at.
std::string train_with_clocks(std::uint32_t count) {
    return small_train(count) + "outputs: { clocks: { of: riders, every: 30 s } }\n";
}

/// "riders[3] at 120000000000": who pressed when. A press keeps its person, instant and size.
std::string press_of(const std::string& intent) { return intent.substr(0, intent.find(" in ")); }
std::string size_of(const std::string& intent) { return intent.substr(intent.find(" of ")); }
std::string conversation_of(const std::string& intent) {
    const std::size_t from = intent.find(" in ") + 4;
    return intent.substr(from, intent.find(" of ") - from);
}

/// Its draws of what happens to others when one device tries once more.
std::string train_with_a_stubborn_pair(std::uint32_t attempts) {
    std::string yaml = replaced(small_train(160), "populations:\n", R"(populations:
  stubborn:
    count: 2
    mobility: train
    clock: phone
    app: v4
    traffic:
      conversations: { count: 1, members: 2 }
      send: { rate: 6 msg/min, until: 12 min }
)");
    return replaced(yaml, "populations:\n",
                    "  v4: { extends: v1, send: { attempts: " + std::to_string(attempts) +
                        " } }\npopulations:\n");
}

}  // namespace

TEST_CASE(
    "with a fault removed and the seed kept, presses, movements and oscillators stay as they "
    "were") {
    const Run with = rows_of(train_with_clocks(160));
    const Run without = rows_of(train_with_clocks(160), {{"outage", "0 s"}});
    CHECK(with.intents.size() > 500);
    CHECK(with.oscillators.size() > 1000);
    CHECK(with.intents == without.intents);  // to the same conversation, of the same size
    CHECK(with.handovers == without.handovers);
    CHECK(with.oscillators == without.oscillators);
    CHECK(with.digest != without.digest);
}

TEST_CASE("one more try of one device changes nobody's presses, movements and oscillators") {
    const Run before = rows_of(train_with_a_stubborn_pair(4));
    const Run after = rows_of(train_with_a_stubborn_pair(5));
    CHECK(before.digest != after.digest);  // it was tried
    CHECK(before.intents.size() > 500);
    CHECK(before.intents == after.intents);
    CHECK(before.handovers == after.handovers);
}

TEST_CASE("an added isolated population changes nobody else") {
    const std::string yaml = small_train(160);
    const Run before = rows_of(yaml);
    const Run after = rows_of(replaced(yaml, "populations:\n", R"(populations:
  loners:
    count: 7
    mobility: train
    clock: phone
)"));
    CHECK(only(after.intents, first_riders(160)) == before.intents);
    CHECK(only(after.handovers, first_riders(160)) == before.handovers);
}

TEST_CASE("one more account changes only presses that go, or went, to conversations it joins") {
    const std::string before = small_train(160);
    const std::string after = small_train(162);  // an account has two devices
    const auto old_members = members_of(before);
    const auto new_members = members_of(after);
    std::set<std::string> joined;
    std::set<std::string> displaced;  // devices that are no longer in one of these
    for (const auto& [conversation, members] : new_members) {
        const std::set<std::uint32_t>& old = old_members.at(conversation);
        if (members == old) continue;
        joined.insert("riders.conversations[" + std::to_string(conversation) + "]");
        for (const std::uint32_t device : old)
            if (members.count(device) == 0)
                displaced.insert("riders[" + std::to_string(device) + "]");
    }
    REQUIRE(!joined.empty());
    REQUIRE(!displaced.empty());

    const Run a = rows_of(before);
    const Run b = rows_of(after);
    std::map<std::string, std::string> now;
    for (const std::string& intent : b.intents) now[press_of(intent)] = intent;
    std::size_t moved = 0;
    for (const std::string& intent : a.intents) {
        const std::string person = intent.substr(0, intent.find(' '));
        const auto found = now.find(press_of(intent));
        if (found == now.end()) {  // of one who is in no conversation now
            CHECK(displaced.count(person) == 1);
            continue;
        }
        CHECK(size_of(found->second) == size_of(intent));
        if (found->second == intent) continue;
        ++moved;
        CHECK(displaced.count(person) == 1);
        CHECK(joined.count(conversation_of(intent)) == 1);
    }
    CHECK(moved > 0);
    CHECK(only(b.intents, first_riders(160)).size() <= a.intents.size());
    CHECK(only(a.handovers, first_riders(160)) == only(b.handovers, first_riders(160)));
}

TEST_CASE("the order of the file's sections and entries changes no result") {
    const std::string yaml = small_train(160);
    std::string reordered = replaced(
        yaml, "    A: { at: 1.2 km, range: 2.6 km, downlink: 9 Mbit/s, uplink: 3 Mbit/s }\n", "");
    reordered = replaced(reordered, "  access_points:\n",
                         "    A: { at: 1.2 km, range: 2.6 km, downlink: 9 Mbit/s, uplink: 3 Mbit/s "
                         "}\n  access_points:\n");
    reordered = replaced(reordered, "duration: 14 min\n", "");
    reordered =
        replaced(reordered, "title: a small train\n", "duration: 14 min\ntitle: a small train\n");
    CHECK(rows_of(yaml).digest == rows_of(reordered).digest);
}

TEST_CASE("outputs and probes change no result") {
    const std::string yaml = small_train(160);
    const std::string digest = rows_of(yaml).digest;
    CHECK(rows_of(yaml + "outputs: none\n").digest == digest);
    CHECK(rows_of(yaml + "outputs: { series: { every: 100 ms, of: [relays.queue_depth, "
                         "cells.attached, riders.connected, "
                         "riders.clock_offset.quantiles] } }\n")
              .digest == digest);
}
