#include "scenarios/quantity.hpp"
#include "sim/core/random.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>

#include <doctest/doctest.h>

using namespace driftstorm;

namespace {

std::uint64_t bits(std::uint64_t number) {
    const Block block = draw(1, "test.quantity", 1, number);
    return (std::uint64_t{block[0]} << 32) | block[1];
}

Quantity quantity(const std::string& text) {
    const ParsedQuantity parsed = parse_quantity(text);
    REQUIRE_MESSAGE(parsed.quantity.has_value(), text);
    return *parsed.quantity;
}

}  // namespace

TEST_CASE("every unit converts to the base unit of its dimension by the exact factor") {
    struct Row {
        const char* text;
        const char* unit;
        double value;
    };
    const Row rows[] = {{"7 ns", "s", 7e-9},
                        {"7 us", "s", 7e-6},
                        {"7 ms", "s", 7e-3},
                        {"7 s", "s", 7},
                        {"7 min", "s", 420},
                        {"7 h", "s", 25200},
                        {"7 day", "s", 604800},
                        {"7 days", "s", 604800},
                        {"7 d", "s", 604800},
                        {"3 mm", "m", 3e-3},
                        {"3 cm", "m", 3e-2},
                        {"3 m", "m", 3},
                        {"3 km", "m", 3000},
                        {"5 m/s", "m/s", 5},
                        {"85 km/h", "m/s", 85 / 3.6},
                        {"2 m/s^2", "m/s^2", 2},
                        {"-82 dBm", "dBm", -82},
                        {"3 dB", "dB", 3},
                        {"12 %", "%", 0.12},
                        {"9 ppb", "ppb", 9},
                        {"9 ppm", "ppb", 9000},
                        {"1 %", "ppb", 1e7},
                        {"1 ppb/s", "ppb/s", 1},
                        {"36 ppb/h", "ppb/s", 0.01},
                        {"864 ppb/day", "ppb/s", 0.01},
                        {"31557600 ppb/yr", "ppb/s", 1},
                        {"1 ppm/s", "ppb/s", 1000},
                        {"3.6 ppm/h", "ppb/s", 1},
                        {"86.4 ppm/day", "ppb/s", 1},
                        {"31557.6 ppm/yr", "ppb/s", 1},
                        {"2 ppb/sqrt(s)", "ppb/sqrt(s)", 2},
                        {"60 ppb/sqrt(h)", "ppb/sqrt(s)", 1},
                        {"2 ppm/sqrt(s)", "ppb/sqrt(s)", 2000},
                        {"0.06 ppm/sqrt(h)", "ppb/sqrt(s)", 1},
                        {"1 bit/s", "bit/s", 1},
                        {"1 kbit/s", "bit/s", 1e3},
                        {"12 Mbit/s", "bit/s", 12e6},
                        {"2 Gbit/s", "bit/s", 2e9},
                        {"16 bit", "B", 2},
                        {"900 B", "B", 900},
                        {"1 kB", "B", 1000},
                        {"48 KiB", "B", 49152},
                        {"3 MB", "B", 3e6},
                        {"3 MiB", "B", 3145728},
                        {"1 GB", "B", 1e9},
                        {"1 GiB", "B", 1073741824},
                        {"400 req/s", "req/s", 400},
                        {"60 req/min", "req/s", 1},
                        {"3600 req/h", "req/s", 1},
                        {"4 msg/s", "msg/s", 4},
                        {"90 msg/min", "msg/s", 1.5},
                        {"7200 msg/h", "req/s", 2},
                        {"86400 msg/day", "1/s", 1},
                        {"5 1/s", "req/s", 5},
                        {"6 1/min", "1/s", 0.1},
                        {"36 1/h", "1/s", 0.01},
                        {"864 1/day", "1/s", 0.01},
                        {"50 Hz", "Hz", 50},
                        {"32.768 kHz", "Hz", 32768},
                        {"26 MHz", "Hz", 26e6},
                        {"3.5 GHz", "Hz", 3.5e9},
                        {"25 degC", "degC", 25},
                        {"10 K", "K", 10},
                        {"2 K/s", "K/s", 2},
                        {"6 K/min", "K/s", 0.1},
                        {"36 K/h", "K/s", 0.01},
                        {"3 ppb/K", "ppb/K", 3},
                        {"3 ppm/K", "ppb/K", 3000},
                        {"-34 ppb/K^2", "ppb/K^2", -34},
                        {"-0.034 ppm/K^2", "ppb/K^2", -34},
                        {"2 ppb/K^3", "ppb/K^3", 2},
                        {"0.0001 ppm/K^3", "ppb/K^3", 0.1},
                        {"42", "", 42}};
    std::vector<std::string_view> seen;
    for (const Row& row : rows) {
        CAPTURE(row.text);
        const Quantity q = quantity(row.text);
        CHECK(q.in(row.unit) == doctest::Approx(row.value).epsilon(1e-15));
        seen.push_back(q.unit->name);
    }
    for (const Unit& unit : all_units()) {
        CAPTURE(unit.name);
        CHECK(std::find(seen.begin(), seen.end(), unit.name) != seen.end());
        CHECK(!dimension_name(unit.dimension).empty());
        CHECK(dimension_of(unit.name) == unit.dimension);
    }
}

TEST_CASE("whole quantities are exact far beyond a double's 53 bits") {
    CHECK(quantity("9223372036854775807 ns").whole("ns") == INT64_MAX);
    CHECK_FALSE(quantity("9223372036854775808 ns").whole("ns").has_value());
    CHECK(quantity("9223372036.854775807 s").whole("ns") == INT64_MAX);
    CHECK(quantity("-9223372036.854775807 s").whole("ns") == -INT64_MAX);
    CHECK(quantity("18446744073709551615 B").unsigned_whole("B") == UINT64_MAX);
    CHECK_FALSE(quantity("18446744073709551616 B").unsigned_whole("B").has_value());
    CHECK(quantity("0.000000001 s").whole("ns") == 1);
    CHECK_FALSE(quantity("0.0000000001 s").whole("ns").has_value());
    CHECK(quantity("1.4 s").whole("ns") == 1'400'000'000);
    CHECK(quantity("1e3 ms").whole("ns") == 1'000'000'000);
    CHECK(quantity("0.1 min").whole("ns") == 6'000'000'000);
    CHECK(quantity("0.5 KiB").whole("B") == 512);
    CHECK_FALSE(quantity("0.0005 KiB").whole("B").has_value());
    CHECK(quantity("4 bit").whole("bit") == 4);
    CHECK_FALSE(quantity("4 bit").whole("B").has_value());
    CHECK(quantity("12 Mbit/s").whole("bit/s") == 12'000'000);
    CHECK(quantity("0 ms").whole("ns") == 0);
    CHECK_FALSE(quantity("-1").unsigned_whole("").has_value());
}

TEST_CASE("a conversion rounds once, to the nearest double") {
    CHECK(quantity("0.6 %").in("%") == 0.006);
    CHECK(quantity("0.1 %").in("%") == 0.001);
    CHECK(quantity("12 %").in("%") == 0.12);
    CHECK(quantity("1.1 ppm").in("ppb") == 1100.0);
    CHECK(quantity("0.3 ms").in("s") == 0.0003);
    CHECK(quantity("85 km/h").in("m/s") == 850.0 / 36.0);
    CHECK(quantity("1 ppb/day").in("ppb/s") == 1.0 / 86400);
    CHECK(quantity("1.1 msg/min").in("msg/min") == 1.1);
    CHECK(quantity("0.08 ppm/sqrt(h)").in("ppb/sqrt(s)") == 80.0 / 60);
    CHECK(quantity("1e-300 s").in("s") == 1e-300);
    CHECK(std::isinf(quantity("1e400 s").in("s")));
    CHECK(quantity("1e-400 s").in("s") == 0.0);
    for (std::uint64_t i = 0; i < 2000; ++i) {
        const auto n = static_cast<std::int64_t>(bits(i) >> 12);
        const Quantity minutes = quantity(std::to_string(n) + " ms");
        CHECK(minutes.in("min") == static_cast<double>(static_cast<long double>(n) / 60000.0L));
    }
}

TEST_CASE("what is no quantity is refused with the reason") {
    const std::pair<const char*, const char*> rows[] = {
        {"", "is not a number"},
        {"fast", "is not a number"},
        {"-", "is not a number"},
        {"+ 3 s", "is not a number"},
        {".5 s", "before the point"},
        {"5. s", "after the point"},
        {"05 s", "leading zeros"},
        {"1e s", "without digits"},
        {"1e9999999 s", "out of range"},
        {"20ms", "'20 ms'"},
        {"20  sec", "did you mean 's'?"},
        {"3 bps", "did you mean 'bit/s'?"},
        {"1,000 B", "comma"},
        {"1_000 B", "'_'"},
        {"5 furlongs", "no known unit ('furlongs')"},
        {"inf s", "is not a number"},
        {"nan", "is not a number"},
        {"0x10", "no known unit"},
        {"1 s s", "no known unit"},
        {"11111111111111111111111111111111111111111 s", "too many digits"},
        {"--3 s", "is not a number"},
        {"3 S", "did you mean 's'?"}};
    for (const auto& [text, reason] : rows) {
        CAPTURE(text);
        const ParsedQuantity parsed = parse_quantity(text);
        CHECK_FALSE(parsed.quantity.has_value());
        CHECK_MESSAGE(parsed.error.find(reason) != std::string::npos, parsed.error);
    }
    CHECK_THROWS_AS(quantity("3 s").in("m"), std::invalid_argument);
    CHECK_THROWS_AS(quantity("3 ppb").in("%"), std::invalid_argument);
    CHECK_THROWS_AS(dimension_of("parsec"), std::invalid_argument);
}

TEST_CASE("a duration in several units is their exact sum") {
    for (std::uint64_t i = 0; i < 2000; ++i) {
        const std::int64_t days = static_cast<std::int64_t>(bits(4 * i) % 30000);
        const std::int64_t minutes = static_cast<std::int64_t>(bits(4 * i + 1) % 100000);
        const std::int64_t ns = static_cast<std::int64_t>(bits(4 * i + 2) % 4'000'000'000);
        const std::string text = std::to_string(days) + " days " + std::to_string(minutes) +
                                 " min  " + std::to_string(ns) + " ns";
        const std::int64_t sum = (days * 1440 + minutes) * 60'000'000'000 + ns;
        CHECK(parse_duration(text) == Duration{sum});
        CHECK(parse_duration("-" + text) == Duration{-sum});
    }
    CHECK(parse_duration("15 min 30 s") == Duration{930'000'000'000});
    CHECK(parse_duration("1 h 0.5 s 1 ns") == Duration{3'600'500'000'001});
    CHECK(quantity("15 min 30 s").compare(quantity("15.5 min")) == 0);
    CHECK(quantity("0 min 0 s").is_zero());
    CHECK(quantity("-0 min 30 s").compare(quantity("-30 s")) == 0);
    CHECK(quantity("1e300 h 1 s").compare(quantity("1e300 h")) > 0);
    for (const auto& [text, reason] : std::initializer_list<std::pair<const char*, const char*>>{
             {"30 s 15 min", "from the greatest unit to the least"},
             {"1 s 1 s", "each once"},
             {"1 day 2 d", "each once"},
             {"15 min 30", "unit of time after each"},
             {"15 min -30 s", "no known unit"},
             {"15 min 30 km", "unit of time after each"},
             {"15 min 30 secs", "no known unit ('secs')"},
             {"15 min 030 s", "has leading zeros"},
             {"2 km 30 m", "no known unit ('km 30 m')"},
             {"2 30 s", "no known unit"}}) {
        CAPTURE(text);
        const ParsedQuantity parsed = parse_quantity(text);
        CHECK_FALSE(parsed.quantity.has_value());
        CHECK_MESSAGE(parsed.error.find(reason) != std::string::npos, parsed.error);
    }
}

TEST_CASE("quantities compare exactly across units") {
    CHECK(quantity("60 s").compare(quantity("1 min")) == 0);
    CHECK(quantity("59.999999999999999999 s").compare(quantity("1 min")) < 0);
    CHECK(quantity("36 km/h").compare(quantity("10 m/s")) == 0);
    CHECK(quantity("-1 s").compare(quantity("0 ms")) < 0);
    CHECK(quantity("0 ms").compare(quantity("0 h")) == 0);
    CHECK(quantity("-2 s").compare(quantity("-1 s")) < 0);
    CHECK(quantity("1 %").compare(quantity("10000 ppm")) == 0);
    CHECK(quantity("10001 ppm").compare(quantity("1 %")) > 0);
    CHECK(quantity("1e300 s").compare(quantity("1e-300 s")) > 0);
    CHECK_THROWS_AS(quantity("1 s").compare(quantity("1 m")), std::invalid_argument);
}

TEST_CASE("what is written for a value reads back as the same value") {
    for (std::uint64_t i = 0; i < 3000; ++i) {
        const Duration span{static_cast<std::int64_t>(bits(3 * i)) >> (i % 60)};
        CHECK(parse_duration(format_duration(span)) == span);
        const double value =
            std::ldexp(static_cast<double>(static_cast<std::int64_t>(bits(3 * i + 1))),
                       static_cast<int>(i % 80) - 103);
        for (const char* unit : {"%", "ppb", "s", "m", "bit/s", ""}) {
            CHECK(quantity(format_quantity(value, unit)).in(unit) == value);
        }
        const auto instant = static_cast<std::int64_t>(bits(3 * i + 2)) / 2;
        CHECK(parse_timestamp(format_timestamp(instant)) == instant);
    }
    CHECK(format_duration(Duration{90'000'000'000}) == "90 s");
    CHECK(format_duration(Duration{1'500'000}) == "1.5 ms");
    CHECK(format_duration(Duration{0}) == "0 s");
    CHECK(format_duration(Duration{-7}) == "-7 ns");
    CHECK(format_duration(Duration{INT64_MIN}) == "-9223372036.854775808 s");
    CHECK(format_quantity(0.006, "%") == "0.6 %");
    CHECK(format_quantity(1e5, "ppb") == "100000 ppb");
}

TEST_CASE("timestamps are exact nanoseconds of POSIX time") {
    CHECK(parse_timestamp("1970-01-01T00:00:00Z") == 0);
    CHECK(parse_timestamp("2026-03-09T07:30:00Z") == 1773041400'000'000'000);
    CHECK(parse_timestamp("2026-03-09T08:30:00+01:00") == 1773041400'000'000'000);
    CHECK(parse_timestamp("2000-02-29T23:59:59.123456789Z") == 951868799'123'456'789);
    CHECK(parse_timestamp("1969-12-31T23:59:59.5Z") == -500'000'000);
    CHECK(format_timestamp(-500'000'000) == "1969-12-31T23:59:59.5Z");
    CHECK(format_timestamp(1773041400'000'000'000) == "2026-03-09T07:30:00Z");
    for (const char* text :
         {"2026-02-29T00:00:00Z", "2100-02-29T00:00:00Z", "2026-13-01T00:00:00Z",
          "2026-00-01T00:00:00Z", "2026-03-09T24:00:00Z", "2016-12-31T23:59:60Z",
          "2026-03-09 07:30:00Z", "2026-03-09T07:30:00", "2026-3-9T07:30:00Z",
          "2026-03-09T07:30:00.Z", "2026-03-09T07:30:00.1234567890Z", "9999-01-01T00:00:00Z",
          "0001-01-01T00:00:00Z", "2026-03-09T07:30:00+1:00", "2026-03-09T07:30:00+24:00", ""}) {
        CAPTURE(text);
        CHECK_FALSE(parse_timestamp(text).has_value());
    }
}
