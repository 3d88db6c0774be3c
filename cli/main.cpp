#include "cli/verbs.hpp"
#include "cli/version.hpp"
#include "scenarios/complaints.hpp"
#include "sim/core/kernel.hpp"
#include "sim/output/output_error.hpp"

#include <CLI/CLI.hpp>

#include <csignal>
#include <cstdio>
#include <exception>
#include <new>
#include <stdexcept>
#include <system_error>

using driftstorm::cli::Exit;

int main(int argc, char** argv) {
    std::signal(SIGXFSZ, SIG_IGN);  // a file that may not grow is an error with path and reason
    driftstorm::cli::set_arguments(argc, argv);
    CLI::App app{
        "driftstorm: why do messages arrive late, out of order, or not at all? A deterministic "
        "simulator of\n"
        "devices, mobile networks, drifting clocks and message servers."};
    app.name("driftstorm");
    app.require_subcommand(1);
    app.failure_message(CLI::FailureMessage::help);
    int exit = 0;
    driftstorm::cli::add_run(app, exit);
    driftstorm::cli::add_check(app, exit);
    driftstorm::cli::add_report(app, exit);
    driftstorm::cli::add_explain(app, exit);
    driftstorm::cli::add_export(app, exit);
    driftstorm::cli::add_list(app, exit);
    driftstorm::cli::add_schema(app, exit);
    driftstorm::cli::add_stability(app, exit);
    driftstorm::cli::add_import(app, exit);
    driftstorm::cli::add_record(app, exit);
    driftstorm::cli::add_verify(app, exit);
    driftstorm::cli::add_diff(app, exit);
    driftstorm::cli::add_accept(app, exit);
    driftstorm::cli::add_rerun(app, exit);
    driftstorm::cli::add_trace(app, exit);
    driftstorm::cli::add_selfcheck(app, exit);
    driftstorm::cli::add_sweep(app, exit);
    driftstorm::cli::add_merge(app, exit);
    driftstorm::cli::add_version(app, exit);
    app.failure_message([](const CLI::App* failed, const CLI::Error& error) {
        return std::string("driftstorm: ") + error.what() + "\nTry '" + failed->get_name() +
               " --help'.\n";
    });
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        const int code = app.exit(error);
        return code == 0 ? 0 : static_cast<int>(Exit::usage);
    } catch (const driftstorm::ScenarioError& error) {
        std::fputs(error.what(), stderr);
        return static_cast<int>(Exit::scenario);
    } catch (const driftstorm::OutputError& error) {
        std::fprintf(stderr, "driftstorm: %s\n", error.what());
        return static_cast<int>(Exit::output);
    } catch (const driftstorm::ZeroTimeLoop& error) {
        std::fprintf(stderr, "driftstorm: the scenario never leaves an instant: %s\n",
                     error.what());
        return static_cast<int>(Exit::scenario);
    } catch (const std::system_error& error) {  // of files; fmt's of a full standard output
        std::fprintf(stderr, "driftstorm: %s\n", error.what());
        return static_cast<int>(Exit::output);
    } catch (const std::invalid_argument& error) {  // a law drew what a model cannot be built from
        std::fprintf(stderr, "driftstorm: the scenario asks for what cannot be: %s\n",
                     error.what());
        return static_cast<int>(Exit::scenario);
    } catch (const std::bad_alloc&) {
        std::fputs("driftstorm: out of memory; 'run --dry' tells what a scenario takes\n", stderr);
        return static_cast<int>(Exit::output);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "driftstorm: internal error: %s\n", error.what());
        return static_cast<int>(Exit::internal);
    }
    if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
        std::fprintf(stderr, "driftstorm: cannot write to standard output\n");
        return static_cast<int>(Exit::output);
    }
    return exit;
}
