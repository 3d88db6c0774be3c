#include "analysis/field_data/capture.hpp"
#include "analysis/field_data/chrony_logs.hpp"
#include "analysis/field_data/ntpd_logs.hpp"
#include "analysis/field_data/unsteered_clock.hpp"
#include "tests/analysis/field_data/capture_bytes.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdio>
#include <fstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>
#include <vector>

using namespace driftstorm;
using namespace driftstorm::field_data;

namespace {

const std::string measurements =
    "=====================================================================================\n"
    "   Date (UTC) Time     IP Address   L St 123 567 ABCD  LP RP Score    Offset  Peer del. Peer "
    "disp.  Root del. Root disp. Refid     MTxRx\n"
    "=====================================================================================\n"
    "2016-11-09 05:40:50 203.0.113.15    N  2 111 111 1111  10 10 1.00 -4.966e-03  2.296e-01  "
    "1.577e-05  1.615e-01  7.446e-03 CB00717B 4B D K\n"
    "2016-11-09 05:42:00 203.0.113.15    N  2 111 111 1101  10 10 1.00  1.000e-03  3.000e-01  "
    "1.577e-05  1.615e-01  7.446e-03 CB00717B 4B D K\n"
    "2016-11-09 05:42:30 203.0.113.15    N  2 111 110 1111  10 10 1.00  9.000e-03  3.000e-01  "
    "1.577e-05  1.615e-01  7.446e-03 CB00717B 4B D K\n"
    "2016-11-09 05:43:00 203.0.113.99    N  2 111 111 1111  10 10 1.00  5.000e-03  3.000e-01  "
    "1.577e-05  1.615e-01  7.446e-03 CB00717B 4B D K\n";

const std::string tracking =
    "2016-11-09 05:40:50 203.0.113.15     3    340.529      1.606  4.966e-03 N  1  3.039e-04  "
    "5.120e-04  2.290e-01  1.700e-02  2.000e-01\n"
    "2016-11-09 05:41:50 203.0.113.15     3    341.000      1.606 -2.000e-03 N  1  3.039e-04  "
    "5.120e-04  2.290e-01  1.700e-02  2.000e-01\n";

std::string complaint(const std::string& text, const std::string& kind = "chrony") {
    try {
        if (kind == "chrony") {
            read_chrony({{"some.log", text}}, "");
        } else {
            read_ntpd({{"some.log", text}}, "", NtpdLoop::kernel);
        }
    } catch (const std::invalid_argument& error) {
        return error.what();
    }
    return "none";
}

bool says(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

std::string line_four(std::string text, const std::string& from, const std::string& to) {
    return text.replace(text.find(from), from.size(), to);
}

std::vector<Exchange> exchanges_of(const FieldLog& log) {
    std::vector<Exchange> found;
    for (const Entry& entry : log.entries)
        if (const auto* exchange = std::get_if<Exchange>(&entry)) found.push_back(*exchange);
    return found;
}

std::string saved(const std::string& bytes, const std::string& name) {
    const std::string path = std::string(DRIFTSTORM_BINARY_DIR) + "/tests/" + name;
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
}

std::string capture_complaint(const std::string& bytes) {
    const std::string path = saved(bytes, "broken.pcap");
    try {
        read_captures({path}, "");
    } catch (const std::invalid_argument& error) {
        return error.what();
    }
    return "none";
}

}  // namespace

TEST_CASE("chrony's measurements: the manual's line, refused samples kept, invalid ones not") {
    const FieldLog log = read_chrony({{"measurements.log", measurements}}, "");
    CHECK(log.sources == std::vector<std::string>{"203.0.113.15"});
    CHECK(log.steering == Steering::unknown);
    const std::vector<Exchange> found = exchanges_of(log);
    REQUIRE(found.size() == 2);
    CHECK(found[0].at == 1478670050);  // date -u -d '2016-11-09 05:40:50' +%s
    CHECK(found[0].offset == -4.966e-03);
    CHECK(found[0].delay == 2.296e-01);
    CHECK(found[0].offset_resolution == doctest::Approx(0.5e-6));
    CHECK(found[0].delay_resolution == doctest::Approx(0.5e-4));
    CHECK(found[1].offset == 1e-3);  // test C failed: a valid sample of a long queue
    CHECK(log.remarks.size() == 2);
    CHECK(exchanges_of(read_chrony({{"m", measurements}}, "203.0.113.99")).size() == 1);
}

TEST_CASE(
    "chrony's tracking: what is taken off stands between what was measured before and after") {
    const FieldLog log =
        read_chrony({{"tracking.log", tracking}, {"measurements.log", measurements}}, "");
    CHECK(log.steering == Steering::logged);
    REQUIRE(log.entries.size() == 4);
    CHECK(std::holds_alternative<Exchange>(log.entries[0]));
    const Correction& first = std::get<Correction>(log.entries[1]);
    CHECK(first.phase == 4.966e-03);
    CHECK(first.frequency == doctest::Approx(340.529e-6 / (1 - 340.529e-6)).epsilon(1e-12));
    CHECK(first.frequency_resolution == doctest::Approx(0.5e-9));
    CHECK(std::get<Correction>(log.entries[2]).phase == -2e-3);
    CHECK(std::holds_alternative<Exchange>(log.entries[3]));
}

TEST_CASE("a broken line of chrony's is named by file, line, what is there and what should be") {
    CHECK(says(complaint(line_four(measurements, "-4.966e-03", "-4.96.6e-03")),
               "some.log:4: column 12 is '-4.96.6e-03', wanted is a number: offset [s]"));
    CHECK(says(complaint(line_four(measurements, "2016-11-09 05:40", "2016-13-09 05:40")),
               "some.log:4: begins with '2016-13-09 05:40:50', wanted is a date"));
    CHECK(says(complaint(line_four(measurements, "111 111 1111", "111 1x1 1111")),
               "some.log:4: column 7 is '1x1', wanted are 3 tests"));
    CHECK(says(complaint(line_four(measurements, " CB00717B 4B D K", "")),
               "some.log:4: 16 columns; chrony 4 writes 20 of measurements"));
    CHECK(says(complaint(measurements.substr(0, measurements.size() - 30)),
               "some.log:7: the last line has no end"));
    CHECK(says(complaint(measurements + tracking), "some.log:8: 14 columns, wanted are 20"));
    CHECK(says(complaint("Nov 9 host sshd[1]: session opened for user ada\n"),
               "some.log:1: 9 columns; chrony 4 writes"));
    CHECK(says(complaint(""), "some.log: no line of chrony's"));
    CHECK(says(complaint(tracking), "some.log: no valid measurement"));
}

TEST_CASE("logs that are packed, in UTF-16 or have numbers no clock has are refused by name") {
    CHECK(says(complaint("\x1f\x8b\x08"), "some.log: compressed (gzip)"));
    CHECK(says(complaint("\xff\xfe"
                         "2"),
               "some.log: text in UTF-16"));
    CHECK(says(complaint(measurements + std::string("\0\n", 2)), "some.log:8: a byte that is 0"));
    CHECK(complaint("\xef\xbb\xbf" + measurements) == "none");
    CHECK(says(complaint(line_four(measurements, "-4.966e-03", "1.000e+300")),
               "some.log:4: column 12 is '1.000e+300', which is too great for offset [s]"));
    CHECK(says(complaint(line_four(measurements, "2.296e-01", "9.000e+99")),
               "some.log:4: column 13"));
    CHECK(says(complaint(line_four(tracking, "340.529", "1000000.0") + measurements),
               "some.log:1: column 5 is '1000000.0', which is too great for frequency [ppm]"));
    CHECK(says(complaint("50000 1.000 1e200 0.000 0.000100000 0.000000 6\n", "ntpd"),
               "some.log:1: column 3 is '1e200'"));
    CHECK(says(complaint("50000 1.000 0.1 9e9 0.000100000 0.000000 6\n", "ntpd"),
               "some.log:1: column 4 is '9e9'"));
}

TEST_CASE("ntpd's loopstats and peerstats, and what the kernel's loop slewed in between") {
    const std::string loopstats =
        "60000 3600.000 0.001000000 10.000 0.000100000 0.001000 6\n"
        "60000 3664.000 -0.000500000 10.100 0.000100000 0.001000 6\n";
    const std::string peerstats =
        "60000 3600.000 192.0.2.1 963a 0.001000000 0.040000000 0.001000000 0.000100000\n"
        "60000 3664.200 192.0.2.1 963a -0.000500000 0.041000000 0.001000000 0.000100000\n"
        "60000 3665.000 192.0.2.2 963a 0.000000000 0.090000000 0.001000000 0.000100000\n";
    const FieldLog log =
        read_ntpd({{"peerstats", peerstats}, {"loopstats", loopstats}}, "", NtpdLoop::kernel);
    const std::vector<Exchange> found = exchanges_of(log);
    REQUIRE(found.size() == 2);
    CHECK(found[0].at == (60000 - 40587) * 86400.0 + 3600);
    CHECK(found[0].offset == 1e-3);
    CHECK(found[0].delay == 0.040);
    CHECK(found[1].delay == 0.041);
    CHECK(log.filtered);
    double forward = 0;
    double frequency = 0;
    for (const Entry& entry : log.entries)
        if (const auto* correction = std::get_if<Correction>(&entry)) {
            forward -= correction->phase;
            frequency = correction->frequency;
        }
    CHECK(forward == doctest::Approx(1e-3 * (1 - std::pow(255.0 / 256, 64))).epsilon(1e-12));
    CHECK(frequency == doctest::Approx(-10.1e-6 / (1 + 10.1e-6)).epsilon(1e-12));
    CHECK(
        exchanges_of(read_ntpd({{"peerstats", peerstats}}, "192.0.2.2", NtpdLoop::kernel)).size() ==
        1);

    CHECK(says(complaint("60000 90000.000 0.001 10.000 0.0001 0.001 6\n", "ntpd"),
               "some.log:1: column 2 is '90000.000', wanted are seconds past midnight"));
    CHECK(says(complaint("2016 1 0.001 10.000 0.0001 0.001 6\n", "ntpd"),
               "column 1 is '2016', wanted is a modified Julian day"));
    CHECK(says(complaint("60000 1 0.001 10.000 0.0001 0.001 66\n", "ntpd"),
               "column 7 is '66', wanted is a time constant"));
    CHECK(says(complaint("60000 1 0.001 10.000\n", "ntpd"),
               "some.log:1: 4 columns; ntpd writes 7 of loopstats, 8 of peerstats"));
}

TEST_CASE("a sample that ntpd's filter fell back on is dated to when it was taken") {
    // One sample is kept for 528 s and leaves; the next was taken 264 s after it, as it leaves at
    // 792 s; of the third only the bounds are known: it was not kept until 900 s.
    std::string loopstats;
    std::string peerstats;
    for (const auto& [at, delay] : {std::pair(0, 40), {528, 41}, {792, 45}, {900, 39}}) {
        loopstats +=
            "60000 " + std::to_string(at) + ".000 0.001000000 10.000 0.000100000 0.001000 6\n";
        peerstats += "60000 " + std::to_string(at) + ".000 192.0.2.1 963a 0.001000000 0.0" +
                     std::to_string(delay) + "000000 0.001000000 0.000100000\n";
    }
    const FieldLog log =
        read_ntpd({{"peerstats", peerstats}, {"loopstats", loopstats}}, "", NtpdLoop::kernel);
    const std::vector<Exchange> found = exchanges_of(log);
    REQUIRE(found.size() == 4);
    const double begin = (60000 - 40587) * 86400.0;
    CHECK(found[0].at == begin);
    CHECK(found[1].at == begin + 264);
    CHECK(found[2].at == begin + 582);
    CHECK(found[3].at == begin + 900);
    CHECK(found[2].delay == 0.045);
    double before = 0;
    double forward = 0;
    for (const Entry& entry : log.entries) {
        const double at = std::visit([](const auto& one) { return one.at; }, entry);
        CHECK(at >= before);
        before = at;
        if (const auto* correction = std::get_if<Correction>(&entry)) forward -= correction->phase;
    }
    const auto share = [](double seconds) { return 1 - std::pow(255.0 / 256, seconds); };
    CHECK(forward == doctest::Approx(1e-3 * (share(528) + share(264) + share(108))).epsilon(1e-12));
}

TEST_CASE("the four stamps of a capture, over every link, either IP and either format") {
    struct Way {
        test::CaptureBytes::Format format;
        std::uint32_t link;
        int version;
        bool vlan;
    };
    using Format = test::CaptureBytes::Format;
    // 2036-02-07 06:28:15.99 UTC: NTP's era ends between the request and the reply.
    const std::int64_t sent = 2'085'978'495'990'000'000;
    for (const Way& way : {Way{Format::pcap, 1, 4, false}, Way{Format::pcap, 1, 6, true},
                           Way{Format::pcap, 113, 4, false}, Way{Format::pcap, 276, 6, false},
                           Way{Format::pcap, 101, 4, false}, Way{Format::pcapng, 101, 6, false},
                           Way{Format::pcapng, 1, 4, false}}) {
        test::CaptureBytes capture(way.format, way.link);
        const std::uint64_t nonce = 0x0123456789abcdef;  // chrony's transmit stamp is none
        capture.add(sent, {.transmit = nonce}, way.version, 0, way.vlan);
        // 12 ms there, 1 ms in the server, 20 ms back; the server is 5 s ahead.
        const std::int64_t ahead = 5'000'000'000;
        capture.add(sent + 33'000'000,
                    {.mode = 4,
                     .origin = nonce,
                     .receive = test::ntp_stamp(sent + 12'000'000 + ahead),
                     .transmit = test::ntp_stamp(sent + 13'000'000 + ahead)},
                    way.version, 0, way.vlan);
        capture.add(sent + 64'000'000'000, {.transmit = 77}, way.version, 0, way.vlan);
        const FieldLog log = read_captures({saved(capture.bytes(), "stamps.pcap")}, "");
        INFO("link " << way.link << " IPv" << way.version);
        const std::vector<Exchange> found = exchanges_of(log);
        REQUIRE(found.size() == 1);
        CHECK(found[0].offset == doctest::Approx(5 - 0.004).epsilon(1e-9));
        CHECK(found[0].delay == doctest::Approx(0.032).epsilon(1e-7));
        CHECK(log.requests == 2);
        CHECK(log.replies == 1);
        CHECK(log.sources.front() == (way.version == 4 ? "192.168.123.1" : "fd00::1"));
    }
}

TEST_CASE("replies nobody asked for, twice, or of servers without time are no exchanges") {
    test::CaptureBytes capture(test::CaptureBytes::Format::pcap, 101);
    const std::int64_t at = 1'700'000'000'000'000'000;
    const std::uint64_t now = test::ntp_stamp(at);
    capture.add(at, {.transmit = 1}, 4);
    capture.add(at + 1, {.transmit = 2}, 4);
    capture.add(at + 10, {.mode = 4, .origin = 1, .receive = now, .transmit = now}, 4);
    capture.add(at + 20, {.mode = 4, .origin = 1, .receive = now, .transmit = now}, 4);
    capture.add(at + 30, {.mode = 4, .origin = 9, .receive = now, .transmit = now}, 4);
    capture.add(at + 40, {.mode = 4, .leap = 3, .origin = 2, .receive = now, .transmit = now}, 4);
    const FieldLog log = read_captures({saved(capture.bytes(), "odd.pcap")}, "");
    CHECK(exchanges_of(log).size() == 1);
    CHECK(log.remarks.size() == 1);
}

TEST_CASE("a capture that is cut, of a link not known, or none is refused by name") {
    using Format = test::CaptureBytes::Format;
    test::CaptureBytes cut(Format::pcap, 1);
    cut.add(1'700'000'000'000'000'000, {.transmit = 1}, 4, 10);
    CHECK(says(capture_complaint(cut.bytes()), "broken.pcap: packet 1: 80 of 90 bytes"));
    test::CaptureBytes whole(Format::pcap, 1);
    whole.add(1'700'000'000'000'000'000, {.transmit = 1}, 4);
    CHECK(says(capture_complaint(whole.bytes().substr(0, whole.bytes().size() - 3)),
               "broken.pcap: after packet 0: "));
    CHECK(says(capture_complaint(whole.bytes()), "no request to UDP port 123 with its reply"));
    CHECK(says(capture_complaint(test::CaptureBytes(Format::pcap, 105).bytes()),
               "link type IEEE802_11"));
    CHECK(says(capture_complaint("2016-11-09 05:40:50 203.0.113.15\n"), "wanted is a capture"));
}

TEST_CASE("the clock is put back together: what was measured plus what was taken off") {
    // The oscillator gains 100 ppm; half an hour later the program takes 0.1 ms and 99 ppm off.
    FieldLog log;
    log.steering = Steering::logged;
    log.sources.emplace_back("x");
    const auto exchange = [&](double at, double clock) {
        Exchange one;
        one.at = at;
        one.offset = -clock;
        one.delay = 0.01;
        log.entries.emplace_back(one);
    };
    for (int i = 0; i <= 30; ++i) exchange(60.0 * i, 100e-6 * 60 * i);
    Correction correction;
    correction.at = 1800;
    correction.phase = 1e-4;
    correction.frequency = 99e-6;
    log.entries.emplace_back(correction);
    for (int i = 31; i <= 60; ++i) exchange(60.0 * i, 0.18 - 1e-4 + 1e-6 * (60 * i - 1800));
    const UnsteeredClock clock = unsteered_clock(log);
    CHECK(clock.nominal_frequency == 99e-6);
    for (const UnsteeredPoint& point : clock.points)
        CHECK(point.phase == doctest::Approx(1e-6 * point.at));
    CHECK_THROWS_AS(unsteered_clock(FieldLog{}), std::invalid_argument);
}
