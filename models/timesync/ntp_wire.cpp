#include "models/timesync/ntp_wire.hpp"

#include <algorithm>
#include <cmath>

namespace driftstorm {

namespace {

constexpr std::int64_t unix_epoch_s = 2'208'988'800;  ///< 1970 in seconds since 1900
constexpr std::int64_t era_s = std::int64_t{1} << 32;

std::int64_t floor_div(std::int64_t a, std::int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

void put32(NtpPayload& payload, std::size_t at, std::uint32_t value) {
    for (std::size_t i = 0; i < 4; ++i)
        payload[at + i] = static_cast<std::uint8_t>(value >> (24 - 8 * i));
}
std::uint32_t get32(const NtpPayload& payload, std::size_t at) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4; ++i) value = value << 8 | payload[at + i];
    return value;
}
void put_stamp(NtpPayload& payload, std::size_t at, NtpStamp stamp) {
    put32(payload, at, stamp.seconds);
    put32(payload, at + 4, stamp.fraction);
}

/// NTP short format: 16 bits of seconds, 16 of fraction.
std::uint32_t short_form(double seconds) {
    return static_cast<std::uint32_t>(
        std::clamp(std::floor(seconds * 65536 + 0.5), 0.0, 4294967295.0));
}

constexpr std::size_t root_delay_at = 4, root_dispersion_at = 8, reference_id_at = 12,
                      reference_at = 16, origin_at = 24, receive_at = 32, transmit_at = 40;

}  // namespace

NtpStamp ntp_stamp(std::int64_t unix_ns) {
    const std::int64_t whole = floor_div(unix_ns, second_ns);
    const auto rest = static_cast<std::uint64_t>(unix_ns - whole * second_ns);
    // Rounded up, so that the nearest nanosecond of the stamp is the one it was made of.
    const std::uint64_t fraction = ((rest << 32) + second_ns - 1) / second_ns;
    return {static_cast<std::uint32_t>(whole + unix_epoch_s), static_cast<std::uint32_t>(fraction)};
}

std::int64_t unix_ns_of(NtpStamp stamp, std::int64_t near_unix_ns) {
    const std::int64_t near_s = floor_div(near_unix_ns, second_ns) + unix_epoch_s;
    // The difference as a signed 32-bit number is the shorter way round.
    const auto ahead =
        static_cast<std::int32_t>(stamp.seconds - static_cast<std::uint32_t>(near_s & (era_s - 1)));
    const std::int64_t seconds = near_s + ahead - unix_epoch_s;
    const std::uint64_t ns =
        (std::uint64_t{stamp.fraction} * second_ns + (std::uint64_t{1} << 31)) >> 32;
    return seconds * second_ns + static_cast<std::int64_t>(ns);
}

NtpPayload ntp_payload(const NtpBody& body, std::uint8_t mode, std::int64_t epoch_unix_ns) {
    constexpr unsigned version = 4;
    NtpPayload payload{};
    payload[0] = static_cast<std::uint8_t>(unsigned{body.leap} << 6 | version << 3 | mode);
    payload[1] = body.stratum;
    payload[2] = static_cast<std::uint8_t>(body.poll);
    payload[3] = static_cast<std::uint8_t>(body.precision);
    put32(payload, root_delay_at, short_form(body.root_delay));
    put32(payload, root_dispersion_at, short_form(body.root_dispersion));
    put32(payload, reference_id_at, body.reference_id);
    const auto stamp = [&](Reading reading) { return ntp_stamp(epoch_unix_ns + reading.ns); };
    if (mode == ntp_mode_client) {
        put_stamp(payload, transmit_at, stamp(body.originate));
        return payload;
    }
    // The server's clock was set when its whole second began.
    if (body.stratum > 0)
        put_stamp(payload, reference_at, NtpStamp{stamp(body.receive).seconds, 0});
    put_stamp(payload, origin_at, stamp(body.originate));
    put_stamp(payload, receive_at, stamp(body.receive));
    put_stamp(payload, transmit_at, stamp(body.transmit));
    return payload;
}

NtpBody ntp_body(const NtpPayload& payload, std::int64_t epoch_unix_ns, std::int64_t near_unix_ns) {
    const auto reading = [&](std::size_t at) {
        const NtpStamp stamp{get32(payload, at), get32(payload, at + 4)};
        return Reading{unix_ns_of(stamp, near_unix_ns) - epoch_unix_ns};
    };
    NtpBody body;
    body.leap = static_cast<std::uint8_t>(payload[0] >> 6);
    body.stratum = payload[1];
    body.poll = static_cast<std::int8_t>(payload[2]);
    body.precision = static_cast<std::int8_t>(payload[3]);
    body.root_delay = get32(payload, root_delay_at) / 65536.0;
    body.root_dispersion = get32(payload, root_dispersion_at) / 65536.0;
    body.reference_id = get32(payload, reference_id_at);
    if ((payload[0] & 7) == ntp_mode_client) {
        body.originate = reading(transmit_at);
    } else {
        body.originate = reading(origin_at);
        body.receive = reading(receive_at);
        body.transmit = reading(transmit_at);
    }
    return body;
}

}  // namespace driftstorm
