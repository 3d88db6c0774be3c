#include "tests/mutations/examination.hpp"

#include "recordings/pursuit.hpp"
#include "scenarios/document.hpp"
#include "scenarios/world.hpp"
#include "tests/mutations/mutant.hpp"

#include <fmt/format.h>

#include <sys/wait.h>
#include <unistd.h>
#include <csignal>
#include <ctime>

namespace driftstorm {

namespace {

double cpu_s() {
    timespec now{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

/// A trace made while a change is on.
class Switched final : public TraceSource {
  public:
    Switched(int mutant, const RunSide& side, Time from, Time to) : mutant_(mutant) {
        mutant::active = mutant;
        run_ = trace_side(side, from, to);
        mutant::active = 0;
    }
    std::optional<TraceEvent> next() override {
        std::optional<TraceEvent> event = next_without_chain();
        if (event) resolve(*event);
        return event;
    }
    std::optional<TraceEvent> next_without_chain() override {
        mutant::active = mutant_;
        std::optional<TraceEvent> event = run_->next_without_chain();
        mutant::active = 0;
        return event;
    }
    void resolve(TraceEvent& event) const override { run_->resolve(event); }
    std::uint64_t events() const { return run_->events(); }

  private:
    int mutant_;
    std::unique_ptr<TracedRun> run_;
};

struct First {
    Time at{};
    std::string component;
};

/// The first difference, by comparing everything from the start: neither ladders nor windows.
std::optional<First> first_by_force(TraceSource& left, TraceSource& right) {
    for (;;) {
        const std::optional<TraceEvent> a = left.next_without_chain();
        const std::optional<TraceEvent> b = right.next_without_chain();
        if (!a && !b) return std::nullopt;
        if (!a || !b) return First{a ? a->at : b->at, "events"};
        if (!a->same_event(*b)) {
            const TraceEvent& earlier = b->at < a->at ? *b : *a;
            return First{earlier.at, earlier.phase == "sample" ? "samples" : "events"};
        }
        for (std::size_t i = 0; i < std::max(a->rows.size(), b->rows.size()); ++i) {
            if (i < a->rows.size() && i < b->rows.size() && a->rows[i] == b->rows[i]) continue;
            return First{a->at, i < a->rows.size() ? a->rows[i].component : b->rows[i].component};
        }
    }
}

RunSide side_of(const Scenario& scenario, const RecordedRun& run) {
    RunSide side;
    side.kind = RunSide::Kind::scenario;
    side.seed = scenario.seed;
    side.until = scenario.duration;
    side.digest = hex(run.root);
    side.ladder = narrowed(run.ladder);
    side.metrics = run.metrics;
    return side;
}

/// @param cause  whether the report names what was changed; nullopt: nothing to name
Finding examine(RunSide left, RunSide right, int mutant, double run_s, double whole_events,
                const std::function<std::optional<bool>(const DifferenceReport&)>& cause) {
    Finding finding;
    finding.run_s = run_s;
    if (left.digest == right.digest) {
        finding.outcome = Finding::Outcome::no_effect;
        return finding;
    }
    const double before = cpu_s();
    DifferenceReport report = compare_records(left, right);
    if (!report.first) return finding;
    std::uint64_t events = 0;
    {
        Switched left_trace(0, left, report.first->from, report.first->to);
        Switched right_trace(mutant, right, report.first->from, report.first->to);
        report.divergence = first_divergence(left_trace, right_trace);
        events = left_trace.events() + right_trace.events();
    }
    if (report.divergence) rank_values(report.values, *report.divergence);
    finding.diff_s = cpu_s() - before;
    finding.events = static_cast<double>(events) / whole_events;

    const Time beyond{left.until.ns + 1};
    Switched left_whole(0, left, Time{}, beyond);
    Switched right_whole(mutant, right, Time{}, beyond);
    const std::optional<First> truth = first_by_force(left_whole, right_whole);
    if (!truth) return finding;
    finding.outcome = Finding::Outcome::examined;
    finding.window = report.first->from <= truth->at && truth->at < report.first->to;
    finding.component = report.divergence && report.divergence->component == truth->component &&
                        std::find(report.first->components.begin(), report.first->components.end(),
                                  truth->component) != report.first->components.end();
    const std::optional<bool> named = report.divergence ? cause(report) : std::optional(false);
    finding.has_cause = named.has_value();
    finding.cause = named.value_or(false);
    return finding;
}

/// Whether the draw that was moved is the one named.
std::optional<bool> names_draw(const Mutant& mutant, const DifferenceReport& report) {
    const auto& draw = report.divergence->draw;
    if (mutant.kind != "purpose" && mutant.kind != "number" && mutant.kind != "subject")
        return std::nullopt;
    if (!draw || !draw->first || !draw->second) return false;
    const TraceDraw& a = *draw->first;
    const TraceDraw& b = *draw->second;
    if (mutant.kind == "purpose") return b.purpose == "mutant.purpose" && a.number == b.number;
    if (mutant.kind == "number") return a.purpose == b.purpose && b.number == a.number + 1;
    return a.purpose == b.purpose && b.subject == a.subject + 1;
}

}  // namespace

const std::vector<Mutant>& mutants() {
    static const std::vector<Mutant> all{
#include "mutants.inc"
    };
    return all;
}

bool is_refactoring(const Mutant& mutant) {
    return mutant.kind == "extra" || mutant.kind == "reordered" || mutant.kind == "rewritten";
}

Subject subject_of(const std::string& file) {
    std::string reason;
    const std::string path = DRIFTSTORM_SOURCE_DIR "/tests/mutations/" + file;
    Subject subject;
    subject.text = {file, read_file_from_disk(path, reason).value(), {}};
    subject.loaded = load(subject.text);
    const double before = cpu_s();
    const Scenario& scenario = *subject.loaded.scenario;
    subject.run = run_recorded(scenario, scenario.duration, scenario.seed);
    subject.run_s = cpu_s() - before;
    return subject;
}

Finding examine_mutant(const Subject& subject, int mutant) {
    const Scenario& scenario = *subject.loaded.scenario;
    const double before = cpu_s();
    mutant::active = mutant;
    const RecordedRun run = run_recorded(scenario, scenario.duration, scenario.seed);
    mutant::active = 0;
    const double run_s = cpu_s() - before + subject.run_s;
    const auto side = [&](const RecordedRun& of) {
        RunSide made = side_of(scenario, of);
        made.loaded = load(subject.text);
        return made;
    };
    const Mutant& planted = mutants()[static_cast<std::size_t>(mutant - 1)];
    return examine(
        side(subject.run), side(run), mutant, run_s,
        static_cast<double>(subject.run.events + run.events),
        [&planted](const DifferenceReport& report) { return names_draw(planted, report); });
}

Finding examine_text(const Subject& subject, const std::string& text, const std::string& path) {
    const Scenario& scenario = *subject.loaded.scenario;
    Finding finding;
    RunSide right;
    LoadedScenario changed;
    try {
        changed = load({"scenario.yaml", text, {}});
    } catch (const ScenarioError&) {
        finding.outcome = Finding::Outcome::no_effect;  // no sound scenario: nothing to tell apart
        return finding;
    }
    const double before = cpu_s();
    const RecordedRun run =
        run_recorded(*changed.scenario, changed.scenario->duration, changed.scenario->seed);
    const double run_s = cpu_s() - before + subject.run_s;
    right = side_of(*changed.scenario, run);
    right.loaded = std::move(changed);
    right.values = {{path, "changed", "scenario.yaml"}};
    RunSide left = side_of(scenario, subject.run);
    left.loaded = load(subject.text);
    left.values = {{path, "as it was", "scenario.yaml"}};
    return examine(std::move(left), std::move(right), 0, run_s,
                   static_cast<double>(subject.run.events + run.events),
                   [&path](const DifferenceReport& report) -> std::optional<bool> {
                       return !report.values.empty() && report.values.front().path == path;
                   });
}

Finding apart(const std::function<Finding()>& examine) {
    int ends[2];
    if (pipe(ends) != 0) return {};
    const pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        // What a broken promise or a signal has to say is of no interest here.
        for (const int number : {SIGABRT, SIGSEGV, SIGFPE, SIGILL, SIGTERM, SIGALRM})
            std::signal(number, SIG_DFL);
        if (std::freopen("/dev/null", "w", stderr) == nullptr) _exit(1);
        alarm(30);
        try {
            const Finding finding = examine();
            const bool written = write(ends[1], &finding, sizeof finding) == sizeof finding;
            _exit(written ? 0 : 1);
        } catch (...) {
            _exit(1);  // nothing of the parent's may run on here
        }
    }
    close(ends[1]);
    Finding finding;
    const bool whole = read(ends[0], &finding, sizeof finding) == sizeof finding;
    close(ends[0]);
    int status = 0;
    waitpid(child, &status, 0);
    if (whole && status == 0) return finding;
    Finding crashed;
    crashed.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    return crashed;
}

std::vector<ChangedText> changed_texts(const Scenario& scenario) {
    const std::string text = resolved_yaml(scenario);
    std::vector<ChangedText> changed;
    std::vector<std::pair<std::size_t, std::string>> open;  // indent and key of the maps around
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = text.find('\n', at);
        const std::string line = text.substr(at, end - at);
        const std::size_t indent = line.find_first_not_of(" -");
        const std::size_t colon = line.find(':');
        if (indent != std::string::npos && colon != std::string::npos) {
            while (!open.empty() && open.back().first >= indent) open.pop_back();
            open.emplace_back(indent, line.substr(indent, colon - indent));
        }
        const std::size_t value = colon == std::string::npos ? colon : colon + 2;
        char* stop = nullptr;
        const double number = value < line.size() ? std::strtod(line.c_str() + value, &stop) : 0.0;
        const std::string& section = open.empty() ? line : open.front().second;
        const bool of_the_world = section != "schema" && section != "title" && section != "tags" &&
                                  section != "epoch" && section != "duration" &&
                                  section != "warmup" && section != "outputs" &&
                                  section != "expectations" && section != "seed";
        if (stop != nullptr && stop != line.c_str() + value && of_the_world) {
            const bool whole =
                number == static_cast<double>(static_cast<long long>(number)) && *stop == '\0';
            std::string path;
            for (const auto& [column, key] : open) path += (path.empty() ? "" : ".") + key;
            const std::string larger =
                whole ? fmt::format("{:.0f}", number + 1) : fmt::format("{:.12g}", number * 1.01);
            changed.push_back(
                {path, text.substr(0, at + value) + larger + std::string(stop) + text.substr(end)});
        }
        at = end + 1;
    }
    return changed;
}

}  // namespace driftstorm
