#include "sim/core/digest.hpp"
#include "tests/world/recorded_rows.hpp"

#include <doctest/doctest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

using namespace driftstorm;
using namespace driftstorm::tests;

namespace {

struct Library {
    const char* file;
    std::int64_t save_s;  ///< an instant in the middle of things
    std::int64_t end_s;
};
constexpr std::array<Library, 12> library{{{"commuter_train.yaml", 397, 430},
                                           {"walk_5g.yaml", 187, 603},
                                           {"clock_skew_reordering.yaml", 911, 1500},
                                           {"mm1.yaml", 333, 500},
                                           {"server_outage_no_retry.yaml", 127, 200},
                                           {"drift_free_run.yaml", 90000, 180000},
                                           {"suspend_resume.yaml", 15000, 40000},
                                           {"chrony_after_handoff.yaml", 30000, 54000},
                                           {"ntp_pool_storm.yaml", 5000, 6300},
                                           {"android_day.yaml", 40000, 90000},
                                           {"leap_smear_mix.yaml", 40000, 70000},
                                           {"server_outage_one_retry.yaml", 128, 200}}};

std::string digest_of(World& world, Time end) {
    world.run_until(end);
    return hex(world.kernel().digest());
}

/// Runs `work` in a child process and gives back what it wrote.
template <class Work>
std::string in_new_process(Work work) {
    std::array<int, 2> ends{};
    REQUIRE(pipe(ends.data()) == 0);
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        const std::string text = work();
        const ssize_t written = write(ends[1], text.data(), text.size());
        _exit(written == static_cast<ssize_t>(text.size()) ? 0 : 1);
    }
    close(ends[1]);
    std::string text;
    std::array<char, 256> buffer{};
    for (ssize_t n = 0; (n = read(ends[0], buffer.data(), buffer.size())) > 0;)
        text.append(buffer.data(), static_cast<std::size_t>(n));
    close(ends[0]);
    int status = 0;
    waitpid(child, &status, 0);
    CHECK(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 0);
    return text;
}

}  // namespace

TEST_CASE(
    "every library scenario goes on from a saved world to the same digest, also in a new process") {
    for (const Library& one : library) {
        CAPTURE(one.file);
        Complaints complaints;
        std::string file = DRIFTSTORM_SOURCE_DIR "/scenarios/library/";
        file += one.file;
        const auto scenario = read_scenario(file, {}, complaints);
        INFO(complaints.text());
        REQUIRE_FALSE(complaints.any_errors());
        World::Options options;
        options.seed = scenario->seed;
        const Time end{one.end_s * 1'000'000'000};

        World whole(*scenario, options);
        whole.start();
        // A random instant, not a whole second: drawn, so that it does not depend on anybody's
        // taste.
        const double u = draw_uniform(scenario->seed, "test.save", stable_hash(one.file), 0);
        whole.run_until(Time{one.save_s * 1'000'000'000 + static_cast<std::int64_t>(u * 1e9)});
        const std::vector<std::byte> saved = whole.save();
        const std::string expected = digest_of(whole, end);

        World restored(*scenario, options);
        restored.restore(saved);
        CHECK(digest_of(restored, end) == expected);
        CHECK(in_new_process([&] {
                  World fresh(*scenario, options);
                  fresh.restore(saved);
                  return digest_of(fresh, end);
              }) == expected);
    }
}

TEST_CASE("a world in four partitions is saved and restored like one") {
    const TextScenario text = read_text(small_train(160));
    World::Options options;
    options.seed = 3;
    options.partitions = 4;
    World whole(*text.scenario, options);
    whole.start();
    whole.run_until(Time{351'234'567'890});
    const std::vector<std::byte> saved = whole.save();
    const std::string expected = digest_of(whole, Time{600'000'000'000});
    World restored(*text.scenario, options);
    restored.restore(saved);
    CHECK(digest_of(restored, Time{600'000'000'000}) == expected);
}

TEST_CASE("a world does not go on from what other versions of its models have saved") {
    const TextScenario text = read_text(small_train(4));
    World world(*text.scenario, {});
    world.start();
    world.run_until(Time{1'000'000'000});
    std::vector<std::byte> saved = world.save();

    // As another version would have saved it: the last digit of the first model's "NAME VERSION".
    const auto space = std::find(saved.begin(), saved.end(), std::byte{' '});
    REQUIRE(space != saved.end());
    *(space + 1) = std::byte{'9'};
    World other(*text.scenario, {});
    CHECK_THROWS_WITH_AS(other.restore(saved), doctest::Contains("World::restore: saved by"),
                         std::invalid_argument);
}
