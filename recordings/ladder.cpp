#include "recordings/ladder.hpp"

#include "sim/core/expect.hpp"

#include <algorithm>
#include <numeric>

namespace driftstorm {

namespace {

constexpr std::int64_t least_window = 1'000'000'000;  ///< of a DigestLadder [ns]

std::uint64_t rung(const Ladder& ladder, std::size_t window, const std::string& component) {
    const auto found = std::find(ladder.components.begin(), ladder.components.end(), component);
    if (found == ladder.components.end() || window >= ladder.rungs.size()) return 0;
    return ladder.rungs[window][static_cast<std::size_t>(found - ladder.components.begin())];
}

int rank(const std::string& component) {
    return component == "events" ? 0 : component == "samples" ? 2 : 1;
}

}  // namespace

Ladder ladder_of(const DigestLadder& digests) {
    Ladder ladder{digests.window(), digests.components(), {}};
    const std::vector<std::vector<std::uint64_t>> sums = digests.rungs();
    const std::size_t windows = sums.empty() ? 0 : sums.front().size();
    ladder.rungs.assign(windows, std::vector<std::uint64_t>(sums.size()));
    for (std::size_t c = 0; c < sums.size(); ++c)
        for (std::size_t w = 0; w < windows; ++w) ladder.rungs[w][c] = sums[c][w];
    return ladder;
}

Ladder ladder_of(const ResultsReader& result) {
    const std::vector<std::int64_t> starts = result.integers("/digests/window");
    Ladder ladder{{starts.size() > 1 ? starts[1] - starts[0] : least_window},
                  result.texts("/digests/component"),
                  {}};
    const std::vector<std::int64_t> sums = result.integers("/digests/digest");
    const std::size_t width = ladder.components.size();
    for (std::size_t w = 0; w < starts.size(); ++w) {
        std::vector<std::uint64_t>& row = ladder.rungs.emplace_back();
        for (std::size_t c = 0; c < width; ++c)
            row.push_back(static_cast<std::uint64_t>(sums[w * width + c]));
    }
    return ladder;
}

Ladder widened(const Ladder& ladder, std::size_t group) {
    DRIFTSTORM_EXPECT(group > 0);
    Ladder wide{{ladder.window.ns * static_cast<std::int64_t>(group)}, ladder.components, {}};
    for (std::size_t w = 0; w < ladder.rungs.size(); ++w) {
        if (w % group == 0) {
            wide.rungs.push_back(ladder.rungs[w]);
            continue;
        }
        for (std::size_t c = 0; c < ladder.components.size(); ++c)
            wide.rungs.back()[c] += ladder.rungs[w][c];
    }
    return wide;
}

Ladder narrowed(const Ladder& ladder, std::size_t most) {
    return widened(ladder, std::max<std::size_t>(1, (ladder.rungs.size() + most - 1) / most));
}

std::optional<LadderDifference> first_difference(const Ladder& a, const Ladder& b) {
    const std::int64_t common = std::lcm(a.window.ns, b.window.ns);
    const Ladder left = widened(a, static_cast<std::size_t>(common / a.window.ns));
    const Ladder right = widened(b, static_cast<std::size_t>(common / b.window.ns));
    std::vector<std::string> components = left.components;
    for (const std::string& component : right.components)
        if (std::find(components.begin(), components.end(), component) == components.end())
            components.push_back(component);
    std::stable_sort(components.begin(), components.end(),
                     [](const std::string& x, const std::string& y) { return rank(x) < rank(y); });
    for (std::size_t w = 0; w < std::max(left.rungs.size(), right.rungs.size()); ++w) {
        LadderDifference difference{w,
                                    Time{static_cast<std::int64_t>(w) * common},
                                    Time{static_cast<std::int64_t>(w + 1) * common},
                                    {}};
        for (const std::string& component : components)
            if (rung(left, w, component) != rung(right, w, component))
                difference.components.push_back(component);
        if (!difference.components.empty()) return difference;
    }
    return std::nullopt;
}

}  // namespace driftstorm
