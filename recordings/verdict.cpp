#include "recordings/verdict.hpp"

#include "analysis/human_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace driftstorm {

namespace {

double mean_of(const std::vector<double>& values) {
    double sum = 0;
    for (const double value : values) sum += value;
    return sum / static_cast<double>(values.size());
}

std::string xml_text(std::string_view text) {
    std::string out;
    for (const char c : printable(text)) {
        if (c == '<') {
            out += "&lt;";
        } else if (c == '&') {
            out += "&amp;";
        } else if (c == '"') {
            out += "&quot;";
        } else {
            out += c;
        }
    }
    return out;
}

std::string where_text(const LadderDifference& first) {
    std::string components;
    for (const std::string& component : first.components)
        components += (components.empty() ? "" : ", ") + component;
    return fmt::format("the runs part between {} and {}, in {}", instant_text(first.from),
                       instant_text(first.to), components);
}

/// A tolerance's own text has no unit: it is in that of the metric.
std::string allowed_text(const MetricVerdict& metric) {
    if (metric.tolerance.kind != Tolerance::Kind::absolute || metric.unit.empty())
        return text_of(metric.tolerance);
    return fmt::format("absolute {:g} {}", metric.tolerance.amount * (metric.unit == "%" ? 100 : 1),
                       metric.unit);
}

}  // namespace

std::string_view word(Verdict verdict) {
    switch (verdict) {
        case Verdict::identical:
            return "identical";
        case Verdict::equivalent:
            return "equivalent";
        case Verdict::changed:
            break;
    }
    return "changed";
}

namespace {

/// The number of the first run whose digest is not the recorded one; one that the baseline does not
/// keep says nothing.
std::optional<std::size_t> first_other(const Baseline& baseline,
                                       const std::vector<RecordedRun>& runs) {
    for (std::size_t k = 0; k < std::min(runs.size(), baseline.seeds()); ++k)
        if (const std::string& recorded = baseline.digest_under(k);
            !recorded.empty() && hex(runs[k].root) != recorded)
            return k;
    return std::nullopt;
}

std::vector<std::string> changed_models(const Baseline& baseline, const RecordedRun& run) {
    std::vector<std::string> changed;
    for (const Kernel::ModelVersion& model : run.models) {
        int recorded = 0;
        for (const auto& [name, version] : baseline.models)
            if (name == model.name) recorded = version;
        if (recorded != model.version)
            changed.push_back(fmt::format("{} {} -> {}", model.name,
                                          recorded == 0 ? "none" : std::to_string(recorded),
                                          model.version));
    }
    return changed;
}

/// Holds the recorded values against those of the same seeds, then against further ones: each with
/// its part of the false alarms.
void compare(Verification& verification) {
    std::vector<MetricValues> values;
    values.reserve(verification.metrics.size());
    for (const MetricVerdict& metric : verification.metrics)
        values.push_back(
            {metric.recorded, metric.now, metric.further, metric.tolerance, metric.unit});
    const auto pairs = compare_pairs(values, paired_share * false_alarm_rate);
    std::vector<SampleComparison> further(values.size());
    if (verification.further > 0)
        further = compare_further(values, (1 - paired_share) * false_alarm_rate);
    verification.verdict = Verdict::equivalent;
    for (std::size_t m = 0; m < values.size(); ++m) {
        MetricVerdict& metric = verification.metrics[m];
        const bool later = further[m].changed && !pairs[m].changed;
        metric.comparison = later ? further[m] : pairs[m];
        if (metric.comparison.changed) verification.verdict = Verdict::changed;
    }
}

}  // namespace

Verification verify(const Baseline& baseline, std::size_t most_seeds,
                    const std::function<void(std::size_t, std::size_t)>& progress) {
    const LoadedScenario loaded = load(baseline.scenario);
    std::vector<RecordedRun> runs;
    const auto run_to = [&](std::size_t count) {
        while (runs.size() < count) {
            if (progress) progress(runs.size() + 1, count);
            runs.push_back(
                run_recorded(*loaded.scenario, baseline.until, baseline.seed + runs.size()));
        }
    };
    // Digests that an older baseline does not keep cannot be compared.
    const std::size_t kept = baseline.other_digests.size() + 1;
    run_to(std::min(kept, std::max<std::size_t>(1, most_seeds)));
    if (first_other(baseline, runs)) run_to(baseline.seeds());
    Verification verification = judge_recording(baseline, runs);
    if (!in_doubt(verification)) return verification;
    run_to((1 + further_factor) * baseline.seeds());
    return judge_recording(baseline, runs);
}

Verification judge_recording(const Baseline& baseline, const std::vector<RecordedRun>& runs) {
    Verification verification;
    verification.name = baseline.name;
    verification.seeds = baseline.seeds();
    verification.runs = runs.size();
    verification.edited = hex(fingerprint(baseline.scenario.text)) != baseline.scenario_hash;
    verification.models = changed_models(baseline, runs.front());
    const std::optional<std::size_t> other = first_other(baseline, runs);
    const std::size_t shown = other.value_or(0);
    verification.seed = baseline.seed + shown;
    verification.recorded_digest = baseline.digest_under(shown);
    verification.digest = hex(runs[shown].root);
    if (!other) return verification;

    verification.first = first_difference(baseline.ladder, narrowed(runs.front().ladder));
    verification.further = runs.size() - std::min(runs.size(), baseline.seeds());
    for (const MetricSamples& samples : baseline.metrics) {
        MetricVerdict metric{samples.path,
                             samples.unit,
                             tolerance_of(baseline.tolerances, samples.path),
                             samples.values,
                             {},
                             {},
                             {}};
        for (std::size_t k = 0; k < runs.size(); ++k)
            (k < baseline.seeds() ? metric.now : metric.further)
                .push_back(metric_of(runs[k], samples.path));
        verification.metrics.push_back(std::move(metric));
    }
    compare(verification);
    return verification;
}

bool in_doubt(const Verification& verification) {
    // Metrics alone at this level: a shift that the further seeds would find shows it.
    constexpr double doubtful = 0.1;
    return verification.verdict == Verdict::equivalent && verification.further == 0 &&
           verification.seeds >= least_seeds &&
           std::any_of(verification.metrics.begin(), verification.metrics.end(),
                       [](const MetricVerdict& metric) {
                           return metric.comparison.alone <= doubtful &&
                                  metric.tolerance.kind != Tolerance::Kind::ks;
                       });
}

std::string instant_text(Time at) {
    if (at.ns % 1'000'000'000 == 0) return human_time(at.seconds());
    return fmt::format("{:.9g} s", at.seconds());
}

std::string_view word(const Verification& verification) {
    return verification.error.empty() ? word(verification.verdict) : "unreadable";
}

std::string render(const Verification& verification) {
    const bool identical = verification.verdict == Verdict::identical;
    std::string text = fmt::format("{:<11} {}", word(verification), verification.name);
    if (!verification.error.empty()) return text + "\n" + verification.error;
    if (identical) {
        text +=
            fmt::format("  digest {}, {} of {} seed{}\n", verification.digest, verification.runs,
                        verification.seeds, verification.seeds == 1 ? "" : "s");
    } else {
        text += fmt::format("  digest {} -> {} under seed {}\n", verification.recorded_digest,
                            verification.digest, verification.seed);
    }
    if (verification.edited)
        text += "            the scenario in the baseline was edited since it was recorded\n";
    for (const std::string& model : verification.models)
        text += "            model " + model + "\n";
    if (identical) return text;
    if (verification.first) text += "            " + where_text(*verification.first) + "\n";
    std::size_t alike = 0;
    for (const MetricVerdict& metric : verification.metrics) {
        if (!metric.comparison.changed) {
            ++alike;
            continue;
        }
        text += fmt::format("            {:<32} {}, allowed {}, p = {:.1g}\n", metric.path,
                            metric.comparison.reason, allowed_text(metric), metric.comparison.p);
    }
    text += fmt::format("            {} of {} metrics as recorded, over {} seeds", alike,
                        verification.metrics.size(), verification.seeds);
    if (verification.further > 0) text += fmt::format(" and {} further ones", verification.further);
    return text + "\n";
}

std::string render_json(const std::vector<Verification>& verifications) {
    std::string text;
    for (const Verification& one : verifications) {
        std::string metrics;
        for (const MetricVerdict& metric : one.metrics)
            metrics += fmt::format(
                "{}{{\"metric\": {}, \"unit\": {}, \"recorded_mean\": {}, \"mean\": {}, "
                "\"tolerance\": {}, \"p\": {}, \"changed\": {}, \"reason\": {}}}",
                metrics.empty() ? "" : ", ", json_string(metric.path), json_string(metric.unit),
                json_number(mean_of(metric.recorded)), json_number(mean_of(metric.now)),
                json_string(text_of(metric.tolerance)), json_number(metric.comparison.p),
                metric.comparison.changed, json_string(metric.comparison.reason));
        std::string first = "null";
        if (one.first) {
            std::string components;
            for (const std::string& component : one.first->components)
                components += (components.empty() ? "" : ", ") + json_string(component);
            first = fmt::format("{{\"from_ns\": {}, \"to_ns\": {}, \"components\": [{}]}}",
                                one.first->from.ns, one.first->to.ns, components);
        }
        text += fmt::format(
            "{}{{\"name\": {}, \"verdict\": \"{}\", \"error\": {}, \"seeds\": {}, \"runs\": {}, "
            "\"further\": {}, "
            "\"seed\": {}, \"recorded_digest\": \"{}\", \"digest\": \"{}\", "
            "\"scenario_edited\": {}, \"first_difference\": {}, \"metrics\": [{}]}}",
            text.empty() ? "" : ", ", json_string(one.name), word(one),
            one.error.empty() ? "null" : json_string(one.error), one.seeds, one.runs, one.further,
            one.seed, one.recorded_digest, one.digest, one.edited, first, metrics);
    }
    return "{\"recordings\": [" + text + "]}\n";
}

std::string render_junit(const std::vector<Verification>& verifications, bool strict) {
    std::string cases;
    std::size_t failures = 0;
    std::size_t errors = 0;
    for (const Verification& one : verifications) {
        const bool broken = !one.error.empty();
        const bool failed = !broken && (one.verdict == Verdict::changed ||
                                        (strict && one.verdict == Verdict::equivalent));
        errors += broken ? 1 : 0;
        failures += failed ? 1 : 0;
        cases += fmt::format("  <testcase classname=\"driftstorm.recordings\" name=\"{}\"",
                             xml_text(one.name));
        if (broken) {
            cases += fmt::format(">\n    <error message=\"unreadable\">{}</error>\n  </testcase>\n",
                                 xml_text(one.error));
        } else if (failed) {
            cases += fmt::format(">\n    <failure message=\"{}\">{}</failure>\n  </testcase>\n",
                                 word(one.verdict), xml_text(render(one)));
        } else if (one.verdict == Verdict::equivalent) {
            cases += fmt::format(">\n    <system-out>{}</system-out>\n  </testcase>\n",
                                 xml_text(render(one)));
        } else {
            cases += "/>\n";
        }
    }
    return fmt::format(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"driftstorm recordings\" "
        "tests=\"{}\" failures=\"{}\" errors=\"{}\">\n{}</testsuite>\n",
        verifications.size(), failures, errors, cases);
}

}  // namespace driftstorm
