#include "cli/whole_numbers.hpp"

#include "scenarios/complaints.hpp"

#include <CLI/CLI.hpp>

#include <charconv>
#include <cstdint>
#include <string>

namespace driftstorm::cli {

namespace {

std::string complaint_of(const std::string& text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size())
        return "must be a whole number between 0 and 18446744073709551615; got " + quote(text);
    if (text.size() > 1 && text[0] == '0')
        return "must be written without leading zeros; got " + quote(text);
    return "";
}

}  // namespace

CLI::Validator whole_number() { return {complaint_of, "", ""}; }

}  // namespace driftstorm::cli
