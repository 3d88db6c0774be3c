#include "sweeps/sweep_directory.hpp"

#include "sim/core/digest.hpp"
#include "sim/output/output_error.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <thread>

namespace driftstorm {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view plan_line = "driftstorm-plan/1\n";

std::string base_name(std::string_view path) {
    return std::string(path.substr(path.find_last_of('/') + 1));
}

std::string plain_name(const std::string& name) {
    return fs::path(name).lexically_normal().string();
}

/// A file's name as seen from the folder of the sweep, "../library/mm1.yaml"; of one that cannot be
/// seen from there without a machine's folders the last part.
std::string from_folder(const std::string& name, const std::string& sweep) {
    if (name.empty()) return name;
    const bool absolute = fs::path(name).is_absolute();
    if (absolute != fs::path(sweep).is_absolute()) return absolute ? base_name(name) : name;
    const fs::path folder = fs::path(sweep).lexically_normal().parent_path();
    const fs::path seen = folder.empty()
                              ? fs::path(plain_name(name))
                              : fs::path(name).lexically_normal().lexically_relative(folder);
    return seen.empty() ? base_name(name) : seen.string();
}

void make_folder(const std::string& path) {
    std::error_code error;
    fs::create_directories(path, error);
    if (error) throw OutputError(path, error.message());
}

int open_or_throw(const std::string& path, int flags) {
    const int file = ::open(path.c_str(), flags | O_CLOEXEC, 0666);
    if (file < 0) throw OutputError(path, std::strerror(errno));
    return file;
}

void write_all(int file, std::string_view text, const std::string& path) {
    while (!text.empty()) {
        const ssize_t written = ::write(file, text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) throw OutputError(path, std::strerror(errno));
        text = text.substr(static_cast<std::size_t>(written));
    }
}

bool lock_within(int file, int mode, double patience_s) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(patience_s);
    while (::flock(file, mode | LOCK_NB) != 0) {
        if (std::chrono::steady_clock::now() >= end) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return true;
}

/// The next line of a text; the rest stays. Nothing when there is no line end.
std::optional<std::string_view> take_line(std::string_view& text) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return {};
    const std::string_view line = text.substr(0, end);
    text = text.substr(end + 1);
    return line;
}

template <class Integer>
bool read_number(std::string_view text, Integer& value, int base = 10) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    return error == std::errc{} && end == text.data() + text.size();
}

/// A line of the journal: "run ID REPLICATION STATUS SECONDS".
struct JournalLine {
    RunKey key;
    double wall_s = 0;
};
std::optional<JournalLine> parse_journal_line(std::string_view line) {
    std::vector<std::string_view> words;
    while (!line.empty()) {
        const std::size_t blank = line.find(' ');
        words.push_back(line.substr(0, blank));
        line = blank == std::string_view::npos ? std::string_view() : line.substr(blank + 1);
    }
    JournalLine parsed;
    if (words.size() != 5 || words[0] != "run" || !read_number(words[1], parsed.key.point, 16) ||
        !read_number(words[2], parsed.key.replication))
        return {};
    const auto [end, error] =
        std::from_chars(words[4].data(), words[4].data() + words[4].size(), parsed.wall_s);
    if (error != std::errc{} || end != words[4].data() + words[4].size()) return {};
    return parsed;
}

}  // namespace

std::string FrozenPlan::text() const {
    std::string out = fmt::format("{}study {:016x}\nsweep {}\n", plan_line, study, sweep_name);
    for (const auto& [name, bytes] : files)
        out += fmt::format("file {} {}\n{}\n", bytes.size(), name, bytes);
    out += fmt::format("points {}\n", points.size());
    for (const std::string& point : points) out += point + "\n";
    return out + fmt::format("sum {:016x}\n", fingerprint(out));
}

std::optional<FrozenPlan> FrozenPlan::parse(std::string_view text) {
    constexpr std::size_t last_line = 4 + 16 + 1;
    if (text.size() < plan_line.size() + last_line || text.substr(0, plan_line.size()) != plan_line)
        return {};
    const std::string_view body = text.substr(0, text.size() - last_line);
    std::uint64_t sum = 0;
    if (text.substr(body.size(), 4) != "sum " || text.back() != '\n' ||
        !read_number(text.substr(body.size() + 4, 16), sum, 16) || sum != fingerprint(body))
        return {};
    FrozenPlan plan;
    std::string_view rest = body.substr(plan_line.size());
    while (const auto line = take_line(rest)) {
        if (line->rfind("study ", 0) == 0) {
            if (!read_number(line->substr(6), plan.study, 16)) return {};
        } else if (line->rfind("sweep ", 0) == 0) {
            plan.sweep_name = line->substr(6);
        } else if (line->rfind("file ", 0) == 0) {
            const std::string_view words = line->substr(5);
            const std::size_t blank = words.find(' ');
            std::size_t size = 0;
            if (blank == std::string_view::npos || !read_number(words.substr(0, blank), size) ||
                rest.size() < size + 1)
                return {};
            plan.files.emplace_back(std::string(words.substr(blank + 1)),
                                    std::string(rest.substr(0, size)));
            rest = rest.substr(size + 1);
        } else if (line->rfind("points ", 0) != 0) {
            plan.points.emplace_back(*line);
        }
    }
    return plan;
}

ReadFile FrozenPlan::reader() const {
    return [files = files](const std::string& name,
                           std::string& reason) -> std::optional<std::string> {
        for (const auto& [known, bytes] : files)
            if (known == plain_name(name)) return bytes;
        for (const auto& [known, bytes] : files)
            if (known == base_name(name)) return bytes;
        reason = "it is not among the files of the frozen plan";
        return {};
    };
}

FrozenPlan freeze(const Plan& plan, const Complaints& complaints, std::string_view version) {
    const Sweep& sweep = plan.sweep();
    FrozenPlan frozen;
    frozen.sweep_name = base_name(sweep.file);
    std::string study = fmt::format("version {}\n", version);
    for (const Sources::File& file : complaints.sources().files()) {
        if (file.name == command_line_source) continue;
        const std::string name = from_folder(file.name, sweep.file);
        const auto known = std::find_if(frozen.files.begin(), frozen.files.end(),
                                        [&](const auto& one) { return one.first == name; });
        if (known != frozen.files.end()) continue;
        if (!frozen.files.empty())
            study +=
                fmt::format("file {} {}\n{}\n", base_name(name), file.bytes.size(), file.bytes);
        frozen.files.emplace_back(name, file.bytes);
    }
    for (const Assignment& fixed : sweep.set)
        study += fmt::format("set {}={}\n", fixed.name, fixed.value);
    if (sweep.until) study += fmt::format("until {} ns\n", sweep.until->ns);
    study += fmt::format("seeds {} {}\n", sweep.seed, static_cast<int>(sweep.seeds));
    for (const std::string& metric : sweep.metrics) study += "metric " + metric + "\n";
    frozen.study = fingerprint(study);
    for (const PlanPoint& point : plan.points()) {
        std::string line = fmt::format("{:016x}", point.id);
        for (std::size_t i = 0; i < point.values.size(); ++i)
            line += fmt::format(" {}=\"{}\"", sweep.parameters[i].name, point.values[i].canonical);
        frozen.points.push_back(std::move(line));
    }
    return frozen;
}

SweepDirectory::SweepDirectory(std::string path) : path_(std::move(path)) {
    while (path_.size() > 1 && path_.back() == '/') path_.pop_back();
}

SweepDirectory::~SweepDirectory() {
    for (const int file : {journal_, shard_lock_, lock_})
        if (file >= 0) ::close(file);
}

std::optional<FrozenPlan> SweepDirectory::plan() const {
    const auto text = read_whole_file(path_ + "/plan");
    if (!text) return {};
    auto plan = FrozenPlan::parse(*text);
    if (!plan) throw OutputError(path_ + "/plan", "it is damaged");
    return plan;
}

void SweepDirectory::open(const FrozenPlan& plan, const Shard& shard, bool extend,
                          double patience_s) {
    std::error_code error;
    if (fs::exists(path_, error) && !fs::is_directory(path_, error))
        throw SweepRefused(path_ + " is no folder; give another name with -o");
    if (fs::is_directory(path_, error) && !fs::is_empty(path_, error) &&
        !fs::exists(path_ + "/lock", error))
        throw SweepRefused(path_ + " holds something else; give another name with -o");
    make_folder(path_);
    const std::string suffix = shard.whole()  ? ""
                               : shard.driver ? ".driver"
                                              : fmt::format(".{}-of-{}", shard.number, shard.of);
    lock_ = open_or_throw(path_ + "/lock", O_RDWR | O_CREAT);
    bool locked = lock_within(lock_, shard.whole() ? LOCK_EX : LOCK_SH, patience_s);
    if (locked && !shard.whole()) {
        shard_lock_ = open_or_throw(path_ + "/lock" + suffix, O_RDWR | O_CREAT);
        locked = lock_within(shard_lock_, LOCK_EX, patience_s);
    }
    if (!locked) throw SweepRefused("another sweep is at work in " + path_);

    const std::string text = plan.text();
    const std::optional<FrozenPlan> known = this->plan();
    if (known && known->text() != text) {
        if (known->study != plan.study)
            throw SweepRefused(path_ +
                               " holds a sweep of another scenario, or of this one before it was "
                               "changed; give another name with -o");
        if (!extend)
            throw SweepRefused(path_ +
                               " holds another design of this scenario; --extend takes its place "
                               "and keeps the runs of points that both have");
    }
    if (!known || known->text() != text) write_whole_file(path_ + "/plan", text);

    const std::string journal = path_ + "/journal" + suffix;
    journal_ = open_or_throw(journal, O_RDWR | O_CREAT | O_APPEND);
    // A line that a kill has torn is ended, so that the next one stands alone.
    const off_t size = ::lseek(journal_, 0, SEEK_END);
    char last = '\n';
    if (size > 0 && ::pread(journal_, &last, 1, size - 1) == 1 && last != '\n')
        write_all(journal_, "\n", journal);
}

std::vector<std::string> SweepDirectory::journals() const {
    std::vector<std::string> paths;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(path_, error))
        if (entry.path().filename().string().rfind("journal", 0) == 0)
            paths.push_back(entry.path().string());
    if (error) throw OutputError(path_, error.message());
    std::sort(paths.begin(), paths.end());
    return paths;
}

std::map<RunKey, RunRecord> SweepDirectory::records() const {
    std::map<RunKey, RunRecord> records;
    for (const std::string& path : journals()) {
        const std::string text = read_whole_file(path).value_or("");
        std::string_view rest = text;
        while (const auto line = take_line(rest)) {
            const auto parsed = parse_journal_line(*line);
            if (!parsed || records.count(parsed->key) > 0) continue;
            const auto written = read_whole_file(record_path(parsed->key));
            if (!written) continue;
            auto record = parse_run_record(*written);
            if (record && record->key == parsed->key)
                records.emplace(parsed->key, *std::move(record));
        }
    }
    return records;
}

double SweepDirectory::mean_wall_s() const {
    double sum = 0;
    double count = 0;
    for (const std::string& path : journals()) {
        const std::string text = read_whole_file(path).value_or("");
        std::string_view rest = text;
        while (const auto line = take_line(rest))
            if (const auto parsed = parse_journal_line(*line)) {
                sum += parsed->wall_s;
                ++count;
            }
    }
    return count > 0 ? sum / count : 0;
}

void SweepDirectory::keep(const RunRecord& record, double wall_s) {
    make_room(record.key);
    write_whole_file(record_path(record.key), text_of(record));
    write_all(journal_,
              fmt::format("run {:016x} {} {} {:.4f}\n", record.key.point, record.key.replication,
                          record.failed ? "failed" : "complete", wall_s),
              path_ + "/journal");
}

void SweepDirectory::make_room(const RunKey& key) const {
    const std::string path = record_path(key);
    const std::string folder = path.substr(0, path.find_last_of('/'));
    struct stat info {};
    if (::stat(folder.c_str(), &info) != 0) make_folder(folder);
}

std::string SweepDirectory::record_path(const RunKey& key) const {
    const std::string id = hex(key.point);
    return fmt::format("{}/runs/{}/{}-{}.run", path_, id.substr(0, 2), id, key.replication);
}

std::string SweepDirectory::result_path(const RunKey& key) const {
    const std::string record = record_path(key);
    return record.substr(0, record.size() - 4) + ".h5";
}

void write_whole_file(const std::string& path, std::string_view text) {
    const std::string part = path + ".part";
    const int file = open_or_throw(part, O_WRONLY | O_CREAT | O_TRUNC);
    try {
        write_all(file, text, part);
    } catch (...) {
        ::close(file);
        ::unlink(part.c_str());
        throw;
    }
    if (::close(file) != 0 || std::rename(part.c_str(), path.c_str()) != 0) {
        const std::string reason = std::strerror(errno);
        ::unlink(part.c_str());
        throw OutputError(path, reason);
    }
}

std::optional<std::string> read_whole_file(const std::string& path) {
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        if (errno == ENOENT) return {};
        throw OutputError(path, std::strerror(errno));
    }
    std::string text;
    std::array<char, 65536> buffer{};
    while (true) {
        const ssize_t got = ::read(file, buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) {
            const std::string reason = std::strerror(errno);
            ::close(file);
            throw OutputError(path, reason);
        }
        if (got == 0) break;
        text.append(buffer.data(), static_cast<std::size_t>(got));
    }
    ::close(file);
    return text;
}

std::string program_fingerprint() {
    const auto bytes = read_whole_file("/proc/self/exe");
    return bytes ? hex(fingerprint(*bytes)) : "unknown";
}

}  // namespace driftstorm
