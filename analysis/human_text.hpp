#pragma once

#include <string>
#include <string_view>

namespace driftstorm {

/// A number as a person reads it, three or four digits and its unit: "41.2 s", "12 min 30 s", "3.1
/// ms", "12.4 %" (from a fraction), "1,234,567", "infinite".
std::string human(double value, std::string_view unit);

/// An instant or span of a run: "12 min 30 s", "1 h 05 min", "2.5 s".
std::string human_time(double seconds);

/// A string literal of JSON, with quotes.
std::string json_text(std::string_view text);
/// A number of JSON; null for what is none.
std::string json_number(double value);

}  // namespace driftstorm
