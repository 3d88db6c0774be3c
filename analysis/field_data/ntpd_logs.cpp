#include "analysis/field_data/ntpd_logs.hpp"

#include "analysis/field_data/log_lines.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <stdexcept>

namespace driftstorm::field_data {

namespace {

constexpr std::size_t loopstats_columns = 7;
constexpr std::size_t peerstats_columns = 8;
constexpr double step_threshold = 0.128;  // beyond it ntpd steps [s]
constexpr double start_s = 3600;          // until the loop runs as it always does
constexpr double long_enough_s = 4 * start_s;

struct Loop {
    double at = 0;
    double offset = 0;
    double frequency = 0;
    double offset_resolution = 0;
    double frequency_resolution = 0;
    int constant = 6;
};

struct Peer {
    Exchange exchange;
    std::string source;
};

struct Logs {
    std::vector<Loop> loop;
    std::vector<Peer> peers;
};

void read_loop(const LogLine& line, Logs& logs) {
    Loop row;
    row.at = line.julian_time(0);
    row.offset = line.number(2, "clock offset [s]");
    row.frequency = line.number(3, "frequency offset [ppm]") * 1e-6;
    row.offset_resolution = line.resolution(2);
    row.frequency_resolution = line.resolution(3) * 1e-6;
    line.number(4, "jitter [s]");
    line.number(5, "wander [ppm]");
    const std::int64_t constant = line.whole(6, "time constant [log2 s]");
    if (constant < 0 || constant > 17)
        line.fail("column 7 is '" + std::string(line.word(6)) +
                  "', wanted is a time constant [log2 s], 0 to 17");
    row.constant = static_cast<int>(constant);
    logs.loop.push_back(row);
}

void read_peer(const LogLine& line, Logs& logs) {
    Peer row;
    row.exchange.at = line.julian_time(0);
    row.source = std::string(line.word(2));
    row.exchange.offset = line.number(4, "offset [s]");
    row.exchange.delay = line.number(5, "delay [s]");
    row.exchange.offset_resolution = line.resolution(4);
    row.exchange.delay_resolution = line.resolution(5);
    line.number(6, "dispersion [s]");
    line.number(7, "jitter [s]");
    logs.peers.push_back(std::move(row));
}

void read_file(const TextFile& file, Logs& logs) {
    std::size_t columns = 0;
    each_line(file.name, file.text, [&](const LogLine& line) {
        if (line.word(0).front() == '#') return;
        if (columns == 0) {
            columns = line.size();
            if (columns != loopstats_columns && columns != peerstats_columns)
                line.fail(fmt::format("{} columns; ntpd writes {} of loopstats, {} of peerstats",
                                      columns, loopstats_columns, peerstats_columns));
        }
        if (line.size() != columns)
            line.fail(fmt::format("{} columns, wanted are {} as in the lines before", line.size(),
                                  columns));
        if (columns == loopstats_columns) read_loop(line, logs);
        if (columns == peerstats_columns) read_peer(line, logs);
    });
    if (columns == 0)
        throw std::invalid_argument(file.name + ": no line of ntpd's loopstats or peerstats");
}

std::string busiest(const std::vector<Peer>& rows) {
    std::map<std::string, std::size_t> count;
    for (const Peer& row : rows) ++count[row.source];
    return std::max_element(count.begin(), count.end(),
                            [](const auto& a, const auto& b) { return a.second < b.second; })
        ->first;
}

/// The row of a peer at that time, to half a second; nullptr: none.
const Exchange* at_time(const std::vector<Exchange>& peers, double at) {
    const auto later = std::lower_bound(peers.begin(), peers.end(), at - 0.5,
                                        [](const Exchange& a, double t) { return a.at < t; });
    return later != peers.end() && later->at <= at + 0.5 ? &*later : nullptr;
}

/// Share of an offset that is slewed within a time.
double slewed(double seconds, int constant, NtpdLoop loop) {
    const double each = std::ldexp(1.0, -((loop == NtpdLoop::kernel ? 2 : 4) + constant));
    return 1 - std::pow(1 - each, std::floor(seconds + 0.5));
}

void add_loop(FieldLog& log, const std::vector<Loop>& rows, const std::vector<Exchange>& peers,
              NtpdLoop loop) {
    const bool skips_start = rows.back().at - rows.front().at > long_enough_s;
    const Loop* last = nullptr;
    for (const Loop& row : rows) {
        if (skips_start && row.at < rows.front().at + start_s) continue;
        Correction correction;
        correction.at = row.at;
        correction.phase_resolution = row.offset_resolution;
        if (last != nullptr && row.at > last->at) {
            // The clock was moved forward by what it was behind.
            const double share = std::abs(last->offset) > step_threshold
                                     ? 1
                                     : slewed(row.at - last->at, last->constant, loop);
            correction.phase = -last->offset * share;
        }
        const Loop& in_force = last != nullptr ? *last : row;
        correction.frequency = -in_force.frequency / (1 + in_force.frequency);
        correction.frequency_resolution = in_force.frequency_resolution;
        log.entries.emplace_back(correction);
        Exchange exchange;
        exchange.at = row.at;
        exchange.offset = row.offset;
        exchange.offset_resolution = row.offset_resolution;
        if (const Exchange* peer = at_time(peers, row.at)) {
            exchange.delay = peer->delay;
            exchange.delay_resolution = peer->delay_resolution;
        }
        log.entries.emplace_back(exchange);
        correction.phase = correction.phase_resolution = 0;
        correction.frequency = -row.frequency / (1 + row.frequency);
        correction.frequency_resolution = row.frequency_resolution;
        log.entries.emplace_back(correction);
        last = &row;
    }
    if (skips_start) log.remarks.emplace_back("the first hour, in which ntpd starts otherwise");
}

}  // namespace

FieldLog read_ntpd(const std::vector<TextFile>& files, const std::string& source, NtpdLoop loop) {
    Logs logs;
    for (const TextFile& file : files) read_file(file, logs);
    const auto by_time = [](const auto& a, const auto& b) { return a.at < b.at; };
    FieldLog log;
    log.filtered = true;
    std::vector<Exchange> peers;
    if (!logs.peers.empty()) {
        const std::string chosen = source.empty() ? busiest(logs.peers) : source;
        log.sources.push_back(chosen);
        for (const Peer& row : logs.peers)
            if (row.source == chosen) peers.push_back(row.exchange);
        if (peers.empty())
            throw std::invalid_argument(files.front().name + ": no row of " + chosen + "; " +
                                        busiest(logs.peers) + " has some");
        if (peers.size() < logs.peers.size())
            log.remarks.push_back(
                fmt::format("{} rows of other servers", logs.peers.size() - peers.size()));
        std::stable_sort(peers.begin(), peers.end(), by_time);
    } else {
        log.sources.emplace_back("(loopstats)");
    }
    if (logs.loop.empty()) {
        for (const Exchange& exchange : peers) log.entries.emplace_back(exchange);
        return log;
    }
    log.steering = Steering::logged;
    std::stable_sort(logs.loop.begin(), logs.loop.end(), by_time);
    add_loop(log, logs.loop, peers, loop);
    return log;
}

}  // namespace driftstorm::field_data
