#include "scenarios/quantity.hpp"

#include "scenarios/characters.hpp"
#include "scenarios/complaints.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <stdexcept>

namespace driftstorm {
namespace {

constexpr std::size_t longest_number = 40;  // digits; a double holds 17, an integer of ours 19
constexpr int largest_exponent = 400;       // beyond, no quantity of ours is finite or non-zero
constexpr int quotient_digits = 60;         // enough to round every quotient of ours correctly

using enum Dimension;

const std::vector<Unit> units{
    {"", count},
    {"ns", duration, 1, 1, -9},
    {"us", duration, 1, 1, -6},
    {"ms", duration, 1, 1, -3},
    {"s", duration},
    {"min", duration, 60},
    {"h", duration, 3600},
    {"day", duration, 86400},
    {"days", duration, 86400},
    {"d", duration, 86400},
    {"mm", length, 1, 1, -3},
    {"cm", length, 1, 1, -2},
    {"m", length},
    {"km", length, 1, 1, 3},
    {"m/s", speed},
    {"km/h", speed, 10, 36},
    {"m/s^2", acceleration},
    {"dBm", power},
    {"dB", level},
    {"%", share, 1, 1, -2},
    {"ppb", frequency_ratio},
    {"ppm", frequency_ratio, 1, 1, 3},
    {"ppb/s", ageing},
    {"ppb/h", ageing, 1, 3600},
    {"ppb/day", ageing, 1, 86400},
    {"ppb/yr", ageing, 1, 31557600},  // of 365.25 days
    {"ppm/s", ageing, 1, 1, 3},
    {"ppm/h", ageing, 1, 3600, 3},
    {"ppm/day", ageing, 1, 86400, 3},
    {"ppm/yr", ageing, 1, 31557600, 3},
    {"ppb/sqrt(s)", wander},
    {"ppb/sqrt(h)", wander, 1, 60},
    {"ppm/sqrt(s)", wander, 1, 1, 3},
    {"ppm/sqrt(h)", wander, 1, 60, 3},
    {"bit/s", bit_rate},
    {"kbit/s", bit_rate, 1, 1, 3},
    {"Mbit/s", bit_rate, 1, 1, 6},
    {"Gbit/s", bit_rate, 1, 1, 9},
    {"bit", data, 1, 8},
    {"B", data},
    {"kB", data, 1, 1, 3},
    {"KiB", data, 1024},
    {"MB", data, 1, 1, 6},
    {"MiB", data, 1048576},
    {"GB", data, 1, 1, 9},
    {"GiB", data, 1073741824},
    {"req/s", event_rate},
    {"req/min", event_rate, 1, 60},
    {"req/h", event_rate, 1, 3600},
    {"msg/s", event_rate},
    {"msg/min", event_rate, 1, 60},
    {"msg/h", event_rate, 1, 3600},
    {"msg/day", event_rate, 1, 86400},
    {"1/s", event_rate},
    {"1/min", event_rate, 1, 60},
    {"1/h", event_rate, 1, 3600},
    {"1/day", event_rate, 1, 86400},
    {"Hz", frequency},
    {"kHz", frequency, 1, 1, 3},
    {"MHz", frequency, 1, 1, 6},
    {"GHz", frequency, 1, 1, 9},
    {"degC", temperature},
    {"K", temperature_difference},
    {"K/s", temperature_rate},
    {"K/min", temperature_rate, 1, 60},
    {"K/h", temperature_rate, 1, 3600},
    {"ppb/K", temperature_coefficient},
    {"ppm/K", temperature_coefficient, 1, 1, 3},
    {"ppb/K^2", quadratic_temperature_coefficient},
    {"ppm/K^2", quadratic_temperature_coefficient, 1, 1, 3},
    {"ppb/K^3", cubic_temperature_coefficient},
    {"ppm/K^3", cubic_temperature_coefficient, 1, 1, 3},
};

struct DimensionWords {
    std::string_view name, examples;
};

constexpr std::array<DimensionWords, 21> dimension_words{{
    {"a bare number", "no unit"},
    {"a duration", "ms, s, min"},
    {"a length", "m, km"},
    {"a speed", "m/s, km/h"},
    {"an acceleration", "m/s^2"},
    {"a power", "dBm"},
    {"a level difference", "dB"},
    {"a share", "%"},
    {"a frequency ratio", "ppm, ppb"},
    {"an ageing rate", "ppb/day, ppm/yr"},
    {"a frequency wander", "ppb/sqrt(s), ppm/sqrt(h)"},
    {"a bit rate", "kbit/s, Mbit/s"},
    {"an amount of data", "B, KiB, MB"},
    {"a rate of events", "req/s, msg/min, 1/h"},
    {"a frequency", "Hz, MHz"},
    {"a temperature", "degC"},
    {"a temperature difference", "K"},
    {"a rate of temperature", "K/s, K/min"},
    {"a temperature coefficient", "ppm/K, ppb/K"},
    {"a quadratic temperature coefficient", "ppm/K^2, ppb/K^2"},
    {"a cubic temperature coefficient", "ppm/K^3, ppb/K^3"},
}};

std::size_t count_digits(std::string_view text) {
    const auto end = std::find_if_not(text.begin(), text.end(), is_digit);
    return static_cast<std::size_t>(end - text.begin());
}

// Digits are texts of '0'..'9', most significant first, so that nothing rounds and nothing
// overflows.

std::string times(const std::string& digits, std::uint64_t factor) {
    std::string out;
    std::uint64_t carry = 0;
    for (std::size_t i = digits.size(); i-- > 0;) {
        carry += static_cast<std::uint64_t>(digits[i] - '0') * factor;
        out += static_cast<char>('0' + carry % 10);
        carry /= 10;
    }
    for (; carry > 0; carry /= 10) out += static_cast<char>('0' + carry % 10);
    std::reverse(out.begin(), out.end());
    return out;
}

struct Divided {
    std::string quotient;
    bool exact;
};

Divided divided(const std::string& digits, std::uint64_t divisor) {
    Divided out{"", true};
    std::uint64_t rest = 0;
    for (const char digit : digits) {
        rest = rest * 10 + static_cast<std::uint64_t>(digit - '0');
        const char next = static_cast<char>('0' + rest / divisor);
        if (!out.quotient.empty() || next != '0') out.quotient += next;
        rest %= divisor;
    }
    out.exact = rest == 0;
    return out;
}

/// value = digits * 10^exponent, or just above it when not exact.
struct Scaled {
    std::string digits;
    int exponent;
    bool exact;
};

/// The number of a quantity in `to`, as decimal digits: exact, or cut after quotient_digits.
Scaled scaled(const Quantity& quantity, const Unit& to) {
    const Unit& from = *quantity.unit;
    // base = written * fn/fd * 10^fe; target = base * td/tn * 10^-te
    const auto numerator = static_cast<std::uint64_t>(from.numerator * to.denominator);
    const auto denominator = static_cast<std::uint64_t>(from.denominator * to.numerator);
    Scaled out{times(quantity.number.digits, numerator),
               quantity.number.exponent + from.exponent - to.exponent, true};
    if (denominator != 1) {
        out.digits += std::string(quotient_digits, '0');
        out.exponent -= quotient_digits;
        const Divided result = divided(out.digits, denominator);
        out.digits = result.quotient;
        out.exact = result.exact;
    }
    while (!out.digits.empty() && out.digits.back() == '0') {
        out.digits.pop_back();
        ++out.exponent;
    }
    return out;
}

const Unit& unit_named(std::string_view name) {
    const Unit* unit = find_unit(name);
    if (!unit) throw std::invalid_argument("there is no unit '" + std::string(name) + "'");
    return *unit;
}

/// The scale between a frequency ratio in % and in ppb, or nothing between equal dimensions.
Quantity as_dimension(const Quantity& quantity, Dimension wanted) {
    if (quantity.dimension() == wanted) return quantity;
    if (!accepts(wanted, quantity.dimension())) {
        throw std::invalid_argument(std::string(quantity.unit->name) + " is not " +
                                    std::string(dimension_name(wanted)));
    }
    Quantity out = quantity;  // only % for a frequency ratio: 1 % is 1e7 ppb
    out.unit = find_unit("ppb");
    out.number.exponent += 7;
    return out;
}

/// The unit that a field of shares is converted to: its stored fraction.
const Unit& stored_unit(std::string_view name) {
    static constexpr Unit fraction{"fraction", share};
    return name == "%" ? fraction : unit_named(name);
}

double rounded(const Decimal& number, const Scaled& value) {
    if (value.digits.empty()) return 0.0;
    // A quotient cut short lies strictly between its digits and the next; one more digit says so.
    std::string text = number.negative ? "-" : "";
    text += value.digits;
    int exponent = value.exponent;
    if (!value.exact) {
        text += '1';
        --exponent;
    }
    text += "e" + std::to_string(exponent);
    double out = 0.0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    if (error == std::errc::result_out_of_range) {
        const bool tiny = static_cast<int>(value.digits.size()) + value.exponent < 0;
        out = tiny ? 0.0 : std::numeric_limits<double>::infinity();
        return number.negative ? -out : out;
    }
    return out;
}

std::string hint_for_unit(std::string_view unit) {
    struct Hint {
        std::string_view written, meant;
    };
    static constexpr std::array<Hint, 22> hints{{
        {"sec", "s"},       {"secs", "s"},      {"second", "s"},    {"seconds", "s"},
        {"msec", "ms"},     {"mins", "min"},    {"minutes", "min"}, {"hours", "h"},
        {"hr", "h"},        {"µs", "us"},       {"usec", "us"},     {"bps", "bit/s"},
        {"kbps", "kbit/s"}, {"Mbps", "Mbit/s"}, {"Gbps", "Gbit/s"}, {"Mb/s", "Mbit/s"},
        {"kph", "km/h"},    {"percent", "%"},   {"bytes", "B"},     {"°C", "degC"},
        {"KB", "kB"},       {"rps", "req/s"},
    }};
    for (const Hint& hint : hints) {
        if (hint.written == unit) return "; did you mean '" + std::string(hint.meant) + "'?";
    }
    std::vector<std::string_view> names;
    names.reserve(units.size());
    for (const Unit& known : units) names.push_back(known.name);
    return did_you_mean(unit, names);
}

}  // namespace

const std::vector<Unit>& all_units() { return units; }

const Unit* find_unit(std::string_view name) {
    const auto found =
        std::find_if(units.begin(), units.end(), [&](const Unit& u) { return u.name == name; });
    return found == units.end() ? nullptr : &*found;
}

Dimension dimension_of(std::string_view unit) { return unit_named(unit).dimension; }

std::string_view dimension_name(Dimension dimension) {
    return dimension_words.at(static_cast<std::size_t>(dimension)).name;
}

std::string_view dimension_examples(Dimension dimension) {
    return dimension_words.at(static_cast<std::size_t>(dimension)).examples;
}

bool accepts(Dimension wanted, Dimension written) {
    return wanted == written || (wanted == frequency_ratio && written == share);
}

std::vector<std::string_view> units_of(Dimension dimension) {
    std::vector<std::string_view> names;
    for (const Unit& unit : units) {
        if (accepts(dimension, unit.dimension)) names.push_back(unit.name);
    }
    return names;
}

double Quantity::in(std::string_view unit_name) const {
    const Unit& to = stored_unit(unit_name);
    const Quantity same = as_dimension(*this, to.dimension);
    return rounded(number, scaled(same, to));
}

std::optional<std::uint64_t> Quantity::unsigned_whole(std::string_view unit_name) const {
    const Unit& to = stored_unit(unit_name);
    const Scaled value = scaled(as_dimension(*this, to.dimension), to);
    if (value.digits.empty()) return 0;
    if (number.negative || !value.exact || value.exponent < 0 || value.exponent > 19) return {};
    const std::string text =
        value.digits + std::string(static_cast<std::size_t>(value.exponent), '0');
    std::uint64_t out = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    return error == std::errc{} ? std::optional(out) : std::nullopt;
}

std::optional<std::int64_t> Quantity::whole(std::string_view unit_name) const {
    Quantity size = *this;
    size.number.negative = false;
    const std::optional<std::uint64_t> magnitude = size.unsigned_whole(unit_name);
    if (!magnitude || *magnitude > static_cast<std::uint64_t>(INT64_MAX)) return {};
    const auto value = static_cast<std::int64_t>(*magnitude);
    return number.negative ? -value : value;
}

int Quantity::compare(const Quantity& other) const {
    // Over a common denominator both are whole multiples of a power of ten.
    const bool other_way = !accepts(dimension(), other.dimension());
    if (other_way && accepts(other.dimension(), dimension())) return -other.compare(*this);
    const Quantity same = as_dimension(other, dimension());
    const auto magnitude = [](const Quantity& q, std::int64_t factor) {
        Decimal out = q.number;
        out.digits = times(out.digits, static_cast<std::uint64_t>(q.unit->numerator * factor));
        out.exponent += q.unit->exponent;
        return out;
    };
    Decimal a = magnitude(*this, same.unit->denominator), b = magnitude(same, unit->denominator);
    if (a.is_zero() && b.is_zero()) return 0;
    const int sign_a = a.is_zero()  ? 0
                       : a.negative ? -1
                                    : 1,
              sign_b = b.is_zero()  ? 0
                       : b.negative ? -1
                                    : 1;
    if (sign_a != sign_b) return sign_a < sign_b ? -1 : 1;
    const int least = std::min(a.exponent, b.exponent);
    a.digits += std::string(static_cast<std::size_t>(a.exponent - least), '0');
    b.digits += std::string(static_cast<std::size_t>(b.exponent - least), '0');
    if (a.digits == b.digits) return 0;
    const bool less = a.digits.size() != b.digits.size() ? a.digits.size() < b.digits.size()
                                                         : a.digits < b.digits;
    return (less ? -1 : 1) * sign_a;
}

namespace {

/// a + b, exactly, both of one sign.
Decimal sum_of(Decimal a, Decimal b) {
    if (a.is_zero()) return b;
    if (b.is_zero()) return a;
    const int least = std::min(a.exponent, b.exponent);
    for (Decimal* term : {&a, &b}) {
        term->digits += std::string(static_cast<std::size_t>(term->exponent - least), '0');
        term->exponent = least;
    }
    const std::size_t width = std::max(a.digits.size(), b.digits.size()) + 1;
    a.digits.insert(0, width - a.digits.size(), '0');
    b.digits.insert(0, width - b.digits.size(), '0');
    int carry = 0;
    for (std::size_t i = width; i-- > 0;) {
        const int column = (a.digits[i] - '0') + (b.digits[i] - '0') + carry;
        a.digits[i] = static_cast<char>('0' + column % 10);
        carry = column / 10;
    }
    a.digits.erase(0, a.digits.find_first_not_of('0'));
    return a;
}

ParsedQuantity parse_term(std::string_view text);

/// The first number and unit of a text, or all of it; the rest begins with the next number.
std::string_view take_term(std::string_view& text) {
    const std::size_t gap = text.find(' ');
    const std::size_t unit = std::min(text.find_first_not_of(' ', gap), text.size());
    const std::size_t end = std::min(text.find(' ', unit), text.size());
    const std::string_view term = text.substr(0, end);
    text = trimmed(text.substr(end));
    return term;
}

/// "15 min 30 s": a duration in several units, from the greatest to the least, each once. Nothing
/// when the text does not begin as one.
std::optional<ParsedQuantity> parse_terms(std::string_view text) {
    std::string_view rest = text;
    const ParsedQuantity first = parse_term(take_term(rest));
    if (!first.quantity || first.quantity->dimension() != duration || rest.empty() ||
        !is_digit(rest[0]))
        return std::nullopt;
    const Unit& seconds = unit_named("s");
    Decimal sum;
    std::optional<Quantity> last;
    for (rest = text; !rest.empty();) {
        const std::string_view term = take_term(rest);
        const ParsedQuantity parsed = last ? parse_term(term) : first;
        if (!parsed.quantity) return ParsedQuantity{{}, parsed.error};
        if (parsed.quantity->dimension() != duration)
            return ParsedQuantity{{}, "needs a unit of time after each of its numbers"};
        if (last && !is_digit(term[0])) return ParsedQuantity{{}, "has a sign in the middle"};
        const auto length_of_one = [](const Quantity& quantity) {
            return Quantity{Decimal{false, "1", 0}, quantity.unit};
        };
        if (last && length_of_one(*last).compare(length_of_one(*parsed.quantity)) <= 0)
            return ParsedQuantity{{}, "must go from the greatest unit to the least, each once"};
        const Scaled value = scaled(*parsed.quantity, seconds);
        sum = sum_of(std::move(sum), {false, value.digits, value.exponent});
        last = parsed.quantity;
    }
    sum.negative = !sum.is_zero() && text[0] == '-';
    return ParsedQuantity{Quantity{std::move(sum), &seconds}, ""};
}

}  // namespace

ParsedQuantity parse_quantity(std::string_view text) {
    ParsedQuantity one = parse_term(text);
    if (one.quantity || one.error.rfind("has no known unit", 0) != 0) return one;
    return parse_terms(text).value_or(one);
}

namespace {

ParsedQuantity parse_term(std::string_view text) {
    std::string_view rest = text;
    Decimal number;
    if (!rest.empty() && (rest[0] == '-' || rest[0] == '+')) {
        number.negative = rest[0] == '-';
        rest.remove_prefix(1);
    }
    if (rest.substr(0, 1) == ".") return {{}, "needs a digit before the point"};
    const std::size_t whole_digits = count_digits(rest);
    if (whole_digits == 0) return {{}, "is not a number"};
    if (whole_digits > 1 && rest[0] == '0') return {{}, "has leading zeros"};
    number.digits = rest.substr(0, std::min(whole_digits, longest_number + 1));
    rest.remove_prefix(whole_digits);
    if (rest.substr(0, 1) == ".") {
        const std::size_t decimals = count_digits(rest.substr(1));
        if (decimals == 0) return {{}, "needs a digit after the point"};
        if (decimals > longest_number) return {{}, "has too many digits"};
        number.digits += rest.substr(1, decimals);
        number.exponent = -static_cast<int>(decimals);
        rest.remove_prefix(decimals + 1);
    }
    if (number.digits.size() > longest_number) return {{}, "has too many digits"};
    if (rest.substr(0, 1) == "e" || rest.substr(0, 1) == "E") {
        std::string_view power = rest.substr(1);
        const bool down = power.substr(0, 1) == "-";
        if (down || power.substr(0, 1) == "+") power.remove_prefix(1);
        const std::size_t length = count_digits(power);
        if (length == 0) return {{}, "has an exponent without digits"};
        int exponent = 0;
        std::from_chars(power.data(), power.data() + std::min<std::size_t>(length, 6), exponent);
        if (length > 6 || exponent > largest_exponent) return {{}, "has an exponent out of range"};
        number.exponent += down ? -exponent : exponent;
        rest = power.substr(length);
    }
    number.digits.erase(0, number.digits.find_first_not_of('0'));
    if (number.digits.empty()) number = {};

    if (rest.substr(0, 1) == ",")
        return {{}, "has a comma; write 1.5 with a point, 1000 without separators"};
    if (rest.substr(0, 1) == "_") return {{}, "has a '_'; write the digits without separators"};
    const std::string_view unit_name = trimmed(rest);
    const Unit* unit = find_unit(unit_name);
    if (!unit) {
        return {{}, "has no known unit (" + quote(unit_name) + ")" + hint_for_unit(unit_name)};
    }
    if (!unit_name.empty() && rest[0] != ' ') {
        const auto written = text.substr(0, text.size() - rest.size());
        return {{},
                "needs a space before the unit: '" + std::string(written) + " " +
                    std::string(unit_name) + "'"};
    }
    return {Quantity{number, unit}, ""};
}

}  // namespace

std::optional<Duration> parse_duration(std::string_view text) {
    const ParsedQuantity parsed = parse_quantity(text);
    if (!parsed.quantity || parsed.quantity->dimension() != duration) return {};
    const std::optional<std::int64_t> ns = parsed.quantity->whole("ns");
    return ns ? std::optional(Duration{*ns}) : std::nullopt;
}

namespace {

/// Days from 1970-01-01 to a date of the Gregorian calendar; the year begins in March here so that
/// the leap day is its last.
std::int64_t days_from_date(std::int64_t year, std::int64_t month, std::int64_t day) {
    if (month <= 2) --year;
    const std::int64_t era = (year >= 0 ? year : year - 399) / 400;
    const std::int64_t of_era = year - era * 400;
    const std::int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

int days_in_month(int year, int month) {
    static constexpr std::array<int, 12> lengths{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return lengths.at(static_cast<std::size_t>(month - 1)) + (month == 2 && leap ? 1 : 0);
}

/// Takes exactly `digits` digits and then the text `after`.
bool take(std::string_view& text, std::size_t digits, std::string_view after, int& value) {
    if (count_digits(text.substr(0, digits)) != digits) return false;
    if (text.substr(digits, after.size()) != after) return false;
    std::from_chars(text.data(), text.data() + digits, value);
    text.remove_prefix(digits + after.size());
    return true;
}

bool take_fraction(std::string_view& text, std::int64_t& ns) {
    if (text.substr(0, 1) != ".") return true;
    text.remove_prefix(1);
    const std::size_t digits = count_digits(text);
    if (digits == 0 || digits > 9) return false;
    std::from_chars(text.data(), text.data() + digits, ns);
    for (std::size_t i = digits; i < 9; ++i) ns *= 10;
    text.remove_prefix(digits);
    return true;
}

bool take_zone(std::string_view& text, std::int64_t& offset_s) {
    if (text == "Z") return true;
    const bool west = text.substr(0, 1) == "-";
    if (!west && text.substr(0, 1) != "+") return false;
    text.remove_prefix(1);
    int hours = 0, minutes = 0;
    if (!take(text, 2, ":", hours) || !take(text, 2, "", minutes) || !text.empty()) return false;
    if (hours > 23 || minutes > 59) return false;
    offset_s = (west ? -1 : 1) * (hours * 3600 + minutes * 60);
    return true;
}

std::string padded(std::int64_t value, std::size_t width) {
    const std::string text = std::to_string(value);
    return text.size() >= width ? text : std::string(width - text.size(), '0') + text;
}

std::string without_trailing_zeros(std::string text) {
    while (!text.empty() && text.back() == '0') text.pop_back();
    return text;
}

}  // namespace

std::optional<std::int64_t> parse_timestamp(std::string_view text) {
    int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
    const bool date =
        take(text, 4, "-", year) && take(text, 2, "-", month) && take(text, 2, "T", day);
    const bool clock =
        date && take(text, 2, ":", hour) && take(text, 2, ":", minute) && take(text, 2, "", second);
    std::int64_t ns = 0, offset_s = 0;
    if (!clock || !take_fraction(text, ns) || !take_zone(text, offset_s)) return {};
    if (month < 1 || month > 12 || day < 1 || day > days_in_month(year, month)) return {};
    if (hour > 23 || minute > 59 || second > 59) return {};
    const std::int64_t s =
        days_from_date(year, month, day) * 86400 + hour * 3600 + minute * 60 + second - offset_s;
    // whole seconds that fit in 64 bits of ns on either side, one second short of the ends
    constexpr std::int64_t furthest = INT64_MAX / 1'000'000'000 - 1;
    if (s > furthest || s < -furthest) return {};
    return s * 1'000'000'000 + ns;
}

std::string format_timestamp(std::int64_t unix_ns) {
    std::int64_t s = unix_ns / 1'000'000'000, ns = unix_ns % 1'000'000'000;
    if (ns < 0) {
        ns += 1'000'000'000;
        --s;
    }
    std::int64_t days = s / 86400, of_day = s % 86400;
    if (of_day < 0) {
        of_day += 86400;
        --days;
    }
    std::int64_t year = 1970 + days / 366;  // never too late
    if (days < 0) year = 1970 + days / 365 - 1;
    while (days_from_date(year + 1, 1, 1) <= days) ++year;
    std::int64_t month = 1;
    while (month < 12 && days_from_date(year, month + 1, 1) <= days) ++month;
    const std::int64_t day = days - days_from_date(year, month, 1) + 1;
    std::string out = padded(year, 4) + "-" + padded(month, 2) + "-" + padded(day, 2) + "T" +
                      padded(of_day / 3600, 2) + ":" + padded(of_day / 60 % 60, 2) + ":" +
                      padded(of_day % 60, 2);
    if (ns != 0) out += "." + without_trailing_zeros(padded(ns, 9));
    return out + "Z";
}

std::string format_duration(Duration value) {
    struct Scale {
        std::int64_t ns;
        std::size_t decimals;
        std::string_view unit;
    };
    static constexpr std::array<Scale, 4> scales{
        {{1'000'000'000, 9, "s"}, {1'000'000, 6, "ms"}, {1'000, 3, "us"}, {1, 0, "ns"}}};
    const bool negative = value.ns < 0;
    const std::uint64_t size =
        negative ? ~static_cast<std::uint64_t>(value.ns) + 1 : static_cast<std::uint64_t>(value.ns);
    for (const Scale& scale : scales) {
        const auto unit_ns = static_cast<std::uint64_t>(scale.ns);
        if (size < unit_ns && size != 0) continue;
        std::string out = (negative ? "-" : "") + std::to_string(size / unit_ns);
        const std::uint64_t rest = size % unit_ns;
        if (rest != 0) {
            const std::string digits = std::to_string(rest);
            out += "." + without_trailing_zeros(std::string(scale.decimals - digits.size(), '0') +
                                                digits);
        }
        return out + " " + std::string(scale.unit);
    }
    return "0 s";
}

std::string format_number(double value) {
    std::array<char, 64> text{};
    const double size = value < 0 ? -value : value;
    const bool plain = size == 0 || (size >= 1e-5 && size < 1e15);
    const auto format = plain ? std::chars_format::fixed : std::chars_format::scientific;
    const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), value, format);
    return std::string(text.data(), end);
}

std::string format_quantity(double value, std::string_view unit_name) {
    if (unit_name.empty()) return format_number(value);
    if (unit_name != "%") return format_number(value) + " " + std::string(unit_name);
    // The shortest digits of the fraction, its point moved by two: the text reads back as this
    // double.
    std::array<char, 40> text{};
    const auto [end, error] =
        std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::scientific);
    std::string digits(text.data(), end);
    const std::size_t e = digits.find('e');
    if (e == std::string::npos) return digits + " %";
    const int exponent = std::stoi(digits.substr(e + 1)) + 2;
    const std::string percent = digits.substr(0, e) + "e" + std::to_string(exponent);
    double moved = 0.0;
    std::from_chars(percent.data(), percent.data() + percent.size(), moved);
    const std::string plain = format_number(moved);
    const ParsedQuantity back = parse_quantity(plain + " %");
    return (back.quantity && back.quantity->in("%") == value ? plain : percent) + " %";
}

}  // namespace driftstorm
