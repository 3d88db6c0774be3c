#include "sweeps/sweep_directory.hpp"

#include <doctest/doctest.h>

#include <sys/wait.h>
#include <unistd.h>
#include <filesystem>
#include <fstream>
#include <string>

using namespace driftstorm;
namespace fs = std::filesystem;

namespace {

class Folder {
  public:
    Folder() : path_(fs::path(DRIFTSTORM_BINARY_DIR) / ("sweep-" + std::to_string(::getpid()))) {
        fs::remove_all(path_);
    }
    ~Folder() { fs::remove_all(path_); }
    std::string operator/(const std::string& name) const { return (path_ / name).string(); }
    std::string text() const { return path_.string(); }

  private:
    fs::path path_;
};

FrozenPlan plan_of(std::uint64_t study, const std::string& point) {
    return {
        study, "x.yaml", {{"x.yaml", "schema: sweep/1\n"}, {"../y.yaml", "with\nlines"}}, {point}};
}

RunRecord record_of(std::uint64_t point, std::uint32_t replication) {
    RunRecord record;
    record.key = {point, replication};
    record.build = "b";
    record.metrics = {{"m", static_cast<double>(replication)}};
    return record;
}

}  // namespace

TEST_CASE("a frozen plan reads back, and a damaged one is none") {
    const FrozenPlan plan = plan_of(7, "0000000000000001 a=\"1 s\"");
    const auto back = FrozenPlan::parse(plan.text());
    REQUIRE(back);
    CHECK(back->text() == plan.text());
    std::string reason;
    CHECK(plan.reader()("../y.yaml", reason) == "with\nlines");
    CHECK_FALSE(plan.reader()("z.yaml", reason));
    std::string damaged = plan.text();
    damaged[30] ^= 1;
    CHECK_FALSE(FrozenPlan::parse(damaged));
}

TEST_CASE("records are found again, also behind a line that a kill has torn") {
    const Folder folder;
    const FrozenPlan plan = plan_of(7, "1");
    {
        SweepDirectory directory(folder.text());
        directory.open(plan, {}, false);
        directory.keep(record_of(1, 0), 0.5);
        directory.keep(record_of(1, 1), 1.5);
        CHECK(directory.mean_wall_s() == doctest::Approx(1.0));
    }
    {
        std::ofstream journal(folder / "journal", std::ios::app);
        journal << "run 0000000000000001 2 compl";  // torn
    }
    SweepDirectory directory(folder.text());
    directory.open(plan, {}, false);
    directory.keep(record_of(1, 3), 0.5);
    const auto records = directory.records();
    CHECK(records.size() == 3);
    CHECK(records.count({1, 3}) == 1);

    std::ofstream(directory.record_path({1, 1}), std::ios::app) << "x";  // damaged: as if not run
    CHECK(directory.records().size() == 2);
}

TEST_CASE("another scenario or design is refused, an extended design on demand is not") {
    const Folder folder;
    {
        SweepDirectory directory(folder.text());
        directory.open(plan_of(7, "1"), {}, false);
    }
    {
        SweepDirectory directory(folder.text());
        CHECK_THROWS_AS(directory.open(plan_of(8, "1"), {}, true), SweepRefused);
    }
    {
        SweepDirectory directory(folder.text());
        CHECK_THROWS_AS(directory.open(plan_of(7, "2"), {}, false), SweepRefused);
    }
    SweepDirectory directory(folder.text());
    directory.open(plan_of(7, "2"), {}, true);
    CHECK(directory.plan()->points.front() == "2");

    fs::create_directories(folder / "other");
    std::ofstream(folder / "other/thing") << "x";
    SweepDirectory other(folder / "other");
    CHECK_THROWS_AS(other.open(plan_of(7, "1"), {}, false), SweepRefused);
}

TEST_CASE("two sweeps do not work in one folder, but two shards do") {
    const Folder folder;
    SweepDirectory first(folder.text());
    first.open(plan_of(7, "1"), {0, 2, false}, false);
    SweepDirectory second(folder.text());
    second.open(plan_of(7, "1"), {1, 2, false}, false);
    SweepDirectory again(folder.text());
    CHECK_THROWS_AS(again.open(plan_of(7, "1"), {1, 2, false}, false, 0.05), SweepRefused);
    SweepDirectory whole(folder.text());
    CHECK_THROWS_AS(whole.open(plan_of(7, "1"), {}, false, 0.05), SweepRefused);
    first.keep(record_of(2, 0), 0.1);
    second.keep(record_of(3, 0), 0.1);
    CHECK(first.records().size() == 2);
}
