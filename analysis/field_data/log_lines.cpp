#include "analysis/field_data/log_lines.hpp"

#include "analysis/stability/plain_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <stdexcept>

namespace driftstorm::field_data {

namespace {

constexpr double day_s = 86400;
constexpr double julian_day_of_1970 = 40587;

/// The digits from `at` on, as many as `count`; -1 when they are not digits.
int digits(std::string_view word, std::size_t at, std::size_t count) {
    int value = 0;
    for (std::size_t i = at; i < at + count; ++i) {
        if (i >= word.size() || word[i] < '0' || word[i] > '9') return -1;
        value = 10 * value + (word[i] - '0');
    }
    return value;
}

}  // namespace

LogLine::LogLine(std::string_view file, std::size_t number, std::string_view text)
    : file_(file), number_(number), text_(text) {
    constexpr std::string_view blanks = " \t\r";
    std::size_t at = text.find_first_not_of(blanks);
    while (at != std::string_view::npos) {
        const std::size_t end = std::min(text.find_first_of(blanks, at), text.size());
        words_.push_back(text.substr(at, end - at));
        at = text.find_first_not_of(blanks, end);
    }
}

void LogLine::fail(const std::string& what) const {
    throw std::invalid_argument(std::string(file_) + ":" + std::to_string(number_) + ": " + what);
}

double LogLine::number(std::size_t i, std::string_view what, double greatest) const {
    if (i >= words_.size())
        fail("the line ends before its column " + std::to_string(i + 1) + ", " + std::string(what));
    std::string_view word = words_[i];
    if (!word.empty() && word.front() == '+') word.remove_prefix(1);
    double value = 0;
    const auto [stopped, failed] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (failed != std::errc{} || stopped != word.data() + word.size() || !std::isfinite(value))
        fail("column " + std::to_string(i + 1) + " is '" + shown(words_[i]) +
             "', wanted is a number: " + std::string(what));
    if (std::abs(value) > greatest)
        fail("column " + std::to_string(i + 1) + " is '" + shown(words_[i]) +
             "', which is too great for " + std::string(what));
    return value;
}

std::int64_t LogLine::whole(std::size_t i, std::string_view what) const {
    const double value = number(i, what);
    if (value != std::floor(value))
        fail("column " + std::to_string(i + 1) + " is '" + shown(words_[i]) +
             "', wanted is a whole number: " + std::string(what));
    return static_cast<std::int64_t>(value);
}

double LogLine::date_and_time(std::size_t i) const {
    const std::string_view date = i < size() ? words_[i] : std::string_view();
    const std::string_view time = i + 1 < size() ? words_[i + 1] : std::string_view();
    const int year = digits(date, 0, 4);
    const int month = digits(date, 5, 2);
    const int day = digits(date, 8, 2);
    const int hour = digits(time, 0, 2);
    const int minute = digits(time, 3, 2);
    const int second = digits(time, 6, 2);
    const auto on = std::chrono::year{year} / month / day;
    if (date.size() != 10 || date[4] != '-' || date[7] != '-' || year < 1970 || !on.ok() ||
        time.size() != 8 || time[2] != ':' || time[5] != ':' || hour < 0 || hour > 23 ||
        minute < 0 || minute > 59 || second < 0 || second > 60)
        fail("begins with '" + shown(date) + " " + shown(time) +
             "', wanted is a date and a time such as 2016-11-09 05:40:50");
    const auto days = std::chrono::sys_days(on).time_since_epoch().count();
    return static_cast<double>(days) * day_s + hour * 3600 + minute * 60 + second;
}

double LogLine::julian_time(std::size_t i) const {
    const std::int64_t day = whole(i, "modified Julian day");
    const double second = number(i + 1, "seconds past midnight, UTC");
    if (day < 40587 || day > 100000)
        fail("column " + std::to_string(i + 1) + " is '" + shown(words_[i]) +
             "', wanted is a modified Julian day, e.g. 59000");
    if (second < 0 || second > day_s + 1)
        fail("column " + std::to_string(i + 2) + " is '" + shown(words_[i + 1]) +
             "', wanted are seconds past midnight, 0 to 86400");
    return (static_cast<double>(day) - julian_day_of_1970) * day_s + second;
}

double LogLine::resolution(std::size_t i) const {
    const std::string_view word = words_.at(i);
    const std::size_t e = word.find_first_of("eE");
    const std::string_view mantissa = word.substr(0, e);
    const std::size_t dot = mantissa.find('.');
    int exponent = dot == std::string_view::npos ? 0 : -static_cast<int>(mantissa.size() - dot - 1);
    if (e != std::string_view::npos) {
        std::string_view power = word.substr(e + 1);
        if (!power.empty() && power.front() == '+') power.remove_prefix(1);
        int value = 0;
        std::from_chars(power.data(), power.data() + power.size(), value);
        exponent += value;
    }
    return 0.5 * std::pow(10.0, exponent);
}

void each_line(std::string_view file, std::string_view text,
               const std::function<void(const LogLine&)>& take) {
    text = plain_text(text, std::string(file));
    std::size_t number = 0;
    while (!text.empty()) {
        ++number;
        const std::size_t end = text.find('\n');
        const LogLine line(file, number, text.substr(0, end));
        if (end == std::string_view::npos)
            line.fail(
                "the last line has no end: the log was cut off while it was written; "
                "remove the line, or copy the log again");
        text.remove_prefix(end + 1);
        if (line.size() > 0) take(line);
    }
}

}  // namespace driftstorm::field_data
