#include "analysis/metric_paths.hpp"
#include "recordings/baseline.hpp"
#include "recordings/joint_test.hpp"
#include "scenarios/document.hpp"
#include "scenarios/parse_yaml.hpp"
#include "sim/output/output_error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <fstream>
#include <limits>
#include <map>
#include <sstream>

namespace driftstorm {

namespace {

constexpr std::string_view language = "baseline/1";

// ---- writing
// -------------------------------------------------------------------------------------

std::string number_text(double value) {
    if (std::isnan(value)) return "nan";
    return fmt::format("{}", value);  // the shortest that reads back as the same double
}

std::string duration_text(Duration duration) {
    return duration.ns % 1'000'000'000 == 0 ? fmt::format("{} s", duration.ns / 1'000'000'000)
                                            : fmt::format("{} ns", duration.ns);
}

std::string key_text(const std::string& key) {
    const bool plain = std::all_of(key.begin(), key.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_' || c == '.';
    });
    return plain && !(key[0] >= '0' && key[0] <= '9') ? key : json_string(key);
}

/// A text as a block where that gives the very bytes back, else in quotes.
std::string block_text(const std::string& text) {
    const bool ends_well = text.size() > 1 && text.back() == '\n' && text[text.size() - 2] != '\n';
    const bool plain = std::none_of(text.begin(), text.end(), [](char c) {
        return c == '\r' || c == '\t' || (is_control(c) && c != '\n');
    });
    if (!ends_well || !plain || text.front() == ' ' || text.front() == '\n')
        return json_string(text) + "\n";
    std::string block = "|\n";
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);)
        block += line.empty() ? "\n" : "  " + line + "\n";
    return block;
}

/// For whoever reads the file; `values` is what counts.
std::string mean_text(const MetricSamples& samples) {
    double sum = 0;
    double square = 0;
    double count = 0;
    for (const double value : samples.values) {
        if (!std::isfinite(value)) continue;
        sum += value;
        count += 1;
    }
    if (count == 0) return "undefined";
    const double mean = sum / count;
    for (const double value : samples.values)
        if (std::isfinite(value)) square += (value - mean) * (value - mean);
    const double scale = samples.unit == "%" ? 100 : 1;
    const double error = count > 1 ? std::sqrt(square / (count - 1) / count) : 0;
    return fmt::format("{:.6g} +- {:.2g}{}{}", mean * scale, error * scale,
                       samples.unit.empty() ? "" : " ", samples.unit);
}

/// For whoever reads the file: the shift that `verify` finds nine times of ten when all draws are
/// others, as a share of the mean. Empty where there is no telling.
std::string detects_text(const Baseline& baseline, const MetricSamples& samples) {
    const Tolerance tolerance = tolerance_of(baseline.tolerances, samples.path);
    double sum = 0;
    for (const double value : samples.values) sum += std::isfinite(value) ? value : 0.0;
    const double mean = sum / static_cast<double>(samples.values.size());
    if (samples.values.size() < least_seeds || mean == 0 || tolerance.kind == Tolerance::Kind::ks)
        return "";
    const double shift =
        detectable_shift(samples.values, tolerance, further_factor * samples.values.size(),
                         baseline.metrics.size(), (1 - paired_share) * false_alarm_rate);
    if (std::isnan(shift)) return "";
    return fmt::format("{:.2g} %", 100 * shift / std::abs(mean));
}

std::string recorded_section(const Baseline& baseline) {
    std::string text = "recorded:\n  driftstorm: " + json_string(baseline.version) +
                       (baseline.models.empty() ? "\n  models: {}\n" : "\n  models:\n");
    for (const auto& [model, version] : baseline.models)
        text += fmt::format("    {}: {}\n", key_text(model), version);
    return text + fmt::format(
                      "  until: {}\n  seed: {}\n  seeds: {}\n  scenario_hash: \"{}\"\n"
                      "  events: {}\n",
                      duration_text(baseline.until), baseline.seed, baseline.seeds(),
                      baseline.scenario_hash, baseline.events);
}

std::string metrics_section(const Baseline& baseline) {
    if (baseline.metrics.empty()) return "metrics: {}\n";  // a run cut within its warm-up
    std::string text = "metrics:\n";
    for (const MetricSamples& samples : baseline.metrics) {
        std::string values;
        for (const double value : samples.values)
            values += (values.empty() ? "" : " ") + number_text(value);
        text +=
            fmt::format("  {}:\n    mean: \"{}\"\n", key_text(samples.path), mean_text(samples));
        if (const std::string detects = detects_text(baseline, samples); !detects.empty())
            text += "    detects: \"" + detects + "\"\n";
        text += "    values: \"" + values + "\"\n";
    }
    return text;
}

std::string ladder_section(const Ladder& ladder) {
    std::string text = "ladder:\n  window: " + duration_text(ladder.window) + "\n  components: [";
    for (std::size_t c = 0; c < ladder.components.size(); ++c)
        text += (c == 0 ? "" : ", ") + key_text(ladder.components[c]);
    text += "]\n  rungs:\n";
    for (const std::vector<std::uint64_t>& rungs : ladder.rungs) {
        std::string line;
        for (const std::uint64_t rung : rungs)
            line += (line.empty() ? "" : " ") + (rung == 0 ? std::string("-") : hex(rung));
        text += "    - \"" + line + "\"\n";
    }
    return text;
}

std::vector<std::pair<std::string, std::string>> sections_of(const Baseline& baseline) {
    std::vector<std::pair<std::string, std::string>> sections;
    const auto add = [&sections](const std::string& key, std::string text) {
        sections.emplace_back(key, std::move(text));
    };
    add("schema", "schema: " + std::string(language) + "\n");
    add("name", "name: " + json_string(baseline.name) + "\n");
    add("recorded", recorded_section(baseline));
    add("digest", "digest: \"" + baseline.digest + "\"\n");
    if (!baseline.other_digests.empty()) {
        std::string digests;
        for (const std::string& digest : baseline.other_digests)
            digests += (digests.empty() ? "" : " ") + digest;
        add("other_digests", "other_digests: \"" + digests + "\"  # under the seeds that follow\n");
    }
    add("metrics", metrics_section(baseline));
    std::string text = baseline.tolerances.empty()
                           ? "tolerances: []\n"
                           : "tolerances:  # the last one that matches a metric counts\n";
    for (const ToleranceRule& rule : baseline.tolerances)
        text += fmt::format("  - {{ metrics: {}, allow: {} }}\n", json_string(rule.metrics),
                            text_of(rule.tolerance));
    add("tolerances", text);
    if (!baseline.accepted.empty()) {
        text = "accepted:\n";
        for (const Acceptance& one : baseline.accepted)
            text += fmt::format(
                "  - because: {}\n    driftstorm: {}\n    from: \"{}\"\n    to: \"{}\"\n",
                json_string(one.because), json_string(one.version), one.from, one.to);
        add("accepted", text);
    }
    add("ladder", ladder_section(baseline.ladder));
    add("scenario", "scenario: " + block_text(baseline.scenario.text));
    if (!baseline.scenario.files.empty()) {
        text = "files:\n";
        for (const auto& [name, bytes] : baseline.scenario.files) {
            const std::string block = block_text(bytes);
            text += "  " + json_string(name) + ": ";
            std::istringstream lines(block);
            bool first = true;
            for (std::string line; std::getline(lines, line); first = false)
                text += (first || line.empty() ? "" : "  ") + line + "\n";
        }
        add("files", text);
    }
    return sections;
}

/// A text cut where a key stands at the left margin; comments belong to the key below them.
std::vector<std::pair<std::string, std::string>> cut(const std::string& text) {
    std::vector<std::pair<std::string, std::string>> sections;
    std::string above;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        line += '\n';
        const bool key = line[0] >= 'a' && line[0] <= 'z';
        if (key) {
            sections.emplace_back(line.substr(0, line.find(':')), above + line);
            above.clear();
        } else if (line[0] == '#' || sections.empty()) {
            above += line;
        } else {
            sections.back().second += above + line;
            above.clear();
        }
    }
    if (!sections.empty()) sections.back().second += above;
    return sections;
}

// ---- reading
// -------------------------------------------------------------------------------------

constexpr std::array<std::string_view, 11> known_sections{
    "schema",     "name",     "recorded", "digest",   "other_digests", "metrics",
    "tolerances", "accepted", "ladder",   "scenario", "files"};

/// Takes a baseline's values out of its tree; a fault is a complaint at its place.
class BaselineReader {
  public:
    BaselineReader(const Node& root, Complaints& complaints)
        : root_(root), complaints_(complaints) {}

    Baseline read(const std::string& file) {
        Baseline baseline;
        const Node* schema = root_.find("schema");
        if (schema == nullptr || schema->text() != language) {
            const std::string got = schema != nullptr ? schema->text() : "";
            complaints_.error(schema != nullptr ? schema->position() : root_.position(),
                              got.rfind("baseline/", 0) == 0
                                  ? "this driftstorm reads baseline/1, not " + quote(got) +
                                        ": verify it with the driftstorm that recorded it, or "
                                        "record it anew"
                                  : "a baseline begins with 'schema: baseline/1'");
            return baseline;
        }
        for (const Node::Entry& entry : root_.entries())
            if (std::find(known_sections.begin(), known_sections.end(), entry.key) ==
                known_sections.end())
                complaints_.error(entry.key_position,
                                  quote(entry.key) + " is no section of a baseline");
        baseline.name = text(root_, "name");
        read_recorded(baseline);
        if (const Node* node = member(root_, "digest", NodeKind::scalar))
            baseline.digest = digest(*node, node->text());
        if (const Node* others = root_.find("other_digests")) {
            std::istringstream words(others->text());
            for (std::string word; words >> word;)
                baseline.other_digests.push_back(digest(*others, word));
            if (seeds_ > 0 && baseline.other_digests.size() + 1 != seeds_)
                complaints_.error(others->position(),
                                  fmt::format("has {} digests; after the first of {} seeds there "
                                              "are {}",
                                              baseline.other_digests.size(), seeds_, seeds_ - 1));
        }
        read_metrics(baseline);
        read_tolerances(baseline);
        read_accepted(baseline);
        read_ladder(baseline.ladder);
        // Data files are named from where the scenario stands: beside the baseline, without
        // folders.
        baseline.scenario.name = file.substr(file.find_last_of('/') + 1);
        baseline.scenario.text = text(root_, "scenario");
        if (const Node* scenario = root_.find("scenario"))
            baseline.scenario.lines_above = scenario->position().line;
        if (const Node* files = root_.find("files"))
            for (const Node::Entry& entry : files->entries())
                baseline.scenario.files[entry.key] = entry.value.text();
        return baseline;
    }

  private:
    const Node* member(const Node& map, std::string_view key, NodeKind kind) {
        const Node* node = map.find(key);
        if (node == nullptr || node->kind() != kind) {
            complaints_.error(node != nullptr ? node->position() : map.position(),
                              "a baseline needs '" + std::string(key) + "' here" +
                                  (node != nullptr ? ", not " + node->describe() : ""));
            return nullptr;
        }
        return node;
    }
    std::string text(const Node& map, std::string_view key) {
        const Node* node = member(map, key, NodeKind::scalar);
        return node != nullptr ? node->text() : std::string();
    }
    std::string digest(const Node& at, const std::string& word) {
        const bool hexadecimal = std::all_of(word.begin(), word.end(), [](char c) {
            return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
        });
        if (word.size() != 16 || !hexadecimal)
            complaints_.error(at.position(),
                              "a digest has 16 digits of 0-9 and a-f, got " + quote(word));
        return word;
    }
    std::uint64_t whole_member(const Node& map, std::string_view key) {
        const Node* node = member(map, key, NodeKind::scalar);
        return node != nullptr ? whole(*node, node->text()) : 0;
    }
    std::uint64_t whole(const Node& at, std::string_view digits, int base = 10) {
        std::uint64_t value = 0;
        const auto [end, error] =
            std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
        if (error != std::errc{} || end != digits.data() + digits.size())
            complaints_.error(at.position(), "must be a whole number, got " + quote(digits));
        return value;
    }
    Duration duration(const Node& map, std::string_view key) {
        const Node* node = member(map, key, NodeKind::scalar);
        if (node == nullptr) return {};
        const ParsedQuantity parsed = parse_quantity(node->text());
        if (parsed.quantity && parsed.quantity->dimension() == Dimension::duration)
            if (const auto ns = parsed.quantity->whole("ns"); ns && *ns > 0) return {*ns};
        complaints_.error(node->position(), "must be a length of time, got " + node->describe());
        return {};
    }

    void read_recorded(Baseline& baseline) {
        const Node* recorded = member(root_, "recorded", NodeKind::map);
        if (recorded == nullptr) return;
        baseline.version = text(*recorded, "driftstorm");
        baseline.until = duration(*recorded, "until");
        baseline.seed = whole_member(*recorded, "seed");
        seeds_ = whole_member(*recorded, "seeds");
        baseline.events = whole_member(*recorded, "events");
        baseline.scenario_hash = text(*recorded, "scenario_hash");
        if (const Node* models = member(*recorded, "models", NodeKind::map))
            for (const Node::Entry& entry : models->entries())
                baseline.models.emplace_back(
                    entry.key, static_cast<int>(whole(entry.value, entry.value.text())));
    }
    void read_metrics(Baseline& baseline) {
        const Node* metrics = member(root_, "metrics", NodeKind::map);
        if (metrics == nullptr) return;
        for (const Node::Entry& entry : metrics->entries()) {
            MetricSamples samples{entry.key, unit_of(entry.key).value_or(""), {}};
            std::istringstream words(text(entry.value, "values"));
            for (std::string word; words >> word;) samples.values.push_back(real(entry, word));
            if (samples.values.empty() || samples.values.size() != seeds_)
                complaints_.error(entry.key_position,
                                  fmt::format("has {} values; a metric has one, or nan, for each "
                                              "of the {} seeds",
                                              samples.values.size(), seeds_));
            baseline.metrics.push_back(std::move(samples));
        }
    }
    double real(const Node::Entry& entry, const std::string& word) {
        if (word == "nan") return std::numeric_limits<double>::quiet_NaN();
        double value = 0;
        const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
        if (error != std::errc{} || end != word.data() + word.size())
            complaints_.error(entry.value.position(), "must be numbers, got " + quote(word));
        return value;
    }
    void read_tolerances(Baseline& baseline) {
        const Node* list = member(root_, "tolerances", NodeKind::sequence);
        if (list == nullptr) return;
        for (const Node::Entry& entry : list->entries()) {
            const std::string allow = text(entry.value, "allow");
            try {
                baseline.tolerances.push_back(
                    {text(entry.value, "metrics"), parse_tolerance(allow)});
            } catch (const std::invalid_argument& error) {
                complaints_.error(entry.value.position(), error.what());
            }
        }
    }
    void read_accepted(Baseline& baseline) {
        const Node* list = root_.find("accepted");
        if (list == nullptr) return;
        for (const Node::Entry& entry : list->entries())
            baseline.accepted.push_back({text(entry.value, "because"),
                                         text(entry.value, "driftstorm"), text(entry.value, "from"),
                                         text(entry.value, "to")});
    }
    void read_ladder(Ladder& ladder) {
        const Node* node = member(root_, "ladder", NodeKind::map);
        if (node == nullptr) return;
        ladder.window = duration(*node, "window");
        if (const Node* components = member(*node, "components", NodeKind::sequence))
            for (const Node::Entry& entry : components->entries())
                ladder.components.push_back(entry.value.text());
        const Node* rungs = member(*node, "rungs", NodeKind::sequence);
        if (rungs == nullptr) return;
        for (const Node::Entry& entry : rungs->entries()) {
            std::vector<std::uint64_t>& row = ladder.rungs.emplace_back();
            std::istringstream words(entry.value.text());
            for (std::string word; words >> word;)
                row.push_back(word == "-" ? 0 : whole(entry.value, word, 16));
            if (row.size() != ladder.components.size())
                complaints_.error(entry.value.position(),
                                  fmt::format("has {} rungs; there is one, or -, for each of the "
                                              "{} components",
                                              row.size(), ladder.components.size()));
        }
    }

    const Node& root_;
    Complaints& complaints_;
    std::uint64_t seeds_ = 0;
};

std::optional<Node> parsed(const std::string& file, const std::string& text,
                           Complaints& complaints) {
    return parse_yaml(complaints.sources().add(file, text), complaints);
}

}  // namespace

std::string yaml_of(const Baseline& baseline) {
    std::string text;
    for (const auto& [key, section] : sections_of(baseline)) text += section;
    return text;
}

std::string yaml_over(const std::string& old_text, const Baseline& baseline) {
    const std::vector<std::pair<std::string, std::string>> old_sections = cut(old_text);
    Complaints complaints;
    const std::optional<Node> was = parsed("old", old_text, complaints);
    const std::optional<Node> is = parsed("new", yaml_of(baseline), complaints);
    complaints.throw_if_any();
    std::string text;
    for (const auto& [key, section] : sections_of(baseline)) {
        const Node* before = was->find(key);
        const Node* after = is->find(key);
        const bool same =
            before != nullptr && after != nullptr && yaml_text(*before) == yaml_text(*after);
        const std::string* kept = nullptr;
        if (same)
            for (const auto& old : old_sections)
                if (old.first == key) kept = &old.second;
        text += kept != nullptr ? *kept : section;
    }
    return text;
}

bool is_baseline(const std::string& text) {
    // Of any version: one that cannot be read is to be told, not passed over.
    const std::size_t at = text.find("schema: baseline/");
    return at < 4096 && (at == 0 || text[at - 1] == '\n');
}

Baseline parse_baseline(const std::string& file, const std::string& text) {
    Complaints complaints;
    const std::optional<Node> root = parsed(file, text, complaints);
    complaints.throw_if_any();
    Baseline baseline = BaselineReader(*root, complaints).read(file);
    complaints.throw_if_any();
    return baseline;
}

Baseline read_baseline(const std::string& file) {
    std::string reason;
    const std::optional<std::string> text = read_file_from_disk(file, reason);
    if (!text) throw OutputError(file, reason);
    return parse_baseline(file, *text);
}

}  // namespace driftstorm
