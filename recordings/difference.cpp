#include "recordings/difference.hpp"

#include "analysis/metric_paths.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <deque>
#include <limits>
#include <map>

namespace driftstorm {

namespace {

constexpr std::size_t looked_ahead = 4000;  ///< events in which a moved one is searched
constexpr std::size_t events_shown = 24;    ///< events of a timeline before and after

std::string component_of(const TraceEvent& event) {
    return event.phase == "sample" ? "samples" : "events";
}

/// The same sending in a list of events; nullptr when there is none.
const TraceEvent* find_sending(const std::vector<TraceEvent>& list, const TraceEvent& event) {
    for (const TraceEvent& one : list)
        if (one.same_sending(event)) return &one;
    return nullptr;
}

std::vector<std::string> field_details(const std::vector<TraceField>& left,
                                       const std::vector<TraceField>& right) {
    std::vector<std::string> details;
    for (std::size_t i = 0; i < std::max(left.size(), right.size()); ++i) {
        const std::string was = i < left.size() ? left[i].value : "nothing";
        const std::string is = i < right.size() ? right[i].value : "nothing";
        const std::string& name = i < left.size() ? left[i].name : right[i].name;
        if (was != is) details.push_back(fmt::format("{}: {} -> {}", name, was, is));
    }
    return details;
}

/// What differs between two events that were the same sending.
void describe_pair(Divergence& divergence) {
    const TraceEvent& a = *divergence.left;
    const TraceEvent& b = *divergence.right;
    if (a.message != b.message) {
        divergence.kind = DivergenceKind::message;
        divergence.details.push_back("message: " + a.message + " -> " + b.message);
    } else if (a.target_identity != b.target_identity) {
        divergence.kind = DivergenceKind::entity;
        divergence.details.push_back("entity: " + a.target + " -> " + b.target);
    } else if (a.at != b.at || a.phase != b.phase) {
        divergence.kind = DivergenceKind::time;
    } else {
        divergence.kind = a.fields == b.fields ? DivergenceKind::order : DivergenceKind::payload;
    }
    if (a.at != b.at) {
        const std::int64_t by = b.at.ns - a.at.ns;
        divergence.details.push_back(fmt::format("time: {} -> {} ({}{})", exact_time(a.at),
                                                 exact_time(b.at), by > 0 ? "+" : "",
                                                 exact_time(Time{by})));
    }
    for (std::string& detail : field_details(a.fields, b.fields))
        divergence.details.push_back(std::move(detail));
}

/// The same event recorded other rows.
void describe_rows(Divergence& divergence) {
    const std::vector<TraceRow>& a = divergence.left->rows;
    const std::vector<TraceRow>& b = divergence.right->rows;
    divergence.kind = DivergenceKind::row;
    std::size_t i = 0;
    while (i < a.size() && i < b.size() && a[i] == b[i]) ++i;
    const TraceRow& one = i < a.size() ? a[i] : b[i];
    divergence.component = one.component;
    if (i >= a.size() || i >= b.size() || a[i].table != b[i].table) {
        divergence.details.push_back("row of " + one.table + " on one side only");
        return;
    }
    for (const std::string& detail : field_details(a[i].fields, b[i].fields))
        divergence.details.push_back(one.table + ", " + detail);
}

TraceCause itself(const TraceEvent& event) {
    return {event.at, event.message, event.model, event.target, event.draws};
}

bool same_handler(const TraceCause& a, const TraceCause& b) {
    return a.at == b.at && a.message == b.message && a.model == b.model && a.entity == b.entity;
}

void compare_draws(Divergence& divergence) {
    if (!divergence.left_cause || !divergence.right_cause) return;
    const std::vector<TraceDraw>& a = divergence.left_cause->draws;
    const std::vector<TraceDraw>& b = divergence.right_cause->draws;
    std::size_t i = 0;
    while (i < a.size() && i < b.size() && a[i] == b[i]) ++i;
    divergence.draws_alike = i;
    if (i == a.size() && i == b.size()) return;
    divergence.draw.emplace(i < a.size() ? std::optional(a[i]) : std::nullopt,
                            i < b.size() ? std::optional(b[i]) : std::nullopt);
}

/// Cuts two chains where they meet: behind the last parent that both have.
void cut_chains(Divergence& divergence) {
    std::vector<TraceCause>& a = divergence.left_chain;
    std::vector<TraceCause>& b = divergence.right_chain;
    for (std::size_t i = 0; i < a.size(); ++i)
        for (std::size_t j = 0; j < b.size(); ++j)
            if (same_handler(a[i], b[j])) {
                a.resize(i + 1);
                b.resize(j + 1);
                return;
            }
}

/// Follows two traces in step.
class Pursuit {
  public:
    Pursuit(TraceSource& left, TraceSource& right) : left_(left), right_(right) {}

    std::optional<Divergence> find() {
        for (;;) {
            std::optional<TraceEvent> a = left_.next_without_chain();
            std::optional<TraceEvent> b = right_.next_without_chain();
            if (!a && !b) return std::nullopt;
            if (a && b && a->same_event(*b) && a->rows == b->rows) {
                common_.push_back({std::move(*a), std::move(*b)});
                if (common_.size() > looked_ahead) common_.pop_front();
                continue;
            }
            return describe(std::move(a), std::move(b));
        }
    }

  private:
    struct Both {
        TraceEvent left, right;
    };

    static std::vector<TraceEvent> rest(std::optional<TraceEvent> first, TraceSource& source) {
        std::vector<TraceEvent> list;
        while (first && list.size() < looked_ahead) {
            list.push_back(std::move(*first));
            first = source.next_without_chain();
        }
        return list;
    }

    Divergence describe(std::optional<TraceEvent> a, std::optional<TraceEvent> b) {
        Divergence divergence;
        const bool row = a && b && a->same_event(*b);
        // What led to both is known best at once.
        if (a) left_.resolve(*a);
        if (b) right_.resolve(*b);
        const std::vector<TraceEvent> left = rest(std::move(a), left_);
        const std::vector<TraceEvent> right = rest(std::move(b), right_);
        if (row) {
            divergence.left = left.front();
            divergence.right = right.front();
            describe_rows(divergence);
            divergence.left_cause = itself(left.front());
            divergence.right_cause = itself(right.front());
            resolve(divergence);
        } else {
            choose_events(divergence, left, right);
            resolve(divergence);
            const TraceEvent& one = divergence.left ? *divergence.left : *divergence.right;
            divergence.component = component_of(one);
            if (divergence.left && divergence.right) describe_pair(divergence);
            find_causes(divergence);
        }
        divergence.at = Time{std::min(divergence.left ? divergence.left->at.ns : INT64_MAX,
                                      divergence.right ? divergence.right->at.ns : INT64_MAX)};
        if (divergence.left) divergence.left_chain = divergence.left->chain;
        if (divergence.right) divergence.right_chain = divergence.right->chain;
        cut_chains(divergence);
        compare_draws(divergence);
        for (std::size_t i = common_.size() - std::min(common_.size(), events_shown);
             i < common_.size(); ++i)
            divergence.before.push_back(common_[i].left);
        divergence.left_after.assign(
            left.begin(),
            left.begin() + static_cast<std::ptrdiff_t>(std::min(left.size(), events_shown)));
        divergence.right_after.assign(
            right.begin(),
            right.begin() + static_cast<std::ptrdiff_t>(std::min(right.size(), events_shown)));
        return divergence;
    }

    void resolve(Divergence& divergence) const {
        if (divergence.left) left_.resolve(*divergence.left);
        if (divergence.right) right_.resolve(*divergence.right);
    }

    /// Both traces begin with what differs: which event is it, and what became of it opposite?
    static void choose_events(Divergence& divergence, const std::vector<TraceEvent>& left,
                              const std::vector<TraceEvent>& right) {
        const TraceEvent* a = left.empty() ? nullptr : &left.front();
        const TraceEvent* b = right.empty() ? nullptr : &right.front();
        const TraceEvent* a_opposite = a != nullptr ? find_sending(right, *a) : nullptr;
        const TraceEvent* b_opposite = b != nullptr ? find_sending(left, *b) : nullptr;
        const bool a_comes = a_opposite != nullptr && a_opposite->same_event(*a);
        const bool b_comes = b_opposite != nullptr && b_opposite->same_event(*b);
        if (a_comes && b_comes) {
            divergence.kind = DivergenceKind::order;
            divergence.left = *a;
            divergence.right = *a_opposite;
            divergence.details.push_back("comes after " + b->message + " at " + b->target +
                                         " on the right");
            return;
        }
        // An event that comes all the same is not what differs: the other one came in between.
        const bool take_left =
            a != nullptr && !a_comes && (b == nullptr || b_comes || a->at <= b->at);
        if (take_left) {
            divergence.left = *a;
            if (a_opposite != nullptr) divergence.right = *a_opposite;
            divergence.kind = DivergenceKind::only_left;
        } else {
            divergence.right = *b;
            if (b_opposite != nullptr) divergence.left = *b_opposite;
            divergence.kind = DivergenceKind::only_right;
        }
    }

    /// The handlers that sent what differs; where one side sent nothing, what the same handler did
    /// there.
    void find_causes(Divergence& divergence) const {
        if (divergence.left && !divergence.left->chain.empty())
            divergence.left_cause = divergence.left->chain.front();
        if (divergence.right && !divergence.right->chain.empty())
            divergence.right_cause = divergence.right->chain.front();
        if (divergence.left_cause && !divergence.right_cause)
            divergence.right_cause = opposite(*divergence.left_cause, &Both::right);
        else if (divergence.right_cause && !divergence.left_cause)
            divergence.left_cause = opposite(*divergence.right_cause, &Both::left);
    }
    std::optional<TraceCause> opposite(const TraceCause& cause, TraceEvent Both::*side) const {
        for (auto both = common_.rbegin(); both != common_.rend(); ++both) {
            const TraceCause candidate = itself((*both).*side);
            if (same_handler(candidate, cause)) return candidate;
        }
        return std::nullopt;
    }

    TraceSource& left_;
    TraceSource& right_;
    std::deque<Both> common_;
};

std::vector<std::string> words_in(const std::string& text) {
    std::vector<std::string> words;
    std::string word;
    for (const char c : text + ".") {
        if (std::isalpha(static_cast<unsigned char>(c)) != 0) {
            word += c;
        } else {
            if (word.size() > 2) words.push_back(word);
            word.clear();
        }
    }
    return words;
}

double relative_error(double left, double right) {
    if (std::isnan(left) && std::isnan(right)) return 0;
    if (std::isnan(left) || std::isnan(right)) return 1;
    if (left == right) return 0;
    const double largest = std::max(std::abs(left), std::abs(right));
    return std::isinf(largest) ? 1 : std::abs(right - left) / largest;
}

}  // namespace

std::string_view word(DivergenceKind kind) {
    switch (kind) {
        case DivergenceKind::time:
            return "time";
        case DivergenceKind::message:
            return "message";
        case DivergenceKind::entity:
            return "entity";
        case DivergenceKind::payload:
            return "payload";
        case DivergenceKind::order:
            return "order";
        case DivergenceKind::only_left:
            return "only_left";
        case DivergenceKind::only_right:
            return "only_right";
        case DivergenceKind::row:
            break;
    }
    return "row";
}

std::optional<Divergence> first_divergence(TraceSource& left, TraceSource& right) {
    return Pursuit(left, right).find();
}

DifferenceReport compare_records(const RunSide& left, const RunSide& right) {
    DifferenceReport report;
    report.left = &left;
    report.right = &right;
    std::map<std::string, const ScenarioValue*> opposite;
    for (const ScenarioValue& value : right.values) opposite[value.path] = &value;
    for (const ScenarioValue& value : left.values) {
        const auto found = opposite.find(value.path);
        const ScenarioValue* other = found == opposite.end() ? nullptr : found->second;
        if (other == nullptr || other->value != value.value)
            report.values.push_back({value.path, value.value, other != nullptr ? other->value : "",
                                     value.origin, other != nullptr ? other->origin : "", 0});
        if (other != nullptr) opposite.erase(found);
    }
    for (const ScenarioValue& value : right.values)
        if (opposite.count(value.path) > 0)
            report.values.push_back({value.path, "", value.value, "", value.origin, 0});
    for (const auto& [name, version] : left.models)
        for (const auto& [other_name, other_version] : right.models)
            if (name == other_name && version != other_version)
                report.models.push_back({name, version, other_version});
    for (const auto& [path, value] : left.metrics)
        for (const auto& [other_path, other_value] : right.metrics)
            if (path == other_path && relative_error(value, other_value) > 0)
                report.metrics.push_back({path, unit_of(path).value_or(""), value, other_value,
                                          relative_error(value, other_value)});
    // A baseline keeps some of the metrics only; of two results each must have all of the other's.
    const auto add_missing = [&report](const RunSide& from, const RunSide& other, bool is_left) {
        for (const auto& metric : from.metrics) {
            const std::string& path = metric.first;
            const double value = metric.second;
            const auto same = [&path](const auto& one) { return one.first == path; };
            if (std::isnan(value) || std::any_of(other.metrics.begin(), other.metrics.end(), same))
                continue;
            const double none = std::numeric_limits<double>::quiet_NaN();
            report.metrics.push_back({path, unit_of(path).value_or(""), is_left ? value : none,
                                      is_left ? none : value, 1});
        }
    };
    if (right.kind != RunSide::Kind::baseline) add_missing(left, right, true);
    if (left.kind != RunSide::Kind::baseline) add_missing(right, left, false);
    std::stable_sort(report.metrics.begin(), report.metrics.end(),
                     [](const MetricDifference& a, const MetricDifference& b) {
                         return a.relative > b.relative;
                     });
    report.first = first_difference(left.ladder, right.ladder);
    const std::int64_t window = report.first ? (report.first->to - report.first->from).ns : 0;
    if (window > 0)
        report.windows =
            static_cast<std::size_t>((std::max(left.until.ns, right.until.ns) + window) / window);
    return report;
}

void rank_values(std::vector<ValueDifference>& values, const Divergence& divergence) {
    std::vector<std::string> words;
    const auto take = [&words](const TraceCause& cause) {
        for (const std::string& text : {cause.entity, cause.model, cause.message})
            for (std::string& word : words_in(text)) words.push_back(std::move(word));
        for (const TraceDraw& draw : cause.draws)
            for (std::string& word : words_in(draw.purpose)) words.push_back(std::move(word));
    };
    for (const auto& cause : {divergence.left_cause, divergence.right_cause})
        if (cause) take(*cause);
    std::sort(words.begin(), words.end());
    words.erase(std::unique(words.begin(), words.end()), words.end());
    for (ValueDifference& value : values) {
        value.relevance = 0;
        for (const std::string& part : words_in(value.path))
            value.relevance += std::binary_search(words.begin(), words.end(), part) ? 1 : 0;
    }
    std::stable_sort(values.begin(), values.end(),
                     [](const ValueDifference& a, const ValueDifference& b) {
                         return a.relevance > b.relevance;
                     });
}

}  // namespace driftstorm
