#include "sim/core/random.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <Random123/philox.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include <algorithm>
#include <bit>
#include <tuple>

static_assert(std::endian::native == std::endian::little, "XXH3 hashes the bytes of integers");

namespace driftstorm {

namespace {

std::uint64_t hash_of(std::uint64_t a, std::uint64_t b) {
    const std::uint64_t both[2] = {a, b};
    return XXH3_64bits(both, sizeof both);
}

constexpr std::uint32_t low(std::uint64_t v) { return static_cast<std::uint32_t>(v); }
constexpr std::uint32_t high(std::uint64_t v) { return static_cast<std::uint32_t>(v >> 32); }
constexpr std::uint64_t joined(std::uint32_t upper, std::uint32_t lower) {
    return (std::uint64_t{upper} << 32) | lower;
}

}  // namespace

std::uint64_t identity_of(std::string_view section_and_name) {
    return XXH3_64bits(section_and_name.data(), section_and_name.size());
}

std::uint64_t identity_of(std::uint64_t parent, std::uint64_t number) {
    return hash_of(parent, number);
}

#if defined(__SSE2__)
/// Both products of a round at once: half the instructions of two multiplications one by one.
[[gnu::always_inline]] inline Block philox_of(std::uint64_t upper, std::uint64_t lower,
                                              std::uint64_t key) {
    // Lanes 0 to 3 are the counter's words; lanes 0 and 2 are multiplied and get the key's.
    const auto wide = [](std::uint64_t v) { return _mm_cvtsi64_si128(static_cast<long long>(v)); };
    const auto in_0_and_2 = [&](std::uint64_t v) {
        return _mm_unpacklo_epi32(wide(v), _mm_setzero_si128());
    };
    const __m128i factors = in_0_and_2(joined(PHILOX_M4x32_1, PHILOX_M4x32_0));
    const __m128i step = in_0_and_2(joined(PHILOX_W32_1, PHILOX_W32_0));
    __m128i words = _mm_unpacklo_epi64(wide(upper), wide(lower));
    __m128i keys = in_0_and_2(key);
#pragma GCC unroll 10
    for (int round = 0; round < 10; ++round) {
        const __m128i products = _mm_mul_epu32(words, factors);
        const __m128i crossed = _mm_shuffle_epi32(products, _MM_SHUFFLE(0, 1, 2, 3));
        // Kept as written: g++ would put a second operation behind the product, which is waited
        // for, and hold ten keys where one is enough.
        __m128i ready = _mm_xor_si128(_mm_srli_epi64(words, 32), keys);
        keys = _mm_add_epi32(keys, step);
        asm("" : "+x"(ready), "+x"(keys));
        words = _mm_xor_si128(ready, crossed);
    }
    const auto half = [](__m128i v) { return static_cast<std::uint64_t>(_mm_cvtsi128_si64(v)); };
    const std::uint64_t first = half(words);
    const std::uint64_t second = half(_mm_unpackhi_epi64(words, words));
    return {low(first), high(first), low(second), high(second)};
}
#else
[[gnu::always_inline]] inline Block philox_of(std::uint64_t upper, std::uint64_t lower,
                                              std::uint64_t key) {
    const r123::Philox4x32::ctr_type c = {{low(upper), high(upper), low(lower), high(lower)}};
    const r123::Philox4x32::key_type k = {{low(key), high(key)}};
    const r123::Philox4x32::ctr_type out = r123::Philox4x32{}(c, k);
    return {out[0], out[1], out[2], out[3]};
}
#endif

void detail::tell_draw_observer(const char* purpose, std::size_t length, std::uint64_t subject,
                                std::uint64_t number) {
    draw_observer->draw({purpose, length}, subject, number);
}

Block philox(const std::array<std::uint32_t, 4>& counter, const std::array<std::uint32_t, 2>& key) {
    return philox_of(joined(counter[1], counter[0]), joined(counter[3], counter[2]),
                     joined(key[1], key[0]));
}

Block draw(std::uint64_t seed, std::uint64_t purpose_hash, std::uint64_t subject,
           std::uint64_t number) {
    return philox_of(hash_of(purpose_hash, subject), number, seed);
}

double draw_uniform(std::uint64_t seed, Purpose purpose, std::uint64_t subject,
                    std::uint64_t number) {
    const Block block = draw(seed, purpose, subject, number);
    return centred(joined(block[1], block[0]));
}

double uniform_of(const Block& block) {
    // The block is a 128-bit binary fraction: its leading zeros make the exponent, the 52 bits from
    // the first one on, and half a unit below them, the significand. After 76 zeros no more than 52
    // bits are left.
    const std::uint64_t upper = joined(block[1], block[0]);
    const std::uint64_t lower = joined(block[3], block[2]);
    int zeros = upper != 0 ? std::countl_zero(upper) : 64 + std::countl_zero(lower);
    if (zeros > 76) zeros = 76;
    std::uint64_t leading = upper;
    if (zeros >= 64) {
        leading = lower << (zeros - 64);
    } else if (zeros > 0) {
        leading = (upper << zeros) | (lower >> (64 - zeros));
    }
    const double scale = std::bit_cast<double>(static_cast<std::uint64_t>(1023 - 52 - zeros) << 52);
    return (static_cast<double>(leading >> 12) + 0.5) * scale;
}

std::vector<std::size_t> chosen(std::uint64_t seed, Purpose purpose, std::uint64_t occasion,
                                std::span<const std::uint64_t> members, std::size_t count) {
    struct Ranked {
        std::uint64_t rank, identity;
        std::size_t place;
    };
    std::vector<Ranked> all(members.size());
    for (std::size_t i = 0; i < all.size(); ++i) {
        const Block block = draw(seed, purpose, members[i], occasion);
        all[i] = {joined(block[1], block[0]), members[i], i};
    }
    // Equal ranks are one in 2^64, but the order must not depend on where members stand.
    const auto before = [](const Ranked& a, const Ranked& b) {
        return std::tie(a.rank, a.identity, a.place) < std::tie(b.rank, b.identity, b.place);
    };
    const std::size_t kept = std::min(count, all.size());
    std::partial_sort(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(kept), all.end(),
                      before);
    std::vector<std::size_t> places(kept);
    for (std::size_t i = 0; i < kept; ++i) places[i] = all[i].place;
    return places;
}

}  // namespace driftstorm
