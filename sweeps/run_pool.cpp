#include "sweeps/run_pool.hpp"

#include "sim/output/output_error.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <optional>

namespace driftstorm {

namespace {

constexpr std::size_t most_error_text = 4000;
constexpr int refused_code = 74;  // EX_IOERR

sigset_t answered_signals() {
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : {SIGCHLD, SIGINT, SIGTERM}) sigaddset(&set, signal);
    return set;
}

/// All that was written into a file in memory; only the end of what is longer than `most`.
std::string contents(int file, std::size_t most) {
    const off_t size = ::lseek(file, 0, SEEK_END);
    if (size <= 0) return {};
    const std::size_t length = std::min(static_cast<std::size_t>(size), most);
    std::string text(length, '\0');
    const ssize_t got = ::pread(file, text.data(), length, size - static_cast<off_t>(length));
    text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return text;
}

/// What the child does, from its first instruction to its last.
[[noreturn]] void be_child(pid_t parent, int result, int errors, const RunPool::Work& work,
                           const sigset_t& mask) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(1);  // it died before the line above
    ::signal(SIGINT, SIG_IGN);              // the parent decides what a Ctrl-C ends
    ::signal(SIGTERM, SIG_DFL);
    ::sigprocmask(SIG_SETMASK, &mask, nullptr);
    ::dup2(errors, STDOUT_FILENO);
    ::dup2(errors, STDERR_FILENO);
    int code = 0;
    try {
        const std::string text = work();
        std::size_t written = 0;
        while (written < text.size()) {
            const ssize_t got = ::write(result, text.data() + written, text.size() - written);
            if (got < 0 && errno != EINTR) ::_exit(refused_code);
            if (got > 0) written += static_cast<std::size_t>(got);
        }
    } catch (const OutputError& error) {
        fmt::print(stderr, "{}\n", error.what());
        code = refused_code;
    } catch (const std::exception& error) {
        fmt::print(stderr, "{}\n", error.what());
        code = 1;
    }
    std::fflush(nullptr);
    ::_exit(code);
}

}  // namespace

RunPool::RunPool(std::size_t workers)
    : workers_(std::max<std::size_t>(workers, 1)), old_mask_(sizeof(sigset_t)) {
    const sigset_t signals = answered_signals();
    sigset_t old;
    ::sigprocmask(SIG_BLOCK, &signals, &old);
    std::memcpy(old_mask_.data(), &old, sizeof old);
}

RunPool::~RunPool() {
    kill_all();
    sigset_t old;
    std::memcpy(&old, old_mask_.data(), sizeof old);
    ::sigprocmask(SIG_SETMASK, &old, nullptr);
}

void RunPool::start(std::size_t ticket, const Work& work) {
    std::fflush(nullptr);  // or a child would print it once more
    const int result = ::memfd_create("run", MFD_CLOEXEC);
    const int errors = ::memfd_create("errors", MFD_CLOEXEC);
    if (result < 0 || errors < 0) throw OutputError("a run's memory", std::strerror(errno));
    sigset_t mask;
    std::memcpy(&mask, old_mask_.data(), sizeof mask);
    const pid_t parent = ::getpid();
    const pid_t child = ::fork();
    if (child == 0) be_child(parent, result, errors, work, mask);
    if (child < 0) {
        const std::string reason = std::strerror(errno);
        ::close(result);
        ::close(errors);
        throw OutputError("a process for a run", reason);
    }
    running_.emplace(child, Child{ticket, result, errors, std::chrono::steady_clock::now()});
}

bool RunPool::reap(std::vector<Finished>& finished) {
    int status = 0;
    const pid_t pid = ::waitpid(-1, &status, WNOHANG);
    if (pid <= 0) return false;
    const auto found = running_.find(pid);
    if (found == running_.end()) return true;
    const Child child = found->second;
    running_.erase(found);
    Finished done;
    done.ticket = child.ticket;
    done.wall_s =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - child.started).count();
    done.crashed = !WIFEXITED(status) || WEXITSTATUS(status) != 0;
    done.refused = WIFEXITED(status) && WEXITSTATUS(status) == refused_code;
    if (done.crashed) {
        if (WIFSIGNALED(status))
            done.error = fmt::format("ended by signal {} ({})\n", WTERMSIG(status),
                                     ::strsignal(WTERMSIG(status)));
        done.error += contents(child.errors, most_error_text);
        if (done.error.empty()) done.error = fmt::format("ended with code {}", WEXITSTATUS(status));
        while (!done.error.empty() && done.error.back() == '\n') done.error.pop_back();
    } else {
        done.text = contents(child.result, SIZE_MAX);
    }
    ::close(child.result);
    ::close(child.errors);
    finished.push_back(std::move(done));
    return true;
}

std::vector<RunPool::Finished> RunPool::wait(double seconds) {
    std::vector<Finished> finished;
    const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
    while (true) {
        while (reap(finished)) {
        }
        const double left =
            std::chrono::duration<double>(end - std::chrono::steady_clock::now()).count();
        if (!finished.empty() || left <= 0) return finished;
        const sigset_t signals = answered_signals();
        timespec time{
            static_cast<time_t>(left),
            static_cast<long>((left - static_cast<double>(static_cast<time_t>(left))) * 1e9)};
        const int signal = ::sigtimedwait(&signals, nullptr, &time);
        if (signal == SIGINT || signal == SIGTERM) {
            interrupted_ = true;
            return finished;
        }
    }
}

void RunPool::kill_all() {
    for (const auto& [pid, child] : running_) ::kill(pid, SIGKILL);
    for (const auto& [pid, child] : running_) {
        int status = 0;
        while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
        }
        ::close(child.result);
        ::close(child.errors);
    }
    running_.clear();
}

}  // namespace driftstorm
