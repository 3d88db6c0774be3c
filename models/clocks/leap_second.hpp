#pragma once

#include "sim/core/rate.hpp"
#include "sim/core/time.hpp"

#include <cstdint>

namespace driftstorm {

/// A leap second inserted into UTC: from `at` on (the instant at which the clock would else show
/// midnight) UTC is a second behind the time elapsed since the epoch. Linux repeats the last second
/// of the day: its wall clock is stepped back by 1 s as it comes to midnight.
/// Source: ITU-R TF.460-6; Linux, kernel/time/ntp.c, second_overflow(), TIME_INS.

/// How far UTC is ahead of elapsed time because of it [2^-64 ns]: 0, then -1 s.
constexpr Q64 leap_stepped(Time now, Time at) {
    constexpr Q64 second = Q64{1'000'000'000} << 64;
    return now < at ? 0 : -second;
}

/// The same for a server that smears it over a day: it falls behind evenly from noon to noon, over
/// the 86,401 s elapsed in between, 11.6 ppm slow; half a second from the step on either side of
/// midnight. Source: Google Public NTP, "Leap Smear" (24-hour linear smear from noon to noon UTC).
constexpr Q64 leap_smeared(Time now, Time at) {
    constexpr Q64 second = Q64{1'000'000'000} << 64;
    constexpr std::int64_t half_a_day = 43'200'000'000'000;
    constexpr std::int64_t smear = 2 * half_a_day + 1'000'000'000;
    const std::int64_t into = now.ns - (at.ns - half_a_day);
    if (into <= 0) return 0;
    if (into >= smear) return -second;
    return -(second / smear * into + second % smear * into / smear);
}

}  // namespace driftstorm
