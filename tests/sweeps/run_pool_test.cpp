#include "sweeps/run_pool.hpp"

#include <doctest/doctest.h>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <stdexcept>
#include <string>

using namespace driftstorm;

namespace {

std::map<std::size_t, RunPool::Finished> all_of(RunPool& pool) {
    std::map<std::size_t, RunPool::Finished> finished;
    while (pool.running() > 0)
        for (RunPool::Finished& one : pool.wait(10)) finished.emplace(one.ticket, std::move(one));
    return finished;
}

}  // namespace

TEST_CASE("children give their text; one that crashes says how and takes nothing with it") {
    RunPool pool(8);
    pool.start(0, [] { return std::string(3'000'000, 'x'); });
    pool.start(1, []() -> std::string {
        std::fputs("about to fail\n", stderr);
        std::abort();
    });
    pool.start(2, []() -> std::string { throw std::runtime_error("no such thing"); });
    pool.start(3, []() -> std::string { ::_exit(3); });
    pool.start(4, [] { return std::string("fine"); });
    const auto finished = all_of(pool);
    REQUIRE(finished.size() == 5);
    CHECK(finished.at(0).text.size() == 3'000'000);
    CHECK(finished.at(1).crashed);
    CHECK(finished.at(1).error.find("signal 6") != std::string::npos);
    CHECK(finished.at(1).error.find("about to fail") != std::string::npos);
    CHECK(finished.at(2).error == "no such thing");
    CHECK(finished.at(3).error == "ended with code 3");
    CHECK_FALSE(finished.at(4).crashed);
    CHECK(finished.at(4).text == "fine");
}

TEST_CASE("children die with their parent, killed as it may be") {
    int pipe[2];
    REQUIRE(::pipe(pipe) == 0);
    const pid_t middle = ::fork();
    if (middle == 0) {
        ::close(pipe[0]);
        RunPool pool(2);
        pool.start(0, []() -> std::string {
            while (true) ::pause();  // holds the pipe's end open as long as it lives
        });
        const char ready = '+';
        if (::write(pipe[1], &ready, 1) != 1) ::_exit(1);
        while (true) pool.wait(10);
    }
    ::close(pipe[1]);
    char byte = 0;
    REQUIRE(::read(pipe[0], &byte, 1) == 1);
    ::kill(middle, SIGKILL);
    ::waitpid(middle, nullptr, 0);
    CHECK(::read(pipe[0], &byte, 1) == 0);  // the end of file comes when the last holder is gone
    ::close(pipe[0]);
}
