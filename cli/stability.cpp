#include "analysis/stability/stability.hpp"

#include "analysis/human_text.hpp"
#include "analysis/stability/plot.hpp"
#include "cli/verbs.hpp"
#include "sim/output/output_error.hpp"
#include "sim/output/results_reader.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace driftstorm::cli {

namespace {

using stability::Line;
using stability::Statistic;

struct StabilityOptions {
    std::string source;
    std::string device;
    bool steered = false;
    bool frequency = false;
    double interval = 1;
    double nominal = 1;
    double scale = 1;
    std::size_t column = 1;
    std::vector<std::string> statistics{"oadev"};
    std::string taus = "octave";
    double level = 0.683;
    bool correct_bias = false;
    bool json = false;
    bool csv = false;
    std::string plot;
};

std::string read_all(const std::string& path) {
    const bool standard = path == "-";
    std::FILE* file = standard ? stdin : std::fopen(path.c_str(), "rb");
    if (file == nullptr) throw OutputError(path, std::strerror(errno));
    std::string text;
    std::array<char, 1 << 16> some{};
    std::size_t count = 0;
    while ((count = std::fread(some.data(), 1, some.size(), file)) > 0)
        text.append(some.data(), count);
    const int failed = std::ferror(file) != 0 ? errno : 0;
    if (!standard) std::fclose(file);
    if (failed != 0) throw OutputError(path, std::strerror(failed));
    return text;
}

bool is_hdf5(const std::string& path) {
    if (path == "-") return false;
    std::FILE* file = std::fopen(path.c_str(), "rb");
    if (file == nullptr) throw OutputError(path, std::strerror(errno));
    std::array<char, 8> begin{};
    const std::size_t count = std::fread(begin.data(), 1, begin.size(), file);
    std::fclose(file);
    return count == begin.size() && std::memcmp(begin.data(), "\x89HDF\r\n\x1a\n", 8) == 0;
}

struct Data {
    std::vector<double> phase;  ///< [s]
    double tau0 = 1;            ///< [s]
};

/// A device's clock as sampled in a result.
Data of_result(StabilityOptions& options) {
    const ResultsReader reader(options.source);
    const std::string group = "/clocks/offset";
    if (!reader.has(group))
        throw std::invalid_argument(options.source + ": no clock was sampled; the scenario's " +
                                    "outputs want 'clocks: { of: SELECTOR, every: 1 s }'");
    const std::vector<std::string> names = reader.texts("/entities/device/device");
    const std::vector<std::int64_t> devices = reader.integers(group + "/device");
    std::vector<std::int64_t> sampled = devices;
    std::sort(sampled.begin(), sampled.end());
    sampled.erase(std::unique(sampled.begin(), sampled.end()), sampled.end());
    if (sampled.empty()) throw std::invalid_argument(options.source + ": no clock was sampled");
    const auto name_of = [&](std::int64_t device) {
        return names.at(static_cast<std::size_t>(device));
    };
    std::int64_t chosen = sampled.front();
    if (!options.device.empty()) {
        const auto found = std::find_if(sampled.begin(), sampled.end(), [&](std::int64_t device) {
            return name_of(device) == options.device;
        });
        if (found == sampled.end())
            throw std::invalid_argument(options.source + ": the clock of '" + options.device +
                                        "' was not sampled; that of '" + name_of(sampled.front()) +
                                        "' was, and " + std::to_string(sampled.size() - 1) +
                                        " more");
        chosen = *found;
    }
    options.device = name_of(chosen);
    const std::vector<std::int64_t> times = reader.integers(group + "/time");
    const std::vector<double> offsets =
        reader.reals(group + (options.steered ? "/steered" : "/raw"));
    Data data;
    std::int64_t first = 0;
    std::int64_t step = 0;
    std::int64_t before = 0;
    for (std::size_t i = 0; i < devices.size(); ++i) {
        if (devices[i] != chosen) continue;
        if (data.phase.size() == 1) step = times[i] - first;
        if (data.phase.size() > 1 && times[i] - before != step)
            throw std::invalid_argument(options.source + ": the samples of '" + options.device +
                                        "' are not equally spaced");
        if (data.phase.empty()) first = times[i];
        before = times[i];
        data.phase.push_back(offsets[i] * 1e-9);
    }
    data.tau0 = static_cast<double>(step) * 1e-9;
    return data;
}

Data of_text(const StabilityOptions& options) {
    std::vector<double> readings =
        stability::read_column(read_all(options.source), options.column, options.source);
    for (double& reading : readings) reading *= options.scale;
    Data data;
    data.tau0 = options.interval;
    if (options.nominal != 1)
        for (double& reading : readings) reading = reading / options.nominal - 1;
    data.phase = options.frequency ? stability::phase_of(readings, data.tau0) : std::move(readings);
    return data;
}

stability::Options wanted(const StabilityOptions& options) {
    stability::Options wanted;
    wanted.statistics.clear();
    for (const std::string& name : options.statistics) {
        for (std::size_t i = 0; i < stability::statistic_names.size(); ++i)
            if (name == "all" || name == stability::statistic_names[i])
                wanted.statistics.push_back(static_cast<Statistic>(i));
    }
    wanted.level = options.level;
    wanted.correct_bias = options.correct_bias;
    if (options.taus == "octave") {
        wanted.factors = stability::Factors::octave;
    } else if (options.taus == "decade") {
        wanted.factors = stability::Factors::decade;
    } else if (options.taus == "all") {
        wanted.factors = stability::Factors::all;
    } else {
        const char* at = options.taus.data();
        const char* end = at + options.taus.size();
        while (at < end) {
            std::uint64_t m = 0;
            const auto [stopped, failed] = std::from_chars(at, end, m);
            if (failed != std::errc{} || m == 0 || (stopped != end && *stopped != ','))
                throw CLI::ValidationError(
                    "--taus", "octave, decade, all, or averaging factors such as 1,10,100; got '" +
                                  options.taus + "'");
            wanted.given.push_back(m);
            at = stopped == end ? end : stopped + 1;
        }
    }
    return wanted;
}

std::vector<Line> analysed(const Data& data, const stability::Options& how,
                           const std::string& source) {
    std::vector<Line> table;
    try {
        table = stability::analyse(data.phase, data.tau0, how);
    } catch (const std::invalid_argument& error) {
        throw std::invalid_argument(source + ": " + error.what());
    }
    if (table.empty())
        throw std::invalid_argument(source + ": " + std::to_string(data.phase.size()) +
                                    " points allow none of the statistics at the factors wanted");
    return table;
}

std::string noise_text(const Line& line) {
    return line.alpha ? std::string(stability::name_of_noise(*line.alpha)) : "";
}

void print_text(const std::vector<Line>& table, const StabilityOptions& options, const Data& data) {
    fmt::print("{}{}: {} points every {:g} s, bounds of {:.1f} %\n", options.source,
               options.device.empty() ? "" : " " + options.device, data.phase.size(), data.tau0,
               100 * options.level);
    fmt::print("{:<9}{:>12}{:>13}{:>13}{:>13}{:>10}  {}\n", "", "tau [s]", "value", "low", "high",
               "terms", "noise");
    for (const Line& line : table)
        fmt::print("{:<9}{:>12g}{:>13.5e}{:>13}{:>13}{:>10}  {}\n", name_of(line.statistic),
                   line.tau, line.value, line.bounds ? fmt::format("{:.4e}", line.bounds->low) : "",
                   line.bounds ? fmt::format("{:.4e}", line.bounds->high) : "", line.terms,
                   noise_text(line));
}

void print_csv(const std::vector<Line>& table) {
    fmt::print("statistic,m,tau_s,value,low,high,terms,alpha,edf\n");
    for (const Line& line : table)
        fmt::print("{},{},{},{},{},{},{},{},{}\n", name_of(line.statistic), line.m, line.tau,
                   line.value, line.bounds ? fmt::format("{}", line.bounds->low) : "",
                   line.bounds ? fmt::format("{}", line.bounds->high) : "", line.terms,
                   line.alpha ? fmt::format("{}", *line.alpha) : "",
                   line.edf ? fmt::format("{}", *line.edf) : "");
}

void print_json(const std::vector<Line>& table, const StabilityOptions& options, const Data& data) {
    fmt::print(
        "{{\"source\": {}, \"device\": {}, \"points\": {}, \"tau0_s\": {}, \"level\": {}, "
        "\"table\": [",
        json_text(options.source), json_text(options.device), data.phase.size(),
        json_number(data.tau0), json_number(options.level));
    const char* comma = "";
    for (const Line& line : table) {
        fmt::print(
            "{}\n  {{\"statistic\": {}, \"m\": {}, \"tau_s\": {}, \"value\": {}, \"low\": "
            "{}, \"high\": {}, \"terms\": {}, \"alpha\": {}, \"noise\": {}, \"edf\": {}}}",
            comma, json_text(name_of(line.statistic)), line.m, json_number(line.tau),
            json_number(line.value), line.bounds ? json_number(line.bounds->low) : "null",
            line.bounds ? json_number(line.bounds->high) : "null", line.terms,
            line.alpha ? fmt::format("{}", *line.alpha) : "null", json_text(noise_text(line)),
            line.edf ? json_number(*line.edf) : "null");
        comma = ",";
    }
    fmt::print("\n]}}\n");
}

void write_plot(const std::string& path, const std::string& page) {
    std::FILE* file = std::fopen(path.c_str(), "wb");
    if (file == nullptr) throw OutputError(path, std::strerror(errno));
    const bool written = std::fwrite(page.data(), 1, page.size(), file) == page.size();
    if (std::fclose(file) != 0 || !written) throw OutputError(path, std::strerror(errno));
}

int stability_of(StabilityOptions options) {
    const stability::Options how = wanted(options);
    try {
        const bool result = is_hdf5(options.source);
        if (!result && (!options.device.empty() || options.steered))
            throw std::invalid_argument("--device and --steered choose a clock of a result; " +
                                        options.source + " is none");
        const Data data = result ? of_result(options) : of_text(options);
        const std::vector<Line> table = analysed(data, how, options.source);
        if (!options.plot.empty())
            write_plot(options.plot,
                       stability::plot_page(table, options.source + (options.device.empty()
                                                                         ? std::string()
                                                                         : " " + options.device)));
        if (options.json) {
            print_json(table, options, data);
        } else if (options.csv) {
            print_csv(table);
        } else {
            print_text(table, options, data);
        }
    } catch (const std::invalid_argument& error) {
        fmt::print(stderr, "driftstorm: {}\n", error.what());
        return static_cast<int>(Exit::usage);
    }
    return 0;
}

}  // namespace

void add_stability(CLI::App& app, int& exit) {
    CLI::App* verb = app.add_subcommand(
        "stability",
        "how stable is this clock? ADEV, MDEV, TDEV, MTIE ... of a result or of counter "
        "data");
    auto options = std::make_shared<StabilityOptions>();
    verb->add_option("SOURCE", options->source,
                     "result file with sampled clocks, or text: one reading a line; - is stdin")
        ->required();
    verb->add_option("--device", options->device, "of a result: whose clock (default: the first)");
    verb->add_flag("--steered", options->steered,
                   "of a result: the steered clock, not the oscillator");
    verb->add_flag(
        "--frequency", options->frequency,
        "readings are fractional frequencies, means over the interval (default: phase in "
        "s)");
    verb->add_option("--interval", options->interval, "between readings [s]")
        ->check(CLI::PositiveNumber);
    verb->add_option(
            "--nominal", options->nominal,
            "readings are frequencies in Hz of an oscillator of this nominal frequency [Hz]")
        ->check(CLI::PositiveNumber);
    verb->add_option("--scale", options->scale,
                     "multiplies each reading first: 1e-9 for phase in ns");
    verb->add_option("--column", options->column, "of the text, from 1 on")
        ->check(CLI::PositiveNumber);
    std::vector<std::string> names{"all"};
    names.insert(names.end(), stability::statistic_names.begin(), stability::statistic_names.end());
    verb->add_option(
            "--statistic", options->statistics,
            "oadev (default), adev, mdev, tdev, hdev, ohdev, totdev, mtotdev, theo1, theobr, "
            "tie_rms, mtie, all")
        ->delimiter(',')
        ->check(CLI::IsMember(names));
    verb->add_option("--taus", options->taus,
                     "octave (default), decade, all, or averaging factors: 1,10,100");
    verb->add_option("--level", options->level, "probability of the confidence bounds")
        ->check(CLI::Range(0.01, 0.9999));
    verb->add_flag("--correct-bias", options->correct_bias,
                   "totdev, mtotdev, theo1: divide by the bias for the noise identified");
    CLI::Option* json = verb->add_flag("--json", options->json, "one JSON document on stdout");
    verb->add_flag("--csv", options->csv, "CSV on stdout")->excludes(json);
    verb->add_option("--plot", options->plot, "also write a plot: one HTML file");
    verb->callback([&exit, options] {
        if (options->nominal != 1) options->frequency = true;
        exit = stability_of(*options);
    });
}

}  // namespace driftstorm::cli
