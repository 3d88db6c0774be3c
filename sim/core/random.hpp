#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace driftstorm {

/// FNV-1a: the same 64 bits for the same text on every machine, also at compile time.
constexpr std::uint64_t stable_hash(std::string_view text) {
    std::uint64_t h = 0xcbf29ce484222325ull;
    for (const char c : text) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3ull;
    return h;
}

/// What a draw is for ("link.loss"). Two purposes are two independent worlds of luck.
struct Purpose {
    std::string_view name;
    std::uint64_t hash;
    consteval Purpose(const char* text) : name(text), hash(stable_hash(name)) {}
};

/// Stable 64-bit identity of a declared entity: XXH3 of "section.name".
std::uint64_t identity_of(std::string_view section_and_name);

/// Identity of member `number` of a population, conversation `number` of a population, and the
/// like.
std::uint64_t identity_of(std::uint64_t parent, std::uint64_t number);

/// 128 random bits, a pure function of its coordinates.
using Block = std::array<std::uint32_t, 4>;

/// Philox4x32-10, the bare function. Source: Salmon et al., "Parallel random numbers: as easy as 1,
/// 2, 3", SC'11; Random123.
Block philox(const std::array<std::uint32_t, 4>& counter, const std::array<std::uint32_t, 2>& key);

/// Told of every draw for a purpose, before it is made.
class DrawObserver {
  public:
    virtual ~DrawObserver() = default;
    virtual void draw(std::string_view purpose, std::uint64_t subject, std::uint64_t number) = 0;
};
/// Whoever follows a run's draws just now; nullptr: nobody. No draw depends on it.
inline constinit DrawObserver* draw_observer = nullptr;

namespace detail {
[[gnu::cold, gnu::noinline]] void tell_draw_observer(const char* purpose, std::size_t length,
                                                     std::uint64_t subject, std::uint64_t number);
}

/// Philox4x32-10 with key = seed and counter = (XXH3(purpose, subject), number).
/// `subject` is a stable identity, never a dense index; `number` the subject's own natural number
/// (its message, attempt, packet, time index).
Block draw(std::uint64_t seed, std::uint64_t purpose_hash, std::uint64_t subject,
           std::uint64_t number);
inline Block draw(std::uint64_t seed, Purpose purpose, std::uint64_t subject,
                  std::uint64_t number) {
    if (draw_observer != nullptr) [[unlikely]]
        detail::tell_draw_observer(purpose.name.data(), purpose.name.size(), subject, number);
    return draw(seed, purpose.hash, subject,
                number);  // four registers instead of a struct in memory
}

/// The first 52 of 64 random bits as a number in (0, 1), centred: (k + 1/2) / 2^52, exactly.
inline double centred(std::uint64_t bits) {
    constexpr double one = 1.0;
    return std::bit_cast<double>(std::bit_cast<std::uint64_t>(one) | (bits >> 12)) -
           (1.0 - 0x1p-53);
}

/// The draw as a number in (0, 1): 52 bits, centred, so neither 0 nor 1 occurs and 1 - u is exact.
double draw_uniform(std::uint64_t seed, Purpose purpose, std::uint64_t subject,
                    std::uint64_t number);

/// A uniform in (0, 1) from a block: 52 bits, centred, after the leading zeros of the block's 128,
/// so that it has full precision near 0 (down to 2^-129) and 1 - u is never 0: what distributions
/// invert.
double uniform_of(const Block& block);

/// A whole number in [0, n), n > 0, from the block's first 64 bits; bias below n / 2^64.
constexpr std::uint64_t draw_below(const Block& block, std::uint64_t n) {
    __extension__ typedef unsigned __int128 Wide;
    const std::uint64_t bits = (std::uint64_t{block[1]} << 32) | block[0];
    return static_cast<std::uint64_t>((Wide{bits} * n) >> 64);
}

/// The `count` members of least rank, as positions in `members`, in order of rank. Every member
/// draws its own rank for `occasion` (subject = member's identity, number = occasion): one who is
/// added can displace only the last, and whoever leaves lets only the next one in. With count >=
/// members.size(), a shuffle.
std::vector<std::size_t> chosen(std::uint64_t seed, Purpose purpose, std::uint64_t occasion,
                                std::span<const std::uint64_t> members, std::size_t count);

}  // namespace driftstorm
