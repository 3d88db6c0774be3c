#pragma once

#include "sim/core/fields.hpp"
#include "sim/core/random.hpp"
#include "sim/core/time.hpp"

#include <array>
#include <cstdint>
#include <string_view>
#include <variant>

namespace driftstorm {

enum class BackoffKind : std::uint8_t { none, fixed, exponential };
template <>
inline constexpr std::array<std::string_view, 3> enum_words<BackoffKind>{"none", "fixed",
                                                                         "exponential"};

/// Where the randomness of a wait goes: not at all; U(0, wait); half of it fixed; grown from the
/// last wait. Source: Brooker, "Exponential Backoff And Jitter" (AWS architecture blog, 2015).
namespace jitter {
struct None {
    static constexpr std::string_view word = "none";
    static constexpr auto fields() { return FieldList<>{}; }
};
struct Full {
    static constexpr std::string_view word = "full";
    static constexpr auto fields() { return FieldList<>{}; }
};
struct Equal {
    static constexpr std::string_view word = "equal";
    static constexpr auto fields() { return FieldList<>{}; }
};
struct Decorrelated {
    static constexpr std::string_view word = "decorrelated";
    static constexpr auto fields() { return FieldList<>{}; }
};
/// A bug seen in the field: the spread is applied before the cap, so every client that has reached
/// the cap waits exactly as long as all others.
struct BeforeCap {
    static constexpr std::string_view word = "before_cap";
    double spread = 0.5;
    static constexpr auto fields() {
        return FieldList{Field<BeforeCap, double>{"", &BeforeCap::spread, "%",
                                                  "half-width of the spread, of the wait", 0, 1}};
    }
};
}  // namespace jitter
using Jitter = std::variant<jitter::None, jitter::Full, jitter::Equal, jitter::Decorrelated,
                            jitter::BeforeCap>;

/// How long a client waits before its next attempt.
struct Backoff {
    BackoffKind backoff = BackoffKind::exponential;
    Duration first = Duration{1'000'000'000};
    double factor = 2.0;
    Duration cap = Duration{60'000'000'000};
    Jitter jitter = jitter::Full{};

    static constexpr auto fields() {
        return FieldList{
            Field<Backoff, BackoffKind>{"backoff", &Backoff::backoff, "", "law of the waits"},
            Field<Backoff, Duration>{"first", &Backoff::first, "s", "wait before the first retry",
                                     0, 1e5},
            Field<Backoff, double>{"factor", &Backoff::factor, "", "growth per failure", 1, 100},
            Field<Backoff, Duration>{"cap", &Backoff::cap, "s", "longest wait", 0, 1e6},
            Field<Backoff, Jitter>{"jitter", &Backoff::jitter, "", "how waits are spread"}};
    }

    /// Wait before retry number `failures` (1, 2, ...).
    /// @param u         uniform in (0, 1)
    /// @param previous  the wait before it; used by decorrelated jitter
    Duration wait(std::uint32_t failures, double u, Duration previous) const;
};

}  // namespace driftstorm
