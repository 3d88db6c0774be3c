#pragma once

#include "sim/core/time.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace driftstorm {

/// What a unit measures. Values of different dimensions never convert; a few dimensions accept a
/// unit of another (a frequency ratio may be written in %).
enum class Dimension : std::uint8_t {
    count,                              // bare numbers
    duration,                           // s
    length,                             // m
    speed,                              // m/s
    acceleration,                       // m/s^2
    power,                              // dBm
    level,                              // dB
    share,                              // %
    frequency_ratio,                    // ppb
    ageing,                             // ppb/s
    wander,                             // ppb/sqrt(s)
    bit_rate,                           // bit/s
    data,                               // B
    event_rate,                         // req/s
    frequency,                          // Hz
    temperature,                        // degC
    temperature_difference,             // K
    temperature_rate,                   // K/s
    temperature_coefficient,            // ppb/K
    quadratic_temperature_coefficient,  // ppb/K^2
    cubic_temperature_coefficient,      // ppb/K^3
};

/// One unit of the language: value in the dimension's base unit = written * numerator / denominator
/// * 10^exponent, exactly.
struct Unit {
    std::string_view name;
    Dimension dimension;
    std::int64_t numerator = 1;
    std::int64_t denominator = 1;
    int exponent = 0;
};

const std::vector<Unit>& all_units();
/// nullptr when there is no such unit. "" is the unit of bare numbers.
const Unit* find_unit(std::string_view name);
/// @throws std::invalid_argument naming the unit when there is no such unit
Dimension dimension_of(std::string_view unit);

/// "a duration", and the units to suggest: "ms, s, min".
std::string_view dimension_name(Dimension dimension);
std::string_view dimension_examples(Dimension dimension);
/// Units that a value of a dimension may be written in.
std::vector<std::string_view> units_of(Dimension dimension);
bool accepts(Dimension wanted, Dimension written);

/// A number as written, exactly: sign * digits * 10^exponent, digits without leading zeros.
struct Decimal {
    bool negative = false;
    std::string digits;  ///< "" for zero
    int exponent = 0;

    bool is_zero() const { return digits.empty(); }
    friend bool operator==(const Decimal&, const Decimal&) = default;
};

/// A number with its unit, exactly as written.
struct Quantity {
    Decimal number;
    const Unit* unit = nullptr;  ///< never null once parsed

    Dimension dimension() const { return unit->dimension; }
    bool is_zero() const { return number.is_zero(); }

    /// The value in another unit of a dimension that accepts this one, rounded once (correctly) to
    /// double; infinite beyond its range. In "%" it is the fraction that models store (12 % is
    /// 0.12).
    /// @throws std::invalid_argument when the dimensions differ
    double in(std::string_view unit_name) const;
    /// The value as a whole number of a unit; nothing when it is none or needs more than 64 bits.
    std::optional<std::int64_t> whole(std::string_view unit_name) const;
    std::optional<std::uint64_t> unsigned_whole(std::string_view unit_name) const;
    /// -1, 0, 1 as this is less than, equal to or greater than another of the same dimension;
    /// exact.
    /// @throws std::invalid_argument when the dimensions differ
    int compare(const Quantity& other) const;
};

/// A quantity or why a text is none. `error` reads as the end of "'20 sec' ...".
struct ParsedQuantity {
    std::optional<Quantity> quantity;
    std::string error;
};

/// Reads "NUMBER UNIT" or a bare "NUMBER": decimals and exponents, one or more spaces before the
/// unit, no leading zeros, no thousands separators. Never throws, on any text.
ParsedQuantity parse_quantity(std::string_view text);

/// A duration in whole nanoseconds; nothing when the text is none ("20 min" of --until).
std::optional<Duration> parse_duration(std::string_view text);

/// "2026-03-09T07:30:00Z" (also with fractions to 1 ns and offsets like +01:00) as nanoseconds
/// since 1970-01-01T00:00:00Z without leap seconds (POSIX); nothing when it is none or does not
/// fit.
std::optional<std::int64_t> parse_timestamp(std::string_view text);
/// The inverse, in UTC: "2026-03-09T07:30:00Z", with as many decimals as are needed.
std::string format_timestamp(std::int64_t unix_ns);

/// Shortest text that reads back as the same value, in a unit fit for people ("90 s", "1.5 ms").
std::string format_duration(Duration duration);
/// Shortest text that reads back as the same double, with its unit; "%" from the stored fraction.
std::string format_quantity(double value, std::string_view unit_name);
/// A double without exponent where it stays short ("100000", "0.001", "1e+30").
std::string format_number(double value);

}  // namespace driftstorm
