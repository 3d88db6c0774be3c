#include "recordings/pursuit.hpp"

#include <algorithm>
#include <utility>

namespace driftstorm {

bool reproduces(const Ladder& recorded, const Ladder& rerun, const LadderDifference& window) {
    const std::int64_t span = (window.to - window.from).ns;
    const auto rungs = [&](const Ladder& ladder) {
        std::vector<std::pair<std::string, std::uint64_t>> found;
        if (ladder.window.ns == 0 || span % ladder.window.ns != 0) return found;
        const Ladder wide = widened(ladder, static_cast<std::size_t>(span / ladder.window.ns));
        for (std::size_t c = 0; c < wide.components.size(); ++c) {
            const std::uint64_t rung =
                window.window < wide.rungs.size() ? wide.rungs[window.window][c] : 0;
            if (rung != 0 && wide.components[c] != "samples")
                found.emplace_back(wide.components[c], rung);
        }
        std::sort(found.begin(), found.end());
        return found;
    };
    return rungs(recorded) == rungs(rerun);
}

void pursue(DifferenceReport& report, std::unique_ptr<TraceSource> left) {
    const LadderDifference& first = *report.first;
    std::unique_ptr<TracedRun> left_run;
    if (!left) left_run = trace_side(*report.left, first.from, first.to);
    const std::unique_ptr<TracedRun> right_run = trace_side(*report.right, first.from, first.to);
    TraceSource& left_source = left_run ? static_cast<TraceSource&>(*left_run) : *left;
    report.divergence = first_divergence(left_source, *right_run);
    if (report.divergence) rank_values(report.values, *report.divergence);

    std::string others;
    const auto check = [&](const RunSide& side, TracedRun* run, const char* letter) {
        if (run == nullptr || side.kind == RunSide::Kind::scenario) return;
        if (!reproduces(side.ladder, run->finish_window(), first))
            others += (others.empty() ? "" : " and ") + std::string(letter);
    };
    check(*report.left, left_run.get(), "A");
    check(*report.right, right_run.get(), "B");
    if (!others.empty()) {
        report.divergence.reset();
        report.note = "this build does not run " + others +
                      " as recorded, so another one made it: give that build by --with (it runs A)";
    } else if (!report.divergence) {
        report.note = "run again, both sides give the same events and rows in that window";
    }
}

}  // namespace driftstorm
