#include "analysis/human_text.hpp"

#include <fmt/format.h>

#include <cmath>
#include <cstdint>

namespace driftstorm {

namespace {

std::string grouped(double whole) {
    std::string digits = fmt::format("{:.0f}", whole);
    const std::size_t sign = digits.starts_with('-') ? 1 : 0;
    for (std::size_t i = digits.size(); i > sign + 3;) {
        i -= 3;
        digits.insert(i, ",");
    }
    return digits;
}

/// At least three significant digits, no zeros at the end.
std::string short_number(double value) {
    const double size = std::abs(value);
    if (size >= 999.5 || (size == std::floor(size) && size < 1e15)) return grouped(value);
    return fmt::format("{:.3g}", value);
}

}  // namespace

std::string human_time(double seconds) {
    if (std::isinf(seconds)) return "infinite";
    const double size = std::abs(seconds);
    if (size == 0) return "0 s";
    if (size < 0.9995e-3) return short_number(seconds * 1e6) + " us";
    if (size < 0.9995) return short_number(seconds * 1e3) + " ms";
    if (size < 99.5) return short_number(seconds) + " s";
    const auto whole = static_cast<std::int64_t>(std::floor(size + 0.5));
    const std::string sign = seconds < 0 ? "-" : "";
    if (whole < 3600) {
        const std::string minutes = sign + fmt::format("{} min", whole / 60);
        return whole % 60 == 0 ? minutes : minutes + fmt::format(" {} s", whole % 60);
    }
    const std::int64_t minutes = (whole + 30) / 60;
    const std::string hours = sign + fmt::format("{} h", minutes / 60);
    return minutes % 60 == 0 ? hours : hours + fmt::format(" {} min", minutes % 60);
}

std::string human(double value, std::string_view unit) {
    if (std::isinf(value)) return value > 0 ? "infinite" : "minus infinite";
    if (unit == "s") return human_time(value);
    if (unit == "%") return short_number(value * 100) + " %";
    return short_number(value) + (unit.empty() || unit == "1" ? "" : " " + std::string(unit));
}

std::string json_text(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (c == '\n') {
            out += "\\n";
        } else if (static_cast<unsigned char>(c) < 0x20) {
            out += fmt::format("\\u{:04x}", static_cast<unsigned>(static_cast<unsigned char>(c)));
        } else {
            out += c;
        }
    }
    return out + '"';
}

std::string json_number(double value) {
    if (!std::isfinite(value)) return "null";
    return fmt::format("{}", value);  // the shortest text that reads back as the same number
}

}  // namespace driftstorm
