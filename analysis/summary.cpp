#include "analysis/summary.hpp"

#include "analysis/human_text.hpp"
#include "analysis/run_series.hpp"

#include <algorithm>
#include <cmath>
#include <set>

namespace driftstorm {

namespace {

/// Of what exceeds the baseline, retries or requests for resync must make so much for a storm of
/// theirs; else people send more, by a daily profile say.
constexpr double least_own_share = 0.1;
constexpr std::string_view plain_delay = "service_and_propagation";

double or_zero(const Metrics& metrics, const std::string& path) {
    return metrics.value(path).value_or(0.0);
}

std::string fault_name(const EntityDirectory& directory, std::int32_t row) {
    const std::int16_t kind = directory.kind("fault");
    if (kind < 0 || row < 0) return {};
    return directory.kinds[static_cast<std::size_t>(kind)].names[static_cast<std::size_t>(row)];
}

/// A twentieth of all delay is no one's experience: below it nothing is to be blamed.
constexpr double worth_a_verdict = 0.05;

/// What the excess over plain service and propagation comes from: one class if it makes more than
/// half, else the two largest. A server that was down is no fault of the network.
std::string verdict_of(const RunSummary& summary) {
    std::vector<std::pair<std::string, double>> classes{
        {"network-level", summary.network_share - summary.server_outage_share},
        {"infrastructure", summary.infrastructure_share + summary.server_outage_share},
        {"application-level", summary.application_share - summary.service_share},
        {"user behaviour", summary.user_share}};
    std::stable_sort(classes.begin(), classes.end(),
                     [](const auto& a, const auto& b) { return a.second > b.second; });
    double all = 0;
    for (const auto& [name, share] : classes) all += share;
    if (all <= 0) return "no delay beyond service and propagation";
    if (all < worth_a_verdict)
        return "hardly any delay beyond service and propagation (" +
               human(std::floor(all * 1e4 + 0.5) / 1e4, "%") + ")";
    if (classes[0].second > all / 2) return "mostly " + classes[0].first;
    return classes[0].first + " and " + classes[1].first;
}

void add_messages(RunSummary& made, const Metrics& metrics) {
    made.messages = or_zero(metrics, "messages.composed");
    made.copies = or_zero(metrics, "messages.copies");
    made.has_messages = made.messages > 0 || made.copies > 0;
    if (!made.has_messages) return;
    made.delivered = or_zero(metrics, "messages.delivered");
    made.late = or_zero(metrics, "messages.late");
    made.lost = or_zero(metrics, "messages.lost");
    made.pending = or_zero(metrics, "messages.pending");
    made.delay_p50_s = metrics.value("messages.delivery_delay.p50");
    made.delay_p99_s = metrics.value("messages.delivery_delay.p99");
    made.network_share = or_zero(metrics, "messages.network_share");
    made.server_outage_share = or_zero(metrics, "messages.server_outage_share");
    made.inverted_replies = std::floor(or_zero(metrics, "messages.replies") *
                                           or_zero(metrics, "messages.reply_inversion_share") +
                                       0.5);
    made.inserted_late = or_zero(metrics, "messages.sequence_inversions");
    made.infrastructure_share = or_zero(metrics, "messages.infrastructure_share");
    made.application_share = or_zero(metrics, "messages.application_share");
    made.user_share = or_zero(metrics, "messages.user_share");
    for (const std::string_view cause : cause_words) {
        const double share = or_zero(metrics, "messages.blame." + std::string(cause) + ".share");
        if (cause == plain_delay) made.service_share = share;
        if (share > 0) made.causes.emplace_back(cause, share);
    }
    std::stable_sort(made.causes.begin(), made.causes.end(),
                     [](const auto& a, const auto& b) { return a.second > b.second; });
    made.verdict = verdict_of(made);
}

/// A line about each station and group of clients.
void add_stations(RunSummary& made, const Metrics& metrics) {
    std::set<std::string> seen;
    for (const auto& [path, value] : metrics.all()) {
        const auto ends = [&path = path](std::string_view tail) { return path.ends_with(tail); };
        const auto name = [&path = path](std::string_view tail) {
            return path.substr(0, path.size() - tail.size());
        };
        const auto text = [&](const std::string& metric, std::string_view unit) {
            const auto found = metrics.value(metric);
            return found ? human(*found, unit) : std::string("-");
        };
        if (ends(".sojourn.mean")) {
            const std::string of = name(".sojourn.mean");
            made.stations.emplace_back(of, "served " + text(of + ".served", "") + ", mean wait " +
                                               text(of + ".wait.mean", "s") + ", mean stay " +
                                               human(value, "s") + ", longest queue " +
                                               text(of + ".queue_depth.max", ""));
        } else if (ends(".amplification")) {
            const std::string of = name(".amplification");
            made.stations.emplace_back(of, text(of + ".intents", "") + " requests, " +
                                               human(value, "") + " attempts each, success " +
                                               text(of + ".success_share", "%"));
        }
    }
}

std::string count_text(double value) { return human(value, ""); }

/// When and how strong, a line each, four at most.
void add_storm_lines(std::string& out, const std::string& title,
                     const std::vector<RunSummary::StormLine>& storms) {
    constexpr std::size_t most_shown = 4;
    for (std::size_t i = 0; i < storms.size() && i < most_shown; ++i) {
        const RunSummary::StormLine& storm = storms[i];
        out += (i == 0 ? title : "           ") +
               (storm.by_intents ? "people send more" : storm.kind + " storm") + " from " +
               human_time(storm.start_s) +
               (storm.ended ? " to " + human_time(storm.stop_s) : " until the end of the run") +
               ", peak " + human(storm.peak_to_baseline, "") + " x baseline (" +
               count_text(storm.peak) + " a second)";
        if (!storm.trigger.empty()) out += ", after '" + storm.trigger + "'";
        out += '\n';
    }
    if (storms.size() > most_shown)
        out += "           and " + count_text(static_cast<double>(storms.size() - most_shown)) +
               " more\n";
}

void add_storm_lines(std::string& out, const RunSummary& summary) {
    std::vector<RunSummary::StormLine> storms, rises;
    for (const RunSummary::StormLine& storm : summary.storms) {
        if (!storm.by_intents)
            storms.push_back(storm);
        else if (std::none_of(rises.begin(), rises.end(), [&](const RunSummary::StormLine& other) {
                     return other.start_s == storm.start_s;  // that of the other kind
                 }))
            rises.push_back(storm);
    }
    if (storms.empty()) out += "storm      none\n";
    add_storm_lines(out, "storm      ", storms);
    add_storm_lines(out, "load       ", rises);
}

void add_check_lines(std::string& out, const std::vector<CheckResult>& checks) {
    if (checks.empty()) return;
    std::size_t passed = 0;
    for (const CheckResult& check : checks) passed += check.status == CheckStatus::passed ? 1 : 0;
    out += "expected   " + std::to_string(passed) + " of " + std::to_string(checks.size()) +
           " expectations met\n";
    for (const CheckResult& check : checks) {
        if (check.status == CheckStatus::passed) continue;
        std::string status(word(check.status));
        std::replace(status.begin(), status.end(), '_', ' ');
        out += "  " + status +
               (check.warning && check.status == CheckStatus::failed ? " (warning)" : "") + ": " +
               check.name + ": " + check.metric;
        if (check.observed) {
            out += check.at_least ? " is at least " + human(*check.at_least, check.unit)
                                  : " is " + human(*check.observed, check.unit);
            if (check.half_width) out += " +- " + human(*check.half_width, check.unit);
        }
        out += ", wanted " + check.limit;
        if (check.first_violation)
            out += ", first at " + human_time(in_seconds(*check.first_violation));
        if (!check.why.empty()) out += " (" + check.why + ")";
        if (check.line > 0) out += ", line " + std::to_string(check.line);
        out += '\n';
    }
}

std::string optional_number(std::optional<double> value) {
    return value ? json_number(*value) : "null";
}

std::string storms_json(const RunSummary& summary) {
    std::string out;
    for (const RunSummary::StormLine& storm : summary.storms)
        out += std::string(out.empty() ? "" : ", ") + "{\"kind\": " + json_text(storm.kind) +
               ", \"start_s\": " + json_number(storm.start_s) +
               ", \"stop_s\": " + json_number(storm.stop_s) +
               ", \"peak_to_baseline\": " + json_number(storm.peak_to_baseline) +
               ", \"peak\": " + json_number(storm.peak) +
               ", \"baseline\": " + json_number(storm.baseline) +
               ", \"trigger\": " + json_text(storm.trigger) +
               ", \"ended\": " + (storm.ended ? "true" : "false") +
               ", \"by_intents\": " + (storm.by_intents ? "true" : "false") + "}";
    return "[" + out + "]";
}

std::string checks_json(const std::vector<CheckResult>& checks) {
    std::string out;
    for (const CheckResult& check : checks)
        out += std::string(out.empty() ? "" : ", ") + "{\"name\": " + json_text(check.name) +
               ", \"metric\": " + json_text(check.metric) +
               ", \"status\": " + json_text(word(check.status)) +
               ", \"observed\": " + optional_number(check.observed) +
               ", \"at_least\": " + optional_number(check.at_least) +
               ", \"half_width\": " + optional_number(check.half_width) +
               ", \"unit\": " + json_text(check.unit) + ", \"limit\": " + json_text(check.limit) +
               ", \"first_violation_s\": " +
               (check.first_violation ? json_number(in_seconds(*check.first_violation)) : "null") +
               ", \"line\": " + std::to_string(check.line) +
               ", \"warning\": " + (check.warning ? "true" : "false") +
               ", \"why\": " + json_text(check.why) + "}";
    return "[" + out + "]";
}

}  // namespace

RunSummary summarize(const Metrics& metrics, const EntityDirectory& directory,
                     const std::vector<CheckResult>& checks, std::string title,
                     std::string repeat) {
    RunSummary made;
    made.title = std::move(title);
    made.repeat = std::move(repeat);
    made.simulated_s = in_seconds(metrics.end());
    made.checks = checks;
    add_messages(made, metrics);
    for (const Storm& storm : metrics.storms().storms())
        if (!storm.within_chance)
            made.storms.push_back({std::string(word(storm.kind)), in_seconds(storm.start),
                                   in_seconds(storm.stop), storm.peak / storm.baseline, storm.peak,
                                   storm.baseline, fault_name(directory, storm.trigger),
                                   storm.ended,
                                   static_cast<double>(metrics.storms().own(storm)) <
                                       least_own_share * storm.extra_work});
    std::stable_sort(made.storms.begin(), made.storms.end(),
                     [](const auto& a, const auto& b) { return a.start_s < b.start_s; });
    add_stations(made, metrics);
    return made;
}

std::string render(const RunSummary& summary) {
    std::string out = summary.title + ": " + human_time(summary.simulated_s) + " simulated\n";
    if (summary.has_messages) {
        const double share = summary.copies > 0 ? summary.delivered / summary.copies : 0.0;
        out += "delivered  " + count_text(summary.delivered) + " of " + count_text(summary.copies) +
               " copies (" + human(std::floor(share * 1e3) / 1e3, "%") + ") of " +
               count_text(summary.messages) + " messages; late " + count_text(summary.late) +
               ", lost " + count_text(summary.lost) + ", still under way " +
               count_text(summary.pending) + "\n";
        if (summary.delay_p50_s && summary.delay_p99_s)
            out += "delay      half within " + human_time(*summary.delay_p50_s) + ", 99 % within " +
                   human_time(*summary.delay_p99_s) + " (late: more than 10 s)\n";
    }
    if (summary.inverted_replies > 0 || summary.inserted_late > 0)
        out += "order      " + count_text(summary.inverted_replies) +
               " replies stamped before what they answer, " + count_text(summary.inserted_late) +
               " copies inserted late\n";
    for (const auto& [name, line] : summary.stations) {
        out += name.size() < 10 ? name + std::string(11 - name.size(), ' ') : name + "  ";
        out += line + "\n";
    }
    add_storm_lines(out, summary);
    if (!summary.causes.empty()) {
        out += "causes     ";
        for (std::size_t i = 0; i < std::min<std::size_t>(summary.causes.size(), 4); ++i)
            out += (i > 0 ? ", " : "") + summary.causes[i].first + " " +
                   human(std::floor(summary.causes[i].second * 1000 + 0.5) / 1000, "%");
        out += "\n";
        out += "level      " + summary.verdict + "\n";
    }
    add_check_lines(out, summary.checks);
    return out + summary.repeat + "\n";
}

std::string render_json(const RunSummary& summary) {
    std::string causes;
    for (const auto& [cause, share] : summary.causes)
        causes += (causes.empty() ? "" : ", ") + json_text(cause) + ": " + json_number(share);
    std::string stations;
    for (const auto& [name, line] : summary.stations)
        stations += (stations.empty() ? "" : ", ") + json_text(name) + ": " + json_text(line);
    return "{\"title\": " + json_text(summary.title) +
           ", \"simulated_s\": " + json_number(summary.simulated_s) +
           ", \"messages\": " + json_number(summary.messages) +
           ", \"copies\": " + json_number(summary.copies) +
           ", \"delivered\": " + json_number(summary.delivered) +
           ", \"late\": " + json_number(summary.late) + ", \"lost\": " + json_number(summary.lost) +
           ", \"pending\": " + json_number(summary.pending) +
           ", \"delay_p50_s\": " + optional_number(summary.delay_p50_s) +
           ", \"delay_p99_s\": " + optional_number(summary.delay_p99_s) +
           ", \"storms\": " + storms_json(summary) + ", \"causes\": {" + causes +
           "}, \"network_share\": " + json_number(summary.network_share) +
           ", \"infrastructure_share\": " + json_number(summary.infrastructure_share) +
           ", \"application_share\": " + json_number(summary.application_share) +
           ", \"server_outage_share\": " + json_number(summary.server_outage_share) +
           ", \"inverted_replies\": " + json_number(summary.inverted_replies) +
           ", \"inserted_late\": " + json_number(summary.inserted_late) +
           ", \"user_share\": " + json_number(summary.user_share) +
           ", \"service_share\": " + json_number(summary.service_share) +
           ", \"level\": " + json_text(summary.verdict) + ", \"stations\": {" + stations +
           "}, \"checks\": " + checks_json(summary.checks) +
           ", \"repeat\": " + json_text(summary.repeat) + "}\n";
}

}  // namespace driftstorm
