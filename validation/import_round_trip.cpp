#include "validation/import_round_trip.hpp"

#include "analysis/field_data/capture.hpp"
#include "analysis/field_data/chrony_logs.hpp"
#include "analysis/field_data/ntpd_logs.hpp"
#include "sim/core/random.hpp"
#include "validation/log_export.hpp"
#include "validation/time_run.hpp"

#include <fmt/format.h>

#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <numbers>
#include <stdexcept>

namespace driftstorm::validation {

namespace {

using field_data::FieldFit;
using field_data::FieldLog;
using field_data::Fitted;

/// What a kind of round trip simulates.
struct Setting {
    double duration = 86400;    ///< [s]
    double propagation = 0.02;  ///< one way [s]
    double queue = 1e-3;        ///< mean, one way [s]
    double wander = 0;          ///< [1/sqrt(s)]
    double white_1s = 0;        ///< white FM, Allan deviation at 1 s
    double loss = 0;            ///< one way
};

Setting setting_of(ImportKind kind) {
    Setting setting;
    if (kind == ImportKind::chrony) setting.wander = 1e-9;
    if (kind == ImportKind::loopstats) setting.wander = 3e-9;
    if (kind == ImportKind::pcap) {
        setting.duration = 21600;
        setting.propagation = 2e-4;
        setting.queue = 2e-5;
        setting.white_1s = 1e-7;
        setting.loss = 0.05;
    }
    return setting;
}

/// Node 1 is the server, node 2 the client: off by some ms and some ppm, by the seed.
TimeNetwork network_of(const Setting& setting, std::uint64_t seed) {
    const double offset = 0.01 * (draw_uniform(seed, "validation.import", 0, 0) - 0.5);
    const double frequency = 4e-5 * (draw_uniform(seed, "validation.import", 0, 1) - 0.5);
    const std::string delay =
        fmt::format("(+ {} (* {} (exponential)) (* -1 (equal {} (uniform) 0.0)))",
                    setting.propagation, setting.queue, setting.loss);
    return read_time_network(
        fmt::format("node2_freq = (+ {} (sum (* {} (normal))) (* {} (normal)))\n"
                    "node2_offset = {}\nnode2_delay1 = {}\nnode1_delay2 = {}\n"
                    "node2_pll_clamp = 1\n",
                    frequency, setting.wander, setting.white_1s, offset, delay, delay),
        "round trip");
}

/// Clock minus true time at an exchange, and its oscillator's frequency error then.
struct Truth {
    double offset = 0;
    double frequency = 0;
};

/// @param shown  by the kernel's clock, since the epoch of the logs [s]
/// @param correction  of the program on top of it
Truth truth_at(const TimeRun& run, double shown, double correction) {
    // The clock shows that at the true time whose offset explains it.
    double time = shown;
    for (int i = 0; i < 3; ++i) {
        const auto second = static_cast<std::size_t>(std::max(time, 0.0));
        time = shown -
               (run.offset.at(second) + run.rate.at(second) * (time - static_cast<double>(second)));
    }
    return {shown - time + correction, run.free_rate.at(static_cast<std::size_t>(time))};
}

Truth truth_at(const TimeRun& run, const std::vector<ExportedExchange>& exchanges, double start) {
    for (const ExportedExchange& exchange : exchanges)
        if (std::abs(exchange.at + static_cast<double>(export_epoch_s) - start) < 1e-3 ||
            std::floor(exchange.at) + static_cast<double>(export_epoch_s) == start)
            return truth_at(run, exchange.clock, exchange.correction);
    throw std::logic_error("round trip: the first exchange of the import was never exported");
}

struct Imported {
    FieldFit fit;
    Truth truth;
};

TimeRun simulate(const Setting& setting, std::unique_ptr<ClientProgram> program,
                 std::uint64_t seed) {
    TimeClient client;
    client.program = std::move(program);
    client.servers = {1};
    return run_time_client(network_of(setting, seed), std::move(client), setting.duration, seed,
                           identity_of("validation.import"));
}

Imported chrony_trip(const Setting& setting, std::uint64_t seed) {
    ChronyParams params;
    ChronyServer server;
    server.minpoll = server.maxpoll = 6;
    server.iburst = true;
    params.servers.push_back(server);
    ChronyLogs logs;
    const TimeRun run = simulate(setting, logging_chrony(params, logs), seed);
    Imported found;
    found.fit =
        field_data::fit_field_log(field_data::read_chrony({{"measurements.log", logs.measurements},
                                                           {"tracking.log", logs.tracking},
                                                           {"statistics.log", logs.statistics}},
                                                          ""));
    found.truth = truth_at(run, logs.exchanges, found.fit.start);
    return found;
}

Imported loopstats_trip(const Setting& setting, std::uint64_t seed) {
    NtpdClient::Options options;
    NtpdServer server;
    server.minpoll = server.maxpoll = 6;
    options.servers.push_back(server);
    NtpdLogs logs;
    const TimeRun run = simulate(setting, logging_ntpd(options, logs), seed);
    Imported found;
    found.fit = field_data::fit_field_log(
        field_data::read_ntpd({{"loopstats", logs.loopstats}, {"peerstats", logs.peerstats}}, "",
                              field_data::NtpdLoop::kernel));
    // The first exchange was taken at some time before it was logged.
    found.truth = truth_at(run, found.fit.start - static_cast<double>(export_epoch_s), 0);
    return found;
}

Imported pcap_trip(const Setting& setting, std::uint64_t seed) {
    CaptureLog log;
    const TimeRun run = simulate(setting, captured_client(4, log), seed);
    const std::filesystem::path path =
        std::filesystem::temp_directory_path() /
        fmt::format("driftstorm-import-{}-{}.pcap", seed, static_cast<const void*>(&log));
    {
        std::ofstream file(path, std::ios::binary);
        file << log.pcap;
        if (!file) throw std::runtime_error(path.string() + ": cannot be written");
    }
    Imported found;
    found.fit = field_data::fit_field_log(field_data::read_captures({path.string()}, ""));
    std::filesystem::remove(path);
    found.truth = truth_at(run, log.exchanges, found.fit.start);
    found.truth.frequency = 4e-5 * (draw_uniform(seed, "validation.import", 0, 1) - 0.5);
    return found;
}

}  // namespace

std::vector<ImportedParameter> import_round_trip(ImportKind kind, std::uint64_t seed) {
    const Setting setting = setting_of(kind);
    const Imported found = kind == ImportKind::chrony      ? chrony_trip(setting, seed)
                           : kind == ImportKind::loopstats ? loopstats_trip(setting, seed)
                                                           : pcap_trip(setting, seed);
    const FieldFit& fit = found.fit;
    std::vector<ImportedParameter> parameters{
        {"offset", found.truth.offset, fit.clock.offset},
        {"frequency", found.truth.frequency, fit.clock.frequency},
        {"h0", 2 * setting.white_1s * setting.white_1s, fit.clock.white_fm},
        {"h_2", setting.wander * setting.wander / (2 * std::numbers::pi * std::numbers::pi),
         fit.clock.random_walk_fm},
        {"round trip without queues", 2 * setting.propagation, fit.delay->least}};
    if (kind == ImportKind::loopstats) return parameters;  // of queues the filter tells too little
    parameters.push_back({"mean in queues", setting.queue, fit.delay->mean});
    parameters.push_back({"jitter", setting.queue / std::numbers::sqrt2, fit.jitter.sd});
    if (fit.loss) parameters.push_back({"loss", setting.loss, *fit.loss});
    return parameters;
}

std::vector<Coverage> import_coverage(ImportKind kind, std::uint64_t first, int tries,
                                      std::string* each) {
    std::vector<Coverage> coverage;
    for (int i = 0; i < tries; ++i) {
        const auto parameters = import_round_trip(kind, first + static_cast<std::uint64_t>(i));
        coverage.resize(parameters.size());
        for (std::size_t p = 0; p < parameters.size(); ++p) {
            const ImportedParameter& parameter = parameters[p];
            coverage[p].name = parameter.name;
            if (each != nullptr)
                *each += fmt::format(
                    "{},{},{},{},{},{},{}\n", import_kind_names[static_cast<std::size_t>(kind)],
                    first + static_cast<std::uint64_t>(i), parameter.name, parameter.truth,
                    parameter.fitted.value, parameter.fitted.low, parameter.fitted.high);
            ++coverage[p].tries;
            coverage[p].covered += parameter.covered() ? 1 : 0;
            const double half = (parameter.fitted.high - parameter.fitted.low) / 2;
            const double error = parameter.fitted.value - parameter.truth;
            coverage[p].relative_error += error / (half > 0 ? half : 1) / tries;
            coverage[p].half_width += half / tries;
            coverage[p].square_error += error * error / tries;
        }
    }
    return coverage;
}

double Coverage::width() const {
    return square_error > 0 ? half_width / (1.96 * std::sqrt(square_error)) : 0;
}

std::string coverage_text(ImportKind kind, const std::vector<Coverage>& coverage) {
    std::string text;
    for (const Coverage& line : coverage)
        text += fmt::format(
            "{:<10} {:<26} {:>4} of {:<4} {:>6.1f} %   bias {:+.2f} half-widths   "
            "half-width {:.3g}, {:.2f} of 1.96 rms errors\n",
            import_kind_names[static_cast<std::size_t>(kind)], line.name, line.covered, line.tries,
            100.0 * line.covered / line.tries, line.relative_error, line.half_width, line.width());
    return text;
}

}  // namespace driftstorm::validation
