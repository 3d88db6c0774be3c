#pragma once

#include <string>

namespace driftstorm {

/// Reports a broken promise of the program, with the running event and the command that repeats the
/// run if one is under way, and aborts. Put a breakpoint here.
[[noreturn, gnu::cold]] void broken_promise(const char* file, int line, const char* promise);

/// Who can say what is running; the kernel sets it while it runs (nullptr: nothing is).
void set_promise_context(std::string (*describe)(const void* self), const void* self);

/// The command that repeats this run, for the report.
void set_repeat_line(std::string command);

}  // namespace driftstorm

/// States what must hold here whatever the input. Stays on in release builds.
#define DRIFTSTORM_EXPECT(promise) \
    ((promise) ? void() : ::driftstorm::broken_promise(__FILE__, __LINE__, #promise))
