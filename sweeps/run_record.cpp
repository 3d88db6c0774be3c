#include "sweeps/run_record.hpp"

#include "analysis/intervals.hpp"
#include "sim/core/digest.hpp"

#include <fmt/format.h>

#include <charconv>
#include <limits>

namespace driftstorm {

namespace {

constexpr std::string_view first_line = "driftstorm-run/1\n";

std::string one_line(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '\\')
            out += "\\\\";
        else if (c == '\n')
            out += "\\n";
        else if (static_cast<unsigned char>(c) >= 0x20 || c == '\t')
            out += c;
    }
    return out;
}

std::string as_written(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\\' || i + 1 == text.size()) {
            out += text[i];
            continue;
        }
        ++i;
        out += text[i] == 'n' ? '\n' : text[i];
    }
    return out;
}

template <class Integer>
bool read_integer(std::string_view text, Integer& value, int base = 10) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    return error == std::errc{} && end == text.data() + text.size();
}

bool read_real(std::string_view text, double& value) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && end == text.data() + text.size();
}

/// The next word of a line; the rest stays.
std::string_view word_of(std::string_view& line) {
    const std::size_t blank = line.find(' ');
    const std::string_view word = line.substr(0, blank);
    line = blank == std::string_view::npos ? std::string_view() : line.substr(blank + 1);
    return word;
}

bool read_line(std::string_view line, RunRecord& record) {
    const std::string_view key = word_of(line);
    if (key == "point") return read_integer(line, record.key.point, 16);
    if (key == "replication") return read_integer(line, record.key.replication);
    if (key == "study") return read_integer(line, record.study, 16);
    if (key == "seed") return read_integer(line, record.seed);
    if (key == "status") {
        record.failed = line == "failed";
        return record.failed || line == "complete";
    }
    if (key == "events") return read_integer(line, record.events);
    if (key == "exit") return read_integer(line, record.exit);
    if (key == "error") record.error = as_written(line);
    if (key == "repeat") record.repeat = as_written(line);
    if (key == "build") record.build = as_written(line);
    if (key == "digest") record.digest = as_written(line);
    if (key == "metric") {
        double value = 0;
        const std::string_view name = word_of(line);
        if (!read_real(line, value)) return false;
        record.metrics.emplace_back(std::string(name), value);
    }
    if (key == "check") {
        RunRecord::Check check;
        check.status = word_of(line);
        if (!read_real(word_of(line), check.observed)) return false;
        check.name = as_written(line);
        record.checks.push_back(std::move(check));
    }
    return true;
}

}  // namespace

std::string text_of(const RunRecord& record) {
    fmt::memory_buffer out;
    const auto to = std::back_inserter(out);
    fmt::format_to(to, "{}point {:016x}\nreplication {}\nstudy {:016x}\nseed {}\nstatus {}\n",
                   first_line, record.key.point, record.key.replication, record.study, record.seed,
                   record.failed ? "failed" : "complete");
    if (record.failed) fmt::format_to(to, "error {}\n", one_line(record.error));
    fmt::format_to(to, "repeat {}\nbuild {}\n", one_line(record.repeat), one_line(record.build));
    if (!record.failed)
        fmt::format_to(to, "digest {}\nevents {}\nexit {}\n", record.digest, record.events,
                       record.exit);
    for (const auto& [name, value] : record.metrics)
        fmt::format_to(to, "metric {} {}\n", name, value);
    for (const RunRecord::Check& check : record.checks)
        fmt::format_to(to, "check {} {} {}\n", check.status, check.observed, one_line(check.name));
    const std::uint64_t sum = fingerprint(std::string_view(out.data(), out.size()));
    fmt::format_to(to, "sum {:016x}\n", sum);
    return fmt::to_string(out);
}

std::optional<RunRecord> parse_run_record(std::string_view text) {
    constexpr std::size_t last_line = 4 + 16 + 1;
    if (text.size() < first_line.size() + last_line ||
        text.substr(0, first_line.size()) != first_line)
        return {};
    const std::string_view body = text.substr(0, text.size() - last_line);
    std::uint64_t sum = 0;
    if (text.substr(body.size(), 4) != "sum " || text.back() != '\n' ||
        !read_integer(text.substr(body.size() + 4, 16), sum, 16) || sum != fingerprint(body))
        return {};
    RunRecord record;
    std::string_view rest = body.substr(first_line.size());
    while (!rest.empty()) {
        const std::size_t end = rest.find('\n');
        if (end == std::string_view::npos || !read_line(rest.substr(0, end), record)) return {};
        rest = rest.substr(end + 1);
    }
    return record;
}

double metric_of(const RunRecord& record, std::string_view metric) {
    for (const auto& [name, value] : record.metrics)
        if (name == metric) return value;
    return not_a_number;
}

}  // namespace driftstorm
