#include "sim/core/random.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <numeric>
#include <string>
#include <vector>

using namespace driftstorm;

namespace {

/// Chi-square of `counts` against equal shares, in standard deviations from its mean.
double excess(const std::vector<double>& counts) {
    const double total = std::accumulate(counts.begin(), counts.end(), 0.0);
    const double expected = total / static_cast<double>(counts.size());
    double chi2 = 0;
    for (const double c : counts) chi2 += (c - expected) * (c - expected) / expected;
    const double freedom = static_cast<double>(counts.size() - 1);
    return (chi2 - freedom) / std::sqrt(2 * freedom);
}

template <class Uniform>
double pair_excess(Uniform uniform) {
    std::vector<double> counts(16 * 16);
    for (std::uint64_t i = 0; i < 50'000; ++i) {
        const auto [a, b] = uniform(i);
        ++counts[static_cast<std::size_t>(a * 16) * 16 + static_cast<std::size_t>(b * 16)];
    }
    return excess(counts);
}

struct Pair {
    double a, b;
};

int different_bits(const Block& a, const Block& b) {
    int n = 0;
    for (std::size_t i = 0; i < 4; ++i) n += std::popcount(a[i] ^ b[i]);
    return n;
}

}  // namespace

TEST_CASE("philox gives the published vectors") {
    // Random123, kat_vectors: philox 4x32 10; the last counter and key are digits of pi.
    CHECK(philox({0, 0, 0, 0}, {0, 0}) == Block{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
    constexpr std::uint32_t ones = 0xffffffff;
    CHECK(philox({ones, ones, ones, ones}, {ones, ones}) ==
          Block{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
    CHECK(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}) ==
          Block{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("philox is its definition, whatever instructions compute it") {
    // Salmon et al., SC'11, section 3.3: ten rounds, the key bumped between them.
    const auto plainly = [](std::array<std::uint32_t, 4> c, std::array<std::uint32_t, 2> k) {
        for (int round = 0; round < 10; ++round) {
            const std::uint64_t first = std::uint64_t{c[0]} * 0xD2511F53u;
            const std::uint64_t second = std::uint64_t{c[2]} * 0xCD9E8D57u;
            c = {static_cast<std::uint32_t>(second >> 32) ^ c[1] ^ k[0],
                 static_cast<std::uint32_t>(second),
                 static_cast<std::uint32_t>(first >> 32) ^ c[3] ^ k[1],
                 static_cast<std::uint32_t>(first)};
            k = {k[0] + 0x9E3779B9u, k[1] + 0xBB67AE85u};
        }
        return Block{c[0], c[1], c[2], c[3]};
    };
    Block counter{1, 2, 3, 4};
    Block key{5, 6, 7, 8};
    for (int i = 0; i < 20'000; ++i) {
        const Block expected = plainly(counter, {key[0], key[1]});
        REQUIRE(philox(counter, {key[0], key[1]}) == expected);
        key = counter;
        counter = expected;
    }
}

TEST_CASE("a centred number is the middle of its interval, and exact") {
    CHECK(centred(0) == 0x1p-53);
    CHECK(centred(~std::uint64_t{0}) == 1.0 - 0x1p-53);
    for (std::uint64_t i = 0; i < 10'000; ++i) {
        const Block block = draw(1, "test.centred", i, 0);
        const std::uint64_t bits = (std::uint64_t{block[1]} << 32) | block[0];
        REQUIRE(centred(bits) == (static_cast<double>(bits >> 12) + 0.5) * 0x1p-52);
    }
}

TEST_CASE("the hashes give the published vectors") {
    static_assert(stable_hash("") == 0xcbf29ce484222325ull);  // FNV-1a, 64 bits
    static_assert(stable_hash("a") == 0xaf63dc4c8601ec8cull);
    static_assert(stable_hash("foobar") == 0x85944171f73967e8ull);
    CHECK(identity_of("") == 0x2d06800538d394c2ull);  // XXH3, 64 bits, seed 0
}

TEST_CASE("a draw is philox of its coordinates") {
    const Purpose purpose("test.coordinates");
    const std::uint64_t subject = 0x0123456789abcdefull;
    std::string bytes(16, '\0');
    std::memcpy(bytes.data(), &purpose.hash, 8);
    std::memcpy(bytes.data() + 8, &subject, 8);
    const std::uint64_t place = identity_of(bytes);
    CHECK(identity_of(purpose.hash, subject) == place);
    CHECK(draw(0x1111222233334444ull, purpose, subject, 0x5555666677778888ull) ==
          philox({static_cast<std::uint32_t>(place), static_cast<std::uint32_t>(place >> 32),
                  0x77778888, 0x55556666},
                 {0x33334444, 0x11112222}));
}

TEST_CASE("one bit of any coordinate changes half the bits of the draw") {
    const Purpose purpose("test.avalanche");
    double sum = 0;
    int n = 0;
    for (std::uint64_t i = 0; i < 500; ++i) {
        const Block base = draw(i, purpose, i * i, 3 * i);
        for (int bit = 0; bit < 64; ++bit) {
            const std::uint64_t flip = std::uint64_t{1} << bit;
            for (const Block& other :
                 {draw(i ^ flip, purpose, i * i, 3 * i), draw(i, purpose, (i * i) ^ flip, 3 * i),
                  draw(i, purpose, i * i, (3 * i) ^ flip)}) {
                const int changed = different_bits(base, other);
                REQUIRE(changed > 64 - 40);  // 7 standard deviations of 128 coins
                REQUIRE(changed < 64 + 40);
                sum += changed;
                ++n;
            }
        }
    }
    CHECK(sum / n == doctest::Approx(64).epsilon(4 * std::sqrt(32.0 / n) / 64));
}

TEST_CASE("draws with any coordinate next to each other are independent") {
    CHECK(std::abs(pair_excess([](std::uint64_t i) {
              return Pair{draw_uniform(1, "test.a", 5, i), draw_uniform(1, "test.a", 5, i + 1)};
          })) < 4);
    CHECK(std::abs(pair_excess([](std::uint64_t i) {
              return Pair{draw_uniform(1, "test.a", i, 5), draw_uniform(1, "test.a", i + 1, 5)};
          })) < 4);
    CHECK(std::abs(pair_excess([](std::uint64_t i) {
              return Pair{draw_uniform(i, "test.a", 5, 5), draw_uniform(i + 1, "test.a", 5, 5)};
          })) < 4);
    CHECK(std::abs(pair_excess([](std::uint64_t i) {
              return Pair{draw_uniform(1, "test.a", 5, i), draw_uniform(1, "test.b", 5, i)};
          })) < 4);
    CHECK(std::abs(pair_excess([](std::uint64_t i) {
              const Block b =
                  draw(1, "test.halves", 5, i);  // a mixture uses both halves of a block
              return Pair{uniform_of(b), uniform_of({b[2], b[3], b[0], b[1]})};
          })) < 4);
}

TEST_CASE("uniforms are uniform, and neither they nor their complements are 0") {
    std::vector<double> of_draw(1000);
    std::vector<double> of_block(1000);
    for (std::uint64_t i = 0; i < 200'000; ++i) {
        const double u = draw_uniform(1, "test.uniform", 7, i);
        const double v = uniform_of(draw(2, "test.uniform", 7, i));
        REQUIRE((u > 0 && u < 1 && v > 0 && v < 1));
        REQUIRE(1 - (1 - u) == u);
        ++of_draw[static_cast<std::size_t>(u * 1000)];
        ++of_block[static_cast<std::size_t>(v * 1000)];
    }
    CHECK(std::abs(excess(of_draw)) < 4);
    CHECK(std::abs(excess(of_block)) < 4);
}

TEST_CASE("a block's uniform keeps full precision near 0") {
    constexpr std::uint32_t ones = 0xffffffff;
    CHECK(uniform_of({0, 0, 0, 0}) == 0x1p-129);
    CHECK(uniform_of({ones, ones, ones, ones}) == 1 - 0x1p-53);
    CHECK(uniform_of({0, 0x80000000, 0, 0}) == 0.5 + 0x1p-53);
    // Shifting the 128 bits right by one halves it.
    for (std::uint64_t i = 0; i < 2'000; ++i) {
        __extension__ typedef unsigned __int128 Wide;
        const Block b = draw(3, "test.shift", 0, i);
        Wide bits = (Wide{b[1]} << 96) | (Wide{b[0]} << 64) | (Wide{b[3]} << 32) | b[2];
        const double u = uniform_of(b);
        for (int shift = 1; shift < 60; ++shift) {
            bits >>= 1;
            const Block shifted{
                static_cast<std::uint32_t>(bits >> 64), static_cast<std::uint32_t>(bits >> 96),
                static_cast<std::uint32_t>(bits), static_cast<std::uint32_t>(bits >> 32)};
            REQUIRE(uniform_of(shifted) == std::ldexp(u, -shift));
        }
    }
    // It rises with the block as a number.
    CHECK(uniform_of({5, 0, 0, 0}) < uniform_of({6, 0, 0, 0}));
    CHECK(uniform_of({0, 0, 5, 0}) < uniform_of({0, 0, 6, 0}));
}

TEST_CASE("draw_below is even and stays below") {
    std::vector<double> counts(10);
    for (std::uint64_t i = 0; i < 100'000; ++i) {
        const Block b = draw(1, "test.below", 0, i);
        ++counts[draw_below(b, 10)];
        REQUIRE(draw_below(b, 1) == 0);
    }
    CHECK(std::abs(excess(counts)) < 4);
    constexpr std::uint32_t ones = 0xffffffff;
    CHECK(draw_below({ones, ones, 0, 0}, UINT64_MAX) == UINT64_MAX - 1);
    CHECK(draw_below({0, 0, ones, ones}, UINT64_MAX) == 0);
}

TEST_CASE("who is chosen goes by the member: one more can displace only the last") {
    const Purpose purpose("test.chosen");
    for (std::uint64_t occasion = 0; occasion < 300; ++occasion) {
        std::vector<std::uint64_t> members;
        for (std::uint64_t m = 0; m < 40; ++m) members.push_back(identity_of(77, m));
        const auto names = [&](const std::vector<std::size_t>& places) {
            std::vector<std::uint64_t> list;
            for (const std::size_t p : places) list.push_back(members[p]);
            return list;
        };
        const auto before = names(chosen(1, purpose, occasion, members, 10));
        const auto all = names(chosen(1, purpose, occasion, members, 1000));
        REQUIRE(before.size() == 10);
        REQUIRE(all.size() == 40);
        REQUIRE(std::equal(before.begin(), before.end(), all.begin()));

        std::reverse(members.begin(), members.end());  // where members stand does not matter
        REQUIRE(names(chosen(1, purpose, occasion, members, 10)) == before);

        const std::uint64_t added = identity_of(77, 40);
        members.push_back(added);
        auto after = names(chosen(1, purpose, occasion, members, 10));
        const auto found = std::find(after.begin(), after.end(), added);
        if (found == after.end()) {
            REQUIRE(after == before);
        } else {
            after.erase(found);
            REQUIRE(std::equal(after.begin(), after.end(), before.begin()));
        }
    }
}

TEST_CASE("everyone is chosen equally often, first or last") {
    std::vector<std::uint64_t> members;
    for (std::uint64_t m = 0; m < 12; ++m) members.push_back(identity_of(5, m));
    std::vector<double> first(12);
    std::vector<double> last(12);
    for (std::uint64_t occasion = 0; occasion < 20'000; ++occasion) {
        const auto order = chosen(9, "test.fair", occasion, members, 12);
        auto sorted = order;
        std::sort(sorted.begin(), sorted.end());
        for (std::size_t i = 0; i < 12; ++i) REQUIRE(sorted[i] == i);
        ++first[order.front()];
        ++last[order.back()];
    }
    CHECK(std::abs(excess(first)) < 4);
    CHECK(std::abs(excess(last)) < 4);
}
