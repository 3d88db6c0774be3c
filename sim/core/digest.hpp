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
inline std::uint64_t fingerprint(std::string_view text) { return fingerprint(text.data(), text.size()); }

/// Collects the 64-bit words of one record and hashes them.
class RecordHash {
  public:
    void add(std::uint64_t word) {
        DRIFTSTORM_EXPECT(size_ < words_.size());
        words_[size_++] = word;
    }
    void add(double value) { add(std::bit_cast<std::uint64_t>(value + 0.0)); }  // -0.0 is 0.0
    std::uint64_t finish() const { return fingerprint(words_.data(), size_ * sizeof(std::uint64_t)); }

  private:
    std::array<std::uint64_t, 64> words_;  // uninitialised on purpose: only the first size_ words are read
    std::size_t size_ = 0;
};

/// The identity of a run: a sum of record hashes per (window, component), so that partitions only add.
/// A window is 1 s, doubled until a component has at most `most_rungs` rungs; the root is XXH3 of the
/// ladder. The component "samples" is kept beside the root, so a probe does not move it.
class DigestLadder {
  public:
    static constexpr std::size_t most_rungs = 4096;

    /// Number of a component, new or known. Components are compared and written by name.
    std::size_t component(std::string_view name);

    void add(std::size_t component, Time at, std::uint64_t record) {
        if (at.ns < rung_begin_ || at.ns >= rung_end_) move_to(at);
        std::vector<std::uint64_t>& rungs = sums_[component];
        if (rung_ >= rungs.size()) rungs.resize(rung_ + 1, 0);
        rungs[rung_] += record;
    }
    void merge(const DigestLadder& other);

    Duration window() const { return {window_ns_}; }
    /// Components in order of name, and their sums per window, padded to equal length.
    std::vector<std::string> components() const;
    std::vector<std::vector<std::uint64_t>> rungs() const;
    std::uint64_t root() const;     ///< of all components but "samples"
    std::uint64_t samples() const;  ///< of the component "samples" alone

    auto state() { return std::tie(names_, sums_, window_ns_, rung_begin_, rung_end_, rung_); }

  private:
    void move_to(Time at);
    void widen();
    std::uint64_t hash_of(bool samples) const;

    std::vector<std::string> names_;
    std::vector<std::vector<std::uint64_t>> sums_;
    std::int64_t window_ns_ = 1'000'000'000;
    std::int64_t rung_begin_ = 0;
    std::int64_t rung_end_ = 0;
    std::uint64_t rung_ = 0;
};

/// 16 hexadecimal digits.
std::string hex(std::uint64_t digest);

}  // namespace driftstorm
