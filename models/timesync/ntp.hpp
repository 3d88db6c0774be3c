#pragma once

#include "sim/core/rate.hpp"
#include "sim/core/time.hpp"

#include <cstdint>

namespace driftstorm {

/// What an NTP packet carries between client and server; T4 is read by the client on arrival.
/// Source: RFC 5905, section 8 (on-wire protocol).
struct NtpBody {
    Reading originate;          ///< T1, by the client's wall clock as the request leaves
    Reading receive;            ///< T2, by the server's clock as the request arrives
    Reading transmit;           ///< T3, by the server's clock as the reply leaves
    std::uint32_t request = 0;  ///< the client's own count: which request is answered
    std::uint32_t source = 0;   ///< which of the client's sources asked
    double root_delay = 0;      ///< of the server, to its reference clock and back [s]
    double root_dispersion = 0;
    std::uint32_t reference_id = 0;  ///< with stratum 0 a kiss code
    std::uint8_t leap = 0;           ///< 1: a minute of 61 s ends the day, 2: of 59 s, 3: unknown
    std::uint8_t stratum = 0;
    std::int8_t poll = 6;  ///< log2 of s
    std::int8_t precision = -23;
};

/// Kiss codes: four letters, in the reference identifier of a reply of stratum 0. Source: RFC 5905,
/// section 7.4.
inline constexpr std::uint32_t kiss_rate = 0x52415445;
inline constexpr std::uint32_t kiss_deny = 0x44454e59;

/// Packet::kind of time packets: the modes of RFC 5905, figure 10.
inline constexpr std::uint8_t ntp_mode_client = 3;
inline constexpr std::uint8_t ntp_mode_server = 4;

/// Size on the wire: IPv4 and UDP headers and the 48 bytes of RFC 5905, section 7.3 [B].
inline constexpr std::uint32_t ntp_packet_bytes = 20 + 8 + 48;

/// Server's clock minus client's, ((T2 - T1) + (T3 - T4)) / 2 [2^-64 ns]; exact. When the paths
/// differ it is wrong by half of (delay there - delay back).
inline Q64 ntp_offset(const NtpBody& reply, Reading t4) {
    const Q64 sum = Q64{reply.receive.ns} - reply.originate.ns + reply.transmit.ns - t4.ns;
    return sum << 63;
}

/// Round trip without the server's own time, (T4 - T1) - (T3 - T2).
inline Duration ntp_delay(const NtpBody& reply, Reading t4) {
    return (t4 - reply.originate) - (reply.transmit - reply.receive);
}

}  // namespace driftstorm
