#pragma once

#include "models/timesync/ntp.hpp"
#include "sim/core/time.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace driftstorm {

/// A 64-bit NTP timestamp: seconds since 1900 modulo 2^32 (an era is 136 years), and a fraction in
/// 2^-32 s. Source: RFC 5905, section 6.
struct NtpStamp {
    std::uint32_t seconds = 0;
    std::uint32_t fraction = 0;
    friend bool operator==(NtpStamp, NtpStamp) = default;
};

/// @param unix_ns  since 1970 [ns]; rounded up to 2^-32 s, so that it gives its nanosecond back
NtpStamp ntp_stamp(std::int64_t unix_ns);
/// The instant of that stamp nearest to `near_unix_ns`, which tells the era: right within 68 years
/// of it [ns since 1970, nearest].
std::int64_t unix_ns_of(NtpStamp stamp, std::int64_t near_unix_ns);

/// The 48 bytes of RFC 5905, section 7.3, figure 8.
using NtpPayload = std::array<std::uint8_t, 48>;

/// A packet as it travels. A request carries its transmit stamp alone (T1); a reply has the
/// request's as origin, T2 and T3.
/// @param mode           ntp_mode_client or ntp_mode_server
/// @param epoch_unix_ns  instant 0 of readings
NtpPayload ntp_payload(const NtpBody& body, std::uint8_t mode, std::int64_t epoch_unix_ns);

/// The inverse, as far as the payload tells.
/// @param near_unix_ns  tells the era of the stamps
NtpBody ntp_body(const NtpPayload& payload, std::int64_t epoch_unix_ns, std::int64_t near_unix_ns);

}  // namespace driftstorm
