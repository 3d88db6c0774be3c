// How often `verify` is right: false alarms when nothing but luck changed, power against a bias of
// 2 %, both counted over many comparisons of 20 seeds.
#include "recordings/verdict.hpp"
#include "scenarios/document.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

using namespace driftstorm;
using namespace driftstorm::literals;

namespace {

constexpr std::size_t seeds = 20;
constexpr std::size_t all_seeds = (1 + further_factor) * seeds;

/// A number of events of which the chance is known, over some comparisons.
struct Count {
    std::size_t hits = 0;
    std::size_t of = 0;
    std::size_t runs = 0;  ///< that the comparisons took

    double rate() const { return static_cast<double>(hits) / static_cast<double>(of); }
    double mean_runs() const { return static_cast<double>(runs) / static_cast<double>(of); }
    /// Whether a chance of `rate` gives so many hits but once in a thousand times.
    bool too_many_for(double rate) const {
        const double n = static_cast<double>(of);
        return static_cast<double>(hits) > n * rate + 3.1 * std::sqrt(n * rate * (1 - rate)) + 1;
    }
};

/// What `verify` does with runs that are made already: those of the recorded seeds, then further
/// ones when in doubt.
bool called_changed(const Baseline& baseline, const std::vector<RecordedRun>& runs, Count& count) {
    Verification verification =
        judge_recording(baseline, {runs.begin(), runs.begin() + std::ptrdiff_t{seeds}});
    if (in_doubt(verification)) verification = judge_recording(baseline, runs);
    const bool changed = verification.verdict == Verdict::changed;
    ++count.of;
    count.hits += changed ? 1 : 0;
    count.runs += verification.runs;
    return changed;
}

Baseline baseline_from(const std::vector<RecordedRun>& runs,
                       const std::vector<std::string>& metrics) {
    Baseline baseline;
    baseline.digest = hex(runs.front().root);
    baseline.ladder = runs.front().ladder;
    for (const RecordedRun& run : runs) baseline.other_digests.push_back(hex(run.root));
    baseline.other_digests.erase(baseline.other_digests.begin());
    for (const std::string& path : metrics) {
        MetricSamples& samples = baseline.metrics.emplace_back(MetricSamples{path, "", {}});
        for (const RecordedRun& run : runs) samples.values.push_back(metric_of(run, path));
    }
    return baseline;
}

void scale(std::vector<RecordedRun>& runs, const std::string& metric, double factor) {
    for (RecordedRun& run : runs) {
        run.root ^= 1;
        for (auto& [path, value] : run.metrics)
            if (path == metric) value *= factor;
    }
}

/// Numbers 0 ... n - 1 in an order of their own for each trial.
std::vector<std::size_t> shuffled(std::size_t n, std::uint64_t trial) {
    std::vector<std::size_t> order(n);
    std::iota(order.begin(), order.end(), std::size_t{0});
    for (std::size_t i = 0; i + 1 < n; ++i)
        std::swap(order[i], order[i + draw(7, "test.order", trial, i)[0] % (n - i)]);
    return order;
}

std::vector<RecordedRun> chosen(const std::vector<RecordedRun>& pool,
                                const std::vector<std::size_t>& order, std::size_t from,
                                std::size_t count) {
    std::vector<RecordedRun> runs;
    runs.reserve(count);
    for (std::size_t i = from; i < from + count; ++i) runs.push_back(pool[order[i]]);
    return runs;
}

/// Runs that are nothing but twenty metrics, each with mean 1 and the same spread over the seeds,
/// and nothing in common: the worst that a family of metrics can be. Every other one is skewed.
std::vector<RecordedRun> made_up(std::uint64_t group, std::size_t count, double spread) {
    std::vector<RecordedRun> runs;
    for (std::size_t k = 0; k < count; ++k) {
        RecordedRun& run = runs.emplace_back();
        run.ladder.window = 1_s;
        run.root = draw(group, "test.root", k, 0)[0] + (std::uint64_t{1} << 32);
        for (std::size_t m = 0; m < headline_count; ++m) {
            double z = 0;
            if (m % 2 == 0) {  // nearly normal
                for (std::uint64_t i = 0; i < 12; ++i)
                    z += draw_uniform(group, "test.normal", k * headline_count + m, i) - 0.5;
            } else {
                z = -std::log(draw_uniform(group, "test.skewed", k * headline_count + m, 0)) - 1;
            }
            run.metrics.emplace_back(fmt::format("m{:02}", m), 1 + spread * z);
        }
    }
    return runs;
}

std::vector<std::string> paths_of(const RecordedRun& run) {
    std::vector<std::string> paths;
    paths.reserve(run.metrics.size());
    for (const auto& [path, value] : run.metrics) paths.push_back(path);
    return paths;
}

struct Rates {
    Count alarms;
    Count found;
};

/// Twenty metrics, other luck on both sides; found: one of them 2 % larger.
Rates rates_of_made_up(std::size_t trials, double spread) {
    Rates rates;
    for (std::uint64_t t = 0; t < trials; ++t) {
        const std::vector<RecordedRun> recorded = made_up(2 * t + 1, seeds, spread);
        std::vector<RecordedRun> now = made_up(2 * t + 2, all_seeds, spread);
        const Baseline baseline = baseline_from(recorded, paths_of(recorded.front()));
        called_changed(baseline, now, rates.alarms);
        scale(now, fmt::format("m{:02}", t % headline_count), 1.02);
        called_changed(baseline, now, rates.found);
    }
    return rates;
}

/// The library's queue, cut short, with a service that takes so much.
std::vector<RecordedRun> queues(const std::string& service, Duration until, std::size_t count) {
    std::string reason;
    const std::string file = DRIFTSTORM_SOURCE_DIR "/scenarios/library/mm1.yaml";
    std::string text = read_file_from_disk(file, reason).value();
    const std::string mean = "{ mean: $service }";
    text.replace(text.find(mean), mean.size(), "{ mean: " + service + " }");
    const std::size_t parameter = text.find("  service:");
    text.erase(parameter, text.find('\n', parameter) + 1 - parameter);
    const LoadedScenario loaded = load({"mm1.yaml", text, {}});
    std::vector<RecordedRun> runs;
    runs.reserve(count);
    for (std::size_t k = 0; k < count; ++k)
        runs.push_back(run_recorded(*loaded.scenario, until, 1 + k));
    return runs;
}

double spread_of(const std::vector<RecordedRun>& runs, const std::string& metric) {
    double sum = 0;
    double squares = 0;
    for (const RecordedRun& run : runs) {
        sum += metric_of(run, metric);
        squares += metric_of(run, metric) * metric_of(run, metric);
    }
    const double n = static_cast<double>(runs.size());
    return std::sqrt(std::max(0.0, squares / n - sum / n * (sum / n))) / std::abs(sum / n);
}

}  // namespace

TEST_CASE("a bias of 2 % is found among twenty metrics, luck is not") {
    const Rates rates = rates_of_made_up(40, 0.01);
    CHECK(rates.alarms.hits <= 3);
    CHECK(rates.found.hits >= 33);
}

TEST_CASE("metrics that say the same thing count once") {
    const std::vector<RecordedRun> runs = made_up(1, 2 * seeds, 0.01);
    std::vector<double> recorded, now;
    for (std::size_t k = 0; k < seeds; ++k) {
        recorded.push_back(metric_of(runs[k], "m00"));
        now.push_back(metric_of(runs[seeds + k], "m00") * 1.008);
    }
    const Tolerance exact{Tolerance::Kind::absolute, 0};
    const MetricValues one{recorded, now, {}, exact};
    const std::vector<MetricValues> many(headline_count, one);
    const double alone = compare_pairs(std::vector{one}, 0.01).front().p;
    CHECK(alone < 0.2);
    CHECK(compare_pairs(many, 0.01).front().p == alone);
}

TEST_SUITE("long") {
    TEST_CASE("false alarms at a rate of 0.01, power 0.9 at a spread of 1 %: twenty metrics") {
        std::string table = "spread over seeds   false alarms   runs   2 % found   runs\n";
        for (const double spread : {0.005, 0.01, 0.015, 0.02}) {
            const Rates rates = rates_of_made_up(600, spread);
            table += fmt::format("{:>15.1f} % {:>14.4f} {:>6.0f} {:>11.3f} {:>6.0f}\n",
                                 100 * spread, rates.alarms.rate(), rates.alarms.mean_runs(),
                                 rates.found.rate(), rates.found.mean_runs());
            CHECK_FALSE(rates.alarms.too_many_for(false_alarm_rate));
            if (spread <= 0.01) CHECK(rates.found.rate() >= 0.9);
        }
        MESSAGE("\n" << table);
    }

    TEST_CASE("without tolerances the false alarms are at a rate of 0.01 too") {
        Count alarms;
        for (std::uint64_t t = 0; t < 500; ++t) {
            const std::vector<RecordedRun> recorded = made_up(2 * t + 10'001, seeds, 0.01);
            Baseline baseline = baseline_from(recorded, paths_of(recorded.front()));
            baseline.tolerances.push_back({"*", {Tolerance::Kind::absolute, 0}});
            called_changed(baseline, made_up(2 * t + 10'002, all_seeds, 0.01), alarms);
        }
        MESSAGE("false alarms: " << alarms.hits << " of " << alarms.of << ", " << alarms.mean_runs()
                                 << " runs each");
        CHECK_FALSE(alarms.too_many_for(false_alarm_rate));
    }

    TEST_CASE("mm1, 4 min: luck, a bias in a metric, a service 2 % longer") {
        const Duration until = 300_s;
        const std::vector<RecordedRun> pool = queues("10 ms", until, 300);
        const std::vector<RecordedRun> slower = queues("10.2 ms", until, 150);
        const std::vector<std::string> metrics = headline_metrics(pool.front(), headline_count);

        Count alarms, same_draws, other_draws;
        for (std::uint64_t t = 0; t < 200; ++t) {
            const auto order = shuffled(pool.size(), t);
            const Baseline baseline = baseline_from(chosen(pool, order, 0, seeds), metrics);
            called_changed(baseline, chosen(pool, order, seeds, all_seeds), alarms);
            if (t % 2 != 0) continue;
            // The same seeds, so that arrivals and services are the same draws.
            const auto half = shuffled(slower.size(), t);
            called_changed(baseline_from(chosen(pool, half, 0, seeds), metrics),
                           chosen(slower, half, 0, all_seeds), same_draws);
            called_changed(baseline_from(chosen(pool, half, 0, seeds), metrics),
                           chosen(slower, half, seeds, all_seeds), other_draws);
        }
        CHECK_FALSE(alarms.too_many_for(false_alarm_rate));
        CHECK(same_draws.rate() >= 0.9);
        CHECK(other_draws.rate() >= 0.9);

        std::string table =
            "2 % more in                     spread over seeds   found, same draws   other draws\n";
        std::size_t sharp = 0;
        for (const std::string& metric : metrics) {
            const double spread = spread_of(pool, metric);
            const bool detectable = spread <= 0.01;
            Count paired, apart;
            for (std::uint64_t t = 0; t < (detectable ? 100u : 20u); ++t) {
                const auto order = shuffled(pool.size(), 1'000'000 + t);
                const Baseline baseline = baseline_from(chosen(pool, order, 0, seeds), metrics);
                std::vector<RecordedRun> same = chosen(pool, order, 0, all_seeds);
                std::vector<RecordedRun> other = chosen(pool, order, seeds, all_seeds);
                scale(same, metric, 1.02);
                scale(other, metric, 1.02);
                called_changed(baseline, same, paired);
                called_changed(baseline, other, apart);
            }
            table += fmt::format("{:<32} {:>16.2f} % {:>19.3f} {:>13.3f}\n", metric, 100 * spread,
                                 paired.rate(), apart.rate());
            if (spread > 0) CHECK(paired.rate() >= 0.9);
            sharp += detectable && spread > 0 ? 1 : 0;
            if (detectable && spread > 0) CHECK(apart.rate() >= 0.9);
        }
        CHECK(sharp > 0);
        MESSAGE("\n"
                << table << "\nfalse alarms: " << alarms.hits << " of " << alarms.of << ", "
                << alarms.mean_runs() << " runs each\na service 2 % longer is found: same draws "
                << same_draws.rate() << ", other draws " << other_draws.rate());
    }
}
