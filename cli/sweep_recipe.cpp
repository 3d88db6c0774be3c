#include "cli/sweep_recipe.hpp"

#include "analysis/metric_paths.hpp"
#include "cli/run_recipe.hpp"
#include "cli/scenario_facts.hpp"

#include <cstdlib>
#include <limits>
#include <map>
#include <stdexcept>
#include <utility>
#include <vector>

namespace driftstorm::cli {

namespace {

/// The scenario at a point, as its children see it.
struct PreparedPoint {
    std::uint64_t id = 0;
    std::vector<std::string> set;
    Complaints complaints;
    std::unique_ptr<Scenario> scenario;

    explicit PreparedPoint(ReadFile read) : complaints(std::move(read)) {}
};

class Recipe {
  public:
    Recipe(const Sweep& sweep, const Complaints& complaints) : sweep_(sweep) {
        for (const Sources::File& file : complaints.sources().files())
            files_.emplace(file.name, file.bytes);
    }

    void prepare(const PlanPoint& point) {
        if (prepared_ && prepared_->id == point.id) return;
        prepared_ = std::make_unique<PreparedPoint>(
            [this](const std::string& name, std::string& reason) -> std::optional<std::string> {
                const auto found = files_.find(name);
                if (found != files_.end()) return found->second;
                reason = "it was not read with the sweep";
                return {};
            });
        PreparedPoint& made = *prepared_;
        made.id = point.id;
        made.set = set_of(point);
        made.scenario = read_and_check(sweep_.scenario_path, made.set, made.complaints);
        if (!made.scenario || made.complaints.any_errors()) {
            const std::string text = made.complaints.text();
            prepared_.reset();
            throw std::runtime_error(text);
        }
    }

    RunRecord run(const RunOrder& order) {
        Scenario& scenario = *prepared_->scenario;  // the child's own
        scenario.seed = order.seed;
        RunRequest request = request_of(order);
        const KeepFiles& keep = sweep_.keep;
        if (keep.series == KeepRows::all || keep.events == KeepRows::all) {
            request.output = order.result_path;
            request.keep_series = keep.series == KeepRows::all;
            request.keep_events = keep.events == KeepRows::all;
        }
        RunOutcome outcome = run_once(scenario, prepared_->complaints, request);
        // Rows of failing runs alone: whether it fails is known when it is over, so it is run
        // again.
        const bool more = (keep.series == KeepRows::failing && !request.keep_series) ||
                          (keep.events == KeepRows::failing && !request.keep_events) ||
                          (keep.any() && request.output.empty());
        if (outcome.exit == static_cast<int>(1) && more) {
            request.output = order.result_path;
            request.keep_series = keep.series != KeepRows::none;
            request.keep_events = keep.events != KeepRows::none;
            outcome = run_once(scenario, prepared_->complaints, request);
        }
        return record_of(outcome, order, request);
    }

    std::string repeat(const RunOrder& order) const {
        std::string line = "driftstorm run " +
                           sweep_.scenario_file.substr(sweep_.scenario_file.find_last_of('/') + 1) +
                           " --seed " + std::to_string(order.seed);
        if (sweep_.until) line += " --until \"" + std::to_string(sweep_.until->ns) + " ns\"";
        for (const std::string& one : set_of(order.point)) line += " --set \"" + one + "\"";
        return line;
    }

  private:
    std::vector<std::string> set_of(const PlanPoint& point) const {
        std::vector<std::string> set;
        for (const Assignment& fixed : sweep_.set) set.push_back(fixed.name + "=" + fixed.value);
        for (std::size_t i = 0; i < sweep_.parameters.size(); ++i)
            set.push_back(sweep_.parameters[i].name + "=" + point.values[i].text);
        return set;
    }

    RunRequest request_of(const RunOrder& order) const {
        RunRequest request;
        request.set = prepared_->set;
        request.until = sweep_.until;
        request.replication = order.key.replication;
        return request;
    }

    RunRecord record_of(const RunOutcome& outcome, const RunOrder& order,
                        const RunRequest& request) const {
        RunRecord record;
        record.repeat = repeat_line(*prepared_->scenario, request);
        record.digest = outcome.digest;
        record.events = outcome.events;
        record.exit = outcome.exit;
        record.key = order.key;
        for (const auto& [name, value] : outcome.metrics)
            for (const std::string& pattern : sweep_.metrics)
                if (matches_pattern(pattern, name)) {
                    record.metrics.emplace_back(name, value);
                    break;
                }
        for (const CheckResult& check : outcome.summary.checks)
            record.checks.push_back(
                {check.name, std::string(word(check.status)),
                 check.observed.value_or(std::numeric_limits<double>::quiet_NaN())});
        for (RunRecord::Check& check : record.checks)
            for (char& c : check.status)
                if (c == ' ') c = '_';
        return record;
    }

    const Sweep& sweep_;
    std::map<std::string, std::string> files_;
    std::unique_ptr<PreparedPoint> prepared_;
};

}  // namespace

MetricRules metric_rules() {
    MetricRules rules;
    rules.unit = [](const std::string& metric) { return unit_of(metric); };
    rules.complaint = [](const Scenario& scenario, const std::string& metric) {
        return metric_complaint(metric, objects_of(scenario));
    };
    return rules;
}

SweepWork sweep_work(const Sweep& sweep, const Complaints& complaints) {
    const auto recipe = std::make_shared<Recipe>(sweep, complaints);
    SweepWork work;
    work.prepare = [recipe](const PlanPoint& point) { recipe->prepare(point); };
    work.run = [recipe](const RunOrder& order) { return recipe->run(order); };
    work.repeat = [recipe](const RunOrder& order) { return recipe->repeat(order); };
    return work;
}

}  // namespace driftstorm::cli
