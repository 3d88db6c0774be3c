#pragma once

#include "sim/core/exact_math.hpp"
#include "sim/core/random.hpp"

#include <cstdint>
#include <cstdio>

/// PHOLD, the same work for every simulator: an entity that is reached sends one event on, with
/// probability 0.9 to any entity and else to itself, after an exponential time of mean 1 s. All
/// simulators make the same draws, so all deliver the same events, which the checksum proves; only
/// the event core differs. An entity draws the luck of its next event when it has dealt with one,
/// so that no simulator waits for the ten rounds of a block between an event and what it sends.
/// Source: Fujimoto, "Performance of Time Warp under synthetic workloads", Proc. SCS
/// Multiconference on Distributed Simulation (1990).
namespace phold {

/// An entity's state: one cache line, read and written by every event.
struct alignas(64) Line {
    std::uint64_t events = 0;
    std::uint64_t last_ns = 0;
    std::uint64_t sum = 0;
    driftstorm::Block luck{};  ///< of its next step
};

struct Step {
    std::uint32_t target;
    std::int64_t delay_ns;
};

inline driftstorm::Block luck_of(std::uint32_t self, std::uint64_t number) {
    return driftstorm::draw(1, "bench.phold", self, number);
}

/// Before the entity's first step, which no event brings about.
inline void prepare(Line& line, std::uint32_t self) { line.luck = luck_of(self, 0); }

/// What entity `self` does now; after line.events events it is step number line.events.
inline Step step(Line& line, std::uint32_t self, std::uint32_t entities) {
    const driftstorm::Block luck = line.luck;
    line.luck = luck_of(self, line.events + 1);
    const std::uint64_t bits = (std::uint64_t{luck[1]} << 32) | luck[0];
    const double u = driftstorm::centred(bits);
    const auto delay = static_cast<std::int64_t>(-1e9 * driftstorm::exact::log(u));
    constexpr std::uint32_t nine_tenths = 3865470566u;  // of 2^32
    const auto other = static_cast<std::uint32_t>((std::uint64_t{luck[3]} * entities) >> 32);
    const std::uint32_t stays = 0u - static_cast<std::uint32_t>(luck[2] >= nine_tenths);
    return {(self & stays) | (other & ~stays), delay};
}

inline void touch(Line& line, std::int64_t now_ns) {
    ++line.events;
    line.sum += static_cast<std::uint64_t>(now_ns) - line.last_ns;
    line.last_ns = static_cast<std::uint64_t>(now_ns);
}

/// Of all entities' states, whatever the order of events at one instant.
inline std::uint64_t checksum(const Line* lines, std::uint32_t entities) {
    std::uint64_t sum = 0;
    for (std::uint32_t i = 0; i < entities; ++i)
        sum = sum * 0x100000001b3u + (lines[i].events ^ (lines[i].sum << 20));
    return sum;
}

inline std::uint64_t events(const Line* lines, std::uint32_t entities) {
    std::uint64_t sum = 0;
    for (std::uint32_t i = 0; i < entities; ++i) sum += lines[i].events;
    return sum;
}

/// One line for bench/run.sh: events, CPU seconds, checksum, bytes per pending event (0: unknown).
inline void report(std::uint64_t events, double seconds, std::uint64_t checksum, double bytes) {
    std::printf("%llu %.6f %016llx %.1f\n", static_cast<unsigned long long>(events), seconds,
                static_cast<unsigned long long>(checksum), bytes);
}

/// Both run 1 s of simulated time first, in which every entity sends once on average, then measure.
inline constexpr std::int64_t warm_up_ns = 1'000'000'000;
inline std::int64_t measured_ns(std::uint32_t entities, double events) {
    return static_cast<std::int64_t>(events / entities * 1e9);
}

}  // namespace phold
