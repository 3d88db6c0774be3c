#include "models/clocks/frequency_trace.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace driftstorm {

namespace {

[[noreturn]] void refuse_trace(const std::string& what) {
    throw std::invalid_argument("FrequencyTrace: " + what);
}

std::vector<std::string_view> split(std::string_view line) {
    std::vector<std::string_view> cells;
    for (;;) {
        const std::size_t comma = line.find(',');
        cells.push_back(line.substr(0, comma));
        if (comma == std::string_view::npos) return cells;
        line.remove_prefix(comma + 1);
    }
}

std::size_t place_of(const std::vector<std::string_view>& headings, const std::string& wanted) {
    const auto at = std::find(headings.begin(), headings.end(), wanted);
    if (at == headings.end()) throw std::runtime_error("no column '" + wanted + "'");
    return static_cast<std::size_t>(at - headings.begin());
}

double number_at(const std::vector<std::string_view>& row, std::size_t place) {
    if (place >= row.size()) throw std::runtime_error("too few columns");
    const std::string_view text = row[place];
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value))
        throw std::runtime_error("'" + std::string(text) + "' is not a number");
    return value;
}

}  // namespace

FrequencyTrace::FrequencyTrace(std::vector<Row> rows, bool repeats) : rows_(std::move(rows)) {
    if (rows_.size() < (repeats ? 2u : 1u)) refuse_trace("too few rows");
    if (rows_.front().at != Duration{}) refuse_trace("the first row must be at 0 s");
    for (std::size_t i = 0; i < rows_.size(); ++i) {
        if (i > 0 && rows_[i].at <= rows_[i - 1].at)
            refuse_trace("times must ascend, but at " + std::to_string(rows_[i].at.seconds()) +
                         " s they do not");
        if (rows_[i].rate < Rate::fraction(-0.05) || rows_[i].rate > Rate::fraction(0.05))
            refuse_trace(std::to_string(rows_[i].rate.as_ppb()) +
                         " ppb, must be within -5 % .. 5 %");
        phases_.push_back(
            i == 0 ? 0 : phases_.back() + gained(rows_[i].at - rows_[i - 1].at, rows_[i - 1].rate));
    }
    if (rows_.back().at > horizon) refuse_trace("longer than 100 years");
    if (!repeats) return;
    const std::size_t last = rows_.size() - 1;
    const Duration held = rows_[last].at - rows_[last - 1].at;
    period_ = rows_[last].at + held;
    a_period_ = phases_[last] + gained(held, rows_[last].rate);
}

std::size_t FrequencyTrace::row_at(Duration into) const {
    const auto after = std::upper_bound(rows_.begin(), rows_.end(), into,
                                        [](Duration at, const Row& row) { return at < row.at; });
    return static_cast<std::size_t>(after - rows_.begin()) - 1;
}

Duration FrequencyTrace::into(std::int64_t second) const {
    const Duration since{second * second_ns};
    return period_ == Duration{} ? since : Duration{since.ns % period_.ns};
}

Q64 FrequencyTrace::phase(std::int64_t second) const {
    const Duration inside = into(second);
    const std::size_t row = row_at(inside);
    const Q64 rounds = period_ == Duration{} ? 0 : second * second_ns / period_.ns;
    return rounds * a_period_ + phases_[row] + gained(inside - rows_[row].at, rows_[row].rate);
}

double FrequencyTrace::range(std::int64_t from, std::int64_t until) const {
    const Duration begin = into(from);
    const Duration end = begin + Duration{(until - from) * second_ns};
    std::size_t row = row_at(begin);
    std::int64_t least = rows_[row].rate.raw;
    std::int64_t greatest = least;
    // Round the end at most once: then every row has been seen.
    for (std::size_t seen = 0; seen < rows_.size(); ++seen, ++row) {
        const bool beyond = row >= rows_.size();
        if (beyond && period_ == Duration{}) break;
        const Row& next = rows_[beyond ? row - rows_.size() : row];
        if (next.at + (beyond ? period_ : Duration{}) > end) break;
        least = std::min(least, next.rate.raw);
        greatest = std::max(greatest, next.rate.raw);
    }
    return static_cast<double>(greatest) - static_cast<double>(least);
}

FrequencyTrace read_frequency_trace(std::istream& text, const std::string& name,
                                    const std::string& time_column,
                                    const std::string& frequency_column, double unit_ppb,
                                    bool repeats) {
    std::vector<FrequencyTrace::Row> rows;
    std::string line;
    std::size_t number = 0;
    std::size_t time = 0;
    std::size_t frequency = 0;
    double first = 0;
    try {
        while (std::getline(text, line)) {
            ++number;
            if (!line.empty() && line.back() == '\r') line.pop_back();
            if (line.empty() || line.front() == '#') continue;
            const std::vector<std::string_view> row = split(line);
            if (frequency == time) {  // no headings yet: they are two columns
                time = place_of(row, time_column);
                frequency = place_of(row, frequency_column);
                if (frequency == time) throw std::runtime_error("time and frequency in one column");
                continue;
            }
            const double at = number_at(row, time);
            if (rows.empty()) first = at;
            if (!(std::abs(at - first) <= horizon.seconds()))
                throw std::runtime_error("longer than 100 years");
            const double fraction = number_at(row, frequency) * unit_ppb * 1e-9;
            if (!(std::abs(fraction) <= 0.05))
                throw std::runtime_error("a frequency error beyond 5 %");
            rows.push_back({{static_cast<std::int64_t>(std::floor((at - first) * 1e9 + 0.5))},
                            Rate::fraction(fraction)});
        }
        return {std::move(rows), repeats};
    } catch (const std::exception& error) {
        throw std::runtime_error(name + ":" + std::to_string(number) + ": " + error.what());
    }
}

}  // namespace driftstorm
