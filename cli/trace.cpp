#include "recordings/trace.hpp"

#include "cli/durations.hpp"
#include "cli/verbs.hpp"
#include "cli/whole_numbers.hpp"
#include "recordings/side.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <cstdint>
#include <iostream>
#include <memory>
#include <optional>
#include <string>

namespace driftstorm::cli {

namespace {

struct TraceOptions {
    std::string run;
    std::string from = "0 s";
    std::string to;
    std::string until;
    std::optional<std::uint64_t> seed;
    bool lines = false;
};

void print(std::ostream& out, const TraceEvent& event) {
    out << line_of(event) << '\n';
    for (const TraceDraw& draw : event.draws) out << "    draw  " << text_of(draw) << '\n';
    for (const TraceRow& row : event.rows) {
        out << "    row   " << row.table;
        for (const TraceField& field : row.fields) out << ' ' << field.name << '=' << field.value;
        out << '\n';
    }
}

int trace(const TraceOptions& options) {
    RunSide side = open_side(options.run);
    if (options.seed) side.seed = *options.seed;
    if (const auto until = duration_option(options.until, "--until")) side.until = *until;
    const Duration to = *duration_option(options.to, "--to");
    const Duration from = options.from == "0 s" || options.from == "0 ns"
                              ? Duration{0}
                              : *duration_option(options.from, "--from");
    if (from >= to) throw CLI::ValidationError("--to", "must be after --from");
    const std::unique_ptr<TracedRun> run = trace_side(side, Time{from.ns}, Time{to.ns});
    while (const std::optional<TraceEvent> event = run->next()) {
        if (options.lines) {
            write_trace(std::cout, *event);
        } else {
            print(std::cout, *event);
        }
    }
    std::cout.flush();
    return 0;
}

}  // namespace

void add_trace(CLI::App& app, int& exit) {
    CLI::App* verb =
        app.add_subcommand("trace", "every event of a window of a run, with its draws and rows");
    auto options = std::make_shared<TraceOptions>();
    verb->add_option("RUN", options->run, "a scenario, a baseline or a result file")->required();
    verb->add_option("--from", options->from, "begin of the window: --from \"12 min\"");
    verb->add_option("--to", options->to, "end of the window, exclusive")->required();
    verb->add_option("--seed", options->seed, "instead of the run's")->check(whole_number());
    verb->add_option("--until", options->until, "end of the run, instead of the run's");
    verb->add_flag("--lines", options->lines, "for 'driftstorm diff --with': a letter a line");
    verb->callback([&exit, options] { exit = trace(*options); });
}

}  // namespace driftstorm::cli
