#include "cli/run_recipe.hpp"
#include "cli/sweep_recipe.hpp"
#include "cli/sweep_table.hpp"
#include "cli/verbs.hpp"
#include "cli/version.hpp"
#include "cli/whole_numbers.hpp"
#include "scenarios/complaints.hpp"
#include "sim/core/digest.hpp"
#include "sim/output/output_error.hpp"
#include "sim/output/results_reader.hpp"
#include "sweeps/local_sweep.hpp"
#include "sweeps/merge.hpp"
#include "sweeps/slurm.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace driftstorm::cli {

namespace {

struct SweepOptions {
    std::string sweep;
    std::string output;
    std::string shard;
    std::size_t workers = 0;
    bool dry = false;
    bool retry_failed = false;
    bool allow_other_build = false;
    bool extend = false;
    bool json = false;
    bool slurm = false;
    SlurmOptions cluster;
};

struct MergeOptions {
    std::vector<std::string> folders;
    std::string output;
    bool force = false;
    bool json = false;
};

/// "i/n", i from 0. @throws CLI::ValidationError
SweepDirectory::Shard shard_of(const std::string& text) {
    SweepDirectory::Shard shard;
    if (text.empty()) return shard;
    const std::size_t slash = text.find('/');
    const char* const end = text.data() + text.size();
    const auto first = std::from_chars(text.data(), end, shard.number);
    const bool begun =
        slash != std::string::npos && first.ec == std::errc{} && first.ptr == text.data() + slash;
    const auto second = begun ? std::from_chars(first.ptr + 1, end, shard.of) : first;
    if (!begun || second.ec != std::errc{} || second.ptr != end || shard.of == 0 ||
        shard.number >= shard.of)
        throw CLI::ValidationError("--shard",
                                   "must be I/N with I from 0 to N - 1; got " + quote(text));
    return shard;
}

std::string folder_of(const SweepOptions& options) {
    if (!options.output.empty()) return options.output;
    const std::string name = options.sweep.substr(options.sweep.find_last_of('/') + 1);
    return name.substr(0, name.rfind('.')) + ".sweep";
}

int dry_run(const Plan& plan, const Schedule& schedule, bool json) {
    const Replications& rule = plan.sweep().replications;
    std::string dimensions;
    for (const PlanDimension& dimension : plan.dimensions())
        dimensions += fmt::format("{}{} {}", dimensions.empty() ? "" : " x ", dimension.name,
                                  dimension.values.size());
    if (json) {
        fmt::print("{{\"points\": {}, \"excluded\": {}, \"runs\": {}, \"most_runs\": {}}}\n",
                   plan.points().size(), plan.excluded(), schedule.runs_wanted(),
                   plan.points().size() * rule.most);
        return 0;
    }
    fmt::print(
        "design  {}\npoints  {}{}{}\nruns    {}{}\n", dimensions, plan.points().size(),
        plan.refined() != nullptr ? " to begin with, more where the boundary runs" : "",
        plan.excluded() > 0 ? fmt::format(", {} excluded by 'where'", plan.excluded()) : "",
        schedule.runs_wanted(),
        rule.metric.empty() ? "" : fmt::format(" to begin with, at most {} a point", rule.most));
    return 0;
}

/// The words that a task of the cluster runs, but for its shard.
std::vector<std::string> task_command(const SweepOptions& options) {
    const auto absolute = [](const std::string& path) {
        return std::filesystem::absolute(path).lexically_normal().string();
    };
    std::vector<std::string> words{std::filesystem::read_symlink("/proc/self/exe").string(),
                                   "sweep",
                                   absolute(options.sweep),
                                   "-o",
                                   absolute(folder_of(options)),
                                   "-j",
                                   std::to_string(std::max<std::size_t>(options.workers, 1))};
    if (options.allow_other_build) words.emplace_back("--allow-other-build");
    return words;
}

/// What the records that are there leave to be done.
struct Remaining {
    SweepProgress progress;
    std::size_t runs = 0;
    std::size_t points = 0;
};
Remaining remaining_of(const Sweep& read, const std::map<RunKey, RunRecord>& records) {
    Plan plan(read);
    Schedule schedule(plan);
    Remaining left;
    std::set<std::size_t> points;
    for (auto runs = schedule.take(); !runs.empty(); runs = schedule.take())
        for (const Schedule::Run& run : runs) {
            const auto found = records.find({plan.points()[run.point].id, run.replication});
            if (found == records.end()) {
                ++left.runs;
                points.insert(run.point);
                continue;
            }
            if (found->second.failed) ++left.progress.failed;
            ++left.progress.runs_done;
            schedule.absorb(found->second);
        }
    left.points = points.size();
    left.progress.points_done = schedule.points_done();
    left.progress.points = plan.points().size();
    left.progress.runs = schedule.runs_wanted();
    left.progress.widest = schedule.widest();
    return left;
}

/// Waits for a job, showing how far it is. @return whether the user wants no more
bool follow(const std::string& id, const Sweep& read, const SweepDirectory& directory,
            const SweepOptions& options, SweepTable& table) {
    while (slurm_job_lives(id)) {
        table.show(remaining_of(read, directory.records()).progress, true);
        const double end = options.cluster.poll_s;
        for (double waited = 0; waited < end && !interrupted(); waited += 0.1)
            std::this_thread::sleep_for(std::chrono::milliseconds(100));
        if (interrupted()) return true;
    }
    return false;
}

/// Has the runs made by job arrays, one after the other until nothing is missing: what a task left
/// undone (it ran out of time, its node died), and what a stopping rule or a boundary asks for
/// next.
int sweep_by_slurm(const Sweep& read, const FrozenPlan& frozen, const SweepOptions& options) {
    SweepDirectory directory(folder_of(options));
    SweepDirectory::Shard driver;
    driver.driver = true;
    directory.open(frozen, driver, options.extend);
    check_builds(directory.records(), program_fingerprint(), options.allow_other_build,
                 directory.path());
    const std::string folder = std::filesystem::absolute(directory.path() + "/slurm").string();
    std::filesystem::create_directories(folder);
    SweepTable table(!options.json);
    stop_on_interrupt();
    const std::string known_job = folder + "/job";
    std::size_t fruitless = 0;
    Remaining left = remaining_of(read, directory.records());
    while (left.runs > 0) {
        // A job of this sweep that a killed command has left behind is followed, not doubled.
        std::string id = read_whole_file(known_job).value_or("");
        if (id.empty() || !slurm_job_lives(id)) {
            const std::size_t tasks = slurm_tasks(options.cluster, left.runs, left.points);
            const std::string script = folder + "/job.sh";
            write_whole_file(script,
                             slurm_script(options.cluster, tasks, folder, task_command(options)));
            id = submit_slurm(script);
            write_whole_file(known_job, id);
            fmt::print(stderr, "job {}: {} tasks for {} runs at {} points\n", id, tasks, left.runs,
                       left.points);
        } else {
            fmt::print(stderr, "job {} of this sweep is still at work\n", id);
        }
        if (follow(id, read, directory, options, table)) {
            fmt::print("interrupted; job {} goes on, and the same command follows it\n", id);
            return static_cast<int>(Exit::interrupted);
        }
        const std::size_t before = left.progress.runs_done;
        left = remaining_of(read, directory.records());
        fruitless = left.progress.runs_done > before ? 0 : fruitless + 1;
        if (fruitless < 3 || left.runs == 0) continue;
        fmt::print(stderr, "driftstorm: three jobs in a row have made no run; see {}\n", folder);
        return static_cast<int>(Exit::output);
    }
    table.show(left.progress, true);
    const int code = left.progress.failed > 0 ? static_cast<int>(Exit::expectation) : 0;
    if (options.json)
        fmt::print(
            "{{\"folder\": {}, \"points\": {}, \"runs\": {}, \"failed\": {}, \"exit_code\": {}}}\n",
            json_string(directory.path()), left.progress.points, left.progress.runs_done,
            left.progress.failed, code);
    else
        fmt::print("{} points, {} runs{} -> {}\ndriftstorm merge {} -o {}.h5\n",
                   left.progress.points, left.progress.runs_done,
                   code != 0 ? fmt::format(", {} FAILED", left.progress.failed) : "",
                   directory.path(), directory.path(), directory.path());
    return code;
}

int sweep(const SweepOptions& options) {
    const SweepDirectory::Shard shard = shard_of(options.shard);
    Complaints complaints;
    const std::unique_ptr<Sweep> read = read_sweep(options.sweep, metric_rules(), complaints);
    if (!complaints.text().empty()) {
        if (options.json && complaints.any_errors()) std::puts(complaints.json().c_str());
        std::fputs(complaints.text().c_str(), stderr);
    }
    if (!read || complaints.any_errors()) return static_cast<int>(Exit::scenario);
    Plan plan(*read);
    if (plan.points().empty() && plan.refined() == nullptr) {
        fmt::print(stderr, "driftstorm: no point of the design meets 'where'\n");
        return static_cast<int>(Exit::scenario);
    }
    const FrozenPlan frozen = freeze(plan, complaints, version_text);
    Schedule schedule(plan);
    if (options.dry) return dry_run(plan, schedule, options.json);

    try {
        if (options.slurm) return sweep_by_slurm(*read, frozen, options);
    } catch (const SweepRefused& refused) {
        fmt::print(stderr, "driftstorm: {}\n", refused.what());
        return static_cast<int>(Exit::usage);
    }
    SweepDirectory directory(folder_of(options));
    SweepTable table(!options.json);
    LocalSweepOptions local;
    local.workers =
        options.workers > 0 ? options.workers : std::max(1u, std::thread::hardware_concurrency());
    local.shard = shard;
    local.retry_failed = options.retry_failed;
    local.allow_other_build = options.allow_other_build;
    local.build = program_fingerprint();
    local.progress = [&table](const SweepProgress& progress) { table.show(progress); };
    LocalSweepOutcome outcome;
    try {
        // Before the plan of another build's runs is changed.
        const bool extends = options.extend && std::filesystem::is_directory(directory.path());
        const std::optional<FrozenPlan> known = extends ? directory.plan() : std::nullopt;
        if (known && known->study == frozen.study)
            check_builds(directory.records(), local.build, local.allow_other_build,
                         directory.path());
        directory.open(frozen, shard, options.extend);
        outcome = run_local_sweep(plan, schedule, directory, frozen.study,
                                  sweep_work(*read, complaints), local);
    } catch (const SweepRefused& refused) {
        fmt::print(stderr, "driftstorm: {}\n", refused.what());
        return static_cast<int>(Exit::usage);
    }
    table.show(outcome.progress, true);
    const SweepProgress& done = outcome.progress;
    const int code = outcome.interrupted ? static_cast<int>(Exit::interrupted)
                     : done.failed > 0   ? static_cast<int>(Exit::expectation)
                                         : 0;
    if (options.json) {
        fmt::print(
            "{{\"folder\": {}, \"points\": {}, \"points_done\": {}, \"runs\": {}, \"failed\": {}, "
            "\"ran_now\": {}, \"elsewhere\": {}, \"exit_code\": {}}}\n",
            json_string(directory.path()), done.points, done.points_done, done.runs_done,
            done.failed, outcome.ran, outcome.elsewhere, code);
        return code;
    }
    fmt::print("{} of {} points done, {} runs, {} of them now{} -> {}\n", done.points_done,
               done.points, done.runs_done, outcome.ran,
               done.failed > 0 ? fmt::format(", {} FAILED", done.failed) : "", directory.path());
    if (outcome.interrupted) fmt::print("interrupted; the same command goes on\n");
    if (outcome.elsewhere > 0)
        fmt::print("{} runs belong to other shards\n", outcome.elsewhere);
    else if (!outcome.interrupted)
        fmt::print("driftstorm merge {} -o {}.h5\n", directory.path(), directory.path());
    return code;
}

/// Whether a file may take the place of what is there: nothing, or an earlier merge of this study.
bool may_replace(const std::string& path, std::uint64_t study) {
    if (!std::filesystem::exists(path)) return true;
    try {
        const ResultsReader there(path);
        return there.text_attribute("/", "format_name") == "driftstorm-sweep" &&
               there.text_attribute("/provenance", "study") == hex(study);
    } catch (const OutputError&) {
        return false;
    }
}

int merge(const MergeOptions& options) {
    std::optional<FrozenPlan> frozen;
    std::map<RunKey, RunRecord> records;
    for (const std::string& folder : options.folders) {
        const SweepDirectory directory(folder);
        const std::optional<FrozenPlan> plan = directory.plan();
        if (!plan) {
            fmt::print(stderr, "driftstorm: {} holds no sweep\n", folder);
            return static_cast<int>(Exit::usage);
        }
        if (frozen && frozen->text() != plan->text()) {
            fmt::print(stderr, "driftstorm: {} and {} hold different sweeps\n",
                       options.folders.front(), folder);
            return static_cast<int>(Exit::usage);
        }
        frozen = plan;
        records.merge(directory.records());
    }
    if (!options.force && !may_replace(options.output, frozen->study)) {
        fmt::print(stderr,
                   "driftstorm: {} is there already and no merge of this sweep; give another name "
                   "with -o, or --force\n",
                   options.output);
        return static_cast<int>(Exit::usage);
    }
    Complaints complaints(frozen->reader());
    const std::unique_ptr<Sweep> read = read_sweep(frozen->sweep_name, metric_rules(), complaints);
    if (!read || complaints.any_errors()) {
        std::fputs(complaints.text().c_str(), stderr);
        return static_cast<int>(Exit::scenario);
    }
    Plan plan(*read);
    Schedule schedule(plan);
    const std::size_t missing = replay_records(schedule, plan, records);
    const MergeOutcome outcome =
        write_merged(options.output, plan, schedule, *frozen, records, missing);
    if (options.json) {
        fmt::print(
            "{{\"file\": {}, \"points\": {}, \"runs\": {}, \"failed\": {}, \"missing\": {}, "
            "\"builds\": {}}}\n",
            json_string(options.output), outcome.points, outcome.runs, outcome.failed,
            outcome.missing, outcome.builds);
        return 0;
    }
    fmt::print("{} points, {} runs", outcome.points, outcome.runs);
    if (outcome.failed > 0) fmt::print(", {} failed", outcome.failed);
    if (outcome.missing > 0) fmt::print("; PARTIAL: {} runs are missing", outcome.missing);
    if (outcome.builds > 1) fmt::print("; MIXED: {} builds", outcome.builds);
    fmt::print(" -> {}\n", options.output);
    return 0;
}

}  // namespace

void add_sweep(CLI::App& app, int& exit) {
    CLI::App* verb = app.add_subcommand(
        "sweep",
        "run a design of many points, each in a process of its own; the same command "
        "resumes");
    auto options = std::make_shared<SweepOptions>();
    verb->add_option("SWEEP", options->sweep, "YAML file of schema sweep/1")->required();
    verb->add_option("-o,--output", options->output,
                     "folder of the sweep; default SWEEP's name with .sweep, in this folder");
    verb->add_option("-j,--workers", options->workers, "runs at once; default: all cores")
        ->check(whole_number())
        ->check(CLI::Range(std::size_t{1}, std::size_t{4096}));
    verb->add_option("--shard", options->shard,
                     "I/N: the points of share I (from 0) of N; needs no coordinator");
    CLI::Option* slurm =
        verb->add_flag("--slurm", options->slurm,
                       "submits a Slurm job array, follows it, and submits again what is missing");
    verb->add_option("--account", options->cluster.account, "of the Slurm job")->needs(slurm);
    verb->add_option("--partition", options->cluster.partition, "of the Slurm job")->needs(slurm);
    verb->add_option("--time", options->cluster.time, "of each Slurm task: --time 30:00")
        ->needs(slurm);
    verb->add_option("--memory", options->cluster.memory, "of each Slurm task: --memory 2G")
        ->needs(slurm);
    verb->add_option(
            "--tasks", options->cluster.tasks,
            "of the Slurm array, each with a share of the points; default: one for 16 runs")
        ->needs(slurm)
        ->check(whole_number())
        ->check(CLI::Range(std::size_t{1}, std::size_t{1000000}));
    verb->add_option("--sbatch", options->cluster.more,
                     "further option of sbatch: --sbatch=--qos=low; may be repeated")
        ->needs(slurm)
        ->take_all()
        ->allow_extra_args(false);
    verb->add_option("--poll", options->cluster.poll_s, "seconds between looks at the Slurm queue")
        ->needs(slurm)
        ->check(CLI::Range(0.1, 3600.0));
    verb->add_flag("--retry-failed", options->retry_failed, "runs those again that failed");
    verb->add_flag("--allow-other-build", options->allow_other_build,
                   "goes on although the folder holds runs of another build; marked when merged");
    verb->add_flag(
        "--extend", options->extend,
        "takes a changed design of the same scenario; runs of points that stay are kept");
    verb->add_flag("--dry", options->dry, "points and runs of the design; no run");
    verb->add_flag("--json", options->json, "one JSON document on stdout");
    verb->callback([&exit, options] { exit = sweep(*options); });
}

void add_merge(CLI::App& app, int& exit) {
    CLI::App* verb = app.add_subcommand(
        "merge", "one HDF5 file of a sweep, with its parameters as labelled coordinates");
    auto options = std::make_shared<MergeOptions>();
    verb->add_option("FOLDER", options->folders, "of a sweep; several, of its shards")->required();
    verb->add_option("-o,--output", options->output, "the file")->required();
    verb->add_flag("--force", options->force, "writes over a file that is no merge of this sweep");
    verb->add_flag("--json", options->json, "one JSON document on stdout");
    verb->callback([&exit, options] { exit = merge(*options); });
}

}  // namespace driftstorm::cli
