#include "sim/core/digest.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <array>

namespace driftstorm {

static_assert(std::endian::native == std::endian::little, "digests are defined on little-endian bytes");

namespace {
constexpr std::string_view samples_name = "samples";
}

std::uint64_t fingerprint(const void* bytes, std::size_t size) { return XXH3_64bits(bytes, size); }

std::size_t DigestLadder::component(std::string_view name) {
    const auto found = std::find(names_.begin(), names_.end(), name);
    if (found != names_.end()) return static_cast<std::size_t>(found - names_.begin());
    names_.emplace_back(name);
    sums_.emplace_back();
    return names_.size() - 1;
}

void DigestLadder::move_to(Time at) {
    DRIFTSTORM_EXPECT(at.ns >= 0);
    while (at.ns / window_ns_ >= static_cast<std::int64_t>(most_rungs)) widen();
    rung_ = static_cast<std::uint64_t>(at.ns / window_ns_);
    rung_begin_ = static_cast<std::int64_t>(rung_) * window_ns_;
    rung_end_ = rung_begin_ + window_ns_;
}

void DigestLadder::widen() {
    window_ns_ *= 2;
    for (std::vector<std::uint64_t>& rungs : sums_) {
        const std::size_t half = (rungs.size() + 1) / 2;
        for (std::size_t i = 0; i < half; ++i) {
            const std::uint64_t second = 2 * i + 1 < rungs.size() ? rungs[2 * i + 1] : 0;
            rungs[i] = rungs[2 * i] + second;
        }
        rungs.resize(half);
    }
    rung_begin_ = rung_end_ = 0;
}

void DigestLadder::merge(const DigestLadder& other) {
    DigestLadder right = other;
    while (window_ns_ < right.window_ns_) widen();
    while (right.window_ns_ < window_ns_) right.widen();
    for (std::size_t c = 0; c < right.names_.size(); ++c) {
        std::vector<std::uint64_t>& into = sums_[component(right.names_[c])];
        const std::vector<std::uint64_t>& from = right.sums_[c];
        if (into.size() < from.size()) into.resize(from.size(), 0);
        for (std::size_t i = 0; i < from.size(); ++i) into[i] += from[i];
    }
}

std::vector<std::string> DigestLadder::components() const {
    std::vector<std::string> sorted = names_;
    std::sort(sorted.begin(), sorted.end());
    return sorted;
}

std::vector<std::vector<std::uint64_t>> DigestLadder::rungs() const {
    std::size_t longest = 0;
    for (const auto& rungs : sums_) longest = std::max(longest, rungs.size());
    std::vector<std::vector<std::uint64_t>> sorted;
    for (const std::string& name : components()) {
        const auto c = static_cast<std::size_t>(std::find(names_.begin(), names_.end(), name) - names_.begin());
        sorted.push_back(sums_[c]);
        sorted.back().resize(longest, 0);
    }
    return sorted;
}

std::uint64_t DigestLadder::hash_of(bool samples) const {
    // Zero rungs and components are left out, so that an unused component or a longer idle tail is no difference.
    std::vector<std::uint64_t> words{static_cast<std::uint64_t>(window_ns_)};
    for (const std::string& name : components()) {
        if ((name == samples_name) != samples) continue;
        const auto c = static_cast<std::size_t>(std::find(names_.begin(), names_.end(), name) - names_.begin());
        for (std::size_t i = 0; i < sums_[c].size(); ++i) {
            if (sums_[c][i] == 0) continue;
            words.push_back(fingerprint(name));
            words.push_back(i);
            words.push_back(sums_[c][i]);
        }
    }
    return fingerprint(words.data(), words.size() * sizeof(std::uint64_t));
}

std::uint64_t DigestLadder::root() const { return hash_of(false); }
std::uint64_t DigestLadder::samples() const { return hash_of(true); }

std::string hex(std::uint64_t digest) {
    std::string text(16, '0');
    for (std::size_t i = 0; i < 16; ++i) text[15 - i] = "0123456789abcdef"[(digest >> (4 * i)) & 15];
    return text;
}

}  // namespace driftstorm
