#pragma once

#include "sim/core/expect.hpp"
#include "sim/core/time.hpp"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace driftstorm {

/// XXH3, 64 bits: the same on every machine (little endian is asserted at build).
std::uint64_t fingerprint(const void* bytes, std::size_t size);
inline std::uint64_t fingerprint(std::string_view text) {
    return fingerprint(text.data(), text.size());
}

/// Collects the 64-bit words of one record and hashes them.
class RecordHash {
  public:
    void add(std::uint64_t word) {
        DRIFTSTORM_EXPECT(size_ < words_.size());
        words_[size_++] = word;
    }
    void add(double value) { add(std::bit_cast<std::uint64_t>(value + 0.0)); }  // -0.0 is 0.0
    std::uint64_t finish() const {
        return fingerprint(words_.data(), size_ * sizeof(std::uint64_t));
    }

  private:
    std::array<std::uint64_t, 64>
        words_;  // uninitialised on purpose: only the first size_ words are read
    std::size_t size_ = 0;
};

/// The identity of a run: a sum of record hashes per (window, component), so that partitions only
/// add. A window is 1 s, doubled until there are at most `most_rungs` rungs; the root is XXH3 of
/// the ladder. The component "samples" is kept beside the root with a window of its own, so a probe
/// does not move the root.
class DigestLadder {
  public:
    static constexpr std::size_t most_rungs = 4096;

    /// Number of a component, new or known. Components are compared and written by name.
    std::size_t component(std::string_view name);

    void add(std::size_t component, Time at, std::uint64_t record) {
        Rungs& part = parts_[component % 2];
        if (at.ns < part.begin || at.ns >= part.end) part.move_to(at);
        std::vector<std::uint64_t>& sums = part.sums[component / 2];
        if (part.rung >= sums.size()) sums.resize(part.rung + 1, 0);
        sums[part.rung] += record;
    }
    void merge(const DigestLadder& other);

    /// Window of rungs(): that of the root, or the samples' where they went on for longer.
    Duration window() const;
    /// Components in order of name, and their sums per window, padded to equal length.
    std::vector<std::string> components() const;
    std::vector<std::vector<std::uint64_t>> rungs() const;
    std::uint64_t root() const { return parts_[0].hash(); }  ///< of all components but "samples"
    std::uint64_t samples() const {
        return parts_[1].hash();
    }  ///< of the component "samples" alone

    auto state() { return std::tie(parts_[0], parts_[1]); }

  private:
    /// Components that share a window. Their numbers in the ladder are 2 i (root) or 2 i + 1
    /// (samples).
    struct Rungs {
        std::vector<std::string> names;
        std::vector<std::vector<std::uint64_t>> sums;
        std::int64_t window = 1'000'000'000;  ///< [ns]
        std::int64_t begin = 0;               ///< of the rung last added to [ns]
        std::int64_t end = 0;
        std::uint64_t rung = 0;

        std::size_t find_or_add(std::string_view name);
        void move_to(Time at);
        void widen();
        void merge(Rungs other);
        std::uint64_t hash() const;
        auto state() { return std::tie(names, sums, window, begin, end, rung); }
    };

    std::array<Rungs, 2> parts_;  ///< root, samples
};

/// 16 hexadecimal digits.
std::string hex(std::uint64_t digest);

}  // namespace driftstorm
