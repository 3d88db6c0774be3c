#include "analysis/field_data/chrony_logs.hpp"

#include "analysis/field_data/log_lines.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <stdexcept>

namespace driftstorm::field_data {

namespace {

constexpr std::size_t measurements_columns = 20;
constexpr std::size_t tracking_columns = 14;
constexpr std::size_t statistics_columns = 13;

struct Measured {
    Exchange exchange;
    std::string source;
};

struct ChronyLogs {
    std::vector<Measured> measurements;
    std::vector<Correction> tracking;
    std::vector<double> statistics_sd;  ///< of each row of statistics.log [s]
    std::size_t invalid = 0;
};

/// Banners: a rule of '=' and the names of the columns.
bool is_banner(const LogLine& line) {
    return line.text().find_first_not_of("= \t\r") == std::string_view::npos ||
           line.word(0) == "Date";
}

bool all_passed(const LogLine& line, std::size_t i, std::size_t tests) {
    const std::string_view word = line.word(i);
    if (word.size() != tests || word.find_first_not_of("01") != std::string_view::npos)
        line.fail(
            fmt::format("column {} is '{}', wanted are {} tests, 1 or 0 each", i + 1, word, tests));
    return word.find('0') == std::string_view::npos;
}

void read_measurement(const LogLine& line, ChronyLogs& logs) {
    Measured row;
    row.exchange.at = line.date_and_time(0);
    row.source = std::string(line.word(2));
    const bool valid = all_passed(line, 5, 3) && all_passed(line, 6, 3);
    all_passed(line, 7, 4);
    row.exchange.offset = line.number(11, "offset [s]");
    row.exchange.delay = line.number(12, "peer delay [s]");
    row.exchange.offset_resolution = line.resolution(11);
    row.exchange.delay_resolution = line.resolution(12);
    line.number(13, "peer dispersion [s]");
    line.number(14, "root delay [s]");
    line.number(15, "root dispersion [s]");
    if (valid) {
        logs.measurements.push_back(std::move(row));
    } else {
        ++logs.invalid;
    }
}

/// `Freq ppm` is what the clock would gain if it were left alone, `Offset` what was taken off it.
void read_tracking(const LogLine& line, ChronyLogs& logs) {
    Correction row;
    row.at = line.date_and_time(0);
    const double gain = line.number(4, "frequency [ppm]", greatest_ppm) * 1e-6;
    line.number(5, "skew [ppm]");
    row.phase = line.number(6, "offset [s]");
    row.frequency = gain / (1 - gain);
    row.frequency_resolution = line.resolution(4) * 1e-6;
    row.phase_resolution = line.resolution(6);
    row.time_resolution = 1;
    line.number(9, "offset standard deviation [s]");
    line.number(10, "remaining correction [s]");
    logs.tracking.push_back(row);
}

void read_statistics(const LogLine& line, ChronyLogs& logs) {
    line.date_and_time(0);
    logs.statistics_sd.push_back(line.number(3, "standard deviation [s]"));
    for (const std::size_t column : {4u, 5u, 6u, 7u}) line.number(column, "statistics of a source");
}

void read_file(const TextFile& file, ChronyLogs& logs) {
    std::size_t columns = 0;
    each_line(file.name, file.text, [&](const LogLine& line) {
        if (is_banner(line)) return;
        if (columns == 0) {
            columns = line.size();
            if (columns != measurements_columns && columns != tracking_columns &&
                columns != statistics_columns)
                line.fail(fmt::format(
                    "{} columns; chrony 4 writes {} of measurements, {} of tracking, {} of "
                    "statistics",
                    columns, measurements_columns, tracking_columns, statistics_columns));
        }
        if (line.size() != columns)
            line.fail(fmt::format("{} columns, wanted are {} as in the lines before", line.size(),
                                  columns));
        if (columns == measurements_columns) read_measurement(line, logs);
        if (columns == tracking_columns) read_tracking(line, logs);
        if (columns == statistics_columns) read_statistics(line, logs);
    });
    if (columns == 0)
        throw std::invalid_argument(file.name +
                                    ": no line of chrony's measurements, tracking or "
                                    "statistics log");
}

std::string busiest(const std::vector<Measured>& rows) {
    std::map<std::string, std::size_t> count;
    for (const Measured& row : rows) ++count[row.source];
    const auto most =
        std::max_element(count.begin(), count.end(),
                         [](const auto& a, const auto& b) { return a.second < b.second; });
    return most->first;
}

}  // namespace

FieldLog read_chrony(const std::vector<TextFile>& files, const std::string& source) {
    ChronyLogs logs;
    for (const TextFile& file : files) read_file(file, logs);
    if (logs.measurements.empty())
        throw std::invalid_argument(
            files.front().name +
            ": no valid measurement; measurements.log is wanted, others explain it");
    const std::string chosen = source.empty() ? busiest(logs.measurements) : source;
    FieldLog log;
    log.sources.push_back(chosen);
    std::vector<Exchange> exchanges;
    for (const Measured& row : logs.measurements)
        if (row.source == chosen) exchanges.push_back(row.exchange);
    if (exchanges.empty())
        throw std::invalid_argument(files.front().name + ": no measurement of " + chosen + "; " +
                                    busiest(logs.measurements) + " has some");
    const std::size_t others = logs.measurements.size() - exchanges.size();
    if (others > 0) log.remarks.push_back(fmt::format("{} measurements of other servers", others));
    if (logs.invalid > 0)
        log.remarks.push_back(fmt::format("{} invalid measurements (tests 1 to 7)", logs.invalid));

    const auto by_time = [](const auto& a, const auto& b) { return a.at < b.at; };
    std::stable_sort(exchanges.begin(), exchanges.end(), by_time);
    std::stable_sort(logs.tracking.begin(), logs.tracking.end(), by_time);
    log.steering = logs.tracking.empty() ? Steering::unknown : Steering::logged;
    std::size_t next = 0;
    std::size_t before = 0;
    for (const Exchange& exchange : exchanges) {
        // What happened in the same second was done because of the exchange.
        for (; next < logs.tracking.size() && logs.tracking[next].at < exchange.at; ++next)
            log.entries.emplace_back(logs.tracking[next]);
        if (log.steering == Steering::logged && exchange.at < logs.tracking.front().at) {
            ++before;
            continue;
        }
        log.entries.emplace_back(exchange);
    }
    if (before > 0)
        log.remarks.push_back(
            fmt::format("{} measurements before the first row of tracking.log", before));
    if (!logs.statistics_sd.empty()) {
        std::sort(logs.statistics_sd.begin(), logs.statistics_sd.end());
        log.remarks.push_back(
            fmt::format("nothing of statistics.log, which repeats the measurements; its median "
                        "standard deviation is {:.3g} s",
                        logs.statistics_sd[logs.statistics_sd.size() / 2]));
    }
    return log;
}

}  // namespace driftstorm::field_data
