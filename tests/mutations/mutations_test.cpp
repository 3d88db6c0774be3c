// Does `diff` find what was changed, and `verify` call it what it is? Held against changes planted
// one line at a time in the models' sources and in scenarios.
#include "recordings/verdict.hpp"
#include "tests/mutations/examination.hpp"
#include "tests/mutations/mutant.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <vector>

using namespace driftstorm;

namespace {

struct Tally {
    int planted = 0, no_effect = 0, crashed = 0, examined = 0;
    int window = 0, component = 0, both = 0, cause = 0, with_cause = 0;
    double run_s = 0, diff_s = 0, events = 0, most_events = 0;

    void add(const Finding& finding) {
        ++planted;
        no_effect += finding.outcome == Finding::Outcome::no_effect ? 1 : 0;
        crashed += finding.outcome == Finding::Outcome::crashed ? 1 : 0;
        if (finding.outcome != Finding::Outcome::examined) return;
        ++examined;
        window += finding.window ? 1 : 0;
        component += finding.component ? 1 : 0;
        both += finding.window && finding.component ? 1 : 0;
        with_cause += finding.has_cause ? 1 : 0;
        cause += finding.has_cause && finding.cause ? 1 : 0;
        run_s += finding.run_s;
        diff_s += finding.diff_s;
        events += finding.events;
        most_events = std::max(most_events, finding.events);
    }
    std::string line(const std::string& name) const {
        const double n = std::max(1, examined);
        return fmt::format(
            "{:<10} {:>7} {:>9} {:>7} {:>8}   {:>6} {:>9} {:>6}   {:>5}   {:>4.0f} %  {:>4.0f} %  "
            "{:>4.0f} %\n",
            name, planted, no_effect, crashed, examined, window, component, both,
            with_cause > 0 ? fmt::format("{}/{}", cause, with_cause) : "-",
            100 * diff_s / std::max(1e-9, run_s), 100 * events / n, 100 * most_events);
    }
};

constexpr const char* heading =
    "change     planted no effect crashed examined   window component   both   cause   CPU of two "
    "runs  events (mean, most)\n";

/// Every so many of the places, so that a short run sees all kinds.
std::vector<int> some_of(std::size_t all, std::size_t wanted) {
    std::vector<int> chosen;
    const std::size_t step = std::max<std::size_t>(1, all / std::max<std::size_t>(1, wanted));
    for (std::size_t offset = 0; offset < step; ++offset)
        for (std::size_t i = offset; i < all; i += step) chosen.push_back(static_cast<int>(i));
    return chosen;
}

bool of_the_desk(std::string_view file) {
    return file.find("servers/station") != std::string_view::npos ||
           file.find("retrying") != std::string_view::npos ||
           file.find("open_arrivals") != std::string_view::npos;
}

struct Table {
    std::map<std::string, Tally> by_kind;
    Tally sum;

    void add(const std::string& kind, const Finding& finding) {
        by_kind[kind].add(finding);
        sum.add(finding);
        if (sum.planted % 25 == 0) fmt::print(stderr, "{}\n", text());  // it takes minutes
    }
    std::string text() const {
        std::string lines = heading;
        for (const auto& [kind, tally] : by_kind) lines += tally.line(kind);
        return lines + sum.line("all");
    }
};

/// Plants changes until `wanted` of each sort had an effect.
Table plant(int wanted_in_models, int wanted_in_scenarios) {
    const Subject desk = subject_of("desk.yaml");
    const Subject town = subject_of("town.yaml");
    Table table;
    int examined = 0;
    for (const int i : some_of(mutants().size(), static_cast<std::size_t>(wanted_in_models))) {
        if (examined >= wanted_in_models) break;
        const Mutant& mutant = mutants()[static_cast<std::size_t>(i)];
        if (is_refactoring(mutant)) continue;
        const Subject& subject = of_the_desk(mutant.file) ? desk : town;
        const Finding finding = apart([&] { return examine_mutant(subject, i + 1); });
        examined += finding.outcome == Finding::Outcome::examined ? 1 : 0;
        table.add(std::string(mutant.kind), finding);
        if (finding.outcome == Finding::Outcome::examined && !(finding.window && finding.component))
            MESSAGE("not named: " << mutant.kind << " in " << mutant.file << ":" << mutant.line);
        if (finding.signal != 0)
            MESSAGE("ended by signal " << finding.signal << ": " << mutant.kind << " in "
                                       << mutant.file << ":" << mutant.line);
    }
    examined = 0;
    for (const Subject* subject : {&town, &desk}) {
        const std::vector<ChangedText> texts = changed_texts(*subject->loaded.scenario);
        for (const int i : some_of(texts.size(), static_cast<std::size_t>(wanted_in_scenarios))) {
            if (examined >= wanted_in_scenarios) break;
            const ChangedText& changed = texts[static_cast<std::size_t>(i)];
            const Finding finding =
                apart([&] { return examine_text(*subject, changed.text, changed.path); });
            examined += finding.outcome == Finding::Outcome::examined ? 1 : 0;
            table.add("scenario", finding);
            if (finding.outcome == Finding::Outcome::examined &&
                !(finding.window && finding.component))
                MESSAGE("not named: " << changed.path);
        }
    }
    return table;
}

std::vector<RecordedRun> runs_of(const Scenario& scenario, Duration until, std::uint64_t first,
                                 std::size_t count, int mutant) {
    std::vector<RecordedRun> runs;
    mutant::active = mutant;
    for (std::size_t k = 0; k < count; ++k)
        runs.push_back(run_recorded(scenario, until, first + k));
    mutant::active = 0;
    return runs;
}

/// Draws that nobody uses, draws in another order, comparisons the other way round: the same
/// digest.
void check_refactorings(std::size_t wanted) {
    const Subject desk = subject_of("desk.yaml");
    const Subject town = subject_of("town.yaml");
    std::size_t checked = 0;
    for (std::size_t i = 0; i < mutants().size() && checked < wanted; ++i) {
        if (!is_refactoring(mutants()[i])) continue;
        const Subject& subject = of_the_desk(mutants()[i].file) ? desk : town;
        const Scenario& scenario = *subject.loaded.scenario;
        const auto runs =
            runs_of(scenario, scenario.duration, scenario.seed, 1, static_cast<int>(i + 1));
        CAPTURE(mutants()[i].file);
        CAPTURE(mutants()[i].line);
        CHECK(runs.front().root == subject.run.root);
        ++checked;
    }
    MESSAGE("refactorings that are identical: " << checked);
    CHECK(checked >= std::min<std::size_t>(wanted, 90));
}

}  // namespace

TEST_CASE("a few planted changes are found: window, component, draw and scenario line") {
    const Table table = plant(8, 4);
    MESSAGE("\n" << table.text());
    CHECK(table.sum.examined >= 12);
    CHECK(table.sum.both >= table.sum.examined - 1);
    CHECK(table.sum.events <= 1.1 * table.sum.examined);
}

TEST_CASE("refactorings move no digest") { check_refactorings(6); }

TEST_SUITE("long") {
    TEST_CASE("200 planted changes: window and component are right in 95 %") {
        const Table table = plant(130, 70);
        MESSAGE("\n" << table.text());
        CHECK(table.sum.examined >= 200);
        CHECK(table.sum.both >= 0.95 * table.sum.examined);
        // The draw is told where the responsible handler made it; some are made by another handler.
        CHECK(table.sum.cause >= 0.8 * table.sum.with_cause);
        CHECK(table.sum.diff_s <= 1.1 * table.sum.run_s);
    }

    TEST_CASE("no refactoring moves a digest") { check_refactorings(1000); }

    TEST_CASE("draws for another purpose are other luck of the same law: equivalent") {
        const Subject desk = subject_of("desk.yaml");
        const Subject town = subject_of("town.yaml");
        std::map<const Subject*, Baseline> baselines;
        for (const Subject* subject : {&desk, &town}) {
            RecordRequest request;
            baselines[subject] = record(*subject->loaded.scenario,
                                        subject->loaded.complaints->sources(), "subject", request);
        }
        int verdicts[3] = {};
        for (std::size_t i = 0; i < mutants().size(); ++i) {
            if (mutants()[i].kind != "purpose") continue;
            const Subject& subject = of_the_desk(mutants()[i].file) ? desk : town;
            mutant::active = static_cast<int>(i + 1);
            const Verification verification = verify(baselines[&subject]);
            mutant::active = 0;
            ++verdicts[static_cast<int>(verification.verdict)];
            if (verification.verdict == Verdict::changed)
                MESSAGE(mutants()[i].file << ":" << mutants()[i].line << "\n"
                                          << render(verification));
        }
        MESSAGE("another purpose: identical (never drawn) "
                << verdicts[0] << ", equivalent " << verdicts[1] << ", changed " << verdicts[2]);
        CHECK(verdicts[1] >= 20);
        CHECK(verdicts[2] <= 2);  // 1 % of some 30 verdicts, and then some
    }
}
