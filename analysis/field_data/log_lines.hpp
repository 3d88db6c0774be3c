#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace driftstorm::field_data {

/// Beyond it no clock's frequency is off [ppm]: a kernel's tick allows half of it.
inline constexpr double greatest_ppm = 2e5;

/// A line of a log in words, and how to complain of it.
class LogLine {
  public:
    LogLine(std::string_view file, std::size_t number, std::string_view text);

    std::size_t size() const { return words_.size(); }
    std::string_view word(std::size_t i) const { return words_[i]; }
    std::string_view text() const { return text_; }

    /// The word as a number.
    /// @param what  it should be: "offset [s]"
    /// @param greatest  it may be, either way; if not told, an era of NTP [s]
    double number(std::size_t i, std::string_view what, double greatest = 0x1p32) const;
    std::int64_t whole(std::size_t i, std::string_view what) const;
    /// Seconds since 1970 of the words "2016-11-09" and "05:40:50", UTC.
    double date_and_time(std::size_t i) const;
    /// Seconds since 1970 of a modified Julian day and the seconds of that day.
    double julian_time(std::size_t i) const;
    /// Half of the last digit that the word was written with: 5e-7 for 4.966e-03.
    double resolution(std::size_t i) const;

    /// @throws std::invalid_argument "file:line: what"
    [[noreturn]] void fail(const std::string& what) const;

  private:
    std::string_view file_;
    std::size_t number_;
    std::string_view text_;
    std::vector<std::string_view> words_;
};

/// Calls `take` with each line of `text` that is not blank.
/// @throws std::invalid_argument for a last line without an end, which was cut off
void each_line(std::string_view file, std::string_view text,
               const std::function<void(const LogLine&)>& take);

}  // namespace driftstorm::field_data
