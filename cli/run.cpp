#include "analysis/human_text.hpp"
#include "cli/footprint.hpp"
#include "cli/output_names.hpp"
#include "cli/run_recipe.hpp"
#include "cli/scenario_facts.hpp"
#include "cli/verbs.hpp"
#include "cli/whole_numbers.hpp"
#include "scenarios/quantity.hpp"
#include "scenarios/world.hpp"
#include "sim/output/results_file.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace driftstorm::cli {

namespace {

struct RunOptions {
    std::string scenario;
    std::vector<std::string> set;
    std::optional<std::uint64_t> seed;
    std::string output;
    std::string until;
    std::string max_memory;
    std::uint64_t max_events = UINT64_MAX;
    std::uint32_t replications = 1;
    std::uint32_t partitions = 1;
    std::uint32_t threads = 1;
    bool dry = false;
    bool verify = false;
    bool force = false;
    bool json = false;
    bool no_output = false;
    std::string pcap;
};

std::string stem(const std::string& path) {
    const std::string name = path.substr(path.find_last_of('/') + 1);
    return name.substr(0, name.rfind('.'));
}

/// A quantity given on the command line, in base units. @throws CLI::ValidationError
std::optional<Quantity> quantity_of(const std::string& text, Dimension dimension,
                                    const std::string& option) {
    if (text.empty()) return std::nullopt;
    const ParsedQuantity parsed = parse_quantity(text);
    if (!parsed.quantity) throw CLI::ValidationError(option, quote(text) + " " + parsed.error);
    if (!accepts(dimension, parsed.quantity->dimension()))
        throw CLI::ValidationError(
            option, "must be " + std::string(dimension_name(dimension)) + ", such as " +
                        std::string(dimension_examples(dimension)) + "; got " + quote(text));
    return parsed.quantity;
}

int dry_run(const Scenario& scenario, const RunOptions& options, const RunRequest& request) {
    const Footprint world = footprint_of(scenario, request.partitions);
    double messages = 0;
    double copies = 0;
    for (const Named<PopulationEntry>& population : scenario.populations) {
        const auto* devices = std::get_if<DevicePopulation>(&population.value);
        if (devices == nullptr) continue;
        const double span =
            std::min(scenario.duration.seconds(), devices->traffic.send.until.seconds()) -
            devices->traffic.send.from.seconds();
        const double expected = devices->traffic.send.rate * std::max(0.0, span) * devices->count;
        messages += expected;
        copies +=
            expected *
            (devices->traffic.conversations.members.mean() * devices->devices_per_account - 1);
    }
    const double bytes = scenario.outputs_none ? 0 : messages * 40 + copies * 90;
    const std::size_t partitions =
        std::min<std::size_t>(request.partitions, World::regions(scenario).names.size());
    const char* about = world.exact ? "" : "about ";
    if (options.json) {
        fmt::print(
            "{{\"entities\": {:.0f}, \"devices\": {:.0f}, \"partitions\": {}, "
            "\"memory_bytes\": {:.0f}, \"exact\": {}, "
            "\"expected_messages\": {:.0f}, \"expected_copies\": {:.0f}, \"expected_file_bytes\": "
            "{:.0f}}}\n",
            world.entities, world.devices, partitions, world.memory, world.exact, messages, copies,
            bytes);
        return 0;
    }
    fmt::print(
        "entities      {}{:.0f}\ndevices       {:.0f}\npartitions    {}\n"
        "memory        {}{:.1f} MB once built\n"
        "messages      about {:.0f}, {:.0f} copies\nresult file   about {:.1f} MB of messages and "
        "copies\n",
        about, world.entities, world.devices, partitions, about, world.memory * 1e-6, messages,
        copies, bytes * 1e-6);
    return 0;
}

int verify(const Scenario& scenario, const Complaints& complaints, RunRequest request, bool json) {
    request.output.clear();
    request.progress = true;
    const RunOutcome first = run_once(scenario, complaints, request);
    request.partitions = 64;
    request.pool_offset = 1001;
    const RunOutcome second = run_once(scenario, complaints, request);
    const bool same = first.digest == second.digest && first.events == second.events;
    if (json) {
        fmt::print("{{\"digest\": \"{}\", \"perturbed_digest\": \"{}\", \"identical\": {}}}\n",
                   first.digest, second.digest, same);
    } else {
        fmt::print(
            "digest {} with one partition\ndigest {} with all partitions and moved pools\n{}\n",
            first.digest, second.digest,
            same ? "identical" : "NOT IDENTICAL: this is a bug in driftstorm");
    }
    return same ? 0 : static_cast<int>(Exit::nondeterminism);
}

void print_json(const RunOutcome& outcome, const Scenario& scenario) {
    fmt::print(
        "{{\"scenario\": {}, \"run_id\": \"{}\", \"seed\": {}, \"digest\": \"{}\", "
        "\"samples_digest\": \"{}\", "
        "\"events\": {}, \"wall_s\": {:.3f}, \"status\": \"{}\", \"exit_code\": {}, \"file\": {}, "
        "\"summary\": {}}}\n",
        json_string(scenario.file), outcome.run_id, scenario.seed, outcome.digest,
        outcome.samples_digest, outcome.events, outcome.wall_s, outcome.status, outcome.exit,
        outcome.file.empty() ? "null" : json_string(outcome.file), render_json(outcome.summary));
}

/// Means and 95 % intervals of every expectation's metric over seeds seed, seed + 1, ...
int replicate(Scenario& scenario, const Complaints& complaints, RunRequest request,
              const RunOptions& options) {
    const std::uint64_t first_seed = scenario.seed;
    const std::vector<ExpectationSpec> expectations = expectations_of(scenario);
    std::vector<std::vector<std::optional<Observed>>> observed;
    std::vector<std::vector<std::optional<double>>> other;
    RunOutcome first;
    std::string stopped;  // why the first that was cut was
    Time reached{};
    for (std::uint32_t r = 0; r < options.replications; ++r) {
        scenario.seed = first_seed + r;
        request.replication = r;
        RunOutcome outcome = run_once(scenario, complaints, request);
        observed.push_back(outcome.observed);
        other.push_back(outcome.other);
        reached = outcome.reached;
        if (!options.json)
            fmt::print(stderr, "replication {} of {}: seed {}, digest {}{}\n", r + 1,
                       options.replications, scenario.seed, outcome.digest,
                       outcome.stopped.empty() ? "" : ", stopped: " + outcome.stopped);
        if (stopped.empty()) stopped = outcome.stopped;
        if (r == 0) first = std::move(outcome);
        if (interrupted()) return exit_code_of_interrupt();
        request.output.clear();  // the first replication alone is kept as a file
        request.pcap.clear();
    }
    scenario.seed = first_seed;
    const auto exit_of = [&stopped](const std::vector<CheckResult>& checks) {
        return stopped.empty() ? exit_code(checks) : static_cast<int>(Exit::inconclusive);
    };
    const std::vector<CheckResult> checks =
        judge_replications(expectations, observed, other, reached, Time{scenario.warmup.ns},
                           scenario.parameters_changed);
    if (options.json) {
        std::string list;
        for (const CheckResult& check : checks)
            list += fmt::format(
                "{}{{\"name\": {}, \"metric\": {}, \"status\": \"{}\", \"mean\": {}, "
                "\"half_width_95\": {}}}",
                list.empty() ? "" : ", ", json_string(check.name), json_string(check.metric),
                word(check.status),
                check.observed ? fmt::format("{:.9g}", *check.observed) : "null",
                check.half_width ? fmt::format("{:.9g}", *check.half_width) : "null");
        fmt::print("{{\"replications\": {}, \"exit_code\": {}, \"checks\": [{}], \"file\": {}}}\n",
                   options.replications, exit_of(checks), list,
                   first.file.empty() ? "null" : json_string(first.file));
        return exit_of(checks);
    }
    if (!stopped.empty()) fmt::print("stopped: {}\n", stopped);
    fmt::print("{} replications, seeds {} to {}; mean and 95 % interval\n", options.replications,
               first_seed, first_seed + options.replications - 1);
    for (const CheckResult& check : checks)
        fmt::print("  {:<14} {}: {} is {} +- {}, limit {}\n", word(check.status), check.name,
                   check.metric,
                   check.at_least   ? "at least " + human(*check.at_least, check.unit)
                   : check.observed ? human(*check.observed, check.unit)
                                    : "undefined",
                   check.half_width ? human(*check.half_width, check.unit) : "?", check.limit);
    return exit_of(checks);
}

/// Why a run may not write where it is told to; "" when it may. --force is no leave to write over
/// what the same run reads or writes.
std::string wrong_output(const RunRequest& request, const Complaints& complaints, bool force) {
    for (const std::string& name : {request.output, request.pcap}) {
        if (name.empty()) continue;
        for (const Sources::File& source : complaints.sources().files())
            if (source.name != command_line_source && same_file(name, source.name))
                return name + " is read by this run; give another name";
    }
    if (request.pcap.empty()) return "";
    if (!request.output.empty() && (same_file(request.pcap, request.output) ||
                                    same_file(request.pcap, partial_name(request.output))))
        return request.pcap + " cannot be both the result and the capture; give another name";
    constexpr std::string_view nanosecond_pcap = "\xa1\xb2\x3c\x4d";
    if (!force && holds_something_else(request.pcap, nanosecond_pcap))
        return request.pcap +
               " already holds something else; give another name to --pcap, or --force";
    return "";
}

int run(const RunOptions& options) {
    Complaints complaints;
    std::unique_ptr<Scenario> scenario = read_and_check(options.scenario, options.set, complaints);
    if (!complaints.text().empty()) {
        if (options.json && complaints.any_errors()) std::puts(complaints.json().c_str());
        std::fputs(complaints.text().c_str(), stderr);
    }
    if (!scenario || complaints.any_errors()) return static_cast<int>(Exit::scenario);
    if (options.seed) scenario->seed = *options.seed;

    RunRequest request;
    request.set = options.set;
    request.partitions = options.partitions;
    request.threads = options.threads;
    request.max_events = options.max_events;
    request.progress = !options.json;
    request.pcap = options.pcap;
    if (const auto until = quantity_of(options.until, Dimension::duration, "--until")) {
        const double seconds = until->in("s");
        if (!(seconds > 0 && seconds < horizon.seconds()))
            throw CLI::ValidationError(
                "--until", "must be above 0 s and below 100 years; got " + quote(options.until));
        const std::optional<std::int64_t> ns = until->whole("ns");
        if (!ns)
            throw CLI::ValidationError("--until",
                                       "must be a whole number of ns; got " + quote(options.until));
        request.until = Duration{*ns};
    }
    if (const auto memory = quantity_of(options.max_memory, Dimension::data, "--max-memory")) {
        const double bytes = memory->in("B");
        if (!(bytes >= 0 && bytes < 1e18))
            throw CLI::ValidationError(
                "--max-memory", "must be between 0 B and 1e18 B; got " + quote(options.max_memory));
        request.max_memory = static_cast<std::uint64_t>(bytes);
    }
    if (options.dry) return dry_run(*scenario, options, request);
    if (request.max_memory != UINT64_MAX && is_estimated(*scenario)) {
        const Footprint world = footprint_of(*scenario, request.partitions);
        if (world.memory > static_cast<double>(request.max_memory)) {
            fmt::print(stderr,
                       "driftstorm: {} takes about {:.1f} GB once built, more than --max-memory\n",
                       options.scenario, world.memory * 1e-9);
            return static_cast<int>(Exit::inconclusive);
        }
    }
    stop_on_interrupt();
    if (options.verify) return verify(*scenario, complaints, request, options.json);

    if (!options.no_output)
        request.output = options.output.empty() ? stem(options.scenario) + ".h5" : options.output;
    if (const std::string why = wrong_output(request, complaints, options.force); !why.empty()) {
        fmt::print(stderr, "driftstorm: {}\n", why);
        return static_cast<int>(Exit::usage);
    }
    if (!request.output.empty() && !options.force)
        for (const std::string& name : {request.output, partial_name(request.output)}) {
            const auto existing = inspect_result(name);
            if (!existing) continue;
            const bool own =
                existing->is_result && (existing->status != "complete" ||
                                        existing->run_id == run_id_of(*scenario, request));
            if (own) continue;
            fmt::print(
                stderr,
                "driftstorm: {} already holds {}{}; give another name with -o, or --force\n", name,
                existing->is_result ? "the complete result of another run" : "something else",
                name == request.output ? "" : ", and is where a stopped run would be kept");
            return static_cast<int>(Exit::usage);
        }
    if (scenario->seed > UINT64_MAX - (options.replications - 1))
        throw CLI::ValidationError(
            "--replications",
            "would need seeds above 18446744073709551615, the greatest: the first is " +
                std::to_string(scenario->seed));
    if (options.replications > 1) return replicate(*scenario, complaints, request, options);

    const RunOutcome outcome = run_once(*scenario, complaints, request);
    if (options.json) {
        print_json(outcome, *scenario);
        return outcome.exit;
    }
    if (!outcome.stopped.empty()) fmt::print("stopped: {}\n", outcome.stopped);
    if (!outcome.file.empty())
        fmt::print("{} events in {:.1f} s -> {}\n", outcome.events, outcome.wall_s, outcome.file);
    std::fputs(render(outcome.summary).c_str(), stdout);
    return outcome.exit;
}

}  // namespace

void add_run(CLI::App& app, int& exit) {
    CLI::App* verb =
        app.add_subcommand("run", "run a scenario; writes one HDF5 file and a summary");
    auto options = std::make_shared<RunOptions>();
    verb->add_option("SCENARIO", options->scenario, "YAML file")->required();
    verb->add_option("--set", options->set, "NAME=VALUE: changes a parameter; may be repeated")
        ->take_all()
        ->allow_extra_args(false);
    verb->add_option("--seed", options->seed, "instead of the scenario's")->check(whole_number());
    verb->add_option("-o,--output", options->output,
                     "result file; default SCENARIO's name with .h5, in this folder");
    verb->add_flag("--no-output", options->no_output, "writes no result file");
    verb->add_option("--until", options->until, "stops the run early: --until \"20 min\"");
    verb->add_option("--replications", options->replications,
                     "runs seeds seed, seed + 1 ...; the mean and 95 % interval of each "
                     "expectation's metric; the first is kept")
        ->check(whole_number())
        ->check(CLI::Range(1u, 100000u));
    verb->add_option("--partitions", options->partitions, "never changes results")
        ->check(whole_number())
        ->check(CLI::Range(1u, 65535u));
    verb->add_option("--threads", options->threads, "never changes results")
        ->check(whole_number())
        ->check(CLI::Range(1u, 4096u));
    verb->add_option("--max-events", options->max_events,
                     "stops at the end of the simulated second that exceeds it, or within "
                     "it where it has millions of events")
        ->check(whole_number());
    verb->add_option("--max-memory", options->max_memory,
                     "the same for resident memory: --max-memory \"8 GiB\"");
    verb->add_option("--pcap", options->pcap,
                     "writes the NTP packets at the time servers, for tshark and Wireshark");
    verb->add_flag("--dry", options->dry, "entities, memory and file size; no run");
    verb->add_flag("--verify", options->verify,
                   "runs twice, perturbed, without output, and compares digests");
    verb->add_flag("--force", options->force, "overwrites a complete result of another run");
    verb->add_flag("--json", options->json, "one JSON document on stdout");
    verb->callback([&exit, options] { exit = run(*options); });
}

}  // namespace driftstorm::cli
