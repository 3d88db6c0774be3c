#include "sim/core/digest.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <numeric>
#include <utility>

namespace driftstorm {

static_assert(std::endian::native == std::endian::little,
              "digests are defined on little-endian bytes");

namespace {
constexpr std::string_view samples_name = "samples";
}

std::uint64_t fingerprint(const void* bytes, std::size_t size) { return XXH3_64bits(bytes, size); }

std::size_t DigestLadder::component(std::string_view name) {
    const std::size_t part = name == samples_name ? 1 : 0;
    return 2 * parts_[part].find_or_add(name) + part;
}

std::size_t DigestLadder::Rungs::find_or_add(std::string_view name) {
    const auto found = std::find(names.begin(), names.end(), name);
    if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
    names.emplace_back(name);
    sums.emplace_back();
    return names.size() - 1;
}

void DigestLadder::Rungs::move_to(Time at) {
    DRIFTSTORM_EXPECT(at.ns >= 0);
    while (at.ns / window >= static_cast<std::int64_t>(most_rungs)) widen();
    rung = static_cast<std::uint64_t>(at.ns / window);
    begin = static_cast<std::int64_t>(rung) * window;
    end = begin + window;
}

void DigestLadder::Rungs::widen() {
    window *= 2;
    for (std::vector<std::uint64_t>& rungs : sums) {
        const std::size_t half = (rungs.size() + 1) / 2;
        for (std::size_t i = 0; i < half; ++i) {
            const std::uint64_t second = 2 * i + 1 < rungs.size() ? rungs[2 * i + 1] : 0;
            rungs[i] = rungs[2 * i] + second;
        }
        rungs.resize(half);
    }
    begin = end = 0;
}

void DigestLadder::Rungs::merge(Rungs other) {
    while (window < other.window) widen();
    while (other.window < window) other.widen();
    for (std::size_t c = 0; c < other.names.size(); ++c) {
        std::vector<std::uint64_t>& into = sums[find_or_add(other.names[c])];
        const std::vector<std::uint64_t>& from = other.sums[c];
        if (into.size() < from.size()) into.resize(from.size(), 0);
        for (std::size_t i = 0; i < from.size(); ++i) into[i] += from[i];
    }
}

std::uint64_t DigestLadder::Rungs::hash() const {
    // By name, and without zero rungs, so that an unused component or a longer idle tail is no
    // difference.
    std::vector<std::size_t> order(names.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(),
              [this](std::size_t a, std::size_t b) { return names[a] < names[b]; });
    std::vector<std::uint64_t> words{static_cast<std::uint64_t>(window)};
    for (const std::size_t c : order)
        for (std::size_t i = 0; i < sums[c].size(); ++i) {
            if (sums[c][i] == 0) continue;
            words.push_back(fingerprint(names[c]));
            words.push_back(i);
            words.push_back(sums[c][i]);
        }
    return fingerprint(words.data(), words.size() * sizeof(std::uint64_t));
}

void DigestLadder::merge(const DigestLadder& other) {
    for (std::size_t part = 0; part < parts_.size(); ++part) parts_[part].merge(other.parts_[part]);
}

Duration DigestLadder::window() const { return {std::max(parts_[0].window, parts_[1].window)}; }

std::vector<std::string> DigestLadder::components() const {
    std::vector<std::string> sorted;
    for (const Rungs& part : parts_)
        sorted.insert(sorted.end(), part.names.begin(), part.names.end());
    std::sort(sorted.begin(), sorted.end());
    return sorted;
}

std::vector<std::vector<std::uint64_t>> DigestLadder::rungs() const {
    std::vector<std::pair<std::string, std::vector<std::uint64_t>>> sorted;
    std::size_t longest = 0;
    for (Rungs part : parts_) {
        while (part.window < window().ns) part.widen();
        for (std::size_t c = 0; c < part.names.size(); ++c) {
            longest = std::max(longest, part.sums[c].size());
            sorted.emplace_back(part.names[c], part.sums[c]);
        }
    }
    std::sort(sorted.begin(), sorted.end());
    std::vector<std::vector<std::uint64_t>> rungs;
    for (auto& [name, sums] : sorted) {
        sums.resize(longest, 0);
        rungs.push_back(std::move(sums));
    }
    return rungs;
}

std::string hex(std::uint64_t digest) {
    std::string text(16, '0');
    for (std::size_t i = 0; i < 16; ++i)
        text[15 - i] = "0123456789abcdef"[(digest >> (4 * i)) & 15];
    return text;
}

}  // namespace driftstorm
