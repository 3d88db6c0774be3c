#include "sweeps/merge.hpp"

#include "analysis/intervals.hpp"
#include "analysis/metric_paths.hpp"
#include "sim/core/digest.hpp"
#include "sim/output/hdf5_file.hpp"
#include "sim/output/labels.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <limits>
#include <numeric>
#include <set>
#include <utility>
#include <vector>

namespace driftstorm {

namespace {

/// The records that count, in the order of the plan.
struct Row {
    std::size_t point;
    const RunRecord* record;
};

class Merger {
  public:
    Merger(const Plan& plan, const Schedule& schedule, const FrozenPlan& frozen,
           const std::map<RunKey, RunRecord>& records)
        : plan_(plan), schedule_(schedule), frozen_(frozen) {
        std::set<std::string> builds;
        std::set<std::string> metrics;
        rows_of_point_.resize(plan.points().size());
        for (std::size_t point = 0; point < plan.points().size(); ++point)
            for (std::uint32_t r = 0; r < schedule.replications(point); ++r) {
                const auto found = records.find({plan.points()[point].id, r});
                if (found == records.end()) continue;
                rows_of_point_[point].push_back(rows_.size());
                rows_.push_back({point, &found->second});
                builds.insert(found->second.build);
                for (const auto& [name, value] : found->second.metrics) metrics.insert(name);
            }
        builds_.assign(builds.begin(), builds.end());
        metrics_.assign(metrics.begin(), metrics.end());
        // Values by metric, found once: a record's metrics are sorted by name or not.
        values_.assign(metrics_.size(), std::vector<double>(rows_.size(), not_a_number));
        for (std::size_t row = 0; row < rows_.size(); ++row)
            for (const auto& [name, value] : rows_[row].record->metrics) {
                const auto at = std::lower_bound(metrics_.begin(), metrics_.end(), name);
                values_[static_cast<std::size_t>(at - metrics_.begin())][row] = value;
            }
    }

    MergeOutcome write(Hdf5File& file, std::size_t missing) {
        MergeOutcome outcome{plan_.points().size(), rows_.size(), 0, missing, builds_.size()};
        for (const Row& row : rows_)
            if (row.record->failed) ++outcome.failed;
        write_summary(file);
        write_group(file, points(), "");
        write_group(file, runs(), "");
        if (const MemoryGroup group = checks(); !group.columns.empty())
            write_group(file, group, "");
        if (outcome.failed > 0) write_group(file, failures(), "");
        write_group(file, provenance(), "");
        write_root(file, outcome);
        return outcome;
    }

  private:
    const Sweep& sweep() const { return plan_.sweep(); }

    static MemoryColumn column_of(const SweptParameter& parameter,
                                  const std::vector<ParameterValue>& values) {
        MemoryColumn column{parameter.name, parameter.unit, "parameter of the scenario", {}, false};
        if (parameter.word) {
            std::vector<std::string> words;
            words.reserve(values.size());
            for (const ParameterValue& value : values) words.push_back(value.text);
            column.values = std::move(words);
        } else {
            std::vector<double> numbers;
            numbers.reserve(values.size());
            for (const ParameterValue& value : values) numbers.push_back(value.number);
            column.values = std::move(numbers);
        }
        return column;
    }

    static MemoryColumn numbered(std::string name, std::string help, std::size_t size) {
        std::vector<std::int64_t> numbers(size);
        std::iota(numbers.begin(), numbers.end(), std::int64_t{0});
        return {std::move(name), "", std::move(help), std::move(numbers), false};
    }

    double interval_of(std::vector<double> values, double& half_width) const {
        std::erase_if(values, [](double value) { return std::isnan(value); });
        const MeanInterval interval =
            mean_interval(values, sweep().replications.confidence, schedule_.looks());
        half_width = interval.half_width;
        if (!std::isnan(interval.mean)) return interval.mean;
        // Some are infinite (a recovery that never came), and so is their mean.
        double sum = values.empty() ? not_a_number : 0.0;
        for (const double value : values) sum += value;
        return sum;
    }

    /// What each dimension is: grid, list, random ..., sobol_indices.
    std::string design_words() const {
        constexpr std::array<const char*, 7> words{"grid",  "list",   "random", "latin_hypercube",
                                                   "sobol", "morris", "refine"};
        std::vector<std::string> kinds;
        std::vector<std::string> last;
        for (const DesignPart& part : sweep().design) {
            const std::string word =
                part.indices ? "sobol_indices" : words[static_cast<std::size_t>(part.kind)];
            const bool by_axis =
                part.kind == DesignPart::Kind::grid || part.kind == DesignPart::Kind::refine;
            std::vector<std::string>& to = part.kind == DesignPart::Kind::refine ? last : kinds;
            to.insert(to.end(), by_axis ? part.axes.size() : 1, word);
        }
        kinds.insert(kinds.end(), last.begin(), last.end());
        std::string text;
        for (const std::string& kind : kinds) text += (text.empty() ? "" : " ") + kind;
        return text;
    }

    void write_summary(Hdf5File& file) {
        MemoryGroup group{"/summary"};
        group.attributes = {{"design", design_words()}};
        std::string coordinates;
        std::vector<std::string> names;
        std::size_t size = 1;
        std::vector<std::size_t> strides;
        for (const PlanDimension& dimension : plan_.dimensions()) {
            names.push_back(dimension.name);
            size *= dimension.values.size();
            const bool single = dimension.parameters.size() == 1 &&
                                dimension.name == sweep().parameters[dimension.parameters[0]].name;
            if (!single)
                group.dimensions.push_back(
                    numbered(dimension.name, "row of the design", dimension.values.size()));
            for (std::size_t i = 0; i < dimension.parameters.size(); ++i) {
                const SweptParameter& parameter = sweep().parameters[dimension.parameters[i]];
                std::vector<ParameterValue> values;
                for (const auto& row : dimension.values) values.push_back(row[i]);
                MemoryColumn column = column_of(parameter, values);
                if (single) {
                    group.dimensions.push_back(std::move(column));
                    continue;
                }
                column.dimensions = {dimension.name};
                coordinates += (coordinates.empty() ? "" : " ") + parameter.name;
                group.columns.push_back(std::move(column));
            }
        }
        const std::size_t coordinate_columns = group.columns.size();
        // Place of each row of the plan in the arrays, the last dimension fastest.
        std::vector<std::pair<std::size_t, std::size_t>> cells;
        for (const PlanRow& row : plan_.rows()) {
            std::size_t cell = 0;
            for (std::size_t i = 0; i < row.place.size(); ++i)
                cell = cell * plan_.dimensions()[i].values.size() + row.place[i];
            cells.emplace_back(cell, row.point);
        }
        const auto spread = [&](const std::vector<double>& by_point) {
            std::vector<double> values(size, not_a_number);
            for (const auto& [cell, point] : cells) values[cell] = by_point[point];
            return values;
        };
        const auto add = [&](std::string name, std::string unit, std::string help,
                             const std::vector<double>& by_point) {
            MemoryColumn column{std::move(name), std::move(unit), std::move(help), spread(by_point),
                                false};
            column.dimensions = names;
            group.columns.push_back(std::move(column));
        };
        std::vector<std::int64_t> point_at(size, -1);
        for (const auto& [cell, point] : cells) point_at[cell] = static_cast<std::int64_t>(point);
        group.columns.push_back(
            {"point", "", "row of /points; -1: none", std::move(point_at), false, {}, names});
        std::vector<double> replications(plan_.points().size());
        std::vector<double> failed(plan_.points().size());
        for (std::size_t point = 0; point < plan_.points().size(); ++point) {
            replications[point] = static_cast<double>(rows_of_point_[point].size());
            for (const std::size_t row : rows_of_point_[point])
                if (rows_[row].record->failed) ++failed[point];
        }
        add("replications", "", "runs of the point", replications);
        add("failed", "", "runs of the point that failed", failed);
        for (std::size_t m = 0; m < metrics_.size(); ++m) {
            std::vector<double> means(plan_.points().size(), not_a_number);
            std::vector<double> halves(plan_.points().size(), not_a_number);
            for (std::size_t point = 0; point < plan_.points().size(); ++point) {
                std::vector<double> values;
                for (const std::size_t row : rows_of_point_[point])
                    values.push_back(values_[m][row]);
                means[point] = interval_of(std::move(values), halves[point]);
            }
            const std::string unit = unit_of(metrics_[m]).value_or("");
            add(metrics_[m], unit, "mean over the replications", means);
            add(metrics_[m] + ".half_width", unit, "half-width of the mean's interval", halves);
        }
        write_group(file, group, "");
        for (const PlanDimension& dimension : plan_.dimensions())
            for (const std::size_t i : dimension.parameters) {
                const SweptParameter& parameter = sweep().parameters[i];
                file.write_attribute("/summary/" + parameter.name, "kind",
                                     std::string(parameter.word ? "word" : "number"));
                file.write_attribute("/summary/" + parameter.name, "parameter_unit",
                                     parameter.unit);
            }
        if (coordinates.empty()) return;
        for (std::size_t i = coordinate_columns; i < group.columns.size(); ++i)
            file.write_attribute("/summary/" + group.columns[i].name, "coordinates", coordinates);
    }

    MemoryGroup points() const {
        MemoryGroup group{"/points"};
        std::vector<std::string> ids;
        std::vector<std::uint32_t> wanted;
        std::vector<std::uint8_t> done;
        for (std::size_t point = 0; point < plan_.points().size(); ++point) {
            ids.push_back(hex(plan_.points()[point].id));
            wanted.push_back(schedule_.replications(point));
            done.push_back(schedule_.done(point) ? 1 : 0);
        }
        group.dimensions = {{"point", "", "hash of the parameters' values", ids, false}};
        for (std::size_t i = 0; i < sweep().parameters.size(); ++i) {
            std::vector<ParameterValue> values;
            for (const PlanPoint& point : plan_.points()) values.push_back(point.values[i]);
            group.columns.push_back(column_of(sweep().parameters[i], values));
        }
        group.columns.push_back({"replications_wanted", "", "by the sweep's rule", wanted, false});
        group.columns.push_back(
            {"done", "", "whether the rule is met", done, false, {"no", "yes"}});
        return group;
    }

    MemoryGroup runs() const {
        MemoryGroup group{"/runs"};
        group.dimensions = {numbered("run", "row", rows_.size())};
        std::vector<std::int64_t> point;
        std::vector<std::uint32_t> replication;
        std::vector<std::uint64_t> seed;
        std::vector<std::uint64_t> events;
        std::vector<std::uint8_t> failed;
        std::vector<std::int64_t> exits;
        std::vector<std::uint32_t> build;
        std::vector<std::string> digest;
        for (const Row& row : rows_) {
            point.push_back(static_cast<std::int64_t>(row.point));
            replication.push_back(row.record->key.replication);
            seed.push_back(row.record->seed);
            events.push_back(row.record->events);
            failed.push_back(row.record->failed ? 1 : 0);
            exits.push_back(row.record->exit);
            digest.push_back(row.record->digest);
            build.push_back(static_cast<std::uint32_t>(
                std::lower_bound(builds_.begin(), builds_.end(), row.record->build) -
                builds_.begin()));
        }
        group.columns = {{"point", "", "row of /points", point, false},
                         {"replication", "", "number of the run at its point", replication, false},
                         {"seed", "", "of the run", seed, false},
                         {"status", "", "what came of it", failed, false, {"complete", "failed"}},
                         {"exit_code", "", "by the scenario's expectations", exits, false},
                         {"digest", "", "identity of the run", digest, false},
                         {"events", "", "delivered", events, false},
                         {"build", "", "row of the builds in /provenance", build, false}};
        for (std::size_t m = 0; m < metrics_.size(); ++m)
            group.columns.push_back(
                {metrics_[m], unit_of(metrics_[m]).value_or(""), "of the run", values_[m], false});
        return group;
    }

    MemoryGroup checks() const {
        std::vector<std::string> names;
        for (const Row& row : rows_)
            for (const RunRecord::Check& check : row.record->checks)
                if (std::find(names.begin(), names.end(), check.name) == names.end())
                    names.push_back(check.name);
        MemoryGroup group{"/checks"};
        if (names.empty()) return group;
        const std::vector<std::string> words{"passed", "failed", "inconclusive", "not_applicable",
                                             "no_run"};
        std::vector<std::uint8_t> status(rows_.size() * names.size(), 4);
        for (std::size_t row = 0; row < rows_.size(); ++row)
            for (const RunRecord::Check& check : rows_[row].record->checks) {
                const auto name = std::find(names.begin(), names.end(), check.name);
                std::string said = check.status;
                std::replace(said.begin(), said.end(), ' ', '_');
                const auto word = std::find(words.begin(), words.end(), said);
                status[row * names.size() + static_cast<std::size_t>(name - names.begin())] =
                    static_cast<std::uint8_t>(std::min<std::ptrdiff_t>(word - words.begin(), 4));
            }
        group.dimensions = {numbered("run", "row of /runs", rows_.size()),
                            {"expectation", "", "name in the scenario", names, false}};
        group.columns = {{"status",
                          "",
                          "of the expectation in the run",
                          status,
                          false,
                          words,
                          {"run", "expectation"}}};
        return group;
    }

    MemoryGroup failures() const {
        std::vector<std::int64_t> run;
        std::vector<std::string> error;
        std::vector<std::string> repeat;
        for (std::size_t row = 0; row < rows_.size(); ++row) {
            if (!rows_[row].record->failed) continue;
            run.push_back(static_cast<std::int64_t>(row));
            error.push_back(rows_[row].record->error);
            repeat.push_back(rows_[row].record->repeat);
        }
        MemoryGroup group{"/failures"};
        group.dimensions = {{"run", "", "row of /runs", run, false}};
        group.columns = {{"error", "", "what the run said", error, false},
                         {"repeat", "", "command that repeats it", repeat, false}};
        return group;
    }

    MemoryGroup provenance() const {
        MemoryGroup group{"/provenance"};
        group.attributes = {{"study", hex(frozen_.study)}, {"sweep", frozen_.sweep_name}};
        std::vector<std::string> names;
        std::vector<std::string> sources;
        for (const auto& [name, bytes] : frozen_.files) {
            names.push_back(name);
            sources.push_back(bytes);
        }
        group.dimensions = {{"build", "", "fingerprint of the program", builds_, false},
                            {"file", "", "name, seen from the sweep's folder", names, false}};
        std::vector<std::uint64_t> made(builds_.size());
        for (const Row& row : rows_)
            ++made[static_cast<std::size_t>(
                std::lower_bound(builds_.begin(), builds_.end(), row.record->build) -
                builds_.begin())];
        group.columns = {{"runs", "", "made by the build", made, false, {}, {"build"}},
                         {"source", "", "exact bytes of the file", sources, false, {}, {"file"}}};
        return group;
    }

    void write_root(Hdf5File& file, const MergeOutcome& outcome) const {
        const auto number = [](std::size_t value) { return static_cast<std::int64_t>(value); };
        file.write_attribute("/", "Conventions", std::string("CF-1.10"));
        file.write_attribute("/", "format_name", std::string("driftstorm-sweep"));
        file.write_attribute("/", "format_version", std::vector<std::int64_t>{1, 0});
        file.write_attribute("/", "title",
                             sweep().title.empty() ? sweep().scenario->title : sweep().title);
        file.write_attribute("/", "show", sweep().show);
        file.write_attribute("/", "points", number(outcome.points));
        file.write_attribute("/", "runs", number(outcome.runs));
        file.write_attribute("/", "missing", number(outcome.missing));
        file.write_attribute("/", "failed", number(outcome.failed));
        file.write_attribute("/", "excluded_points", number(plan_.excluded()));
        file.write_attribute("/", "mixed_builds", number(outcome.builds > 1 ? 1 : 0));
        file.write_attribute("/", "confidence", sweep().replications.confidence);
        file.write_attribute("/", "looks", number(schedule_.looks()));
        if (const DesignPart* part = plan_.refined()) {
            file.write_attribute("/", "boundary_metric", part->boundary.metric);
            const Limit& is = part->boundary.is;
            file.write_attribute("/", "boundary_is", is.text);
            const bool greater =
                is.relation == Limit::Relation::greater || is.relation == Limit::Relation::at_least;
            const bool less =
                is.relation == Limit::Relation::less || is.relation == Limit::Relation::at_most;
            if (is.value && (greater || less)) {
                const std::string unit = unit_of(part->boundary.metric).value_or("");
                file.write_attribute("/", "boundary_limit", is.value->in(unit));
                file.write_attribute("/", "boundary_is_greater", std::int64_t{greater ? 1 : 0});
            }
        }
        const Duration length = sweep().scenario->duration;
        file.write_attribute("/", "simulated_s",
                             std::min(length.seconds(), sweep().until.value_or(length).seconds()));
        file.write_attribute("/", "status",
                             std::string(outcome.missing > 0 ? "partial" : "complete"));
    }

    const Plan& plan_;
    const Schedule& schedule_;
    const FrozenPlan& frozen_;
    std::vector<Row> rows_;
    std::vector<std::vector<std::size_t>> rows_of_point_;
    std::vector<std::string> builds_;
    std::vector<std::string> metrics_;
    std::vector<std::vector<double>> values_;  ///< [metric][row]
};

}  // namespace

MergeOutcome write_merged(const std::string& path, const Plan& plan, const Schedule& schedule,
                          const FrozenPlan& frozen, const std::map<RunKey, RunRecord>& records,
                          std::size_t missing) {
    const std::string part = path + ".part";
    try {
        Hdf5File file = Hdf5File::create(part);
        MergeOutcome outcome;
        try {
            outcome = Merger(plan, schedule, frozen, records).write(file, missing);
            file.close();
        } catch (...) {
            file.abandon();
            throw;
        }
        if (std::rename(part.c_str(), path.c_str()) != 0)
            throw OutputError(path, std::strerror(errno));
        return outcome;
    } catch (...) {
        std::remove(part.c_str());  // a full disk leaves an empty one
        throw;
    }
}

}  // namespace driftstorm
