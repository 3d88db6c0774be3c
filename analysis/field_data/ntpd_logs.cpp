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

struct NtpdLogs {
    std::vector<Loop> loop;
    std::vector<Peer> peers;
};

void read_loop(const LogLine& line, NtpdLogs& logs) {
    Loop row;
    row.at = line.julian_time(0);
    row.offset = line.number(2, "clock offset [s]");
    row.frequency = line.number(3, "frequency offset [ppm]", greatest_ppm) * 1e-6;
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

void read_peer(const LogLine& line, NtpdLogs& logs) {
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

void read_file(const TextFile& file, NtpdLogs& logs) {
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

/// The loop's row that is in force at a time, or the first.
const Loop& in_force(const std::vector<Loop>& rows, double at) {
    const auto later = std::upper_bound(rows.begin(), rows.end(), at,
                                        [](double t, const Loop& row) { return t < row.at; });
    return later == rows.begin() ? rows.front() : *(later - 1);
}

/// Sets the times of a peer's samples, in order, to when they were taken. A row is written when
/// the filter turns to another sample: one that is shorter than the last has just come; one that is
/// not was found among those kept when the last had left, and when it leaves in its turn tells how
/// old it was. How many poll intervals a sample is kept is taken from those that came last and
/// left.
void find_sample_times(std::vector<Exchange>& peers, const std::vector<Loop>& rows) {
    const std::size_t n = peers.size();
    std::vector<double> seen;
    seen.reserve(n);
    for (const Exchange& peer : peers) seen.push_back(peer.at);
    const auto interval = [&](std::size_t i) {
        return std::ldexp(1.0, in_force(rows, seen[i]).constant);
    };
    const auto fresh = [&](std::size_t i) { return i == 0 || peers[i].delay < peers[i - 1].delay; };
    const auto leaves = [&](std::size_t i) { return i + 1 < n && !fresh(i + 1); };
    std::vector<double> lengths{8.25};  // eight intervals of up to a sixteenth more
    for (std::size_t i = 0; i < n; ++i)
        if (fresh(i) && leaves(i)) lengths.push_back((seen[i + 1] - seen[i]) / interval(i));
    const auto middle = lengths.begin() + static_cast<std::ptrdiff_t>(lengths.size() / 2);
    std::nth_element(lengths.begin(), middle, lengths.end());
    for (std::size_t i = 1; i < n; ++i) {
        if (fresh(i)) continue;
        const double kept = *middle * interval(i);
        double earliest = std::max(peers[i - 1].at, seen[i] - kept);
        if (i + 1 < n) earliest = std::max(earliest, seen[i + 1] - kept);
        earliest = std::min(earliest, seen[i]);
        peers[i].at = leaves(i) ? earliest : (earliest + seen[i]) / 2;
    }
}

/// Share of an offset that is slewed within a time.
double slewed(double seconds, int constant, NtpdLoop loop) {
    const double each = std::ldexp(1.0, -((loop == NtpdLoop::kernel ? 2 : 4) + constant));
    return 1 - std::pow(1 - each, std::floor(seconds + 0.5));
}

/// The entries of a log, put together from rows of the loop and exchanges in between.
class LoopEntries {
  public:
    LoopEntries(FieldLog& log, NtpdLoop loop) : log_(log), loop_(loop) {}

    /// The loop goes on until then as the last row has it.
    void go_on(double to, double resolution) {
        if (last_ == nullptr) return;
        Correction correction;
        correction.at = to;
        const double share = share_until(to);
        // The clock was moved forward by what it was behind.
        correction.phase = -last_->offset * (share - share_);
        correction.phase_resolution = resolution;
        correction.frequency = frequency_of(*last_);
        correction.frequency_resolution = last_->frequency_resolution;
        share_ = share;
        log_.entries.emplace_back(correction);
    }
    void add(const Exchange& exchange) {
        go_on(exchange.at, 0);
        log_.entries.emplace_back(exchange);
    }
    void add(const Loop& row) {
        go_on(row.at, row.offset_resolution);
        last_ = &row;
        share_ = 0;
        Correction correction;
        correction.at = row.at;
        correction.frequency = frequency_of(row);
        correction.frequency_resolution = row.frequency_resolution;
        log_.entries.emplace_back(correction);
    }

  private:
    static double frequency_of(const Loop& row) { return -row.frequency / (1 + row.frequency); }
    double share_until(double to) const {
        if (std::abs(last_->offset) > step_threshold) return to > last_->at ? 1 : 0;
        return slewed(to - last_->at, last_->constant, loop_);
    }

    FieldLog& log_;
    NtpdLoop loop_;
    const Loop* last_ = nullptr;
    double share_ = 0;  ///< of its offset that was slewed
};

void add_loop(FieldLog& log, const std::vector<Loop>& rows, std::vector<Exchange> peers,
              NtpdLoop loop) {
    const std::vector<Exchange> written = peers;
    find_sample_times(peers, rows);
    std::vector<Exchange> exchanges;
    for (const Loop& row : rows) {
        Exchange exchange;
        exchange.at = row.at;
        if (const Exchange* peer = at_time(written, row.at)) {
            exchange = peers[static_cast<std::size_t>(peer - written.data())];
            exchange.at = std::min(exchange.at, row.at);
        }
        exchange.offset = row.offset;
        exchange.offset_resolution = row.offset_resolution;
        exchanges.push_back(exchange);
    }
    std::stable_sort(exchanges.begin(), exchanges.end(),
                     [](const Exchange& a, const Exchange& b) { return a.at < b.at; });
    const bool skips_start = rows.back().at - rows.front().at > long_enough_s;
    const double begin = skips_start ? rows.front().at + start_s : rows.front().at;
    LoopEntries entries(log, loop);
    auto row = rows.begin();
    while (row != rows.end() && row->at < begin) ++row;
    const double from = row->at;
    for (const Exchange& exchange : exchanges) {
        if (exchange.at < from) continue;
        for (; row != rows.end() && row->at < exchange.at; ++row) entries.add(*row);
        entries.add(exchange);
    }
    for (; row != rows.end(); ++row) entries.add(*row);
    if (skips_start) log.remarks.emplace_back("the first hour, in which ntpd starts otherwise");
}

}  // namespace

FieldLog read_ntpd(const std::vector<TextFile>& files, const std::string& source, NtpdLoop loop) {
    NtpdLogs logs;
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
