#pragma once

#include <compare>
#include <cstdint>

namespace driftstorm {

/// A span of true time [ns]. 64 bits reach 292 years; no floating point enters the event order.
struct Duration {
    std::int64_t ns = 0;

    friend constexpr auto operator<=>(Duration, Duration) = default;
    friend constexpr Duration operator+(Duration a, Duration b) { return {a.ns + b.ns}; }
    friend constexpr Duration operator-(Duration a, Duration b) { return {a.ns - b.ns}; }
    friend constexpr Duration operator-(Duration a) { return {-a.ns}; }
    friend constexpr Duration operator*(Duration a, std::int64_t factor) { return {a.ns * factor}; }
    friend constexpr Duration operator/(Duration a, std::int64_t divisor) {
        return {a.ns / divisor};
    }
    constexpr Duration& operator+=(Duration other) {
        ns += other.ns;
        return *this;
    }

    /// The span in seconds, rounded once; for physics and output, never for the order of events.
    constexpr double seconds() const { return static_cast<double>(ns) * 1e-9; }
};

/// An instant of true time [SI ns elapsed since the scenario's epoch]. Leap seconds and time zones
/// exist only in clocks.
struct Time {
    std::int64_t ns = 0;

    friend constexpr auto operator<=>(Time, Time) = default;
    friend constexpr Time operator+(Time t, Duration d) { return {t.ns + d.ns}; }
    friend constexpr Time operator-(Time t, Duration d) { return {t.ns - d.ns}; }
    friend constexpr Duration operator-(Time a, Time b) { return {a.ns - b.ns}; }

    constexpr double seconds() const { return static_cast<double>(ns) * 1e-9; }
};

/// What a clock shows [ns since the scenario's epoch, by its own count]. Not convertible to Time:
/// confusing the two is the bug we simulate.
struct Reading {
    std::int64_t ns = 0;

    friend constexpr auto operator<=>(Reading, Reading) = default;
    friend constexpr Reading operator+(Reading r, Duration d) { return {r.ns + d.ns}; }
    friend constexpr Reading operator-(Reading r, Duration d) { return {r.ns - d.ns}; }
    friend constexpr Duration operator-(Reading a, Reading b) { return {a.ns - b.ns}; }
};

/// Nanoseconds of a second.
inline constexpr std::int64_t second_ns = 1'000'000'000;

/// Later than every event.
inline constexpr Time end_of_time{INT64_MAX};

/// Missing instant in result columns (`_FillValue` of every time column).
inline constexpr Time no_time{INT64_MIN};

/// Horizon within which clock arithmetic is exact: 100 years of 365.25 days.
inline constexpr Duration horizon{36525ll * 86400 * 1'000'000'000};

namespace literals {
constexpr Duration operator""_ns(unsigned long long n) { return {static_cast<std::int64_t>(n)}; }
constexpr Duration operator""_us(unsigned long long n) {
    return {static_cast<std::int64_t>(n) * 1'000};
}
constexpr Duration operator""_ms(unsigned long long n) {
    return {static_cast<std::int64_t>(n) * 1'000'000};
}
constexpr Duration operator""_s(unsigned long long n) {
    return {static_cast<std::int64_t>(n) * 1'000'000'000};
}
constexpr Duration operator""_min(unsigned long long n) {
    return {static_cast<std::int64_t>(n) * 60'000'000'000};
}
constexpr Duration operator""_h(unsigned long long n) {
    return {static_cast<std::int64_t>(n) * 3'600'000'000'000};
}
}  // namespace literals

}  // namespace driftstorm
