#pragma once

#include "sim/core/fields.hpp"
#include "sim/core/random.hpp"
#include "sim/core/time.hpp"

#include <array>
#include <cstdint>
#include <string_view>

namespace driftstorm {

enum class BackoffKind : std::uint8_t { none, fixed, exponential };
template <>
inline constexpr std::array<std::string_view, 3> enum_words<BackoffKind>{"none", "fixed", "exponential"};

/// Where the randomness of a wait goes. `before_cap` is a bug seen in the field: the spread is applied before the
/// cap, so every client that has reached the cap waits exactly as long as all others.
enum class JitterKind : std::uint8_t { none, full, equal, decorrelated, before_cap };
template <>
inline constexpr std::array<std::string_view, 5> enum_words<JitterKind>{"none", "full", "equal", "decorrelated",
                                                                       "before_cap"};

/// How long a client waits before its next attempt.
/// Source: Brooker, "Exponential Backoff And Jitter" (AWS architecture blog, 2015): full, equal, decorrelated.
struct Backoff {
    BackoffKind backoff = BackoffKind::exponential;
    Duration first = Duration{1'000'000'000};
    double factor = 2.0;
    Duration cap = Duration{60'000'000'000};
    JitterKind jitter = JitterKind::full;
    double spread = 0.5;

    static constexpr auto fields() {
        return std::tuple{
            Field<Backoff, BackoffKind>{"backoff", &Backoff::backoff, "", "law of the waits"},
            Field<Backoff, Duration>{"first", &Backoff::first, "s", "wait before the first retry", 0, 1e5},
            Field<Backoff, double>{"factor", &Backoff::factor, "", "growth per failure", 1, 100},
            Field<Backoff, Duration>{"cap", &Backoff::cap, "s", "longest wait", 0, 1e6},
            Field<Backoff, JitterKind>{"jitter", &Backoff::jitter, "", "how waits are spread"},
            Field<Backoff, double>{"spread", &Backoff::spread, "%", "half-width of jitter before_cap", 0, 1}};
    }

    /// Wait before retry number `failures` (1, 2, ...).
    /// @param u         uniform in (0, 1)
    /// @param previous  the wait before it; used by decorrelated jitter
    Duration wait(std::uint32_t failures, double u, Duration previous) const;
};

}  // namespace driftstorm
