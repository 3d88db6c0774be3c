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

Verification verify(const Baseline& baseline,
                    const std::function<void(std::size_t, std::size_t)>& progress) {
    const LoadedScenario loaded = load(baseline.scenario);
    std::vector<RecordedRun> runs;
    for (std::size_t k = 0; k < baseline.seeds(); ++k) {
        if (progress) progress(k + 1, baseline.seeds());
        runs.push_back(run_recorded(*loaded.scenario, baseline.until, baseline.seed + k));
        if (k == 0 && hex(runs.front().root) == baseline.digest) break;
    }
    return judge_recording(baseline, runs);
}

Verification judge_recording(const Baseline& baseline, const std::vector<RecordedRun>& runs) {
    Verification verification;
    verification.name = baseline.name;
    verification.recorded_digest = baseline.digest;
    verification.digest = hex(runs.front().root);
    for (const Kernel::ModelVersion& model : runs.front().models) {
        int recorded = 0;
        for (const auto& [name, version] : baseline.models)
            if (name == model.name) recorded = version;
        if (recorded != model.version)
            verification.models.push_back(
                fmt::format("{} {} -> {}", model.name,
                            recorded == 0 ? "none" : std::to_string(recorded), model.version));
    }
    if (verification.digest == verification.recorded_digest) return verification;

    verification.verdict = Verdict::equivalent;
    verification.first = first_difference(baseline.ladder, narrowed(runs.front().ladder));
    // Bonferroni: together the metrics are as often wrong as one alone may be.
    const double alpha =
        false_alarm_rate / static_cast<double>(std::max<std::size_t>(1, baseline.metrics.size()));
    for (const MetricSamples& samples : baseline.metrics) {
        MetricVerdict metric{
            samples.path,   samples.unit, tolerance_of(baseline.tolerances, samples.path),
            samples.values, {},           {}};
        for (const RecordedRun& run : runs) metric.now.push_back(metric_of(run, samples.path));
        metric.comparison = compare_samples(metric.recorded, metric.now, metric.tolerance, alpha);
        if (metric.comparison.changed) verification.verdict = Verdict::changed;
        verification.metrics.push_back(std::move(metric));
    }
    return verification;
}

std::string instant_text(Time at) {
    if (at.ns % 1'000'000'000 == 0) return human_time(at.seconds());
    return fmt::format("{:.9g} s", at.seconds());
}

std::string render(const Verification& verification) {
    std::string text = fmt::format("{:<11} {}", word(verification.verdict), verification.name);
    if (verification.verdict == Verdict::identical)
        return text + "  digest " + verification.digest + "\n";
    text += fmt::format("  digest {} -> {}\n", verification.recorded_digest, verification.digest);
    for (const std::string& model : verification.models)
        text += "            model " + model + "\n";
    if (verification.first) text += "            " + where_text(*verification.first) + "\n";
    std::size_t alike = 0;
    for (const MetricVerdict& metric : verification.metrics) {
        if (!metric.comparison.changed) {
            ++alike;
            continue;
        }
        text += fmt::format("            {:<32} {}{}{}, allowed {}, p = {:.1g}\n", metric.path,
                            metric.comparison.reason, metric.unit.empty() ? "" : " ", metric.unit,
                            text_of(metric.tolerance), metric.comparison.p);
    }
    return text + fmt::format("            {} of {} metrics as recorded, over {} seeds\n", alike,
                              verification.metrics.size(),
                              verification.metrics.empty()
                                  ? 1
                                  : verification.metrics.front().recorded.size());
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
            "{}{{\"name\": {}, \"verdict\": \"{}\", \"recorded_digest\": \"{}\", \"digest\": "
            "\"{}\", \"first_difference\": {}, \"metrics\": [{}]}}",
            text.empty() ? "" : ", ", json_string(one.name), word(one.verdict), one.recorded_digest,
            one.digest, first, metrics);
    }
    return "{\"recordings\": [" + text + "]}\n";
}

std::string render_junit(const std::vector<Verification>& verifications, bool strict) {
    std::string cases;
    std::size_t failures = 0;
    for (const Verification& one : verifications) {
        const bool failed =
            one.verdict == Verdict::changed || (strict && one.verdict == Verdict::equivalent);
        failures += failed ? 1 : 0;
        cases += fmt::format("  <testcase classname=\"driftstorm.recordings\" name=\"{}\"",
                             xml_text(one.name));
        if (failed) {
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
        "tests=\"{}\" failures=\"{}\">\n{}</testsuite>\n",
        verifications.size(), failures, cases);
}

}  // namespace driftstorm
