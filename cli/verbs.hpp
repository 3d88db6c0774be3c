#pragma once

namespace CLI {
class App;
}

namespace driftstorm::cli {

/// Exit codes of the command.
enum class Exit : int {
    ok = 0,
    expectation = 1,  ///< an expectation or comparison failed
    usage = 2,
    scenario = 3,  ///< the scenario is invalid
    inconclusive = 4,
    output = 5,  ///< input or output
    nondeterminism = 6,
    internal = 70,
    interrupted = 130
};

/// Each adds a verb; what it does sets `exit`.
void add_run(CLI::App& app, int& exit);
void add_check(CLI::App& app, int& exit);
void add_schema(CLI::App& app, int& exit);
void add_list(CLI::App& app, int& exit);
void add_explain(CLI::App& app, int& exit);
void add_report(CLI::App& app, int& exit);
void add_export(CLI::App& app, int& exit);
void add_stability(CLI::App& app, int& exit);
void add_import(CLI::App& app, int& exit);
void add_record(CLI::App& app, int& exit);
void add_verify(CLI::App& app, int& exit);
void add_diff(CLI::App& app, int& exit);
void add_accept(CLI::App& app, int& exit);
void add_rerun(CLI::App& app, int& exit);
void add_trace(CLI::App& app, int& exit);
void add_selfcheck(CLI::App& app, int& exit);
void add_sweep(CLI::App& app, int& exit);
void add_merge(CLI::App& app, int& exit);
void add_version(CLI::App& app, int& exit);

}  // namespace driftstorm::cli
