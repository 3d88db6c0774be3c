#include "scenarios/population_plan.hpp"
#include "sim/core/digest.hpp"
#include "sim/core/random.hpp"
#include "tests/world/recorded_rows.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

using namespace driftstorm;
using namespace driftstorm::tests;

namespace {
World::Options seeded(std::uint64_t seed, std::uint32_t partitions = 1) {
    World::Options options;
    options.seed = seed;
    options.partitions = partitions;
    return options;
}
}  // namespace

TEST_CASE("the causes of every copy add up to its age, and every copy ends exactly once") {
    const TextScenario text = read_text(small_train(160));
    for (const std::uint64_t seed : {1u, 2u, 3u}) {
        CAPTURE(seed);
        // Cut at awkward instants too, when much is still under way.
        for (const std::int64_t end_s : {330, 401, 840}) {
            CAPTURE(end_s);
            run(*text.scenario, seeded(seed), Time{end_s * 1'000'000'000},
                [&](World& world, const RecordedRows& rows) {
                    std::map<std::pair<EntityId, std::uint32_t>, Time> composed;
                    for (const MessageRow& message : rows.messages)
                        composed[{message.sender, message.count}] = message.composed;
                    std::set<std::tuple<EntityId, std::uint32_t, std::uint32_t>> seen;
                    std::uint64_t wrong_sums = 0;
                    std::uint64_t twice = 0;
                    std::uint64_t unfinished = 0;
                    for (const CopyRow& copy : rows.copies) {
                        std::int64_t sum = 0;
                        for (const Duration part : copy.blame.values) sum += part.ns;
                        const Time from = composed.at({copy.message_sender, copy.message_count});
                        if (sum != (copy.end - from).ns) ++wrong_sums;
                        const std::uint32_t device = world.kernel().index_of(copy.device);
                        if (!seen.insert({copy.message_sender, copy.message_count, device}).second)
                            ++twice;
                        if (copy.outcome == Outcome::visible && copy.visible != copy.end)
                            ++unfinished;
                        if (copy.outcome == Outcome::pending && copy.end != world.kernel().now())
                            ++unfinished;
                    }
                    CHECK(rows.copies.size() > 1000);
                    CHECK(wrong_sums == 0);
                    CHECK(twice == 0);
                    CHECK(unfinished == 0);
                    CHECK(rows.copies.size() == rows.expected_copies);
                });
        }
    }
}

TEST_CASE("negative time is spent in no cause") {
    const TextScenario text = read_text(small_train(160));
    run(*text.scenario, seeded(5), Time{840'000'000'000}, [](World&, const RecordedRows& rows) {
        std::uint64_t negative = 0;
        for (const CopyRow& copy : rows.copies)
            for (const Duration part : copy.blame.values)
                if (part.ns < 0) ++negative;
        CHECK(negative == 0);
    });
}

TEST_CASE("per-conversation order holds where the version shows by the relay's sequence") {
    const TextScenario text = read_text(
        replaced(small_train(160), "order_by: sender_timestamp", "order_by: server_sequence"));
    run(*text.scenario, seeded(2), Time{840'000'000'000}, [](World&, const RecordedRows& rows) {
        std::map<std::pair<EntityId, EntityId>, std::uint32_t> last;  // by (device, conversation)
        std::map<std::pair<EntityId, std::uint32_t>, EntityId> conversation;
        for (const MessageRow& message : rows.messages)
            conversation[{message.sender, message.count}] = message.conversation;
        std::uint64_t inversions = 0;
        std::uint64_t inserted = 0;
        for (const CopyRow& copy : rows.copies) {
            if (copy.outcome != Outcome::visible) continue;
            std::uint32_t& seq =
                last[{copy.device, conversation.at({copy.message_sender, copy.message_count})}];
            if (copy.seq <= seq) ++inversions;
            seq = copy.seq;
            if (copy.late_insert_depth != 0) ++inserted;
        }
        CHECK(inversions == 0);
        CHECK(inserted == 0);
    });
}

TEST_CASE("the number of partitions and where pools begin change no result") {
    const TextScenario text = read_text(small_train(160));
    const Time end{500'000'000'000};
    const RunResult one = run(*text.scenario, seeded(7), end);
    for (const std::uint32_t partitions : {2u, 3u, 4u}) {
        const RunResult several = run(*text.scenario, seeded(7, partitions), end);
        CHECK(several.digest == one.digest);
        CHECK(several.events == one.events);
    }
    World::Options moved = seeded(7, 4);
    moved.pool_offset = 333;
    CHECK(run(*text.scenario, moved, end).digest == one.digest);
    CHECK(World::regions(*text.scenario).names.size() == 4);
}

TEST_CASE(
    "the members of a conversation are the accounts of its neighbourhood with the least ranks") {
    const TextScenario text = read_text(R"(schema: scenario/1
duration: 1 min
network:
  access_points: { hall: { at: 0 km, range: 100 m } }
  paths: [{ from: wifi, to: relays, delay: { propagation: 4 ms } }]
servers: { relays: { kind: message_relay } }
apps: { plain: {} }
populations:
  phones:
    count: 500
    app: plain
    interfaces: [wifi]
    traffic:
      conversations:
        { count: 300, neighbourhood: 90, members: { uniform: { min: 2, max: 120 } } }
)");
    constexpr std::uint64_t seed = 11;
    const PopulationPlan plan = plan_populations(*text.scenario, seed);
    REQUIRE(plan.conversations.size() == 300);
    std::set<std::size_t> sizes;
    for (std::uint32_t c = 0; c < plan.conversations.size(); ++c) {
        const auto members = plan.conversations.members(c);
        sizes.insert(members.size());
        const std::uint32_t first = members.front().account / 90 * 90;
        const std::uint32_t beyond = std::min(first + 90, 500u);
        REQUIRE(members.back().account < beyond);
        std::vector<std::pair<std::uint32_t, std::uint32_t>> ranks;
        for (std::uint32_t account = first; account < beyond; ++account)
            ranks.emplace_back(draw(seed, "conversation.member", plan.conversations.identity(c),
                                    account / 4)[account % 4],
                               account);
        std::sort(ranks.begin(), ranks.end());
        ranks.resize(members.size());
        std::set<std::uint32_t> least;
        for (const auto& [rank, account] : ranks) least.insert(account);
        std::set<std::uint32_t> found;
        for (const Conversations::Member& member : members) found.insert(member.account);
        REQUIRE(found == least);
    }
    CHECK(*sizes.rbegin() == 90);  // all there are, where more are wanted
    CHECK(sizes.size() > 40);
}

TEST_CASE("a population of 200,000 devices is ten lines") {
    const TextScenario text = read_text(R"(schema: scenario/1
duration: 1 min
network: { access_points: { hall: { at: 0 km, range: 100 m, associate_limit: 1000000 } } }
clocks: { quartz: { frequency_error: { normal: { mean: 0 ppm, sd: 20 ppm } } } }
populations:
  phones:
    count: 200000
    clock: quartz
    interfaces: [wifi]
)");
    World world(*text.scenario, seeded(1));
    CHECK(world.devices() == 200'000);
}
