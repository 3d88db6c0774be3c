#include "sweeps/local_sweep.hpp"

#include "sim/output/output_error.hpp"
#include "sweeps/run_pool.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <exception>
#include <set>
#include <utility>
#include <vector>

namespace driftstorm {

namespace {

/// The loop that keeps the workers busy.
class LocalSweep {
  public:
    LocalSweep(Plan& plan, Schedule& schedule, SweepDirectory& directory, std::uint64_t study,
               const SweepWork& work, const LocalSweepOptions& options)
        : plan_(plan),
          schedule_(schedule),
          directory_(directory),
          study_(study),
          work_(work),
          options_(options),
          pool_(options.workers) {}

    LocalSweepOutcome run() {
        known_ = directory_.records();
        check_builds(known_, options_.build, options_.allow_other_build, directory_.path());
        mean_wall_s_ = directory_.mean_wall_s();
        while (true) {
            refill();
            while (pool_.has_room() && !queue_.empty() && !stopping()) start_next();
            if (pool_.running() == 0 && (queue_.empty() || stopping())) break;
            for (RunPool::Finished& one : pool_.wait(0.25)) finish(one);
            report();
            if (pool_.interrupted()) {
                pool_.kill_all();
                outcome_.interrupted = true;
                break;
            }
        }
        outcome_.stopped = stopping();
        outcome_.progress = progress();
        if (options_.progress) options_.progress(outcome_.progress);
        return outcome_;
    }

  private:
    bool stopping() const { return outcome_.ran + pool_.running() >= options_.most_runs; }

    RunKey key_of(const Schedule::Run& run) const {
        return {plan_.points()[run.point].id, run.replication};
    }

    /// Asks the schedule until it wants nothing that is known already.
    void refill() {
        for (std::vector<Schedule::Run> runs = schedule_.take(); !runs.empty();
             runs = schedule_.take())
            for (const Schedule::Run& run : runs) {
                const auto found = known_.find(key_of(run));
                const bool again = found != known_.end() && found->second.failed &&
                                   options_.retry_failed && mine(run) &&
                                   retried_.insert(key_of(run)).second;
                if (found != known_.end() && !again) {
                    absorb(found->second);
                } else if (mine(run)) {
                    queue_.push_back(run);
                } else {
                    ++outcome_.elsewhere;
                }
            }
    }

    bool mine(const Schedule::Run& run) const {
        return options_.shard.has(plan_.points()[run.point].id);
    }

    void absorb(const RunRecord& record) {
        ++runs_done_;
        if (record.failed) ++failed_;
        schedule_.absorb(record);
    }

    RunOrder order_of(const Schedule::Run& run) const {
        const PlanPoint& point = plan_.points()[run.point];
        return {point, key_of(run), seed_of(plan_.sweep(), point.id, run.replication),
                directory_.result_path(key_of(run))};
    }

    void start_next() {
        const Schedule::Run run = queue_.front();
        queue_.pop_front();
        const RunOrder order = order_of(run);
        try {
            work_.prepare(order.point);
        } catch (const std::exception& error) {
            fail(run, error.what(), 0);
            return;
        }
        if (plan_.sweep().keep.any()) directory_.make_room(order.key);
        running_[ticket_] = run;
        const std::string build = options_.build;
        pool_.start(ticket_++, [this, order, build] {
            RunRecord record = work_.run(order);
            record.key = order.key;
            record.seed = order.seed;
            record.study = study_;
            record.build = build;
            return text_of(record);
        });
    }

    void finish(const RunPool::Finished& one) {
        const Schedule::Run run = running_.at(one.ticket);
        running_.erase(one.ticket);
        // A full disk would make failed runs of all that are left; the sweep stops, and goes on
        // when there is room.
        if (one.refused) throw OutputError("a run's files", one.error);
        std::optional<RunRecord> record;
        if (!one.crashed) record = parse_run_record(one.text);
        if (record)
            keep(*record, one.wall_s);
        else
            fail(run, one.crashed ? one.error : "it left no record", one.wall_s);
    }

    void fail(const Schedule::Run& run, const std::string& error, double wall_s) {
        const RunOrder order = order_of(run);
        RunRecord record;
        record.key = order.key;
        record.seed = order.seed;
        record.study = study_;
        record.build = options_.build;
        record.failed = true;
        record.error = error;
        record.repeat = work_.repeat(order);
        keep(record, wall_s);
    }

    void keep(const RunRecord& record, double wall_s) {
        directory_.keep(record, wall_s);
        ++outcome_.ran;
        wall_s_ += wall_s;
        mean_wall_s_ = wall_s_ / static_cast<double>(outcome_.ran);
        absorb(record);
    }

    SweepProgress progress() const {
        SweepProgress now;
        now.points_done = schedule_.points_done();
        now.points = plan_.points().size();
        now.runs_done = runs_done_;
        now.runs = schedule_.runs_wanted();
        now.failed = failed_;
        now.running = pool_.running();
        now.widest = schedule_.widest();
        now.seconds_left = static_cast<double>(queue_.size() + pool_.running()) * mean_wall_s_ /
                           static_cast<double>(options_.workers);
        return now;
    }

    void report() {
        if (options_.progress) options_.progress(progress());
    }

    Plan& plan_;
    Schedule& schedule_;
    SweepDirectory& directory_;
    std::uint64_t study_;
    const SweepWork& work_;
    const LocalSweepOptions& options_;
    RunPool pool_;
    std::map<RunKey, RunRecord> known_;
    std::set<RunKey> retried_;
    std::deque<Schedule::Run> queue_;
    std::map<std::size_t, Schedule::Run> running_;
    std::size_t ticket_ = 0;
    std::size_t runs_done_ = 0;
    std::size_t failed_ = 0;
    double wall_s_ = 0;
    double mean_wall_s_ = 0;
    LocalSweepOutcome outcome_;
};

}  // namespace

void check_builds(const std::map<RunKey, RunRecord>& records, const std::string& build,
                  bool allow_other, const std::string& path) {
    if (allow_other) return;
    for (const auto& [key, record] : records)
        if (record.build != build)
            throw SweepRefused(
                fmt::format("{} holds runs of another build of driftstorm ({}, this is {}); "
                            "--allow-other-build goes on with this one and marks the merged file",
                            path, record.build, build));
}

LocalSweepOutcome run_local_sweep(Plan& plan, Schedule& schedule, SweepDirectory& directory,
                                  std::uint64_t study, const SweepWork& work,
                                  const LocalSweepOptions& options) {
    return LocalSweep(plan, schedule, directory, study, work, options).run();
}

std::size_t replay_records(Schedule& schedule, const Plan& plan,
                           const std::map<RunKey, RunRecord>& records) {
    std::size_t missing = 0;
    for (std::vector<Schedule::Run> runs = schedule.take(); !runs.empty(); runs = schedule.take())
        for (const Schedule::Run& run : runs) {
            const auto found = records.find({plan.points()[run.point].id, run.replication});
            if (found == records.end())
                ++missing;
            else
                schedule.absorb(found->second);
        }
    return missing;
}

}  // namespace driftstorm
