#include "sim/output/chunk_packer.hpp"

#include "sim/core/digest.hpp"

#include <doctest/doctest.h>
#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

using namespace driftstorm;

namespace {

std::vector<std::byte> bytes(std::initializer_list<int> values) {
    std::vector<std::byte> made;
    for (const int value : values) made.push_back(static_cast<std::byte>(value));
    return made;
}

Chunk chunk_of(std::uint64_t number, std::size_t values) {
    Chunk chunk;
    chunk.values.resize(values * 8);
    for (std::size_t i = 0; i < values; ++i) {
        const std::uint64_t value = number * 1000 + i / 7;
        std::memcpy(chunk.values.data() + 8 * i, &value, 8);
    }
    return chunk;
}

}  // namespace

TEST_CASE("the Fletcher checksum of short inputs, worked out by hand") {
    CHECK(fletcher32(nullptr, 0) == 0);
    // One word 0x0102: sum1 = sum2 = 0x0102.
    CHECK(fletcher32(bytes({1, 2}).data(), 2) == 0x01020102u);
    // Words 0x0102, 0x0304: sum1 = 0x0406, sum2 = 0x0508.
    CHECK(fletcher32(bytes({1, 2, 3, 4}).data(), 4) == 0x05080406u);
    // An odd byte counts as the upper half: word 0x0500 more.
    CHECK(fletcher32(bytes({1, 2, 3, 4, 5}).data(), 5) == 0x0e0e0906u);
    // 0xffff is 0 modulo 65535, and is kept as 0xffff.
    CHECK(fletcher32(bytes({255, 255}).data(), 2) == 0xffffffffu);
}

TEST_CASE("what deflate would make larger is stored") {
    Chunk noise;
    for (int i = 0; i < 512; ++i) {
        const std::uint64_t value = fingerprint("noise " + std::to_string(i));
        noise.values.resize(noise.values.size() + 8);
        std::memcpy(noise.values.data() + 8 * i, &value, 8);
    }
    pack(noise);
    CHECK(noise.skipped == 2);  // bit 1: deflate is the second filter
    CHECK(noise.packed.size() == noise.values.size() + 4);
    Chunk smooth = chunk_of(0, 512);
    pack(smooth);
    CHECK(smooth.skipped == 0);
    CHECK(smooth.packed.size() < smooth.values.size() / 4);
}

TEST_CASE(
    "chunks are written in the order of submission, on the submitting thread, however many wait") {
    for (const std::size_t most_waiting : {std::size_t{0}, std::size_t{1}, std::size_t{64}}) {
        ChunkPacker packer(most_waiting);
        std::vector<std::uint64_t> written;
        const std::thread::id here = std::this_thread::get_id();
        for (std::uint64_t i = 0; i < 500; ++i) {
            Chunk chunk = chunk_of(i, 16 + fingerprint("size " + std::to_string(i)) % 2000);
            chunk.write = [&written, here, i](const Chunk& packed) {
                REQUIRE(std::this_thread::get_id() == here);
                Chunk again{.values = packed.values};
                pack(again);
                REQUIRE((again.packed == packed.packed));
                written.push_back(i);
            };
            packer.submit(std::move(chunk));
            REQUIRE(written.size() + most_waiting >= i + 1);
        }
        packer.drain();
        REQUIRE(written.size() == 500);
        for (std::uint64_t i = 0; i < 500; ++i) REQUIRE(written[i] == i);
    }
}

TEST_CASE("a failed write comes out where chunks are handed in") {
    ChunkPacker packer(2);
    const auto hand_in = [&] {
        for (std::uint64_t i = 0; i < 100; ++i) {
            Chunk chunk = chunk_of(i, 1000);
            chunk.write = [i](const Chunk&) {
                if (i == 20) throw std::runtime_error("no space");
            };
            packer.submit(std::move(chunk));
        }
    };
    CHECK_THROWS_WITH(hand_in(), "no space");
}
