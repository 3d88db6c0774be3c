#include "cli/piped_trace.hpp"

#include "sim/output/output_error.hpp"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <stdexcept>
#include <system_error>
#include <vector>

extern char** environ;

namespace driftstorm::cli {

struct PipedTrace::Parts {
    std::string program;
    pid_t child = 0;
    std::FILE* lines = nullptr;
    bool over = false;
    bool empty = true;          ///< no event so far
    bool expects_some = false;  ///< the recorded run has something in the window

    /// Exit code of the program, which has ended or is about to.
    int wait() {
        int status = 0;
        while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
        child = 0;
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
    }
};

PipedTrace::PipedTrace(const std::string& program, const RunSide& side, Time from, Time to)
    : parts_(std::make_unique<Parts>()) {
    parts_->program = program;
    for (std::size_t w = 0; w < side.ladder.rungs.size(); ++w) {
        const std::int64_t start = side.ladder.window.ns * static_cast<std::int64_t>(w);
        if (start < from.ns || start >= to.ns) continue;
        for (const std::uint64_t rung : side.ladder.rungs[w])
            parts_->expects_some = parts_->expects_some || rung != 0;
    }
    int ends[2];
    if (pipe(ends) != 0) throw OutputError(program, std::generic_category().message(errno));
    std::vector<std::string> words{program,   "trace",
                                   side.path, "--lines",
                                   "--from",  std::to_string(from.ns) + " ns",
                                   "--to",    std::to_string(to.ns) + " ns",
                                   "--seed",  std::to_string(side.seed),
                                   "--until", std::to_string(side.until.ns) + " ns"};
    std::vector<char*> arguments;
    arguments.reserve(words.size() + 1);
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_addclose(&actions, ends[0]);
    posix_spawn_file_actions_addclose(&actions, ends[1]);
    const int error =
        posix_spawnp(&parts_->child, program.c_str(), &actions, nullptr, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    if (error != 0) {
        close(ends[0]);
        parts_->child = 0;
        throw OutputError(program, std::generic_category().message(error));
    }
    parts_->lines = fdopen(ends[0], "r");
}

PipedTrace::~PipedTrace() {
    if (parts_->lines != nullptr) std::fclose(parts_->lines);  // it ends at its next line
    if (parts_->child != 0) parts_->wait();
}

std::optional<TraceEvent> PipedTrace::next() {
    if (parts_->over) return std::nullopt;
    std::string text;
    std::string line;
    for (int c = std::fgetc(parts_->lines); c != EOF; c = std::fgetc(parts_->lines)) {
        line += static_cast<char>(c);
        if (c != '\n') continue;
        text += line;
        if (line.size() == 1) break;
        line.clear();
    }
    if (text.empty()) {
        parts_->over = true;
        if (const int code = parts_->wait(); code != 0)
            throw OutputError(parts_->program,
                              "'trace' ended with exit code " + std::to_string(code));
        if (parts_->empty && parts_->expects_some)
            throw OutputError(parts_->program,
                              "'trace' printed nothing of a window in which A has events");
        return std::nullopt;
    }
    parts_->empty = false;
    try {
        std::istringstream stream(text);
        return read_trace(stream);
    } catch (const std::invalid_argument& error) {
        throw OutputError(parts_->program, error.what());
    }
}

}  // namespace driftstorm::cli
