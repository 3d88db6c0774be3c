#include "cli/progress.hpp"

#include <fmt/format.h>

#include <unistd.h>
#include <cstdio>

namespace driftstorm::cli {

Progress::Progress(bool wanted, Time end)
    : shown_(wanted && isatty(STDERR_FILENO) == 1),
      end_(end),
      begun_(std::chrono::steady_clock::now()),
      last_(begun_) {}

void Progress::show(Time now, std::uint64_t events) {
    if (!shown_) return;
    const auto clock = std::chrono::steady_clock::now();
    if (clock - last_ < std::chrono::milliseconds(200)) return;
    last_ = clock;
    const double elapsed = std::chrono::duration<double>(clock - begun_).count();
    if (elapsed < 1.0) return;
    const double share = now.seconds() / end_.seconds();
    const int filled = static_cast<int>(share * 30);
    fmt::print(
        stderr,
        "\r[{:#<{}}{:.<{}}] {:.0f} of {:.0f} s simulated, {:.2f} M events/s, {:.0f} s left   ", "",
        filled, "", 30 - filled, now.seconds(), end_.seconds(),
        static_cast<double>(events) / elapsed * 1e-6, share > 0 ? elapsed / share - elapsed : 0.0);
    std::fflush(stderr);
    drawn_ = true;
}

void Progress::done() {
    if (drawn_) fmt::print(stderr, "\r{:100}\r", "");
    drawn_ = false;
}

}  // namespace driftstorm::cli
