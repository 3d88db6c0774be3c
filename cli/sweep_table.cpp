#include "cli/sweep_table.hpp"

#include <fmt/format.h>

#include <unistd.h>
#include <algorithm>
#include <cstdio>
#include <string>

namespace driftstorm::cli {

namespace {

std::string duration_text(double seconds) {
    const auto whole = static_cast<long>(seconds + 0.5);
    if (whole >= 3600) return fmt::format("{} h {} min", whole / 3600, whole / 60 % 60);
    if (whole >= 60) return fmt::format("{} min {} s", whole / 60, whole % 60);
    return fmt::format("{} s", whole);
}

}  // namespace

SweepTable::SweepTable(bool wanted) : shown_(wanted && isatty(STDERR_FILENO) == 1) {}

void SweepTable::show(const SweepProgress& progress, bool last) {
    const auto now = std::chrono::steady_clock::now();
    if (!shown_ || (!last && now - drawn_ < std::chrono::milliseconds(250))) return;
    drawn_ = now;
    const double share = progress.runs == 0 ? 1.0
                                            : static_cast<double>(progress.runs_done) /
                                                  static_cast<double>(progress.runs);
    const int filled = static_cast<int>(std::clamp(share, 0.0, 1.0) * 30);
    std::string text =
        fmt::format("points done      {} of {}\n", progress.points_done, progress.points);
    text +=
        fmt::format("runs done        {} of {}, {} at work [{:#<{}}{:.<{}}]\n", progress.runs_done,
                    progress.runs, progress.running, "", filled, "", 30 - filled);
    text += fmt::format("runs failed      {}\n", progress.failed);
    if (progress.widest)
        text += fmt::format("widest interval  {:.2f} of what is wanted\n", *progress.widest);
    text += fmt::format("time left        {}\n",
                        progress.seconds_left > 0 ? "about " + duration_text(progress.seconds_left)
                                                  : std::string("?"));
    std::string drawn = lines_ > 0 ? fmt::format("\x1b[{}A", lines_) : std::string();
    for (const char c : text) {
        if (c == '\n') drawn += "\x1b[K";
        drawn += c;
    }
    std::fputs(drawn.c_str(), stderr);
    std::fflush(stderr);
    lines_ = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace driftstorm::cli
