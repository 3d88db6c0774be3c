#include "analysis/expectations.hpp"

#include "tests/analysis/hand_made_run.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

using namespace driftstorm;
using namespace driftstorm::hand_made;
using Relation = ExpectationSpec::Relation;

namespace {

const EntityDirectory entities = directory();

ExpectationSpec lost(Relation relation, double value) {
    ExpectationSpec made;
    made.name = "few are lost";
    made.metric = "messages.lost";
    made.relation = relation;
    made.value = value;
    made.limit_text = "limit";
    made.line = 17;
    return made;
}

/// Ten minutes with `number` messages lost, from 100 s on.
std::unique_ptr<Metrics> run_with_losses(std::uint32_t number,
                                         std::vector<MetricWindow> windows = {},
                                         Time end = at_s(600)) {
    MetricsOptions options;
    options.warmup = at_s(60);
    options.end = at_s(600);
    options.windows = std::move(windows);
    options.facts = {{"arrival_rate", 10}, {"outage", 1}};
    auto metrics = std::make_unique<Metrics>(options, entities);
    for (std::uint32_t i = 0; i < number; ++i) {
        MessageRow row;
        row.sender = device(0);
        row.count = i;
        row.copies = 1;
        row.composed = at_s(100 + i);
        give(*metrics, row.composed, row);
        CopyRow copy = shown_copy(row, 1, {});
        copy.outcome = Outcome::lost_attempts;
        give(*metrics, copy.end, copy);
    }
    metrics->finish(end);
    return metrics;
}

CheckStatus status(const ExpectationSpec& expectation, const Metrics& metrics,
                   bool changed = false) {
    return judge({expectation}, metrics, changed).front().status;
}

CheckResult judged_over(const ExpectationSpec& expectation,
                        const std::vector<std::optional<Observed>>& values) {
    std::vector<std::vector<std::optional<Observed>>> observed;
    for (const std::optional<Observed>& value : values) observed.push_back({value});
    const std::vector<std::vector<std::optional<double>>> other(observed.size(), {std::nullopt});
    return judge_replications({expectation}, observed, other, at_s(600), Time{}, false).front();
}

CheckStatus over(const ExpectationSpec& expectation,
                 const std::vector<std::optional<Observed>>& values) {
    return judged_over(expectation, values).status;
}

}  // namespace

TEST_CASE("every relation accepts what it says and nothing else") {
    const auto metrics = run_with_losses(5);
    using enum CheckStatus;
    for (const auto& [relation, below, at, above] :
         {std::tuple{Relation::equal, failed, passed, failed},
          std::tuple{Relation::not_equal, passed, failed, passed},
          std::tuple{Relation::less, failed, failed, passed},
          std::tuple{Relation::at_most, failed, passed, passed},
          std::tuple{Relation::greater, passed, failed, failed},
          std::tuple{Relation::at_least, passed, passed, failed}}) {
        CHECK(status(lost(relation, 4), *metrics) == below);
        CHECK(status(lost(relation, 5), *metrics) == at);
        CHECK(status(lost(relation, 6), *metrics) == above);
    }
}

TEST_CASE("a tolerance is absolute or relative, and includes its ends") {
    const auto metrics = run_with_losses(5);
    ExpectationSpec near = lost(Relation::equal, 4);
    near.absolute_tolerance = 1;
    CHECK(status(near, *metrics) == CheckStatus::passed);
    near.absolute_tolerance = 0.99;
    CHECK(status(near, *metrics) == CheckStatus::failed);
    near.relative_tolerance = 0.25;  // the wider one counts
    CHECK(status(near, *metrics) == CheckStatus::passed);
    near.relative_tolerance = 0.24;
    CHECK(status(near, *metrics) == CheckStatus::failed);
    near.absolute_tolerance = 1;
    CHECK(status(near, *metrics) == CheckStatus::passed);
    near.absolute_tolerance.reset();
    CHECK(status(near, *metrics) == CheckStatus::failed);
}

TEST_CASE("a limit may be another metric; its value is shown") {
    ExpectationSpec as_theory = lost(Relation::equal, -1);
    as_theory.other_metric = "theory.peak_backlog";
    as_theory.limit_text = "== theory.peak_backlog";
    const auto ten = run_with_losses(10);
    const CheckResult met = judge({as_theory}, *ten, false).front();
    CHECK(met.status == CheckStatus::passed);
    CHECK(met.limit == "== theory.peak_backlog (10)");
    CHECK(status(as_theory, *run_with_losses(9)) == CheckStatus::failed);
    as_theory.other_metric = "theory.recovery";  // takes facts that are not there
    CHECK(status(as_theory, *ten) == CheckStatus::inconclusive);
}

TEST_CASE("infinity equals itself and nothing finite") {
    ExpectationSpec never = lost(Relation::equal, std::numeric_limits<double>::infinity());
    never.relative_tolerance = 0.1;
    const double infinite = std::numeric_limits<double>::infinity();
    CHECK(over(never, {infinite, infinite}) == CheckStatus::passed);
    CHECK(over(never, {1e9, 1e9}) == CheckStatus::failed);
    CHECK(over(never, {1e9, infinite}) == CheckStatus::inconclusive);
    CHECK(over(lost(Relation::less, 60), {infinite, infinite}) == CheckStatus::failed);
}

TEST_CASE("what has not come by the end of a run is at least as long as it was looked for") {
    const double infinite = std::numeric_limits<double>::infinity();
    const Observed not_yet{100, infinite};
    const auto near = [](double value) {
        ExpectationSpec made = lost(Relation::equal, value);
        made.relative_tolerance = 0.1;
        return made;
    };
    for (const std::vector<std::optional<Observed>>& values :
         {std::vector<std::optional<Observed>>{not_yet},
          std::vector<std::optional<Observed>>{not_yet, Observed{120, infinite}}}) {
        CHECK(over(near(infinite), values) == CheckStatus::passed);
        const CheckResult result = judged_over(near(infinite), values);
        CHECK(*result.observed == infinite);  // as in /metrics
        CHECK(*result.at_least == 100);
        CHECK(over(near(80), values) == CheckStatus::failed);
        CHECK(over(near(95), values) == CheckStatus::inconclusive);  // 104.5 s would do
        CHECK(over(near(500), values) == CheckStatus::inconclusive);
        CHECK(over(lost(Relation::less, 60), values) == CheckStatus::failed);
        CHECK(over(lost(Relation::less, 200), values) == CheckStatus::inconclusive);
        CHECK(over(lost(Relation::at_least, 100), values) == CheckStatus::passed);
        CHECK(over(lost(Relation::greater, 200), values) == CheckStatus::inconclusive);
    }
}

TEST_CASE("changed parameters leave only what is always judged") {
    const auto metrics = run_with_losses(5);
    ExpectationSpec expectation = lost(Relation::equal, 0);
    CHECK(status(expectation, *metrics, true) == CheckStatus::not_applicable);
    expectation.always = true;
    CHECK(status(expectation, *metrics, true) == CheckStatus::failed);
    CHECK(exit_code(judge({lost(Relation::equal, 0)}, *metrics, true)) == 0);
}

TEST_CASE("a window beyond the end and an undefined metric are inconclusive") {
    ExpectationSpec expectation = lost(Relation::equal, 0);
    expectation.during = MetricWindow{at_s(200), at_s(300)};
    const std::vector<MetricWindow> windows =
        windows_of({expectation, expectation, lost(Relation::less, 1)});
    REQUIRE(windows.size() == 1);
    CHECK(status(expectation, *run_with_losses(5, windows)) == CheckStatus::passed);
    CHECK(status(expectation, *run_with_losses(5, windows, at_s(300))) == CheckStatus::passed);
    CHECK(status(expectation, *run_with_losses(5, windows, at_s(299))) ==
          CheckStatus::inconclusive);

    ExpectationSpec undefined = lost(Relation::less, 1);
    undefined.metric = "messages.delivery_delay.p99";  // nothing was delivered
    const CheckResult result = judge({undefined}, *run_with_losses(5), false).front();
    CHECK(result.status == CheckStatus::inconclusive);
    CHECK(result.why == "the metric is undefined in this run");
    CHECK(status(lost(Relation::equal, 0), *run_with_losses(0, {}, at_s(60))) ==
          CheckStatus::inconclusive);
}

TEST_CASE("a failure says when the limit was first overstepped, where that is known") {
    const CheckResult result =
        judge({lost(Relation::equal, 0)}, *run_with_losses(5), false).front();
    CHECK(result.status == CheckStatus::failed);
    REQUIRE(result.first_violation.has_value());
    CHECK(*result.first_violation == at_s(100));
    CHECK(*result.observed == 5);
    CHECK(result.line == 17);
    CHECK_FALSE(judge({lost(Relation::equal, 5)}, *run_with_losses(5), false)
                    .front()
                    .first_violation.has_value());
    CHECK_FALSE(judge({lost(Relation::greater, 9)}, *run_with_losses(5), false)
                    .front()
                    .first_violation.has_value());
}

TEST_CASE("replications pass, fail or stay open by their 95 % interval") {
    // mean 10, s = 1, n = 4: half width 3.182 / 2 = 1.591
    const std::vector<std::optional<Observed>> values{9.0, 9.5, 10.5, 11.0};
    const double half = 3.18244631 * std::sqrt(2.5 / 3 / 4);
    CHECK(over(lost(Relation::less, 10 + half + 0.001), values) == CheckStatus::passed);
    CHECK(over(lost(Relation::less, 10 + half - 0.001), values) == CheckStatus::inconclusive);
    CHECK(over(lost(Relation::less, 10 - half + 0.001), values) == CheckStatus::inconclusive);
    CHECK(over(lost(Relation::less, 10 - half - 0.001), values) == CheckStatus::failed);
    CHECK(over(lost(Relation::at_least, 10 - half - 0.001), values) == CheckStatus::passed);
    CHECK(over(lost(Relation::at_least, 10 + half + 0.001), values) == CheckStatus::failed);
    ExpectationSpec near = lost(Relation::equal, 10);
    near.absolute_tolerance = half + 0.001;
    CHECK(over(near, values) == CheckStatus::passed);
    near.absolute_tolerance = half - 0.001;
    CHECK(over(near, values) == CheckStatus::inconclusive);
    CHECK(over(lost(Relation::not_equal, 20), values) == CheckStatus::passed);
    CHECK(over(lost(Relation::not_equal, 10), values) == CheckStatus::inconclusive);
    CHECK(over(lost(Relation::equal, 0), {0.0, 0.0, 0.0}) == CheckStatus::passed);
    CHECK(over(lost(Relation::equal, 0.1), {0.1, 0.1, 0.1}) == CheckStatus::passed);
    CHECK(over(lost(Relation::equal, 0), {0.0, std::nullopt}) == CheckStatus::inconclusive);
    CHECK(over(lost(Relation::equal, 3), {3.0}) == CheckStatus::passed);
    CHECK(over(lost(Relation::equal, 3), {}) == CheckStatus::inconclusive);
}

TEST_CASE("replications that end within their warm-up leave everything open") {
    const auto at = [](double warmup_s) {
        const CheckResult judged =
            judge_replications({lost(Relation::equal, 0)}, {{0.0}, {0.0}},
                               {{std::nullopt}, {std::nullopt}}, at_s(600), at_s(warmup_s), false)
                .front();
        return judged.status;
    };
    CHECK(at(599) == CheckStatus::passed);
    CHECK(at(600) == CheckStatus::inconclusive);
}

TEST_CASE("Student's t has its tabled quantiles") {
    CHECK(student_t95(1) == doctest::Approx(12.706).epsilon(1e-4));
    CHECK(student_t95(4) == doctest::Approx(2.7764).epsilon(1e-4));
    CHECK(student_t95(10) == doctest::Approx(2.2281).epsilon(1e-4));
    CHECK(student_t95(11) == doctest::Approx(2.2010).epsilon(1e-4));
    CHECK(student_t95(19) == doctest::Approx(2.0930).epsilon(1e-4));
    CHECK(student_t95(79) == doctest::Approx(1.9905).epsilon(1e-4));
}

TEST_CASE("judged failures come before open questions, warnings change nothing") {
    const auto with = [](std::initializer_list<std::pair<CheckStatus, bool>> checks) {
        std::vector<CheckResult> results;
        for (const auto& [verdict, warning] : checks) {
            CheckResult& one = results.emplace_back();
            one.status = verdict;
            one.warning = warning;
        }
        return exit_code(results);
    };
    using enum CheckStatus;
    CHECK(with({}) == 0);
    CHECK(with({{passed, false}, {not_applicable, false}}) == 0);
    CHECK(with({{inconclusive, false}, {passed, false}}) == 4);
    CHECK(with({{inconclusive, false}, {failed, false}}) == 1);
    CHECK(with({{failed, true}, {inconclusive, true}}) == 0);
    CHECK(with({{failed, true}, {inconclusive, false}}) == 4);
}
