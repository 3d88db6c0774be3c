#include "models/timesync/ntp_wire.hpp"

#include <doctest/doctest.h>

#include <cstdint>

using namespace driftstorm;

namespace {

constexpr std::int64_t second = 1'000'000'000;
constexpr std::int64_t year = 31'556'952 * second;

}  // namespace

TEST_CASE("stamps are those of the standard's own table") {
    // RFC 5905, figure 4: first day of 1900, of Unix, and of the second era.
    CHECK(ntp_stamp(-2'208'988'800 * second) == NtpStamp{0, 0});
    CHECK(ntp_stamp(0) == NtpStamp{2'208'988'800u, 0});
    CHECK(ntp_stamp(second / 2) == NtpStamp{2'208'988'800u, 0x80000000u});
    CHECK(ntp_stamp(-second / 2) == NtpStamp{2'208'988'799u, 0x80000000u});
    CHECK(ntp_stamp(2'085'978'496 * second) == NtpStamp{0, 0});  // 2036-02-07T06:28:16Z
}

TEST_CASE("a stamp gives its nanosecond back in every era, told by an instant within 68 years") {
    std::uint64_t state = 1;
    for (int i = 0; i < 20'000; ++i) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        const auto unix_ns = static_cast<std::int64_t>(state >> 1) % (200 * year) - 60 * year;
        const auto away = static_cast<std::int64_t>(state % 135) - 67;
        REQUIRE(unix_ns_of(ntp_stamp(unix_ns), unix_ns + away * year) == unix_ns);
    }
}

TEST_CASE("offset and round trip across the end of an era are those of any other day") {
    const std::int64_t epoch = 2'085'978'496 * second - 5 * second;  // the era ends at 5 s
    NtpBody body;
    body.originate = Reading{4'999'999'999};
    body.receive = Reading{5'010'000'000};
    body.transmit = Reading{5'010'000'100};
    body.stratum = 2;
    body.leap = 1;
    body.poll = 10;
    body.precision = -20;
    body.root_delay = 0.25;
    body.root_dispersion = 1.5;
    body.reference_id = 0xc0000201;
    const Reading t4{5'020'000'000};
    const NtpBody back =
        ntp_body(ntp_payload(body, ntp_mode_server, epoch), epoch, epoch + 6 * second);
    CHECK(ntp_offset(back, t4) == ntp_offset(body, t4));
    CHECK(ntp_delay(back, t4) == ntp_delay(body, t4));
    CHECK(back.stratum == 2);
    CHECK(back.leap == 1);
    CHECK(back.poll == 10);
    CHECK(back.precision == -20);
    CHECK(back.root_delay == 0.25);
    CHECK(back.root_dispersion == 1.5);
    CHECK(back.reference_id == 0xc0000201);
}

TEST_CASE("a request shows the client's time as transmit stamp and nothing else") {
    NtpBody body;
    body.originate = Reading{1'500'000'000};
    body.leap = 3;
    const NtpPayload payload = ntp_payload(body, ntp_mode_client, 0);
    CHECK(payload[0] == 0xe3);
    for (std::size_t i = 16; i < 40; ++i) CHECK(payload[i] == 0);
    CHECK(ntp_body(payload, 0, 0).originate == body.originate);
}
