#include "analysis/explain.hpp"
#include "cli/verbs.hpp"
#include "cli/whole_numbers.hpp"
#include "sim/output/results_reader.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>

namespace driftstorm::cli {

namespace {

struct ExplainOptions {
    std::string result;
    std::string what;
    std::uint64_t id = 0;
    std::size_t top = 10;
    bool id_given = false;
    bool json = false;
};

int explain(const ExplainOptions& options) {
    const ResultsReader reader(options.result);
    try {
        const Explanation answer = options.what == "late" ? explain_late(reader, options.top)
                                                          : explain_message(reader, options.id);
        std::fputs((options.json ? answer.json : answer.text).c_str(), stdout);
    } catch (const std::invalid_argument& error) {
        fmt::print(stderr, "driftstorm: {}: {}\n", options.result, error.what());
        return static_cast<int>(Exit::usage);
    }
    return 0;
}

}  // namespace

void add_explain(CLI::App& app, int& exit) {
    CLI::App* verb = app.add_subcommand(
        "explain", "why was this message late? causes, instants, the fault behind them");
    auto options = std::make_shared<ExplainOptions>();
    verb->add_option("RESULT", options->result, "result file")->required();
    verb->add_option("WHAT", options->what, "message (with its ID) or late")
        ->required()
        ->check(CLI::IsMember({"message", "late"}));
    CLI::Option* id =
        verb->add_option("ID", options->id, "row in /messages")->check(whole_number());
    verb->add_option("--top", options->top, "how many of the latest copies")->check(whole_number());
    verb->add_flag("--json", options->json, "one JSON document on stdout");
    verb->callback([&exit, options, id] {
        if (options->what == "message" && id->count() == 0)
            throw CLI::ValidationError(
                "ID", "explain RESULT message needs the message's ID: its row in /messages");
        exit = explain(*options);
    });
}

}  // namespace driftstorm::cli
