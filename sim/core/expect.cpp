#include "sim/core/expect.hpp"

#include <cstdio>
#include <cstdlib>
#include <utility>

namespace driftstorm {

namespace {
thread_local std::string (*describe_running)(const void*) = nullptr;  // a kernel runs on one thread
thread_local const void* running = nullptr;
std::string repeat_line;
}  // namespace

void set_promise_context(std::string (*describe)(const void* self), const void* self) {
    describe_running = describe;
    running = self;
}

void set_repeat_line(std::string command) { repeat_line = std::move(command); }

void broken_promise(const char* file, int line, const char* promise) {
    std::fprintf(stderr, "driftstorm: %s:%d: broken promise: %s\n", file, line, promise);
    if (describe_running != nullptr)
        std::fprintf(stderr, "  %s\n", describe_running(running).c_str());
    if (!repeat_line.empty()) std::fprintf(stderr, "  repeat: %s\n", repeat_line.c_str());
    std::fprintf(stderr, "  this is a bug in driftstorm, not in the scenario\n");
    std::fflush(stderr);
    std::abort();
}

}  // namespace driftstorm
